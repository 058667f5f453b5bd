/**
 * Listeners: the id that the app knows, mapped once to a random key. Everything recorded carries the key; the id stands
 * here alone, beside the secret that state bytes in records are sealed with. Dropping the entry makes both unreadable.
 */
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { Clock } from '../base/index.ts';
import { type ListenerProfile, MAX_MARKETS, MAX_TIERS, resolveProfile } from '../domain/index.ts';
import type { OnlineStore, StoreWriter } from '../store/index.ts';
import type { ErasedListener } from './erased.ts';
import type { StoredListener } from './service.ts';
import { writeFlags } from './traffic.ts';
import type { StoredVocabularies } from './vocabularies.ts';

/** By the id that the app knows a listener by. */
export const LISTENERS_TABLE = 'listeners';
const TABLE = LISTENERS_TABLE;
const SECRETS = 'listener-secrets';

export interface ListenerEntry extends StoredListener {
  /** 32 hexadecimal digits, random. */
  readonly key: string;
  readonly secret: KeyObject;
}

interface StoredEntry {
  readonly key: string;
  readonly profile: ListenerProfile;
  readonly createdAtMs: number;
}

export interface Listeners {
  get(id: string): ListenerEntry | undefined;
  /** The secret of a key; undefined when the listener is unknown or erased. */
  secretOf(key: string): KeyObject | undefined;
  /**
   * The entries of ids; ids that are new are mapped first, and durable when resolved. Call before anything that carries
   * their keys is written. Undefined for one that was erased meanwhile.
   */
  ensure(ids: readonly string[]): Promise<readonly (ListenerEntry | undefined)[]>;
  /**
   * An entry for somebody who is unknown and stays so: in a private session, or while the store takes no writes. The same
   * for the same id until the process ends, so that a page stands and its cursor goes on with it; kept nowhere, and worked
   * out from what only this process knows.
   */
  passing(id: string): ListenerEntry;
  put(rows: readonly { readonly id: string; readonly profile: ListenerProfile }[]): Promise<readonly StoredListener[]>;
  list(query: { readonly prefix: string; readonly limit: number; readonly cursor?: string | undefined }): {
    readonly listeners: readonly StoredListener[];
    readonly nextCursor: string | null;
  };
  count(): number;
  /** Was the key's listener erased, or is about to be? Nothing of theirs is written any more. */
  isErased(key: string): boolean;
  /**
   * Erases a listener: `noted` is called first, and its promise awaited; from then on nothing of theirs is written, and
   * whoever comes by this id is somebody new. Then key, secret and what `also` removes go in one transaction.
   * @returns undefined for who is not known
   */
  erase(
    id: string,
    noted: (entry: ListenerEntry) => Promise<void>,
    also: (listener: ErasedListener, write: StoreWriter) => void,
  ): Promise<ErasedListener | undefined>;
  /** Does again what `erase` did, as far as it is left to do: after a crash, or when the store refused it. */
  eraseAgain(listener: ErasedListener, also: (listener: ErasedListener, write: StoreWriter) => void): Promise<void>;
  /** What stands for a listener in the audit trail: from their secret, so that it means nothing once it is gone. */
  auditNameOf(id: string): string;
}

export function secretOfKey(store: OnlineStore, key: string): KeyObject | undefined {
  const bytes = store.get(SECRETS, key);
  return bytes === undefined ? undefined : createSecretKey(bytes);
}

/** Keys of all listeners. */
export function* listenerKeys(store: OnlineStore): Iterable<{ readonly id: string; readonly key: string }> {
  for (const { key: id, value } of store.range(TABLE, {})) yield { id, key: parse(value).key };
}

