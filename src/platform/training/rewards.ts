/**
 * Which cards of past decisions were seen, and which of them earned: both streams read once, in step with each other, and
 * joined by the same attribution that the online learner goes by.
 */
import { HOUR_MS, hash32, MINUTE_MS } from '../../base/index.ts';
import {
  type Catalog,
  type DecisionRecord,
  decisionTimeMs,
  type FeedbackEvent,
  ITEM_KINDS,
  isGenerated,
  UNKNOWN_KIND,
} from '../../domain/index.ts';
import { createAttribution, type DecisionFacts, REWARD_WINDOW_MS } from '../../signals/index.ts';
import type { Span } from './span.ts';

/** Labels of the cards of one decision: shelfRank * 256 + cardRank to 0 or 1. */
export type CardLabels = ReadonlyMap<number, 0 | 1>;

export interface Rewards {
  /** By decision, in the order of their ids, which is that of time. */
  readonly labels: ReadonlyMap<string, CardLabels>;
  /** Decisions of the span. */
  readonly decisions: number;
  readonly rows: number;
  /** Without a card that was seen, or never said to be rendered. */
  readonly unseen: number;
  /** Left out, evenly, since there were more rows than were asked for. */
  readonly sampled: number;
}

export interface RewardSource {
  /** Records before the end of the span, as they were logged. */
  readonly decisions: AsyncIterable<DecisionRecord>;
  /** Events from the beginning of the span on, as they came in. */
  readonly events: AsyncIterable<FeedbackEvent>;
  readonly catalog: Catalog;
  readonly itemName: (item: number) => string;
  readonly isFlagged: (listenerKey: string) => boolean;
}

/** An app's clock may run ahead of ours by so much: a decision is known before what refers to it. */
const CLOCK_SLACK_MS = 10 * MINUTE_MS;
/** Rewards are settled this often, of the decisions' own time. */
const SETTLE_EVERY_MS = 5 * MINUTE_MS;
/** A row that was carried may be credited to a decision that is as old as a reward may be. */
const REMEMBERED_MS = REWARD_WINDOW_MS + 2 * HOUR_MS;
const MAX_DECISIONS = 1_000_000;

export async function gatherRewards(
  source: RewardSource,
  span: Span,
  { nowMs, matured, maxRows }: { readonly nowMs: number; readonly matured: boolean; readonly maxRows: number },
  onRead: (share: number) => void,
): Promise<Rewards> {
  const facts = new Map<string, DecisionFacts>();
  const labels = new Map<string, Map<number, 0 | 1>>();
  const rendered = new Set<string>();
  const attribution = createAttribution({
    decision: (id) => facts.get(id),
    isBot: source.isFlagged,
    maxDecisions: MAX_DECISIONS,
  });
  let decisions = 0;
  let rows = 0;
  const sampledOut = new Set<string>();
  /** Decisions whose hash is below it are kept. */
  let kept = 1;
  const isKept = (id: string): boolean => (hash32(id, SAMPLE_SALT) >>> 0) / 2 ** 32 < kept;
  const counts = (atMs: number): boolean =>
    atMs >= span.fromMs && atMs < span.toMs && (!matured || atMs + REWARD_WINDOW_MS <= nowMs);

  const settle = (atMs: number): void => {
    for (const { decisionId, shelfRank, cardRank, label } of attribution.advance(atMs)) {
      const served = facts.get(decisionId)?.servedAtMs;
      if (served === undefined || !counts(served)) continue;
      if (!isKept(decisionId)) {
        sampledOut.add(decisionId);
        continue;
      }
      let cards = labels.get(decisionId);
      if (cards === undefined) {
        cards = new Map();
        labels.set(decisionId, cards);
      }
      const key = shelfRank * 256 + cardRank;
      if (!cards.has(key)) rows++;
      cards.set(key, label);
    }
    attribution.matured(atMs);
    while (rows > maxRows) {
      kept /= 2;
      for (const [id, cards] of labels) {
        if (isKept(id)) continue;
        labels.delete(id);
        rows -= cards.size;
        sampledOut.add(id);
      }
    }
  };

  const stream = source.decisions[Symbol.asyncIterator]();
  let next = await stream.next();
  let settledMs = Number.NEGATIVE_INFINITY;
  const firstMs = next.done === true ? nowMs : loggedMs(next.value);
  /** Reads decisions up to a time; what they are is forgotten when nothing can be credited to them any more. */
  const readUpTo = async (atMs: number): Promise<void> => {
    while (next.done !== true && loggedMs(next.value) <= atMs) {
      const record = next.value;
      if (counts(record.atMs)) decisions++;
      facts.set(record.decisionId, factsOf(record, source, facts));
      if (loggedMs(record) - settledMs >= SETTLE_EVERY_MS) {
        settledMs = loggedMs(record);
        settle(settledMs);
        forgetBefore(facts, settledMs - REMEMBERED_MS);
        onRead((settledMs - firstMs) / Math.max(1, Math.min(nowMs, span.toMs) - firstMs));
      }
      next = await stream.next();
    }
  };
  // Without a decision nothing that anybody did can be credited.
  if (next.done !== true) {
    for await (const event of source.events) {
      if (event.decisionId === '' || source.isFlagged(event.listenerKey)) continue;
      await readUpTo(event.occurredAtMs + CLOCK_SLACK_MS);
      if (event.type === 'rendered') rendered.add(event.decisionId);
      attribution.add(event);
    }
  }
  await readUpTo(Number.POSITIVE_INFINITY);
  settle(nowMs);

  for (const [id, cards] of labels) {
    if (rendered.has(id)) continue;
    // Only what earned is known of it: to learn from that alone would be to learn that everything earns.
    labels.delete(id);
    rows -= cards.size;
  }
  const inOrder = new Map([...labels].sort(([a], [b]) => (a < b ? -1 : 1)));
  const sampled = sampledOut.size;
  return { labels: inOrder, decisions, rows, unseen: decisions - labels.size - sampled, sampled };
}

