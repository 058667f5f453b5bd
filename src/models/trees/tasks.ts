/**
 * What threads do to grow trees: each phase is a number of tasks that touch nothing in common, so that it does not matter
 * which thread does which, nor in what order.
 */
import { HISTOGRAM_BYTES, SPLIT_BYTES } from '../../kernels/index.ts';
import { logLossOf, sigmoids } from '../sigmoid.ts';
import { CUTS, cutColumn, keepBuckets } from './bins.ts';
import type { TreesObjective } from './options.ts';
import { type QueryRows, rankingGradients } from './ranking.ts';
import {
  BINNED_ROWS,
  type Block,
  blocksOf,
  CHUNK_NUMBERS,
  CHUNK_ROWS,
  ITEM_NUMBERS,
  ITEM_WORDS,
  NODE_WORDS,
  type RawRows,
  scratchOf,
  TABLE_BYTES,
  type Workspace,
} from './workspace.ts';

/** The phases, and what one task of each is about. */
export const PHASE = {
  /** A feature: where its bins begin and end. */
  cut: 1,
  /** A chunk of all rows: their bins. */
  bin: 2,
  /** A chunk of the rows that are learnt from, or of their queries: gradients, and the largest of them. */
  gradients: 3,
  /** A chunk of the tree's rows: gradients as whole numbers, and their sums. Argument: rows of the tree. */
  quantise: 4,
  /** An item and a block: the histogram of the smaller child, the larger's by subtraction, the best splits of both. */
  histograms: 5,
  /** An item: the rows of a node parted in two. */
  part: 6,
  /** An item: a leaf's value added to the margins of its rows. */
  update: 7,
  /** A chunk of all rows from the argument's on: the value of their leaf added, and the loss of the validation rows. */
  route: 8,
} as const;

/** Words of an item of `histograms`. */
export const ITEM = { from: 0, to: 1, parity: 2, small: 3, large: 4, wantSmall: 5, wantLarge: 6 } as const;
/** Words of an item of `part`; `split` is written by the task. */
export const PART = { from: 0, to: 1, parity: 2, feature: 3, node: 4, split: 5 } as const;
/** Numbers of an item of `histograms`: for the smaller child, and 4 on for the larger. */
export const SIDE = { g: 0, h: 1, lower: 2, upper: 3 } as const;
/** Numbers of a chunk. */
export const CHUNK = { largestG: 0, largestH: 1, sumG: 2, sumH: 3, loss: 0 } as const;
/** Parameters beyond those of the kernel. */
export const SCALE = { g: 6, h: 7 } as const;

/** What a thread needs beside the workspace. */
export interface Material {
  readonly raw: RawRows;
  readonly objective: TreesObjective;
  readonly truncation: number;
  /** Of ranking objectives: the rows that are learnt from. */
  readonly queries: QueryRows | undefined;
  readonly bounded: boolean;
}

export interface TaskRunner {
  run(phase: number, task: number, argument: number): void;
}

