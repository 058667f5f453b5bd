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
/** Of what tells a text: 64 bits of hash, its length, its first 4 bytes. */
const KEY_WORDS = 4;

/**
 * Gives each text a code when it is first met and the same code ever after, so that it is fetched once: its 128 bits of hash,
 * length and first bytes stand for it. Past 2^18 texts, or 64 MiB of them, it begins anew, with other `words`. Memory: 40 bytes a text and itself.
 */
export class TextDictionary {
  private words: string[] = [];
  private bytes = 0;
  /** By code. */
  private keys = new Int32Array(KEY_WORDS * FIRST_WORDS);
  /** Code + 1 by the hash, or 0; at least twice as many as there is room for words. */
  private slots = new Int32Array(2 * FIRST_WORDS);

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
    const { keys, slots, words } = this;
    const mask = slots.length - 1;
    for (let i = 0; i < count; i++) {
      const row = rows ? rows[i] : i;
      const low = halves[2 * row];
      const high = halves[2 * row + 1];
      const length = entries[TEXT_WORDS * row];
      const prefix = entries[TEXT_WORDS * row + 1];
      let slot = low & mask;
      let code = slots[slot] - 1;
      while (
        code >= 0 &&
        (keys[KEY_WORDS * code] !== low ||
          keys[KEY_WORDS * code + 1] !== high ||
          keys[KEY_WORDS * code + 2] !== length ||
          keys[KEY_WORDS * code + 3] !== prefix)
      ) {
        slot = (slot + 1) & mask;
        code = slots[slot] - 1;
      }
      if (code < 0) {
        code = words.length;
        words.push(fetchText(bytes, TEXT_BYTES * row, length));
        this.bytes += length;
        slots[slot] = code + 1;
        keys[KEY_WORDS * code] = low;
        keys[KEY_WORDS * code + 1] = high;
        keys[KEY_WORDS * code + 2] = length;
        keys[KEY_WORDS * code + 3] = prefix;
      }
      codes[i] = code;
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
    const before = this.keys.length / KEY_WORDS;
    let room = before;
    while (room < this.words.length + count) room *= 2;
    if (room === before) return;
    const keys = new Int32Array(KEY_WORDS * room);
    keys.set(this.keys);
    this.keys = keys;
    this.slots = new Int32Array(2 * room);
    const mask = this.slots.length - 1;
    for (let code = 0; code < this.words.length; code++) {
      let slot = keys[KEY_WORDS * code] & mask;
      while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
      this.slots[slot] = code + 1;
    }
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
