/**
 * Homes: which decision answers a request. Within a page's lifetime the same decision is served again; a meaningful event
 * makes a new one, in which the rows already seen keep their place; after the lifetime everything is drawn anew.
 */
import type { KeyObject } from 'node:crypto';
import { type Clock, freshSeed, type Seed, ShelfwiseError, seedToBytes } from '../base/index.ts';
import {
  type DecisionRecord,
  decisionIdOf,
  decodeDecision,
  type FeedbackEvent,
  ITEM_EXPLICIT,
  isAvailable,
  type ListenerProfile,
  resolveProfile,
  surfaceOf,
  type Vocabularies,
} from '../domain/index.ts';
import type { HomeTunables } from '../home/index.ts';
import {
  type CarriedRow,
  type Home,
  type ItemTexts,
  type RenderedRow,
  renderPage,
  rowsOfRecord,
  type ServingEpochs,
  shelfKey,
} from '../home/index.ts';
import { kernelsHash } from '../kernels/index.ts';
import type { Trace } from '../mixer/index.ts';
import { emptyState, isHidden, type ListenerState } from '../signals/index.ts';
import type { Decisions } from './decisions.ts';
import type { ListenerEntry, Listeners } from './listeners.ts';
import type { Pages } from './pages.ts';
import type { HomeQuery } from './service.ts';
import type { StateEntry, States } from './states.ts';

interface LastPage {
  readonly decisionId: string;
  readonly listenerKey: string;
  readonly atMs: number;
  readonly sessionId: string;
  /** The listener's count of meaningful events when it was decided. */
  readonly meaningful: number;
  readonly tunablesHash: string;
  /** The profile that it was decided for, by identity: what the app tells of a listener outdates a page at once. */
  readonly profile: ListenerProfile;
  readonly rows: readonly {
    readonly shelfId: string;
    readonly seedItem: number;
    readonly defined: boolean;
    readonly items: readonly number[];
    readonly carriedFrom: string;
  }[];
  /** Bit r: the listener has seen row r. */
  seen: number;
}

export interface HomeCounts {
  decided: number;
  servedAgain: number;
  degraded: number;
  /** Eligible shelves and candidates after filters, over all decisions. */
  shelves: number;
  candidates: number;
}

export interface Homes {
  answer(listenerId: string, query: HomeQuery): Promise<Uint8Array>;
  /** An impression of a row of the last page: it is carried from now on. */
  noteEvent(event: FeedbackEvent): void;
  readonly counts: HomeCounts;
}

/** Pages remembered for carrying and serving again; beyond it the oldest are forgotten and simply decided anew. */
const REMEMBERED = 100_000;

