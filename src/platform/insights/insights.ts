/** Insights: what the platform can tell of itself at work. Figures come from a thread that follows the logs; the rest is read where it is. */
import { type Clock, ShelfwiseError } from '../../base/index.ts';
import {
  EPOCH_KINDS,
  type EpochKind,
  ITEM_KINDS,
  type Item,
  type ItemExposure,
  type ItemNeighbours,
  type ItemRelatives,
  type ListenerDecisions,
  type ListenerStateReport,
  type LiveInsights,
  NO_CAMPAIGNS,
  NO_ITEM,
  type ShelfFigures,
  type ShelfInsights,
  slotOfId,
  type Timeline,
  UNKNOWN_MARKET,
  type Vocabularies,
} from '../../domain/index.ts';
import { cardTexts, type ItemTexts, type ServingEpochs, SHELVES, textOf } from '../../home/index.ts';
import type { ListenerState } from '../../signals/index.ts';
import type { StoredListener } from '../service.ts';
import type { ShelfSums } from './accumulator.ts';
import { dateOf, dayOf, daysEnding } from './day-table.ts';
import { createItemRefs } from './item-refs.ts';
import { listenerReport } from './listener-report.ts';
import type { Live } from './live.ts';
import type { Answers } from './questions.ts';
import type { InsightsThread } from './thread.ts';

export interface ListQuery {
  readonly limit: number;
  readonly cursor?: string | undefined;
}

export interface Insights {
  /** Throws LISTENER_NOT_FOUND, as do the two lists. */
  listenerState(id: string): ListenerStateReport;
  timeline(id: string, query: ListQuery): Promise<Timeline>;
  decisionsOf(id: string, query: ListQuery): Promise<ListenerDecisions>;
  /** Figures of the last UTC days, today included, and of all time. */
  shelves(days: number): Promise<ShelfInsights>;
  /** Throws ITEM_NOT_FOUND, as do the two that follow. */
  exposure(itemId: string, days: number): Promise<ItemExposure>;
  neighbours(itemId: string, limit: number): ItemNeighbours;
  relatives(itemId: string): ItemRelatives;
  /** @param since epoch seconds: only what came after it */
  live(since: number | undefined): LiveInsights;
  /** An HTTP request was answered. */
  noteRequest(status: number, ms: number): void;
  /** A listener was erased: feedback on their decisions is counted no longer. */
  forget(listenerKey: string): void;
}

const MAX_CHILDREN = 100;
const ALBUM = ITEM_KINDS.indexOf('album');

