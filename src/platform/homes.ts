/**
 * Homes: which decision answers a request. Within a page's lifetime the same decision is served again; a meaningful event
 * makes a new one, in which the rows already seen keep their place; after the lifetime everything is drawn anew. A cursor
 * gives the rows further down of a decision that stands.
 */
import type { KeyObject } from 'node:crypto';
import { type Clock, MINUTE_MS, messageOf, type Seed, ShelfwiseError, seedToBytes } from '../base/index.ts';
import {
  type DecisionMark,
  type DecisionRecord,
  decisionIdOf,
  decisionTimeMs,
  decodeDecision,
  type FeedbackEvent,
  isGenerated,
  type ListenerProfile,
  NO_ITEM,
  resolveProfile,
  type Serving,
  surfaceOf,
  type Vocabularies,
} from '../domain/index.ts';
import {
  type GeneratedCards,
  type Home,
  type ItemTexts,
  isSwitchedOff,
  languageOf,
  mayHave,
  mayRun,
  NO_GENERATED,
  parseCursor,
  type RenderedRow,
  type Rights,
  renderPage,
  rowsOfRecord,
  type ServingEpochs,
  shelfById,
  shelfKey,
  textsWith,
  whyUnnamed,
} from '../home/index.ts';
import { kernelsHash } from '../kernels/index.ts';
import type { Trace } from '../mixer/index.ts';
import { emptyState, isShelfHidden, type ListenerState } from '../signals/index.ts';
import type { Decisions } from './decisions.ts';
import type { ListenerEntry, Listeners } from './listeners.ts';
import { outlineOf } from './page-outline.ts';
import type { Pages } from './pages.ts';
import type { Playlists } from './playlists/index.ts';
import type { HomeQuery } from './service.ts';
import { keptOf, NOTHING_KEPT, type StandingPages } from './standing.ts';
import type { StateEntry, States } from './states.ts';

