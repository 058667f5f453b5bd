/**
 * A running platform follows its configuration file. A file that is not valid changes nothing and is told of. What changes
 * pages changes with the next request: a policy as soon as the model that serves has what it needs, a model as soon as there
 * is one; where a policy needs what only the model that comes with it has, both change in one swap.
 *
 * The model of the file is a wish that is granted once: the newest registered model of the same family and options serves,
 * or one is trained beside serving. Whoever then promotes another has the last word, until the file asks for another again.
 */
import { statSync } from 'node:fs';
import { type Clock, canonicalJson, contentHash, MINUTE_MS, messageOf, ShelfwiseError } from '../../base/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import { type HomeTunables, policyUnder } from '../../home/index.ts';
import { lackedEvidence } from '../../policy/index.ts';
import type { Metadata } from '../../store/index.ts';
import type { PlatformLogger } from '../config.ts';
import type { Epochs } from '../epochs.ts';
import type { Registry } from '../training/registry.ts';
import type { ModelService, ResolvedSpec, TrainingOptions } from '../training/report.ts';
import type { Configuration } from './check.ts';
import { type ConfigurationSource, readConfiguration, requireConfiguration } from './source.ts';
import type { ConfigurationService, ConfigurationStatus } from './status.ts';

const SETTING = 'model-choice';
/** Between two tries of a training that had nothing to learn from. */
const RETRY_MS = 10 * MINUTE_MS;

type ModelState = NonNullable<ConfigurationStatus['model']>;
type RunningStatus = { -readonly [K in keyof ConfigurationStatus]: ConfigurationStatus[K] };

export interface Configurer extends ConfigurationService {
  /** What a training takes where its caller says nothing. */
  trainingDefaults(): Partial<TrainingOptions>;
  /** Reads the file again where it changed, and goes on with what it asks for: what a timer does. */
  check(): Promise<void>;
  /** Something may be there to train on now. */
  retrySoon(): void;
  /** Stops a training under way, and waits for it. */
  close(): Promise<void>;
}

