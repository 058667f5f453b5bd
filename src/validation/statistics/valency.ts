/** Presence and valency: how many elements of a level have a list, and of how many values. */
import type { Histogram, PresenceAndValencyStatistics, WeightedCommonStatistics } from '../metadata/index.ts';
import { isOneEach, type ListLevel } from '../sources/columns.ts';
import { quantilesHistogram } from './histograms.ts';
import type { StatisticsOptions } from './options.ts';
import { QuantileSketch, type Quantiles } from './quantile-sketch.ts';

export class ValencyAccumulator {
  private readonly options: StatisticsOptions;
  private readonly sketch: QuantileSketch | undefined;
  nonMissing = 0;
  values = 0;
  private least = Infinity;
  private most = 0;
  weightedNonMissing = 0;
  weightedValues = 0;

  constructor(options: StatisticsOptions, withHistogram: boolean) {
    this.options = options;
    if (withHistogram) this.sketch = new QuantileSketch(options);
  }

  get min(): number {
    return this.nonMissing > 0 ? this.least : 0;
  }

  get max(): number {
    return this.most;
  }

  /** @param weights of the elements */
  add(level: ListLevel, weights: Float64Array | undefined): void {
    const { offsets, valid } = level;
    if (isOneEach(level)) {
      this.enter(1, offsets.length - 1);
      let weight = 0;
      if (weights) for (let i = 0; i + 1 < offsets.length; i++) weight += weights[i];
      this.weightedNonMissing += weight;
      this.weightedValues += weight;
      return;
    }
    // Lengths vary little: runs of equal ones go to the sketch as one.
    let [run, length] = [0, -1];
    for (let i = 0; i + 1 < offsets.length; i++) {
      if (valid && valid[i] === 0) continue;
      const values = offsets[i + 1] - offsets[i];
      if (values !== length) {
        this.enter(length, run);
        [run, length] = [0, values];
      }
      run++;
      if (weights) {
        this.weightedNonMissing += weights[i];
        this.weightedValues += weights[i] * values;
      }
    }
    this.enter(length, run);
  }

  merge(other: ValencyAccumulator): void {
    this.nonMissing += other.nonMissing;
    this.values += other.values;
    this.least = Math.min(this.least, other.least);
    this.most = Math.max(this.most, other.most);
    this.weightedNonMissing += other.weightedNonMissing;
    this.weightedValues += other.weightedValues;
    if (other.sketch) this.sketch?.merge(other.sketch);
  }

  /** @param parents elements that could have had a list */
  extract(parents: number): PresenceAndValencyStatistics {
    const { nonMissing: numNonMissing } = this;
    const presence = { numNonMissing, numMissing: parents - numNonMissing };
    if (numNonMissing === 0) return presence;
    return { ...presence, minNumValues: this.least, maxNumValues: this.most, totNumValues: this.values };
  }

  /** @param parents their weight */
  extractWeighted(parents: number): WeightedCommonStatistics {
    const { weightedNonMissing: numNonMissing, weightedValues: totNumValues } = this;
    const presence = { numNonMissing, numMissing: parents - numNonMissing, totNumValues };
    return numNonMissing > 0 ? { ...presence, avgNumValues: totNumValues / numNonMissing } : presence;
  }

  /** Of the numbers of values; undefined without any, or without histograms. */
  quantiles(): Quantiles | undefined {
    if (!this.sketch || this.nonMissing === 0) return undefined;
    return this.sketch.quantiles(this.options.numValuesHistogramBuckets);
  }

  histogram(): Histogram | undefined {
    const quantiles = this.quantiles();
    return quantiles && quantilesHistogram(quantiles);
  }

  private enter(length: number, elements: number): void {
    if (elements === 0) return;
    this.nonMissing += elements;
    this.values += elements * length;
    if (length < this.least) this.least = length;
    if (length > this.most) this.most = length;
    this.sketch?.add(length, elements);
  }
}

/** The weight of each value: that of the element that it is in. Of lists of one value each the weights themselves. */
export function weightsBelow(level: ListLevel, weights: Float64Array): Float64Array {
  if (isOneEach(level)) return weights;
  const { offsets } = level;
  let at = 0;
  while (at < offsets.length && offsets[at] === at) at++;
  if (at === offsets.length) return weights;
  const below = new Float64Array(offsets[offsets.length - 1]);
  for (let i = 0; i + 1 < offsets.length; i++) below.fill(weights[i], offsets[i], offsets[i + 1]);
  return below;
}

/** Values of the innermost level in each element of the outermost. */
export function innermost(levels: readonly ListLevel[]): ListLevel {
  const [{ offsets, valid }, ...inner] = levels;
  return { offsets: inner.reduce((to, level) => to.map((at) => level.offsets[at]), offsets), valid };
}
