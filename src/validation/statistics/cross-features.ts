/** Covariance and correlation of pairs of numeric features. */
import { ShelfwiseError } from '../../base/index.ts';
import { type CrossFeatureStatistics, compareBytes } from '../metadata/index.ts';
import type { Chunk, NumberColumn } from '../sources/columns.ts';
import { isNumeric, placesOf } from './univalent.ts';

/** Two columns; the first is x. */
export type FeaturePair = readonly [x: string, y: string];

/** Pairs of so many features are 499,500. */
const MOST_FEATURES = 1000;

/** Of examples that have both: their number, their weight, and moments about the means. */
class PairMoments {
  count = 0;
  private weight = 0;
  private meanX = 0;
  private meanY = 0;
  private squaresX = 0;
  private squaresY = 0;
  private products = 0;

  /** Sums of departures from `x.shift` and `y.shift`, over `count` examples of that weight (Chan, Golub, LeVeque 1983). */
  add(
    count: number,
    weight: number,
    x: { shift: number; sum: number; squares: number },
    y: { shift: number; sum: number; squares: number },
    products: number,
  ): void {
    this.count += count;
    if (!(weight > 0)) return;
    const [offX, offY] = [x.sum / weight, y.sum / weight];
    this.combine(
      weight,
      x.shift + offX,
      y.shift + offY,
      Math.max(0, x.squares - x.sum * offX),
      Math.max(0, y.squares - y.sum * offY),
      products - x.sum * offY,
    );
  }

  merge(other: PairMoments): void {
    this.count += other.count;
    if (other.weight > 0)
      this.combine(other.weight, other.meanX, other.meanY, other.squaresX, other.squaresY, other.products);
  }

  /** Population moments; undefined without weight. Correlation only where both vary. */
  extract(): CrossFeatureStatistics['numCrossStats'] {
    if (this.weight === 0) return undefined;
    const covariance = Math.fround(this.products / this.weight);
    const spread = Math.sqrt(this.squaresX) * Math.sqrt(this.squaresY);
    return spread > 0 ? { correlation: Math.fround(this.products / spread), covariance } : { covariance };
  }

  private combine(
    weight: number,
    meanX: number,
    meanY: number,
    squaresX: number,
    squaresY: number,
    products: number,
  ): void {
    const whole = this.weight + weight;
    const [dx, dy] = [meanX - this.meanX, meanY - this.meanY];
    const between = (this.weight / whole) * weight;
    this.squaresX += squaresX + dx * dx * between;
    this.squaresY += squaresY + dy * dy * between;
    this.products += products + dx * dy * between;
    this.meanX += (dx * weight) / whole;
    this.meanY += (dy * weight) / whole;
    this.weight = whole;
  }
}

/** A column of a chunk, as departures from about its mean. */
interface Departures {
  readonly name: string;
  readonly shift: number;
  /** 0 where there is no number. */
  readonly values: Float64Array;
  /** The same times the weights. */
  readonly weighted: Float64Array;
  /** Examples that have a finite number; undefined if all have. */
  readonly present: Uint8Array | undefined;
  readonly sum: number;
  readonly squares: number;
}

/**
 * For each pair of numeric features, over the examples that have exactly one finite value of both:
 * covariance E[(x − E x)(y − E y)] in the units of x times y, and Pearson's correlation in [−1, 1]. TensorFlow Data Validation
 * computes the same of a tenth of the batches by default; this takes all examples, and leaves infinities out as it does
 * NaN. With weights both are those of the weighted examples; `count` stays the number of examples. Adding and merging
 * commute up to rounding. Both are float32, as in the message. Memory: 64 bytes a pair.
 */
export class CrossFeatures {
  private readonly wanted: readonly FeaturePair[] | 'all';
  private readonly names: ReadonlySet<string> | undefined;
  /** Numeric features met. */
  private readonly met = new Set<string>();
  private readonly byX = new Map<string, Map<string, PairMoments>>();

  /** @param wanted pairs to take; all pairs of numeric features */
  constructor(wanted: readonly FeaturePair[] | 'all') {
    this.wanted = wanted;
    this.names = wanted === 'all' ? undefined : new Set(wanted.flat());
  }

