/** Whether logged distributions are those that actions were drawn from, where they are logged whole. */
import { chiSquareTail, normalTail, requireRange, ShelfwiseError } from '../../base/index.ts';
import type { PropensityReport } from './propensity-frequencies.ts';

/** Upper ends of the bins of probability. */
const BIN_ENDS = [0.01, 0.02, 0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1] as const;
const BINS = BIN_ENDS.length;
/** Bins that expect fewer are pooled with the next. */
const LEAST_EXPECTED = 5;

export interface CalibrationGroup {
  readonly group: string;
  /** Times that an action of the group was chosen, and the sum of the probabilities of its actions. */
  readonly chosen: number;
  readonly expected: number;
  /** (chosen - expected) / √variance. */
  readonly z: number;
  readonly chiSquare: number;
  readonly degreesOfFreedom: number;
  /** Smallest of the two tests', doubled. */
  readonly pValue: number;
  readonly outcome: 'right' | 'wrong' | 'untested';
  readonly bins: readonly { readonly to: number; readonly chosen: number; readonly expected: number }[];
}

/**
 * Chosen against probable, by group of actions and bin of probability (after Hosmer and Lemeshow 1980, but for draws of one action out of many and
 * with nothing fitted). A decision draws one action: the indicator of its cells (group, bin) has mean P, the cells' probabilities, and covariance diag(P) - P Pᵀ, summed over
 * decisions to V. Two tests a group: (O - E)ᵀ V⁺ (O - E), chi-square with rank V degrees of freedom, sees any wrong shape; z = Σ(O - E) / √(1ᵀ V 1) sees a common
 * factor best. P values are doubled for the two, and compared with familyError / (groups tested).
 */
export class PropensityCalibration {
  readonly names: readonly string[];
  readonly familyError: number;
  private readonly chosen: Float64Array;
  private readonly expected: Float64Array;
  /** Group → BINS x BINS. */
  private readonly covariance: Float64Array;
  private readonly mass: Float64Array;
  private readonly touched: Uint32Array;

  /** Throws `OPTION_INVALID`. */
  constructor(names: readonly string[], familyError = 0.01) {
    requireRange('propensities', 'familyError', familyError, 1e-12, 0.5);
    this.names = [...names];
    this.familyError = familyError;
    this.chosen = new Float64Array(names.length * BINS);
    this.expected = new Float64Array(names.length * BINS);
    this.covariance = new Float64Array(names.length * BINS * BINS);
    this.mass = new Float64Array(names.length * BINS);
    this.touched = new Uint32Array(names.length * BINS);
  }

  /**
   * One draw: probabilities of its n actions, the group of each, and which was chosen. Groups may be known before the draw (all actions of one) or drawn. O(n + cells²).
   * Throws `OPE_PROPENSITY_RANGE` for a probability outside [0, 1] or a chosen one of 0.
   */
  add(probabilities: ArrayLike<number>, groupOf: ArrayLike<number>, chosen: number): void {
    const { mass, touched, covariance, expected } = this;
    let cells = 0;
    let cellChosen = -1;
    for (let a = 0; a < probabilities.length; a++) {
      const p = probabilities[a];
      if (!(p >= 0 && p <= 1 + 1e-9) || (a === chosen && p === 0)) {
        for (let i = 0; i < cells; i++) mass[touched[i]] = 0;
        throw new ShelfwiseError('OPE_PROPENSITY_RANGE', `action ${a} of a logged distribution has probability ${p}`);
      }
      const cell = groupOf[a] * BINS + binOf(p);
      if (a === chosen) cellChosen = cell;
      if (p === 0) continue;
      if (mass[cell] === 0) touched[cells++] = cell;
      mass[cell] += p;
    }
    if (cellChosen < 0) throw new ShelfwiseError('BUG', `action ${chosen} is not among ${probabilities.length}`);
    this.chosen[cellChosen]++;
    for (let i = 0; i < cells; i++) {
      const cell = touched[i];
      const group = Math.floor(cell / BINS);
      const at = group * BINS * BINS + (cell % BINS) * BINS;
      expected[cell] += mass[cell];
      covariance[at + (cell % BINS)] += mass[cell];
      for (let j = 0; j < cells; j++) {
        const other = touched[j];
        if (Math.floor(other / BINS) === group) covariance[at + (other % BINS)] -= mass[cell] * mass[other];
      }
    }
    for (let i = 0; i < cells; i++) mass[touched[i]] = 0;
  }

