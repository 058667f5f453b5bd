/**
 * Ids of 128 bits in the online store, as a log-structured merge tree: every flush stores a *run*, divided into pages by
 * the first bits of the ids, and runs of one size are merged eight at a time. An id so costs a share of a page's put, not
 * a put of its own in a random place. A Bloom filter before the runs answers "never seen" for nearly every new id without
 * a read (O'Neil et al. 1996; Bloom 1970).
 */
import type { OnlineStore, StoreWriter } from '../store/index.ts';
import { type Slice, storeSlices } from './slices.ts';

const TABLE = 'events-ids';
/** Sorts after the keys of pages, which are hexadecimal digits. */
const MANIFEST = 'runs';
const ID_BYTES = 16;
/** Ids a page at most, on average: a page of LMDB holds 4,080 bytes, and one page in a hundred thousand has a quarter more. */
const PAGE_IDS = 200;
/** Runs of one size that are merged into one. */
const FAN_IN = 8;
/** Pages a transaction: about a millisecond. */
const SLICE_PAGES = 64;

/** 2^27 bits are 16 MiB: below 1% false positives up to 12 million ids with four probes. */
const BLOOM_BITS = 27;

interface Run {
  readonly run: number;
  /** The run has 2^bits pages: a page is named by the first bits of the ids in it. */
  readonly bits: number;
  readonly ids: number;
}

interface Manifest {
  readonly nextRun: number;
  readonly runs: readonly Run[];
}

export interface IdRuns {
  /** Ids in the store. */
  readonly count: number;
  /** `words[at … at + 3]` is the id. */
  has(words: Uint32Array, at: number): boolean;
  /** Stores ids, four words each, none of which is there yet. Durable when resolved; when it rejects, none of them counts. */
  add(words: Uint32Array): Promise<void>;
  /** Merges runs, in portions that leave the thread to others. To be called now and then, never beside `add`. */
  merge(): Promise<void>;
}

/** Ids that are stored, for whoever only wants the number. */
export function storedIdCount(store: OnlineStore): number {
  return readManifest(store).runs.reduce((sum, { ids }) => sum + ids, 0);
}