export function createTaskRunner(workspace: Workspace, material: Material, thread: number): TaskRunner {
  const { kernels, bins, features, denseWidth, sparseWidth, all, rows } = workspace;
  const scratch = scratchOf(workspace, thread);
  const probabilities = new Float64Array(CHUNK_ROWS);
  let masses: Float64Array | undefined;
  let layout: Layout | undefined;
  const layoutOf = (): Layout => {
    layout ??= readLayout(workspace);
    return layout;
  };

  const cut = (feature: number): void => {
    const { raw } = material;
    if (feature < denseWidth) {
      const cuts = workspace.cuts.subarray(CUTS * feature, CUTS * (feature + 1));
      const { sampledWeights } = raw;
      const rowsSampled = sampledWeights.length;
      const values = raw.sampled.subarray(rowsSampled * feature, rowsSampled * (feature + 1));
      workspace.binCounts[feature] = cutColumn(values, sampledWeights, workspace.maxBins, cuts);
      return;
    }
    const slot = feature - denseWidth;
    masses ??= new Float64Array(workspace.buckets);
    workspace.binCounts[feature] = keepBuckets(
      raw.sparse,
      sparseWidth,
      slot,
      workspace.weights,
      rows,
      workspace.maxCategories,
      masses,
      workspace.kept.subarray(CUTS * slot, CUTS * (slot + 1)),
    );
  };

  const bin = (chunk: number): void => {
    const { columns, strides, lookups } = layoutOf();
    const { dense, sparse } = material.raw;
    const values = scratch + 4096;
    const copy = new Float32Array(workspace.memory.buffer, values, BINNED_ROWS * denseWidth);
    const end = Math.min(all, (chunk + 1) * CHUNK_ROWS);
    for (let from = chunk * CHUNK_ROWS; from < end; from += BINNED_ROWS) {
      const n = Math.min(BINNED_ROWS, end - from);
      copy.set(dense.subarray(from * denseWidth, (from + n) * denseWidth));
      for (let used = 0; used < columns.length; used++) {
        const feature = workspace.used[1 + used];
        const stride = strides[used];
        const out = columns[used] + from * stride;
        if (feature < denseWidth) {
          const cuts = workspace.cutsAt + 4 * CUTS * feature;
          kernels.binColumn(values + 4 * feature, denseWidth, n, cuts, out, stride);
          continue;
        }
        const slot = feature - denseWidth;
        const lookup = lookups(slot);
        for (let r = 0; r < n; r++) bins[out + r * stride] = lookup[sparse[(from + r) * sparseWidth + slot]];
      }
    }
  };

  const gradients = (chunk: number): void => {
    const { margins, labels, weights, gradients: out, chunks } = workspace;
    const { objective, queries } = material;
    let largestG = 0;
    let largestH = 0;
    if (queries !== undefined) {
      [largestG, largestH] = rankingGradients(queries, chunk, workspace, objective, material.truncation);
    } else {
      const from = chunk * CHUNK_ROWS;
      const n = Math.min(rows - from, CHUNK_ROWS);
      const isLogLoss = objective === 'logLoss';
      for (let i = 0; i < n; i++) probabilities[i] = margins[from + i];
      if (isLogLoss) sigmoids(probabilities, n);
      for (let i = 0; i < n; i++) {
        const weight = weights[from + i];
        const p = probabilities[i];
        const g = weight * (p - labels[from + i]);
        const h = isLogLoss ? weight * p * (1 - p) : weight;
        out[2 * (from + i)] = g;
        out[2 * (from + i) + 1] = h;
        largestG = Math.max(largestG, Math.abs(g));
        largestH = Math.max(largestH, h);
      }
    }
    chunks[CHUNK_NUMBERS * chunk + CHUNK.largestG] = largestG;
    chunks[CHUNK_NUMBERS * chunk + CHUNK.largestH] = largestH;
  };

  const quantise = (chunk: number, chosen: number): void => {
    const from = chunk * CHUNK_ROWS;
    const to = Math.min(chosen, from + CHUNK_ROWS);
    const [order] = workspace.order;
    if (chosen === rows) for (let i = from; i < to; i++) order[i] = i;
    kernels.quantise(
      workspace.gradientsAt,
      workspace.orderAt[0],
      from,
      to,
      workspace.parameters[SCALE.g],
      workspace.parameters[SCALE.h],
      workspace.pairsAt[0],
      workspace.chunksAt + 8 * (CHUNK_NUMBERS * chunk + CHUNK.sumG),
    );
  };

  const findSplits = (item: number, side: number, block: number, histogram: number): void => {
    const { blocks } = layoutOf();
    const { first, size } = blocks[block];
    const numbers = ITEM_NUMBERS * item + 4 * side;
    kernels.findSplits(
      histogram,
      first,
      size,
      workspace.aboutAt,
      workspace.itemNumbers[numbers + SIDE.g],
      workspace.itemNumbers[numbers + SIDE.h],
      workspace.parametersAt,
      material.bounded ? 1 : 0,
      workspace.itemNumbers[numbers + SIDE.lower],
      workspace.itemNumbers[numbers + SIDE.upper],
      workspace.splitsAt + SPLIT_BYTES * splitIndex(workspace, item, side, block),
      scratch,
    );
  };

  const histograms = (task: number): void => {
    const { blocks, isBlockUsed } = layoutOf();
    const item = Math.floor(task / blocks.length);
    const block = task - item * blocks.length;
    const { first, size, binsAt } = blocks[block];
    const { items, orderAt, pairsAt } = workspace;
    const at = ITEM_WORDS * item;
    const slotAt = (slot: number): number => workspace.histogramsAt + HISTOGRAM_BYTES * (slot * features + first);
    const parity = items[at + ITEM.parity];
    const small = slotAt(items[at + ITEM.small]);
    // A block of which this tree asks nothing.
    if (!isBlockUsed(block)) {
      findSplits(item, 0, block, small);
      findSplits(item, 1, block, small);
      return;
    }
    kernels.accumulate(
      size,
      binsAt,
      orderAt[parity],
      pairsAt[parity],
      items[at + ITEM.from],
      items[at + ITEM.to],
      small,
    );
    if (items[at + ITEM.wantSmall] === 1) findSplits(item, 0, block, small);
    if (items[at + ITEM.wantLarge] === 1) {
      const large = slotAt(items[at + ITEM.large]);
      kernels.subtract(size, large, small);
      findSplits(item, 1, block, large);
    }
  };

  const part = (item: number): void => {
    const { items, orderAt, pairsAt } = workspace;
    const { columns, strides } = layoutOf();
    const at = ITEM_WORDS * item;
    const parity = items[at + PART.parity];
    const feature = items[at + PART.feature];
    items[at + PART.split] = kernels.goLeft(
      columns[feature],
      strides[feature],
      workspace.tablesAt + TABLE_BYTES * items[at + PART.node],
      orderAt[parity],
      pairsAt[parity],
      items[at + PART.from],
      items[at + PART.to],
      orderAt[1 - parity],
      pairsAt[1 - parity],
    );
  };

  const update = (item: number): void => {
    const { items, margins } = workspace;
    const at = ITEM_WORDS * item;
    const order = workspace.order[items[at + ITEM.parity]];
    const value = workspace.itemNumbers[ITEM_NUMBERS * item];
    const to = items[at + ITEM.to];
    for (let i = items[at + ITEM.from]; i < to; i++) margins[order[i]] += value;
  };

  const route = (chunk: number, first: number): void => {
    const { columns, strides } = layoutOf();
    const { nodes, nodeValues, tables, margins, labels, weights } = workspace;
    const from = first + chunk * CHUNK_ROWS;
    const to = Math.min(all, from + CHUNK_ROWS);
    for (let r = from; r < to; r++) {
      let node = 0;
      for (let feature = nodes[0]; feature >= 0; feature = nodes[NODE_WORDS * node]) {
        const left = tables[TABLE_BYTES * node + bins[columns[feature] + r * strides[feature]]];
        node = nodes[NODE_WORDS * node + 1] + 1 - left;
      }
      margins[r] += nodeValues[node];
    }
    const held = Math.max(from, rows);
    let loss = 0;
    if (material.objective === 'logLoss') {
      for (let r = held; r < to; r++) probabilities[r - held] = margins[r];
      sigmoids(probabilities, Math.max(0, to - held));
      for (let r = held; r < to; r++) loss += weights[r] * logLossOf(probabilities[r - held], labels[r]);
    } else {
      for (let r = held; r < to; r++) loss += weights[r] * (margins[r] - labels[r]) ** 2;
    }
    workspace.chunks[CHUNK_NUMBERS * chunk + CHUNK.loss] = loss;
  };

  return {
    run(phase, task, argument) {
      if (phase === PHASE.histograms) histograms(task);
      else if (phase === PHASE.part) part(task);
      else if (phase === PHASE.gradients) gradients(task);
      else if (phase === PHASE.quantise) quantise(task, argument);
      else if (phase === PHASE.update) update(task);
      else if (phase === PHASE.route) route(task, argument);
      else if (phase === PHASE.bin) bin(task);
      else cut(task);
    },
  };
}

