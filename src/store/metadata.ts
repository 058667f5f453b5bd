/**
 * Metadata: the small tables that everything else is found by (settings, API keys, current epochs, what has been
 * compacted, the audit trail). SQL through kysely, so that the same repositories serve PostgreSQL.
 */
import { createHash, randomBytes } from 'node:crypto';
import path from 'node:path';
import { Kysely, sql } from 'kysely';
import { type Clock, resolveOptions, ShelfwiseError, systemClock } from '../base/index.ts';
import { EPOCH_KINDS, type EpochKind } from '../domain/index.ts';
import { makeDirDurably } from './disk.ts';
import { sqliteDialect } from './sqlite-dialect.ts';

export interface ApiKey {
  readonly name: string;
  readonly scopes: readonly string[];
}

export interface AuditEntry {
  readonly atMs: number;
  /** Who did it: the name of an API key, or of a part of the platform. */
  readonly actor: string;
  readonly action: string;
  /** Ready for JSON. */
  readonly detail: Readonly<Record<string, unknown>>;
}

export interface RecordedEpoch {
  readonly hash: string;
  readonly recordedAtMs: number;
  /** When its successor took over; null while it serves, and where it is not known. */
  readonly lastServedAtMs: number | null;
}

/** The port "metadata". Every write is on the medium when its promise resolves. */
export interface Metadata {
  readonly settings: {
    get(name: string): Promise<string | undefined>;
    set(name: string, value: string): Promise<void>;
  };
  readonly apiKeys: {
    /** Makes a key and returns its secret, which is stored nowhere: only its SHA-256 is. Throws OPTION_INVALID for a name in use. */
    create(name: string, scopes: readonly string[]): Promise<string>;
    /** The key with this secret, or null. */
    verify(secret: string): Promise<ApiKey | null>;
    /** With digests, so that whoever checks keys often need not ask the database each time. */
    list(): Promise<readonly (ApiKey & { readonly createdAtMs: number; readonly secretSha256: string })[]>;
    /** True when there was such a key. */
    revoke(name: string): Promise<boolean>;
  };
  readonly epochs: {
    /** Notes that an epoch exists; again is no error. */
    record(hash: string, kind: EpochKind, atMs: number): Promise<void>;
    current(kind: EpochKind): Promise<string | undefined>;
    /**
     * Makes a recorded epoch the one that serves from now on, and notes that its predecessor did until now. Throws
     * EPOCH_NOT_FOUND for one that is not recorded under this kind.
     */
    setCurrent(kind: EpochKind, hash: string, atMs: number): Promise<void>;
    /** Newest first. */
    list(kind: EpochKind): Promise<readonly RecordedEpoch[]>;
    /** For an epoch that does not serve, and of which it is not noted until when it did: it may have until now. */
    retire(kind: EpochKind, hash: string, atMs: number): Promise<void>;
    /** Forgets epochs that do not serve; one that is current stays. Hashes that are not recorded are no error. */
    forget(hashes: readonly string[]): Promise<void>;
  };
  readonly compactions: {
    /** Notes that a segment's rows are in these files, and nowhere else in the lake. */
    record(stream: string, segment: number, files: readonly string[], rows: number): Promise<void>;
    isDone(stream: string, segment: number): Promise<boolean>;
    /** By segment, ascending: the files to read a stream's compacted part from. */
    list(
      stream: string,
    ): Promise<readonly { readonly segment: number; readonly files: readonly string[]; readonly rows: number }[]>;
  };
  readonly audit: {
    add(entry: AuditEntry): Promise<void>;
    /** Newest first. */
    list(limit: number): Promise<readonly AuditEntry[]>;
  };
  close(): Promise<void>;
}

interface Tables {
  schema_version: { version: number };
  setting: { name: string; value: string };
  api_key: { name: string; secret_sha256: string; scopes: string; created_at_ms: number };
  epoch: { hash: string; kind: string; recorded_at_ms: number; last_served_at_ms: number | null };
  current_epoch: { kind: string; hash: string };
  compaction: { stream: string; segment: number; files: string; row_count: number };
  audit: { id: number; at_ms: number; actor: string; action: string; detail: string };
}

