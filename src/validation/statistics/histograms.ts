/** Histograms from the boundaries of quantiles and the weight up to each. */
import type { Histogram, HistogramBucket } from '../metadata/index.ts';
import type { Quantiles } from './quantile-sketch.ts';

/** The middle boundary; the mean of the two in the middle of an even number. */
export function medianOf(boundaries: ArrayLike<number>): number {
  const middle = boundaries.length >> 1;
  return boundaries.length % 2 === 1 ? boundaries[middle] : (boundaries[middle - 1] + boundaries[middle]) / 2;
}

/** Boundary 0 and every `factor`-th after it. @throws RangeError if the parts are no multiple of `factor` */
export function thinned({ values, cumulative }: Quantiles, factor: number): Quantiles {
  const parts = (values.length - 1) / factor;
  if (!Number.isInteger(parts)) throw new RangeError(`${values.length - 1} parts are no multiple of ${factor}`);
  const every = (column: Float64Array): Float64Array =>
    Float64Array.from({ length: parts + 1 }, (_, i) => column[i * factor]);
  return { values: every(values), cumulative: every(cumulative) };
}

/**
 * A bucket between neighbours, of the difference of their weights; buckets of one upper bound share their weight equally,
 * and those equal to the first share the weight of the least value.
 */
export function quantilesHistogram(quantiles: Quantiles): Histogram {
  const { values } = quantiles;
  const buckets = Array.from(
    bucketWeights(quantiles),
    (sampleCount, i): HistogramBucket => ({ lowValue: values[i], highValue: values[i + 1], sampleCount }),
  );
  return { buckets, type: 'QUANTILES' };
}

function bucketWeights({ values, cumulative }: Quantiles): Float64Array {
  const count = Math.max(0, values.length - 1);
  const weights = new Float64Array(count);
  for (let from = 0; from < count; ) {
    let to = from + 1;
    while (to < count && values[to + 1] === values[from + 1]) to++;
    let sum = 0;
    for (let i = from; i < to; i++) sum += cumulative[i + 1] - cumulative[i];
    weights.fill(sum / (to - from), from, to);
    from = to;
  }
  let alike = 0;
  while (alike < count && values[alike] === values[0] && values[alike + 1] === values[1]) alike++;
  for (let i = 0; i < alike; i++) weights[i] += cumulative[0] / alike;
  return weights;
}

export interface EqualWidth {
  /** Of the finite values; infinite the wrong way round if there is none. */
  readonly min: number;
  readonly max: number;
  readonly buckets: number;
  /** Weight of +∞. */
  readonly positiveInfinities: number;
}

/**
 * Buckets of equal width, each with its share of the buckets between quantiles, as if values lay evenly in those. A value
 * that many have counts in the bucket whose upper bound it is. Infinities stand in buckets of their own, before and after.
 */
export function equalWidthHistogram(quantiles: Quantiles, given: EqualWidth): Histogram {
  const { min, max, positiveInfinities } = given;
  const type = 'STANDARD';
  if (!Number.isFinite(min) || !Number.isFinite(max)) {
    const sampleCount = quantiles.cumulative.at(-1) ?? 0;
    return { buckets: [{ lowValue: min, highValue: max, sampleCount }], type };
  }
  const { finite, negativeInfinities } = withoutInfinities(quantiles, max, positiveInfinities);
  const bounds = min === max ? [min, max] : equallySpaced(min, max, given.buckets);
  if (!bounds.every(Number.isFinite)) return { type };
  const weights = bucketWeights(finite);
  const edges = finite.values;
  const buckets: HistogramBucket[] = [];
  const point = (value: number, sampleCount: number): unknown =>
    buckets.push({ lowValue: value, highValue: value, sampleCount });
  if (negativeInfinities > 0) point(-Infinity, negativeInfinities);
  let start = 0;
  for (let i = 0; i + 1 < bounds.length; i++) {
    const [low, high] = [bounds[i], bounds[i + 1]];
    let sampleCount = 0;
    for (let at = start; at < weights.length && edges[at] <= high; at++) {
      const share = overlap(edges[at], edges[at + 1], low, high, i === 0);
      if (share === undefined) start = at;
      else sampleCount += share * weights[at];
    }
    buckets.push({ lowValue: low, highValue: high, sampleCount });
  }
  if (positiveInfinities > 0) point(Infinity, positiveInfinities);
  return { buckets, type };
}

/** Share of a part within the interval; undefined if it lies before. */
function overlap(from: number, to: number, low: number, high: number, first: boolean): number | undefined {
  if (from === to && from === low) return first ? 1 : undefined;
  if (to < low) return undefined;
  if (low <= from && high >= to) return 1;
  return (Math.min(high, to) - Math.max(low, from)) / (to - from);
}

function equallySpaced(min: number, max: number, parts: number): number[] {
  const step = (max - min) / parts;
  return Array.from({ length: parts + 1 }, (_, i) => (i === parts ? max : min + i * step));
}

function withoutInfinities(
  { values, cumulative }: Quantiles,
  max: number,
  positiveInfinities: number,
): { finite: Quantiles; negativeInfinities: number } {
  if (values[0] !== -Infinity && positiveInfinities === 0)
    return { finite: { values, cumulative }, negativeInfinities: 0 };
  const from = values.lastIndexOf(-Infinity) + 1;
  const negativeInfinities = from > 0 ? cumulative[from - 1] : 0;
  const above = values.indexOf(Infinity);
  const to = positiveInfinities > 0 && above >= 0 ? above : values.length;
  const [bounds, weights] = [Array.from(values.subarray(from, to)), Array.from(cumulative.subarray(from, to))];
  if (positiveInfinities > 0) {
    bounds.push(max);
    weights.push(cumulative[cumulative.length - 1] - positiveInfinities);
  }
  const finite = {
    values: Float64Array.from(bounds),
    cumulative: Float64Array.from(weights, (weight) => weight - negativeInfinities),
  };
  return { finite, negativeInfinities };
}
