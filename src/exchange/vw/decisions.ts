/**
 * Our decisions as conditional contextual bandits (`ccb`), and back without a loss.
 *
 * A page is one draw from the top down: a shelf, then its cards, one by one. So is a ccb event: slots in order, and what one has
 * chosen the next cannot. One decision is one event:
 *
 * | of the event | is |
 * | --- | --- |
 * | actions | the eligible shelves in their order, then the candidates of each, shelf by shelf |
 * | slots | the steps of the page: `2` is the shelf at page rank 2, `2.0` its first card |
 * | a slot's `_inc` | what a step could choose: shelves not yet placed, or candidates of the shelf whose item the page does not have yet; of a forced step the choice alone |
 * | a slot's `_a` and `_p` | the choice and its conditional propensity, the very double of the record |
 * | a slot's cost | minus the reward of the card or of the row's cards; 0 where nothing was earned or is known |
 * | `_shelfwise` | what Vowpal Wabbit has no place for, and passes over |
 *
 * `_inc` is wider than what was in play where caps or re-scoring took candidates out; their probability was 0.
 */
import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { BanditEvent, BanditSlot, JsonObject } from './event.ts';

export interface DecidedCard {
  /** Index into the shelf's items. */
  readonly index: number;
  readonly propensity: number;
  /** Declared, not drawn: p is 1, and nothing is to be learnt of it. */
  readonly forced: boolean;
}

export interface DecidedRow {
  /** Index into `shelves`. */
  readonly shelf: number;
  readonly propensity: number;
  readonly forced: boolean;
  readonly cards: readonly DecidedCard[];
}

export interface DecidedShelf {
  readonly shelfId: string;
  /** The item that the shelf is about; null: none. */
  readonly seedItem: string | null;
  readonly order: 'defined' | 'policy';
  readonly pinnedRank: number;
  readonly minCards: number;
  readonly maxCards: number;
  /** The decision that drew the row first, when it was carried; '' otherwise. */
  readonly carriedFrom: string;
  /** Candidates after filters, in the order of the record. */
  readonly items: readonly string[];
}

/** Columns of a decision that are its context. */
export const CONTEXT_NAMES = ['device', 'market', 'tier', 'language', 'filter'] as const;

/** A decision as the API tells it (`GET /v1/decisions/{id}`), of which this is what is exchanged. */
export interface DecisionToExchange {
  readonly decisionId: string;
  readonly atMs: number;
  /** 32 hexadecimal digits. */
  readonly seed: string;
  /** The listener's random key, no name. */
  readonly listenerKey: string;
  readonly sessionId: string;
  readonly policyId: string;
  readonly device: string;
  readonly market: string;
  readonly tier: string;
  readonly language: string;
  readonly filter: string;
  readonly marks: readonly string[];
  /** Never to be evaluated as if randomised. */
  readonly degraded: boolean;
  readonly versions: Readonly<Record<string, string>>;
  readonly shelves: readonly DecidedShelf[];
  readonly rows: readonly DecidedRow[];
}

/** The reward of a card, or null where none is known. */
export type RewardOf = (row: number, card: number) => number | null;

const FORMAT = 1;
const NOTHING_KNOWN: RewardOf = () => null;

/** The event of a decision; degraded ones are not to be learnt from. */
export function eventOfDecision(decision: DecisionToExchange, rewardOf: RewardOf = NOTHING_KNOWN): BanditEvent {
  const { shelves, rows } = decision;
  const firstCards = cardOffsets(shelves);
  const actions = [
    ...shelves.map(shelfAction),
    ...shelves.flatMap((shelf) => shelf.items.map((item) => cardAction(item, shelf))),
  ];
  const slots: BanditSlot[] = [];
  const placedShelves = new Set<number>();
  const placedItems = new Set<string>();
  const forced: string[] = [];
  for (const [rank, row] of rows.entries()) {
    const { items } = shelves[row.shelf];
    const rewards = row.cards.map((_, j) => rewardOf(rank, j));
    const free = row.forced ? [row.shelf] : shelves.flatMap((_, s) => (placedShelves.has(s) ? [] : [s]));
    slots.push(slotOf(`${rank}`, { place: 'shelf', rank: `${rank}` }, free, row.shelf, row.propensity, sumOf(rewards)));
    if (row.forced) forced.push(`${rank}`);
    placedShelves.add(row.shelf);
    for (const [j, card] of row.cards.entries()) {
      const first = firstCards[row.shelf];
      const chosen = first + card.index;
      const open = card.forced
        ? [chosen]
        : items.flatMap((item, i) => (i === card.index || !placedItems.has(item) ? [first + i] : []));
      const features = { place: 'card', rank: `${rank}`, cardRank: `${j}` };
      slots.push(slotOf(`${rank}.${j}`, features, open, chosen, card.propensity, rewards[j]));
      if (card.forced) forced.push(`${rank}.${j}`);
      placedItems.add(items[card.index]);
    }
  }
  return {
    kind: 'ccb',
    eventId: decision.decisionId,
    timestamp: new Date(decision.atMs).toISOString(),
    shared: { x: Object.fromEntries(CONTEXT_NAMES.map((name) => [name, decision[name]])) },
    actions,
    slots,
    globalCost: null,
    dropped: 0,
    skipLearn: decision.degraded,
    rest: { _shelfwise: restOf(decision, forced) },
  };
}

