/** Statistics of numbers: moments, extremes, zeros, quantiles. */
import { surveyNumbers } from '../../kernels/index.ts';
import type { Histogram, NumericStatistics, WeightedNumericStatistics } from '../metadata/index.ts';
import type { NumberColumn } from '../sources/columns.ts';
import { equalWidthHistogram, medianOf, quantilesHistogram, thinned } from './histograms.ts';
import type { StatisticsOptions } from './options.ts';
import { QuantileSketch, type Quantiles, TwinSketch } from './quantile-sketch.ts';

/** So many quantiles are asked for per bucket, to lay the buckets of equal width from. */
const QUANTILES_PER_BUCKET = 100;

/** Values whose departures are summed at once. */
const RUN = 2048;

/** Weighted mean and sum of squared departures of finite values (Chan, Golub, LeVeque 1983: merged without cancellation). */
class Moments {
  weight = 0;
  mean = 0;
  private squares = 0;
  positiveInfinities = 0;
  negativeInfinities = 0;

  /** NaN is passed over. */
  add(values: Float64Array, weights: Float64Array | undefined): void {
    for (let from = 0; from < values.length; from += RUN) {
      const to = Math.min(from + RUN, values.length);
      // Departures from a value that is there, lest squares cancel.
      let shift = Number.NaN;
      for (let i = from; i < to && !Number.isFinite(shift); i++) shift = values[i];
      if (weights ? !this.addWeighted(values, weights, from, to, shift) : !this.addPlain(values, from, to, shift))
        this.addWithGaps(values, weights, from, to, shift);
    }
  }

  /** False, and nothing added, unless all are finite and not too far from the shift for their squares to be so. */
  private addPlain(values: Float64Array, from: number, to: number, shift: number): boolean {
    let [sum, squares] = [0, 0];
    for (let i = from; i < to; i++) {
      const departure = values[i] - shift;
      sum += departure;
      squares += departure * departure;
    }
    if (!(squares < Infinity)) return false;
    const mean = sum / (to - from);
    this.combine(to - from, shift + mean, Math.max(0, squares - mean * sum));
    return true;
  }

  private addWeighted(values: Float64Array, weights: Float64Array, from: number, to: number, shift: number): boolean {
    let [weight, sum, squares] = [0, 0, 0];
    for (let i = from; i < to; i++) {
      const departure = values[i] - shift;
      let w = weights[i];
      // NaN too.
      if (!(w > 0)) w = 0;
      weight += w;
      sum += w * departure;
      squares += w * departure * departure;
    }
    if (!(squares < Infinity)) return false;
    if (weight > 0) this.combine(weight, shift + sum / weight, Math.max(0, squares - (sum / weight) * sum));
    return true;
  }

  private addWithGaps(
    values: Float64Array,
    weights: Float64Array | undefined,
    from: number,
    to: number,
    shift: number,
  ): void {
    let [weight, sum, squares] = [0, 0, 0];
    for (let i = from; i < to; i++) {
      const departure = values[i] - shift;
      if (departure - departure !== 0) {
        this.addApart(values[i], weights ? weights[i] : 1);
        continue;
      }
      const w = weights ? weights[i] : 1;
      if (w > 0) {
        weight += w;
        sum += w * departure;
        squares += w * departure * departure;
      }
    }
    if (weight > 0) this.combine(weight, shift + sum / weight, Math.max(0, squares - (sum / weight) * sum));
  }

  merge(other: Moments): void {
    this.positiveInfinities += other.positiveInfinities;
    this.negativeInfinities += other.negativeInfinities;
    if (other.weight > 0) this.combine(other.weight, other.mean, other.squares);
  }

  /** One that is infinite or NaN, or too far from the shift for its departure to be a number. */
  private addApart(value: number, weight: number): void {
    if (value === Infinity) this.positiveInfinities += weight;
    else if (value === -Infinity) this.negativeInfinities += weight;
    else if (weight > 0 && !Number.isNaN(value)) this.combine(weight, value, 0);
  }

  private combine(weight: number, mean: number, squares: number): void {
    const whole = this.weight + weight;
    const departure = mean - this.mean;
    this.squares += squares + departure * departure * (this.weight / whole) * weight;
    this.mean += (departure * weight) / whole;
    this.weight = whole;
  }

  /** NaN with infinities of both signs. */
  get wholeMean(): number {
    if (this.positiveInfinities > 0) return this.negativeInfinities > 0 ? Number.NaN : Infinity;
    return this.negativeInfinities > 0 ? -Infinity : this.mean;
  }

  /** Of the population; 0 where infinities leave it undefined. */
  get deviation(): number {
    if (this.positiveInfinities > 0 || this.negativeInfinities > 0 || this.weight === 0) return 0;
    return Math.sqrt(Math.max(0, this.squares / this.weight));
  }
}

/** The weights that were looked at last: those of a chunk serve many features. Known by identity, as nobody writes into weights that are given out. */
let lastPositive: Float64Array | undefined;

