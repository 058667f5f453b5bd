/**
 * What a configuration file says, checked: every unknown key, wrong type and value out of range, each with its path and what
 * to do about it. The ranges are those of the parts themselves; nothing is checked twice.
 */
import { canonicalJson, contentHash, ShelfwiseError } from '../../base/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import {
  DEFAULT_PLAYLIST_SETTINGS,
  DEFAULT_TUNABLES,
  type HomeTunables,
  policyUnder,
  resolveTunables,
} from '../../home/index.ts';
import { FAMILY_IDS, freshModel } from '../../models/index.ts';
import { isPolicyId, lackedEvidence, POLICY_IDS, policyOf } from '../../policy/index.ts';
import { PLATFORM_DEFAULTS, type PlatformOptions, resolvePlatformOptions } from '../config.ts';
import { learnerOf } from '../training/fit-model.ts';
import { requirePosition, resolveSpec, resolveTraining, TRAINING_DEFAULTS } from '../training/options.ts';
import type { FamilyOptions, ResolvedSpec, TrainingOptions } from '../training/report.ts';
import { ALERT_DEFAULTS, resolveAlertSettings } from '../validation/alert-settings.ts';
import type { ServerSettings, ShelfwiseConfig } from './define.ts';
import { nearestOf } from './nearest.ts';
import type { ConfigurationProblem } from './status.ts';

/** A valid configuration, in the terms of the parts that it is for. */
export interface Configuration {
  /** Of everything that it says. */
  readonly hash: string;
  readonly config: ShelfwiseConfig;
  readonly server: Partial<ServerSettings>;
  /** Platform, playlists and tunables. */
  readonly platform: Partial<PlatformOptions>;
  readonly tunables: Readonly<HomeTunables>;
  /** Undefined where the file leaves the model to whoever promotes one. */
  readonly model: ResolvedSpec | undefined;
  readonly training: Partial<TrainingOptions>;
}

export type Checked =
  | { readonly configuration: Configuration; readonly problems: readonly [] }
  | { readonly configuration: undefined; readonly problems: readonly ConfigurationProblem[] };

type Plain = Readonly<Record<string, unknown>>;

const SERVER_DEFAULTS: ServerSettings = { host: '127.0.0.1', port: 7878, dataDir: '.shelfwise', corsOrigins: [] };
const {
  dataDir: _d,
  clock: _c,
  freshSeed: _r,
  logger: _l,
  home: _h,
  playlists: _p,
  configuration: _f,
  alerts: _a,
  environment: _e,
  ...PLATFORM_SECTION
} = PLATFORM_DEFAULTS;
const { policy: _i, policyOptions: _o, switchedOff: _s, ...HOME_SECTION } = DEFAULT_TUNABLES;
/** With what has no default. */
const SURFACES_SECTION = Object.fromEntries(
  Object.entries(HOME_SECTION.surfaces).map(([surface, limits]) => [surface, { ...limits, examination: [] }]),
);
const SECTIONS: Readonly<Record<string, Plain | undefined>> = {
  server: { ...SERVER_DEFAULTS },
  platform: { ...PLATFORM_SECTION },
  playlists: { ...DEFAULT_PLAYLIST_SETTINGS },
  home: { ...HOME_SECTION, surfaces: SURFACES_SECTION },
  training: { ...TRAINING_DEFAULTS },
  alerts: { ...ALERT_DEFAULTS, rules: [] },
  // Their keys depend on what they name.
  policy: undefined,
  model: undefined,
};