export function createHomes(dependencies: {
  readonly home: Home;
  readonly listeners: Listeners;
  readonly states: () => States;
  readonly decisions: Decisions;
  /** Told of every page, so that events find what they are about. */
  readonly pages: Pages;
  readonly serving: () => ServingEpochs;
  readonly tunables: HomeTunables;
  /** Is the listener in the permanent popularity hold-out? */
  readonly isHeldOut: (listenerKey: string) => boolean;
  readonly texts: ItemTexts;
  readonly vocabularies: Vocabularies;
  /** Told of pages that could not be served again. */
  readonly onTrouble: (what: string, error: string) => void;
  readonly clock: Clock;
  readonly pageLifetimeMs: number;
  /** The rows of a record with scores, computed again. */
  readonly explain: (record: DecisionRecord, secret: KeyObject) => readonly RenderedRow[];
  readonly onServed: (ms: number, policyId: string, degraded: boolean) => void;
}): Homes {
  const { clock, listeners, decisions, pages, tunables, pageLifetimeMs } = dependencies;
  const kernels = kernelsHash();
  const counts: HomeCounts = { decided: 0, servedAgain: 0, degraded: 0, shelves: 0, candidates: 0 };
  const lastPages = new Map<string, LastPage>();

  const byDecision = new Map<string, LastPage>();

  const forget = (key: string): void => {
    const page = lastPages.get(key);
    if (page === undefined) return;
    lastPages.delete(key);
    byDecision.delete(page.decisionId);
  };
  const remember = (key: string, page: LastPage): void => {
    forget(key);
    lastPages.set(key, page);
    byDecision.set(page.decisionId, page);
    if (lastPages.size > REMEMBERED) forget(lastPages.keys().next().value as string);
  };

  const listenerOf = async (id: string): Promise<ListenerEntry> => {
    const known = listeners.get(id);
    if (known !== undefined) return known;
    try {
      await listeners.ensure([id]);
    } catch (error) {
      // A disk that takes no more: who is unknown gets a Home, and is unknown again next time.
      if (error instanceof ShelfwiseError && (error.code === 'STORE_FULL' || error.code === 'STORE_WRITE_FAILED'))
        return listeners.passing(id);
      throw error;
    }
    const made = listeners.get(id);
    if (made === undefined) throw new ShelfwiseError('LISTENER_NOT_FOUND', id);
    return made;
  };

  /** The state's entry, or what stands in for it while the store does not answer. */
  const entryOf = (listenerKey: string): { entry: StateEntry | undefined; error: unknown } => {
    try {
      return { entry: dependencies.states().get(listenerKey), error: undefined };
    } catch (error) {
      return { entry: undefined, error };
    }
  };

  /** The page of a record as it stands; undefined when it does not read, or holds what the listener may no longer have. */
  async function serveAgain(
    last: LastPage,
    listener: ListenerEntry,
    state: ListenerState,
    epochs: ServingEpochs,
    atMs: number,
    query: HomeQuery,
  ): Promise<Uint8Array | undefined> {
    try {
      const bytes = await decisions.bytes(last.decisionId);
      if (bytes === undefined) return undefined;
      const record = decodeDecision(bytes);
      const rows = query.explain ? dependencies.explain(record, listener.secret) : rowsOfRecord(record);
      if (!mayStillHave(record, rows, state, listener.profile, epochs, atMs)) return undefined;
      const { decisionId, policyId, degraded, market, language } = record;
      const page = renderPage(
        { decisionId, policyId, degraded, atMs: record.atMs, market, language, state, rows, campaigns: epochs.campaigns },
        dependencies.texts,
        query.explain ? { trace: traceOfRecord(record), versions: record.versions } : undefined,
      );
      decisions.writeServing({ decisionId, listenerKey: listener.key, atMs, reason: 'refresh' });
      counts.servedAgain++;
      return page;
    } catch (error) {
      if (!(error instanceof ShelfwiseError) || error.code === 'BUG') throw error;
      // A record or an epoch that does not read: the listener gets a new page instead.
      dependencies.onTrouble('serve-again', error.message);
      return undefined;
    }
  }

  /** Rights change while a page stands: items are withdrawn, windows close, explicit is switched off, things are hidden. */
  function mayStillHave(
    record: DecisionRecord,
    rows: readonly RenderedRow[],
    state: ListenerState,
    profile: ListenerProfile,
    { catalog }: ServingEpochs,
    atMs: number,
  ): boolean {
    const market = dependencies.vocabularies.markets.lookup(record.market);
    const tier = dependencies.vocabularies.tiers.lookup(record.tier);
    const { explicitAllowed } = resolveProfile(profile);
    return rows.every((row) =>
      row.cards.every(
        ({ item }) =>
          isAvailable(catalog, item, market, tier, atMs) &&
          (explicitAllowed || (catalog.flags[item] & ITEM_EXPLICIT) === 0) &&
          !isHidden(state, item) &&
          !isHidden(state, catalog.creator[item]),
      ),
    );
  }

  return {
    counts,
    async answer(listenerId, query) {
      const startMs = clock.monotonicMs();
      const listener = await listenerOf(listenerId);
      const nowMs = clock.nowMs();
      const atMs = query.atMs ?? nowMs;
      const resolved = resolveProfile(listener.profile);
      const market = query.market ?? resolved.market;
      const tier = query.tier ?? resolved.tier;
      const surface = surfaceOf(query.device);
      const { entry, error: stateError } = entryOf(listener.key);
      const epochs = dependencies.serving();
      const meaningful = entry?.meaningful ?? 0;
      const pageKey = `${listener.key} ${surface} ${market} ${tier}`;
      const asked = query.atMs === undefined && pageLifetimeMs > 0;
      const last = asked ? alive(lastPages.get(pageKey), nowMs, query.sessionId, epochs.tunablesHash) : undefined;

      const stands = last?.meaningful === meaningful && last.profile === listener.profile && !query.fresh;
      if (last !== undefined && stands && entry !== undefined) {
        const again = await serveAgain(last, listener, entry.state, epochs, nowMs, query);
        if (again !== undefined) {
          dependencies.onServed(clock.monotonicMs() - startMs, 'again', false);
          return again;
        }
      }
      const { carried, keptRanks } = query.fresh || last === undefined ? NOTHING_KEPT : keep(last);

      const seed: Seed = freshSeed();
      const decisionId = decisionIdOf(nowMs, seedToBytes(freshSeed()));
      const policyId = dependencies.isHeldOut(listener.key) ? 'popularity' : tunables.policy;
      const { page, record } = await dependencies.home.decide({
        decisionId,
        seed,
        listenerKey: listener.key,
        profile: { ...resolved, market, tier },
        readState: () => {
          if (entry === undefined) throw stateError;
          return entry.state;
        },
        emptyState,
        // A Home of another time has another taste: it is not kept.
        tasteMemory: entry !== undefined && query.atMs === undefined ? entry : { tasteVersion: 0, kept: undefined },
        atMs,
        device: query.device,
        market,
        tier,
        sessionId: query.sessionId ?? '',
        policyId,
        tunables,
        epochs,
        carried,
        keptRanks,
        explain: query.explain,
        kernelsHash: kernels,
      });
      const rows = record.rows.map((row) => {
        const shelf = record.shelves[row.shelf];
        return {
          shelfId: shelf.shelfId,
          seedItem: shelf.seedItem,
          defined: shelf.order === 'defined' && shelf.carriedFrom === '',
          items: row.cards.map((card) => shelf.items[card.index]),
          carriedFrom: shelf.carriedFrom,
        };
      });
      pages.note(decisionId, { listenerKey: listener.key, rows });
      if (asked) {
        remember(pageKey, {
          decisionId,
          listenerKey: listener.key,
          atMs: nowMs,
          sessionId: query.sessionId ?? '',
          meaningful,
          tunablesHash: epochs.tunablesHash,
          profile: listener.profile,
          seen: rows.reduce((bits, { carriedFrom }, rank) => (carriedFrom === '' ? bits : bits | (1 << rank)), 0),
          rows,
        });
      }
      decisions.writeServing({ decisionId, listenerKey: listener.key, atMs: nowMs, reason: 'first' });
      counts.decided++;
      counts.shelves += record.shelves.length;
      for (const shelf of record.shelves) counts.candidates += shelf.items.length;
      if (record.degraded) counts.degraded++;
      dependencies.onServed(clock.monotonicMs() - startMs, policyId, record.degraded);
      return page;
    },
    noteEvent(event) {
      if (event.type !== 'impression' || event.shelfRank < 0 || event.shelfRank > 30) return;
      const page = byDecision.get(event.decisionId);
      if (page !== undefined && page.listenerKey === event.listenerKey) page.seen |= 1 << event.shelfRank;
    },
  };

  function alive(
    page: LastPage | undefined,
    nowMs: number,
    sessionId: string | undefined,
    tunablesHash: string,
  ): LastPage | undefined {
    if (page === undefined || nowMs - page.atMs >= pageLifetimeMs || page.tunablesHash !== tunablesHash)
      return undefined;
    return sessionId !== undefined && page.sessionId !== '' && page.sessionId !== sessionId ? undefined : page;
  }
}

