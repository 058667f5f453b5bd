/** Scoring rows with an ensemble of trees. */
import { ShelfwiseError } from '../base/index.ts';
import { instantiateModule, type KernelInstance, type ModuleExports } from './module.ts';

/**
 * Trees as arrays, one entry a node, all trees one after another; children of a node stand side by side, left then right.
 * A row goes left where `value <= threshold`, or where its category is in the node's set; a missing value goes where
 * `missingLeft` says. Category 0 is whatever `buckets` does not name.
 */
export interface TreeArrays {
  /** First node of each tree, and after the last: trees + 1. */
  readonly starts: Uint32Array;
  /** A dense column, or denseWidth + a slot; -1 at a leaf. */
  readonly features: Int32Array;
  /** Finite; 0 where the feature is a slot and at leaves. */
  readonly thresholds: Float32Array;
  /** Left child, counted from the first node of the tree; 0 at a leaf. */
  readonly left: Uint32Array;
  readonly missingLeft: Uint8Array;
  /** At leaves. */
  readonly values: Float32Array;
  /** Number of the node's set of categories; -1 where it has none. */
  readonly setOf: Int32Array;
  /** 8 words a set: bit c is set where category c goes left. */
  readonly sets: Uint32Array;
  /** slots + 1: where the buckets of each slot begin in `buckets`. */
  readonly bucketStarts: Uint32Array;
  /** The buckets of categories 1, 2, … of each slot, at most 255 a slot. */
  readonly buckets: Uint32Array;
  readonly denseWidth: number;
  readonly sparseWidth: number;
}

export interface TreeScorer {
  /** out[r] = base + Σ_t value of the leaf of row r in tree t: f64, trees in order, so that a row's bits are its own. */
  score(dense: Float32Array, sparse: Uint32Array, rows: number, base: number, out: Float64Array): void;
}

interface TreeExports extends ModuleExports {
  prepareRows(
    dense: number,
    denseWidth: number,
    sparse: number,
    sparseWidth: number,
    rows: number,
    plan: number,
    values: number,
    maps: number,
    slots: number,
    out: number,
  ): void;
  scoreRows(
    columns: number,
    stride: number,
    rows: number,
    trees: number,
    count: number,
    base: number,
    out: number,
  ): void;
}

/** Rows that are copied, and scored, at a time. */
const COPIED_ROWS = 512;
/** Rows that all trees pass over before the next: their columns and one tree stay in the first-level cache. */
const SCORED_ROWS = 64;
const NODE_WORDS = 4;
const TREE_WORDS = 4;
const MAP_WORDS = 5;
/** Lanes of a column: rows that are scored side by side. */
const LANES = 8;
const COLUMN_BYTES = 4 * LANES;

/** Columns that the trees ask for: pairs of dense column and side of the missing, then slots. */
interface Columns {
  readonly plan: readonly number[];
  readonly ofPair: ReadonlyMap<number, number>;
  readonly slots: readonly number[];
  readonly ofSlot: ReadonlyMap<number, number>;
  /** For each of the slots: its nodes, in order. */
  readonly nodesOfSlot: readonly (readonly number[])[];
}

function columnsOf(trees: TreeArrays): Columns {
  const plan: number[] = [];
  const slots: number[] = [];
  const nodesOfSlot: number[][] = [];
  const ofPair = new Map<number, number>();
  const ofSlot = new Map<number, number>();
  trees.features.forEach((feature, n) => {
    if (feature < 0) return;
    if (feature < trees.denseWidth) {
      const pair = pairOf(trees, n);
      if (!ofPair.has(pair)) ofPair.set(pair, plan.push(pair) - 1);
      return;
    }
    const slot = feature - trees.denseWidth;
    let place = ofSlot.get(slot);
    if (place === undefined) {
      place = slots.push(slot) - 1;
      ofSlot.set(slot, place);
      nodesOfSlot.push([]);
    }
    nodesOfSlot[place].push(n);
  });
  return { plan, ofPair, slots, ofSlot, nodesOfSlot };
}

function pairOf({ features, missingLeft }: TreeArrays, n: number): number {
  return 2 * features[n] + (missingLeft[n] === 1 ? 0 : 1);
}

/**
 * A node reads 4 bytes of which the last is its own: as a float, they lie above 2 where that byte is 0x40 and below 1 where it
 * is 0, whatever the others are. A byte a node, where a float would fill the cache.
 */
const RIGHT = 0x40;
const OWN_BYTE = 3;

/** What the nodes of a slot say, category after category. */
function answersOf(trees: TreeArrays, slot: number, nodes: readonly number[]): Uint8Array {
  const categories = 1 + trees.bucketStarts[slot + 1] - trees.bucketStarts[slot];
  const answers = new Uint8Array(categories * nodes.length + OWN_BYTE);
  nodes.forEach((n, i) => {
    const set = 8 * trees.setOf[n];
    for (let category = 0; category < categories; category++) {
      const isLeft = (trees.sets[set + (category >> 5)] >>> (category & 31)) & 1;
      answers[category * nodes.length + i + OWN_BYTE] = isLeft ? 0 : RIGHT;
    }
  });
  return answers;
}

/** One open-addressing table a slot, at most half full. */
function tableOf(trees: TreeArrays, slot: number): Uint32Array {
  const from = trees.bucketStarts[slot];
  const count = trees.bucketStarts[slot + 1] - from;
  let size = 4;
  while (size < 2 * count) size *= 2;
  const table = new Uint32Array(2 * size);
  for (let category = 1; category <= count; category++) {
    const bucket = trees.buckets[from + category - 1];
    let at = (Math.imul(bucket, 0x9e3779b1) >>> 16) & (size - 1);
    while (table[2 * at] !== 0) at = (at + 1) & (size - 1);
    table[2 * at] = bucket;
    table[2 * at + 1] = category;
  }
  return table;
}