/** @param closed true as soon as the store may be closed: work in portions ends then */
export function openIdRuns(store: OnlineStore, closed: () => boolean): IdRuns {
  let manifest = readManifest(store);
  const bloom = new Uint32Array(2 ** (BLOOM_BITS - 5));
  const mark = (words: Uint32Array, at: number): void => {
    for (let probe = 0; probe < 4; probe++) {
      const bit = words[at + probe] >>> (32 - BLOOM_BITS);
      bloom[bit >>> 5] |= 1 << (bit & 31);
    }
  };
  const maybe = (words: Uint32Array, at: number): boolean => {
    for (let probe = 0; probe < 4; probe++) {
      const bit = words[at + probe] >>> (32 - BLOOM_BITS);
      if ((bloom[bit >>> 5] & (1 << (bit & 31))) === 0) return false;
    }
    return true;
  };

  /** Until every stored id is marked, "not in the filter" means nothing and the store is asked. */
  let marked = manifest.runs.length === 0;
  const fill = (pages: Iterator<Uint32Array>): void => {
    if (closed()) return;
    for (let n = 0; n < SLICE_PAGES; n++) {
      const { value, done } = pages.next();
      if (done === true) {
        marked = true;
        return;
      }
      for (let at = 0; at < value.length; at += 4) mark(value, at);
    }
    setImmediate(fill, pages);
  };
  if (!marked) setImmediate(fill, allPages(store, manifest.runs));

  /** Stores the manifest last: until then, pages of runs that it does not name are litter. */
  const replaceManifest = async (next: Manifest): Promise<void> => {
    await store.transaction((write) => write.put(TABLE, MANIFEST, Buffer.from(JSON.stringify(next))));
    manifest = next;
  };
  /** Once, before anything is written: runs that a crash left half written. */
  let tidied: Promise<unknown> | undefined;
  const removeRun = async ({ run, bits }: Run): Promise<void> => {
    for (let page = 0; page < 2 ** bits; page += SLICE_PAGES) {
      if (closed()) return;
      await store.transaction((write) => {
        for (let p = page; p < Math.min(2 ** bits, page + SLICE_PAGES); p++) write.remove(TABLE, pageKey(run, p));
      });
    }
  };

  /** Several runs of equal bits become one: page p of each holds all ids of the pages p·2^k … p·2^k + 2^k − 1 of the new. */
  const mergeRuns = async (old: readonly Run[]): Promise<void> => {
    const ids = old.reduce((sum, run) => sum + run.ids, 0);
    const oldBits = old[0].bits;
    const merged: Run = { run: manifest.nextRun, bits: Math.max(oldBits, bitsFor(ids)), ids };
    const step = Math.max(1, SLICE_PAGES >> (merged.bits - oldBits));
    for (let first = 0; first < 2 ** oldBits; first += step) {
      if (closed()) return;
      await store.transaction((write) => {
        for (let page = first; page < Math.min(2 ** oldBits, first + step); page++) {
          const words = concat(old.map(({ run }) => readPage(store, run, page)));
          writePages(words, merged.run, merged.bits, oldBits, page, write);
        }
      });
    }
    await replaceManifest({
      nextRun: merged.run + 1,
      runs: [merged, ...manifest.runs.filter((run) => !old.includes(run))],
    });
    for (const run of old) await removeRun(run);
  };

  return {
    get count() {
      return manifest.runs.reduce((sum, { ids }) => sum + ids, 0);
    },
    has(words, at) {
      if (marked && !maybe(words, at)) return false;
      return manifest.runs.some(({ run, bits }) =>
        holds(store.get(TABLE, pageKey(run, pageOf(words[at], bits))), words, at),
      );
    },
    async add(words) {
      const ids = words.length / 4;
      if (ids === 0) return;
      tidied ??= removeLitter(store);
      await tidied;
      const run: Run = { run: manifest.nextRun, bits: bitsFor(ids), ids };
      // Should it fail, its pages stay as litter, and no other run takes its number.
      manifest = { ...manifest, nextRun: run.run + 1 };
      const parts = partition(words, run.bits);
      const slices: Slice[] = [];
      for (let first = 0; first < parts.length; first += SLICE_PAGES) {
        slices.push((write) => {
          const end = Math.min(parts.length, first + SLICE_PAGES);
          for (let page = first; page < end; page++) putPage(write, run.run, page, parts[page]);
          return () => {};
        });
      }
      await storeSlices(store, slices);
      await replaceManifest({ nextRun: run.run + 1, runs: [...manifest.runs, run] });
      for (let at = 0; at < words.length; at += 4) mark(words, at);
    },
    async merge() {
      for (;;) {
        const due = dueForMerge(manifest.runs);
        if (due === undefined || closed()) break;
        await mergeRuns(due);
      }
    },
  };
}

/** Removes pages of runs that no manifest names: what a crash between two transactions left. */
async function removeLitter(store: OnlineStore): Promise<number> {
  const named = new Set(readManifest(store).runs.map(({ run }) => run));
  let removed = 0;
  let start: string | undefined;
  for (;;) {
    const [found] = store.range(TABLE, { start, end: MANIFEST, limit: 1 });
    if (found === undefined) return removed;
    const run = Number.parseInt(found.key.slice(0, RUN_DIGITS), 16);
    start = pageKey(run + 1, 0);
    if (named.has(run)) continue;
    const keys = Array.from(store.range(TABLE, { start: pageKey(run, 0), end: start }), ({ key }) => key);
    for (let at = 0; at < keys.length; at += SLICE_PAGES) {
      await store.transaction((write) => {
        for (const key of keys.slice(at, at + SLICE_PAGES)) write.remove(TABLE, key);
      });
    }
    removed += keys.length;
  }
}

