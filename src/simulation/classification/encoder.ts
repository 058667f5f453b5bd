/**
 * Rows of (context, action) for one model that all actions share, in the form that every family of reward models reads.
 *
 * | part | columns | read by |
 * | --- | --- | --- |
 * | dense | each numeric column, standardised by its mean and deviation so far | trees, networks; a linear model learns nothing of which action is right from them |
 * | sparse | the action | all |
 * | sparse, crossed with the action | each column's category, or interval at two resolutions | all |
 * | sparse, crossed with the action | pairs of columns at the coarse resolution, where there are few enough | all |
 *
 * Intervals are those that a logistic distribution fills evenly. Everything is known when the context comes: means and
 * deviations are of the contexts up to this one, which may be looked at before the action is chosen.
 */
import { canonicalJson, contentHash, hash32, mix32, requireRange, resolveOptions } from '../../base/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import type { ClassificationData } from './data.ts';

export interface ContextOptions {
  /** Intervals of a numeric column that pairs and single columns share, 2 to 64. @default 4 */
  readonly coarse: number;
  /** Intervals of a numeric column alone, 2 to 256. @default 16 */
  readonly fine: number;
  /** At most so many pairs of columns; with more there are none. 0: none. @default 250 */
  readonly pairs: number;
}

/** 2^18 buckets: room for 26 classes of 2,000 crosses each. */
const BUCKETS = 1 << 18;

export interface ContextEncoder {
  readonly shape: EncoderShape;
  readonly actions: number;
  /** Makes a row of the data the context; learns means and deviations from it first. */
  observe(row: number): void;
  /** Of the context, a column each: its category or coarse interval from 1; 0: missing. */
  readonly codes: Uint32Array;
  /** Of the context, a numeric column each: its fine interval from 1; 0: missing. */
  readonly fineCodes: Uint32Array;
  /** Writes the context crossed with every action to the first `actions` rows of the batch. */
  fill(batch: FeatureBatch): void;
}

export function createContextEncoder(data: ClassificationData, given: Partial<ContextOptions> = {}): ContextEncoder {
  const options = resolveOptions<ContextOptions>('simulate classification', given, { coarse: 4, fine: 16, pairs: 250 });
  requireRange('simulate classification', 'coarse', options.coarse, 2, 64);
  requireRange('simulate classification', 'fine', options.fine, 2, 256);
  requireRange('simulate classification', 'pairs', options.pairs, 0, 100_000);
  return new Contexts(data, options);
}

class Contexts implements ContextEncoder {
  readonly shape: EncoderShape;
  readonly actions: number;
  readonly codes: Uint32Array;
  readonly fineCodes: Uint32Array;
  private readonly data: ClassificationData;
  private readonly numeric: readonly number[];
  private readonly pairs: readonly (readonly [number, number])[];
  private readonly coarseCuts: Float64Array;
  private readonly fineCuts: Float64Array;
  /** By column: running count, mean and sum of squared differences (Welford 1962). */
  private readonly counts: Float64Array;
  private readonly means: Float64Array;
  private readonly squares: Float64Array;
  /** Of the present context: standardised amounts, and one key a crossed slot; key 0 is missing. */
  private readonly standard: Float64Array;
  private readonly keys: Uint32Array;
  private readonly salts: Uint32Array;
  private readonly actionSalts: Uint32Array;

