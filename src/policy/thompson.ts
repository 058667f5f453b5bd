/**
 * Thompson sampling without a closed form: an action's probability is its share p̂ of the wins over the draws that the
 * decision's seed made, the floor mixed in, and the action is drawn from p̂. So p̂ is the exact propensity given the seed, which
 * the record has (ADR 20).
 */
import { requireRange, resolveOptions, ShelfwiseError } from '../base/index.ts';
import { applyFloor, type FloorOptions, mixUniform, requireFloor } from './floors.ts';
import { type EvidenceNeed, identity, type Policy, requireNumbers, Scratch, type StepEvidence } from './policy.ts';

const MOST_DRAWS = 4096;

/** Throws `OPTION_INVALID` unless it is a whole number from 1 to 4096. */
export function requireDraws(owner: string, name: string, draws: number): void {
  requireRange(owner, name, draws, 1, MOST_DRAWS);
  if (!Number.isInteger(draws)) {
    throw new ShelfwiseError('OPTION_INVALID', `${owner}: ${name} is ${draws}; give a whole number`);
  }
}

/** By how much a composition moved the action's value; 0 between equal infinities. */
function shiftOf(values: Float64Array, { means }: StepEvidence, k: number): number {
  return values[k] === means[k] ? 0 : values[k] - means[k];
}

/** Draw m of action k as the policy sees it: moved by as much as the action's value was. */
export function drawnValue(values: Float64Array, evidence: StepEvidence, k: number, m: number): number {
  return evidence.draws[evidence.rows[k] * evidence.drawCount + m] + shiftOf(values, evidence, k);
}

/** Counts wins; its buffers are reused from step to step. */
class WinCounter {
  readonly #best = new Scratch();
  #winners = new Int32Array(0);
  #ties = new Int32Array(0);

  /**
   * out[k] = share of the draws under which action k is worth most; exactly equal ones share a draw. Action by action, since
   * an action's draws lie side by side. Throws `OPTION_INVALID` for NaN.
   */
  write(
    owner: string,
    values: Float64Array,
    n: number,
    evidence: StepEvidence,
    draws: number,
    out: Float64Array,
  ): void {
    requireNumbers(owner, values, n);
    if (this.#winners.length < draws) {
      this.#winners = new Int32Array(draws);
      this.#ties = new Int32Array(draws);
    }
    const best = this.#best.of(draws).fill(Number.NEGATIVE_INFINITY);
    const winners = this.#winners;
    const ties = this.#ties.fill(0);
    const drawn = evidence.draws;
    for (let k = 0; k < n; k++) {
      const from = evidence.rows[k] * evidence.drawCount;
      const shift = shiftOf(values, evidence, k);
      for (let m = 0; m < draws; m++) {
        const value = drawn[from + m] + shift;
        if (value > best[m]) {
          best[m] = value;
          winners[m] = k;
          ties[m] = 1;
        } else if (value === best[m]) ties[m]++;
      }
    }
    out.fill(0, 0, n);
    for (let m = 0; m < draws; m++) {
      if (ties[m] === 1) out[winners[m]]++;
      else for (let k = 0; k < n; k++) if (drawnValue(values, evidence, k, m) === best[m]) out[k] += 1 / ties[m];
    }
    for (let k = 0; k < n; k++) out[k] /= draws;
  }
}

export interface ThompsonOptions extends FloorOptions {
  /** M draws from the posterior, once a decision, 1 to 4096: p̂ is a multiple of 1 / M before the floor. @default 128 */
  readonly draws: number;
  /** Without it an action that won no draw has no chance at all. @default 0.05 */
  readonly epsilon: number;
  /** @default 'mix' */
  readonly floor: FloorOptions['floor'];
}

/**
 * Thompson sampling from the joint posterior: `p̂_i = #{m: i = argmax_j draw_m,j} / M`, then the floor. Thompson 1933, Chapelle
 * and Li 2011. Standard error of p̂ around the posterior's own probability: √(p (1 - p) / M). Needs `draws`. Throws `OPTION_INVALID`.
 */