/** What a record still tells of how its page came about; times of stages are not in it. */
function traceOfRecord(record: DecisionRecord): Trace {
  return {
    stages: [],
    proposed: record.shelves.map((shelf) => ({
      batch: shelfKey(shelf.shelfId, shelf.seedItem),
      count: shelf.items.length,
    })),
    removals: record.removals.map(({ shelfId, reason, count }) => ({ batch: shelfId, filter: reason, reason, count })),
    failures: [...record.failedSources],
  };
}

const NOTHING_KEPT: { readonly carried: readonly CarriedRow[]; readonly keptRanks: ReadonlyMap<string, number> } = {
  carried: [],
  keptRanks: new Map(),
};

/**
 * What the next decision keeps of the last page's seen rows: drawn rows are carried with their cards; rows in a defined
 * order keep their place and are filled anew, since their cards follow from the listener's own history.
 */
function keep(last: LastPage): {
  readonly carried: readonly CarriedRow[];
  readonly keptRanks: ReadonlyMap<string, number>;
} {
  const carried: CarriedRow[] = [];
  const keptRanks = new Map<string, number>();
  for (const [rank, row] of last.rows.entries()) {
    if ((last.seen & (1 << rank)) === 0) continue;
    if (row.defined) keptRanks.set(shelfKey(row.shelfId, row.seedItem), rank);
    else {
      const decisionId = row.carriedFrom === '' ? last.decisionId : row.carriedFrom;
      carried.push({ shelfId: row.shelfId, seedItem: row.seedItem, rank, items: row.items, decisionId });
    }
  }
  return { carried, keptRanks };
}
