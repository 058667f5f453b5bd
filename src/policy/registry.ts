/** Policies by their ids. */
import { ShelfwiseError } from '../base/index.ts';
import type { CompositionOptions } from './composition/index.ts';
import { onlineCover } from './cover.ts';
import { gaussianThompson } from './gaussian-thompson.ts';
import { fastCb, squareCb } from './inverse-gap.ts';
import { linUcb } from './linucb.ts';
import { epsilonGreedy, greedy, plackettLuce, popularity, softmax, uniform } from './policies.ts';
import type { Policy, PolicyOptions } from './policy.ts';
import { regCb } from './regcb.ts';
import { bootstrapThompson, thompson, topTwoThompson } from './thompson.ts';

/** A policy of these options; it checks them itself, names, kinds and ranges. */
type Maker = (options: PolicyOptions) => Policy;

/**
 * Options come from configuration as JSON. `resolveOptions` refuses names that a policy lacks, each policy what is out of
 * range; a number written as text, which compares like one, is refused here.
 */
function maker<O>(make: (given: Partial<O>) => Policy): Maker {
  return (options) => {
    const { id, options: defaults } = make({});
    for (const [name, given] of Object.entries(options)) {
      const kind = typeof defaults[name];
      if (kind === 'undefined' || given === undefined || typeof given === kind) continue;
      throw new ShelfwiseError('OPTION_INVALID', `${id}: ${name} is ${JSON.stringify(given)}; give a ${kind}`);
    }
    return make(options as Partial<O>);
  };
}

function plain(id: string, make: () => Policy): Maker {
  return (options) => {
    const [unknown] = Object.keys(options);
    if (unknown === undefined) return make();
    throw new ShelfwiseError('OPTION_INVALID', `${id} has no option "${unknown}"; it has none`);
  };
}

const MAKERS = {
  'plackett-luce': maker(plackettLuce),
  uniform: plain('uniform', uniform),
  greedy: plain('greedy', greedy),
  popularity: plain('popularity', popularity),
  'epsilon-greedy': maker(epsilonGreedy),
  softmax: maker(softmax),
  squarecb: maker(squareCb),
  fastcb: maker(fastCb),
  regcb: maker(regCb),
  linucb: maker(linUcb),
  'gaussian-thompson': maker(gaussianThompson),
  thompson: maker(thompson),
  'bootstrap-thompson': maker(bootstrapThompson),
  'top-two-thompson': maker(topTwoThompson),
  'online-cover': maker(onlineCover),
} as const satisfies Record<string, Maker>;

export type PolicyId = keyof typeof MAKERS;

export const POLICY_IDS = Object.freeze(Object.keys(MAKERS)) as readonly PolicyId[];

export function isPolicyId(id: string): id is PolicyId {
  return Object.hasOwn(MAKERS, id);
}

/** The policy of this id; throws `OPTION_INVALID` for an unknown one, or for options that it does not have. */
export function policyOf(id: string, options: PolicyOptions = {}): Policy {
  if (isPolicyId(id)) return MAKERS[id](options);
  throw new ShelfwiseError('OPTION_INVALID', `there is no policy "${id}"; there are ${POLICY_IDS.join(', ')}`);
}

/** Every policy by its defaults, and what its options make another distribution of. */
export const POLICY_VARIANTS: readonly (readonly [id: PolicyId, options: PolicyOptions])[] = Object.freeze([
  ...POLICY_IDS.map((id) => [id, {}] as const),
  ['softmax', { epsilon: 0.2, floor: 'project' }],
  ['squarecb', { elimination: true, epsilon: 0.05 }],
  ['fastcb', { elimination: true, epsilon: 0.05 }],
  ['regcb', { variant: 'optimistic' }],
  ['linucb', { floor: 'project' }],
  ['thompson', { floor: 'project' }],
  ['online-cover', { decay: true }],
]);

/** All of a composition at once, as `policy check` tries it with every policy. */
export const CHECKED_COMPOSITION: Readonly<CompositionOptions> = Object.freeze({
  diversity: 0.4,
  diversityOver: 'page',
  calibration: 0.2,
  calibrationOver: 'row',
  explorationShare: 0.1,
  newListenerShare: 0.2,
  floor: 0.02,
  newcomerShare: 0.15,
  rewardCap: 0.5,
});