/** @param erasing keys whose erasure a stop has cut off */
export function createListeners(
  store: OnlineStore,
  vocabularies: StoredVocabularies,
  clock: Clock,
  erasing: Iterable<string> = [],
): Listeners {
  const erased = new Set(erasing);
  const cache = new Map<string, ListenerEntry>();
  const passingSecret = randomBytes(32);
  const secrets = new Map<string, KeyObject>();

  const remember = (entry: ListenerEntry): ListenerEntry => {
    if (cache.size >= CACHED) {
      cache.clear();
      secrets.clear();
    }
    cache.set(entry.id, entry);
    secrets.set(entry.key, entry.secret);
    return entry;
  };

  const get = (id: string): ListenerEntry | undefined => {
    const known = cache.get(id);
    if (known !== undefined) return known;
    const bytes = store.get(TABLE, id);
    if (bytes === undefined) return undefined;
    const stored = parse(bytes);
    if (erased.has(stored.key)) return undefined;
    const secret = secretOfKey(store, stored.key);
    if (secret === undefined) return undefined;
    return remember({ id, ...stored, secret });
  };

  const write = async (entries: readonly ListenerEntry[]): Promise<void> => {
    for (const { profile } of entries) nameAll(profile, vocabularies);
    let settle = (): void => {};
    await store.transaction((writer) => {
      settle = vocabularies.persist(writer);
      for (const { id, key, profile, createdAtMs, secret } of entries) {
        writer.put(TABLE, id, Buffer.from(JSON.stringify({ key, profile, createdAtMs } satisfies StoredEntry)));
        writer.put(SECRETS, key, secret.export());
        writeFlags(writer, key, profile);
      }
    });
    settle();
    for (const entry of entries) remember(entry);
  };

  const fresh = (id: string, profile: ListenerProfile): ListenerEntry => ({
    id,
    key: randomBytes(16).toString('hex'),
    secret: createSecretKey(randomBytes(32)),
    profile,
    createdAtMs: clock.nowMs(),
  });

  /** One at a time, so that two requests of a new listener cannot make two keys. */
  let queue: Promise<unknown> = Promise.resolve();
  const exclusive = <T>(work: () => Promise<T>): Promise<T> => {
    const next = queue.then(work, work);
    queue = next.catch(() => undefined);
    return next;
  };

  const drop = async (
    listener: ErasedListener,
    also: (listener: ErasedListener, write: StoreWriter) => void,
  ): Promise<void> => {
    const { id, key } = listener;
    erased.add(key);
    if (cache.get(id)?.key === key) cache.delete(id);
    secrets.delete(key);
    await store.transaction((write) => {
      // Somebody new may have come by this id since.
      const stored = store.get(TABLE, id);
      if (stored !== undefined && parse(stored).key === key) write.remove(TABLE, id);
      write.remove(SECRETS, key);
      also(listener, write);
    });
  };

  const missing = new Set<string>();
  let gathering: Promise<void> | undefined;

  return {
    get,
    secretOf(key) {
      return erased.has(key) ? undefined : (secrets.get(key) ?? secretOfKey(store, key));
    },
    isErased: (key) => erased.has(key),
    erase: (id, noted, also) =>
      exclusive(async () => {
        const entry = get(id);
        if (entry === undefined) return undefined;
        await noted(entry);
        const listener = { id, key: entry.key };
        await drop(listener, also);
        return listener;
      }),
    eraseAgain: (listener, also) => exclusive(() => drop(listener, also)),
    async ensure(ids) {
      const known = ids.map(get);
      if (!known.includes(undefined)) return known;
      for (let i = 0; i < ids.length; i++) if (known[i] === undefined) missing.add(ids[i]);
      // Whoever comes while a transaction is under way shares the next one.
      gathering ??= exclusive(async () => {
        gathering = undefined;
        const ids = [...missing].filter((id) => get(id) === undefined);
        missing.clear();
        if (ids.length > 0) await write(ids.map((id) => fresh(id, {})));
      });
      await gathering;
      return ids.map(get);
    },
    passing(id) {
      const derived = (what: string): Buffer => createHmac('sha256', passingSecret).update(`${what} ${id}`).digest();
      const entry: ListenerEntry = {
        id,
        key: derived('key').toString('hex', 0, 16),
        secret: createSecretKey(derived('secret')),
        profile: UNKNOWN,
        createdAtMs: clock.nowMs(),
      };
      // Where the log still takes records, they are sealed with it.
      if (secrets.size >= CACHED) secrets.clear();
      secrets.set(entry.key, entry.secret);
      return entry;
    },
    put: (rows) =>
      exclusive(async () => {
        const entries = new Map<string, ListenerEntry>();
        for (const { id, profile } of rows) {
          const known = entries.get(id) ?? get(id);
          entries.set(id, known === undefined ? fresh(id, profile) : { ...known, profile });
        }
        await write([...entries.values()]);
        return rows.map(({ id }) => {
          const entry = entries.get(id);
          return { id, profile: entry?.profile ?? {}, createdAtMs: entry?.createdAtMs ?? 0 };
        });
      }),
    list({ prefix, limit, cursor }) {
      const start = cursor !== undefined && cursor >= prefix ? `${cursor}\u0000` : prefix;
      const listeners: StoredListener[] = [];
      for (const { key: id, value } of store.range(TABLE, {
        start: start === '' ? undefined : start,
        limit: limit + 1,
      })) {
        if (!id.startsWith(prefix)) break;
        const { profile, createdAtMs } = parse(value);
        listeners.push({ id, profile, createdAtMs });
      }
      const more = listeners.length > limit;
      const page = more ? listeners.slice(0, limit) : listeners;
      return { listeners: page, nextCursor: more ? page[page.length - 1].id : null };
    },
    count: () => store.count(TABLE),
    auditNameOf(id) {
      const entry = get(id);
      return entry === undefined
        ? 'listener unknown'
        : `listener ${createHmac('sha256', entry.secret).update('audit').digest('hex').slice(0, 16)}`;
    },
  };
}

/** Profiles leave the catalogue the rest of its room: beyond, a tier or market that no item names has no number. */
const LISTENER_TIERS = MAX_TIERS / 2;
const LISTENER_MARKETS = MAX_MARKETS - 6;

/** Popularity by market and features by tier and language need their numbers, whether or not an item names them. */
function nameAll(profile: ListenerProfile, vocabularies: StoredVocabularies): void {
  const { market, tier, language } = resolveProfile(profile);
  if (vocabularies.markets.size < LISTENER_MARKETS) vocabularies.markets.number(market);
  if (vocabularies.tiers.size < LISTENER_TIERS) vocabularies.tiers.number(tier);
  vocabularies.languages.number(language);
}

const CACHED = 1_000_000;
/** One object: a page stands for the profile, by identity, that it was decided for. */
const UNKNOWN: ListenerProfile = Object.freeze({});

function parse(bytes: Uint8Array): StoredEntry {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as StoredEntry;
}
