/** Thompson sampling from independent normal posteriors, in closed form. */
import { requireRange, resolveOptions } from '../base/index.ts';
import { applyFloor, type FloorOptions, requireFloor } from './floors.ts';
import { identity, type Policy, type StepEvidence } from './policy.ts';
import { TopOne } from './top-one.ts';

export interface GaussianThompsonOptions extends FloorOptions {
  /** v: factor on the deviations; 0.1 to 1 in practice, less explores less. > 0. @default 1 */
  readonly spread: number;
  /** Of an action that the posterior rules out there would be no record. @default 0.05 */
  readonly epsilon: number;
  /** @default 'mix' */
  readonly floor: FloorOptions['floor'];
}

/**
 * `p_i = P(i = argmax_j N(value_j, (v sd_j)²))`, as if actions were independent, by the quadrature of `TopOne` (absolute error below 1e-8);
 * then the floor. No draws and no seed: a function of (context, prefix) alone. Agrawal and Goyal 2013. What it leaves out is
 * that the values of like actions are wrong together; `thompson` has that. Needs `deviations`. Throws `OPTION_INVALID`.
 */
export function gaussianThompson(given: Partial<GaussianThompsonOptions> = {}): Policy {
  const options = resolveOptions<GaussianThompsonOptions>('gaussian-thompson', given, {
    spread: 1,
    epsilon: 0.05,
    floor: 'mix',
  });
  const { spread } = options;
  requireRange('gaussian-thompson', 'spread', spread, 1e-9, 1e9);
  requireFloor('gaussian-thompson', options);
  const topOne = new TopOne();
  const write = (values: Float64Array, n: number, out: Float64Array, evidence: StepEvidence) => {
    topOne.write('gaussian-thompson', values, n, evidence, spread, out);
    applyFloor(options, out, n);
  };
  return Object.freeze({
    ...identity('gaussian-thompson', { ...options }, { kind: 'deviations', draws: 0 }),
    shelf: write,
    card: write,
  });
}