  /** @throws OPTION_INVALID for all pairs of more than 1000 features */
  add(chunk: Chunk, weights: Float64Array | undefined): void {
    const columns = new Map<string, Departures>();
    for (const column of chunk.columns) {
      if (!isNumeric(column) || this.names?.has(column.name) === false) continue;
      this.meet(column.name);
      columns.set(column.name, departures(column, chunk.rows, weights));
    }
    let whole = 0;
    for (let i = 0; i < chunk.rows; i++) whole += weights ? weights[i] : 1;
    for (const [nameX, nameY] of this.pairsOf([...columns.keys()])) {
      const [x, y] = [columns.get(nameX), columns.get(nameY)];
      if (!x || !y) continue;
      const pair = this.pair(nameX, nameY);
      if (x.present || y.present) addMasked(pair, x, y, weights);
      else pair.add(chunk.rows, whole, x, y, dot(x.weighted, y.values));
    }
  }

  /** Takes in another of the same pairs, which stays as it is. */
  merge(other: CrossFeatures): void {
    for (const name of other.met) this.meet(name);
    for (const [x, pairs] of other.byX) for (const [y, moments] of pairs) this.pair(x, y).merge(moments);
  }

  /** In order of the names of x, then y; or in the order in which the pairs were named. */
  extract(): CrossFeatureStatistics[] {
    return this.pairsOf([...this.met]).map(([x, y]) => {
      const moments = this.byX.get(x)?.get(y);
      const numCrossStats = moments?.extract();
      return {
        pathX: { step: [x] },
        pathY: { step: [y] },
        count: moments?.count ?? 0,
        ...(numCrossStats && { numCrossStats }),
      };
    });
  }

  private pairsOf(names: readonly string[]): readonly FeaturePair[] {
    if (this.wanted !== 'all') return this.wanted;
    const sorted = [...names].sort(compareBytes);
    return sorted.flatMap((x, i) => sorted.slice(i + 1).map((y): FeaturePair => [x, y]));
  }

  private meet(name: string): void {
    this.met.add(name);
    if (this.wanted === 'all' && this.met.size > MOST_FEATURES)
      throw new ShelfwiseError(
        'OPTION_INVALID',
        `there are more than ${MOST_FEATURES} numeric features to pair; name the pairs of features to correlate`,
      );
  }

  private pair(x: string, y: string): PairMoments {
    let pairs = this.byX.get(x);
    if (!pairs) {
      pairs = new Map();
      this.byX.set(x, pairs);
    }
    let moments = pairs.get(y);
    if (!moments) {
      moments = new PairMoments();
      pairs.set(y, moments);
    }
    return moments;
  }
}

function departures(column: NumberColumn, rows: number, weights: Float64Array | undefined): Departures {
  const places = placesOf(column, rows);
  const values = new Float64Array(rows);
  let present: Uint8Array | undefined;
  let [count, mean] = [0, 0];
  for (let i = 0; i < rows; i++) {
    const at = places ? places[i] : i;
    const value = at < 0 ? Number.NaN : column.values[at];
    if (Number.isFinite(value)) {
      values[i] = value;
      mean += (value - mean) / ++count;
    } else {
      present ??= new Uint8Array(rows).fill(1);
      present[i] = 0;
    }
  }
  const weighted = weights ? new Float64Array(rows) : values;
  let [sum, squares] = [0, 0];
  for (let i = 0; i < rows; i++) {
    if (present && present[i] === 0) continue;
    const departure = values[i] - mean;
    const weight = weights ? weights[i] : 1;
    values[i] = departure;
    weighted[i] = weight * departure;
    sum += weight * departure;
    squares += weight * departure * departure;
  }
  return { name: column.name, shift: mean, values, weighted, present, sum, squares };
}

/** In four sums, which the processor adds at once. */
function dot(a: Float64Array, b: Float64Array): number {
  let [s0, s1, s2, s3] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < a.length; i += 4) {
    s0 += a[i] * b[i];
    s1 += a[i + 1] * b[i + 1];
    s2 += a[i + 2] * b[i + 2];
    s3 += a[i + 3] * b[i + 3];
  }
  for (; i < a.length; i++) s0 += a[i] * b[i];
  return s0 + s1 + (s2 + s3);
}

function addMasked(pair: PairMoments, x: Departures, y: Departures, weights: Float64Array | undefined): void {
  let [count, weight, sumX, sumY, squaresX, squaresY, products] = [0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < x.values.length; i++) {
    if ((x.present && x.present[i] === 0) || (y.present && y.present[i] === 0)) continue;
    const [dx, dy] = [x.values[i], y.values[i]];
    const w = weights ? weights[i] : 1;
    count++;
    weight += w;
    sumX += w * dx;
    sumY += w * dy;
    squaresX += w * dx * dx;
    squaresY += w * dy * dy;
    products += w * dx * dy;
  }
  pair.add(
    count,
    weight,
    { shift: x.shift, sum: sumX, squares: squaresX },
    { shift: y.shift, sum: sumY, squares: squaresY },
    products,
  );
}