type Migration = readonly string[] | ((tx: Kysely<Tables>) => Promise<void>);

/** In order; the version of a database is how many have run. Append only. */
const MIGRATIONS: readonly Migration[] = [
  [
    'CREATE TABLE setting (name TEXT PRIMARY KEY, value TEXT NOT NULL)',
    'CREATE TABLE api_key (name TEXT PRIMARY KEY, secret_sha256 TEXT NOT NULL UNIQUE, scopes TEXT NOT NULL, created_at_ms BIGINT NOT NULL)',
    'CREATE TABLE epoch (hash TEXT NOT NULL, kind TEXT NOT NULL, recorded_at_ms BIGINT NOT NULL, PRIMARY KEY (hash, kind))',
    'CREATE INDEX epoch_by_kind ON epoch (kind, recorded_at_ms)',
    'CREATE TABLE current_epoch (kind TEXT PRIMARY KEY, hash TEXT NOT NULL, FOREIGN KEY (hash, kind) REFERENCES epoch (hash, kind))',
    'CREATE TABLE compaction (stream TEXT NOT NULL, segment BIGINT NOT NULL, files TEXT NOT NULL, row_count BIGINT NOT NULL, PRIMARY KEY (stream, segment))',
    'CREATE TABLE audit (id INTEGER PRIMARY KEY, at_ms BIGINT NOT NULL, actor TEXT NOT NULL, action TEXT NOT NULL, detail TEXT NOT NULL)',
  ],
  ['ALTER TABLE epoch ADD COLUMN last_served_at_ms BIGINT'],
  renameScopes,
];

/** What the scopes of version 0.1 are called since. */
const SCOPES_SINCE: Readonly<Record<string, readonly string[]>> = {
  app: ['ingest', 'serve'],
  catalog: ['ingest'],
  inspect: ['explain'],
};

async function renameScopes(tx: Kysely<Tables>): Promise<void> {
  for (const { name, scopes } of await tx.selectFrom('api_key').select(['name', 'scopes']).execute()) {
    const since = new Set(texts(scopes).flatMap((scope) => SCOPES_SINCE[scope] ?? [scope]));
    const update = tx.updateTable('api_key').set({ scopes: JSON.stringify([...since]) });
    await update.where('name', '=', name).execute();
  }
}

export interface MetadataOptions {
  /** The database's file; made when missing. */
  readonly file: string;
  /** For the times of API keys. @default the system's clock */
  readonly clock?: Clock | undefined;
}

/** Opens the metadata and migrates it on first use. Its promises reject with DATA_DIR_VERSION when a later version wrote it. */
export function openMetadata(given: MetadataOptions): Metadata {
  const options = resolveOptions<{ file: string; clock: Clock }>('openMetadata', given, {
    file: '',
    clock: systemClock,
  });
  makeDirDurably(path.dirname(path.resolve(options.file)));
  const db = new Kysely<Tables>({ dialect: sqliteDialect(options.file) });
  let migrated: Promise<void> | null = null;
  const ready = async (): Promise<Kysely<Tables>> => {
    migrated ??= migrate(db, options.file);
    await migrated;
    return db;
  };
  return { ...repositories(ready, options.clock), close: () => db.destroy() };
}

