/**
 * Numbers of items and creators become small ids, in order of first sight, by a hash table with open addressing. A slot is
 * two words, number and entry, and taken when its entry is at least the base; the base moves on with every page, so that
 * nothing needs clearing.
 */
export class SmallIds {
  #slots = new Uint32Array(0);
  #slotShift = 31;
  #base = 1;
  #end = 1;
  /** Ids given since `begin`: 0 to count - 1. */
  count = 0;

  /** Forgets all ids; makes room for at most so many numbers. */
  begin(most: number): void {
    // At least a third of the slots stays free.
    if (this.#slots.length < 3 * most) {
      const bits = Math.max(1, Math.ceil(Math.log2(1.5 * most)));
      this.#slotShift = 32 - bits;
      this.#slots = new Uint32Array(2 ** (bits + 1));
      this.#end = 1;
    }
    if (this.#end + most > 0xffffffff) {
      this.#slots.fill(0);
      this.#end = 1;
    }
    this.#base = this.#end;
    this.#end = this.#base + most;
    this.count = 0;
  }

  /** The id of a number: `count` as it was before, where the number is new. */
  of(number: number): number {
    const slots = this.#slots;
    const base = this.#base;
    let at = (Math.imul(number, 0x9e3779b1) >>> this.#slotShift) << 1;
    while (slots[at + 1] >= base) {
      if (slots[at] === number) return slots[at + 1] - base;
      at = (at + 2) & (slots.length - 1);
    }
    const id = this.count++;
    slots[at] = number;
    slots[at + 1] = base + id;
    return id;
  }
}