function arePositive(weights: Float64Array): boolean {
  if (weights === lastPositive) return true;
  const { min, nans } = surveyNumbers(weights);
  const positive = min > 0 && nans === 0;
  lastPositive = positive ? weights : undefined;
  return positive;
}

export class NumericAccumulator {
  private readonly moments = new Moments();
  private readonly weightedMoments: Moments | undefined;
  /** One of the two, of features with histograms; the twin where they are weighted. */
  private readonly sketch: QuantileSketch | undefined;
  private readonly twin: TwinSketch | undefined;
  private numbers = 0;
  private nans = 0;
  private zeros = 0;
  private min = Infinity;
  private max = -Infinity;
  private finiteMin = Infinity;
  private finiteMax = -Infinity;
  private readonly options: StatisticsOptions;

  constructor(options: StatisticsOptions, weighted: boolean, withHistograms: boolean) {
    this.options = options;
    if (weighted) this.weightedMoments = new Moments();
    if (withHistograms && weighted) this.twin = new TwinSketch(options);
    else if (withHistograms) this.sketch = new QuantileSketch(options);
  }

  /** @param weights of the values, where the feature is weighted */
  add(given: NumberColumn['values'], weights: Float64Array | undefined): void {
    // Of one type, for loops that are compiled for it.
    const values = given instanceof Float64Array ? given : new Float64Array(given);
    const nans = this.addExtremes(values);
    this.moments.add(values, undefined);
    this.sketch?.addAll(values);
    if (weights) {
      this.weightedMoments?.add(values, weights);
      this.twin?.addAll(values, weights, nans === 0 && arePositive(weights));
    }
  }

  merge(other: NumericAccumulator): void {
    this.numbers += other.numbers;
    this.nans += other.nans;
    this.zeros += other.zeros;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
    this.finiteMin = Math.min(this.finiteMin, other.finiteMin);
    this.finiteMax = Math.max(this.finiteMax, other.finiteMax);
    this.moments.merge(other.moments);
    if (other.sketch) this.sketch?.merge(other.sketch);
    if (other.twin) this.twin?.merge(other.twin);
    if (other.weightedMoments) this.weightedMoments?.merge(other.weightedMoments);
  }

  /** Returns how many are NaN. */
  private addExtremes(values: Float64Array): number {
    const { zeros, nans, ...survey } = surveyNumbers(values);
    let { min, max } = survey;
    this.nans += nans;
    this.zeros += zeros;
    this.numbers += values.length - nans;
    this.min = Math.min(this.min, min);
    this.max = Math.max(this.max, max);
    if (min === -Infinity || max === Infinity) {
      [min, max] = [Infinity, -Infinity];
      for (const value of values) {
        if (value < min && value !== -Infinity) min = value;
        if (value > max && value !== Infinity) max = value;
      }
    }
    this.finiteMin = Math.min(this.finiteMin, min);
    this.finiteMax = Math.max(this.finiteMax, max);
    return nans;
  }

  /** Without the common statistics. */
  extract(): NumericStatistics {
    const numNan = this.nans;
    if (this.numbers === 0)
      return numNan === 0
        ? {}
        : {
            histograms: [
              { numNan, type: 'STANDARD' },
              { numNan, type: 'QUANTILES' },
            ],
          };
    return {
      mean: this.moments.wholeMean,
      stdDev: this.moments.deviation,
      numZeros: this.zeros,
      min: this.min,
      max: this.max,
      ...this.distribution(
        this.twin ? (parts) => this.twin?.byCount(parts) : (parts) => this.sketch?.quantiles(parts),
        this.moments.positiveInfinities,
      ),
      ...(this.weightedMoments && { weightedNumericStats: this.weighted(this.weightedMoments) }),
    };
  }

  private weighted(moments: Moments): WeightedNumericStatistics {
    return {
      mean: moments.wholeMean,
      stdDev: moments.deviation,
      ...this.distribution((parts) => this.twin?.byWeight(parts), moments.positiveInfinities),
    };
  }

  private distribution(
    quantilesOf: (parts: number) => Quantiles | undefined,
    positiveInfinities: number,
  ): { median?: number; histograms?: Histogram[] } {
    const quantiles = quantilesOf(QUANTILES_PER_BUCKET * this.options.numQuantilesHistogramBuckets);
    if (!quantiles) return { median: Number.NaN };
    if (quantiles.values.length === 0) return {};
    const none = this.finiteMin > this.finiteMax;
    const standard = equalWidthHistogram(quantiles, {
      min: none ? this.min : this.finiteMin,
      max: none ? this.max : this.finiteMax,
      buckets: this.options.numHistogramBuckets,
      positiveInfinities,
    });
    const histograms = [standard, quantilesHistogram(thinned(quantiles, QUANTILES_PER_BUCKET))];
    return {
      median: medianOf(quantiles.values),
      histograms: histograms.map((histogram) => ({ ...histogram, numNan: this.nans })),
    };
  }
}
