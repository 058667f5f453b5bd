/**
 * The items whose vectors have the largest inner product with a listener's: an exact SIMD scan while that is fast, a graph
 * index (usearch, HNSW: Malkov & Yashunin, 2018) above. Callers cannot tell which, but by time.
 *
 * Rows stand by falling length, so that the scan passes over what is too short to matter: among 96,000 vectors fitted by
 * ALS a search for the best 200 looks at 20,000, is exact, and takes half the time of the graph, which therefore begins
 * where that ends. A graph alone finds inner products badly, since lengths of ALS vectors spread over two orders of
 * magnitude: of the true 200 it found .31 (by L2 with an added dimension) or .69 (by inner product). So the longest vectors
 * are always scanned, and the graph holds the rest, whose lengths are alike, added longest first: recall 1.0000.
 */
import { createRequire } from 'node:module';
import type { Index } from 'usearch';
import { atOnce, ShelfwiseError } from '../base/index.ts';
import type { Embedding } from '../domain/index.ts';
import { createEmptyScan, type VectorScan } from '../kernels/index.ts';
import { TopList } from './top-list.ts';

export interface Nearest {
  /** `scan` is exact; `graph` finds nearly all. */
  readonly method: 'scan' | 'graph';
  /** Items with a vector. */
  readonly size: number;
  /**
   * Writes the k items with the largest inner product, best first, and those products; returns how many. Items without a
   * vector are never among them. k <= NEAREST_LIMIT.
   */
  search(query: Float32Array, k: number, outItems: Uint32Array, outScores: Float32Array): number;
}

export interface NearestOptions {
  /**
   * Most rows that a usual search by scan may look at; beyond it a graph is built.
   * @default 40000: about 0.5 ms at 64 dimensions, what a search of the graph takes
   */
  readonly exactLimit?: number | undefined;
  /** Share of the graph built, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

export const EXACT_LIMIT = 40_000;
export const NEAREST_LIMIT = 4096;

/** Works everything out anew: with a graph, minutes for a million vectors. `openNearest` reads what was worked out before. */
export function createNearest(embedding: Embedding, options: NearestOptions = {}): Nearest {
  const { items, scanned, scan } = planNearest(embedding, options.exactLimit ?? EXACT_LIMIT);
  if (scanned === items.length) return nearestOf(embedding, items, scan);
  const index = emptyGraph(embedding);
  buildGraph(index, embedding, items.subarray(scanned), options.onProgress);
  return nearestOf(embedding, items, scan, index);
}

/** How an embedding is searched. */
export interface NearestPlan {
  /** Items with a vector, by falling length, equals by number. */
  readonly items: Uint32Array;
  /** So many of them are scanned; a graph holds the rest. */
  readonly scanned: number;
}

export function planNearest(embedding: Embedding, exactLimit: number): NearestPlan & { readonly scan: VectorScan } {
  const items = itemsWithVector(embedding);
  const scan = atOnce(fillScan(embedding, items));
  if (items.length <= exactLimit || rowsLookedAt(embedding, items, scan) <= exactLimit)
    return { items, scanned: items.length, scan };
  const scanned = headOf(exactLimit);
  return { items, scanned, scan: atOnce(fillScan(embedding, items.subarray(0, scanned))) };
}

const PROBES = 33;
const PROBE_DEPTH = 200;

/** Rows that a scan must look at to be sure of its best 200: the median over probes, which are items' vectors themselves. */
function rowsLookedAt(embedding: Embedding, items: Uint32Array, scan: VectorScan): number {
  const { dimension, factors } = embedding;
  const length = (item: number): number =>
    Math.sqrt(innerProduct(factors, item * dimension, factors, dimension, item * dimension));
  const found = new Uint32Array(PROBE_DEPTH);
  const scores = new Float32Array(PROBE_DEPTH);
  const looked = new Float64Array(PROBES);
  for (let p = 0; p < PROBES; p++) {
    const probe = items[Math.floor(((p + 0.5) / PROBES) * items.length)];
    const query = factors.subarray(probe * dimension, (probe + 1) * dimension);
    const count = scan.top(query, PROBE_DEPTH, found, scores);
    const needed = scores[count - 1] / length(probe);
    let low = 0;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (length(items[middle]) >= needed) low = middle + 1;
      else high = middle;
    }
    looked[p] = low;
  }
  return looked.sort()[PROBES >> 1];
}

function itemsWithVector(embedding: Embedding): Uint32Array {
  const { factors, dimension, size } = embedding;
  const lengths = new Float64Array(size);
  const items = new Uint32Array(size);
  let count = 0;
  for (let item = 0; item < size; item++) {
    const at = item * dimension;
    lengths[item] = Math.sqrt(innerProduct(factors, at, factors, dimension, at));
    if (lengths[item] > 0) items[count++] = item;
  }
  return items.slice(0, count).sort((a, b) => lengths[b] - lengths[a] || a - b);
}

/** Rows put between two turns of the thread: about a millisecond. */
const FILL_ROWS = 4096;

/** The scan over the items' vectors. It stops after each portion, for callers with a thread that others wait for. */
export function* fillScan(embedding: Embedding, items: Uint32Array): Generator<undefined, VectorScan> {
  const { dimension, factors } = embedding;
  const scan = createEmptyScan(items.length, dimension, { topCapacity: NEAREST_LIMIT });
  for (let row = 0; row < items.length; row++) {
    if (row % FILL_ROWS === FILL_ROWS - 1) yield;
    scan.put(row, factors, items[row] * dimension);
  }
  return scan;
}

