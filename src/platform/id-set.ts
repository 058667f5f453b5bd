/**
 * A set of 128-bit ids, four words each: open addressing with linear probing in one typed array. A million strings in a
 * `Set` are a million objects to the garbage collector; this is one.
 */
export interface IdSet {
  readonly size: number;
  /** `words[at … at + 3]` is the id: never four zeros. Adding one that is there changes nothing. */
  add(words: Uint32Array, at: number): void;
  has(words: Uint32Array, at: number): boolean;
  remove(words: Uint32Array, at: number): void;
  /** All ids, in no order: 4 × size words. */
  toWords(): Uint32Array;
}

const LEAST_CAPACITY = 1024;

/** @param expected ids that it has room for without growing */
export function createIdSet(expected = 0): IdSet {
  let capacity = Math.max(LEAST_CAPACITY, 2 ** Math.ceil(Math.log2(2 * expected + 1)));
  let mask = capacity - 1;
  /** An empty slot is four zeros. */
  let slots = new Uint32Array(4 * capacity);
  let size = 0;

  const isEmpty = (slot: number): boolean =>
    (slots[4 * slot] | slots[4 * slot + 1] | slots[4 * slot + 2] | slots[4 * slot + 3]) === 0;

  /** The slot that holds the id, or the empty one where it belongs. */
  const find = (a: number, b: number, c: number, d: number): number => {
    let slot = b & mask;
    for (;;) {
      const at = 4 * slot;
      if (slots[at] === a && slots[at + 1] === b && slots[at + 2] === c && slots[at + 3] === d) return slot;
      if (isEmpty(slot)) return slot;
      slot = (slot + 1) & mask;
    }
  };
  const put = (slot: number, a: number, b: number, c: number, d: number): void => {
    slots[4 * slot] = a;
    slots[4 * slot + 1] = b;
    slots[4 * slot + 2] = c;
    slots[4 * slot + 3] = d;
  };
  const locate = (words: Uint32Array, at: number): number =>
    find(words[at], words[at + 1], words[at + 2], words[at + 3]);

  const grow = (): void => {
    const old = slots;
    capacity *= 2;
    mask = capacity - 1;
    slots = new Uint32Array(4 * capacity);
    for (let at = 0; at < old.length; at += 4) {
      const [a, b, c, d] = [old[at], old[at + 1], old[at + 2], old[at + 3]];
      if ((a | b | c | d) !== 0) put(find(a, b, c, d), a, b, c, d);
    }
  };

  return {
    get size() {
      return size;
    },
    add(words, at) {
      const slot = locate(words, at);
      if (!isEmpty(slot)) return;
      put(slot, words[at], words[at + 1], words[at + 2], words[at + 3]);
      size++;
      if (2 * size > capacity) grow();
    },
    has: (words, at) => !isEmpty(locate(words, at)),
    remove(words, at) {
      let hole = locate(words, at);
      if (isEmpty(hole)) return;
      size--;
      // What was pushed past the hole moves up into it (Knuth, TAOCP 6.4, algorithm R).
      for (let slot = (hole + 1) & mask; !isEmpty(slot); slot = (slot + 1) & mask) {
        const home = slots[4 * slot + 1] & mask;
        if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
        slots.copyWithin(4 * hole, 4 * slot, 4 * slot + 4);
        hole = slot;
      }
      put(hole, 0, 0, 0, 0);
    },
    toWords() {
      const words = new Uint32Array(4 * size);
      let to = 0;
      for (let at = 0; at < slots.length; at += 4) {
        if ((slots[at] | slots[at + 1] | slots[at + 2] | slots[at + 3]) === 0) continue;
        words.set(slots.subarray(at, at + 4), to);
        to += 4;
      }
      return words;
    },
  };
}
