/**
 * Traffic that is served and counts for nothing: accounts that are shared, machines and employees. The app says so in a
 * listener's profile; machines are also found by a rule (`looksLikeBot`), asked after every event. Who it fits is a
 * *suspect* until 30 days have passed since it last did. What flagged listeners play moves no popularity, makes no
 * cohort, no vector and no reward: learner and fit pass it over.
 *
 * The rule sees an event when it is folded. What a machine played before it was found has been counted, at most what a
 * person may play in a day; the next fit counts anew, without it.
 */
import { DAY_MS } from '../base/index.ts';
import type { ListenerProfile } from '../domain/index.ts';
import { type BotRules, type ListenerState, lastBotMs } from '../signals/index.ts';
import type { OnlineStore, StoreWriter } from '../store/index.ts';

/** By listener key: the flags of the profile, where there are any. */
const FLAGS = 'listener-flags';
/** By listener key: when the rule last fitted. */
const SUSPECTS = 'listener-suspects';
export const SUSPECT_DAYS = 30;

export interface TrafficCounts {
  /** Listeners whose profile has a flag. */
  readonly flagged: number;
  /** Listeners that the rule has found in the last 30 days. */
  readonly suspects: number;
}

export interface Traffic {
  isFlagged(listenerKey: string, profile: ListenerProfile): boolean;
  /** To be called after an event was folded into this state. */
  note(listenerKey: string, state: ListenerState): void;
  /** Writes suspects that are new or were found again, and forgets whose time is over. @returns what to do once the transaction is through */
  persist(write: StoreWriter): () => void;
  counts(): TrafficCounts;
  /** When the rule found the listener to be a machine, while that counts. */
  suspectedAtMs(listenerKey: string): number | undefined;
  /** What is noted of a listener goes, in memory and with this transaction. @returns how many notes there were */
  forget(listenerKey: string, write: StoreWriter): number;
}

export function createTraffic(store: OnlineStore, rules: BotRules, nowMs: () => number): Traffic {
  const foundAt = new Map<string, number>();
  for (const { key, value } of store.range(SUSPECTS, {})) foundAt.set(key, foundMsOf(value));
  const unwritten = new Map<string, number>();
  const isSuspect = (listenerKey: string): boolean => {
    const atMs = foundAt.size === 0 ? undefined : foundAt.get(listenerKey);
    return atMs !== undefined && nowMs() - atMs < SUSPECT_DAYS * DAY_MS;
  };
  return {
    isFlagged: (listenerKey, { flags }) => (flags !== undefined && flags.length > 0) || isSuspect(listenerKey),
    note(listenerKey, state) {
      const atMs = lastBotMs(state, rules);
      // A day that fitted is met with every event until another one is played on.
      if (atMs <= (foundAt.get(listenerKey) ?? -1)) return;
      foundAt.set(listenerKey, atMs);
      unwritten.set(listenerKey, atMs);
    },
    persist(write) {
      const written = [...unwritten];
      const over = [...foundAt.keys()].filter((key) => !isSuspect(key));
      for (const [key, atMs] of written) write.put(SUSPECTS, key, Buffer.from(String(atMs)));
      for (const key of over) write.remove(SUSPECTS, key);
      return () => {
        for (const [key, atMs] of written) if (unwritten.get(key) === atMs) unwritten.delete(key);
        for (const key of over) if (!isSuspect(key)) foundAt.delete(key);
      };
    },
    counts() {
      let suspects = 0;
      for (const key of foundAt.keys()) if (isSuspect(key)) suspects++;
      return { flagged: store.count(FLAGS), suspects };
    },
    suspectedAtMs: (listenerKey) => (isSuspect(listenerKey) ? foundAt.get(listenerKey) : undefined),
    forget(listenerKey, write) {
      const noted = (store.get(FLAGS, listenerKey) === undefined ? 0 : 1) + (foundAt.has(listenerKey) ? 1 : 0);
      foundAt.delete(listenerKey);
      unwritten.delete(listenerKey);
      write.remove(FLAGS, listenerKey);
      write.remove(SUSPECTS, listenerKey);
      return noted;
    },
  };
}

/** In the transaction that stores a profile: the index of who is flagged. */
export function writeFlags(write: StoreWriter, listenerKey: string, { flags }: ListenerProfile): void {
  if (flags !== undefined && flags.length > 0) write.put(FLAGS, listenerKey, Buffer.from(flags.join(',')));
  else write.remove(FLAGS, listenerKey);
}

/** Everybody whose traffic counts for nothing, by key: for jobs. */
export function flaggedKeys(store: OnlineStore, nowMs: number): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const { key } of store.range(FLAGS, {})) keys.add(key);
  for (const { key, value } of store.range(SUSPECTS, {})) {
    if (nowMs - foundMsOf(value) < SUSPECT_DAYS * DAY_MS) keys.add(key);
  }
  return keys;
}

function foundMsOf(value: Uint8Array): number {
  return Number(Buffer.from(value).toString());
}