async function migrate(db: Kysely<Tables>, file: string): Promise<void> {
  await sql`CREATE TABLE IF NOT EXISTS schema_version (version INTEGER NOT NULL)`.execute(db);
  await db.transaction().execute(async (tx) => {
    const row = await tx.selectFrom('schema_version').select('version').executeTakeFirst();
    const version = row?.version ?? 0;
    if (version > MIGRATIONS.length) {
      throw new ShelfwiseError(
        'DATA_DIR_VERSION',
        `${file} has schema ${version}; this version knows ${MIGRATIONS.length}`,
      );
    }
    if (row === undefined) await tx.insertInto('schema_version').values({ version: 0 }).execute();
    for (const migration of MIGRATIONS.slice(version)) {
      if (typeof migration === 'function') await migration(tx);
      else for (const statement of migration) await sql.raw(statement).execute(tx);
    }
    if (version < MIGRATIONS.length)
      await tx.updateTable('schema_version').set({ version: MIGRATIONS.length }).execute();
  });
}

function repositories(ready: () => Promise<Kysely<Tables>>, clock: Clock): Omit<Metadata, 'close'> {
  return {
    settings: {
      get: async (name) => {
        const db = await ready();
        const row = await db.selectFrom('setting').select('value').where('name', '=', name).executeTakeFirst();
        return row?.value;
      },
      set: async (name, value) => {
        const db = await ready();
        const insert = db.insertInto('setting').values({ name, value });
        await insert.onConflict((conflict) => conflict.column('name').doUpdateSet({ value })).execute();
      },
    },
    apiKeys: apiKeys(ready, clock),
    epochs: epochs(ready),
    compactions: {
      record: async (stream, segment, files, rows) => {
        const db = await ready();
        const values = { stream, segment, files: JSON.stringify(files), row_count: rows };
        await db.insertInto('compaction').values(values).execute();
      },
      isDone: async (stream, segment) => {
        const db = await ready();
        const query = db.selectFrom('compaction').select('segment').where('stream', '=', stream);
        return (await query.where('segment', '=', segment).executeTakeFirst()) !== undefined;
      },
      list: async (stream) => {
        const db = await ready();
        const query = db
          .selectFrom('compaction')
          .select(['segment', 'files', 'row_count'])
          .where('stream', '=', stream);
        const rows = await query.orderBy('segment').execute();
        return rows.map((row) => ({ segment: row.segment, files: texts(row.files), rows: row.row_count }));
      },
    },
    audit: {
      add: async ({ atMs, actor, action, detail }) => {
        const db = await ready();
        const values = { at_ms: atMs, actor, action, detail: JSON.stringify(detail) };
        await db
          .insertInto('audit')
          .values(values as Tables['audit'])
          .execute();
      },
      list: async (limit) => {
        const db = await ready();
        const rows = await db.selectFrom('audit').selectAll().orderBy('id', 'desc').limit(limit).execute();
        return rows.map((row) => ({
          atMs: row.at_ms,
          actor: row.actor,
          action: row.action,
          detail: JSON.parse(row.detail) as Record<string, unknown>,
        }));
      },
    },
  };
}

const SECRET_PREFIX = 'sw_';

function apiKeys(ready: () => Promise<Kysely<Tables>>, clock: Clock): Metadata['apiKeys'] {
  const digest = (secret: string): string => createHash('sha256').update(secret).digest('hex');
  return {
    create: async (name, scopes) => {
      const db = await ready();
      const secret = SECRET_PREFIX + randomBytes(24).toString('base64url');
      const insert = db.insertInto('api_key').values({
        name,
        secret_sha256: digest(secret),
        scopes: JSON.stringify(scopes),
        created_at_ms: clock.nowMs(),
      });
      const made = await insert.onConflict((conflict) => conflict.column('name').doNothing()).executeTakeFirst();
      if (made.numInsertedOrUpdatedRows !== 1n) {
        throw new ShelfwiseError('OPTION_INVALID', `there is an API key named "${name}" already`);
      }
      return secret;
    },
    verify: async (secret) => {
      const db = await ready();
      // Looked up by its digest: the time that takes tells nothing about other secrets.
      const query = db.selectFrom('api_key').select(['name', 'scopes']).where('secret_sha256', '=', digest(secret));
      const row = await query.executeTakeFirst();
      return row === undefined ? null : { name: row.name, scopes: texts(row.scopes) };
    },
    list: async () => {
      const db = await ready();
      const rows = await db.selectFrom('api_key').selectAll().orderBy('name').execute();
      return rows.map((row) => ({
        name: row.name,
        scopes: texts(row.scopes),
        createdAtMs: row.created_at_ms,
        secretSha256: row.secret_sha256,
      }));
    },
    revoke: async (name) => {
      const db = await ready();
      const gone = await db.deleteFrom('api_key').where('name', '=', name).executeTakeFirst();
      return gone.numDeletedRows === 1n;
    },
  };
}