/** The longest vectors are scanned, not looked for in the graph. */
const HEAD = 8192;
/** Rows that are scanned beside a graph. */
export function headOf(exactLimit: number): number {
  return Math.min(HEAD, exactLimit);
}
/** Vectors added between two reports of progress. One thread adds about 5,000 a second: 1M take minutes, so save the graph. */
const ADD_BATCH = 4096;
const CONNECTIVITY = 16;
const EXPANSION_ADD = 64;
const EXPANSION_SEARCH = 128;
/** What else but the embedding decides the graph. */
export const GRAPH_SETTINGS = `${CONNECTIVITY} ${EXPANSION_ADD} ${EXPANSION_SEARCH} ${HEAD}`;

/**
 * The native index, loaded when a graph is wanted. By `require`: as an ES module it looks for its binary by the call stack
 * of whoever imports it, and overflows the stack when that is no file.
 */
function loadUsearch(): typeof import('usearch') {
  return createRequire(import.meta.url)('usearch') as typeof import('usearch');
}

export function emptyGraph({ dimension }: Embedding): Index {
  const usearch = loadUsearch();
  return new usearch.Index({
    dimensions: dimension + 1,
    metric: usearch.MetricKind.L2sq,
    quantization: usearch.ScalarKind.F32,
    connectivity: CONNECTIVITY,
    expansion_add: EXPANSION_ADD,
    expansion_search: EXPANSION_SEARCH,
    multi: false,
  });
}

/** The search over a scan of the first of `items` and, where that are not all, a graph of the rest. */
export function nearestOf(embedding: Embedding, items: Uint32Array, scan: VectorScan, graph?: Index): Nearest {
  const { dimension, factors } = embedding;
  const scanned = (query: Float32Array, k: number, outItems: Uint32Array, outScores: Float32Array): number => {
    const count = scan.top(query, Math.min(k, scan.rows), outItems, outScores);
    for (let i = 0; i < count; i++) outItems[i] = items[outItems[i]];
    return count;
  };
  if (graph === undefined) return { method: 'scan', size: items.length, search: scanned };
  const padded = new Float32Array(dimension + 1);
  const top = new TopList(NEAREST_LIMIT);
  return {
    method: 'graph',
    size: items.length,
    search: (query, k, outItems, outScores) => {
      if (k > NEAREST_LIMIT) throw new ShelfwiseError('OPTION_INVALID', `search for ${k}; at most ${NEAREST_LIMIT}`);
      padded.set(query.length === dimension ? query : query.subarray(0, dimension));
      top.reset(k);
      const found = scanned(query, k, outItems, outScores);
      for (let i = 0; i < found; i++) top.offer(outItems[i], outScores[i]);
      const { keys } = graph.search(padded, Math.min(k, items.length - scan.rows), 1);
      // Distances lose low bits to M² + |q|²: the products themselves decide the order.
      for (let i = 0; i < keys.length; i++) {
        const item = Number(keys[i]);
        top.offer(item, innerProduct(factors, item * dimension, query, dimension));
      }
      return top.drain(outItems, outScores);
    },
  };
}

/**
 * Adds `items`, by falling length and at least one.
 *
 * Inner products become distances by one more dimension (Bachrach et al., RecSys 2014): a vector f gets the component
 * √(M² - |f|²), M the largest length in the graph, and a query gets 0; then |f' - q'|² = M² + |q|² - 2 f·q falls with f·q.
 */
export function buildGraph(
  index: Index,
  embedding: Embedding,
  items: Uint32Array,
  onProgress: ((share: number) => void) | undefined,
): void {
  const { dimension, factors } = embedding;
  const longest = items[0] * dimension;
  const largest = innerProduct(factors, longest, factors, dimension, longest);
  const width = dimension + 1;
  for (let from = 0; from < items.length; from += ADD_BATCH) {
    const count = Math.min(ADD_BATCH, items.length - from);
    const keys = new BigUint64Array(count);
    const rows = new Float32Array(count * width);
    for (let i = 0; i < count; i++) {
      const item = items[from + i];
      const at = item * dimension;
      keys[i] = BigInt(item);
      rows.set(factors.subarray(at, at + dimension), i * width);
      const square = innerProduct(factors, at, factors, dimension, at);
      rows[i * width + dimension] = Math.sqrt(Math.max(0, largest - square));
    }
    // One thread: the graph, and so what it finds, is the same every time.
    index.add(keys, rows, 1);
    onProgress?.((from + count) / items.length);
  }
}

/** Four partial sums, so that the additions need not wait for each other. */
export function innerProduct(a: Float32Array, aAt: number, b: Float32Array, dimension: number, bAt = 0): number {
  let s0 = 0;
  let s1 = 0;
  let s2 = 0;
  let s3 = 0;
  let i = 0;
  for (; i + 3 < dimension; i += 4) {
    s0 += a[aAt + i] * b[bAt + i];
    s1 += a[aAt + i + 1] * b[bAt + i + 1];
    s2 += a[aAt + i + 2] * b[bAt + i + 2];
    s3 += a[aAt + i + 3] * b[bAt + i + 3];
  }
  for (; i < dimension; i++) s0 += a[aAt + i] * b[bAt + i];
  return s0 + s1 + (s2 + s3);
}
