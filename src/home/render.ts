/** Turns a drawn page into the bytes that are sent. Card texts are JSON fragments made once an item, so a page is mostly copying. */
import { ByteWriter, DAY_MS, MINUTE_MS, utf8 } from '../base/index.ts';
import {
  BADGES,
  type Campaigns,
  type DecisionRecord,
  type DecisionVersions,
  NO_ITEM,
  SHELF_ORDERS,
  type ShelfOrder,
} from '../domain/index.ts';
import type { Trace } from '../mixer/index.ts';
import type { ListenerState } from '../signals/index.ts';
import type { CardTexts, ItemTexts } from './item-texts.ts';
import { jsonOf, type Language, languageOf, type Told, told } from './messages/index.ts';
import { begunShare, FINISHED_SHARE } from './progress.ts';
import { type ShelfDeclaration, shelfById, type Telling } from './shelves/index.ts';

export interface RenderedCard {
  readonly item: number;
  readonly propensity: number;
  readonly forced: boolean;
  /** The greatest propensity that any card had for this place; read where the page is explained. */
  readonly best: number;
  readonly score: number;
}

export interface RenderedRow {
  readonly shelfId: string;
  readonly seedItem: number;
  readonly order: ShelfOrder;
  readonly carried: boolean;
  readonly propensity: number;
  readonly forced: boolean;
  /** The greatest propensity that any shelf had for this place. */
  readonly best: number;
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
  /** Of the listener as they are now: what they have begun. */
  readonly state: ListenerState;
  /** Those that serve now: rows of editors have their words from there. */
  readonly campaigns: Campaigns;
  readonly rows: readonly RenderedRow[];
  /** The rank of the first row that is sent, and how many at most; undefined: to the end. */
  readonly firstRank: number;
  readonly rowLimit: number | undefined;
}

/** Names the rest of a page: the decision, and the rank of the next row. */
export function cursorOf(decisionId: string, rank: number): string {
  return `${decisionId}-${rank}`;
}

/** What `cursorOf` gave; undefined for anything else. */
export function parseCursor(cursor: string): { readonly decisionId: string; readonly rank: number } | undefined {
  const [, decisionId, rank] = /^([0-9A-HJKMNP-TV-Z]{26})-(\d{1,2})$/.exec(cursor) ?? [];
  return decisionId === undefined ? undefined : { decisionId, rank: Number(rank) };
}

/** Pages are written one at a time. */
const writer = new ByteWriter(64 * 1024);
/** What follows the subtitle of the j-th card with badges b, up to its progress: `TAILS[b][j]`, b by bits as in BADGES. */
const TAILS: Uint8Array[][] = Array.from({ length: 2 ** BADGES.length }, () => []);
/** The same and "no progress", up to the reason. */
const CALM_TAILS: Uint8Array[][] = TAILS.map(() => []);
/** The same and no reason: most cards. */
const QUIET_TAILS: Uint8Array[][] = TAILS.map(() => []);
const IS_NEW = 1;
const IS_EXPLICIT = 2;
const IS_UNFINISHED = 4;
const IS_SPONSORED = 8;

function tailOf(badges: number, j: number, tails: Uint8Array[][]): Uint8Array {
  const known = tails[badges];
  for (let rank = known.length; rank <= j; rank++) {
    const words = JSON.stringify(BADGES.filter((_badge, bit) => (badges & (1 << bit)) !== 0));
    const tail = `,"rank":${rank},"badges":${words},"sponsored":${(badges & IS_SPONSORED) !== 0},"progress":`;
    known.push(
      utf8(tails === TAILS ? tail : tails === CALM_TAILS ? `${tail}null,"reason":` : `${tail}null,"reason":""`),
    );
  }
  return known[j];
}

/** What stands between the values of a row. */
const ID = utf8('{"id":');
const REASON = utf8(',"reason":');
const LABEL = utf8(',"label":');
/** By kind of row: from its id to its title; and the same with the id, where that is the kind. */
const KINDS = new Map<string, { readonly kind: Uint8Array; readonly opening: Uint8Array }>();
/** From the label to the cards of the row at a rank: `ROW_TAILS[SHELF_ORDERS.indexOf(order)][Number(carried)][rank]`. */
const ROW_TAILS: Uint8Array[][][] = SHELF_ORDERS.map(() => [[], []]);

function kindOf(shelfId: string): { readonly kind: Uint8Array; readonly opening: Uint8Array } {
  let known = KINDS.get(shelfId);
  if (known === undefined) {
    const kind = `,"kind":${JSON.stringify(shelfId)},"title":`;
    known = { kind: utf8(kind), opening: utf8(`{"id":${JSON.stringify(shelfId)}${kind}`) };
    KINDS.set(shelfId, known);
  }
  return known;
}

function rowTailOf(order: ShelfOrder, carried: boolean, rank: number): Uint8Array {
  const tails = ROW_TAILS[SHELF_ORDERS.indexOf(order)][Number(carried)];
  for (let r = tails.length; r <= rank; r++)
    tails.push(utf8(`,"order":"${order}","rank":${r},"carried":${carried},"cards":[`));
  return tails[rank];
}