/** Where the candidates of each shelf begin among the actions. */
function cardOffsets(shelves: readonly DecidedShelf[]): readonly number[] {
  const offsets: number[] = [];
  let next = shelves.length;
  for (const { items } of shelves) {
    offsets.push(next);
    next += items.length;
  }
  return offsets;
}

/** Vowpal Wabbit crosses namespaces by their first letters: shelf, card, slot and context differ in theirs. */
function shelfAction({ shelfId, seedItem }: DecidedShelf): JsonObject {
  return { _tag: shelfId, shelf: { id: shelfId, ...(seedItem === null ? {} : { about: seedItem }) } };
}

function cardAction(item: string, { shelfId }: DecidedShelf): JsonObject {
  return { _tag: item, item: { id: item }, shelf: { id: shelfId } };
}

function slotOf(
  id: string,
  features: Readonly<Record<string, string>>,
  included: readonly number[],
  chosen: number,
  propensity: number,
  reward: number | null,
): BanditSlot {
  const cost = reward === null || reward === 0 ? 0 : -reward;
  return {
    id,
    features: { placed: features },
    included,
    ranking: [chosen],
    probabilities: [propensity],
    probability: propensity,
    cost,
    originalCost: null,
    observations: reward === null ? [] : [{ v: reward, EventId: id }],
  };
}

/** Null where no card's reward is known. */
function sumOf(rewards: readonly (number | null)[]): number | null {
  const known = rewards.filter((reward) => reward !== null);
  return known.length === 0 ? null : known.reduce((sum, reward) => sum + reward, 0);
}

function restOf(decision: DecisionToExchange, forced: readonly string[]): JsonObject {
  const { seed, listenerKey, sessionId, policyId, marks, degraded, versions, atMs } = decision;
  return {
    format: FORMAT,
    atMs,
    seed,
    listenerKey,
    sessionId,
    policyId,
    marks,
    degraded,
    versions,
    forced,
    shelves: decision.shelves.map(({ order, pinnedRank, minCards, maxCards, carriedFrom, items }) => ({
      order,
      pinnedRank,
      minCards,
      maxCards,
      carriedFrom,
      candidates: items.length,
    })),
  };
}

/** What `restOf` gives. Files pass through other hands: nothing is read of one that says it in another way. */
const restShape = Compile(
  Type.Object({
    format: Type.Literal(FORMAT),
    atMs: Type.Number(),
    seed: Type.String(),
    listenerKey: Type.String(),
    sessionId: Type.String(),
    policyId: Type.String(),
    marks: Type.Array(Type.String()),
    degraded: Type.Boolean(),
    versions: Type.Record(Type.String(), Type.String()),
    forced: Type.Array(Type.String()),
    shelves: Type.Array(
      Type.Object({
        order: Type.Union([Type.Literal('defined'), Type.Literal('policy')]),
        pinnedRank: Type.Integer(),
        minCards: Type.Integer(),
        maxCards: Type.Integer(),
        carriedFrom: Type.String(),
        candidates: Type.Integer({ minimum: 0 }),
      }),
    ),
  }),
);
const shelfActionShape = Compile(
  Type.Object({ shelf: Type.Object({ id: Type.String(), about: Type.Optional(Type.String()) }) }),
);
const cardActionShape = Compile(Type.Object({ _tag: Type.String() }));
const contextShape = Compile(
  Type.Object({
    device: Type.String(),
    market: Type.String(),
    tier: Type.String(),
    language: Type.String(),
    filter: Type.String(),
  }),
);

