/**
 * What is known of cards whoever looks at them, computed once an item and kept: a direct-mapped memo of 65,536 items,
 * empty again when catalogue, counters or the day change. It changes the time that encoding takes, never its result.
 */
import { type Catalog, type Counters, NO_ITEM, UNKNOWN_KIND } from '../domain/index.ts';
import { type EncoderPlan, hashCategory, writeDense } from './compile.ts';
import type { CardFacts, PageFacts } from './declaration.ts';

const SLOTS = 1 << 16;
/** Words of a place before its columns: the item, and the generation in which it was filled (0 is never). */
const HEADER = 2;

export class CardMemo {
  /** A place: item, generation, dense columns (as floats), hashed categories; together, since they are read together. */
  private readonly words: Int32Array;
  private readonly floats: Float32Array;
  private readonly stride: number;
  private readonly plan: EncoderPlan;
  private generation = 1;
  private readonly facts = { day: Number.NaN } as { -readonly [K in keyof CardFacts]: CardFacts[K] };

  constructor(plan: EncoderPlan) {
    this.plan = plan;
    this.stride = HEADER + plan.cardWidth + plan.cardCategoryCount;
    this.words = new Int32Array(SLOTS * this.stride);
    this.floats = new Float32Array(this.words.buffer);
  }

  bind(page: PageFacts): void {
    const { facts } = this;
    const { catalog, counters, day } = page;
    if (facts.catalog === catalog && facts.counters === counters && facts.day === day) return;
    facts.catalog = catalog;
    facts.counters = counters;
    facts.day = day;
    this.generation = (this.generation + 1) | 0;
    if (this.generation === 0) {
      this.words.fill(0);
      this.generation = 1;
    }
  }

  /**
   * Copies what is known of items[from .. from + rows) out: dense columns to `dense` at `at`, `stride` apart, categories
   * to `categories`, one row after the other. Row by row, since two items may share a slot.
   */
  copy(
    items: Uint32Array,
    from: number,
    rows: number,
    dense: Float32Array,
    at: number,
    stride: number,
    categories: Int32Array,
  ): void {
    const { words, floats, generation, plan } = this;
    const { cardWidth, cardCategoryCount } = plan;
    let target = at;
    let category = 0;
    for (let r = 0; r < rows; r++, target += stride) {
      const item = items[from + r];
      let source = (item & (SLOTS - 1)) * this.stride;
      if (words[source] !== (item | 0) || words[source + 1] !== generation) this.fill(item, source);
      source += HEADER;
      for (let c = 0; c < cardWidth; c++) dense[target + c] = floats[source + c];
      source += cardWidth;
      for (let c = 0; c < cardCategoryCount; c++) categories[category++] = words[source + c];
    }
  }

  /** The facts of one card; the same object each time. */
  card(item: number): CardFacts {
    const { facts } = this;
    const { catalog } = facts as { catalog: Catalog; counters: Counters };
    facts.item = item;
    if (item < catalog.size) {
      facts.kind = catalog.kind[item];
      facts.creator = catalog.creator[item];
      facts.parent = catalog.parent[item];
    } else {
      facts.kind = UNKNOWN_KIND;
      facts.creator = NO_ITEM;
      facts.parent = NO_ITEM;
    }
    return facts;
  }

  private fill(item: number, place: number): void {
    const { plan, words, floats } = this;
    const card = this.card(item);
    words[place] = item;
    words[place + 1] = this.generation;
    const at = place + HEADER;
    for (const { writer, value } of plan.cardDense) writeDense(writer, value(card), floats, at + writer.column);
    const first = at + plan.cardWidth;
    for (const { category, value } of plan.cardCategories) words[first + category] = hashCategory(value(card));
  }
}
