/** A small open-addressing table from numbers to the order in which they came, refilled without allocating. */

export class NumberIndex {
  private keys: Uint32Array;
  /** Entry + 1 by slot; 0 is empty. */
  private entries: Uint32Array;
  private mask: number;
  private shift: number;
  /** Slots in use, so that clearing touches only them. */
  private used: Uint32Array;
  private count = 0;

  /** Room for `capacity` keys before it has to grow. */
  constructor(capacity: number) {
    const slots = slotsFor(capacity);
    this.keys = new Uint32Array(slots);
    this.entries = new Uint32Array(slots);
    this.used = new Uint32Array(slots);
    this.mask = slots - 1;
    this.shift = Math.clz32(slots) + 1;
  }

  get size(): number {
    return this.count;
  }

  clear(): void {
    const { entries, used } = this;
    for (let i = 0; i < this.count; i++) entries[used[i]] = 0;
    this.count = 0;
  }

  /** The entry of `key`, numbered 0, 1, 2 … in the order of insertion, or -1. */
  find(key: number): number {
    const { keys, entries, mask } = this;
    let slot = Math.imul(key, 0x9e3779b1) >>> this.shift;
    for (;;) {
      const entry = entries[slot];
      if (entry === 0) return -1;
      if (keys[slot] === key) return entry - 1;
      slot = (slot + 1) & mask;
    }
  }

  /** Holds these and nothing else. */
  fill(keys: Uint32Array): void {
    this.clear();
    for (let i = 0; i < keys.length; i++) this.insert(keys[i]);
  }

  has(key: number): boolean {
    return this.find(key) >= 0;
  }

  /** The entry of `key`, made now if it is new. */
  insert(key: number): number {
    const found = this.find(key);
    if (found >= 0) return found;
    if (2 * (this.count + 1) > this.keys.length) this.grow();
    return this.place(key);
  }

  private place(key: number): number {
    const { keys, entries, mask } = this;
    let slot = Math.imul(key, 0x9e3779b1) >>> this.shift;
    while (entries[slot] !== 0) slot = (slot + 1) & mask;
    keys[slot] = key;
    this.used[this.count] = slot;
    entries[slot] = ++this.count;
    return this.count - 1;
  }

  private grow(): void {
    const { keys, used, count } = this;
    const ordered = Array.from(used.subarray(0, count), (slot) => keys[slot]);
    const slots = 2 * keys.length;
    this.keys = new Uint32Array(slots);
    this.entries = new Uint32Array(slots);
    this.used = new Uint32Array(slots);
    this.mask = slots - 1;
    this.shift = Math.clz32(slots) + 1;
    this.count = 0;
    for (const key of ordered) this.place(key);
  }
}

/** A power of two, at least 16 and four times the capacity. */
function slotsFor(capacity: number): number {
  let slots = 16;
  while (slots < 4 * capacity) slots *= 2;
  return slots;
}
