/** How often each text occurs: exact while few are distinct, then within a stated error and in bounded memory. */
import { hash32 } from '../../base/index.ts';
import { compareBytes, encodeText, isUtf8 } from '../metadata/index.ts';
import type { CodedTexts } from '../sources/columns.ts';
import { DistinctValues } from './distinct-values.ts';
import { sorted } from './sorting.ts';
import { perWord } from './words.ts';

export interface RankedValue {
  readonly value: string;
  readonly frequency: number;
}

/** What stands for a value that is not UTF-8, and for one longer than LARGE_BYTES once counts are approximate. */
export const NOT_UTF8 = '__BYTES_VALUE__';
const LARGE = '__LARGE_BYTES__';
const LARGE_BYTES = 1024;

const HELD_BYTES = 1 << 26;

/** 53 bits, from 0 up to 1; 1 where it is not below `limit`. */
function hashBelow(value: string, limit: number): number {
  const first = hash32(value, 0x5bd1);
  if (first / 2 ** 32 >= limit) return 1;
  return (first * 2 ** 21 + (hash32(value) >>> 11)) / 2 ** 53;
}

/** Bytes of UTF-8; of what is not UTF-8 the complement, below 0. */
function sizeOf(value: string): number {
  return isUtf8(value) ? Buffer.byteLength(value) : ~encodeText(value).length;
}

function bytesOf(size: number): number {
  return size < 0 ? ~size : size;
}

const sizesOfWords = perWord(sizeOf);
const hashesOfWords = perWord((word) => hashBelow(word, 1));

/** Of an entry: occurrences, the weight of the examples that they are in, `sizeOf` its text, its code in the dictionary. */
const RECORD = 4;
const COUNT = 0;
const WEIGHT = 1;
const SIZE = 2;
const CODE = 3;

const FIRST_PLACES = 16;

/** Instead of the code of a word: the entry's text came otherwise. */
const NO_CODE = -1;

/** Instead of a count: nothing stands there. */
const FREE = -1;

/**
 * Counts of texts. Exact up to `tracked` distinct ones (or 64 MiB of them). Beyond, Misra and Gries 1982: a count is never
 * more than the truth and less by at most (all occurrences) / `tracked`; the number of distinct values is then that of
 * DistinctValues. Merging keeps both bounds.
 *
 * An entry is a place among records. While all texts come by one dictionary, entries are found by code alone, and no text is
 * looked at more than once.
 */
export class ValueCounts {
  readonly tracked: number;
  private readonly weighted: boolean;
  private records = new Float64Array(RECORD * FIRST_PLACES);
  /** Places that are or were in use. */
  private used = 0;
  /** Places of those that are free, the first `freed`. */
  private free = new Int32Array(FIRST_PLACES);
  private freed = 0;
  /** Of entries without a code. */
  private readonly texts: (string | undefined)[] = [];
  /** Places by their text; undefined as long as all have a code. */
  private byText: Map<string, number> | undefined;
  /** The dictionary that texts came by last, and places + 1 by code, 0 for none. */
  private words: readonly string[] = [];
  private slots = new Int32Array(2 * FIRST_PLACES);
  private heldBytes = 0;
  /** Once counts are approximate. */
  private distinct: DistinctValues | undefined;
  values = 0;
  bytes = 0;
  notUtf8 = 0;

  constructor(tracked: number, weighted: boolean) {
    this.tracked = tracked;
    this.weighted = weighted;
  }

  get exact(): boolean {
    return this.distinct === undefined;
  }

  /** Texts that are held. */
  private get size(): number {
    return this.used - this.freed;
  }

  add(value: string, weight: number): void {
    const place = this.textPlaces().get(value);
    const size = place === undefined ? sizeOf(value) : this.records[RECORD * place + SIZE];
    this.values++;
    this.bytes += bytesOf(size);
    if (size < 0) this.notUtf8++;
    if (place === undefined) this.put(value, size, 1, weight);
    else this.increase(place, 1, weight);
  }

