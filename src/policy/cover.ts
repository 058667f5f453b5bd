/** Online cover, by the members of an ensemble. */
import { requireRange, resolveOptions, ShelfwiseError } from '../base/index.ts';
import { projectMinimum, requireFloor } from './floors.ts';
import { identity, type Policy, requireNumbers, Scratch, type StepEvidence } from './policy.ts';
import { type LearnedOptions, learnedOf, requireLearned } from './schedule.ts';
import { drawnValue, requireDraws } from './thompson.ts';

export interface OnlineCoverOptions extends LearnedOptions {
  /** N: how many members cover, as many as the model's ensemble has. @default 10 */
  readonly replicas: number;
  /** ψ: how much an action that is hardly covered yet is favoured, >= 0. 0: bagging. @default 1 */
  readonly psi: number;
  /** The floor is n p_min, with p_min = ε / n, or by the decay; (0, 1]. @default 0.05 */
  readonly epsilon: number;
  /** p_min = min(ε / n, ε / √(t n)) at t learned examples. @default false */
  readonly decay: boolean;
}

/**
 * Online cover: members choose one after another, each what is best by its own scores plus a bonus for what those before it
 * have left uncovered. Member m gives 1 / N to argmax of `draw_m,i / scale + ψ p_min / (max(p_i, p_min) / norm)`, ties shared, with p
 * and norm as the members before it left them; the first member has no bonus. Then the projection to the minimum p_min.
 *
 * In Agarwal, Hsu, Kale, Langford, Li and Schapire 2014 (Vowpal Wabbit's `--cover`) each policy of the cover is trained on costs from
 * which that bonus is taken off, so that its regressor predicts cost minus bonus. Here the members of a bootstrap ensemble
 * are trained on the rewards alone and the bonus is added to what they predict: the same choice by a regressor that is right, from one
 * ensemble that serves every policy, and the cover is exact for the very candidates of a page. Needs the `replicas` of an ensemble of N.
 * Throws `OPTION_INVALID`.
 */
export function onlineCover(given: Partial<OnlineCoverOptions> = {}): Policy {
  const options = resolveOptions<OnlineCoverOptions>('online-cover', given, {
    replicas: 10,
    psi: 1,
    epsilon: 0.05,
    decay: false,
    learned: 10_000,
  });
  const { replicas, psi, epsilon, decay } = options;
  requireDraws('online-cover', 'replicas', replicas);
  requireRange('online-cover', 'psi', psi, 0, 1e6);
  requireFloor('online-cover', { epsilon, floor: 'project' }, Number.MIN_VALUE);
  if (typeof decay !== 'boolean') {
    throw new ShelfwiseError('OPTION_INVALID', `online-cover: decay is ${String(decay)}; it must be true or false`);
  }
  requireLearned('online-cover', options);
  const scratch = new Scratch();
  const write = (values: Float64Array, n: number, out: Float64Array, evidence: StepEvidence) => {
    requireNumbers('online-cover', values, n);
    const least = decay ? Math.min(epsilon / n, epsilon / Math.sqrt(learnedOf(options, evidence) * n)) : epsilon / n;
    const hopes = scratch.of(n);
    const share = 1 / replicas;
    let norm = least * n + Math.max(0, share - least);
    out.fill(0, 0, n);
    for (let m = 0; m < replicas; m++) {
      let best = Number.NEGATIVE_INFINITY;
      let ties = 0;
      for (let k = 0; k < n; k++) {
        const bonus = m === 0 ? 0 : (psi * least * norm) / Math.max(out[k], least);
        hopes[k] = drawnValue(values, evidence, k, m) / evidence.scale + bonus;
        if (hopes[k] > best) {
          best = hopes[k];
          ties = 1;
        } else if (hopes[k] === best) ties++;
      }
      const each = share / ties;
      for (let k = 0; k < n; k++) {
        if (hopes[k] !== best) continue;
        if (m > 0) norm += out[k] < least ? Math.max(0, each - (least - out[k])) : each;
        out[k] += each;
      }
    }
    projectMinimum(out, n, least * n);
  };
  return Object.freeze({
    ...identity('online-cover', { ...options }, { kind: 'replicas', draws: replicas }),
    shelf: write,
    card: write,
  });
}
