/**
 * The memory in which trees are grown, shared by all threads: what is where, and views of it.
 *
 * `all` rows are binned: first the rows that are learnt from, then those of the validation. Features that say nothing are
 * left out; the others stand in blocks of 8, 4, 2 or 1, whose bins lie row by row.
 */
import {
  allocateBoosting,
  type BoostingKernels,
  HISTOGRAM_BYTES,
  instantiateBoosting,
  SPLIT_BYTES,
} from '../../kernels/index.ts';
import { CUTS } from './bins.ts';

/** Rows of one task that passes over all rows. */
export const CHUNK_ROWS = 8192;
/** Rows that are copied into a thread's scratch to be binned. */
export const BINNED_ROWS = 256;
/** Int32 of the table that the threads go by; see crew.ts. */
export const CONTROL_WORDS = 16;

export interface WorkspaceShape {
  readonly rows: number;
  readonly all: number;
  readonly denseWidth: number;
  readonly sparseWidth: number;
  readonly buckets: number;
  readonly maxLeaves: number;
  /** Histograms that are held at once. */
  readonly slots: number;
  readonly threads: number;
  /** Bins of a column at most, categories of a slot at most. */
  readonly maxBins: number;
  readonly maxCategories: number;
}

/** Raw rows, shared for as long as it takes to bin them. */
export interface RawRows {
  readonly dense: Float32Array;
  readonly sparse: Uint32Array;
  /** Rows that quantiles are taken from: their values, column after column, and their weights. */
  readonly sampled: Float32Array;
  readonly sampledWeights: Float32Array;
}

/** Words of one item: what a task of growing is about; see tasks.ts. */
export const ITEM_WORDS = 8;
/** Numbers of one item: sums and bounds of the two nodes. */
export const ITEM_NUMBERS = 8;
export const SPLIT_WORDS = SPLIT_BYTES / 4;
export const TABLE_BYTES = 256;

export interface Workspace extends WorkspaceShape {
  readonly memory: WebAssembly.Memory;
  readonly kernels: BoostingKernels;
  /** Features at most: columns and slots. */
  readonly features: number;
  /** Blocks at most. */
  readonly mostBlocks: number;
  readonly control: Int32Array;
  readonly labels: Float32Array;
  readonly weights: Float32Array;
  readonly margins: Float64Array;
  /** Pairs by row. */
  readonly gradients: Float32Array;
  readonly gradientsAt: number;
  /** Two of each, between which the rows of a node go to and fro with its depth. */
  readonly order: readonly [Uint32Array, Uint32Array];
  readonly orderAt: readonly [number, number];
  readonly pairsAt: readonly [number, number];
  readonly binsAt: number;
  readonly bins: Uint8Array;
  readonly histogramsAt: number;
  /** Four words a used feature: bins, kind, monotone, -. */
  readonly about: Int32Array;
  readonly aboutAt: number;
  /** Word 0: used features; then the original number of each. */
  readonly used: Uint32Array;
  readonly cuts: Float32Array;
  readonly cutsAt: number;
  /** 256 a slot: its kept buckets. */
  readonly kept: Uint32Array;
  /** By original feature: bins beside bin 0. */
  readonly binCounts: Uint32Array;
  readonly parameters: Float64Array;
  readonly parametersAt: number;
  readonly items: Int32Array;
  readonly itemNumbers: Float64Array;
  readonly splits: Int32Array;
  readonly splitNumbers: Float64Array;
  readonly splitsAt: number;
  /** 256 bytes a node of the tree being grown: 1 where the bin goes left. */
  readonly tables: Uint8Array;
  readonly tablesAt: number;
  /** Three words a node: its used feature or -1, its left child, -; and its value. */
  readonly nodes: Int32Array;
  readonly nodeValues: Float64Array;
  /** Four numbers a chunk. */
  readonly chunks: Float64Array;
  readonly chunksAt: number;
  readonly scratchAt: number;
}

export const NODE_WORDS = 3;
export const CHUNK_NUMBERS = 4;

/** One of the blocks that used features stand in. */
export interface Block {
  readonly first: number;
  readonly size: number;
  /** Byte offset of its bins. */
  readonly binsAt: number;
}

/** 8 features a block, the rest in blocks of 4, 2 and 1. */
export function blocksOf(used: number, all: number, binsAt: number): readonly Block[] {
  const blocks: Block[] = [];
  let at = binsAt;
  for (let first = 0; first < used; ) {
    const left = used - first;
    const size = left >= 8 ? 8 : left >= 4 ? 4 : left >= 2 ? 2 : 1;
    blocks.push({ first, size, binsAt: at });
    at += Math.ceil((size * all) / 64) * 64;
    first += size;
  }
  return blocks;
}