export interface HomeCounts {
  decided: number;
  servedAgain: number;
  degraded: number;
  /** Decisions of private sessions, which are written nowhere. */
  unrecorded: number;
  /** Decisions without profiling. */
  unprofiled: number;
  /** Decisions for traffic that counts in no popularity. */
  flagged: number;
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

export interface HomesDependencies {
  readonly home: Home;
  readonly listeners: Listeners;
  readonly states: () => States;
  readonly decisions: Decisions;
  /** Told of every page that is recorded, so that events find what they are about. */
  readonly pages: Pages;
  readonly standing: StandingPages;
  readonly serving: () => ServingEpochs;
  /** Is the listener in the permanent popularity hold-out? */
  readonly isHeldOut: (listenerKey: string) => boolean;
  /** Is the listener's traffic kept out of popularity and training? */
  readonly isFlagged: (listenerKey: string, profile: ListenerProfile) => boolean;
  readonly texts: ItemTexts;
  readonly playlists: Pick<Playlists, 'cards'>;
  readonly vocabularies: Vocabularies;
  /** Told of pages that could not be served again. */
  readonly onTrouble: (what: string, error: string) => void;
  readonly clock: Clock;
  readonly freshSeed: () => Seed;
  readonly pageLifetimeMs: number;
  /** The rows of a record with scores, computed again. */
  readonly explain: (record: DecisionRecord, secret: KeyObject) => readonly RenderedRow[];
  readonly onServed: (ms: number, policyId: string, degraded: boolean) => void;
}

/** A cursor is good for as long as a page stands, and at least so long where every request decides. */
const CURSOR_MS = 30 * MINUTE_MS;

/** Who asks, and what a page for them may read. */
interface Asked {
  readonly startMs: number;
  readonly query: HomeQuery;
  readonly listener: ListenerEntry;
  readonly isProfiled: boolean;
  readonly isPrivate: boolean;
  readonly nowMs: number;
  readonly epochs: ServingEpochs;
  /** The state's entry; undefined while the store does not answer, and where it is not read. */
  readonly entry: StateEntry | undefined;
  readonly stateError: unknown;
}

export function createHomes(dependencies: HomesDependencies): Homes {
  const { clock, listeners, decisions, pages, standing, pageLifetimeMs, vocabularies } = dependencies;
  const kernels = kernelsHash();
  const counts: HomeCounts = {
    decided: 0,
    servedAgain: 0,
    degraded: 0,
    unrecorded: 0,
    unprofiled: 0,
    flagged: 0,
    shelves: 0,
    candidates: 0,
  };

  const listenerOf = async (id: string, isPrivate: boolean): Promise<ListenerEntry> => {
    const known = listeners.get(id);
    if (known !== undefined) return known;
    // Who is unknown stays so: that somebody was here is something to be linked, too.
    if (isPrivate) return listeners.passing(id);
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

  const recordOf = async (decisionId: string): Promise<DecisionRecord | undefined> => {
    const held = standing.privateRecord(decisionId);
    if (held !== undefined) return held;
    const bytes = await decisions.bytes(decisionId);
    return bytes === undefined ? undefined : decodeDecision(bytes);
  };

  /** What of a page is sent once more, and as what that counts. */
  interface Part {
    readonly firstRank: number;
    readonly reason: Serving['reason'];
  }

  /** The page of a record as it stands; undefined when it does not read, or holds what the listener may no longer have. */
  async function serveAgain(decisionId: string, asked: Asked, part: Part): Promise<Uint8Array | undefined> {
    const { query, listener, epochs, nowMs } = asked;
    try {
      const record = await recordOf(decisionId);
      if (record === undefined || record.listenerKey !== listener.key) return undefined;
      // What was read of a state is no longer shown to who wants no profile now.
      if (!asked.isProfiled && !record.marks.includes('unprofiled')) return undefined;
      if (record.versions.tunables !== epochs.tunablesHash) return undefined;
      // A page is private as it was decided, whatever the request that goes on with it says.
      const isPrivate = asked.isPrivate || standing.isPrivate(decisionId);
      // It is explained when it is decided; its record is not sealed, and does not open.
      const explained = query.explain && !isPrivate;
      if (query.explain && !explained && part.reason === 'refresh') return undefined;
      const rows = explained ? dependencies.explain(record, listener.secret) : rowsOfRecord(record);
      const state = stateFor(record, asked);
      const generated = await generatedFor(asked, record, nowMs);
      if (!mayStillHave(record, rows, state, generated, asked)) return undefined;
      const { policyId, degraded, market, language, atMs } = record;
      const page = renderPage(
        {
          decisionId,
          policyId,
          degraded,
          atMs,
          market,
          language,
          state,
          campaigns: epochs.campaigns,
          rows,
          firstRank: part.firstRank,
          rowLimit: query.limit,
        },
        textsWith(dependencies.texts, generated),
        explained ? { trace: traceOfRecord(record), versions: record.versions } : undefined,
      );
      if (!isPrivate)
        decisions.writeServing({ decisionId, listenerKey: listener.key, atMs: nowMs, reason: part.reason });
      counts.servedAgain++;
      return page;
    } catch (error) {
      if (!(error instanceof ShelfwiseError) || error.code === 'BUG') throw error;
      // A record or an epoch that does not read: the listener gets a new page instead.
      dependencies.onTrouble('serve-again', error.message);
      return undefined;
    }
  }

  /** Playlists made for the listener; none where they cannot be made: a Home without them is a Home. */
  async function generatedFor(
    { query, listener, entry, isProfiled, isPrivate, epochs }: Asked,
    { market, tier, language }: { readonly market: string; readonly tier: string; readonly language: string },
    atMs: number,
  ): Promise<GeneratedCards> {
    if (entry === undefined || !isProfiled || isSwitchedOff(epochs.tunables, 'shelf', 'made-for-you'))
      return NO_GENERATED;
    try {
      const profile = resolveProfile(listener.profile);
      const isKept = query.atMs === undefined && !isPrivate;
      return await dependencies.playlists.cards(listener, entry, epochs, {
        profile,
        market,
        tier,
        language: languageOf(language),
        atMs,
        isKept,
      });
    } catch (error) {
      dependencies.onTrouble('playlists', messageOf(error));
      return NO_GENERATED;
    }
  }

  /** What a page was decided without is not read for it later either. */
  function stateFor(record: DecisionRecord, { entry }: Asked): ListenerState {
    return entry === undefined || record.marks.includes('unprofiled') ? emptyState() : entry.state;
  }

  /**
   * Rights change while a page stands: items are withdrawn, windows close, explicit is switched off, things are hidden. A
   * page that lost a card is decided anew as a whole: with a hole in it, what was sent would no longer be what the record
   * says, and the row would be shorter than any that was drawn.
   */
  function mayStillHave(
    record: DecisionRecord,
    rows: readonly RenderedRow[],
    state: ListenerState,
    generated: GeneratedCards,
    { listener, epochs, nowMs }: Asked,
  ): boolean {
    const rights: Rights = {
      epochs,
      market: record.market,
      tier: record.tier,
      marketNumber: vocabularies.markets.lookup(record.market),
      tierNumber: vocabularies.tiers.lookup(record.tier),
      atMs: nowMs,
      profile: resolveProfile(listener.profile),
      state,
    };
    const { market, tier, language } = record;
    const who = { market, tier, language, ageBand: rights.profile.ageBand, listenerKey: listener.key };
    return rows.every(
      (row) =>
        mayRun(row, epochs.campaigns, nowMs, who) &&
        mayBeTitled(row, rights) &&
        row.cards.every(({ item }) => mayHave(rights, item) && (!isGenerated(item) || generated.has(item))),
    );
  }

  /** Is the row neither hidden nor named by what may not be? */
  function mayBeTitled({ shelfId, seedItem }: RenderedRow, rights: Rights): boolean {
    const { hiddenShelves } = rights.state;
    if (hiddenShelves.count > 0 && isShelfHidden(rights.state, shelfId, pageIdOf(shelfId, seedItem))) return false;
    return shelfById(shelfId)?.isNamedBySeed !== true || whyUnnamed(rights, seedItem) === undefined;
  }
  const pageIdOf = (shelfId: string, seedItem: number): string =>
    seedItem === NO_ITEM ? shelfId : `${shelfId}:${vocabularies.items.name(seedItem)}`;

  /** The rows further down of a decision; throws CURSOR_EXPIRED when it does not stand any more. */
  async function answerCursor(cursor: string, asked: Asked): Promise<Uint8Array> {
    const place = parseCursor(cursor);
    const lifetimeMs = Math.max(CURSOR_MS, pageLifetimeMs);
    const isYoung = place !== undefined && asked.nowMs - decisionTimeMs(place.decisionId) < lifetimeMs;
    const page = isYoung
      ? await serveAgain(place.decisionId, asked, { firstRank: place.rank, reason: 'cursor' })
      : undefined;
    if (page === undefined) throw new ShelfwiseError('CURSOR_EXPIRED', cursor);
    return page;
  }

  const marksOf = ({ listener, isProfiled }: Asked, policyOff: boolean): readonly DecisionMark[] => {
    const marks: DecisionMark[] = [];
    if (!isProfiled) marks.push('unprofiled');
    if (policyOff) marks.push('policy-off');
    if (dependencies.isFlagged(listener.key, listener.profile)) marks.push('flagged');
    return marks;
  };

  async function decide(asked: Asked, pageKey: string, stands: boolean): Promise<Uint8Array> {
    const { query, listener, isProfiled, isPrivate, nowMs, epochs, entry, stateError } = asked;
    const { tunables } = epochs;
    const atMs = query.atMs ?? nowMs;
    const resolved = resolveProfile(listener.profile);
    const market = query.market ?? resolved.market;
    const tier = query.tier ?? resolved.tier;
    const sessionId = query.sessionId ?? '';
    const last = stands ? standing.at(pageKey, { nowMs, ...askedOf(asked) }) : undefined;
    const { carried, keptRanks } = query.fresh || last === undefined ? NOTHING_KEPT : keptOf(last);

    const seed: Seed = dependencies.freshSeed();
    const decisionId = decisionIdOf(nowMs, seedToBytes(dependencies.freshSeed()));
    const wanted = query.policyId ?? tunables.policy;
    const isHeldOut = query.policyId === undefined && dependencies.isHeldOut(listener.key);
    // Who gets popularity anyway misses nothing: their pages are not degraded.
    const isPlain = !isProfiled || isHeldOut;
    const policyOff = !isPlain && isSwitchedOff(tunables, 'policy', wanted);
    const policyId = policyOff || isPlain ? 'popularity' : wanted;
    const marks = marksOf(asked, policyOff);
    // A Home of another time has another taste: it is not kept.
    const keepsTaste = entry !== undefined && query.atMs === undefined;
    const generated = await generatedFor(asked, { market, tier, language: resolved.language }, atMs);
    const { page, record } = await dependencies.home.decide({
      decisionId,
      seed,
      listenerKey: listener.key,
      profile: { ...resolved, market, tier },
      readState: () => {
        if (!isProfiled) return emptyState();
        if (entry === undefined) throw stateError;
        return entry.state;
      },
      emptyState,
      tasteMemory: keepsTaste ? entry : { tasteVersion: 0, kept: undefined },
      atMs,
      device: query.device,
      market,
      tier,
      sessionId,
      policyId,
      filter: query.filter ?? '',
      marks,
      isRecorded: !isPrivate,
      tunables,
      epochs,
      carried,
      keptRanks,
      generated,
      explain: query.explain,
      rowLimit: query.limit,
      kernelsHash: kernels,
    });
    const rows = outlineOf(record);
    if (!isPrivate) pages.note(decisionId, rows);
    if (stands || isPrivate) {
      standing.remember(pageKey, {
        decisionId,
        listenerKey: listener.key,
        atMs: nowMs,
        sessionId,
        meaningful: entry?.meaningful ?? 0,
        tunablesHash: epochs.tunablesHash,
        profile: listener.profile,
        seen: rows.carriedRows,
        rows,
        record: isPrivate ? record : undefined,
      });
    }
    if (isPrivate) counts.unrecorded++;
    else decisions.writeServing({ decisionId, listenerKey: listener.key, atMs: nowMs, reason: 'first' });
    if (!isProfiled) counts.unprofiled++;
    if (marks.includes('flagged')) counts.flagged++;
    counts.decided++;
    counts.shelves += record.shelves.length;
    for (const shelf of record.shelves) counts.candidates += shelf.items.length;
    if (record.degraded) counts.degraded++;
    dependencies.onServed(clock.monotonicMs() - asked.startMs, policyId, record.degraded);
    return page;
  }

  return {
    counts,
    async answer(listenerId, query) {
      const startMs = clock.monotonicMs();
      const isPrivate = query.isPrivate ?? false;
      const listener = await listenerOf(listenerId, isPrivate);
      const nowMs = clock.nowMs();
      const isProfiled = (query.profiling ?? true) && (listener.profile.profiling ?? true);
      const { entry, error: stateError } = isProfiled ? entryOf(listener.key) : NOT_READ;
      const epochs = dependencies.serving();
      const asked: Asked = { startMs, query, listener, isProfiled, isPrivate, nowMs, epochs, entry, stateError };
      if (query.cursor !== undefined) return answerCursor(query.cursor, asked);

      const pageKey = pageKeyOf(asked);
      const mayStand = query.atMs === undefined && query.policyId === undefined && pageLifetimeMs > 0;
      const last = mayStand ? standing.at(pageKey, { nowMs, ...askedOf(asked) }) : undefined;
      const stands =
        last !== undefined &&
        last.meaningful === (entry?.meaningful ?? 0) &&
        last.profile === listener.profile &&
        !query.fresh &&
        (entry !== undefined || !isProfiled);
      if (stands) {
        const again = await serveAgain(last.decisionId, asked, REFRESH);
        if (again !== undefined) {
          dependencies.onServed(clock.monotonicMs() - startMs, 'again', false);
          return again;
        }
      }
      return decide(asked, pageKey, mayStand);
    },
    noteEvent: standing.noteEvent,
  };
}

const REFRESH = { firstRank: 0, reason: 'refresh' } as const;
const NOT_READ = { entry: undefined, error: undefined };

/** A page stands for a listener, what fits where they look, what they may have, the chip, and how it may be made. */
function pageKeyOf({ query, listener, isProfiled, isPrivate }: Asked): string {
  const { market, tier } = resolveProfile(listener.profile);
  const manner = `${isProfiled ? '' : 'unprofiled'}${isPrivate ? ' private' : ''}`;
  const surface = surfaceOf(query.device);
  const policy = query.policyId ?? '';
  return `${listener.key} ${surface} ${query.market ?? market} ${query.tier ?? tier} ${query.filter ?? ''} ${manner} ${policy}`;
}

function askedOf({ query, epochs }: Asked): { readonly sessionId: string | undefined; readonly tunablesHash: string } {
  return { sessionId: query.sessionId, tunablesHash: epochs.tunablesHash };
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
