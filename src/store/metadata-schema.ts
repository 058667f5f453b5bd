/** Tables of the metadata and how they came about. */
import { type Kysely, sql } from 'kysely';
import { ShelfwiseError } from '../base/index.ts';
import { ALERT_TABLES, type AlertTables } from './alerts.ts';

export interface Tables extends AlertTables {
  schema_version: { version: number };
  setting: { name: string; value: string };
  api_key: {
    name: string;
    scopes: string;
    created_at_ms: number;
    last_used_at_ms: number | null;
    requests_per_second: number | null;
    burst: number | null;
  };
  api_key_secret: { secret_sha256: string; name: string; created_at_ms: number; dies_at_ms: number | null };
  epoch: { hash: string; kind: string; recorded_at_ms: number; last_served_at_ms: number | null };
  current_epoch: { kind: string; hash: string };
  compaction: { stream: string; segment: number; files: string; row_count: number };
  audit_entry: {
    id: number;
    at_ms: number;
    actor: string;
    route: string;
    object: string;
    outcome: string;
    ended_at_ms: number | null;
  };
  erasure: {
    id: string;
    requested_at_ms: number;
    actor: string;
    state: string;
    listener_id: string | null;
    listener_key: string | null;
    commitment: string;
    dropped: string;
    verification: string | null;
    done_at_ms: number | null;
    sequence: number | null;
    previous_digest: string | null;
    digest: string | null;
  };
  erasure_file: { erasure: string; file: string; row_count: number };
  model: { hash: string; family: string; created_at_ms: number; learner_hash: string; card: string };
}

export type MetadataDb = Kysely<Tables>;
/** The database, migrated. */
export type Ready = () => Promise<MetadataDb>;

type Migration = readonly string[] | ((tx: MetadataDb) => Promise<void>);

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
  [
    // A key has several secrets while it is rotated.
    'CREATE TABLE api_key_secret (secret_sha256 TEXT PRIMARY KEY, name TEXT NOT NULL, created_at_ms BIGINT NOT NULL, dies_at_ms BIGINT)',
    'INSERT INTO api_key_secret SELECT secret_sha256, name, created_at_ms, NULL FROM api_key',
    'CREATE TABLE api_key_2 (name TEXT PRIMARY KEY, scopes TEXT NOT NULL, created_at_ms BIGINT NOT NULL, last_used_at_ms BIGINT, requests_per_second REAL, burst INTEGER)',
    'INSERT INTO api_key_2 SELECT name, scopes, created_at_ms, NULL, NULL, NULL FROM api_key',
    'DROP TABLE api_key',
    'ALTER TABLE api_key_2 RENAME TO api_key',
    // The one before was never written to.
    'DROP TABLE audit',
    'CREATE TABLE audit_entry (id INTEGER PRIMARY KEY, at_ms BIGINT NOT NULL, actor TEXT NOT NULL, route TEXT NOT NULL, object TEXT NOT NULL, outcome TEXT NOT NULL, ended_at_ms BIGINT)',
    'CREATE INDEX audit_entry_by_time ON audit_entry (at_ms)',
    'CREATE TABLE erasure (id TEXT PRIMARY KEY, requested_at_ms BIGINT NOT NULL, actor TEXT NOT NULL, state TEXT NOT NULL, listener_id TEXT, listener_key TEXT, commitment TEXT NOT NULL, dropped TEXT NOT NULL, verification TEXT, done_at_ms BIGINT, sequence INTEGER UNIQUE, previous_digest TEXT, digest TEXT)',
    'CREATE TABLE erasure_file (erasure TEXT NOT NULL, file TEXT NOT NULL, row_count BIGINT NOT NULL, PRIMARY KEY (erasure, file))',
  ],
  [
    'CREATE TABLE model (hash TEXT PRIMARY KEY, family TEXT NOT NULL, created_at_ms BIGINT NOT NULL, learner_hash TEXT NOT NULL, card TEXT NOT NULL)',
  ],
  ALERT_TABLES,
];

/** What the scopes of version 0.1 are called since. */
const SCOPES_SINCE: Readonly<Record<string, readonly string[]>> = {
  app: ['ingest', 'serve'],
  catalog: ['ingest'],
  inspect: ['explain'],
};

async function renameScopes(tx: MetadataDb): Promise<void> {
  for (const { name, scopes } of await tx.selectFrom('api_key').select(['name', 'scopes']).execute()) {
    const since = new Set(textsOf(scopes).flatMap((scope) => SCOPES_SINCE[scope] ?? [scope]));
    const update = tx.updateTable('api_key').set({ scopes: JSON.stringify([...since]) });
    await update.where('name', '=', name).execute();
  }
}

export async function migrate(db: MetadataDb, file: string): Promise<void> {
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

/** The strings of a JSON array. */
export function textsOf(json: string): string[] {
  const parsed: unknown = JSON.parse(json);
  return Array.isArray(parsed) ? parsed.map(String) : [];
}
