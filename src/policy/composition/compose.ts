/**
 * Compositions: what is wanted of a page whatever policy draws it. Each is a function of the problem and of what is placed,
 * within the step: nothing is rejected or redrawn after a draw, so that propensities stay exact.
 *
 * In a card step the scores are changed before the policy sees them: diversity, then calibration. In every step its
 * distribution is changed in this order: the exploration share is mixed in, the floor projected, newcomers given their share,
 * and last the cap, which wins over all of them.
 */
import { canonicalJson, contentHash } from '../../base/index.ts';
import { mixUniform, projectMinimum } from '../floors.ts';
import type { Composition, Policy, StepContext } from '../policy.ts';
import { Calibration } from './calibration.ts';
import { Diversity } from './diversity.ts';
import { type CompositionOptions, NO_COMPOSITION, resolveComposition } from './options.ts';
import { capGivenUp, giveNewcomers, partOfCap } from './shares.ts';

/** Does the composition read traits of items? */
export function readsTraits({ diversity, calibration, newcomerShare }: CompositionOptions): boolean {
  return diversity > 0 || calibration > 0 || newcomerShare > 0;
}

/**
 * The policy with a composition: same id, options and hash with the composition in them. Without any it is the policy itself.
 * @param isNew for a listener of whom little is known
 * Throws `OPTION_INVALID`.
 */
export function composed(policy: Policy, given: Partial<CompositionOptions>, isNew = false): Policy {
  const wanted = resolveComposition(given);
  const changed = Object.entries(wanted).filter(
    ([name, value]) => value !== NO_COMPOSITION[name as keyof CompositionOptions],
  );
  const share = isNew ? wanted.newListenerShare : wanted.explorationShare;
  if (changed.length === 0) return policy;
  const options = { ...policy.options, composition: Object.fromEntries(changed), segment: isNew ? 'new' : 'known' };
  return Object.freeze({
    ...policy,
    options,
    hash: contentHash(canonicalJson({ id: policy.id, options })),
    composition: compositionOf(wanted, share),
  });
}

function compositionOf(options: CompositionOptions, share: number): Composition {
  const { floor, newcomerShare, rewardCap } = options;
  const diversity = options.diversity > 0 ? new Diversity(options.diversity, options.diversityOver) : undefined;
  const calibration =
    options.calibration > 0 ? new Calibration(options.calibration, options.calibrationOver) : undefined;
  const isCapped = rewardCap < NO_COMPOSITION.rewardCap;
  const rescore = (context: StepContext, values: Float64Array): void => {
    if (context.step.kind !== 'card') return;
    diversity?.rescore(context, values);
    calibration?.rescore(context, values);
  };
  const reshape = (context: StepContext, p: Float64Array): void => {
    const { step } = context;
    if (share > 0) mixUniform(p, step.count, share);
    if (floor > 0) projectMinimum(p, step.count, floor);
    if (newcomerShare > 0) giveNewcomers(context, p, newcomerShare);
    if (isCapped) capGivenUp(step.values, p, step.count, partOfCap(context, rewardCap));
  };
  return {
    ...(diversity === undefined && calibration === undefined ? {} : { rescore }),
    ...(share > 0 || floor > 0 || newcomerShare > 0 || isCapped ? { reshape } : {}),
  };
}
