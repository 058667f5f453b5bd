/** From a declaration to the writers of its columns. */
import { hash32, mix32 } from '../base/index.ts';
import {
  type CardFacts,
  type CategoryFeature,
  type Feature,
  type FeatureSet,
  type PageFacts,
  ROW_FACTS,
  type RowFact,
  type ShelfFacts,
  type Transform,
} from './declaration.ts';
import { log1p } from './logarithm.ts';

/** How one feature's value becomes the floats of its columns. */
export interface DenseWriter {
  readonly kind: 'numeric' | 'buckets' | 'oneHot';
  /** First column in the row. */
  readonly column: number;
  readonly width: number;
  readonly transform: Transform;
  readonly missing: number;
  readonly edges: readonly number[];
  /** Index into ROW_FACTS, or -1. */
  readonly fact: number;
}

export interface SlotWriter {
  readonly column: number;
  readonly salt: number;
  /** Categories of page and shelf. */
  readonly fixedParts: readonly number[];
  /** Categories of the card, numbered among themselves. */
  readonly cardParts: readonly number[];
  readonly crossParts: readonly CrossValue[];
}

type PageValue = (page: PageFacts) => number;
type ShelfValue = (shelf: ShelfFacts, page: PageFacts) => number;
type CardValue = (card: CardFacts) => number;
type CrossValue = (page: PageFacts, card: CardFacts, shelf: ShelfFacts) => number;
interface Dense<V> {
  readonly writer: DenseWriter;
  readonly value: V;
}
interface Category<V> {
  readonly category: number;
  readonly value: V;
}

export interface EncoderPlan {
  readonly denseNames: readonly string[];
  readonly sparseNames: readonly string[];
  readonly bucketShift: number;
  readonly pageDense: readonly Dense<PageValue>[];
  readonly shelfDense: readonly Dense<ShelfValue>[];
  /** Their columns are relative to the card's first. */
  readonly cardDense: readonly Dense<CardValue>[];
  readonly crossDense: readonly Dense<CrossValue>[];
  readonly factWriters: readonly DenseWriter[];
  readonly factsWanted: ReadonlySet<RowFact>;
  readonly cardColumn: number;
  readonly cardWidth: number;
  /** Categories of page and shelf. */
  readonly categoryCount: number;
  readonly pageCategories: readonly Category<PageValue>[];
  readonly shelfCategories: readonly Category<ShelfValue>[];
  readonly cardCategoryCount: number;
  readonly cardCategories: readonly Category<CardValue>[];
  readonly slots: readonly SlotWriter[];
}

