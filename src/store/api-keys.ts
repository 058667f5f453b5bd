/** API keys in the metadata: names, scopes, limits, and digests of secrets; the secrets themselves are nowhere. */
import { createHash, randomBytes } from 'node:crypto';
import { type Clock, ShelfwiseError } from '../base/index.ts';
import { type MetadataDb, type Ready, textsOf } from './metadata-schema.ts';

export interface ApiKey {
  readonly name: string;
  readonly scopes: readonly string[];
}

/** A token bucket: `burst` requests at once, refilled by so many a second. */
export interface RateLimit {
  readonly requestsPerSecond: number;
  readonly burst: number;
}

export interface StoredApiKey extends ApiKey {
  readonly createdAtMs: number;
  /** As last noted; null for a key that was never used. */
  readonly lastUsedAtMs: number | null;
  /** Null for as many requests as come. */
  readonly limit: RateLimit | null;
  /** Those that are alive, the one that stays last: one, and more while a rotation overlaps. */
  readonly secrets: readonly { readonly sha256: string; readonly diesAtMs: number | null }[];
}

export interface ApiKeys {
  /** Makes a key and returns its secret, which is stored nowhere: only its SHA-256 is. Throws OPTION_INVALID for a name in use. */
  create(name: string, scopes: readonly string[], limit?: RateLimit | null): Promise<string>;
  /** The key with this secret, or null. */
  verify(secret: string): Promise<ApiKey | null>;
  /** By name. With digests, so that whoever checks keys often need not ask the database each time. */
  list(): Promise<readonly StoredApiKey[]>;
  /** Gives the key another secret; those it has die after the overlap, or sooner where they were to. Undefined when there is no such key. */
  rotate(name: string, overlapMs: number): Promise<{ readonly secret: string; readonly diesAtMs: number } | undefined>;
  /** True when there is such a key. */
  setLimit(name: string, limit: RateLimit | null): Promise<boolean>;
  /** Notes when keys were last used; names of no key are no error. */
  noteUse(lastUsedAtMs: ReadonlyMap<string, number>): Promise<void>;
  /** True when there was such a key. */
  revoke(name: string): Promise<boolean>;
}

const SECRET_PREFIX = 'sw_';

export function apiKeyRepository(ready: Ready, clock: Clock): ApiKeys {
  const addSecret = async (db: MetadataDb, name: string): Promise<string> => {
    const secret = SECRET_PREFIX + randomBytes(24).toString('base64url');
    const values = { secret_sha256: digestOf(secret), name, created_at_ms: clock.nowMs(), dies_at_ms: null };
    await db.insertInto('api_key_secret').values(values).execute();
    return secret;
  };
  const secretsOf = (db: MetadataDb) =>
    db
      .selectFrom('api_key_secret')
      .where((is) => is.or([is('dies_at_ms', 'is', null), is('dies_at_ms', '>', clock.nowMs())]));

  return {
    create: async (name, scopes, limit = null) => {
      const db = await ready();
      return db.transaction().execute(async (tx) => {
        const insert = tx.insertInto('api_key').values({
          name,
          scopes: JSON.stringify(scopes),
          created_at_ms: clock.nowMs(),
          last_used_at_ms: null,
          ...columnsOf(limit),
        });
        const made = await insert.onConflict((conflict) => conflict.column('name').doNothing()).executeTakeFirst();
        if (made.numInsertedOrUpdatedRows !== 1n) {
          throw new ShelfwiseError('OPTION_INVALID', `there is an API key named "${name}" already`);
        }
        return addSecret(tx, name);
      });
    },
    verify: async (secret) => {
      const db = await ready();
      // Looked up by its digest: the time that takes tells nothing about other secrets.
      const found = await secretsOf(db)
        .where('secret_sha256', '=', digestOf(secret))
        .innerJoin('api_key', 'api_key.name', 'api_key_secret.name')
        .select(['api_key.name', 'api_key.scopes'])
        .executeTakeFirst();
      return found === undefined ? null : { name: found.name, scopes: textsOf(found.scopes) };
    },
    list: async () => {
      const db = await ready();
      const rows = await db.selectFrom('api_key').selectAll().orderBy('name').execute();
      const secrets = await secretsOf(db).selectAll().execute();
      secrets.sort((a, b) => dyingOf(a) - dyingOf(b));
      return rows.map((row) => ({
        name: row.name,
        scopes: textsOf(row.scopes),
        createdAtMs: row.created_at_ms,
        lastUsedAtMs: row.last_used_at_ms,
        limit:
          row.requests_per_second === null || row.burst === null
            ? null
            : { requestsPerSecond: row.requests_per_second, burst: row.burst },
        secrets: secrets
          .filter(({ name }) => name === row.name)
          .map(({ secret_sha256, dies_at_ms }) => ({ sha256: secret_sha256, diesAtMs: dies_at_ms })),
      }));
    },
    rotate: async (name, overlapMs) => {
      const db = await ready();
      return db.transaction().execute(async (tx) => {
        const known = tx.selectFrom('api_key').select('name').where('name', '=', name);
        if ((await known.executeTakeFirst()) === undefined) return undefined;
        const nowMs = clock.nowMs();
        const diesAtMs = nowMs + overlapMs;
        await tx.deleteFrom('api_key_secret').where('dies_at_ms', '<=', nowMs).execute();
        await tx
          .updateTable('api_key_secret')
          .set({ dies_at_ms: diesAtMs })
          .where('name', '=', name)
          .where((is) => is.or([is('dies_at_ms', 'is', null), is('dies_at_ms', '>', diesAtMs)]))
          .execute();
        return { secret: await addSecret(tx, name), diesAtMs };
      });
    },
    setLimit: async (name, limit) => {
      const db = await ready();
      const update = db.updateTable('api_key').set(columnsOf(limit)).where('name', '=', name);
      return (await update.executeTakeFirst()).numUpdatedRows === 1n;
    },
    noteUse: async (lastUsedAtMs) => {
      const db = await ready();
      await db.transaction().execute(async (tx) => {
        for (const [name, atMs] of lastUsedAtMs)
          await tx.updateTable('api_key').set({ last_used_at_ms: atMs }).where('name', '=', name).execute();
      });
    },
    revoke: async (name) => {
      const db = await ready();
      return db.transaction().execute(async (tx) => {
        await tx.deleteFrom('api_key_secret').where('name', '=', name).execute();
        const gone = await tx.deleteFrom('api_key').where('name', '=', name).executeTakeFirst();
        return gone.numDeletedRows === 1n;
      });
    },
  };
}

const dyingOf = ({ dies_at_ms }: { dies_at_ms: number | null }): number => dies_at_ms ?? Number.MAX_SAFE_INTEGER;

function columnsOf(limit: RateLimit | null): { requests_per_second: number | null; burst: number | null } {
  return { requests_per_second: limit?.requestsPerSecond ?? null, burst: limit?.burst ?? null };
}

function digestOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
