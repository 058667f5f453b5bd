/** What serving reads of boosted trees: their nodes, how they decide, and how they become an epoch. */
import { ShelfwiseError } from '../../base/index.ts';
import type { Epoch, EpochContent, Json } from '../../domain/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import type { TreeArrays } from '../../kernels/index.ts';
import type { ScoreScale } from '../contract.ts';

export const TREES_FAMILY = 'trees';
const FORMAT = 1;

/** margin = base + Σ_t value of the leaf that the row reaches in tree t. Node arrays: see `TreeArrays`. */
export interface TreeEnsemble extends TreeArrays {
  readonly scale: ScoreScale;
  readonly base: number;
  /** Sum of hessians of the rows that a node was grown from. */
  readonly covers: Float32Array;
  /** What the node's split gained, in units of twice the loss; 0 at leaves. */
  readonly gains: Float32Array;
}

export function noTrees(encoder: EncoderShape, scale: ScoreScale, base: number): TreeEnsemble {
  return {
    scale,
    base,
    starts: new Uint32Array(1),
    features: new Int32Array(0),
    thresholds: new Float32Array(0),
    left: new Uint32Array(0),
    missingLeft: new Uint8Array(0),
    values: new Float32Array(0),
    setOf: new Int32Array(0),
    sets: new Uint32Array(0),
    covers: new Float32Array(0),
    gains: new Float32Array(0),
    bucketStarts: new Uint32Array(encoder.sparseWidth + 1),
    buckets: new Uint32Array(0),
    denseWidth: encoder.denseWidth,
    sparseWidth: encoder.sparseWidth,
  };
}

/** Decides at nodes, one row at a time: the plain reading of the arrays, which the kernels repeat faster. */
export class TreeDecisions {
  private readonly trees: TreeArrays;
  /** By slot: category by bucket. */
  private readonly categories: readonly ReadonlyMap<number, number>[];

  constructor(trees: TreeArrays) {
    this.trees = trees;
    this.categories = Array.from({ length: trees.sparseWidth }, (_, slot) => {
      const buckets = trees.buckets.subarray(trees.bucketStarts[slot], trees.bucketStarts[slot + 1]);
      return new Map(Array.from(buckets, (bucket, i) => [bucket, i + 1]));
    });
  }

  /** Does the row go left at node `n` (counted over all trees)? */
  goesLeft(n: number, batch: FeatureBatch, row: number): boolean {
    const { features, thresholds, missingLeft, setOf, sets, denseWidth } = this.trees;
    const feature = features[n];
    if (feature < denseWidth) {
      const x = batch.dense[row * denseWidth + feature];
      return Number.isNaN(x) ? missingLeft[n] === 1 : x <= thresholds[n];
    }
    const slot = feature - denseWidth;
    const category = this.categories[slot].get(batch.sparse[row * batch.sparseWidth + slot]) ?? 0;
    return ((sets[8 * setOf[n] + (category >> 5)] >>> (category & 31)) & 1) === 1;
  }

  /** The margin of one row. */
  margin(base: number, batch: FeatureBatch, row: number): number {
    const { starts, features, left, values } = this.trees;
    let sum = base;
    for (let tree = 0; tree + 1 < starts.length; tree++) {
      let n = starts[tree];
      while (features[n] >= 0) n = starts[tree] + left[n] + (this.goesLeft(n, batch, row) ? 0 : 1);
      sum += values[n];
    }
    return sum;
  }
}

export function ensembleToEpoch(
  trees: TreeEnsemble,
  encoder: EncoderShape,
  options: Readonly<Record<string, Json>>,
): EpochContent {
  const { scale, base, denseWidth: _dense, sparseWidth: _sparse, ...arrays } = trees;
  return {
    kind: 'model',
    meta: { family: TREES_FAMILY, format: FORMAT, encoder: encoder.hash, buckets: encoder.buckets, scale, options },
    arrays: { base: Float64Array.of(base), ...arrays },
  };
}

const SCALES: readonly unknown[] = ['probability', 'value', 'rank'];

/** Throws `MODEL_ENCODER_MISMATCH`, `EPOCH_CORRUPT`. */
export function ensembleFromEpoch(epoch: Epoch, encoder: EncoderShape): TreeEnsemble {
  const { meta, arrays } = epoch;
  if (meta.family !== TREES_FAMILY || meta.format !== FORMAT || !SCALES.includes(meta.scale)) {
    throw new ShelfwiseError('EPOCH_CORRUPT', `${epoch.hash} is no model of trees that this version reads`);
  }
  if (meta.encoder !== encoder.hash) {
    const which = `the model ${epoch.hash} reads encoder ${String(meta.encoder)}, this one is ${encoder.hash}`;
    throw new ShelfwiseError('MODEL_ENCODER_MISMATCH', which);
  }
  for (const name of Object.keys(ensembleToEpoch(noTrees(encoder, 'value', 0), encoder, {}).arrays)) {
    if (arrays[name] === undefined) {
      throw new ShelfwiseError('EPOCH_CORRUPT', `the model ${epoch.hash} has no array "${name}"`);
    }
  }
  const trees: TreeEnsemble = {
    scale: meta.scale as ScoreScale,
    base: (arrays.base as Float64Array)[0],
    starts: arrays.starts as Uint32Array,
    features: arrays.features as Int32Array,
    thresholds: arrays.thresholds as Float32Array,
    left: arrays.left as Uint32Array,
    missingLeft: arrays.missingLeft as Uint8Array,
    values: arrays.values as Float32Array,
    setOf: arrays.setOf as Int32Array,
    sets: arrays.sets as Uint32Array,
    covers: arrays.covers as Float32Array,
    gains: arrays.gains as Float32Array,
    bucketStarts: arrays.bucketStarts as Uint32Array,
    buckets: arrays.buckets as Uint32Array,
    denseWidth: encoder.denseWidth,
    sparseWidth: encoder.sparseWidth,
  };
  if (!isConsistent(trees)) {
    throw new ShelfwiseError('EPOCH_CORRUPT', `the arrays of the model ${epoch.hash} do not fit each other`);
  }
  return trees;
}

/** Every child lies after its parent within its tree, every feature and set is there: scoring ends, and reads what is ours. */
function isConsistent(trees: TreeEnsemble): boolean {
  const { starts, features, left, setOf, sets, bucketStarts, buckets, denseWidth, sparseWidth } = trees;
  const nodes = features.length;
  const lengths = [trees.thresholds, left, trees.missingLeft, trees.values, setOf, trees.covers, trees.gains];
  if (lengths.some(({ length }) => length !== nodes) || starts[0] !== 0 || starts[starts.length - 1] !== nodes) {
    return false;
  }
  if (bucketStarts.length !== sparseWidth + 1 || bucketStarts[sparseWidth] !== buckets.length) return false;
  for (let tree = 0; tree + 1 < starts.length; tree++) {
    const size = starts[tree + 1] - starts[tree];
    if (size < 1) return false;
    for (let k = 0; k < size; k++) {
      const n = starts[tree] + k;
      if (features[n] < 0) continue;
      if (features[n] >= denseWidth + sparseWidth || left[n] <= k || left[n] + 1 >= size) return false;
      if (features[n] >= denseWidth && !(setOf[n] >= 0 && 8 * setOf[n] < sets.length)) return false;
    }
  }
  return true;
}
