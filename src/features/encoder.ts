/**
 * The encoder: one declaration compiled into the writers of its columns. Serving, replay and training use this and nothing
 * else, so that the features of a decision can be recomputed bit for bit from its record.
 *
 * A row is laid out by scope: [listener | context | shelf | card | cross]. What only depends on the page is computed when
 * the page is bound, what depends on the shelf once a shelf, and both are copied into its rows; what depends on the card
 * is kept in a memo; row facts are gathered in blocks. Everything is stored as 32-bit floats; equal inputs give equal bytes.
 */
import { DAY_MS } from '../base/index.ts';
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
import { compile, type DenseWriter, foldCategory, hashCategory, type SlotWriter, writeDense } from './compile.ts';
import type { FeatureDescription, FeatureSet, PageFacts } from './declaration.ts';
import { log1p } from './logarithm.ts';
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
  /** A block of rows of each kind, with what page and shelf decide filled in: the first thing that is copied out. */
  private readonly denseTemplate: RowTemplate<Float32Array>;
  private readonly sparseTemplate: RowTemplate<Uint32Array>;
  /** Hashed categories of page and shelf; 0 is missing. */
  private readonly categories: Int32Array;
  /** Hash of a slot's parts of page and shelf; 0 where one of them is missing. */
  private readonly prefixes: Int32Array;
  /** Hashed categories of the cards of one block, row by row; 0 is missing. */
  private readonly cardCategories: Int32Array;

  constructor(plan: Plan) {
    this.plan = plan;
    this.facts = new RowFacts(plan.factsWanted);
    this.memo = new CardMemo(plan);
    this.denseTemplate = new RowTemplate(new Float32Array(BLOCK_ROWS * plan.denseNames.length), plan.denseNames.length);
    this.sparseTemplate = new RowTemplate(
      new Uint32Array(BLOCK_ROWS * plan.sparseNames.length),
      plan.sparseNames.length,
    );
    this.categories = new Int32Array(plan.categoryCount);
    this.cardCategories = new Int32Array(BLOCK_ROWS * plan.cardCategoryCount);
    this.prefixes = new Int32Array(plan.slots.length);
  }

  bind(input: EncoderInput): void {
    const { page, plan, denseTemplate: template, categories } = this;
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
    for (const { writer, value } of plan.pageDense) {
      writeDense(writer, value(page), template.block, writer.column);
      template.spread(writer.column, writer.width);
    }
    for (const { category, value } of plan.pageCategories) categories[category] = hashCategory(value(page));
  }

  encode(
    shelf: { readonly shelfId: string; readonly seedItem: number },
    items: Uint32Array,
    count: number,
    out: FeatureBatch,
    rowOffset: number,
  ): void {
    const { denseTemplate, sparseTemplate } = this;
    const { width: denseWidth } = denseTemplate;
    const { width: sparseWidth } = sparseTemplate;
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
    for (let from = 0; from < count; from += BLOCK_ROWS) {
      const rows = Math.min(BLOCK_ROWS, count - from);
      out.dense.set(denseTemplate.rows[rows], (rowOffset + from) * denseWidth);
      out.sparse.set(sparseTemplate.rows[rows], (rowOffset + from) * sparseWidth);
      this.encodeBlock(items, from, rows, out, rowOffset + from);
    }
  }

  private bindShelf(shelfId: string, seedItem: number): void {
    const { page, plan, shelf, denseTemplate: template, sparseTemplate, categories } = this;
    shelf.shelfId = shelfId;
    shelf.seedItem = seedItem;
    this.facts.bindShelf(seedItem, page.embedding);
    for (const { writer, value } of plan.shelfDense) {
      writeDense(writer, value(shelf, page), template.block, writer.column);
      template.spread(writer.column, writer.width);
    }
    for (const { category, value } of plan.shelfCategories) categories[category] = hashCategory(value(shelf, page));
    for (let s = 0; s < plan.slots.length; s++) {
      const slot = plan.slots[s];
      let hash = slot.salt;
      for (const category of slot.fixedParts) {
        hash = hash === 0 || categories[category] === 0 ? 0 : foldCategory(hash, categories[category]);
      }
      this.prefixes[s] = hash;
      if (slot.cardParts.length + slot.crossParts.length > 0) continue;
      sparseTemplate.block[slot.column] = hash === 0 ? 0 : bucketOf(hash, plan.bucketShift);
      sparseTemplate.spread(slot.column, 1);
    }
  }

  private encodeBlock(items: Uint32Array, from: number, rows: number, out: FeatureBatch, firstRow: number): void {
    const { plan, memo, facts, page } = this;
    const { dense, sparse, denseWidth, sparseWidth } = out;
    memo.copy(items, from, rows, dense, firstRow * denseWidth + plan.cardColumn, denseWidth, this.cardCategories);

    for (let s = 0; s < plan.slots.length; s++) {
      if (this.prefixes[s] === 0) continue;
      const slot = plan.slots[s];
      const prefix = this.prefixes[s];
      const at = firstRow * sparseWidth;
      if (slot.crossParts.length === 0 && slot.cardParts.length === 1) {
        this.hashOne(slot, prefix, rows, sparse, at, sparseWidth);
      } else if (slot.crossParts.length + slot.cardParts.length > 0) {
        this.hashMany(slot, prefix, items, from, rows, sparse, at, sparseWidth);
      }
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
    // A fact is finite or NaN.
    switch (writer.transform) {
      case 'identity':
        for (let r = 0; r < rows; r++, target += denseWidth) {
          const x = values[source + r];
          dense[target] = Number.isNaN(x) ? missing : x;
        }
        break;
      case 'log1p':
        for (let r = 0; r < rows; r++, target += denseWidth) {
          const x = values[source + r];
          dense[target] = Number.isNaN(x) ? missing : log1p(x);
        }
        break;
      case 'recency':
        for (let r = 0; r < rows; r++, target += denseWidth) {
          const x = values[source + r];
          dense[target] = x > 0 ? 1 / (1 + x) : Number.isNaN(x) ? missing : 1;
        }
        break;
    }
  }

  /** A slot with one part of the card. */
  private hashOne(
    slot: SlotWriter,
    prefix: number,
    rows: number,
    sparse: Uint32Array,
    at: number,
    stride: number,
  ): void {
    const { cardCategories } = this;
    const { bucketShift, cardCategoryCount } = this.plan;
    let part = slot.cardParts[0];
    let target = at + slot.column;
    for (let r = 0; r < rows; r++, target += stride, part += cardCategoryCount) {
      const category = cardCategories[part];
      sparse[target] = category === 0 ? 0 : bucketOf(foldCategory(prefix, category), bucketShift);
    }
  }

  /** A slot with any parts. */
  private hashMany(
    slot: SlotWriter,
    prefix: number,
    items: Uint32Array,
    from: number,
    rows: number,
    sparse: Uint32Array,
    at: number,
    stride: number,
  ): void {
    const { memo, page, shelf, plan, cardCategories } = this;
    for (let r = 0; r < rows; r++) {
      let hash = prefix;
      let missing = false;
      for (const part of slot.cardParts) {
        const category = cardCategories[r * plan.cardCategoryCount + part];
        missing ||= category === 0;
        hash = foldCategory(hash, category);
      }
      for (const value of slot.crossParts) {
        const category = hashCategory(value(page, memo.card(items[from + r]), shelf));
        missing ||= category === 0;
        hash = foldCategory(hash, category);
      }
      sparse[at + r * stride + slot.column] = missing ? 0 : bucketOf(hash, plan.bucketShift);
    }
  }
}

/** A block of equal rows, and its first 0, 1, 2 … rows. */
class RowTemplate<A extends Float32Array | Uint32Array> {
  readonly block: A;
  readonly width: number;
  readonly rows: readonly A[];

  constructor(block: A, width: number) {
    this.block = block;
    this.width = width;
    this.rows = Array.from({ length: BLOCK_ROWS + 1 }, (_, n) => block.subarray(0, n * width) as A);
  }

  /** Copies columns [column, column + count) of the first row into the others. */
  spread(column: number, count: number): void {
    const { block, width } = this;
    for (let c = column; c < column + count; c++) {
      const x = block[c];
      for (let at = c + width; at < block.length; at += width) block[at] = x;
    }
  }
}

/** Buckets 1 … 2^k - 1; 0 is kept for what is missing. */
function bucketOf(hash: number, shift: number): number {
  const bucket = hash >>> shift;
  return bucket === 0 ? 1 : bucket;
}
