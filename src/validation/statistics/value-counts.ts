/** How often each text occurs: exact while few are distinct, then within a stated error and in bounded memory. */
import { hash32 } from '../../base/index.ts';
import { compareBytes, encodeText, isUtf8 } from '../metadata/index.ts';
import type { CodedTexts } from '../sources/columns.ts';
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
const LEAST_HASHES = 1 << 14;

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

const FIRST_PLACES = 16;

/** Instead of the code of a word: the entry's text came otherwise. */
const NO_CODE = -1;

/** Instead of a count: nothing stands there. */
const FREE = -1;

/**
 * Counts of texts. Exact up to `tracked` distinct ones (or 64 MiB of them). Beyond, Misra and Gries 1982: a count is never
 * more than the truth and less by at most (all occurrences) / `tracked`; the number of distinct values comes from the 2^14
 * least hashes (Bar-Yossef et al. 2002), with a relative standard error of 0.8 %. Merging keeps both bounds.
 *
 * An entry is a place in columns. While all texts come by one dictionary, entries are found by code alone and no text is hashed.
 */
export class ValueCounts {
  readonly tracked: number;
  private readonly weighted: boolean;
  private texts: string[] = [];
  /** Occurrences, and the weight of the examples that they are in (of weighted features only). */
  private counts = new Float64Array(FIRST_PLACES);
  private weights: Float64Array;
  /** As `sizeOf` has them. */
  private sizes = new Int32Array(FIRST_PLACES);
  /** In `words`. */
  private codes = new Int32Array(FIRST_PLACES);
  private readonly free: number[] = [];
  /** Places by their text; undefined as long as all have a code. */
  private byText: Map<string, number> | undefined;
  /** The dictionary that texts came by last, and places + 1 by code, 0 for none. */
  private words: readonly string[] | undefined;
  private slots = new Int32Array(2 * FIRST_PLACES);
  private heldBytes = 0;
  /** Least hashes of values that have been seen, once counts are approximate; at most twice LEAST_HASHES. */
  private hashes: Set<number> | undefined;
  private greatestHash = Infinity;
  values = 0;
  bytes = 0;
  notUtf8 = 0;

  constructor(tracked: number, weighted: boolean) {
    this.tracked = tracked;
    this.weighted = weighted;
    this.weights = new Float64Array(weighted ? FIRST_PLACES : 0);
  }

  get exact(): boolean {
    return this.hashes === undefined;
  }

  /** Of the texts that are held. */
  private get size(): number {
    return this.texts.length - this.free.length;
  }

  add(value: string, weight: number): void {
    const place = this.textPlaces().get(value);
    const size = place === undefined ? sizeOf(value) : this.sizes[place];
    this.values++;
    this.bytes += bytesOf(size);
    if (size < 0) this.notUtf8++;
    if (place === undefined) this.put(value, NO_CODE, size, 1, weight);
    else this.increase(place, 1, weight);
  }