export function createInsights(dependencies: {
  readonly thread: Pick<InsightsThread, 'ask' | 'forget'>;
  readonly live: Live;
  readonly clock: Clock;
  readonly vocabularies: Vocabularies;
  readonly getItem: (id: string) => Item | undefined;
  readonly getListener: (id: string) => (StoredListener & { readonly key: string }) | undefined;
  readonly stateOf: (listenerKey: string) => ListenerState;
  readonly serving: () => ServingEpochs;
  readonly currentEpochs: () => Readonly<Partial<Record<EpochKind, string>>>;
  /** Since when the current epoch of this kind serves. */
  readonly publishedAtMs: (kind: EpochKind) => number | undefined;
  readonly background: Readonly<Record<string, string>>;
}): Insights {
  const { thread, live, clock, vocabularies, getItem } = dependencies;
  const refs = createItemRefs(vocabularies.items, getItem);
  const listenerOf = (id: string): StoredListener & { readonly key: string } => {
    const listener = dependencies.getListener(id);
    if (listener === undefined) throw new ShelfwiseError('LISTENER_NOT_FOUND', id);
    return listener;
  };
  const itemOf = (id: string): Item => {
    const item = getItem(id);
    if (item === undefined) throw new ShelfwiseError('ITEM_NOT_FOUND', id);
    return item;
  };
  const positionIn = (cursor: string | undefined): number | undefined => {
    if (cursor === undefined) return undefined;
    const position = Number(cursor);
    if (!Number.isSafeInteger(position) || position < 0)
      throw new ShelfwiseError('REQUEST_INVALID', `"${cursor}" is no cursor; take nextCursor of the page before`);
    return position;
  };
  const daysUpTo = (days: number): string[] => daysEnding(dayOf(clock.nowMs()), days).map(dateOf);

  return {
    listenerState(id) {
      const listener = listenerOf(id);
      return listenerReport(listener, dependencies.stateOf(listener.key), {
        refs,
        vocabularies,
        catalog: dependencies.serving().catalog,
        nowMs: clock.nowMs(),
      });
    },
    async timeline(id, { limit, cursor }) {
      const { key } = listenerOf(id);
      const { events, next } = await thread.ask({
        kind: 'timeline',
        listenerKey: key,
        limit,
        before: positionIn(cursor),
      });
      return {
        events: events.map((event) => ({
          eventId: event.eventId,
          type: event.type,
          occurredAtMs: event.occurredAtMs,
          receivedAtMs: event.receivedAtMs,
          device: event.device,
          sessionId: event.sessionId,
          item: event.itemId === '' ? null : refs.byId(event.itemId),
          container: event.containerId === '' ? null : refs.byId(event.containerId),
          playedMs: event.playedMs,
          durationMs: event.durationMs,
          autoplay: event.autoplay,
          decisionId: event.decisionId === '' ? null : event.decisionId,
          shelfRank: event.shelfRank < 0 ? null : event.shelfRank,
          cardRank: event.cardRank < 0 ? null : event.cardRank,
        })),
        nextCursor: next === undefined ? null : String(next),
      };
    },
    async decisionsOf(id, { limit, cursor }) {
      const { key } = listenerOf(id);
      const answer = await thread.ask({ kind: 'decisions', listenerKey: key, limit, before: positionIn(cursor) });
      return {
        decisions: answer.decisions.map((decision) => decisionOf(decision, refs.byNumber)),
        nextCursor: answer.next === undefined ? null : String(answer.next),
      };
    },
    async shelves(days) {
      const { span, catchingUp, homes, homesTotal, shelves } = await thread.ask({ kind: 'shelves', days });
      const counted = new Map(shelves.map((shelf) => [shelf.shelfId, shelf]));
      const declared = new Set(SHELVES.map(({ id }) => id));
      const row = (
        id: string,
        facts: Pick<ShelfInsights['shelves'][number], 'title' | 'order' | 'minCards' | 'maxCards'>,
      ): ShelfInsights['shelves'][number] => {
        const shelf = counted.get(id);
        return {
          id,
          ...facts,
          total: figuresOf(shelf?.total),
          window: figuresOf(shelf?.window),
          byDay: Array.from({ length: days }, (_, i) => figuresOf(shelf?.byDay[i])),
        };
      };
      const known = SHELVES.map((shelf) =>
        row(shelf.id, {
          title: titleOf(shelf),
          order: shelf.order,
          minCards: shelf.minCards,
          maxCards: shelf.maxCards,
        }),
      );
      const gone = shelves
        .filter(({ shelfId }) => !declared.has(shelfId))
        .map(({ shelfId }) => row(shelfId, { title: shelfId, order: 'policy', minCards: 0, maxCards: 0 }));
      return {
        sinceMs: span.sinceMs < 0 ? null : span.sinceMs,
        upToMs: span.upToMs < 0 ? null : span.upToMs,
        catchingUp,
        days: daysUpTo(days),
        homes,
        homesTotal,
        shelves: [...known, ...gone],
      };
    },
    async exposure(itemId, days) {
      // Generated playlists are shown like items, and are in no catalogue.
      const id = slotOfId(itemId) >= 0 ? itemId : itemOf(itemId).id;
      const item = vocabularies.items.lookup(id);
      const { span, catchingUp, exposure } = await thread.ask({ kind: 'exposure', item, days });
      const total = exposure?.total ?? { shown: 0, seen: 0, chosen: 0 };
      return {
        item: refs.byId(id),
        ...total,
        listeners: exposure?.listeners ?? { count: 0, exact: true },
        meanRank: total.shown === 0 ? null : (exposure?.rankSum ?? 0) / total.shown,
        byShelf: (exposure?.byShelf ?? []).map(({ shelfId, ...counts }) => ({ shelf: shelfId, ...counts })),
        days: daysUpTo(days),
        byDay:
          exposure?.byDay.map((row) => ({ ...row })) ?? daysUpTo(days).map(() => ({ shown: 0, seen: 0, chosen: 0 })),
        sinceMs: span.sinceMs < 0 ? null : span.sinceMs,
        catchingUp,
      };
    },
    neighbours(itemId, limit) {
      const { id } = itemOf(itemId);
      const item = vocabularies.items.lookup(id);
      const { embedding } = dependencies.serving();
      const neighbours: { item: ReturnType<typeof refs.byId>; similarity: number }[] = [];
      if (embedding !== undefined && item < embedding.size) {
        const { neighbourCount } = embedding;
        for (let n = 0; n < neighbourCount && neighbours.length < limit; n++) {
          const near = embedding.neighbours[item * neighbourCount + n];
          if (near === NO_ITEM) break;
          const similarity = Math.min(1, Math.max(0, embedding.neighbourSimilarity[item * neighbourCount + n]));
          if (getItem(vocabularies.items.name(near)) !== undefined)
            neighbours.push({ item: refs.byNumber(near), similarity });
        }
      }
      return { item: refs.byId(id), embedding: embedding?.hash ?? null, neighbours };
    },
    relatives(itemId) {
      const item = itemOf(itemId);
      const { catalog } = dependencies.serving();
      const number = vocabularies.items.lookup(item.id);
      const children: number[] = [];
      for (let child = 0; child < catalog.size; child++) {
        const made = item.kind === 'artist' && catalog.kind[child] === ALBUM && catalog.creator[child] === number;
        if ((catalog.parent[child] === number || made) && child !== number) children.push(child);
      }
      const existing = children.filter((child) => getItem(vocabularies.items.name(child)) !== undefined);
      existing.sort((a, b) => catalog.releaseDay[b] - catalog.releaseDay[a] || a - b);
      return {
        item: refs.byId(item.id),
        parent: item.parentId === undefined ? null : refs.byId(item.parentId),
        creators: (item.creators ?? []).map(({ id, name }) => ({ ...refs.byId(id), title: name })),
        children: existing.slice(0, MAX_CHILDREN).map(refs.byNumber),
        childCount: existing.length,
      };
    },
    live(since) {
      const current = dependencies.currentEpochs();
      return {
        ...live.report(since),
        epochs: EPOCH_KINDS.filter((kind) => current[kind] !== undefined).map((kind) => {
          const hash = current[kind] ?? '';
          return { kind, hash, publishedAtMs: dependencies.publishedAtMs(kind) ?? null };
        }),
        background: { ...dependencies.background },
      };
    },
    noteRequest: live.noteRequest,
    forget: thread.forget,
  };
}