  report(): PropensityReport<CalibrationGroup> {
    const raw = this.names.map((group, g) => this.test(group, g));
    const tested = raw.filter(({ outcome }) => outcome !== 'untested').length;
    const groups = raw.map((of): CalibrationGroup => {
      const wrong = of.outcome !== 'untested' && of.pValue < this.familyError / tested;
      return wrong ? { ...of, outcome: 'wrong' } : of;
    });
    return { passed: groups.every(({ outcome }) => outcome !== 'wrong'), tested, groups };
  }

  private test(group: string, g: number): CalibrationGroup {
    const pools = this.pools(g);
    const n = pools.length;
    const off = pools.map(({ bins }) =>
      bins.reduce((sum, b) => sum + this.chosen[g * BINS + b] - this.expected[g * BINS + b], 0),
    );
    const matrix = new Float64Array(n * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        for (const a of pools[i].bins) {
          for (const b of pools[j].bins) matrix[i * n + j] += this.covariance[g * BINS * BINS + a * BINS + b];
        }
      }
    }
    const expected = pools.reduce((sum, pool) => sum + pool.expected, 0);
    const total = off.reduce((sum, x) => sum + x, 0);
    const variance = matrix.reduce((sum, x) => sum + x, 0);
    // Where every action is of the group, one of it is chosen each time: nothing to test in the total.
    const z = variance > 1e-9 * expected ? total / Math.sqrt(variance) : 0;
    const { statistic, rank } = quadraticForm(matrix, off);
    const pValue = Math.min(1, 2 * Math.min(chiSquareTail(statistic, rank), 2 * normalTail(Math.abs(z))));
    return {
      group,
      chosen: expected + total,
      expected,
      z,
      chiSquare: statistic,
      degreesOfFreedom: rank,
      pValue,
      outcome: n > 0 && expected >= LEAST_EXPECTED && rank > 0 ? 'right' : 'untested',
      bins: BIN_ENDS.flatMap((to, b) => {
        const at = g * BINS + b;
        return this.expected[at] > 0 ? { to, chosen: this.chosen[at], expected: this.expected[at] } : [];
      }),
    };
  }

  /** Neighbouring bins of a group joined until each expects enough. */
  private pools(g: number): readonly { readonly bins: readonly number[]; readonly expected: number }[] {
    const pools: { bins: number[]; expected: number }[] = [];
    let open: { bins: number[]; expected: number } | undefined;
    for (let b = 0; b < BINS; b++) {
      const expected = this.expected[g * BINS + b];
      if (expected === 0) continue;
      open ??= { bins: [], expected: 0 };
      open.bins.push(b);
      open.expected += expected;
      if (open.expected < LEAST_EXPECTED) continue;
      pools.push(open);
      open = undefined;
    }
    const last = pools.at(-1);
    if (open !== undefined && last !== undefined) {
      last.bins.push(...open.bins);
      last.expected += open.expected;
    } else if (open !== undefined) pools.push(open);
    return pools;
  }
}

function binOf(p: number): number {
  for (let b = 0; b < BINS - 1; b++) if (p <= BIN_ENDS[b]) return b;
  return BINS - 1;
}

/** xᵀ V⁺ x and the rank of V, symmetric and positive semidefinite, by Cholesky's factors with the largest pivot first; x in the range of V. */
function quadraticForm(
  matrix: Float64Array,
  x: readonly number[],
): { readonly statistic: number; readonly rank: number } {
  const n = x.length;
  const v = matrix.slice();
  const rest = [...x];
  const left = new Set(x.keys());
  const scale = Math.max(0, ...x.map((_, i) => matrix[i * n + i]));
  let [statistic, rank] = [0, 0];
  while (left.size > 0) {
    let pivot = -1;
    for (const i of left) if (pivot < 0 || v[i * n + i] > v[pivot * n + pivot]) pivot = i;
    const d = v[pivot * n + pivot];
    if (!(d > 1e-9 * scale)) break;
    left.delete(pivot);
    rank++;
    statistic += rest[pivot] ** 2 / d;
    for (const i of left) {
      const factor = v[i * n + pivot] / d;
      rest[i] -= factor * rest[pivot];
      for (const j of left) v[i * n + j] -= factor * v[pivot * n + j];
    }
  }
  return { statistic, rank };
}