export function checkConfiguration(given: unknown, encoder: EncoderShape): Checked {
  const problems: ConfigurationProblem[] = [];
  const report = (path: string, message: string, remedy: string): void => void problems.push({ path, message, remedy });
  if (!isPlain(given)) {
    report('', `it is ${nameOf(given)}`, 'Export an object, as `defineConfig({ … })` gives it.');
    return { configuration: undefined, problems };
  }
  for (const [name, section] of Object.entries(given)) {
    if (!Object.hasOwn(SECTIONS, name)) report(name, 'is not known', didYouMean(name, Object.keys(SECTIONS)));
    else if (!isPlain(section)) report(name, `is ${nameOf(section)}`, 'Give an object.');
    else if (SECTIONS[name] !== undefined) compare(name, section, SECTIONS[name], report);
  }
  const section = (name: string): Plain => (isPlain(given[name]) ? given[name] : {});
  const policy = 'policy' in given ? policyOfSection(section('policy'), report) : {};
  const model = 'model' in given ? modelOfSection(section('model'), encoder, report) : undefined;

  const config = given as ShelfwiseConfig;
  // Ranges say little of values of the wrong kind, and nothing of keys that there are not.
  const isSound = (...names: readonly string[]): boolean =>
    !problems.some(({ path }) => names.some((name) => path === name || path.startsWith(`${name}.`)));
  const home = { ...config.home, ...policy } as Partial<HomeTunables>;
  const platform = {
    ...config.platform,
    ...(config.playlists === undefined ? {} : { playlists: config.playlists }),
    ...(config.alerts === undefined ? {} : { alerts: config.alerts }),
  };
  let tunables: Readonly<HomeTunables> | undefined;
  if (isSound('home', 'policy')) {
    attempt('home', report, () => {
      tunables = resolveTunables(withSurfaces(home));
    });
  }
  if (tunables !== undefined && model !== undefined) requireFit(tunables, model, encoder, report);
  if (isSound('platform', 'playlists')) {
    const { alerts: _, ...rest } = platform;
    attempt('platform', report, () => resolvePlatformOptions({ ...rest, dataDir: '.' }));
  }
  if (isSound('alerts')) attempt('alerts', report, () => resolveAlertSettings(config.alerts ?? {}));
  if (isSound('training')) {
    attempt('training', report, () => {
      const { position } = resolveTraining(config.training ?? {});
      if (model !== undefined) requirePosition(position, model, encoder);
    });
  }
  if (isSound('server')) checkServer(config.server ?? {}, report);
  if (problems.length > 0 || tunables === undefined) return { configuration: undefined, problems };
  return {
    configuration: {
      hash: contentHash(canonicalJson(config)),
      config,
      server: config.server ?? {},
      platform: { ...platform, home: withSurfaces(home) },
      tunables,
      model,
      training: config.training ?? {},
    },
    problems: [],
  };
}

type Report = (path: string, message: string, remedy: string) => void;

/** Unknown keys and wrong kinds, against a record of defaults, as deep as that is. Arrays and empty records hold what they like. */
function compare(path: string, given: Plain, defaults: Plain, report: Report): void {
  for (const [key, value] of Object.entries(given)) {
    const here = `${path}.${key}`;
    if (!Object.hasOwn(defaults, key)) {
      report(here, 'is not known', didYouMean(key, Object.keys(defaults)));
      continue;
    }
    const like = defaults[key];
    if (value === undefined) continue;
    if (kindOf(value) !== kindOf(like))
      report(here, `is ${nameOf(value)}`, `Give ${KINDS[kindOf(like)] ?? 'another'}.`);
    else if (isPlain(like) && isPlain(value) && Object.keys(like).length > 0) compare(here, value, like, report);
  }
}

function policyOfSection(given: Plain, report: Report): Plain {
  const { id, ...options } = given;
  if (typeof id !== 'string' || !isPolicyId(id)) {
    const text = typeof id === 'string' ? id : '';
    report('policy.id', `is ${nameOf(id)}`, didYouMean(text, POLICY_IDS));
    return {};
  }
  compare('policy', options, { ...policyOf(id).options }, report);
  attempt('policy', report, () => policyOf(id, known(options, policyOf(id).options) as FamilyOptions));
  // Its temperatures and shares are tunables of their own, which the cold start builds on.
  return id === 'plackett-luce' ? { policy: id, ...options } : { policy: id, policyOptions: options };
}

function modelOfSection(given: Plain, encoder: EncoderShape, report: Report): ResolvedSpec | undefined {
  const { family, ensemble = 1, calibration = 'none', ...options } = given;
  if (typeof family !== 'string' || !FAMILY_IDS.includes(family)) {
    report('model.family', `is ${nameOf(family)}`, didYouMean(typeof family === 'string' ? family : '', FAMILY_IDS));
    return undefined;
  }
  // A family tells its options where it keeps them, as all that are configured by name do.
  const fresh = freshModel(family, encoder) as { readonly options?: Plain };
  for (const [name, value] of Object.entries(options)) {
    const like = fresh.options?.[name];
    if (like !== undefined && kindOf(like) !== kindOf(value)) {
      report(`model.${name}`, `is ${nameOf(value)}`, `Give ${KINDS[kindOf(like)] ?? 'another'}.`);
      return undefined;
    }
  }
  let spec: ResolvedSpec | undefined;
  attempt('model', report, () => {
    const named = { family, options: options as FamilyOptions, ensemble, calibration } as ResolvedSpec;
    spec = resolveSpec(named, encoder);
  });
  return spec;
}

