/**
 * The items whose vectors have the largest inner product with a listener's: an exact SIMD scan while that is fast, a graph
 * index (usearch, HNSW: Malkov & Yashunin, 2018) above. Callers cannot tell which, but by time.
 */
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { Index, MetricKind, ScalarKind } from 'usearch';
import { contentHash, ShelfwiseError } from '../base/index.ts';
import type { Embedding } from '../domain/index.ts';
import { createScan } from '../kernels/index.ts';
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
  /** Up to so many vectors are scanned exactly. @default 20000 (about 0.2 ms a search at 64 dimensions) */
  readonly exactLimit?: number | undefined;
  /** File of a graph that was saved for this very embedding; it is built anew when the file is missing, damaged or another embedding's. */
  readonly loadFrom?: string | undefined;
  /** Where to save the graph once it is built (with a `.json` of its hash beside it). May equal loadFrom. */
  readonly saveTo?: string | undefined;
  /** Share of the graph built, 0 to 1. */
  readonly onProgress?: ((share: number) => void) | undefined;
}

export const EXACT_LIMIT = 20_000;
export const NEAREST_LIMIT = 4096;

export function createNearest(embedding: Embedding, options: NearestOptions = {}): Nearest {
  const withVector = itemsWithVector(embedding);
  return withVector.length <= (options.exactLimit ?? EXACT_LIMIT)
    ? scanNearest(embedding, withVector)
    : graphNearest(embedding, withVector, options);
}

function itemsWithVector(embedding: Embedding): Uint32Array {
  const { factors, dimension, size } = embedding;
  const items = new Uint32Array(size);
  let count = 0;
  for (let item = 0; item < size; item++) {
    for (let i = item * dimension; i < (item + 1) * dimension; i++) {
      if (factors[i] !== 0) {
        items[count++] = item;
        break;
      }
    }
  }
  return items.slice(0, count);
}

function scanNearest(embedding: Embedding, items: Uint32Array): Nearest {
  const { dimension, factors } = embedding;
  const packed = new Float32Array(items.length * dimension);
  items.forEach((item, row) => {
    packed.set(factors.subarray(item * dimension, (item + 1) * dimension), row * dimension);
  });
  const scan = createScan(packed, items.length, dimension, { topCapacity: NEAREST_LIMIT });
  return {
    method: 'scan',
    size: items.length,
    search: (query, k, outItems, outScores) => {
      const count = scan.top(query, k, outItems, outScores);
      for (let i = 0; i < count; i++) outItems[i] = items[outItems[i]];
      return count;
    },
  };
}

/** Vectors added between two reports of progress. */
const ADD_BATCH = 4096;
const CONNECTIVITY = 16;
const EXPANSION_ADD = 128;
const EXPANSION_SEARCH = 128;
/** Changes with anything that makes a saved graph unusable. */
const GRAPH_FORMAT = 1;

/**
 * Inner products become distances by one more dimension (Bachrach et al., RecSys 2014): a vector f gets the component
 * √(M² - |f|²), M the largest norm, and a query gets 0; then |f' - q'|² = M² + |q|² - 2 f·q falls with f·q.
 */
function graphNearest(embedding: Embedding, items: Uint32Array, options: NearestOptions): Nearest {
  const { dimension, factors } = embedding;
  const width = dimension + 1;
  const index = new Index({
    dimensions: width,
    metric: MetricKind.L2sq,
    quantization: ScalarKind.F32,
    connectivity: CONNECTIVITY,
    expansion_add: EXPANSION_ADD,
    expansion_search: EXPANSION_SEARCH,
    multi: false,
  });
  const identity = contentHash(
    `${GRAPH_FORMAT} ${embedding.hash} ${items.length} ${CONNECTIVITY} ${EXPANSION_ADD} ${EXPANSION_SEARCH}`,
  );
  if (options.loadFrom === undefined || !loadGraph(index, options.loadFrom, identity, items.length)) {
    buildGraph(index, embedding, items, options.onProgress);
    if (options.saveTo !== undefined) saveGraph(index, options.saveTo, identity);
  }
  const padded = new Float32Array(width);
  const top = new TopList(NEAREST_LIMIT);
  return {
    method: 'graph',
    size: items.length,
    search: (query, k, outItems, outScores) => {
      if (k > NEAREST_LIMIT) throw new ShelfwiseError('OPTION_INVALID', `search for ${k}; at most ${NEAREST_LIMIT}`);
      padded.set(query.length === dimension ? query : query.subarray(0, dimension));
      const { keys } = index.search(padded, Math.min(k, items.length), 1);
      // Distances lose low bits to M² + |q|²: the products themselves decide the order.
      top.reset(k);
      for (let i = 0; i < keys.length; i++) {
        const item = Number(keys[i]);
        top.offer(item, innerProduct(factors, item * dimension, query, dimension));
      }
      return top.drain(outItems, outScores);
    },
  };
}

function buildGraph(
  index: Index,
  embedding: Embedding,
  items: Uint32Array,
  onProgress: ((share: number) => void) | undefined,
): void {
  const { dimension, factors } = embedding;
  let largest = 0;
  for (const item of items) {
    largest = Math.max(largest, innerProduct(factors, item * dimension, factors, dimension, item * dimension));
  }
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

function saveGraph(index: Index, file: string, identity: string): void {
  const temporary = `${file}.tmp`;
  index.save(temporary);
  const bytes = contentHash(readFileSync(temporary));
  rmSync(`${file}.json`, { force: true });
  renameSync(temporary, file);
  writeFileSync(`${file}.json`, JSON.stringify({ identity, bytes }));
}

/** False when there is no such graph; a damaged file is never handed to the native loader. */
function loadGraph(index: Index, file: string, identity: string, size: number): boolean {
  if (!existsSync(file) || !existsSync(`${file}.json`)) return false;
  const expected = JSON.stringify({ identity, bytes: contentHash(readFileSync(file)) });
  if (readFileSync(`${file}.json`, 'utf8') !== expected) return false;
  index.load(file);
  return index.size() === size;
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
