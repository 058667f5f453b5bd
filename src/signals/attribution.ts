/**
 * Attribution: from events that carry a reference {decision, shelf rank, card rank} to rows that the online learner learns
 * from, and to the final reward of a decision, 24 hours after it was served.
 *
 * Rows:
 *  - `positive` (label 1): at once, when a card has earned its reward;
 *  - `negative` (label 0): 10 minutes after the last impression on the page, for every card that was seen (an impression
 *    of a shelf sees all its cards) and has not earned; only when the app said `rendered`;
 *  - `correction`: a card earned after its negative was given out (label 1), or lost what it had earned, by a skip or by
 *    turning into a sleep loop (label 0). The learner compensates what it learnt by the weight that `correctionWeight` gives.
 *
 * Events may come in any order and more than once, servings and impressions before or after plays. Events of a decision
 * that `decision` does not know yet wait (10,000 at most) and are tried again at every `advance`. A row that a later page
 * carried is credited card by card to the decision that first drew it. Everything of a decision is forgotten when it has
 * matured; what comes later is counted in `dropped`. Nothing is lost at a restart: `encode`, and `restore` among the
 * options.
 *
 * Where more decisions are open than there is room for, those that came first are given up. What rows they gave out is
 * then no longer known, and a row must not be given out twice: events of decisions that are not remembered and are not
 * newer than the newest that was given up with rows are refused (`crowded-out`). Ids of decisions ascend with time, so
 * that one id is all the memory that this takes.
 */
import { ByteReader, ByteWriter, MINUTE_MS, Oldest, resolveOptions, ShelfwiseError } from '../base/index.ts';
import { decodeEvent, encodeEvent, type FeedbackEvent, type Serving } from '../domain/index.ts';
import {
  addEvidence,
  type CardFacts,
  CLOCK_SLACK_MS,
  type Evidence,
  earned,
  emptyEvidence,
  REWARD_WINDOW_MS,
} from './rewards.ts';

/** A card without a reward is a negative so long after the last impression on its page. */
export const NEGATIVE_AFTER_MS = 10 * MINUTE_MS;

/** What attribution asks of a decision's record. */
export interface DecisionFacts {
  readonly listenerKey: string;
  /** Time of the decision; the first serving's time takes its place when it is told. */
  readonly servedAtMs: number;
  /** Cards of a row; 0 where the page has no such row. */
  cardCount(shelfRank: number): number;
  card(shelfRank: number, cardRank: number): CardFacts | undefined;
  /**
   * Where a card of this page stands in the decision that first drew its row, when this page carried the row; undefined
   * when it did not. Ranks may differ: a card that was hidden since has left the row, and the cards below it moved up. All
   * cards of a row come from one decision. A card that the first decision does not have: `cardRank` -1. While the first
   * decision is not known, any ranks: its events wait. Called only for ranks that this page has.
   */
  carriedFrom(shelfRank: number, cardRank: number): CardPlace | undefined;
}

export interface CardPlace {
  readonly decisionId: string;
  readonly shelfRank: number;
  readonly cardRank: number;
}

export interface RewardRow {
  readonly decisionId: string;
  readonly shelfRank: number;
  readonly cardRank: number;
  readonly label: 0 | 1;
  /** 1; a correction's is to be multiplied by `correctionWeight`. */
  readonly weight: number;
  readonly kind: 'positive' | 'negative' | 'correction';
}

/** The final rewards of a decision; cards that are not listed earned 0. */
export interface MaturedDecision {
  readonly decisionId: string;
  readonly listenerKey: string;
  readonly servedAtMs: number;
  /** The app said that it showed the page: only then is the decision eligible for evaluation. */
  readonly rendered: boolean;
  readonly seenCards: number;
  readonly rewarded: readonly { readonly shelfRank: number; readonly cardRank: number }[];
}

export type DropReason = 'no-card' | 'other-listener' | 'matured' | 'unknown-decision' | 'crowded-out';

