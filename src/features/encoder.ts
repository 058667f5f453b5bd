/**
 * The encoder: one declaration compiled into the writers of its columns. Serving, replay and training use this and nothing
 * else, so that the features of a decision can be recomputed bit for bit from its record.
 *
 * A row is laid out by scope: [listener | context | shelf | card | cross]. What only depends on the page is computed when
 * the page is bound, what depends on the shelf once a shelf, and both are copied into its rows; what depends on the card
 * is kept in a memo; row facts are gathered in blocks. Everything is stored as 32-bit floats; equal inputs give equal bytes.
 */
import { combine32, DAY_MS } from '../base/index.ts';
import {
  type Catalog,
  type Counters,
  DAY_PARTS,
  DEVICES,
  type Device,
  dayPartOf,
  type Embedding,
  hourOf,
  type ListenerView,
  SURFACES,
  surfaceOf,
  weekdayOf,
} from '../domain/index.ts';
import type { EncoderShape, FeatureBatch } from './batch.ts';
import { CardMemo } from './card-memo.ts';
import {
  compile,
  type DenseWriter,
  LARGEST,
  MISSING_CATEGORY,
  type SlotWriter,
  toCategory,
  writeDense,
} from './compile.ts';
import type { FeatureDescription, FeatureSet, PageFacts } from './declaration.ts';
import { BLOCK_ROWS, RowFacts } from './row-facts.ts';

export interface EncoderInput {
  readonly view: ListenerView;
  readonly atMs: number;
  readonly device: Device;
  /** Market number that the page is for, or -1: it may differ from the listener's. */
  readonly market: number;
  readonly catalog: Catalog;
  readonly counters: Counters;
  readonly embedding: Embedding;
}

/**
 * An encoder owns its scratch memory, about 6 MB: it is not re-entrant. Whoever encodes two pages at once (a generator, an
 * await between bind and encode) needs two.
 */
export interface Encoder extends EncoderShape {
  readonly description: readonly FeatureDescription[];
  /** Binds listener, context and epochs once a page. What it returns holds until the next `bind` of this encoder. */
  bind(input: EncoderInput): BoundEncoder;
}

export interface BoundEncoder {
  /**
   * Writes the rows of items[0 .. count) into `out` from row `rowOffset` on; throws RangeError when they do not fit.
   * Item numbers beyond the catalogue are rows whose card is unknown. Nothing is allocated a row.
   */
  encode(
    shelf: { readonly shelfId: string; readonly seedItem: number },
    items: Uint32Array,
    count: number,
    out: FeatureBatch,
    rowOffset: number,
  ): void;
}

export function createEncoder(set: FeatureSet): Encoder {
  const plan = compile(set);
  const bound = new Bound(plan);
  return {
    hash: set.hash,
    denseWidth: plan.denseNames.length,
    sparseWidth: plan.sparseNames.length,
    buckets: set.buckets,
    denseNames: plan.denseNames,
    sparseNames: plan.sparseNames,
    description: set.descriptions,
    bind(input) {
      bound.bind(input);
      return bound;
    },
  };
}

type Plan = ReturnType<typeof compile>;

/** PageFacts that are refilled in place. */
type MutablePage = { -readonly [K in keyof PageFacts]: PageFacts[K] };

class Bound implements BoundEncoder {
  private readonly plan: Plan;
  private readonly page = {} as MutablePage;
  private readonly shelf = { shelfId: '', seedItem: 0 };
  private readonly facts: RowFacts;
  private readonly memo: CardMemo;
  /** One row of each kind, with the columns of listener, context and shelf filled in. */
  private readonly denseTemplate: Float32Array;
  private readonly sparseTemplate: Uint32Array;
  /** Category values of page and shelf, by category. */
  private readonly categories: Uint32Array;
  /** Hash of a slot's parts of page and shelf; `missing` where one of them is missing. */
  private readonly prefixes: Uint32Array;
  private readonly missing: Uint8Array;
  /** Categories of the cards of one block, row by row. */
  private readonly cardCategories: Uint32Array;

  constructor(plan: Plan) {
    this.plan = plan;
    this.facts = new RowFacts(plan.factsWanted);
    this.memo = new CardMemo(plan);
    this.denseTemplate = new Float32Array(plan.denseNames.length);
    this.sparseTemplate = new Uint32Array(plan.sparseNames.length);
    this.categories = new Uint32Array(plan.categoryCount);
    this.cardCategories = new Uint32Array(BLOCK_ROWS * plan.cardCategoryCount);
    this.prefixes = new Uint32Array(plan.slots.length);
    this.missing = new Uint8Array(plan.slots.length);
  }

