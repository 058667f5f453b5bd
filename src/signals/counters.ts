/**
 * Decayed plays of items, over the world, by market, and by market and day part: what popularity is.
 *
 * Shared decay: a play at time t is added as weight · 2^((t - T) / halfLife) for a fixed T, so that an addition touches one
 * cell and nothing ever has to be aged; the sum at any time is the cell times 2^(-(now - T) / halfLife). When exponents
 * grow beyond 512, T moves by a whole number of half-lives and every cell is multiplied by a power of two, which is exact.
 */
import { ByteReader, ByteWriter, DAY_MS, requireRange, ShelfwiseError } from '../base/index.ts';
import { type Catalog, DAY_PARTS, dayPartOf, type Epoch, hourOf, sealEpoch, UNKNOWN_KIND } from '../domain/index.ts';
import { addToSparse, createSparse, type SparseSums } from './sparse.ts';
import { TopSelection } from './top.ts';

export interface CounterOptions {
  /** @default 14. Days after which a play weighs half: shorter follows fashion, longer is steadier. */
  readonly halfLifeDays?: number;
  /** @default 500. Items listed for each market. */
  readonly topOfMarket?: number;
  /** @default 200. Items listed for each part of the day in a market. */
  readonly topOfDayPart?: number;
  /** @default 200. Items listed for each genre. */
  readonly topOfGenre?: number;
  /** @default 1000. Items listed for the world. */
  readonly topOfWorld?: number;
}

export interface PlayCounters {
  /**
   * Adds one play: O(1). `market` is -1 when unknown: it then counts for the world alone. In a market it also counts for the
   * part of the day (UTC) of `atMs`. Order does not matter beyond rounding.
   */
  add(item: number, market: number, atMs: number, weight?: number): void;
  /** Decayed plays of the item over the world at a time. */
  playsAt(item: number, nowMs: number): number;
  /**
   * The counters as serving reads them (domain `readCounters`). Values hold at the start of `nowMs`'s UTC day (meta.atMs):
   * within a day the chunks of items without new plays keep their hashes, and ratios are the same at any time. Lists hold
   * catalogued items only, most played first, of equals the smaller number first.
   */
  epoch(nowMs: number, catalog: Catalog, genreCount: number): Epoch;
  encode(): Uint8Array;
}

const FORMAT = 2;
/** Without the sums by part of the day: those of such a store start empty, and fill with what is played from then on. */
const FORMAT_WITHOUT_DAY_PARTS = 1;
/** T moves in steps of so many half-lives. */
const STEP = 256;