function decisionOf(
  decision: Answers['decisions']['decisions'][number],
  refOf: (item: number) => ListenerStateReport['recents'][number]['item'],
): ListenerDecisions['decisions'][number] {
  const { decisionId, decidedAtMs, policyId, rows, servings, ...rest } = decision;
  return {
    id: decisionId,
    decidedAtMs,
    policy: policyId,
    ...rest,
    rows: rows.map(({ shelfId, seedItem, ...row }) => ({
      kind: shelfId,
      seed: seedItem === NO_ITEM ? null : refOf(seedItem),
      ...row,
    })),
    servings: servings.map(({ atMs, reason }) => ({ atMs, reason })),
  };
}

function figuresOf(sums: ShelfSums | undefined): ShelfFigures {
  const { served, decided, visits, seen, chosen, rewards, examined, explored, drawn, propensity } = sums ?? NO_SUMS;
  return {
    served,
    decided,
    visits,
    seen,
    chosen,
    rewards,
    rewardPerVisit: visits === 0 ? null : rewards / visits,
    explorationShare: examined === 0 ? null : explored / examined,
    placementsExamined: examined,
    placementsExplored: explored,
    meanPropensity: drawn === 0 ? null : Math.min(1, propensity / drawn),
    placementsDrawn: drawn,
  };
}

const NO_SUMS: ShelfSums = {
  served: 0,
  decided: 0,
  visits: 0,
  seen: 0,
  chosen: 0,
  rewards: 0,
  examined: 0,
  explored: 0,
  drawn: 0,
  propensity: 0,
};

/** Titles of shelves about an item are told of nobody in particular. */
const ANY_ITEM: ItemTexts = {
  title: () => '…',
  id: () => '…',
  genre: () => '…',
  releasedAtMs: () => Number.NaN,
  show: () => '…',
  card: () => cardTexts({ kind: 'track', isExplicit: false, releasedAtMs: Number.NaN, durationMs: 0 }, '', '…'),
};

const ENGLISH = { language: 'en', campaigns: NO_CAMPAIGNS } as const;

function titleOf(shelf: (typeof SHELVES)[number]): string {
  return textOf(shelf.title({ seedItem: NO_ITEM, market: UNKNOWN_MARKET, atMs: 0, texts: ANY_ITEM, ...ENGLISH }), 'en');
}