  bind(input: EncoderInput): void {
    const { page, plan, denseTemplate, categories } = this;
    page.view = input.view;
    page.atMs = input.atMs;
    page.day = Math.floor(input.atMs / DAY_MS);
    page.hour = hourOf(input.atMs);
    page.weekday = weekdayOf(input.atMs);
    page.dayPart = DAY_PARTS.indexOf(dayPartOf(page.hour));
    page.device = DEVICES.indexOf(input.device);
    page.surface = SURFACES.indexOf(surfaceOf(input.device));
    page.market = input.market;
    page.catalog = input.catalog;
    page.counters = input.counters;
    page.embedding = input.embedding;
    this.facts.bindPage(page);
    this.memo.bind(page);
    for (const { writer, value } of plan.pageDense) writeDense(writer, value(page), denseTemplate, writer.column);
    for (const { category, value } of plan.pageCategories) categories[category] = toCategory(value(page));
  }

  encode(
    shelf: { readonly shelfId: string; readonly seedItem: number },
    items: Uint32Array,
    count: number,
    out: FeatureBatch,
    rowOffset: number,
  ): void {
    const { denseTemplate, sparseTemplate } = this;
    const denseWidth = denseTemplate.length;
    const sparseWidth = sparseTemplate.length;
    if (rowOffset < 0 || count > items.length || rowOffset + count > out.rows) {
      throw new RangeError(
        `rows ${rowOffset} to ${rowOffset + count} of a batch of ${out.rows}, from ${items.length} items`,
      );
    }
    if (out.denseWidth !== denseWidth || out.sparseWidth !== sparseWidth) {
      throw new RangeError(
        `a batch of ${out.denseWidth} + ${out.sparseWidth} columns for ${denseWidth} + ${sparseWidth}`,
      );
    }
    if (count === 0) return;
    this.bindShelf(shelf.shelfId, shelf.seedItem);
    replicate(out.dense, denseTemplate, rowOffset, count);
    replicate(out.sparse, sparseTemplate, rowOffset, count);
    for (let from = 0; from < count; from += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, count - from);
      this.encodeBlock(items, from, rows, out, rowOffset + from);
    }
  }

  private bindShelf(shelfId: string, seedItem: number): void {
    const { page, plan, shelf, denseTemplate, sparseTemplate, categories } = this;
    shelf.shelfId = shelfId;
    shelf.seedItem = seedItem;
    this.facts.bindShelf(seedItem, page.embedding);
    for (const { writer, value } of plan.shelfDense)
      writeDense(writer, value(shelf, page), denseTemplate, writer.column);
    for (const { category, value } of plan.shelfCategories) categories[category] = toCategory(value(shelf, page));
    for (let s = 0; s < plan.slots.length; s++) {
      const slot = plan.slots[s];
      let hash = slot.salt;
      let missing = 0;
      for (const category of slot.fixedParts) {
        if (categories[category] === MISSING_CATEGORY) missing = 1;
        hash = combine32(hash, categories[category]);
      }
      this.prefixes[s] = hash;
      this.missing[s] = missing;
      sparseTemplate[slot.column] =
        missing === 0 && slot.cardParts.length + slot.crossParts.length === 0 ? bucketOf(hash, plan.bucketShift) : 0;
    }
  }

  private encodeBlock(items: Uint32Array, from: number, rows: number, out: FeatureBatch, firstRow: number): void {
    const { plan, memo, facts, page } = this;
    const { dense, sparse, denseWidth, sparseWidth } = out;
    memo.copy(items, from, rows, dense, firstRow * denseWidth + plan.cardColumn, denseWidth, this.cardCategories);

    for (let s = 0; s < plan.slots.length; s++) {
      if (this.missing[s] !== 0) continue;
      const slot = plan.slots[s];
      if (slot.crossParts.length > 0) this.hashCross(slot, s, items, from, rows, sparse, firstRow, sparseWidth);
      else if (slot.cardParts.length === 1)
        this.hashOne(slot.cardParts[0], s, slot, rows, sparse, firstRow, sparseWidth);
      else if (slot.cardParts.length > 1) this.hashMany(slot, s, rows, sparse, firstRow, sparseWidth);
    }

    if (plan.factsWanted.size > 0) facts.gather(page, items, from, rows);
    for (const writer of plan.factWriters) this.writeFact(writer, rows, dense, firstRow, denseWidth);
    for (const { writer, value } of plan.crossDense) {
      for (let r = 0; r < rows; r++) {
        const x = value(page, memo.card(items[from + r]), this.shelf);
        writeDense(writer, x, dense, (firstRow + r) * denseWidth + writer.column);
      }
    }
  }

  private writeFact(
    writer: DenseWriter,
    rows: number,
    dense: Float32Array,
    firstRow: number,
    denseWidth: number,
  ): void {
    const { values } = this.facts;
    const source = writer.fact * BLOCK_ROWS;
    let target = firstRow * denseWidth + writer.column;
    if (writer.kind !== 'numeric') {
      for (let r = 0; r < rows; r++, target += denseWidth) {
        for (let c = 0; c < writer.width; c++) dense[target + c] = 0;
        writeDense(writer, values[source + r], dense, target);
      }
      return;
    }
    const { missing } = writer;
    switch (writer.transform) {
      case 'identity':
        for (let r = 0; r < rows; r++, target += denseWidth) {
          const x = values[source + r];
          dense[target] = x >= -LARGEST && x <= LARGEST ? x : missing;
        }
        break;
      case 'log1p':
        for (let r = 0; r < rows; r++, target += denseWidth) {
          const x = values[source + r];
          dense[target] = x === 0 ? 0 : x >= -LARGEST && x <= LARGEST ? (x > 0 ? Math.log1p(x) : 0) : missing;
        }
        break;
      case 'recency':
        for (let r = 0; r < rows; r++, target += denseWidth) {
          const x = values[source + r];
          dense[target] = x >= -LARGEST && x <= LARGEST ? (x > 0 ? 1 / (1 + x) : 1) : missing;
        }
        break;
    }
  }

  private hashOne(
    part: number,
    s: number,
    slot: SlotWriter,
    rows: number,
    sparse: Uint32Array,
    firstRow: number,
    sparseWidth: number,
  ): void {
    const { cardCategories } = this;
    const { bucketShift, cardCategoryCount } = this.plan;
    const prefix = this.prefixes[s];
    let target = firstRow * sparseWidth + slot.column;
    for (let r = 0; r < rows; r++, target += sparseWidth) {
      const category = cardCategories[r * cardCategoryCount + part];
      sparse[target] = category === MISSING_CATEGORY ? 0 : bucketOf(combine32(prefix, category), bucketShift);
    }
  }

  private hashMany(
    slot: SlotWriter,
    s: number,
    rows: number,
    sparse: Uint32Array,
    firstRow: number,
    sparseWidth: number,
  ): void {
    const { cardCategories } = this;
    const { bucketShift, cardCategoryCount } = this.plan;
    for (let r = 0; r < rows; r++) {
      let hash = this.prefixes[s];
      let missing = false;
      for (const part of slot.cardParts) {
        const category = cardCategories[r * cardCategoryCount + part];
        missing ||= category === MISSING_CATEGORY;
        hash = combine32(hash, category);
      }
      sparse[(firstRow + r) * sparseWidth + slot.column] = missing ? 0 : bucketOf(hash, bucketShift);
    }
  }

  private hashCross(
    slot: SlotWriter,
    s: number,
    items: Uint32Array,
    from: number,
    rows: number,
    sparse: Uint32Array,
    firstRow: number,
    sparseWidth: number,
  ): void {
    const { memo, page, plan, cardCategories } = this;
    for (let r = 0; r < rows; r++) {
      let hash = this.prefixes[s];
      let missing = false;
      for (const part of slot.cardParts) {
        const category = cardCategories[r * plan.cardCategoryCount + part];
        missing ||= category === MISSING_CATEGORY;
        hash = combine32(hash, category);
      }
      for (const value of slot.crossParts) {
        const category = toCategory(value(page, memo.card(items[from + r]), this.shelf));
        missing ||= category === MISSING_CATEGORY;
        hash = combine32(hash, category);
      }
      sparse[(firstRow + r) * sparseWidth + slot.column] = missing ? 0 : bucketOf(hash, plan.bucketShift);
    }
  }
}

/** Buckets 1 … 2^k - 1; 0 is kept for what is missing. */
function bucketOf(hash: number, shift: number): number {
  const bucket = hash >>> shift;
  return bucket === 0 ? 1 : bucket;
}

/** Copies a row into `count` rows, doubling what has been copied. */
function replicate(
  target: Float32Array | Uint32Array,
  row: Float32Array | Uint32Array,
  at: number,
  count: number,
): void {
  const width = row.length;
  const start = at * width;
  for (let c = 0; c < width; c++) target[start + c] = row[c];
  for (let done = 1; done < count; done *= 2) {
    const next = Math.min(done, count - done);
    target.copyWithin(start + done * width, start, start + next * width);
  }
}