export interface AttributionOptions {
  /** The decision's record, or undefined when it is not (yet) known. Called for every event with a reference: cache it. */
  readonly decision: (decisionId: string) => DecisionFacts | undefined;
  /** Is the listener's playback at this time a machine's? @default never */
  readonly isBot?: (listenerKey: string, atMs: number) => boolean;
  /** Decisions remembered at most; the one that came first is given up for a new one. @default 200,000 */
  readonly maxDecisions?: number;
  /** What `encode` gave. @default nothing */
  readonly restore?: Uint8Array | undefined;
}

export interface Attribution {
  /** Takes an event; those without a reference are passed over. */
  add(event: FeedbackEvent): void;
  addServing(serving: Serving): void;
  /** Positives and corrections since the last call, then the negatives that are due. `nowMs` never goes back. */
  advance(nowMs: number): readonly RewardRow[];
  /** Decisions served 24 hours ago or more, each once; they are forgotten. Call `advance` with the same time before it. */
  matured(nowMs: number): readonly MaturedDecision[];
  encode(): Uint8Array;
  /** Forgets the decisions and waiting events of listeners who are erased; gives how many. */
  forget(listenerKeys: ReadonlySet<string>): number;
  /** Decisions remembered. */
  readonly size: number;
  /** Events that could not be credited, by reason; under `crowded-out` also decisions that were given up. */
  readonly dropped: Readonly<Record<DropReason, number>>;
}

/**
 * The weight that makes a correction's update undo the row that it corrects, for a model with logistic loss:
 * the gradient of the wrong row was (p - wrong), the right one is (p - label); the difference is (label - p) · w with
 * w = 1 / (1 - p) for label 1 and w = 1 / p for label 0. Exact at the p that the wrong row left behind; at most 10.
 * (The idea of weighting fake negatives is of Ktena et al., RecSys 2019.)
 *
 * @param p the model's present prediction for the row, in (0, 1)
 */
export function correctionWeight(label: 0 | 1, p: number): number {
  return Math.min(10, 1 / Math.max(label === 1 ? 1 - p : p, 1e-9));
}

const NONE = 0;
const NEGATIVE = 1;
const POSITIVE = 2;

interface Ledger {
  readonly decisionId: string;
  listenerKey: string;
  servedAtMs: number;
  /** The time is a serving's, not the decision's. */
  servingKnown: boolean;
  rendered: boolean;
  /** -1 before the first. */
  lastImpressionMs: number;
  /** Cards seen or played: shelfRank * 256 + cardRank, and the label last given out. */
  keys: Uint16Array;
  labels: Uint8Array;
  count: number;
  evidence: Map<number, Evidence> | null;
}

/** 1: without the newest decision that was given up. */
const FORMAT = 2;
const MAX_WAITING = 10_000;
const NO_KEYS = new Uint16Array(0);
const NO_LABELS = new Uint8Array(0);

