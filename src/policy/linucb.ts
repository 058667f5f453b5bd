/** Optimism by the posterior's deviation. */
import { requireRange, resolveOptions } from '../base/index.ts';
import { applyFloor, type FloorOptions, requireFloor } from './floors.ts';
import { highestShared, identity, type Policy, Scratch, type StepEvidence } from './policy.ts';

export interface LinUcbOptions extends FloorOptions {
  /** How many standard deviations of optimism, >= 0; 1 + √(ln(2 / δ) / 2) holds with probability 1 - δ. @default 1 */
  readonly alpha: number;
  /** Without it nothing but the most promising action is ever drawn, and its records can judge no other policy. @default 0.05 */
  readonly epsilon: number;
  /** @default 'mix' */
  readonly floor: FloorOptions['floor'];
}

/**
 * LinUCB: all mass on argmax of `value_i + α sd_i`, exactly equal ones share it; then the floor. For linear regression
 * with a ridge prior sd_i = √(xᵀ A⁻¹ x) and this is Li, Chu, Langford and Schapire 2010; for other families the model's own
 * posterior stands in. Needs `deviations`. Throws `OPTION_INVALID`.
 */
export function linUcb(given: Partial<LinUcbOptions> = {}): Policy {
  const options = resolveOptions<LinUcbOptions>('linucb', given, { alpha: 1, epsilon: 0.05, floor: 'mix' });
  const { alpha } = options;
  requireRange('linucb', 'alpha', alpha, 0, 1e6);
  requireFloor('linucb', options);
  const scratch = new Scratch();
  const write = (values: Float64Array, n: number, out: Float64Array, { rows, deviations }: StepEvidence) => {
    const hopes = scratch.of(n);
    for (let k = 0; k < n; k++) hopes[k] = values[k] + alpha * deviations[rows[k]];
    highestShared('linucb', hopes, n, out);
    applyFloor(options, out, n);
  };
  return Object.freeze({
    ...identity('linucb', { ...options }, { kind: 'deviations', draws: 0 }),
    shelf: write,
    card: write,
  });
}
