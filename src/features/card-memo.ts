/**
 * What is known of cards whoever looks at them, computed once an item and kept: a direct-mapped memo of 65,536 items,
 * empty again when catalogue, counters or the day change. It changes the time that encoding takes, never its result.
 */
import { type Catalog, type Counters, NO_ITEM, UNKNOWN_KIND } from '../domain/index.ts';
import { type EncoderPlan, hashCategory, writeDense } from './compile.ts';
import type { CardFacts, PageFacts } from './declaration.ts';

const SLOTS = 1 << 16;

export class CardMemo {
  /** SLOTS x cardWidth. */
  private readonly dense: Float32Array;
  /** SLOTS x cardCategoryCount. */
  private readonly categories: Uint32Array;
  private readonly plan: EncoderPlan;
  private readonly items = new Uint32Array(SLOTS);
  /** Generation that a slot was filled in; 0 is never. */
  private readonly stamps = new Uint32Array(SLOTS);
  private stamp = 1;
  private readonly facts = { day: Number.NaN } as { -readonly [K in keyof CardFacts]: CardFacts[K] };
  private readonly width: number;

  constructor(plan: EncoderPlan) {
    this.plan = plan;
    this.width = plan.cardWidth;
    this.dense = new Float32Array(SLOTS * plan.cardWidth);
    this.categories = new Uint32Array(SLOTS * plan.cardCategoryCount);
  }

  bind(page: PageFacts): void {
    const { facts } = this;
    const { catalog, counters, day } = page;
    if (facts.catalog === catalog && facts.counters === counters && facts.day === day) return;
    facts.catalog = catalog;
    facts.counters = counters;
    facts.day = day;
    if (++this.stamp > 0xffffffff) {
      this.stamps.fill(0);
      this.stamp = 1;
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
    categories: Uint32Array,
  ): void {
    const { stamps, stamp, width, dense: memoDense, categories: memoCategories } = this;
    const { cardCategoryCount } = this.plan;
    let target = at;
    let category = 0;
    for (let r = 0; r < rows; r++, target += stride) {
      const item = items[from + r];
      const slot = item & (SLOTS - 1);
      if (this.items[slot] !== item || stamps[slot] !== stamp) this.fill(item, slot);
      const source = slot * width;
      for (let c = 0; c < width; c++) dense[target + c] = memoDense[source + c];
      const first = slot * cardCategoryCount;
      for (let c = 0; c < cardCategoryCount; c++) categories[category++] = memoCategories[first + c];
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

  private fill(item: number, slot: number): void {
    const { plan, dense, categories } = this;
    const card = this.card(item);
    const at = slot * this.width;
    for (const { writer, value } of plan.cardDense) writeDense(writer, value(card), dense, at + writer.column);
    const first = slot * plan.cardCategoryCount;
    for (const { category, value } of plan.cardCategories) {
      categories[first + category] = hashCategory(value(card));
    }
    this.items[slot] = item;
    this.stamps[slot] = this.stamp;
  }
}
