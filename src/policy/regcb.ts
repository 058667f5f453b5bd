/** RegCB: exploration by the confidence bounds of the regressor itself. */
import { resolveOptions, ShelfwiseError } from '../base/index.ts';
import { applyFloor, type FloorOptions, requireFloor } from './floors.ts';
import { identity, type Policy, type StepEvidence } from './policy.ts';
import { type MellownessOptions, RegressionBounds, requireMellowness } from './regression-bounds.ts';
import { type LearnedOptions, learnedOf, requireLearned } from './schedule.ts';

export interface RegCbOptions extends FloorOptions, LearnedOptions, MellownessOptions {
  /**
   * `elimination`: alike over every action that may still be the best. `optimistic`: the action that could be the best of
   * all; equal ones share. @default 'elimination'
   */
  readonly variant: 'elimination' | 'optimistic';
  /** @default 0.1 */
  readonly mellowness: number;
  /** What is eliminated, or not the most promising, has no other chance. @default 0.05 */
  readonly epsilon: number;
  /** @default 'mix' */
  readonly floor: FloorOptions['floor'];
}

/**
 * With bounds [lo_i, hi_i] of the costs (see `RegressionBounds`): elimination is uniform over {i: lo_i <= min_j hi_j},
 * optimism puts all mass on argmin lo_i; then the floor. Foster, Agarwal, Dudik, Luo and Schapire 2018. Values beyond
 * [0, scale] count as its ends. Needs `sensitivities`. Throws `OPTION_INVALID`.
 */
export function regCb(given: Partial<RegCbOptions> = {}): Policy {
  const options = resolveOptions<RegCbOptions>('regcb', given, {
    variant: 'elimination',
    mellowness: 0.1,
    epsilon: 0.05,
    floor: 'mix',
    learned: 10_000,
  });
  const { variant } = options;
  if (variant !== 'elimination' && variant !== 'optimistic') {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `regcb: variant is "${String(variant)}"; it must be "elimination" or "optimistic"`,
    );
  }
  requireMellowness('regcb', options);
  requireFloor('regcb', options);
  requireLearned('regcb', options);
  const bounds = new RegressionBounds();
  const write = (values: Float64Array, n: number, out: Float64Array, evidence: StepEvidence) => {
    bounds.fill('regcb', values, n, evidence, options.mellowness, learnedOf(options, evidence));
    const { lower, leastUpper } = bounds;
    let most = leastUpper;
    if (variant === 'optimistic') {
      most = Number.POSITIVE_INFINITY;
      for (let k = 0; k < n; k++) most = Math.min(most, lower[k]);
    }
    let kept = 0;
    for (let k = 0; k < n; k++) if (lower[k] <= most) kept++;
    for (let k = 0; k < n; k++) out[k] = lower[k] <= most ? 1 / kept : 0;
    applyFloor(options, out, n);
  };
  return Object.freeze({
    ...identity('regcb', { ...options }, { kind: 'sensitivities', draws: 0 }),
    shelf: write,
    card: write,
  });
}
