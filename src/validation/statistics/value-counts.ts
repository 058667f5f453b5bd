/** How often each text occurs: exact while few are distinct, then within a stated error and in bounded memory. */
import { hash32 } from '../../base/index.ts';
import { compareBytes, encodeText, isUtf8 } from '../metadata/index.ts';
import type { CodedTexts } from '../sources/columns.ts';
import { sortNumbers } from './radix-sort.ts';

interface Entry {
  /** Occurrences, and the weight of the examples that they are in. */
  count: number;
  weight: number;
  readonly bytes: number;
  readonly valid: boolean;
}

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

/**
 * Counts of texts. Exact up to `tracked` distinct ones (or 64 MiB of them). Beyond, Misra and Gries 1982: a count is never
 * more than the truth and less by at most (all occurrences) / `tracked`; the number of distinct values comes from the 2^14
 * least hashes (Bar-Yossef et al. 2002), with a relative standard error of 0.8 %. Merging keeps both bounds.
 */
export class ValueCounts {
  readonly tracked: number;
  private readonly weighted: boolean;
  private entries = new Map<string, Entry>();
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
  }

  get exact(): boolean {
    return this.hashes === undefined;
  }

  /** @param weight of all the occurrences together */
  add(value: string, weight: number, occurrences = 1): void {
    this.values += occurrences;
    const entry = this.entries.get(value);
    if (entry) {
      this.bytes += occurrences * entry.bytes;
      if (!entry.valid) this.notUtf8 += occurrences;
      entry.count += occurrences;
      entry.weight += weight;
      return;
    }
    const valid = isUtf8(value);
    const bytes = valid ? Buffer.byteLength(value) : encodeText(value).length;
    this.bytes += occurrences * bytes;
    if (!valid) this.notUtf8 += occurrences;
    this.put(value, { count: occurrences, weight, bytes, valid });
  }

  /** Texts by a dictionary: each word once, however often it occurs. */
  addCoded({ words, codes }: CodedTexts, weights: Float64Array | undefined): void {
    const occurrences = new Float64Array(words.length);
    const weighed = weights ? new Float64Array(words.length) : occurrences;
    for (let i = 0; i < codes.length; i++) {
      occurrences[codes[i]]++;
      if (weights) weighed[codes[i]] += weights[i];
    }
    for (let code = 0; code < words.length; code++)
      if (occurrences[code] > 0) this.add(words[code], weighed[code], occurrences[code]);
  }

  /** Takes in the counts of another; the other stays as it is. */
  merge(other: ValueCounts): void {
    this.values += other.values;
    this.bytes += other.bytes;
    this.notUtf8 += other.notUtf8;
    if (!other.exact && this.exact) this.approximate();
    for (const [value, entry] of other.entries) this.put(value, { ...entry });
    for (const hash of other.hashes ?? []) this.remember(hash);
  }

  /** Distinct values. */
  get unique(): number {
    if (!this.hashes) return this.entries.size;
    if (this.hashes.size < LEAST_HASHES) return this.hashes.size;
    this.forgetGreatHashes();
    return Math.round((LEAST_HASHES - 1) / this.greatestHash);
  }

  /** The most frequent first, of equal ones the greater by bytes; none below the threshold. */
  ranked(by: 'count' | 'weight', limit: number, threshold: number): RankedValue[] {
    // What cannot be among the most frequent is not compared text by text.
    const least = Math.max(threshold, this.entries.size > limit ? this.greatest(by, limit - 1) : 0);
    const ranked: RankedValue[] = [];
    for (const [value, entry] of this.entries) {
      if (entry[by] >= least && entry[by] > 0) ranked.push({ value, frequency: entry[by] });
    }
    ranked.sort((a, b) => b.frequency - a.frequency || compareBytes(b.value, a.value));
    return ranked
      .slice(0, limit)
      .map(({ value, frequency }) => ({ value: isUtf8(value) ? value : NOT_UTF8, frequency }));
  }

  private put(value: string, added: Entry): void {
    let key = value;
    if (this.hashes && value !== LARGE) {
      this.remember(hashBelow(value, this.greatestHash));
      if (added.bytes > LARGE_BYTES) key = LARGE;
    }
    const entry = this.entries.get(key);
    if (entry) {
      entry.count += added.count;
      entry.weight += added.weight;
      return;
    }
    this.entries.set(key, key === value ? added : { ...added, bytes: LARGE.length, valid: true });
    this.heldBytes += added.bytes;
    if (this.exact) {
      if (this.entries.size > this.tracked || this.heldBytes > HELD_BYTES) this.approximate();
    } else if (this.entries.size > this.tracked * (this.weighted ? 3 : 2)) this.reduce();
  }

  private approximate(): void {
    this.hashes = new Set();
    const before = this.entries;
    this.entries = new Map();
    for (const [value, entry] of before) this.put(value, entry);
  }

  /** Takes from every count that of the (tracked + 1)-th, so that all but `tracked` come to nothing; weights likewise. */
  private reduce(): void {
    const count = this.greatest('count', this.tracked);
    const weight = this.weighted ? this.greatest('weight', this.tracked) : count;
    for (const [value, entry] of this.entries) {
      entry.count = Math.max(0, entry.count - count);
      entry.weight = Math.max(0, entry.weight - weight);
      if (entry.count === 0 && (!this.weighted || entry.weight === 0)) this.entries.delete(value);
    }
  }

  /** The greatest but for `rank` others; 0 if there are no more. */
  private greatest(of: 'count' | 'weight', rank: number): number {
    const sorted = new Float64Array(this.entries.size);
    let at = 0;
    for (const entry of this.entries.values()) sorted[at++] = entry[of];
    sortNumbers(sorted);
    return sorted[sorted.length - 1 - rank] ?? 0;
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