/** Counters that start empty, or from what `encode` gave (whose half-life must be the same: `OPTION_INVALID` otherwise). */
export function createCounters(options: CounterOptions = {}, stored?: Uint8Array): PlayCounters {
  const { halfLifeDays = 14, topOfMarket = 500, topOfDayPart = 200, topOfGenre = 200, topOfWorld = 1000 } = options;
  requireRange('createCounters', 'halfLifeDays', halfLifeDays, 0.01, 36500);
  const halfLifeMs = halfLifeDays * DAY_MS;
  /** T in steps; NaN before the first play. */
  let step = Number.NaN;
  let world = new Float64Array(1024);
  /** One more than the highest item with a play. */
  let size = 0;
  const markets = new Map<number, SparseSums>();
  /** By market · DAY_PARTS.length + day part. */
  const dayParts = new Map<number, SparseSums>();
  // The factor of the last time that was added: events of one batch often share it.
  let lastMs = Number.NaN;
  let lastFactor = 0;

  function factorAt(atMs: number): number {
    if (atMs === lastMs) return lastFactor;
    if (Number.isNaN(step)) step = Math.floor(atMs / halfLifeMs / STEP);
    let exponent = atMs / halfLifeMs - step * STEP;
    if (exponent > 2 * STEP) {
      moveTo(Math.floor(atMs / halfLifeMs / STEP));
      exponent = atMs / halfLifeMs - step * STEP;
    }
    lastMs = atMs;
    lastFactor = 2 ** exponent;
    return lastFactor;
  }

  function moveTo(newStep: number): void {
    const scale = 2 ** ((step - newStep) * STEP);
    for (let i = 0; i < size; i++) world[i] *= scale;
    for (const sums of [markets, dayParts])
      for (const { cells } of sums.values())
        for (let at = 1; at < cells.length; at += 2) if (cells[at - 1] !== -1) cells[at] *= scale;
    step = newStep;
  }

  /** What turns a cell into plays at `nowMs`. */
  function valueAt(nowMs: number): number {
    return Number.isNaN(step) ? 0 : 2 ** (step * STEP - nowMs / halfLifeMs);
  }

  function add(item: number, market: number, atMs: number, weight = 1): void {
    const amount = weight * factorAt(atMs);
    if (item >= size) {
      size = item + 1;
      if (size > world.length) {
        const larger = new Float64Array(Math.max(size, 2 * world.length));
        larger.set(world);
        world = larger;
      }
    }
    world[item] += amount;
    if (market < 0) return;
    addTo(markets, market, item, amount);
    addTo(dayParts, market * DAY_PARTS.length + DAY_PARTS.indexOf(dayPartOf(hourOf(atMs))), item, amount);
  }

  function epoch(nowMs: number, catalog: Catalog, genreCount: number): Epoch {
    const atMs = Math.floor(nowMs / DAY_MS) * DAY_MS;
    const scale = valueAt(atMs);
    const known = (item: number) => item < catalog.size && catalog.kind[item] !== UNKNOWN_KIND;
    const plays = new Float32Array(size);
    for (let i = 0; i < size; i++) plays[i] = world[i] * scale;

    const ranked = rankedItems(plays, known);
    const numbers = [...markets.keys()].sort((a, b) => a - b);
    const byMarket = topLists(numbers, markets, topOfMarket, scale, known);
    const parts = numbers.flatMap((market) => DAY_PARTS.map((_, part) => market * DAY_PARTS.length + part));
    const byDayPart = topLists(parts, dayParts, topOfDayPart, scale, known);
    const { genreStart, genreItems } = genreLists(ranked, catalog, genreCount, topOfGenre);

    return sealEpoch({
      kind: 'counters',
      meta: { halfLifeDays, atMs },
      arrays: {
        plays,
        markets: Uint16Array.from(numbers),
        marketStart: byMarket.start,
        marketItems: byMarket.items,
        marketPlays: byMarket.plays,
        dayPartStart: byDayPart.start,
        dayPartItems: byDayPart.items,
        dayPartPlays: byDayPart.plays,
        topItems: ranked.slice(0, topOfWorld),
        genreStart,
        genreItems,
      },
    });
  }

  function encode(): Uint8Array {
    const out = new ByteWriter(1024 + size * 8);
    out.u8(FORMAT);
    out.f64(halfLifeDays);
    out.f64(step);
    out.varint(size);
    out.raw(new Uint8Array(world.buffer, 0, size * 8));
    encodeSums(markets, out);
    encodeSums(dayParts, out);
    return out.finish();
  }

  if (stored !== undefined) {
    const reader = new ByteReader(stored);
    const format = reader.u8();
    const storedHalfLife = reader.f64();
    if ((format !== FORMAT && format !== FORMAT_WITHOUT_DAY_PARTS) || storedHalfLife !== halfLifeDays) {
      throw new ShelfwiseError(
        'OPTION_INVALID',
        `stored counters have format ${format} and a half-life of ${storedHalfLife} days; this is format ${FORMAT}, ${halfLifeDays} days`,
      );
    }
    step = reader.f64();
    size = reader.varint();
    world = new Float64Array(Math.max(1024, size));
    new Uint8Array(world.buffer).set(reader.raw(size * 8));
    decodeSums(reader, markets);
    if (format === FORMAT) decodeSums(reader, dayParts);
  }

  return {
    add,
    playsAt: (item, nowMs) => (item < size ? world[item] * valueAt(nowMs) : 0),
    epoch,
    encode,
  };
}

function addTo(groups: Map<number, SparseSums>, group: number, item: number, amount: number): void {
  let sums = groups.get(group);
  if (sums === undefined) {
    sums = createSparse();
    groups.set(group, sums);
  }
  addToSparse(sums, item, amount);
}

