/** Statistics of numbers: moments, extremes, zeros, quantiles. */
import type { Histogram, NumericStatistics, WeightedNumericStatistics } from '../metadata/index.ts';
import { equalWidthHistogram, medianOf, quantilesHistogram, thinned } from './histograms.ts';
import type { StatisticsOptions } from './options.ts';
import { QuantileSketch } from './quantile-sketch.ts';

/** So many quantiles are asked for per bucket, to lay the buckets of equal width from. */
const QUANTILES_PER_BUCKET = 100;

/** Weighted mean and sum of squared departures of finite values (Chan, Golub, LeVeque 1983: merged without cancellation). */
class Moments {
  weight = 0;
  mean = 0;
  private squares = 0;
  positiveInfinities = 0;
  negativeInfinities = 0;

  add(value: number, weight: number): void {
    if (value === Infinity) this.positiveInfinities += weight;
    else if (value === -Infinity) this.negativeInfinities += weight;
    else if (weight > 0) {
      this.weight += weight;
      const departure = value - this.mean;
      this.mean += (departure * weight) / this.weight;
      this.squares += weight * departure * (value - this.mean);
    }
  }

  merge(other: Moments): void {
    this.positiveInfinities += other.positiveInfinities;
    this.negativeInfinities += other.negativeInfinities;
    if (other.weight === 0) return;
    const weight = this.weight + other.weight;
    const departure = other.mean - this.mean;
    this.squares += other.squares + (departure * departure * this.weight * other.weight) / weight;
    this.mean += (departure * other.weight) / weight;
    this.weight = weight;
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

export class NumericAccumulator {
  private readonly moments = new Moments();
  private readonly weightedMoments: Moments | undefined;
  private readonly sketch: QuantileSketch | undefined;
  private readonly weightedSketch: QuantileSketch | undefined;
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
    if (withHistograms) this.sketch = new QuantileSketch(options);
    if (weighted) {
      this.weightedMoments = new Moments();
      if (withHistograms) this.weightedSketch = new QuantileSketch(options);
    }
  }

  add(value: number, weight: number): void {
    if (Number.isNaN(value)) {
      this.nans++;
      return;
    }
    this.numbers++;
    if (value === 0) this.zeros++;
    if (value < this.min) this.min = value;
    if (value > this.max) this.max = value;
    if (value < this.finiteMin && value !== -Infinity) this.finiteMin = value;
    if (value > this.finiteMax && value !== Infinity) this.finiteMax = value;
    this.moments.add(value, 1);
    this.sketch?.add(value);
    if (this.weightedMoments) {
      this.weightedMoments.add(value, weight);
      this.weightedSketch?.add(value, weight);
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
    if (other.weightedMoments) this.weightedMoments?.merge(other.weightedMoments);
    if (other.weightedSketch) this.weightedSketch?.merge(other.weightedSketch);
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
      ...this.distribution(this.sketch, this.moments.positiveInfinities),
      ...(this.weightedMoments && { weightedNumericStats: this.weighted(this.weightedMoments) }),
    };
  }

  private weighted(moments: Moments): WeightedNumericStatistics {
    return {
      mean: moments.wholeMean,
      stdDev: moments.deviation,
      ...this.distribution(this.weightedSketch, moments.positiveInfinities),
    };
  }

  private distribution(
    sketch: QuantileSketch | undefined,
    positiveInfinities: number,
  ): { median?: number; histograms?: Histogram[] } {
    if (!sketch) return { median: Number.NaN };
    const quantiles = sketch.quantiles(QUANTILES_PER_BUCKET * this.options.numQuantilesHistogramBuckets);
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
