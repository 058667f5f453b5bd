/**
 * Standing pages: the last page of each listener, surface, market, tier, chip and manner, with what was seen of it. It is
 * served again while nothing meaningful happens, and what was seen of it is kept by the decision that follows.
 */
import { Oldest } from '../base/index.ts';
import type { DecisionRecord, FeedbackEvent, ListenerProfile } from '../domain/index.ts';
import { type CarriedRow, shelfKey } from '../home/index.ts';
import type { PageOutline } from './page-outline.ts';

export interface StandingPage {
  readonly decisionId: string;
  readonly listenerKey: string;
  readonly atMs: number;
  readonly sessionId: string;
  /** The listener's count of meaningful events when it was decided. */
  readonly meaningful: number;
  readonly tunablesHash: string;
  /** The profile that it was decided for, by identity: what the app tells of a listener outdates a page at once. */
  readonly profile: ListenerProfile;
  readonly rows: PageOutline;
  /** Of a private page, which is written nowhere else; undefined for all others. */
  readonly record: DecisionRecord | undefined;
  /** Bit r: the listener has seen row r. Rows that were carried were seen. */
  seen: number;
}

export interface StandingPages {
  /** The page that stands under this key; undefined beyond its lifetime, for another session, or under other tunables. */
  at(
    key: string,
    asked: { nowMs: number; sessionId: string | undefined; tunablesHash: string },
  ): StandingPage | undefined;
  remember(key: string, page: StandingPage): void;
  /** The record of a private page that is still remembered. */
  privateRecord(decisionId: string): DecisionRecord | undefined;
  /** Was this a page of a private session, as far as it is remembered? */
  isPrivate(decisionId: string): boolean;
  /** An impression of a row of a remembered page: it is carried from now on. */
  noteEvent(event: FeedbackEvent): void;
  /** @returns how many pages there were */
  forgetListener(listenerKey: string): number;
}

/** Pages remembered; beyond it the oldest are forgotten and simply decided anew. */
const REMEMBERED = 100_000;
/** Private pages, which hold their whole record. */
const REMEMBERED_PRIVATE = 5_000;
/** Ids of private decisions, so that an event that names one is known for private. */
const PRIVATE_IDS = 100_000;

export function createStandingPages(lifetimeMs: number): StandingPages {
  const pages = new Map<string, StandingPage>();
  const byDecision = new Map<string, StandingPage>();
  const privateKeys = new Set<string>();
  const privateIds = new Set<string>();

  const forget = (key: string): void => {
    const page = pages.get(key);
    if (page === undefined) return;
    pages.delete(key);
    privateKeys.delete(key);
    byDecision.delete(page.decisionId);
  };
  const [oldest, oldestPrivate, oldestId] = [new Oldest(pages), new Oldest(privateKeys), new Oldest(privateIds)];

  return {
    at(key, { nowMs, sessionId, tunablesHash }) {
      const page = pages.get(key);
      if (page === undefined || nowMs - page.atMs >= lifetimeMs || page.tunablesHash !== tunablesHash) return undefined;
      return sessionId !== undefined && page.sessionId !== '' && page.sessionId !== sessionId ? undefined : page;
    },
    remember(key, page) {
      forget(key);
      pages.set(key, page);
      byDecision.set(page.decisionId, page);
      if (page.record !== undefined) {
        privateKeys.add(key);
        privateIds.add(page.decisionId);
        if (privateKeys.size > REMEMBERED_PRIVATE) forget(oldestPrivate.next() as string);
        if (privateIds.size > PRIVATE_IDS) privateIds.delete(oldestId.next() as string);
      }
      if (pages.size > REMEMBERED) forget(oldest.next() as string);
    },
    privateRecord: (decisionId) => byDecision.get(decisionId)?.record,
    isPrivate: (decisionId) => privateIds.has(decisionId),
    noteEvent(event) {
      if (event.type !== 'impression' || event.shelfRank < 0 || event.shelfRank > 30) return;
      const page = byDecision.get(event.decisionId);
      if (page !== undefined && page.listenerKey === event.listenerKey) page.seen |= 1 << event.shelfRank;
    },
    forgetListener(listenerKey) {
      const before = pages.size;
      for (const [key, page] of pages) if (page.listenerKey === listenerKey) forget(key);
      return before - pages.size;
    },
  };
}

export interface Kept {
  readonly carried: readonly CarriedRow[];
  readonly keptRanks: ReadonlyMap<string, number>;
}

export const NOTHING_KEPT: Kept = { carried: [], keptRanks: new Map() };

/**
 * What the next decision keeps of the last page's seen rows: drawn rows are carried with their cards; rows in a defined
 * order keep their place and are filled anew, since their cards follow from the listener's own history.
 */
export function keptOf(last: StandingPage): Kept {
  const carried: CarriedRow[] = [];
  const keptRanks = new Map<string, number>();
  for (let rank = 0; rank < last.rows.length; rank++) {
    const row = (last.seen & (1 << rank)) === 0 ? undefined : last.rows.row(rank);
    if (row === undefined) continue;
    if (row.defined) keptRanks.set(shelfKey(row.shelfId, row.seedItem), rank);
    else {
      const decisionId = row.carriedFrom === '' ? last.decisionId : row.carriedFrom;
      carried.push({ shelfId: row.shelfId, seedItem: row.seedItem, rank, items: row.items, decisionId });
    }
  }
  return { carried, keptRanks };
}