export function splitIndex(workspace: Workspace, item: number, side: number, block: number): number {
  return (2 * item + side) * workspace.mostBlocks + block;
}

/** Where the columns are, once it is known which features are used. */
interface Layout {
  readonly blocks: readonly Block[];
  /** By used feature: byte offset of its first bin, and bytes from row to row. */
  readonly columns: Uint32Array;
  readonly strides: Uint32Array;
  /** Bin by bucket of a slot; overwritten by the next call. */
  lookups(slot: number): Uint8Array;
  isBlockUsed(block: number): boolean;
}

function readLayout(workspace: Workspace): Layout {
  const count = workspace.used[0];
  const blocks = blocksOf(count, workspace.all, workspace.binsAt);
  const columns = new Uint32Array(count);
  const strides = new Uint32Array(count);
  for (const { first, size, binsAt } of blocks) {
    for (let k = 0; k < size; k++) {
      columns[first + k] = binsAt + k;
      strides[first + k] = size;
    }
  }
  const tables: Uint8Array[] = [];
  return {
    blocks,
    columns,
    strides,
    lookups(slot) {
      tables[slot] ??= lookupOf(workspace, slot);
      return tables[slot];
    },
    isBlockUsed(block) {
      const { first, size } = blocks[block];
      for (let k = first; k < first + size; k++) if (workspace.about[4 * k + 1] !== 0) return true;
      return false;
    },
  };
}

function lookupOf(workspace: Workspace, slot: number): Uint8Array {
  const table = new Uint8Array(workspace.buckets);
  const count = workspace.binCounts[workspace.denseWidth + slot];
  for (let i = 0; i < count; i++) table[workspace.kept[CUTS * slot + i]] = i + 1;
  return table;
}