function readManifest(store: OnlineStore): Manifest {
  const bytes = store.get(TABLE, MANIFEST);
  return bytes === undefined ? { nextRun: 0, runs: [] } : (JSON.parse(Buffer.from(bytes).toString()) as Manifest);
}

/** The runs of the smallest size of which there are enough. */
function dueForMerge(runs: readonly Run[]): readonly Run[] | undefined {
  const bySize = Map.groupBy(runs, ({ bits }) => bits);
  const sizes = [...bySize.keys()].sort((a, b) => a - b);
  return sizes.map((bits) => bySize.get(bits)).find((equal) => equal !== undefined && equal.length >= FAN_IN);
}

function bitsFor(ids: number): number {
  return Math.max(0, Math.ceil(Math.log2(ids / PAGE_IDS)));
}

/** The first bits of an id's first word. */
function pageOf(word: number, bits: number): number {
  return bits === 0 ? 0 : word >>> (32 - bits);
}

const RUN_DIGITS = 8;

function pageKey(run: number, page: number): string {
  return run.toString(16).padStart(RUN_DIGITS, '0') + page.toString(16).padStart(6, '0');
}

/** The ids of each page. */
function partition(words: Uint32Array, bits: number, skippedBits = 0): readonly Uint32Array[] {
  const pages = 2 ** (bits - skippedBits);
  const low = pages - 1;
  const starts = new Uint32Array(pages + 1);
  for (let at = 0; at < words.length; at += 4) starts[(pageOf(words[at], bits) & low) + 1] += 4;
  for (let page = 0; page < pages; page++) starts[page + 1] += starts[page];
  const sorted = new Uint32Array(words.length);
  const next = starts.slice(0, pages);
  for (let at = 0; at < words.length; at += 4) {
    const page = pageOf(words[at], bits) & low;
    const to = next[page];
    next[page] = to + 4;
    sorted[to] = words[at];
    sorted[to + 1] = words[at + 1];
    sorted[to + 2] = words[at + 2];
    sorted[to + 3] = words[at + 3];
  }
  return Array.from({ length: pages }, (_, page) => sorted.subarray(starts[page], starts[page + 1]));
}

/** Writes the ids of page `page` of a run of `oldBits` as pages of a run of `bits` bits. */
function writePages(
  words: Uint32Array,
  run: number,
  bits: number,
  oldBits: number,
  page: number,
  write: StoreWriter,
): void {
  const parts = partition(words, bits, oldBits);
  for (let i = 0; i < parts.length; i++) putPage(write, run, page * 2 ** (bits - oldBits) + i, parts[i]);
}

/** A page without ids is not stored. */
function putPage(write: StoreWriter, run: number, page: number, words: Uint32Array): void {
  if (words.length > 0) write.put(TABLE, pageKey(run, page), bytesOf(words));
}

function readPage(store: OnlineStore, run: number, page: number): Uint32Array {
  const bytes = store.get(TABLE, pageKey(run, page));
  return bytes === undefined ? new Uint32Array(0) : wordsOf(bytes);
}

function* allPages(store: OnlineStore, runs: readonly Run[]): Generator<Uint32Array> {
  for (const { run, bits } of runs) for (let page = 0; page < 2 ** bits; page++) yield readPage(store, run, page);
}

function concat(parts: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let to = 0;
  for (const part of parts) {
    all.set(part, to);
    to += part.length;
  }
  return all;
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** A copy: what the store gives may lie anywhere, words lie at multiples of four. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  return new Uint32Array(new Uint8Array(bytes).buffer, 0, bytes.length / 4);
}

function holds(page: Uint8Array | undefined, words: Uint32Array, at: number): boolean {
  if (page === undefined) return false;
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  for (let i = 0; i + ID_BYTES <= page.length; i += ID_BYTES) {
    if (
      view.getUint32(i, true) === words[at] &&
      view.getUint32(i + 4, true) === words[at + 1] &&
      view.getUint32(i + 8, true) === words[at + 2] &&
      view.getUint32(i + 12, true) === words[at + 3]
    )
      return true;
  }
  return false;
}
