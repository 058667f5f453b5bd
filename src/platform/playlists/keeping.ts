/**
 * Generated playlists of listeners, kept under the listener's key in the online store (table `playlists`): erasing the key's
 * row erases them. In memory stand when each listener's are to be made anew, which every Home asks, and what is not on the
 * medium yet, or could not be written.
 */
import { ByteWriter, messageOf, Oldest } from '../../base/index.ts';
import {
  decodePlaylists,
  encodePlaylists,
  LIST_GROUPS,
  type ListenerPlaylists,
  type ListGroup,
  type Standing,
} from '../../home/index.ts';
import type { OnlineStore, StoreWriter } from '../../store/index.ts';

export const PLAYLISTS_TABLE = 'playlists';

/** When a group stands, and whether there is anything in it. */
export interface GroupHead extends Standing {
  readonly isEmpty: boolean;
}

/** What is kept of a listener. Never changed, only replaced. */
export interface Held {
  readonly heads: { readonly [G in ListGroup]?: GroupHead };
  /** All of it where the store does not have it; undefined where it does. */
  readonly unstored: ListenerPlaylists | undefined;
}

export interface KeptPlaylists {
  held(listenerKey: string): Held;
  /** All of what is kept; nothing where nothing was made, or what is stored does not read. */
  get(listenerKey: string): ListenerPlaylists;
  /** Keeps them from now on, and writes them soon, several listeners in one transaction; empty ones stand in memory alone. */
  put(listenerKey: string, playlists: ListenerPlaylists): void;
  /** Resolves when what was put for the listener is on the medium, or could not be written: it then stands in memory alone. */
  stored(listenerKey: string): Promise<void>;
  /** Resolves when all that was put is on the medium, or could not be written. */
  settle(): Promise<void>;
  /** Drops those of a listener who is erased, in this transaction; no write that is under way brings them back. */
  erase(listenerKey: string, write: StoreWriter): number;
}

/** Listeners of whom something stands in memory: some hundred bytes each. */
const HELD = 50_000;
const NOTHING: ListenerPlaylists = {};

export function createKeptPlaylists(
  store: OnlineStore,
  /** Is the key still a listener's? One that was erased gets nothing written. */
  isKnown: (listenerKey: string) => boolean,
  onTrouble: (error: string) => void,
): KeptPlaylists {
  const all = new Map<string, Held>();
  const oldest = new Oldest(all);
  const unwritten = new Map<string, Held>();
  const writer = new ByteWriter(8 * 1024);
  let writing: Promise<void> | undefined;

  const remember = (key: string, held: Held): Held => {
    all.delete(key);
    all.set(key, held);
    if (all.size > HELD) all.delete(oldest.next() as string);
    return held;
  };
  const read = (key: string): ListenerPlaylists => {
    try {
      const bytes = store.get(PLAYLISTS_TABLE, key);
      return bytes === undefined ? NOTHING : decodePlaylists(bytes);
    } catch (error) {
      // They are made anew.
      onTrouble(messageOf(error));
      return NOTHING;
    }
  };
  const heldOf = (key: string): Held =>
    all.get(key) ?? unwritten.get(key) ?? remember(key, { heads: headsOf(read(key)), unstored: undefined });

  const writeAll = async (): Promise<void> => {
    while (unwritten.size > 0) {
      const batch = [...unwritten];
      let isStored = true;
      try {
        await store.transaction((write) => {
          for (const [key, held] of batch) {
            if (unwritten.get(key) !== held || held.unstored === undefined || !isKnown(key)) continue;
            writer.reset();
            encodePlaylists(held.unstored, writer);
            write.put(PLAYLISTS_TABLE, key, writer.view());
          }
        });
      } catch (error) {
        isStored = false;
        onTrouble(messageOf(error));
      }
      for (const [key, held] of batch) {
        if (unwritten.get(key) !== held) continue;
        unwritten.delete(key);
        if (isStored && all.get(key) === held) all.set(key, { heads: held.heads, unstored: undefined });
      }
    }
  };

  return {
    held: heldOf,
    get: (key) => heldOf(key).unstored ?? read(key),
    put(key, playlists) {
      if (!isKnown(key)) return;
      const before = heldOf(key);
      const held: Held = { heads: headsOf(playlists), unstored: playlists };
      remember(key, held);
      // Of somebody of whom nothing can be made nothing need be written.
      if (isEmpty(held) && isEmpty(before)) return;
      unwritten.set(key, held);
      writing ??= Promise.resolve()
        .then(writeAll)
        .finally(() => {
          writing = undefined;
        });
    },
    async stored(key) {
      while (unwritten.has(key) && writing !== undefined) await writing;
    },
    async settle() {
      while (writing !== undefined) await writing;
    },
    erase(key, write) {
      const had = !isEmpty(heldOf(key));
      all.delete(key);
      unwritten.delete(key);
      write.remove(PLAYLISTS_TABLE, key);
      return had ? 1 : 0;
    },
  };
}

function isEmpty({ heads }: Held): boolean {
  return LIST_GROUPS.every((group) => heads[group]?.isEmpty ?? true);
}

function headsOf(playlists: ListenerPlaylists): Held['heads'] {
  const heads: { -readonly [G in ListGroup]?: GroupHead } = {};
  for (const name of LIST_GROUPS) {
    const group = playlists[name];
    if (group === undefined) continue;
    const { fromMs, untilMs, follows, lists } = group;
    heads[name] = { fromMs, untilMs, follows, isEmpty: lists.length === 0 };
  }
  return heads;
}