/** The page as JSON, of the shape PageSchema. */
export function renderPage(input: RenderInput, texts: ItemTexts, explanation: PageExplanation | undefined): Uint8Array {
  const language = languageOf(input.language);
  const year = new Date(input.atMs).getUTCFullYear();
  writer.reset();
  writer.literal(
    `{"decisionId":"${input.decisionId}","policy":"${input.policyId}","degraded":${input.degraded},"shelves":[`,
  );
  const { firstRank, rowLimit = input.rows.length } = input;
  const end = Math.min(input.rows.length, firstRank + rowLimit);
  for (let rank = firstRank; rank < end; rank++) {
    if (rank > firstRank) writer.literal(',');
    writeRow(input.rows[rank], rank, input, language, year, texts, explanation !== undefined);
  }
  writer.literal(']');
  if (end < input.rows.length) writer.literal(`,"nextCursor":"${cursorOf(input.decisionId, end)}"`);
  if (explanation !== undefined) writer.literal(`,"explain":${JSON.stringify(explainPage(explanation, texts))}`);
  writer.literal('}');
  return writer.finish();
}

function writeRow(
  row: RenderedRow,
  rank: number,
  { market, atMs, state, campaigns, language: tag }: RenderInput,
  language: Language,
  year: number,
  texts: ItemTexts,
  explain: boolean,
): void {
  const shelf = shelfById(row.shelfId);
  const about: Telling = { seedItem: row.seedItem, market, atMs, language: tag, campaigns, texts };
  const { kind, opening } = kindOf(row.shelfId);
  if (row.seedItem === NO_ITEM) writer.raw(opening);
  else {
    writer.raw(ID);
    writer.literal(JSON.stringify(`${row.shelfId}:${texts.id(row.seedItem)}`));
    writer.raw(kind);
  }
  // A row of a shelf that is not declared any more is called by its kind.
  if (shelf === undefined) writer.literal(JSON.stringify(row.shelfId));
  else writeTold(shelf.title(about), language);
  writer.raw(REASON);
  writeTold(shelf?.reason(about), language);
  writer.raw(LABEL);
  writeTold(shelf?.label?.(about), language);
  writer.raw(rowTailOf(row.order, row.carried, rank));
  for (let j = 0; j < row.cards.length; j++) {
    const card = row.cards[j];
    writer.u8(j > 0 ? COMMA : OPEN);
    if (j > 0) writer.u8(OPEN);
    writeCard(card.item, j, shelf, about, state, language, year);
    if (explain) writer.literal(explainChoice(card, card.score));
    writer.u8(CLOSE);
  }
  writer.literal(']');
  if (explain) writer.literal(explainChoice(row, row.value));
  writer.u8(CLOSE);
}

function writeCard(
  item: number,
  j: number,
  shelf: ShelfDeclaration | undefined,
  about: Telling,
  state: ListenerState,
  language: Language,
  year: number,
): void {
  const { texts } = about;
  const card = texts.card(item, language, year);
  const share = card.kind === 'episode' ? begunShare(state, item, card.durationMs) : 0;
  let badges = isNew(card.releasedAtMs, about.atMs) ? IS_NEW : 0;
  if (card.isExplicit) badges |= IS_EXPLICIT;
  if (shelf?.isSponsored?.(item, about)) badges |= IS_SPONSORED;
  if (share > 0 && share < FINISHED_SHARE) {
    badges |= IS_UNFINISHED;
    writeBegun(item, share, card, language, texts);
  } else writer.part(card.bytes, card.from, card.end);
  const reason = shelf?.cardReason?.(item, about);
  if (share === 0) {
    if (reason === undefined) {
      writer.raw(tailOf(badges, j, QUIET_TAILS));
      return;
    }
    writer.raw(tailOf(badges, j, CALM_TAILS));
  } else {
    writer.raw(tailOf(badges, j, TAILS));
    writer.literal(`${Math.round(share * 1000) / 1000},"reason":`);
  }
  writeTold(reason, language);
}

const NOTHING_TOLD = utf8('""');

/** A card of an episode that waits for its end says how much is left, instead of when it came out and how long it is. */
function writeBegun(item: number, share: number, card: CardTexts, language: Language, texts: ItemTexts): void {
  const minutes = Math.max(1, Math.round(((1 - share) * card.durationMs) / MINUTE_MS));
  writer.part(card.bytes, card.from, card.openingEnd);
  const show = texts.show(item);
  writeTold(
    show === '' ? told('card.minutes-left', { minutes }) : told('card.minutes-left-of-show', { show, minutes }),
    language,
  );
}

/** An item is new for so many days after its release. */
export const NEW_DAYS = 14;

function isNew(releasedAtMs: number, atMs: number): boolean {
  // False where the release is not known.
  return releasedAtMs <= atMs && releasedAtMs > atMs - NEW_DAYS * DAY_MS;
}

function writeTold(what: Told | undefined, language: Language): void {
  writer.raw(what === undefined ? NOTHING_TOLD : jsonOf(what, language));
}

const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;

function explainChoice({ propensity, forced, best }: Omit<RenderedCard, 'item' | 'score'>, score: number): string {
  const finite = Number.isFinite(score) ? score : 0;
  return `,"explain":{"propensity":${propensity},"forced":${forced},"best":${best},"score":${finite}}`;
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

/** The rows of a recorded decision, for serving it again. Scores are not stored, they are 0; nor is what else might have been drawn. */
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
      best: row.propensity,
      value: 0,
      cards: row.cards.map((card) => ({
        item: shelf.items[card.index],
        propensity: card.propensity,
        forced: card.forced,
        best: card.propensity,
        score: 0,
      })),
    };
  });
}