export function thompson(given: Partial<ThompsonOptions> = {}): Policy {
  const options = resolveOptions<ThompsonOptions>('thompson', given, { draws: 128, epsilon: 0.05, floor: 'mix' });
  requireDraws('thompson', 'draws', options.draws);
  return winsOf('thompson', options, { kind: 'draws', draws: options.draws });
}

export interface BootstrapThompsonOptions extends FloorOptions {
  /** J: how many replicas the model has. @default 10 */
  readonly replicas: number;
  /** @default 0.05 */
  readonly epsilon: number;
  /** @default 'mix' */
  readonly floor: FloorOptions['floor'];
}

/**
 * Bootstrapped Thompson sampling: an action's probability is the share of the J replicas that rank it first, then the floor.
 * Eckles and Kaptein 2014 (Vowpal Wabbit's `--bag`). The share is no estimate and no seed moves it. Needs the `replicas` of an
 * ensemble of J. Throws `OPTION_INVALID`.
 */
export function bootstrapThompson(given: Partial<BootstrapThompsonOptions> = {}): Policy {
  const options = resolveOptions<BootstrapThompsonOptions>('bootstrap-thompson', given, {
    replicas: 10,
    epsilon: 0.05,
    floor: 'mix',
  });
  requireDraws('bootstrap-thompson', 'replicas', options.replicas);
  return winsOf('bootstrap-thompson', options, { kind: 'replicas', draws: options.replicas });
}

function winsOf(id: string, options: FloorOptions, needs: EvidenceNeed): Policy {
  requireFloor(id, options);
  const wins = new WinCounter();
  const write = (values: Float64Array, n: number, out: Float64Array, evidence: StepEvidence) => {
    wins.write(id, values, n, evidence, needs.draws, out);
    applyFloor(options, out, n);
  };
  return Object.freeze({ ...identity(id, { ...options }, needs), shelf: write, card: write });
}

export interface TopTwoOptions extends FloorOptions {
  /** @default 128 */
  readonly draws: number;
  /** β: the chance that the winner of a draw is played, not its challenger, (0, 1]. @default 0.5 */
  readonly leaderShare: number;
  /** At least 0.001: a certain winner has no challenger. @default 0.05 */
  readonly epsilon: number;
  /** @default 'mix' */
  readonly floor: FloorOptions['floor'];
}

/**
 * Top-two Thompson sampling: plays the winner I of a draw with probability β, else draws anew until another wins. Over q, the
 * shares of wins with the uniform share ε mixed in, that is
 * `p_i = q_i (β + (1 - β) Σ_{j≠i} q_j / (1 - q_j))`; then the floor. Russo 2016. It looks for the best action faster than Thompson sampling and
 * gives up more on the way. Needs `draws`. Throws `OPTION_INVALID`.
 */
export function topTwoThompson(given: Partial<TopTwoOptions> = {}): Policy {
  const options = resolveOptions<TopTwoOptions>('top-two-thompson', given, {
    draws: 128,
    leaderShare: 0.5,
    epsilon: 0.05,
    floor: 'mix',
  });
  const { draws, leaderShare } = options;
  requireDraws('top-two-thompson', 'draws', draws);
  requireRange('top-two-thompson', 'leaderShare', leaderShare, Number.MIN_VALUE, 1);
  requireFloor('top-two-thompson', options, 1e-3);
  const wins = new WinCounter();
  const write = (values: Float64Array, n: number, out: Float64Array, evidence: StepEvidence) => {
    wins.write('top-two-thompson', values, n, evidence, draws, out);
    if (n === 1) return;
    mixUniform(out, n, options.epsilon);
    topTwo(out, n, leaderShare);
    applyFloor(options, out, n);
  };
  return Object.freeze({
    ...identity('top-two-thompson', { ...options }, { kind: 'draws', draws }),
    shelf: write,
    card: write,
  });
}

/** Every q below 1, in place. */
function topTwo(q: Float64Array, n: number, leaderShare: number): void {
  let odds = 0;
  for (let i = 0; i < n; i++) odds += q[i] / (1 - q[i]);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    const challenges = Math.max(0, odds - q[i] / (1 - q[i]));
    q[i] *= leaderShare + (1 - leaderShare) * challenges;
    sum += q[i];
  }
  for (let i = 0; i < n; i++) q[i] /= sum;
}