  /** Texts by a dictionary. */
  addCoded({ words, codes }: CodedTexts, weights: Float64Array | undefined): void {
    this.use(words);
    const sizes = sizesOfWords(words);
    let hashes: Float64Array | undefined;
    let [bytes, notUtf8] = [0, 0];
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i];
      const place = this.placeOf(code);
      let size: number;
      if (place < 0) {
        size = sizes[code];
        if (this.distinct) {
          hashes ??= hashesOfWords(words);
          this.distinct.add(hashes[code]);
        }
        this.putCode(code, size, weights ? weights[i] : 1);
      } else {
        const { records } = this;
        const at = RECORD * place;
        size = records[at + SIZE];
        records[at + COUNT]++;
        if (weights) records[at + WEIGHT] += weights[i];
      }
      bytes += size < 0 ? ~size : size;
      if (size < 0) notUtf8++;
    }
    this.values += codes.length;
    this.bytes += bytes;
    this.notUtf8 += notUtf8;
  }

  /** Takes in the counts of another; the other stays as it is. */
  merge(other: ValueCounts): void {
    this.values += other.values;
    this.bytes += other.bytes;
    this.notUtf8 += other.notUtf8;
    this.textPlaces();
    if (!other.exact && this.exact) this.approximate();
    const { records } = other;
    for (let place = 0; place < other.used; place++) {
      const at = RECORD * place;
      if (records[at + COUNT] !== FREE)
        this.put(other.textOf(place), records[at + SIZE], records[at + COUNT], records[at + WEIGHT]);
    }
    if (other.distinct) this.distinct?.merge(other.distinct);
  }

  /** Distinct values. */
  get unique(): number {
    return this.distinct?.count ?? this.size;
  }

  /** The most frequent first, of equal ones the greater by bytes; none below the threshold. */
  ranked(by: 'count' | 'weight', limit: number, threshold: number): RankedValue[] {
    const field = by === 'count' ? COUNT : WEIGHT;
    // What cannot be among the most frequent is not compared text by text.
    const least = Math.max(threshold, this.size > limit ? this.greatest(field, limit - 1) : 0);
    const ranked: RankedValue[] = [];
    for (let place = 0; place < this.used; place++) {
      const frequency = this.records[RECORD * place + field];
      const held = this.records[RECORD * place + COUNT] !== FREE;
      if (held && frequency >= least && frequency > 0) ranked.push({ value: this.textOf(place), frequency });
    }
    ranked.sort((a, b) => b.frequency - a.frequency || compareBytes(b.value, a.value));
    return ranked
      .slice(0, limit)
      .map(({ value, frequency }) => ({ value: isUtf8(value) ? value : NOT_UTF8, frequency }));
  }

  private textOf(place: number): string {
    const code = this.records[RECORD * place + CODE];
    return code === NO_CODE ? this.texts[place]! : this.words[code];
  }

  /** Makes codes those of a dictionary. */
  private use(words: readonly string[]): void {
    if (this.words === words) return;
    if (this.size > 0) {
      this.textPlaces();
      for (let place = 0; place < this.used; place++) {
        if (this.records[RECORD * place + COUNT] === FREE) continue;
        this.texts[place] = this.textOf(place);
        this.records[RECORD * place + CODE] = NO_CODE;
      }
      this.slots.fill(0);
    }
    this.words = words;
  }

  /** From now on kept beside the codes. */
  private textPlaces(): Map<string, number> {
    if (!this.byText) {
      this.byText = new Map();
      for (let place = 0; place < this.used; place++)
        if (this.records[RECORD * place + COUNT] !== FREE) this.byText.set(this.textOf(place), place);
    }
    return this.byText;
  }

  /** Of a word by its code; below 0 if it is not held. */
  private placeOf(code: number): number {
    const { slots, records } = this;
    const mask = slots.length - 1;
    let slot = code & mask;
    let place = slots[slot] - 1;
    while (place >= 0 && records[RECORD * place + CODE] !== code) {
      slot = (slot + 1) & mask;
      place = slots[slot] - 1;
    }
    if (place >= 0 || !this.byText) return place;
    place = this.byText.get(this.words[code]) ?? -1;
    if (place >= 0) {
      records[RECORD * place + CODE] = code;
      slots[slot] = place + 1;
    }
    return place;
  }

  private increase(place: number, count: number, weight: number): void {
    this.records[RECORD * place + COUNT] += count;
    this.records[RECORD * place + WEIGHT] += weight;
  }

  /** A text that may be held. */
  private put(value: string, size: number, count: number, weight: number): void {
    if (this.distinct && value !== LARGE) {
      this.distinct.add(hashBelow(value, this.distinct.limit));
      if (bytesOf(size) > LARGE_BYTES) {
        this.putLarge(count, weight);
        return;
      }
    }
    const place = this.textPlaces().get(value);
    if (place !== undefined) {
      this.increase(place, count, weight);
      return;
    }
    const added = this.hold(NO_CODE, size, count, weight);
    this.texts[added] = value;
    this.textPlaces().set(value, added);
    this.keepWithin(size);
  }

  /** A word that is not held. */
  private putCode(code: number, size: number, weight: number): void {
    if (this.distinct && bytesOf(size) > LARGE_BYTES) {
      this.putLarge(1, weight);
      return;
    }
    const place = this.hold(code, size, 1, weight);
    this.enter(place, code);
    this.byText?.set(this.words[code], place);
    this.keepWithin(size);
  }

  private putLarge(count: number, weight: number): void {
    this.put(LARGE, LARGE.length, count, weight);
  }

  private hold(code: number, size: number, count: number, weight: number): number {
    const place = this.freed > 0 ? this.free[--this.freed] : this.used++;
    if (RECORD * place === this.records.length) this.grow();
    const at = RECORD * place;
    this.records[at + COUNT] = count;
    this.records[at + WEIGHT] = weight;
    this.records[at + SIZE] = size;
    this.records[at + CODE] = code;
    return place;
  }

  /** After one more is held. */
  private keepWithin(size: number): void {
    this.heldBytes += bytesOf(size);
    if (this.exact) {
      if (this.size > this.tracked || this.heldBytes > HELD_BYTES) this.approximate();
    } else this.reduceIfMany();
  }

  private enter(place: number, code: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = code & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = place + 1;
  }

  private enterAll(): void {
    const { records } = this;
    for (let place = 0; place < this.used; place++) {
      const code = records[RECORD * place + CODE];
      if (code !== NO_CODE && records[RECORD * place + COUNT] !== FREE) this.enter(place, code);
    }
  }

  private grow(): void {
    const places = (2 * this.records.length) / RECORD;
    const grown = new Float64Array(RECORD * places);
    grown.set(this.records);
    grown.fill(FREE, this.records.length);
    this.records = grown;
    // None is free where there is no room.
    this.free = new Int32Array(places);
    this.slots = new Int32Array(2 * places);
    this.enterAll();
  }

  /** From now on only so many are held, and large ones as one. */
  private approximate(): void {
    const distinct = new DistinctValues();
    this.distinct = distinct;
    let [count, weight] = [0, 0];
    for (let place = 0; place < this.used; place++) {
      const at = RECORD * place;
      if (this.records[at + COUNT] === FREE) continue;
      const value = this.textOf(place);
      if (value === LARGE) continue;
      distinct.add(hashBelow(value, distinct.limit));
      if (bytesOf(this.records[at + SIZE]) <= LARGE_BYTES) continue;
      count += this.records[at + COUNT];
      weight += this.records[at + WEIGHT];
      this.records.fill(0, at + COUNT, at + SIZE);
    }
    this.releaseNothing();
    if (count > 0) this.putLarge(count, weight);
    this.reduceIfMany();
  }

  private reduceIfMany(): void {
    if (this.size > this.tracked * (this.weighted ? 3 : 2)) this.reduce();
  }

  /** Takes from every count that of the (tracked + 1)-th, so that all but `tracked` come to nothing; weights likewise. */
  private reduce(): void {
    const count = this.greatest(COUNT, this.tracked);
    const weight = this.weighted ? this.greatest(WEIGHT, this.tracked) : Infinity;
    const records = this.records.subarray(0, RECORD * this.used);
    subtract(records, COUNT, count);
    subtract(records, WEIGHT, weight);
    this.releaseNothing();
  }

  /** All whose count and weight are 0. */
  private releaseNothing(): void {
    const { records, free, byText } = this;
    const before = this.freed;
    this.freed = freeNothing(records.subarray(0, RECORD * this.used), free, before);
    for (let i = before; byText && i < this.freed; i++) {
      byText.delete(this.textOf(free[i]));
      if (records[RECORD * free[i] + CODE] === NO_CODE) this.texts[free[i]] = undefined;
    }
    this.slots.fill(0);
    this.enterAll();
  }

  /** The greatest but for `rank` others; 0 if there are no more. */
  private greatest(field: typeof COUNT | typeof WEIGHT, rank: number): number {
    const held = heldIn(this.records.subarray(0, RECORD * this.used), field);
    return sorted(held)[held.length - 1 - rank] ?? 0;
  }
}

// Loops over all records by themselves, for each to be compiled as it is.

function heldIn(records: Float64Array, field: number): Float64Array {
  const held = new Float64Array(records.length / RECORD);
  let count = 0;
  for (let at = 0; at < records.length; at += RECORD)
    if (records[at + COUNT] !== FREE) held[count++] = records[at + field];
  return held.subarray(0, count);
}

/** Down to 0. */
function subtract(records: Float64Array, field: number, amount: number): void {
  for (let at = 0; at < records.length; at += RECORD)
    if (records[at + COUNT] !== FREE) records[at + field] = Math.max(0, records[at + field] - amount);
}

/** Frees what has neither count nor weight, and puts its places on the stack of so many. Returns how many it holds then. */
function freeNothing(records: Float64Array, free: Int32Array, freed: number): number {
  let count = freed;
  for (let at = 0; at < records.length; at += RECORD) {
    if (records[at + COUNT] !== 0 || records[at + WEIGHT] !== 0) continue;
    records[at + COUNT] = FREE;
    free[count++] = at / RECORD;
  }
  return count;
}