export function createAttribution(options: AttributionOptions): Attribution {
  const { decision, isBot, maxDecisions, restore } = resolveOptions<Required<AttributionOptions>>(
    'createAttribution',
    options,
    { decision: () => undefined, isBot: () => false, maxDecisions: 200_000, restore: undefined },
  );
  const ledgers = new Map<string, Ledger>();
  const oldest = new Oldest(ledgers);
  /** Decisions that may still owe a negative. */
  const open = new Set<string>();
  let ready: RewardRow[] = [];
  let waiting: FeedbackEvent[] = [];
  let clockMs = Number.NEGATIVE_INFINITY;
  /** The newest decision that was given up with rows given out; '' before the first. */
  let newestGivenUp = '';
  const dropped: Record<DropReason, number> = {
    'no-card': 0,
    'other-listener': 0,
    matured: 0,
    'unknown-decision': 0,
    'crowded-out': 0,
  };

  /** A decision's ledger, made if it is new; null, and counted, when it may be one that was given up. */
  function ledgerOf(decisionId: string, listenerKey: string, servedAtMs: number): Ledger | null {
    const known = ledgers.get(decisionId);
    if (known !== undefined) return known;
    if (decisionId <= newestGivenUp) {
      dropped['crowded-out']++;
      return null;
    }
    if (ledgers.size >= maxDecisions) giveUpFirst();
    const ledger: Ledger = {
      decisionId,
      listenerKey,
      servedAtMs,
      servingKnown: false,
      rendered: false,
      lastImpressionMs: -1,
      keys: NO_KEYS,
      labels: NO_LABELS,
      count: 0,
      evidence: null,
    };
    ledgers.set(decisionId, ledger);
    return ledger;
  }

  function giveUpFirst(): void {
    const first = ledgers.get(oldest.next() ?? '');
    if (first === undefined) return;
    ledgers.delete(first.decisionId);
    open.delete(first.decisionId);
    dropped['crowded-out']++;
    if (first.decisionId > newestGivenUp && first.labels.some((label) => label !== NONE)) {
      newestGivenUp = first.decisionId;
    }
  }

  /** Where an event's card is credited; undefined while its first decision is not known. */
  function placeOf(decisionId: string, facts: DecisionFacts, shelfRank: number, cardRank: number): Place | undefined {
    const origin = facts.carriedFrom(shelfRank, cardRank);
    if (origin === undefined) return { decisionId, facts, shelfRank, cardRank };
    const first = decision(origin.decisionId);
    return first === undefined ? undefined : { ...origin, facts: first };
  }

  /** Notes that cards were seen. @returns false when a decision is not known yet; then nothing was noted */
  function see(event: FeedbackEvent, facts: DecisionFacts): boolean {
    const { decisionId, shelfRank, cardRank } = event;
    const places: Place[] = [];
    const end = cardRank < 0 ? facts.cardCount(shelfRank) : cardRank + 1;
    for (let j = Math.max(0, cardRank); j < end; j++) {
      const place = placeOf(decisionId, facts, shelfRank, j);
      if (place === undefined) return false;
      places.push(place);
    }
    for (const place of places) {
      if (place.facts.card(place.shelfRank, place.cardRank) === undefined) {
        dropped['no-card']++;
        continue;
      }
      const ledger = current(place.decisionId, place.facts);
      if (ledger === null) return true;
      if (event.occurredAtMs > ledger.lastImpressionMs) ledger.lastImpressionMs = event.occurredAtMs;
      cardIndex(ledger, place.shelfRank * 256 + place.cardRank);
      open.add(place.decisionId);
    }
    return true;
  }

  /** Credits an event. @returns false when its decision is not known yet. */
  function credit(event: FeedbackEvent): boolean {
    const { decisionId, shelfRank, cardRank } = event;
    const facts = decision(decisionId);
    if (facts === undefined) return false;
    if (facts.listenerKey !== event.listenerKey) {
      dropped['other-listener']++;
      return true;
    }
    if (event.type === 'rendered') {
      const ledger = current(decisionId, facts);
      if (ledger === null) return true;
      ledger.rendered = true;
      open.add(decisionId);
      return true;
    }
    const cardCount = shelfRank < 0 ? 0 : facts.cardCount(shelfRank);
    if (cardCount === 0 || cardRank >= cardCount) {
      dropped['no-card']++;
      return true;
    }
    if (event.type === 'impression') return see(event, facts);
    if (event.type !== 'play' && event.type !== 'skip') return true;
    if (cardRank < 0) {
      dropped['no-card']++;
      return true;
    }
    const place = placeOf(decisionId, facts, shelfRank, cardRank);
    if (place === undefined) return false;
    const card = place.facts.card(place.shelfRank, place.cardRank);
    if (card === undefined) {
      dropped['no-card']++;
      return true;
    }
    const ledger = current(place.decisionId, place.facts);
    if (ledger === null) return true;
    ledger.evidence ??= new Map();
    const key = place.shelfRank * 256 + place.cardRank;
    let evidence = ledger.evidence.get(key);
    if (evidence === undefined) {
      evidence = emptyEvidence();
      ledger.evidence.set(key, evidence);
    }
    if (addEvidence(evidence, event)) settle(ledger, key, evidence, card);
    return true;
  }

  /** The ledger of a decision that has not matured; null, and counted, when it has, or was given up. */
  function current(decisionId: string, facts: DecisionFacts): Ledger | null {
    const servedAtMs = ledgers.get(decisionId)?.servedAtMs ?? facts.servedAtMs;
    if (clockMs >= servedAtMs + REWARD_WINDOW_MS) {
      dropped.matured++;
      return null;
    }
    return ledgerOf(decisionId, facts.listenerKey, facts.servedAtMs);
  }

  /** Gives out a row when what the evidence says differs from what was last given out. */
  function settle(ledger: Ledger, key: number, evidence: Evidence, card: CardFacts): boolean {
    const newestMs = evidence.plays.reduce((newest, play) => Math.max(newest, play.atMs), ledger.servedAtMs);
    const isEarned = earned(evidence, card, ledger.servedAtMs, isBot(ledger.listenerKey, newestMs));
    const index = isEarned ? cardIndex(ledger, key) : findCard(ledger, key);
    if (index < 0) return false;
    const label = ledger.labels[index];
    if (isEarned && label !== POSITIVE) {
      ledger.labels[index] = POSITIVE;
      emit(ledger, key, 1, label === NONE ? 'positive' : 'correction');
    } else if (!isEarned && label === POSITIVE) {
      ledger.labels[index] = NEGATIVE;
      emit(ledger, key, 0, 'correction');
    }
    return isEarned;
  }

  function emit(ledger: Ledger, key: number, label: 0 | 1, kind: RewardRow['kind']): void {
    ready.push({ decisionId: ledger.decisionId, shelfRank: key >>> 8, cardRank: key & 255, label, weight: 1, kind });
  }

  function retryWaiting(): void {
    if (waiting.length === 0) return;
    const tried = waiting;
    waiting = [];
    for (const event of tried) {
      if (credit(event)) continue;
      if (event.occurredAtMs + REWARD_WINDOW_MS + CLOCK_SLACK_MS < clockMs) dropped['unknown-decision']++;
      else waiting.push(event);
    }
  }

  function giveNegatives(ledger: Ledger): void {
    const unsettled: number[] = [];
    for (let i = 0; i < ledger.count; i++) {
      if (ledger.labels[i] !== NONE) continue;
      ledger.labels[i] = NEGATIVE;
      unsettled.push(ledger.keys[i]);
    }
    unsettled.sort((a, b) => a - b);
    for (const key of unsettled) emit(ledger, key, 0, 'negative');
  }

  function advance(nowMs: number): readonly RewardRow[] {
    clockMs = Math.max(clockMs, nowMs);
    retryWaiting();
    const due: string[] = [];
    for (const id of open) {
      const ledger = ledgers.get(id);
      if (ledger === undefined) {
        open.delete(id);
        continue;
      }
      const over = clockMs >= ledger.servedAtMs + REWARD_WINDOW_MS;
      if (ledger.rendered && ledger.count > 0 && (over || clockMs >= ledger.lastImpressionMs + NEGATIVE_AFTER_MS)) {
        due.push(id);
      }
    }
    due.sort();
    for (const id of due) {
      giveNegatives(ledgers.get(id) as Ledger);
      open.delete(id);
    }
    const rows = ready;
    ready = [];
    return rows;
  }

  function matured(nowMs: number): readonly MaturedDecision[] {
    clockMs = Math.max(clockMs, nowMs);
    const list: MaturedDecision[] = [];
    for (const ledger of ledgers.values()) {
      if (clockMs < ledger.servedAtMs + REWARD_WINDOW_MS) continue;
      ledgers.delete(ledger.decisionId);
      open.delete(ledger.decisionId);
      list.push(finalRewards(ledger));
    }
    return list.sort((a, b) => (a.decisionId < b.decisionId ? -1 : 1));
  }

  function finalRewards(ledger: Ledger): MaturedDecision {
    const facts = decision(ledger.decisionId);
    const rewarded: { shelfRank: number; cardRank: number }[] = [];
    for (const [key, evidence] of [...(ledger.evidence ?? [])].sort(([a], [b]) => a - b)) {
      const card = facts?.card(key >>> 8, key & 255);
      if (card !== undefined && settle(ledger, key, evidence, card)) {
        rewarded.push({ shelfRank: key >>> 8, cardRank: key & 255 });
      }
    }
    const { decisionId, listenerKey, servedAtMs, rendered, count } = ledger;
    return { decisionId, listenerKey, servedAtMs, rendered, seenCards: count, rewarded };
  }

  function forget(listenerKeys: ReadonlySet<string>): number {
    const before = waiting.length;
    waiting = waiting.filter((event) => !listenerKeys.has(event.listenerKey));
    let forgotten = before - waiting.length;
    const gone = new Set<string>();
    for (const { decisionId, listenerKey } of ledgers.values()) if (listenerKeys.has(listenerKey)) gone.add(decisionId);
    for (const id of gone) {
      ledgers.delete(id);
      open.delete(id);
      forgotten++;
    }
    ready = ready.filter(({ decisionId }) => !gone.has(decisionId));
    return forgotten;
  }

  function encode(): Uint8Array {
    const out = new ByteWriter(4096);
    out.u8(FORMAT);
    out.f64(clockMs);
    out.text(newestGivenUp);
    out.varint(ready.length);
    for (const row of ready) {
      out.text(row.decisionId);
      out.varint(row.shelfRank);
      out.varint(row.cardRank);
      out.u8(row.label);
      out.u8(ROW_KINDS.indexOf(row.kind));
    }
    out.varint(waiting.length);
    const scratch = new ByteWriter(512);
    for (const event of waiting) {
      scratch.reset();
      encodeEvent(event, scratch);
      out.bytes(scratch.view());
    }
    out.varint(ledgers.size);
    for (const ledger of ledgers.values()) encodeLedger(ledger, open.has(ledger.decisionId), out);
    return out.finish();
  }

  if (restore !== undefined) {
    const reader = new ByteReader(restore);
    const format = reader.u8();
    if (format !== FORMAT && format !== 1)
      throw new ShelfwiseError('STATE_CORRUPT', `attribution format ${format} is unknown`);
    clockMs = reader.f64();
    if (format !== 1) newestGivenUp = reader.text();
    for (let left = reader.varint(); left > 0; left--) {
      ready.push({
        decisionId: reader.text(),
        shelfRank: reader.varint(),
        cardRank: reader.varint(),
        label: reader.u8() === 1 ? 1 : 0,
        weight: 1,
        kind: ROW_KINDS[reader.u8()],
      });
    }
    for (let left = reader.varint(); left > 0; left--) waiting.push(decodeEvent(reader.bytes()));
    for (let left = reader.varint(); left > 0; left--) {
      const { ledger, isOpen } = decodeLedger(reader);
      ledgers.set(ledger.decisionId, ledger);
      if (isOpen) open.add(ledger.decisionId);
    }
  }

  return {
    add(event) {
      if (event.decisionId === '' || credit(event)) return;
      if (waiting.length >= MAX_WAITING) {
        waiting.shift();
        dropped['unknown-decision']++;
      }
      waiting.push(event);
    },
    addServing(serving) {
      if (clockMs >= serving.atMs + REWARD_WINDOW_MS) return;
      const ledger = ledgerOf(serving.decisionId, serving.listenerKey, serving.atMs);
      if (ledger === null) return;
      if (!ledger.servingKnown || serving.atMs < ledger.servedAtMs) ledger.servedAtMs = serving.atMs;
      ledger.servingKnown = true;
    },
    advance,
    matured,
    encode,
    forget,
    get size() {
      return ledgers.size;
    },
    dropped,
  };
}