function depthOf(trees: TreeArrays, tree: number): number {
  const start = trees.starts[tree];
  const depths = new Uint8Array(trees.starts[tree + 1] - start);
  let deepest = 0;
  for (let n = 0; n < depths.length; n++) {
    deepest = Math.max(deepest, depths[n]);
    if (trees.features[start + n] < 0) continue;
    const left = trees.left[start + n];
    depths[left] = depths[n] + 1;
    depths[left + 1] = depths[n] + 1;
  }
  return deepest;
}

/**
 * Copies the trees into memory of their own: 24 bytes a node, and a byte more for each category of the slot that it asks. Not
 * re-entrant: one call at a time.
 */
export function createTreeScorer(trees: TreeArrays): TreeScorer {
  const { denseWidth, sparseWidth } = trees;
  const count = trees.starts.length - 1;
  const nodes = trees.features.length;
  const columns = columnsOf(trees);
  const tables = columns.slots.map((slot) => tableOf(trees, slot));
  const answers = columns.slots.map((slot, place) => answersOf(trees, slot, columns.nodesOfSlot[place]));
  // A pointer to the row itself and one a slot; 0; values.
  const zeroColumn = 1 + columns.slots.length;
  const stride = zeroColumn + 1 + columns.plan.length;
  if (COLUMN_BYTES * zeroColumn > 65535) {
    throw new ShelfwiseError('KERNEL_MEMORY', `the trees ask for ${columns.slots.length} slots`);
  }
  const instance: KernelInstance<TreeExports> = instantiateModule('trees', [
    COPIED_ROWS * denseWidth,
    COPIED_ROWS * sparseWidth,
    columns.plan.length,
    MAP_WORDS * columns.slots.length,
    SCORED_ROWS * stride,
    count * TREE_WORDS,
    nodes * NODE_WORDS,
    nodes * 2,
    COPIED_ROWS * 2,
    ...tables.map(({ length }) => length),
    ...answers.map(({ length }) => Math.ceil(length / 4)),
  ]);
  const { exports, regions } = instance;
  const [dense, sparse, plan, maps, prepared, index, nodeTable, values, scores, ...ofSlots] = regions;
  plan.u32.set(columns.plan);
  columns.slots.forEach((slot, place) => {
    const table = ofSlots[place];
    const answer = ofSlots[tables.length + place];
    table.u32.set(tables[place]);
    new Uint8Array(exports.memory.buffer, answer.address).set(answers[place]);
    const bytes = columns.nodesOfSlot[place].length;
    maps.u32.set([slot, tables[place].length / 2 - 1, table.address, answer.address, bytes], MAP_WORDS * place);
  });
  const asked = columns.slots.map(() => 0);
  const leafValues = new Float64Array(exports.memory.buffer, values.address, nodes);
  for (let tree = 0; tree < count; tree++) {
    const start = trees.starts[tree];
    const end = trees.starts[tree + 1];
    let mixed = 0;
    for (let n = start; n < end; n++) {
      const feature = trees.features[n];
      const at = NODE_WORDS * n;
      leafValues[n] = trees.values[n];
      if (feature < 0) {
        nodeTable.f32[at] = Number.POSITIVE_INFINITY;
        nodeTable.u32[at + 1] = COLUMN_BYTES * zeroColumn;
        continue;
      }
      let pointer = 0;
      if (feature < denseWidth) {
        nodeTable.f32[at] = trees.thresholds[n];
        nodeTable.u32[at + 1] = COLUMN_BYTES * (zeroColumn + 1 + (columns.ofPair.get(pairOf(trees, n)) ?? 0));
      } else {
        const place = columns.ofSlot.get(feature - denseWidth) ?? 0;
        mixed = 1;
        nodeTable.f32[at] = 1;
        nodeTable.u32[at + 1] = asked[place]++;
        pointer = COLUMN_BYTES * (1 + place);
      }
      const distance = trees.left[n] - (n - start);
      if (distance > 65535) throw new ShelfwiseError('KERNEL_MEMORY', `a tree of ${end - start} nodes`);
      nodeTable.u32[at + 2] = pointer + distance * 65536;
    }
    const root = nodeTable.address + 4 * NODE_WORDS * start;
    index.u32.set([root, depthOf(trees, tree), mixed, values.address + 8 * start], TREE_WORDS * tree);
  }
  const results = new Float64Array(exports.memory.buffer, scores.address, COPIED_ROWS);

  const scoreCopied = (rows: number, base: number): void => {
    for (let from = 0; from < rows; from += SCORED_ROWS) {
      const n = Math.min(SCORED_ROWS, rows - from);
      exports.prepareRows(
        dense.address + 4 * from * denseWidth,
        denseWidth,
        sparse.address + 4 * from * sparseWidth,
        sparseWidth,
        n,
        plan.address,
        columns.plan.length,
        maps.address,
        columns.slots.length,
        prepared.address,
      );
      exports.scoreRows(prepared.address, stride, n, index.address, count, base, scores.address + 8 * from);
    }
  };
  return {
    score(denseRows, sparseRows, rows, base, out) {
      for (let from = 0; from < rows; from += COPIED_ROWS) {
        const n = Math.min(COPIED_ROWS, rows - from);
        dense.f32.set(denseRows.subarray(from * denseWidth, (from + n) * denseWidth));
        sparse.u32.set(sparseRows.subarray(from * sparseWidth, (from + n) * sparseWidth));
        scoreCopied(n, base);
        for (let r = 0; r < n; r++) out[from + r] = results[r];
      }
    },
  };
}
