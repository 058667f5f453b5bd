/** Inverse-gap weighting: SquareCB and FastCB. What looks worse than the best is drawn the less, the more has been learnt. */
import { requireRange, resolveOptions, ShelfwiseError } from '../base/index.ts';
import { applyFloor, type FloorOptions, requireFloor } from './floors.ts';
import { identity, NO_EVIDENCE, type Policy, requireNumbers, Scratch, type StepEvidence } from './policy.ts';
import { type MellownessOptions, RegressionBounds, requireMellowness } from './regression-bounds.ts';
import { type LearnedOptions, learnedOf, requireLearned } from './schedule.ts';

export interface InverseGapOptions extends FloorOptions, LearnedOptions, MellownessOptions {
  /** γ = gammaScale t^gammaExponent at t learned examples; larger is greedier. @default 10 */
  readonly gammaScale: number;
  /** ρ, [0, 1]. 0: γ stays. @default 0.5 */
  readonly gammaExponent: number;
  /**
   * Leaves only actions in play that may still be the best by the bounds of the regressor; needs `sensitivities`. The others
   * have the floor alone. @default false
   */
  readonly elimination: boolean;
  /** Of the elimination. @default 0.001 */
  readonly mellowness: number;
  /** Every action has a chance without it, unless `elimination` is on. @default 0 */
  readonly epsilon: number;
  /** @default 'mix' */
  readonly floor: FloorOptions['floor'];
}

/** FastCB's losses lie in (0, 1]; a perfect score has this. */
const LEAST_LOSS = 1e-9;

/**
 * SquareCB: with gaps Δ_i = (best value - value_i) / scale and K actions in play, `p_i = 1 / (K + γ Δ_i)` for all but the best,
 * which has the rest; equally best ones share it. Abe and Long 1999, Foster and Rakhlin 2020. With elimination the
 * survivors are found first and K is their number: an implementation that counts survivors while the minimum still runs
 * divides by too small a K, and what is left for the best can be negative. Throws `OPTION_INVALID`.
 */
export function squareCb(given: Partial<InverseGapOptions> = {}): Policy {
  return inverseGap('squarecb', given, { gammaScale: 10 }, (gap, _leastLoss, actions, gamma) => {
    return 1 / (actions + gamma * gap);
  });
}

/**
 * FastCB: with losses ŷ_i = 1 - value_i / scale in (0, 1] and b the best, `p_i = ŷ_b / (K ŷ_b + γ (ŷ_i - ŷ_b))`, the rest to
 * b; equally best ones share it, and γ is at least 10 K. It explores less than SquareCB where the best is nearly perfect. For
 * models fitted by log loss. Foster and Krishnamurthy 2021. Values beyond [0, scale] count as its ends. Throws `OPTION_INVALID`.
 */
export function fastCb(given: Partial<InverseGapOptions> = {}): Policy {
  return inverseGap('fastcb', given, { gammaScale: 1 }, (gap, leastLoss, actions, gamma) => {
    return leastLoss / (actions * leastLoss + Math.max(gamma, 10 * actions) * gap);
  });
}

function inverseGap(
  id: 'squarecb' | 'fastcb',
  given: Partial<InverseGapOptions>,
  defaults: Pick<InverseGapOptions, 'gammaScale'>,
  share: (gap: number, leastLoss: number, actions: number, gamma: number) => number,
): Policy {
  const options = resolveOptions<InverseGapOptions>(id, given, {
    ...defaults,
    gammaExponent: 0.5,
    elimination: false,
    mellowness: 0.001,
    epsilon: 0,
    floor: 'mix',
    learned: 10_000,
  });
  const { gammaScale, gammaExponent, elimination, mellowness } = options;
  requireRange(id, 'gammaScale', gammaScale, Number.MIN_VALUE, 1e12);
  requireRange(id, 'gammaExponent', gammaExponent, 0, 1);
  if (typeof elimination !== 'boolean') {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `${id}: elimination is ${String(elimination)}; it must be true or false`,
    );
  }
  requireMellowness(id, options);
  requireFloor(id, options);
  requireLearned(id, options);
  const bounds = new RegressionBounds();
  const scratch = new Scratch();
  const isFast = id === 'fastcb';

  const write = (values: Float64Array, n: number, out: Float64Array, evidence: StepEvidence) => {
    const learned = learnedOf(options, evidence);
    const { scale } = evidence;
    requireNumbers(id, values, n);
    if (elimination) bounds.fill(id, values, n, evidence, mellowness, learned);
    // NaN where an action is out: it compares with nothing.
    const losses = scratch.of(n);
    let best = Number.POSITIVE_INFINITY;
    let actions = 0;
    let ties = 0;
    for (let k = 0; k < n; k++) {
      if (elimination && bounds.lower[k] > bounds.leastUpper) {
        losses[k] = Number.NaN;
        continue;
      }
      // FastCB measures losses, which have a range; SquareCB gaps, which need none.
      const loss = isFast ? Math.min(1, Math.max(LEAST_LOSS, 1 - values[k] / scale)) : -values[k] / scale;
      losses[k] = loss;
      actions++;
      if (loss < best) {
        best = loss;
        ties = 1;
      } else if (loss === best) ties++;
    }
    const gamma = gammaScale * learned ** gammaExponent;
    let others = 0;
    for (let k = 0; k < n; k++) {
      const loss = losses[k];
      out[k] = loss > best ? share(loss - best, best, actions, gamma) : 0;
      others += out[k];
    }
    const rest = Math.max(0, 1 - others) / ties;
    for (let k = 0; k < n; k++) if (losses[k] === best) out[k] = rest;
    applyFloor(options, out, n);
  };
  const needs = elimination ? ({ kind: 'sensitivities', draws: 0 } as const) : NO_EVIDENCE;
  return Object.freeze({ ...identity(id, { ...options }, needs), shelf: write, card: write });
}
