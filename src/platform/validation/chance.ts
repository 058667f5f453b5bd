/** How likely a distance is though nothing changed: between samples of one distribution, of so many independent units each. */
import { chiSquareTail } from '../../base/index.ts';
import { type FeatureView, featureDivergence, type Histogram, linfDistance } from '../../validation/index.ts';

export interface Chance {
  readonly distance: number;
  /** In [0, 1]. Asymptotic: of a handful of units it is a guide only. */
  readonly chance: number;
}

/** What one sample is worth against the other: a b / (a + b). */
const together = (a: number, b: number): number => (a * b) / (a + b);

/** L∞: the z test of two shares where it is most cautious (both at one half), times the number of values (Bonferroni). */
export function linfChance(one: FeatureView, two: FeatureView, a: number, b: number): Chance {
  const { distance } = linfDistance(one.valueCounts, two.valueCounts);
  const values = new Set([...one.valueCounts.keys(), ...two.valueCounts.keys()]).size;
  if (a === 0 || b === 0) return { distance, chance: 1 };
  return { distance, chance: Math.min(1, values * chiSquareTail(4 * together(a, b) * distance * distance, 1)) };
}

/**
 * Jensen-Shannon: 8 ln 2 · n · JSD is chi-square with one degree of freedom less than there are cells (Grosse et al. 2002, of small
 * distances). Of numbers also Kolmogorov and Smirnov's 2 exp(-2 n D²), which knows no cells and sees a shift of few units at once;
 * the smaller of both counts twice.
 */
export function divergenceChance(
  one: FeatureView,
  two: FeatureView,
  a: number,
  b: number,
  source: 'STANDARD' | 'QUANTILES' = 'STANDARD',
): Chance {
  const result = featureDivergence(one, two, source);
  if (!('divergence' in result)) return { distance: 0, chance: 0 };
  const { divergence: distance } = result;
  if (a === 0 || b === 0) return { distance, chance: 1 };
  const n = together(a, b);
  const byCells = chiSquareTail(8 * Math.LN2 * n * distance, Math.max(1, cellsOf(one, two, source) - 1));
  const [h, g] = [one.histogram(source), two.histogram(source)];
  if (one.valueCounts.size > 0 || h === undefined || g === undefined) return { distance, chance: byCells };
  return { distance, chance: Math.min(1, 2 * Math.min(byCells, 2 * Math.exp(-2 * n * largestGap(h, g) ** 2))) };
}

/** Cells of the histograms, or values, that a side has something in. */
function cellsOf(one: FeatureView, two: FeatureView, source: 'STANDARD' | 'QUANTILES'): number {
  const words = new Set([...one.valueCounts.keys(), ...two.valueCounts.keys()]).size;
  if (words > 0) return words;
  const filled = (view: FeatureView): number =>
    (view.histogram(source)?.buckets ?? []).filter(({ sampleCount = 0 }) => sampleCount > 0).length;
  return filled(one) + filled(two);
}

/** D = sup |F(x) - G(x)|, taken at the edges of both; within a bucket the values are spread evenly. */
function largestGap(one: Histogram, two: Histogram): number {
  const edges = [one, two].flatMap(({ buckets = [] }) =>
    buckets.flatMap(({ lowValue = 0, highValue = 0 }) => [lowValue, highValue]),
  );
  const [f, g] = [shareBelow(one), shareBelow(two)];
  return Math.max(0, ...[...new Set(edges)].map((edge) => Math.abs(f(edge) - g(edge))));
}

function shareBelow({ buckets = [] }: Histogram): (value: number) => number {
  const total = buckets.reduce((sum, { sampleCount = 0 }) => sum + sampleCount, 0);
  return (value) => {
    let below = 0;
    for (const { lowValue = 0, highValue = 0, sampleCount = 0 } of buckets) {
      if (highValue <= value) below += sampleCount;
      else if (lowValue < value) below += (sampleCount * (value - lowValue)) / (highValue - lowValue);
    }
    return total === 0 ? 0 : below / total;
  };
}