/** Bytes of a thread's own: entries of a category scan, and rows to be binned. */
function scratchBytes(shape: WorkspaceShape): number {
  return 4096 + Math.ceil((BINNED_ROWS * shape.denseWidth * 4) / 64) * 64;
}

/** Makes the memory, or views of one that another thread made. Throws `KERNEL_MEMORY`. */
export function openWorkspace(shape: WorkspaceShape, shared?: WebAssembly.Memory): Workspace {
  const { rows, all, denseWidth, sparseWidth, maxLeaves, threads } = shape;
  const features = denseWidth + sparseWidth;
  const blocks = Math.ceil(features / 8) + 3;
  const items = Math.max(maxLeaves, 1);
  const nodes = 2 * maxLeaves;
  const chunks = Math.ceil(all / CHUNK_ROWS);
  let end = 1024;
  const region = (bytes: number): number => {
    const at = end;
    end += Math.ceil(bytes / 64) * 64;
    return at;
  };
  const at = {
    control: region(CONTROL_WORDS * 4),
    labels: region(4 * all),
    weights: region(4 * all),
    margins: region(8 * all),
    gradients: region(8 * rows),
    order0: region(4 * rows),
    order1: region(4 * rows),
    pairs0: region(8 * rows),
    pairs1: region(8 * rows),
    bins: region(features * all + 64 * blocks + 64),
    about: region(16 * features),
    used: region(4 * (features + 1)),
    cuts: region(4 * CUTS * denseWidth),
    kept: region(4 * CUTS * sparseWidth),
    binCounts: region(4 * features),
    parameters: region(64),
    items: region(4 * ITEM_WORDS * items),
    itemNumbers: region(8 * ITEM_NUMBERS * items),
    splits: region(2 * items * blocks * SPLIT_BYTES),
    tables: region(TABLE_BYTES * nodes),
    nodes: region(4 * NODE_WORDS * nodes),
    nodeValues: region(8 * nodes),
    chunks: region(8 * CHUNK_NUMBERS * chunks),
    scratch: region(threads * scratchBytes(shape)),
    histograms: region(shape.slots * features * HISTOGRAM_BYTES),
  };
  const memory = shared ?? allocateBoosting(end);
  const { buffer } = memory;
  const words = (from: number, length: number): Int32Array => new Int32Array(buffer, from, length);
  const unsigned = (from: number, length: number): Uint32Array => new Uint32Array(buffer, from, length);
  const singles = (from: number, length: number): Float32Array => new Float32Array(buffer, from, length);
  const doubles = (from: number, length: number): Float64Array => new Float64Array(buffer, from, length);
  return {
    ...shape,
    memory,
    kernels: instantiateBoosting(memory),
    features,
    mostBlocks: blocks,
    control: words(at.control, CONTROL_WORDS),
    labels: singles(at.labels, all),
    weights: singles(at.weights, all),
    margins: doubles(at.margins, all),
    gradients: singles(at.gradients, 2 * rows),
    gradientsAt: at.gradients,
    order: [unsigned(at.order0, rows), unsigned(at.order1, rows)],
    orderAt: [at.order0, at.order1],
    pairsAt: [at.pairs0, at.pairs1],
    binsAt: at.bins,
    bins: new Uint8Array(buffer),
    histogramsAt: at.histograms,
    about: words(at.about, 4 * features),
    aboutAt: at.about,
    used: unsigned(at.used, features + 1),
    cuts: singles(at.cuts, CUTS * denseWidth),
    cutsAt: at.cuts,
    kept: unsigned(at.kept, CUTS * sparseWidth),
    binCounts: unsigned(at.binCounts, features),
    parameters: doubles(at.parameters, 8),
    parametersAt: at.parameters,
    items: words(at.items, ITEM_WORDS * items),
    itemNumbers: doubles(at.itemNumbers, ITEM_NUMBERS * items),
    splits: words(at.splits, 2 * items * blocks * SPLIT_WORDS),
    splitNumbers: doubles(at.splits, (2 * items * blocks * SPLIT_BYTES) / 8),
    splitsAt: at.splits,
    tables: new Uint8Array(buffer, at.tables, TABLE_BYTES * nodes),
    tablesAt: at.tables,
    nodes: words(at.nodes, NODE_WORDS * nodes),
    nodeValues: doubles(at.nodeValues, nodes),
    chunks: doubles(at.chunks, CHUNK_NUMBERS * chunks),
    chunksAt: at.chunks,
    scratchAt: at.scratch,
  };
}

/** A thread's own scratch: 4 kB of entries, then rows to be binned. */
export function scratchOf(workspace: Workspace, thread: number): number {
  return workspace.scratchAt + thread * scratchBytes(workspace);
}
