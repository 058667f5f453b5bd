/**
 * A question about policies, as its address holds it: `policies=greedy,plackett-luce/cardTemperature:0.08&span=7d&by=tier`.
 * A policy is its id, then its options, those of its composition after `compose.`; `model` names the model that it scores with.
 */
import type {
  ComparedRung,
  ComparisonOptions,
  InsteadDraw,
  PolicyUnderEvaluation,
  SliceDimension,
} from '../../../src/server/contract.ts';

export const RUNGS: readonly ComparedRung[] = ['above', 'slope', 'prefix', 'row', 'item'];
export const DIMENSIONS: readonly SliceDimension[] = ['tier', 'market', 'device', 'listener', 'dayPart'];
export const DRAWS: readonly InsteadDraw[] = ['sampled', 'probable'];
export const SPANS = ['7d', '30d', '90d', 'all'] as const;
export const ESTIMATORS = ['dr', 'sndr', 'ipw', 'snipw'] as const;
export const MOST_POLICIES = 4;

export type OptionValue = number | string | boolean;

export interface AskedPolicy {
  readonly policy: string;
  readonly options: Readonly<Record<string, OptionValue>>;
  /** What is wanted of its pages besides, where that is not as it serves. */
  readonly composition: Readonly<Record<string, OptionValue>>;
  /** `logged`: each decision's own; `serving`, or the hash of one. */
  readonly model: string;
}

export interface Question {
  readonly policies: readonly AskedPolicy[];
  readonly span: string;
  readonly by: SliceDimension | undefined;
  readonly rung: ComparedRung;
  readonly estimator: string;
}

export const DEFAULTS = { span: '30d', rung: 'above', estimator: 'dr' } as const;

/** What stands in the address; texts that are its defaults are left out. */
export interface QuestionSearch {
  readonly policies?: string;
  readonly span?: string;
  readonly by?: SliceDimension;
  readonly rung?: ComparedRung;
  readonly estimator?: string;
}

export function plain(policy: string): AskedPolicy {
  return { policy, options: {}, composition: {}, model: 'logged' };
}

const COMPOSE = 'compose.';

export function formatPolicy({ policy, options, composition, model }: AskedPolicy): string {
  const parts = [
    ...Object.entries(options).map(([name, value]) => `/${name}:${value}`),
    ...Object.entries(composition).map(([name, value]) => `/${COMPOSE}${name}:${value}`),
  ];
  return `${policy}${parts.join('')}${model === 'logged' ? '' : `/model:${model}`}`;
}

/** What was typed or linked to, as a value: a number where it reads as one. */
export function readValue(text: string): OptionValue {
  if (text === 'true' || text === 'false') return text === 'true';
  return text.trim() !== '' && Number.isFinite(Number(text)) ? Number(text) : text;
}

/** Undefined where it is no policy. */
export function parsePolicy(text: string): AskedPolicy | undefined {
  const [policy = '', ...parts] = text.split('/');
  if (!/^[\w-]+$/.test(policy)) return undefined;
  const options: Record<string, OptionValue> = {};
  const composition: Record<string, OptionValue> = {};
  let model = 'logged';
  for (const part of parts) {
    const [, name, value] = /^((?:compose\.)?\w+):([\w.+-]+)$/.exec(part) ?? [];
    if (name === undefined || value === undefined) continue;
    if (name === 'model') model = value;
    else if (name.startsWith(COMPOSE)) composition[name.slice(COMPOSE.length)] = readValue(value);
    else options[name] = readValue(value);
  }
  return { policy, options, composition, model };
}

export function parsePolicies(text: string): readonly AskedPolicy[] {
  const seen = new Set<string>();
  return text
    .split(',')
    .flatMap((part) => parsePolicy(part) ?? [])
    .filter((one) => {
      const key = formatPolicy(one);
      return seen.has(key) ? false : seen.add(key);
    })
    .slice(0, MOST_POLICIES);
}

/** Undefined where nothing is asked: no policies. */
export function questionOf(search: QuestionSearch): Question | undefined {
  const policies = parsePolicies(search.policies ?? '');
  if (policies.length === 0) return undefined;
  const { span = DEFAULTS.span, by, rung = DEFAULTS.rung, estimator = DEFAULTS.estimator } = search;
  return { policies, span, by, rung, estimator };
}

export function searchOf({ policies, span, by, rung, estimator }: Question): QuestionSearch {
  return {
    policies: policies.map(formatPolicy).join(','),
    ...(span === DEFAULTS.span ? {} : { span }),
    ...(by === undefined ? {} : { by }),
    ...(rung === DEFAULTS.rung ? {} : { rung }),
    ...(estimator === DEFAULTS.estimator ? {} : { estimator }),
  };
}

const LONGEST_NAME = 80;

/** "greedy"; "plackett-luce, cardTemperature 0.08" */
export function policyName({ policy, options, composition, model }: AskedPolicy): string {
  // Both may have an option of one name.
  const parts = [options, composition].flatMap((own) => Object.entries(own).map(([name, value]) => `${name} ${value}`));
  if (model !== 'logged') parts.push(model === 'serving' ? 'model that serves' : `model ${model.slice(0, 8)}`);
  const name = [policy, ...parts].join(', ');
  return name.length <= LONGEST_NAME ? name : `${name.slice(0, LONGEST_NAME - 1)}…`;
}

/** Names of all, none twice. */
export function policyNames(policies: readonly AskedPolicy[]): readonly string[] {
  const taken = new Set<string>();
  return policies.map((policy, k) => {
    const name = policyName(policy);
    const own = taken.has(name) ? `${name.slice(0, LONGEST_NAME - 4)} (${k + 1})` : name;
    taken.add(own);
    return own;
  });
}

export function underEvaluation(
  { policy, options, composition, model }: AskedPolicy,
  name: string,
): PolicyUnderEvaluation {
  return {
    name,
    policy,
    ...(Object.keys(options).length === 0 ? {} : { options }),
    ...(Object.keys(composition).length === 0
      ? {}
      : { composition: composition as NonNullable<PolicyUnderEvaluation['composition']> }),
    ...(model === 'logged' ? {} : { model }),
  };
}

export function requestOf({ policies, span, by, rung, estimator }: Question): Partial<ComparisonOptions> {
  const names = policyNames(policies);
  return {
    policies: policies.map((policy, k) => underEvaluation(policy, names[k] ?? '')),
    span,
    rung,
    estimators: [estimator],
    ...(by === undefined ? {} : { by: [by] }),
    // Without a model there is nothing to fit.
    ...(estimator === 'ipw' || estimator === 'snipw' ? { rewardModel: 'none' as const } : {}),
  };
}
