/** Policies under evaluation: named, completed and frozen. What they are asked about, page rules and candidates, stays as it was logged. */
import { requireOneOf, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import { type HomeTunables, resolveTunables } from '../../home/index.ts';
import { isPolicyId, POLICY_IDS } from '../../policy/index.ts';
import type { PolicyUnderEvaluation } from './comparison.ts';

/** What of the tunables is a policy's own; all others are the page's, and stay as the decision has them. */
const OWN = [
  'policy',
  'policyOptions',
  'composition',
  'newcomerPlays',
  'shelfTemperature',
  'shelfEpsilon',
  'cardTemperature',
  'cardEpsilon',
  'coldStartTemperature',
  'coldStartEpsilon',
  'coldStartTastes',
] as const satisfies readonly (keyof HomeTunables)[];
/** Options of `plackett-luce`: they are the tunables' own. */
export const LUCE = ['shelfTemperature', 'shelfEpsilon', 'cardTemperature', 'cardEpsilon'] as const;

export type PolicyTunables = Pick<HomeTunables, (typeof OWN)[number]>;

/** What served: the policy of each decision itself. */
export const SERVED = 'served';

/** A policy as the job has it: structured-cloneable. */
export interface TargetSpec {
  readonly name: string;
  /** Undefined for what served. */
  readonly tunables: PolicyTunables | undefined;
  /** Of the model that it scores with; '': each decision's own. */
  readonly modelHash: string;
}

const DEFAULTS = { name: '', policy: '', options: {}, composition: {}, model: 'logged' };
const MOST_POLICIES = 16;

/**
 * @param serving what serves now: the temperatures, shares and composition that a policy has where it says nothing
 * @param modelHash of the model that serves now, '' where none does
 * Throws `OPTION_INVALID` with the policy and the option.
 */
export function targetsOf(
  given: readonly PolicyUnderEvaluation[],
  serving: HomeTunables,
  modelHash: string,
): readonly TargetSpec[] {
  if (given.length === 0 || given.length > MOST_POLICIES) {
    throw new ShelfwiseError('OPTION_INVALID', `compare: give 1 to ${MOST_POLICIES} policies, not ${given.length}`);
  }
  const names = new Set<string>();
  return given.map((one) => {
    const { name, policy, options, composition, model } = resolveOptions<Required<PolicyUnderEvaluation>>(
      'compare: policies',
      one,
      DEFAULTS,
    );
    const called = name === '' ? policy : name;
    if (names.has(called)) {
      throw new ShelfwiseError('OPTION_INVALID', `compare: two policies are called "${called}"; name one otherwise`);
    }
    names.add(called);
    if (called === SERVED && policy !== SERVED) {
      throw new ShelfwiseError(
        'OPTION_INVALID',
        `compare: "${SERVED}" is what was logged; call ${policy} otherwise, NAME=${policy}`,
      );
    }
    if (policy === SERVED) {
      if (Object.keys(options).length + Object.keys(composition).length > 0 || model !== 'logged')
        throw new ShelfwiseError('OPTION_INVALID', `compare: ${SERVED} is what was logged; it has no options`);
      return { name: called, tunables: undefined, modelHash: '' };
    }
    if (!isPolicyId(policy)) {
      throw new ShelfwiseError(
        'OPTION_INVALID',
        `compare: there is no policy "${policy}"; there are ${SERVED}, ${POLICY_IDS.join(', ')}`,
      );
    }
    return {
      name: called,
      tunables: tunablesOfPolicy(called, policy, options, composition, serving),
      modelHash: hashOf(called, model, modelHash),
    };
  });
}

function tunablesOfPolicy(
  name: string,
  policy: HomeTunables['policy'],
  options: HomeTunables['policyOptions'],
  composition: HomeTunables['composition'],
  serving: HomeTunables,
): PolicyTunables {
  const isLuce = policy === 'plackett-luce';
  if (isLuce) for (const option of Object.keys(options)) requireOneOf(`compare: ${name}`, 'option', option, LUCE);
  const inherited = policy === serving.policy ? serving.policyOptions : {};
  const tunables = resolveTunables({
    ...serving,
    ...(isLuce ? options : {}),
    policy,
    policyOptions: isLuce ? {} : { ...inherited, ...options },
    composition: { ...serving.composition, ...composition },
  });
  return Object.fromEntries(OWN.map((key) => [key, tunables[key]])) as unknown as PolicyTunables;
}

function hashOf(name: string, model: string, serving: string): string {
  if (model === 'logged') return '';
  if (model !== 'serving') return model;
  if (serving !== '') return serving;
  throw new ShelfwiseError('OPTION_INVALID', `compare: ${name} is to score with the model that serves, and none does`);
}

/** Policies beside what served, of which there may be none. Throws as `targetsOf`. */
export function alternativesOf(
  given: readonly PolicyUnderEvaluation[],
  serving: HomeTunables,
  modelHash: string,
): readonly TargetSpec[] {
  if (given.length === 0) return [];
  return targetsOf(given, serving, modelHash).filter(({ tunables }) => tunables !== undefined);
}

/** With what lifts are taken over, what served and popularity, behind those that were asked for. */
export function withBaselines(asked: readonly TargetSpec[], serving: HomeTunables): readonly TargetSpec[] {
  const missing: PolicyUnderEvaluation[] = [];
  if (servedAmong(asked) < 0) missing.push({ policy: SERVED });
  if (popularityAmong(asked) < 0) missing.push({ policy: 'popularity' });
  return missing.length === 0 ? asked : [...asked, ...targetsOf(missing, serving, '')];
}

export function servedAmong(targets: readonly TargetSpec[]): number {
  return targets.findIndex(({ tunables }) => tunables === undefined);
}

export function popularityAmong(targets: readonly TargetSpec[]): number {
  return targets.findIndex(({ tunables }) => tunables?.policy === 'popularity');
}
