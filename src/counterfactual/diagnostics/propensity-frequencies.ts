/** Whether logged propensities are those that actions were drawn with, from the propensities of what was drawn alone. */
import { normalQuantile, requireRange, requireWhole, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import { skewedTest } from './skewness.ts';

export interface FrequencyTestOptions {
  /** Chance that any group of right propensities is called wrong, (0, 1). @default 0.01 */
  readonly familyError: number;
  /** Groups whose observations have an effective size below this are not tested, and told. @default 30 */
  readonly leastEffective: number;
}

const DEFAULTS: FrequencyTestOptions = { familyError: 0.01, leastEffective: 30 };

export interface FrequencyGroup {
  readonly group: string;
  readonly trials: number;
  /** Mean of the observations over the trials: 1 when propensities are right; 1 / f when they are logged f times what they were. */
  readonly mean: number;
  readonly z: number;
  /** z corrected for skewness: what is compared with the threshold. */
  readonly corrected: number;
  readonly outcome: 'right' | 'wrong' | 'untested';
}

export interface PropensityReport<Group> {
  /** No group is wrong. True also where none could be tested: see `tested`. */
  readonly passed: boolean;
  readonly tested: number;
  /** By group, as they were declared. */
  readonly groups: readonly Group[];
}

/**
 * For each group (a shelf, a position, an action) observations x >= 0 of mean 1 if propensities are right, and whether their mean is 1:
 *  - group known before the draw (a position, the shelf whose cards are drawn): each draw is a trial, x = 1 / (K p), K the number of actions that
 *    could be drawn, or x = w of any target policy that stays within them;
 *  - group that is drawn (a shelf among shelves): each draw at which it could come is a trial, x = 1 / p where it came and 0, which is not
 *    to be told, where it did not.
 *
 * Given what was before, every x has mean 1, so that the test needs no independence between draws of a listener. z by group corrected for skewness, two-sided, against the
 * normal quantile at familyError / (groups tested): Bonferroni. What it can see: a factor of 1.2 on a group of n trials when
 * √(n / (E[1/p] - 1)) · 0.17 is well above 4; where distributions are logged whole `PropensityCalibration` sees more.
 */
export class PropensityFrequencies {
  readonly names: readonly string[];
  readonly options: Readonly<FrequencyTestOptions>;
  private readonly trials: Float64Array;
  private readonly first: Float64Array;
  private readonly second: Float64Array;
  private readonly third: Float64Array;

  /** Throws `OPTION_INVALID`. */
  constructor(names: readonly string[], given: Partial<FrequencyTestOptions> = {}) {
    this.options = resolveOptions('propensities', given, DEFAULTS);
    requireRange('propensities', 'familyError', this.options.familyError, 1e-12, 0.5);
    requireRange('propensities', 'leastEffective', this.options.leastEffective, 1, 1e12);
    this.names = [...names];
    const column = (): Float64Array => new Float64Array(names.length);
    [this.trials, this.first, this.second, this.third] = [column(), column(), column(), column()];
  }

  /** The group could come (or did, where it is known before) this many times more. */
  addTrials(group: number, trials = 1): void {
    requireWhole('propensities', 'trials', trials, 0, Number.MAX_SAFE_INTEGER);
    this.require(group);
    this.trials[group] += trials;
  }

  /** One trial of the group was x. Throws `OPE_PROPENSITY_RANGE` for an x that is negative or not finite. */
  observe(group: number, x: number): void {
    this.require(group);
    if (!(x >= 0 && x < Number.POSITIVE_INFINITY)) {
      throw new ShelfwiseError('OPE_PROPENSITY_RANGE', `an inverse propensity of ${this.names[group]} is ${x}`);
    }
    this.first[group] += x;
    this.second[group] += x * x;
    this.third[group] += x * x * x;
  }

  report(): PropensityReport<FrequencyGroup> {
    const { options, names, trials, first, second } = this;
    const testable = names.map((_, g) => second[g] > 0 && first[g] ** 2 >= options.leastEffective * second[g]);
    const tested = testable.filter(Boolean).length;
    const threshold = tested === 0 ? Number.POSITIVE_INFINITY : -normalQuantile(options.familyError / (2 * tested));
    const groups = names.map((group, g): FrequencyGroup => {
      const { z, corrected } = this.test(g);
      const mean = trials[g] > 0 ? first[g] / trials[g] : Number.NaN;
      const wrong = Math.abs(corrected) > threshold && Math.abs(mean - 1) > 1e-9;
      return {
        group,
        trials: trials[g],
        mean,
        z,
        corrected,
        outcome: !testable[g] ? 'untested' : wrong ? 'wrong' : 'right',
      };
    });
    return { passed: groups.every(({ outcome }) => outcome !== 'wrong'), tested, groups };
  }

  /** Moments of x - 1 over all trials, those without an observation being -1. */
  private test(g: number): { readonly z: number; readonly corrected: number } {
    const [n, s1, s2, s3] = [this.trials[g], this.first[g], this.second[g], this.third[g]];
    if (n === 0) return { z: 0, corrected: 0 };
    return skewedTest({ count: n, first: s1 - n, second: s2 - 2 * s1 + n, third: s3 - 3 * s2 + 3 * s1 - n });
  }

  private require(group: number): void {
    if (!(group >= 0 && group < this.names.length)) throw new ShelfwiseError('BUG', `there is no group ${group}`);
  }
}