const SAMPLE_SALT = 0x5ab1;

/** When it was made. A Home may be asked for as it will be at another time (`at`): what came after it is not read by that. */
export function loggedMs({ decisionId }: DecisionRecord): number {
  return decisionTimeMs(decisionId);
}

/** In the order in which they were read, which is nearly that of time. */
export function forgetBefore(facts: Map<string, DecisionFacts>, beforeMs: number): void {
  for (const [id, { servedAtMs }] of facts) {
    if (servedAtMs >= beforeMs) break;
    facts.delete(id);
  }
}

/** What attribution asks of a record, without the record: a day of them is held in memory. */
export function factsOf(
  record: DecisionRecord,
  { catalog, itemName }: Pick<RewardSource, 'catalog' | 'itemName'>,
  known: ReadonlyMap<string, DecisionFacts>,
): DecisionFacts {
  const rows = record.rows.map((row) => {
    const shelf = record.shelves[row.shelf];
    const items = Uint32Array.from(row.cards, ({ index }) => shelf.items[index]);
    return { items, shelfId: shelf.shelfId, seedItem: shelf.seedItem, carriedFrom: shelf.carriedFrom };
  });
  const facts: DecisionFacts & { readonly rows: typeof rows } = {
    rows,
    listenerKey: record.listenerKey,
    servedAtMs: record.atMs,
    cardCount: (shelfRank) => rows[shelfRank]?.items.length ?? 0,
    card(shelfRank, cardRank) {
      const item = rows[shelfRank]?.items[cardRank];
      if (item === undefined) return undefined;
      const durationMs = item < catalog.size ? catalog.durationMs[item] : 0;
      return { kind: kindOf(catalog, item), itemId: itemName(item), durationMs };
    },
    carriedFrom(shelfRank, cardRank) {
      const row = rows[shelfRank];
      if (row === undefined || row.carriedFrom === '') return undefined;
      const first = known.get(row.carriedFrom) as typeof facts | undefined;
      if (first === undefined) return { decisionId: row.carriedFrom, shelfRank, cardRank };
      const there = first.rows.findIndex(
        ({ shelfId, seedItem }) => shelfId === row.shelfId && seedItem === row.seedItem,
      );
      return {
        decisionId: row.carriedFrom,
        shelfRank: there,
        cardRank: first.rows[there]?.items.indexOf(row.items[cardRank]) ?? -1,
      };
    },
  };
  return facts;
}

function kindOf(catalog: Catalog, item: number): (typeof ITEM_KINDS)[number] {
  if (isGenerated(item)) return 'playlist';
  const kind = item < catalog.size ? catalog.kind[item] : UNKNOWN_KIND;
  return kind === UNKNOWN_KIND ? 'track' : ITEM_KINDS[kind];
}