/** A policy and a model that the file names together must suit each other; one alone may wait for the other. */
function requireFit(tunables: HomeTunables, model: ResolvedSpec, encoder: EncoderShape, report: Report): void {
  if (tunables.policy === 'popularity') return;
  const policy = policyUnder(tunables.policy, tunables);
  const lacked =
    policy.needs.kind === 'replicas' && model.calibration !== 'none'
      ? `${policy.id} needs single replicas, and a calibrated model shows none; take calibration none`
      : // A calibration passes on all else that the model within knows.
        lackedEvidence(policy, learnerOf(model, encoder, 1));
  if (lacked !== undefined)
    report(
      'policy.id',
      `is ${JSON.stringify(tunables.policy)}: ${lacked}`,
      'Take another policy, or a model that has it (docs/policies.md).',
    );
}

function checkServer({ host, port, dataDir }: Partial<ServerSettings>, report: Report): void {
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    report('server.port', `is ${port}`, 'Give a whole number from 0 to 65535; 0 takes any free port.');
  if (host === '') report('server.host', 'is empty', 'Give an address of this machine, such as 127.0.0.1.');
  if (dataDir === '') report('server.dataDir', 'is empty', 'Name a folder.');
}

/** Surfaces and their limits may be given in part. */
function withSurfaces(home: Partial<HomeTunables>): Partial<HomeTunables> {
  if (home.surfaces === undefined) return home;
  const surfaces = Object.fromEntries(
    Object.entries(DEFAULT_TUNABLES.surfaces).map(([surface, limits]) => [
      surface,
      { ...limits, ...home.surfaces?.[surface as keyof HomeTunables['surfaces']] },
    ]),
  ) as unknown as HomeTunables['surfaces'];
  return { ...home, surfaces };
}

function known(options: Plain, defaults: object): Plain {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(defaults, name)));
}

/** `home: cardEpsilon is 3; it must lie in [0, 1]`: the part that complains, the field, what is wrong, what would be right. */
const COMPLAINT = /^[\w -]+: ([\w.]+) (is [^;]*|has [^;]*); (.*)$/s;
const UNKNOWN = /^\S+ has no option "([^"]+)"; it has (.*)$/s;

function attempt(path: string, report: Report, resolve: () => unknown): void {
  try {
    resolve();
  } catch (error) {
    if (!(error instanceof ShelfwiseError) || error.code !== 'OPTION_INVALID') throw error;
    const text = error.message.slice(error.message.indexOf(': ') + 2);
    const unknown = UNKNOWN.exec(text);
    const complaint = COMPLAINT.exec(text);
    if (unknown !== null)
      report(`${path}.${unknown[1]}`, 'is not known', didYouMean(unknown[1], unknown[2].split(', ')));
    else if (complaint === null) report(path, text, 'Correct it.');
    else report(`${path}.${complaint[1]}`, complaint[2], sentence(complaint[3]));
  }
}

function didYouMean(given: string, names: readonly string[]): string {
  const nearest = nearestOf(given, names);
  const all = `There are ${[...names].sort().join(', ')}.`;
  return nearest === undefined ? all : `Did you mean ${nearest}? ${all}`;
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

const KINDS: Readonly<Record<string, string>> = {
  number: 'a number',
  string: 'a text',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
};

function kindOf(value: unknown): string {
  return value === null ? 'null' : Array.isArray(value) ? 'array' : typeof value;
}

function nameOf(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return JSON.stringify(value).slice(0, 60);
  return value === undefined ? 'missing' : (KINDS[kindOf(value)] ?? kindOf(value));
}

function isPlain(value: unknown): value is Plain {
  return kindOf(value) === 'object';
}