/** For each of these groups its most played items, one list behind another; a group without plays has an empty one. */
function topLists(
  groups: readonly number[],
  sumsOf: ReadonlyMap<number, SparseSums>,
  limit: number,
  scale: number,
  known: (item: number) => boolean,
): { readonly start: Uint32Array; readonly items: Uint32Array; readonly plays: Float32Array } {
  const start = new Uint32Array(groups.length + 1);
  const items = new Uint32Array(groups.length * limit);
  const plays = new Float32Array(groups.length * limit);
  const top = new TopSelection(limit);
  let at = 0;
  groups.forEach((group, g) => {
    const cells = sumsOf.get(group)?.cells ?? NO_CELLS;
    top.begin(limit);
    for (let c = 0; c < cells.length; c += 2) {
      if (cells[c] === -1) continue;
      const groupPlays = Math.fround(cells[c + 1] * scale);
      if (groupPlays > 0 && top.admits(groupPlays) && known(cells[c])) top.offer(cells[c], groupPlays);
    }
    start[g] = at;
    at += top.drain(items.subarray(at), plays.subarray(at));
  });
  start[groups.length] = at;
  return { start, items: items.slice(0, at), plays: plays.slice(0, at) };
}

const NO_CELLS = new Float64Array(0);

function encodeSums(groups: ReadonlyMap<number, SparseSums>, out: ByteWriter): void {
  out.varint(groups.size);
  for (const group of [...groups.keys()].sort((a, b) => a - b)) {
    const { cells, count } = groups.get(group) as SparseSums;
    const pairs = new Float64Array(2 * count);
    let written = 0;
    for (let at = 0; at < cells.length; at += 2) {
      if (cells[at] === -1) continue;
      pairs[written++] = cells[at];
      pairs[written++] = cells[at + 1];
    }
    out.varint(group);
    out.varint(count);
    out.raw(new Uint8Array(pairs.buffer));
  }
}

function decodeSums(reader: ByteReader, groups: Map<number, SparseSums>): void {
  const groupCount = reader.varint();
  for (let g = 0; g < groupCount; g++) {
    const group = reader.varint();
    const count = reader.varint();
    const sums = createSparse(count);
    for (let i = 0; i < count; i++) addToSparse(sums, reader.f64(), reader.f64());
    groups.set(group, sums);
  }
}

/** Items with plays, most played first, of equals the smaller number first: a radix sort on the bits of the floats. */
function rankedItems(plays: Float32Array, known: (item: number) => boolean): Uint32Array {
  let count = 0;
  for (let i = 0; i < plays.length; i++) if (plays[i] > 0 && known(i)) count++;
  let from = new Uint32Array(count);
  let to = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < plays.length; i++) if (plays[i] > 0 && known(i)) from[at++] = i;
  // The bits of positive floats are in the order of the floats; inverted they ascend from the greatest.
  const bits = new Uint32Array(plays.buffer, plays.byteOffset, plays.length);
  const offsets = new Uint32Array(65536);
  for (let shift = 0; shift < 32; shift += 16) {
    offsets.fill(0);
    for (let i = 0; i < count; i++) offsets[(~bits[from[i]] >>> shift) & 0xffff]++;
    let sum = 0;
    for (let digit = 0; digit < 65536; digit++) {
      const here = offsets[digit];
      offsets[digit] = sum;
      sum += here;
    }
    for (let i = 0; i < count; i++) to[offsets[(~bits[from[i]] >>> shift) & 0xffff]++] = from[i];
    [from, to] = [to, from];
  }
  return from;
}

/** Counts the items of each genre to lay the lists out, then walks them in rank order and hands each to its genres until they are full. */
function genreLists(ranked: Uint32Array, catalog: Catalog, genreCount: number, limit: number) {
  const { genreStart: start, genreIds } = catalog;
  const left = new Uint32Array(genreCount);
  for (const item of ranked) {
    for (let g = start[item]; g < start[item + 1]; g++) {
      const genre = genreIds[g];
      if (genre < genreCount && left[genre] < limit) left[genre]++;
    }
  }
  const genreStart = new Uint32Array(genreCount + 1);
  for (let genre = 0; genre < genreCount; genre++) genreStart[genre + 1] = genreStart[genre] + left[genre];
  const genreItems = new Uint32Array(genreStart[genreCount]);
  for (const item of ranked) {
    for (let g = start[item]; g < start[item + 1]; g++) {
      const genre = genreIds[g];
      if (genre < genreCount && left[genre] > 0) genreItems[genreStart[genre + 1] - left[genre]--] = item;
    }
  }
  return { genreStart, genreItems };
}