/** A card in the decision that it is credited to. */
interface Place extends CardPlace {
  readonly facts: DecisionFacts;
}

const ROW_KINDS = ['positive', 'negative', 'correction'] as const;

function findCard(ledger: Ledger, key: number): number {
  for (let i = 0; i < ledger.count; i++) if (ledger.keys[i] === key) return i;
  return -1;
}

/** The card's index, made if it is new. */
function cardIndex(ledger: Ledger, key: number): number {
  const known = findCard(ledger, key);
  if (known >= 0) return known;
  if (ledger.count === ledger.keys.length) {
    const length = Math.max(16, 2 * ledger.count);
    const keys = new Uint16Array(length);
    keys.set(ledger.keys);
    const labels = new Uint8Array(length);
    labels.set(ledger.labels);
    ledger.keys = keys;
    ledger.labels = labels;
  }
  ledger.keys[ledger.count] = key;
  return ledger.count++;
}

function encodeLedger(ledger: Ledger, isOpen: boolean, out: ByteWriter): void {
  out.text(ledger.decisionId);
  out.text(ledger.listenerKey);
  out.f64(ledger.servedAtMs);
  out.u8((ledger.servingKnown ? 1 : 0) | (ledger.rendered ? 2 : 0) | (isOpen ? 4 : 0));
  out.f64(ledger.lastImpressionMs);
  out.varint(ledger.count);
  for (let i = 0; i < ledger.count; i++) {
    out.u16(ledger.keys[i]);
    out.u8(ledger.labels[i]);
  }
  out.varint(ledger.evidence?.size ?? 0);
  for (const [key, { plays, skips }] of ledger.evidence ?? []) {
    out.u16(key);
    out.varint(plays.length);
    for (const play of plays) {
      out.u32(play.event);
      out.u32(play.item);
      out.u32(play.container);
      out.u32(play.session);
      out.f64(play.atMs);
      out.f64(play.playedMs);
      out.f64(play.durationMs);
      out.u8(play.autoplay ? 1 : 0);
    }
    out.varint(skips.length);
    for (const skip of skips) {
      out.u32(skip.event);
      out.u32(skip.item);
      out.f64(skip.atMs);
    }
  }
}