  constructor(data: ClassificationData, options: ContextOptions) {
    const { columns, classes } = data;
    this.data = data;
    this.actions = classes.length;
    this.numeric = columns.flatMap(({ kind }, c) => (kind === 'numeric' ? [c] : []));
    const pairCount = (columns.length * (columns.length - 1)) / 2;
    this.pairs =
      pairCount > options.pairs
        ? []
        : columns.flatMap((_, i) => columns.slice(i + 1).map((__, k) => [i, i + 1 + k] as const));
    const sparseNames = [
      'action',
      ...columns.map(({ name }) => `${name} x action`),
      ...this.numeric.map((c) => `${columns[c].name} (fine) x action`),
      ...this.pairs.map(([i, k]) => `${columns[i].name} x ${columns[k].name} x action`),
    ];
    this.shape = {
      hash: contentHash(canonicalJson({ columns: columns.map(({ kind, name }) => [kind, name]), classes, options })),
      denseWidth: this.numeric.length,
      sparseWidth: sparseNames.length,
      buckets: BUCKETS,
      denseNames: this.numeric.map((c) => columns[c].name),
      sparseNames,
    };
    this.coarseCuts = evenCuts(options.coarse);
    this.fineCuts = evenCuts(options.fine);
    this.counts = new Float64Array(columns.length);
    this.means = new Float64Array(columns.length);
    this.squares = new Float64Array(columns.length);
    this.standard = new Float64Array(columns.length);
    this.codes = new Uint32Array(columns.length);
    this.fineCodes = new Uint32Array(this.numeric.length);
    this.keys = new Uint32Array(sparseNames.length - 1);
    this.salts = Uint32Array.from(sparseNames, (name, s) => hash32(name, s));
    this.actionSalts = Uint32Array.from(classes, (_, k) => hash32('action', k + 1));
  }

  observe(row: number): void {
    const { columns } = this.data;
    const { keys, codes, salts } = this;
    for (let c = 0; c < columns.length; c++) {
      const column = columns[c];
      codes[c] = column.kind === 'category' ? column.codes[row] : this.intervalOf(c, column.amounts[row]);
    }
    let s = 0;
    for (let c = 0; c < columns.length; c++, s++) keys[s] = codes[c] === 0 ? 0 : keyOf(salts[s + 1], codes[c]);
    for (const [j, c] of this.numeric.entries()) {
      const fine = codes[c] === 0 ? 0 : 1 + below(this.fineCuts, this.standard[c]);
      this.fineCodes[j] = fine;
      keys[s] = fine === 0 ? 0 : keyOf(salts[s + 1], fine);
      s++;
    }
    for (const [i, k] of this.pairs) {
      keys[s] = codes[i] === 0 || codes[k] === 0 ? 0 : keyOf(salts[s + 1], mix32(codes[i] * 65537) ^ codes[k]);
      s++;
    }
  }

  /** Takes the amount into the column's moments, standardises it by them, and gives its coarse interval from 1; 0: missing. */
  private intervalOf(column: number, amount: number): number {
    if (Number.isNaN(amount)) {
      this.standard[column] = Number.NaN;
      return 0;
    }
    const count = ++this.counts[column];
    const difference = amount - this.means[column];
    this.means[column] += difference / count;
    this.squares[column] += difference * (amount - this.means[column]);
    const deviation = Math.sqrt(this.squares[column] / count);
    this.standard[column] = deviation > 0 ? (amount - this.means[column]) / deviation : 0;
    return 1 + below(this.coarseCuts, this.standard[column]);
  }

  fill(batch: FeatureBatch): void {
    const { denseWidth, sparseWidth } = this.shape;
    const { keys, actionSalts, numeric, standard, actions } = this;
    for (let k = 0; k < actions; k++) {
      for (let j = 0; j < denseWidth; j++) batch.dense[k * denseWidth + j] = standard[numeric[j]];
      const at = k * sparseWidth;
      const salt = actionSalts[k];
      batch.sparse[at] = bucketOf(salt);
      for (let s = 0; s < keys.length; s++) batch.sparse[at + 1 + s] = keys[s] === 0 ? 0 : bucketOf(keys[s] ^ salt);
    }
  }
}

/** Never 0, which is missing. */
function keyOf(salt: number, code: number): number {
  return (mix32(Math.imul(code, 0x9e3779b1) ^ salt) | 1) >>> 0;
}

/** Never bucket 0, which is missing. */
function bucketOf(key: number): number {
  return 1 + (mix32(key) % (BUCKETS - 1));
}

/** How many cuts lie below; the cuts ascend and are few. */
function below(cuts: Float64Array, standard: number): number {
  let k = 0;
  while (k < cuts.length && cuts[k] < standard) k++;
  return k;
}

/** The count - 1 cuts that part the logistic distribution of mean 0 and deviation 1 evenly. */
function evenCuts(count: number): Float64Array {
  const scale = Math.sqrt(3) / Math.PI;
  return Float64Array.from({ length: count - 1 }, (_, i) => scale * Math.log((i + 1) / (count - 1 - i)));
}
