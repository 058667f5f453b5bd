/** Turns a drawn page into the bytes that are sent. Card texts are JSON fragments made once an item, so a page is mostly copying. */
import { ByteWriter, utf8 } from '../base/index.ts';
import { type DecisionRecord, type DecisionVersions, NO_ITEM, type ShelfOrder } from '../domain/index.ts';
import type { Trace } from '../mixer/index.ts';
import { jsonOf, type Language, languageOf, type Told } from './messages/index.ts';
import { shelfById, type Telling } from './shelves/index.ts';

/** What rendering needs to know of items. */
export interface ItemTexts {
  /** Title of an item; its id where the catalogue does not hold it. */
  title(item: number): string;
  /** `"id":…,"kind":…,"title":…,"subtitle":…,"image":…` without braces, as UTF-8: made once an item. */
  fragment(item: number): Uint8Array;
  /** The id that the app knows it by. */
  id(item: number): string;
  /** Its strongest genre, or that of its parent; '' where none is known. */
  genre(item: number): string;
  /** Epoch milliseconds, or NaN. */
  releasedAtMs(item: number): number;
}

export interface RenderedCard {
  readonly item: number;
  readonly propensity: number;
  readonly forced: boolean;
  readonly score: number;
}

export interface RenderedRow {
  readonly shelfId: string;
  readonly seedItem: number;
  readonly order: ShelfOrder;
  readonly carried: boolean;
  readonly propensity: number;
  readonly forced: boolean;
  readonly value: number;
  readonly cards: readonly RenderedCard[];
}

export interface PageExplanation {
  readonly trace: Trace;
  readonly versions: DecisionVersions;
}

export interface RenderInput {
  readonly decisionId: string;
  readonly policyId: string;
  readonly degraded: boolean;
  /** The time that the page is for. */
  readonly atMs: number;
  readonly market: string;
  /** Of the listener: a BCP 47 tag. Home speaks the nearest that it knows. */
  readonly language: string;
  readonly rows: readonly RenderedRow[];
}

/** Pages are written one at a time, and copied out. */
const writer = new ByteWriter(64 * 1024);
/** What follows the fragment of the j-th card. */
const cardTails: Uint8Array[] = [];

function cardTail(j: number): Uint8Array {
  while (cardTails.length <= j) cardTails.push(utf8(`,"rank":${cardTails.length},"reason":`));
  return cardTails[j];
}

/** The page as JSON, of the shape PageSchema. */
export function renderPage(input: RenderInput, texts: ItemTexts, explanation: PageExplanation | undefined): Uint8Array {
  const language = languageOf(input.language);
  writer.reset();
  writer.literal(
    `{"decisionId":"${input.decisionId}","policy":"${input.policyId}","degraded":${input.degraded},"shelves":[`,
  );
  for (let rank = 0; rank < input.rows.length; rank++) {
    if (rank > 0) writer.literal(',');
    writeRow(input.rows[rank], rank, input, language, texts, explanation !== undefined);
  }
  writer.literal(']');
  if (explanation !== undefined) writer.literal(`,"explain":${JSON.stringify(explainPage(explanation, texts))}`);
  writer.literal('}');
  return writer.finish();
}

function writeRow(
  row: RenderedRow,
  rank: number,
  { market, atMs }: RenderInput,
  language: Language,
  texts: ItemTexts,
  explain: boolean,
): void {
  const shelf = shelfById(row.shelfId);
  const about: Telling = { seedItem: row.seedItem, market, atMs, texts };
  const id = row.seedItem === NO_ITEM ? row.shelfId : `${row.shelfId}:${texts.id(row.seedItem)}`;
  writer.literal(`{"id":${JSON.stringify(id)},"kind":"${row.shelfId}","title":`);
  writeTold(shelf?.title(about), row.shelfId, language);
  writer.literal(',"reason":');
  writeTold(shelf?.reason(about), '', language);
  writer.literal(`,"order":"${row.order}","rank":${rank},"carried":${row.carried},"cards":[`);
  for (let j = 0; j < row.cards.length; j++) {
    const card = row.cards[j];
    writer.u8(j > 0 ? COMMA : OPEN);
    if (j > 0) writer.u8(OPEN);
    writer.raw(texts.fragment(card.item));
    writer.raw(cardTail(j));
    writeTold(shelf?.cardReason?.(card.item, about), '', language);
    if (explain) writer.literal(explainChoice(card.propensity, card.forced, card.score));
    writer.u8(CLOSE);
  }
  writer.literal(']');
  if (explain) writer.literal(explainChoice(row.propensity, row.forced, row.value));
  writer.u8(CLOSE);
}

/** @param otherwise what stands where nothing is told */
function writeTold(what: Told | undefined, otherwise: string, language: Language): void {
  if (what === undefined) writer.literal(JSON.stringify(otherwise));
  else writer.raw(jsonOf(what, language));
}

const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

function explainChoice(propensity: number, forced: boolean, score: number): string {
  return `,"explain":{"propensity":${propensity},"forced":${forced},"score":${Number.isFinite(score) ? score : 0}}`;
}

function explainPage({ trace, versions }: PageExplanation, texts: ItemTexts): Record<string, unknown> {
  return {
    candidates: trace.proposed.map(({ batch, count }) => ({ shelf: idOfKey(batch, texts), count })),
    removals: trace.removals.map(({ batch, reason, count }) => ({ shelf: idOfKey(batch, texts), reason, count })),
    failedSources: trace.failures,
    stages: trace.stages.map(({ stage, ms, outcome }) => ({ stage, ms: Math.round(ms * 1000) / 1000, outcome })),
    versions,
  };
}

/** A shelf's key names its item by number; people and apps know the id. */
function idOfKey(key: string, texts: ItemTexts): string {
  const colon = key.indexOf(':');
  return colon < 0 ? key : `${key.slice(0, colon)}:${texts.id(Number(key.slice(colon + 1)))}`;
}

/** The rows of a recorded decision, for serving it again. Scores are not stored; they are 0. */
export function rowsOfRecord(record: DecisionRecord): RenderedRow[] {
  return record.rows.map((row) => {
    const shelf = record.shelves[row.shelf];
    return {
      shelfId: shelf.shelfId,
      seedItem: shelf.seedItem,
      order: shelf.carriedFrom === '' ? shelf.order : (shelfById(shelf.shelfId)?.order ?? shelf.order),
      carried: shelf.carriedFrom !== '',
      propensity: row.propensity,
      forced: row.forced,
      value: 0,
      cards: row.cards.map((card) => ({
        item: shelf.items[card.index],
        propensity: card.propensity,
        forced: card.forced,
        score: 0,
      })),
    };
  });
}
