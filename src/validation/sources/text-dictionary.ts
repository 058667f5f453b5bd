/** The texts of a column by a dictionary that lives as long as the column is read, from DuckDB's vectors. */
import duckdb from '@duckdb/node-bindings';
import type { CodedTexts } from './columns.ts';

/** Of a text in a vector: its length, then itself up to 12 bytes, or 4 bytes of it and where it stands. */
export const TEXT_BYTES = 16;
const TEXT_WORDS = TEXT_BYTES / 4;
const INLINE_BYTES = 12;

/** Of a hash beside it. */
export const HASH_BYTES = 8;

/** Texts, and their bytes, after which a dictionary begins anew. */
const MOST_WORDS = 2 ** 18;
const MOST_BYTES = 2 ** 26;
const FIRST_WORDS = 512;
/** Of a slot: the halves of the hash, what tells the text besides, and its code + 1 or 0; together, since they are read together. */
const SLOT_SHIFT = 2;
const SLOT_WORDS = 1 << SLOT_SHIFT;

/**
 * Gives each text a code when it is first met and the same code ever after, so that it is fetched once: its 64 bits of hash, and
 * 32 bits of its length and its first 4 bytes, stand for it. Past 2^18 texts, or 64 MiB of them, it begins anew, with other
 * `words`. Memory: 32 to 64 bytes a text and itself.
 */
export class TextDictionary {
  private words: string[] = [];
  private bytes = 0;
  /** At least twice as many as there is room for words. */
  private slots = new Int32Array(2 * FIRST_WORDS * SLOT_WORDS);

  /**
   * Texts of a vector.
   * @param bytes of the texts, 16 each, which hold until the vector is freed
   * @param hashes 8 bytes each
   * @param rows that have a text; all of them without
   */
  encode(bytes: Uint8Array, hashes: Uint8Array, count: number, rows: Int32Array | undefined): CodedTexts {
    this.makeRoom(count);
    const entries = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
    const halves = new Int32Array(hashes.buffer, hashes.byteOffset, hashes.length >> 2);
    const codes = new Int32Array(count);
    const { slots, words } = this;
    const mask = slots.length - SLOT_WORDS;
    for (let i = 0; i < count; i++) {
      const row = rows ? rows[i] : i;
      const low = halves[2 * row];
      const high = halves[2 * row + 1];
      const length = entries[TEXT_WORDS * row];
      const rest = Math.imul(entries[TEXT_WORDS * row + 1], 0x01000193) ^ length;
      let at = (low << SLOT_SHIFT) & mask;
      while (slots[at + 3] !== 0 && (slots[at] !== low || slots[at + 1] !== high || slots[at + 2] !== rest))
        at = (at + SLOT_WORDS) & mask;
      if (slots[at + 3] === 0) {
        slots[at] = low;
        slots[at + 1] = high;
        slots[at + 2] = rest;
        slots[at + 3] = words.push(fetchText(bytes, TEXT_BYTES * row, length));
        this.bytes += length;
      }
      codes[i] = slots[at + 3] - 1;
    }
    return { words, codes };
  }

  /** For so many texts, none of which may have been met. */
  private makeRoom(count: number): void {
    if (this.words.length > 0 && (this.words.length + count > MOST_WORDS || this.bytes > MOST_BYTES)) {
      this.words = [];
      this.bytes = 0;
      this.slots.fill(0);
    }
    const before = this.slots;
    let length = before.length;
    while (length < 2 * SLOT_WORDS * (this.words.length + count)) length *= 2;
    if (length === before.length) return;
    const slots = new Int32Array(length);
    const mask = length - SLOT_WORDS;
    for (let from = 0; from < before.length; from += SLOT_WORDS) {
      if (before[from + 3] === 0) continue;
      let at = (before[from] << SLOT_SHIFT) & mask;
      while (slots[at + 3] !== 0) at = (at + SLOT_WORDS) & mask;
      for (let w = 0; w < SLOT_WORDS; w++) slots[at + w] = before[from + w];
    }
    this.slots = slots;
  }
}

function fetchText({ buffer, byteOffset }: Uint8Array, at: number, length: number): string {
  const start = byteOffset + at + 4;
  const bytes =
    length <= INLINE_BYTES
      ? new Uint8Array(buffer, start, length)
      : duckdb.get_data_from_pointer(buffer as ArrayBuffer, start + 4, length);
  // A VARCHAR is UTF-8: DuckDB checks where it reads.
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
}