/** Parameters of a statement are limited. */
const FORGET_ROWS = 500;

function epochs(ready: () => Promise<Kysely<Tables>>): Metadata['epochs'] {
  const checked = (kind: EpochKind): EpochKind => {
    if (EPOCH_KINDS.includes(kind)) return kind;
    throw new ShelfwiseError('OPTION_INVALID', `"${kind}" is no kind of epoch; there are ${EPOCH_KINDS.join(', ')}`);
  };
  return {
    record: async (hash, kind, atMs) => {
      const db = await ready();
      const values = { hash, kind: checked(kind), recorded_at_ms: atMs, last_served_at_ms: null };
      const insert = db.insertInto('epoch').values(values);
      await insert.onConflict((conflict) => conflict.columns(['hash', 'kind']).doNothing()).execute();
    },
    current: async (kind) => {
      const db = await ready();
      const query = db.selectFrom('current_epoch').select('hash').where('kind', '=', checked(kind));
      return (await query.executeTakeFirst())?.hash;
    },
    setCurrent: async (kind, hash, atMs) => {
      const db = await ready();
      await db.transaction().execute(async (tx) => {
        const known = tx.selectFrom('epoch').select('hash').where('kind', '=', checked(kind)).where('hash', '=', hash);
        if ((await known.executeTakeFirst()) === undefined) {
          throw new ShelfwiseError('EPOCH_NOT_FOUND', `no epoch ${hash} of kind ${kind} is recorded`);
        }
        const served = tx.selectFrom('current_epoch').select('hash').where('kind', '=', kind);
        const ofKind = tx.updateTable('epoch').where('kind', '=', kind);
        await ofKind.set({ last_served_at_ms: atMs }).where('hash', '=', served).execute();
        await ofKind.set({ last_served_at_ms: null }).where('hash', '=', hash).execute();
        const insert = tx.insertInto('current_epoch').values({ kind, hash });
        await insert.onConflict((conflict) => conflict.column('kind').doUpdateSet({ hash })).execute();
      });
    },
    list: async (kind) => {
      const db = await ready();
      const query = db.selectFrom('epoch').selectAll().where('kind', '=', checked(kind));
      const rows = await query.orderBy('recorded_at_ms', 'desc').orderBy('hash').execute();
      return rows.map((row) => ({
        hash: row.hash,
        recordedAtMs: row.recorded_at_ms,
        lastServedAtMs: row.last_served_at_ms,
      }));
    },
    retire: async (kind, hash, atMs) => {
      const db = await ready();
      const update = db.updateTable('epoch').set({ last_served_at_ms: atMs }).where('kind', '=', checked(kind));
      const idle = update.where('hash', '=', hash).where('last_served_at_ms', 'is', null);
      await idle.where('hash', 'not in', db.selectFrom('current_epoch').select('hash')).execute();
    },
    forget: async (hashes) => {
      const db = await ready();
      for (let at = 0; at < hashes.length; at += FORGET_ROWS) {
        const some = hashes.slice(at, at + FORGET_ROWS);
        const gone = db.deleteFrom('epoch').where('hash', 'in', some);
        await gone.where('hash', 'not in', db.selectFrom('current_epoch').select('hash')).execute();
      }
    },
  };
}

function texts(json: string): string[] {
  const parsed: unknown = JSON.parse(json);
  return Array.isArray(parsed) ? parsed.map(String) : [];
}