  /** Texts by a dictionary. */
  addCoded({ words, codes }: CodedTexts, weights: Float64Array | undefined): void {
    this.use(words);
    const sizes = sizesOfWords(words);
    let [bytes, notUtf8] = [0, 0];
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i];
      const size = sizes[code];
      bytes += size < 0 ? ~size : size;
      if (size < 0) notUtf8++;
      const place = this.placeOf(code);
      if (place < 0) this.put(words[code], code, size, 1, weights ? weights[i] : 1);
      else {
        this.counts[place]++;
        if (weights) this.weights[place] += weights[i];
      }
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
    for (const place of other.places()) {
      const weight = other.weighted ? other.weights[place] : 0;
      this.put(other.texts[place], NO_CODE, other.sizes[place], other.counts[place], weight);
    }
    for (const hash of other.hashes ?? []) this.remember(hash);
  }

  /** Distinct values. */
  get unique(): number {
    if (!this.hashes) return this.size;
    if (this.hashes.size < LEAST_HASHES) return this.hashes.size;
    this.forgetGreatHashes();
    return Math.round((LEAST_HASHES - 1) / this.greatestHash);
  }

  /** The most frequent first, of equal ones the greater by bytes; none below the threshold. */
  ranked(by: 'count' | 'weight', limit: number, threshold: number): RankedValue[] {
    const frequencies = by === 'count' || !this.weighted ? this.counts : this.weights;
    // What cannot be among the most frequent is not compared text by text.
    const least = Math.max(threshold, this.size > limit ? this.greatest(frequencies, limit - 1) : 0);
    const ranked: RankedValue[] = [];
    for (const place of this.places()) {
      const frequency = frequencies[place];
      if (frequency >= least && frequency > 0) ranked.push({ value: this.texts[place], frequency });
    }
    ranked.sort((a, b) => b.frequency - a.frequency || compareBytes(b.value, a.value));
    return ranked
      .slice(0, limit)
      .map(({ value, frequency }) => ({ value: isUtf8(value) ? value : NOT_UTF8, frequency }));
  }

  private *places(): Generator<number> {
    for (let place = 0; place < this.texts.length; place++) if (this.counts[place] !== FREE) yield place;
  }

  /** Makes codes those of a dictionary. */
  private use(words: readonly string[]): void {
    if (this.words === words) return;
    if (this.texts.length > 0) {
      this.textPlaces();
      this.codes.fill(NO_CODE);
      this.slots.fill(0);
    }
    this.words = words;
  }

  /** From now on kept beside the codes. */
  private textPlaces(): Map<string, number> {
    if (!this.byText) {
      this.byText = new Map();
      for (const place of this.places()) this.byText.set(this.texts[place], place);
    }
    return this.byText;
  }

  /** Of a word by its code; below 0 if it is not held. */
  private placeOf(code: number): number {
    const { slots, codes } = this;
    const mask = slots.length - 1;
    let slot = code & mask;
    let place = slots[slot] - 1;
    while (place >= 0 && codes[place] !== code) {
      slot = (slot + 1) & mask;
      place = slots[slot] - 1;
    }
    if (place >= 0 || !this.byText) return place;
    place = this.byText.get(this.words![code]) ?? -1;
    if (place >= 0) {
      codes[place] = code;
      slots[slot] = place + 1;
    }
    return place;
  }

  private increase(place: number, count: number, weight: number): void {
    this.counts[place] += count;
    if (this.weighted) this.weights[place] += weight;
  }

  /** A value that is not held, or may be. */
  private put(value: string, code: number, size: number, count: number, weight: number): void {
    if (this.hashes && value !== LARGE) {
      this.remember(hashBelow(value, this.greatestHash));
      if (bytesOf(size) > LARGE_BYTES) {
        this.textPlaces();
        this.put(LARGE, NO_CODE, LARGE.length, count, weight);
        return;
      }
    }
    const held = code === NO_CODE ? this.byText?.get(value) : undefined;
    if (held !== undefined) {
      this.increase(held, count, weight);
      return;
    }
    this.hold(value, code, size, count, weight);
    this.heldBytes += bytesOf(size);
    if (this.exact) {
      if (this.size > this.tracked || this.heldBytes > HELD_BYTES) this.approximate();
    } else if (this.size > this.tracked * (this.weighted ? 3 : 2)) this.reduce();
  }

  private hold(value: string, code: number, size: number, count: number, weight: number): void {
    const place = this.free.pop() ?? this.texts.length;
    if (place === this.counts.length) this.grow();
    this.texts[place] = value;
    this.counts[place] = count;
    if (this.weighted) this.weights[place] = weight;
    this.sizes[place] = size;
    this.codes[place] = code;
    if (code !== NO_CODE) this.enter(place, code);
    this.byText?.set(value, place);
  }

  private enter(place: number, code: number): void {
    const { slots } = this;
    const mask = slots.length - 1;
    let slot = code & mask;
    while (slots[slot] !== 0) slot = (slot + 1) & mask;
    slots[slot] = place + 1;
  }

  private grow(): void {
    const places = 2 * this.counts.length;
    const longer = (column: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(places);
      grown.set(column);
      return grown;
    };
    this.counts = longer(this.counts);
    if (this.weighted) this.weights = longer(this.weights);
    const { sizes, codes } = this;
    this.sizes = new Int32Array(places);
    this.sizes.set(sizes);
    this.codes = new Int32Array(places);
    this.codes.set(codes);
    this.slots = new Int32Array(2 * places);
    this.enterAll();
  }

  private enterAll(): void {
    for (const place of this.places()) if (this.codes[place] !== NO_CODE) this.enter(place, this.codes[place]);
  }

  /** From now on only so many are held: those that are, put again. */
  private approximate(): void {
    this.hashes = new Set();
    const large: number[] = [];
    for (const place of this.places()) {
      const value = this.texts[place];
      if (value === LARGE) continue;
      this.remember(hashBelow(value, this.greatestHash));
      if (bytesOf(this.sizes[place]) > LARGE_BYTES) large.push(place);
    }
    const folded = large.map((place) => [this.counts[place], this.weighted ? this.weights[place] : 0] as const);
    this.release(large);
    if (folded.length > 0) this.textPlaces();
    for (const [count, weight] of folded) this.put(LARGE, NO_CODE, LARGE.length, count, weight);
    if (this.size > this.tracked * (this.weighted ? 3 : 2)) this.reduce();
  }

  /** Takes from every count that of the (tracked + 1)-th, so that all but `tracked` come to nothing; weights likewise. */
  private reduce(): void {
    const { counts, weights, weighted } = this;
    const count = this.greatest(counts, this.tracked);
    const weight = weighted ? this.greatest(weights, this.tracked) : 0;
    const gone: number[] = [];
    for (const place of this.places()) {
      counts[place] = Math.max(0, counts[place] - count);
      if (weighted) weights[place] = Math.max(0, weights[place] - weight);
      if (counts[place] === 0 && (!weighted || weights[place] === 0)) gone.push(place);
    }
    this.release(gone);
  }

  private release(gone: readonly number[]): void {
    if (gone.length === 0) return;
    for (const place of gone) {
      this.byText?.delete(this.texts[place]);
      this.texts[place] = '';
      this.counts[place] = FREE;
      this.free.push(place);
    }
    this.slots.fill(0);
    this.enterAll();
  }

  /** The greatest but for `rank` others; 0 if there are no more. */
  private greatest(of: Float64Array, rank: number): number {
    const held = new Float64Array(this.size);
    let at = 0;
    for (const place of this.places()) held[at++] = of[place];
    return sorted(held)[held.length - 1 - rank] ?? 0;
  }

  private remember(hash: number): void {
    if (hash >= this.greatestHash || !this.hashes) return;
    this.hashes.add(hash);
    if (this.hashes.size >= 2 * LEAST_HASHES) this.forgetGreatHashes();
  }

  private forgetGreatHashes(): void {
    const least = Float64Array.from(this.hashes ?? [])
      .sort()
      .subarray(0, LEAST_HASHES);
    this.hashes = new Set(least);
    this.greatestHash = least[least.length - 1];
  }
}
