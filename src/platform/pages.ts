/**
 * What stands where on the pages served of late. An impression names a decision and ranks; which shelf and which items
 * were seen is looked up here when the event arrives, and stored in the event: the log alone then gives the same states.
 */
import { DAY_MS, Oldest, ShelfwiseError } from '../base/index.ts';
import { decisionTimeMs, decodeDecision, NO_ITEM, type ResolvedReference } from '../domain/index.ts';
import { outlineOf, type PageOutline } from './page-outline.ts';

/** As an event has it. */
export interface PlaceOnPage {
  readonly decisionId: string;
  readonly shelfRank: number;
  /** -1: the whole row. */
  readonly cardRank: number;
}

export interface Pages {
  /** A page that was just decided. */
  note(decisionId: string, page: PageOutline): void;
  /** Reads the pages of these decisions that are not in memory, where their records are still in the log. */
  load(decisionIds: Iterable<string>, nowMs: number): Promise<void>;
  /** What is at that place of the listener's own page; undefined where the page is not in memory, or is someone else's. */
  resolve(place: PlaceOnPage, listenerKey: string, all: boolean): ResolvedReference | undefined;
  /** @returns how many pages there were */
  forgetListener(listenerKey: string): number;
}

/** Pages kept; beyond it those that were noted first are read from the log when they are asked for. */
const KEPT = 100_000;
/** Rewards are credited for a day; what is older has moved to the lake, and is not looked up for a sight. */
const LOOKED_UP_MS = DAY_MS;
/** Records read for one envelope: an app names one page in most of its events. */
const READS_AN_ENVELOPE = 64;

/**
 * @param bytes of a decision's record
 * @param idOf the id that the app knows an item by
 */
export function createPages(
  bytes: (decisionId: string) => Promise<Uint8Array | undefined>,
  idOf: (item: number) => string,
): Pages {
  const kept = new Map<string, PageOutline>();
  const oldest = new Oldest(kept);

  const note = (decisionId: string, page: PageOutline): void => {
    kept.set(decisionId, page);
    if (kept.size > KEPT) kept.delete(oldest.next() as string);
  };

  const read = async (decisionId: string): Promise<void> => {
    try {
      const stored = await bytes(decisionId);
      if (stored !== undefined) note(decisionId, outlineOf(decodeDecision(stored)));
    } catch (error) {
      // A record that does not read costs its impressions their sights, and nobody an event.
      if (!(error instanceof ShelfwiseError) || error.code === 'BUG') throw error;
    }
  };

  return {
    note,
    async load(decisionIds, nowMs) {
      const missing: string[] = [];
      for (const id of new Set(decisionIds)) {
        if (missing.length === READS_AN_ENVELOPE) break;
        if (!kept.has(id) && decisionTimeMs(id) >= nowMs - LOOKED_UP_MS) missing.push(id);
      }
      for (const id of missing) await read(id);
    },
    resolve({ decisionId, shelfRank, cardRank }, listenerKey, all) {
      const page = kept.get(decisionId);
      const row = page?.listenerKey === listenerKey ? page.row(shelfRank) : undefined;
      if (row === undefined) return undefined;
      const shelfId = row.seedItem === NO_ITEM ? row.shelfId : `${row.shelfId}:${idOf(row.seedItem)}`;
      if (cardRank >= 0) {
        const card = row.items[cardRank];
        return { shelfId, cards: card === undefined ? [] : [card] };
      }
      return { shelfId, cards: all ? row.items : [] };
    },
    forgetListener(listenerKey) {
      const before = kept.size;
      for (const [id, page] of kept) if (page.listenerKey === listenerKey) kept.delete(id);
      return before - kept.size;
    },
  };
}