function decodeLedger(reader: ByteReader): { ledger: Ledger; isOpen: boolean } {
  const decisionId = reader.text();
  const listenerKey = reader.text();
  const servedAtMs = reader.f64();
  const flags = reader.u8();
  const lastImpressionMs = reader.f64();
  const count = reader.varint();
  const keys = new Uint16Array(count);
  const labels = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    keys[i] = reader.u16();
    labels[i] = reader.u8();
  }
  const cards = reader.varint();
  const evidence = cards === 0 ? null : new Map<number, Evidence>();
  for (let c = 0; c < cards; c++) {
    const key = reader.u16();
    const { plays, skips } = emptyEvidence();
    for (let left = reader.varint(); left > 0; left--) {
      plays.push({
        event: reader.u32(),
        item: reader.u32(),
        container: reader.u32(),
        session: reader.u32(),
        atMs: reader.f64(),
        playedMs: reader.f64(),
        durationMs: reader.f64(),
        autoplay: reader.u8() === 1,
      });
    }
    for (let left = reader.varint(); left > 0; left--) {
      skips.push({ event: reader.u32(), item: reader.u32(), atMs: reader.f64() });
    }
    evidence?.set(key, { plays, skips });
  }
  const ledger: Ledger = {
    decisionId,
    listenerKey,
    servedAtMs,
    servingKnown: (flags & 1) !== 0,
    rendered: (flags & 2) !== 0,
    lastImpressionMs,
    keys,
    labels,
    count,
    evidence,
  };
  return { ledger, isOpen: (flags & 4) !== 0 };
}