/** Is it a decision that `eventOfDecision` wrote? */
export function isOwnEvent(event: BanditEvent): boolean {
  return event.kind === 'ccb' && event.rest['_shelfwise'] !== undefined;
}

/**
 * The decision of an event that `eventOfDecision` wrote: choices and propensities from the slots, whatever else stands in the
 * event; null for an event of others, and for one that was altered so that it is no page any more.
 */
export function decisionOfEvent(event: BanditEvent): DecisionToExchange | null {
  const rest = event.rest['_shelfwise'];
  const context = event.shared['x'];
  if (event.kind !== 'ccb' || !restShape.Check(rest) || !contextShape.Check(context)) return null;
  const declared = rest.shelves;
  const counts = declared.map(({ candidates }) => candidates);
  const isComplete = counts.reduce((sum, count) => sum + count, declared.length) === event.actions.length;
  if (!isComplete) return null;
  const shelves: DecidedShelf[] = [];
  let next = declared.length;
  for (const [s, { candidates, order, pinnedRank, minCards, maxCards, carriedFrom }] of declared.entries()) {
    const action: unknown = event.actions[s];
    const cards: readonly unknown[] = event.actions.slice(next, next + candidates);
    if (!shelfActionShape.Check(action) || !cards.every((card) => cardActionShape.Check(card))) return null;
    next += candidates;
    shelves.push({
      shelfId: action.shelf.id,
      seedItem: action.shelf.about ?? null,
      order,
      pinnedRank,
      minCards,
      maxCards,
      carriedFrom,
      items: cards.map((card) => (card as { readonly _tag: string })._tag),
    });
  }
  const rows = rowsOf(event, shelves, new Set(rest.forced));
  if (rows === null) return null;
  const { device, market, tier, language, filter } = context;
  const { seed, listenerKey, sessionId, policyId, marks, degraded, versions, atMs } = rest;
  return {
    decisionId: event.eventId,
    atMs,
    seed,
    listenerKey,
    sessionId,
    policyId,
    device,
    market,
    tier,
    language,
    filter,
    marks,
    degraded,
    versions,
    shelves,
    rows,
  };
}

function rowsOf(
  event: BanditEvent,
  shelves: readonly DecidedShelf[],
  forced: ReadonlySet<string>,
): readonly DecidedRow[] | null {
  const firstCards = cardOffsets(shelves);
  const rows: (DecidedRow & { readonly cards: DecidedCard[] })[] = [];
  for (const { id, ranking, probabilities } of event.slots) {
    if (ranking.length === 0 || probabilities.length === 0) return null;
    const [chosen] = ranking;
    const choice = { propensity: probabilities[0], forced: forced.has(id) };
    const row = rows.at(-1);
    if (!id.includes('.')) {
      if (chosen >= shelves.length) return null;
      rows.push({ shelf: chosen, ...choice, cards: [] });
    } else {
      if (row === undefined) return null;
      const index = chosen - firstCards[row.shelf];
      if (!(index >= 0 && index < shelves[row.shelf].items.length)) return null;
      row.cards.push({ index, ...choice });
    }
  }
  return rows;
}

/** Of a decision as the API tells it, what is exchanged. */
export function toExchange(decision: DecisionToExchange): DecisionToExchange {
  const { decisionId, atMs, seed, listenerKey, sessionId, policyId, degraded, marks, versions } = decision;
  const { device, market, tier, language, filter } = decision;
  return {
    decisionId,
    atMs,
    seed,
    listenerKey,
    sessionId,
    policyId,
    device,
    market,
    tier,
    language,
    filter,
    marks,
    degraded,
    versions,
    shelves: decision.shelves.map(
      ({ shelfId, seedItem, order, pinnedRank, minCards, maxCards, carriedFrom, items }) => ({
        shelfId,
        seedItem,
        order,
        pinnedRank,
        minCards,
        maxCards,
        carriedFrom,
        items,
      }),
    ),
    rows: decision.rows.map(({ shelf, propensity, forced, cards }) => ({
      shelf,
      propensity,
      forced,
      cards: cards.map((card) => ({ index: card.index, propensity: card.propensity, forced: card.forced })),
    })),
  };
}