export function compile(set: FeatureSet): EncoderPlan {
  const denseNames: string[] = [];
  const sparseNames: string[] = [];
  const pageDense: Dense<PageValue>[] = [];
  const shelfDense: Dense<ShelfValue>[] = [];
  const cardDense: Dense<CardValue>[] = [];
  const crossDense: Dense<CrossValue>[] = [];
  const factWriters: DenseWriter[] = [];
  const factsWanted = new Set<RowFact>();
  const pageCategories: Category<PageValue>[] = [];
  const shelfCategories: Category<ShelfValue>[] = [];
  const cardCategories: Category<CardValue>[] = [];
  const numbered = new Map<string, { scope: CategoryFeature['scope']; category: number; value: CrossValue }>();
  let categoryCount = 0;
  let cardColumn = 0;
  let cardWidth = 0;

  set.features.forEach((feature, i) => {
    const { columns } = set.descriptions[i];
    const column = denseNames.length;
    denseNames.push(...columns);
    if (feature.kind === 'crossed') return;
    if (feature.kind === 'category') {
      switch (feature.scope) {
        case 'listener':
        case 'context':
          pageCategories.push({ category: categoryCount, value: feature.value });
          numbered.set(feature.name, { scope: feature.scope, category: categoryCount++, value: never });
          break;
        case 'shelf':
          shelfCategories.push({ category: categoryCount, value: feature.value });
          numbered.set(feature.name, { scope: feature.scope, category: categoryCount++, value: never });
          break;
        case 'card':
          numbered.set(feature.name, { scope: feature.scope, category: cardCategories.length, value: never });
          cardCategories.push({ category: cardCategories.length, value: feature.value });
          break;
        case 'cross':
          numbered.set(feature.name, { scope: feature.scope, category: -1, value: feature.value });
          break;
      }
      return;
    }
    const writer = writerOf(feature, column, columns.length);
    if ('fact' in feature) {
      factWriters.push(writer);
      factsWanted.add(feature.fact);
      return;
    }
    switch (feature.scope) {
      case 'listener':
      case 'context':
        pageDense.push({ writer, value: feature.value });
        break;
      case 'shelf':
        shelfDense.push({ writer, value: feature.value });
        break;
      case 'card':
        if (cardDense.length === 0) cardColumn = column;
        cardDense.push({ writer: { ...writer, column: column - cardColumn }, value: feature.value });
        cardWidth = column + columns.length - cardColumn;
        break;
      case 'cross':
        crossDense.push({ writer, value: feature.value });
        break;
    }
  });

  const slots: SlotWriter[] = [];
  set.features.forEach((feature, i) => {
    if (set.descriptions[i].slot === '') return;
    const parts = (feature.kind === 'crossed' ? feature.of : [feature.name]).flatMap(
      (name) => numbered.get(name) ?? [],
    );
    const fixed = parts.filter(({ scope }) => scope !== 'card' && scope !== 'cross');
    slots.push({
      column: sparseNames.length,
      salt: hash32(feature.name) | 0,
      fixedParts: fixed.map(({ category }) => category),
      cardParts: parts.filter(({ scope }) => scope === 'card').map(({ category }) => category),
      crossParts: parts.filter(({ scope }) => scope === 'cross').map(({ value }) => value),
    });
    sparseNames.push(feature.name);
  });

  return {
    denseNames,
    sparseNames,
    bucketShift: 32 - Math.round(Math.log2(set.buckets)),
    pageDense,
    shelfDense,
    cardDense,
    crossDense,
    factWriters,
    factsWanted,
    cardColumn,
    cardWidth,
    categoryCount,
    pageCategories,
    shelfCategories,
    cardCategoryCount: cardCategories.length,
    cardCategories,
    slots,
  };
}

/** Only categories of scope `cross` are asked row by row. */
function never(): number {
  return -1;
}

function writerOf(
  feature: Exclude<Feature, { kind: 'category' | 'crossed' }>,
  column: number,
  width: number,
): DenseWriter {
  return {
    kind: feature.kind,
    column,
    width,
    transform: feature.kind === 'numeric' ? (feature.transform ?? 'identity') : 'identity',
    missing: feature.kind === 'numeric' ? (feature.missing ?? 0) : 0,
    edges: feature.kind === 'buckets' ? feature.edges : [],
    fact: 'fact' in feature ? ROW_FACTS.indexOf(feature.fact) : -1,
  };
}

/** The largest finite 32-bit float: whatever lies beyond it, and NaN, is missing. */
const LARGEST = 3.4028234663852886e38;

/** A category as 32 well mixed bits, as a signed integer; 0 for what is missing: negative, NaN, or no 32-bit integer. */
export function hashCategory(value: number): number {
  if (!(value >= 0 && value < 4294967295)) return 0;
  const hash = mix32(value + 0x7f4a7c15) | 0;
  return hash === 0 ? 1 : hash;
}

/** The hash of a slot with one more part. Both are well mixed already, so that one multiplication is enough. */
export function foldCategory(hash: number, category: number): number {
  const product = Math.imul(hash ^ category, 0x9e3779b1);
  return product ^ (product >>> 15);
}

/** Writes all columns of one feature at `at`. */
export function writeDense(writer: DenseWriter, x: number, out: Float32Array, at: number): void {
  const known = x >= -LARGEST && x <= LARGEST;
  if (writer.kind === 'numeric') {
    out[at] = known ? transformed(writer.transform, x) : writer.missing;
    return;
  }
  for (let c = 0; c < writer.width; c++) out[at + c] = 0;
  if (!known) return;
  if (writer.kind === 'oneHot') {
    if (x >= 0 && x < writer.width) out[at + Math.floor(x)] = 1;
    return;
  }
  let bucket = 0;
  while (bucket < writer.edges.length && x >= writer.edges[bucket]) bucket++;
  out[at + bucket] = 1;
}

function transformed(transform: Transform, x: number): number {
  switch (transform) {
    case 'identity':
      return x;
    case 'log1p':
      return log1p(x);
    case 'recency':
      return x > 0 ? 1 / (1 + x) : 1;
  }
}