export async function createConfigurer(dependencies: {
  readonly source: ConfigurationSource;
  readonly epochs: Pick<Epochs, 'serving' | 'retune'>;
  readonly registry: Pick<Registry, 'listModels' | 'promoteWith'>;
  readonly trainModel: ModelService['trainModel'];
  readonly settings: Metadata['settings'];
  readonly encoder: EncoderShape;
  readonly clock: Clock;
  readonly report: (text: string) => void;
  readonly logger: PlatformLogger;
}): Promise<Configurer> {
  const { source, epochs, registry, trainModel, settings, encoder, clock, report, logger } = dependencies;
  const first = await readConfiguration(source);
  let current = requireConfiguration(source.file, first);
  const atStart = current;
  let watched: readonly string[] = first.files;
  let seen = stampOf(watched);
  const status: RunningStatus = {
    file: source.file,
    hash: current.hash,
    state: 'applied',
    changedAtMs: clock.nowMs(),
    problems: [],
    waiting: [],
    model: null,
  };
  /** What is still to be done of the configuration in force. */
  let pending = true;
  let retryAtMs = 0;
  let training: { readonly key: string; readonly stop: AbortController; readonly done: Promise<void> } | undefined;

  const keyOf = (spec: ResolvedSpec): string => contentHash(canonicalJson({ spec, encoder: encoder.hash }));
  const say = (state: ModelState['state'], detail: string): void => {
    if (current.model !== undefined) status.model = { family: current.model.family, state, detail };
    report(`${current.model?.family ?? 'no model asked for'}: ${state}${detail === '' ? '' : `, ${detail}`}`);
  };
  const tuned = (now: HomeTunables): HomeTunables => ({ ...current.tunables, switchedOff: now.switchedOff });
  const isTuned = (): boolean => {
    const now = epochs.serving().tunables;
    return canonicalJson(tuned(now)) === canonicalJson(now);
  };
  /** What the policy of the file lacks of the model that serves. */
  const lacked = (): string | undefined => {
    const { tunables, model } = epochs.serving();
    const next = tuned(tunables);
    return next.policy === 'popularity' ? undefined : lackedEvidence(policyUnder(next.policy, next), model);
  };

  const readAgain = async (): Promise<void> => {
    const reading = await readConfiguration(source);
    watched = reading.files;
    if (reading.configuration === undefined) {
      status.state = 'refused';
      status.problems = reading.problems;
      status.changedAtMs = clock.nowMs();
      const errors = reading.problems.map(({ path, message }) => `${path} ${message}`.trim());
      logger.error({ file: source.file, errors }, 'the configuration file is not valid; what was in force still is');
      report(`refused: ${errors.join('; ')}`);
      return;
    }
    const same = reading.configuration.hash === current.hash;
    const was = status.state;
    status.state = 'applied';
    status.problems = [];
    if (same && was === 'applied') return;
    current = reading.configuration;
    Object.assign(status, {
      hash: current.hash,
      changedAtMs: clock.nowMs(),
      waiting: changedAtStart(atStart, current),
    });
    if (current.model === undefined) status.model = null;
    pending = true;
    retryAtMs = 0;
    logger.info({ file: source.file, hash: current.hash }, 'the configuration file has changed, and is followed');
  };

  /** Makes what serves what the file asks for, as far as that can be done now. */
  const follow = async (): Promise<void> => {
    const spec = current.model;
    const wanted = spec === undefined || (await settings.get(SETTING)) === keyOf(spec) ? undefined : spec;
    if (training !== undefined && (wanted === undefined || training.key !== keyOf(wanted))) {
      training.stop.abort(new ShelfwiseError('NOT_READY', 'the configuration asks for another model now'));
      await training.done;
    }
    if (wanted === undefined) {
      await tune();
      if (spec !== undefined) say('serves', '');
      pending = status.problems.length > 0;
      return;
    }
    const models = await registry.listModels();
    const key = canonicalJson(wanted);
    const made = models.find(
      ({ usable, lineage }) => usable && lineage !== null && canonicalJson(lineage.spec) === key,
    );
    if (made !== undefined) {
      await grant(wanted, made.hash);
      return;
    }
    // The policy need not wait for the model, unless it is one that only the model can feed.
    if (lacked() === undefined) await tune();
    if (training !== undefined || clock.nowMs() < retryAtMs) return;
    begin(wanted);
  };

  const tune = async (): Promise<void> => {
    if (isTuned()) return;
    const lacks = lacked();
    if (lacks === undefined) {
      await epochs.retune(tuned);
      status.problems = [];
      report(`policy ${current.tunables.policy}`);
      return;
    }
    if (status.problems.length === 0) logger.error({ lacks }, 'the policy of the configuration file cannot serve');
    status.problems = [{ path: 'policy.id', message: lacks, remedy: 'Name a model that has it, or another policy.' }];
    report(`policy ${current.tunables.policy} waits: ${lacks}`);
  };

  const grant = async (spec: ResolvedSpec, hash: string): Promise<void> => {
    await registry.promoteWith(hash, (model) => {
      const lacks = lackedEvidence(policyUnder(current.tunables.policy, current.tunables), model);
      if (lacks === undefined) return tuned;
      throw new ShelfwiseError('POLICY_EVIDENCE', lacks);
    });
    await settings.set(SETTING, keyOf(spec));
    pending = false;
    say('serves', '');
    logger.info({ model: hash, family: spec.family }, 'the model of the configuration file serves');
  };

  const begin = (spec: ResolvedSpec): void => {
    const stop = new AbortController();
    const onProgress = (stage: string, share: number): void => say('training', `${stage} ${Math.round(100 * share)}%`);
    const done = trainModel(spec, { onProgress, signal: stop.signal })
      .then(() => undefined, failed)
      .finally(() => {
        training = undefined;
      });
    function failed(error: unknown): void {
      if (stop.signal.aborted) return;
      const code = error instanceof ShelfwiseError ? error.code : 'BUG';
      const waits = code === 'EXAMPLES_INVALID' || code === 'JOB_RUNNING' || code === 'NOT_READY';
      retryAtMs = waits ? clock.nowMs() + (code === 'JOB_RUNNING' ? 0 : RETRY_MS) : Number.POSITIVE_INFINITY;
      say(waits ? 'waiting' : 'failed', messageOf(error));
      if (!waits) logger.error({ error: messageOf(error) }, 'the model of the configuration file could not be trained');
    }
    say('training', '');
    training = { key: keyOf(spec), stop, done };
  };

  const check = async (): Promise<void> => {
    const stamp = stampOf(watched);
    if (stamp !== seen) {
      seen = stamp;
      await readAgain();
      // What it imports may be other files now.
      seen = stampOf(watched);
    }
    if (!pending) return;
    try {
      await follow();
    } catch (error) {
      // It is told, and not hammered: the file must change, or a training must be due again.
      pending = false;
      say('failed', messageOf(error));
      logger.error({ error: messageOf(error) }, 'what the configuration file asks for cannot be done');
    }
  };

  return {
    configurationStatus: () => ({ ...status }),
    trainingDefaults: () => current.training,
    check,
    retrySoon() {
      if (retryAtMs < Number.POSITIVE_INFINITY) retryAtMs = 0;
    },
    async close() {
      training?.stop.abort(new ShelfwiseError('NOT_READY', 'the platform is closing'));
      await training?.done;
    },
  };
}

/** Changes when a file does, or comes, or goes. */
function stampOf(files: readonly string[]): string {
  return files
    .map((file) => {
      const found = statSync(file, { throwIfNoEntry: false, bigint: true });
      return found === undefined ? '' : `${found.mtimeNs}/${found.size}/${found.ino}`;
    })
    .join(' ');
}

/** Settings that are read at the start alone, and are others now. */
function changedAtStart(then: Configuration, now: Configuration): string[] {
  return (['server', 'platform', 'playlists', 'alerts'] as const).flatMap((section) => {
    const before = (then.config[section] ?? {}) as Readonly<Record<string, unknown>>;
    const after = (now.config[section] ?? {}) as Readonly<Record<string, unknown>>;
    return [...new Set([...Object.keys(before), ...Object.keys(after)])]
      .filter((key) => canonicalJson(before[key] ?? null) !== canonicalJson(after[key] ?? null))
      .map((key) => `${section}.${key}`);
  });
}
