/** Covariance and correlation of pairs of numeric features. */
import { ShelfwiseError } from '../../base/index.ts';
import { ColumnProducts, type PairSums } from '../../kernels/index.ts';
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

  /** Sums of departures from `shiftX` and `shiftY` (Chan, Golub, LeVeque 1983). */
  add(sums: PairSums, shiftX: number, shiftY: number): void {
    const { count, weight, sumX, sumY, squaresX, squaresY, products } = sums;
    this.count += count;
    if (!(weight > 0)) return;
    const [offX, offY] = [sumX / weight, sumY / weight];
    this.combine(
      weight,
      shiftX + offX,
      shiftY + offY,
      Math.max(0, squaresX - sumX * offX),
      Math.max(0, squaresY - sumY * offY),
      products - sumX * offY,
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

/** Rows that are multiplied at a time: six columns of so many stay in the first-level cache, or nearly. */
const BLOCK_ROWS = 1024;

/**
 * Held by `CrossFeatures.add` alone, which writes a block and takes its pairs before it returns: it awaits nothing, so that no two
 * chunks of a thread meet in it. Each thread has its own; as many columns as were ever needed.
 */
let shared: ColumnProducts | undefined;

function productsOf(columns: number): ColumnProducts {
  if (!shared || shared.columns < columns) shared = new ColumnProducts(16 * Math.ceil(columns / 16), BLOCK_ROWS);
  return shared;
}

/** A pair, and where its columns stand among the numeric ones of a chunk. */
interface PlacedPair {
  readonly x: number;
  readonly y: number;
  readonly moments: PairMoments;
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
  private placedNames: readonly string[] = [];
  private placedPairs: readonly PlacedPair[] = [];

  /** @param wanted pairs to take; all pairs of numeric features */
  constructor(wanted: readonly FeaturePair[] | 'all') {
    this.wanted = wanted;
    this.names = wanted === 'all' ? undefined : new Set(wanted.flat());
  }

  /** @throws OPTION_INVALID for all pairs of more than 1000 features */
  add(chunk: Chunk, weights: Float64Array | undefined): void {
    const columns = chunk.columns.filter(
      (column): column is NumberColumn => isNumeric(column) && this.names?.has(column.name) !== false,
    );
    const pairs = this.placed(columns.map(({ name }) => name));
    if (pairs.length === 0) return;
    const places = columns.map((column) => placesOf(column, chunk.rows));
    const products = productsOf(columns.length);
    for (let from = 0; from < chunk.rows; from += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, chunk.rows - from);
      for (const [c, { values }] of columns.entries()) {
        const at = places[c];
        const block = products.column(c);
        if (at) for (let r = 0; r < rows; r++) block[r] = at[from + r] < 0 ? Number.NaN : values[at[from + r]];
        else block.set(values.subarray(from, from + rows));
      }
      if (weights) products.weights.set(weights.subarray(from, from + rows));
      products.centre(columns.length, rows, weights !== undefined);
      // Worth it for half of all pairs.
      if (4 * pairs.length > columns.length ** 2) products.multiplyAll();
      for (const { x, y, moments } of pairs) moments.add(products.pair(x, y), products.means[x], products.means[y]);
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

  /** The pairs of these columns, which are mostly those of the chunk before. */
  private placed(names: readonly string[]): readonly PlacedPair[] {
    const { placedNames } = this;
    if (names.length === placedNames.length && names.every((name, i) => name === placedNames[i]))
      return this.placedPairs;
    for (const name of names) this.meet(name);
    const byName = new Map(names.map((name, place) => [name, place]));
    this.placedNames = names;
    this.placedPairs = this.pairsOf(names).flatMap(([nameX, nameY]) => {
      const [x, y] = [byName.get(nameX), byName.get(nameY)];
      return x === undefined || y === undefined ? [] : [{ x, y, moments: this.pair(nameX, nameY) }];
    });
    return this.placedPairs;
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
