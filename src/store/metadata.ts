/**
 * Metadata: the small tables that everything else is found by (settings, API keys, current epochs, what has been
 * compacted, the audit trail). SQL through kysely, so that the same repositories serve PostgreSQL.
 */
import path from 'node:path';
import { Kysely, sql } from 'kysely';
import { type Clock, resolveOptions, ShelfwiseError, systemClock } from '../base/index.ts';
import { EPOCH_KINDS, type EpochKind } from '../domain/index.ts';
import { type AlertLedger, alertRepository } from './alerts.ts';
import { type ApiKeys, apiKeyRepository } from './api-keys.ts';
import { type AuditTrail, auditRepository } from './audit.ts';
import { makeDirDurably } from './disk.ts';
import { type Erasures, erasureRepository } from './erasures.ts';
import { migrate, type Ready, type Tables, textsOf } from './metadata-schema.ts';
import { type Models, modelRepository } from './models.ts';
import { sqliteDialect } from './sqlite-dialect.ts';

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
  readonly apiKeys: ApiKeys;
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
    /** Notes how many rows the files of a segment have since some were erased. */
    recount(stream: string, segment: number, rows: number): Promise<void>;
    /** By segment, ascending: the files to read a stream's compacted part from. */
    list(
      stream: string,
    ): Promise<readonly { readonly segment: number; readonly files: readonly string[]; readonly rows: number }[]>;
  };
  readonly models: Models;
  readonly audit: AuditTrail;
  readonly alerts: AlertLedger;
  readonly erasures: Erasures;
  /** Entries in which a text stands, over all tables but those of erasures; and how many were looked at. */
  mentions(text: string): Promise<{ readonly rows: number; readonly found: number }>;
  close(): Promise<void>;
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
  const ready: Ready = async () => {
    migrated ??= migrate(db, options.file);
    await migrated;
    return db;
  };
  /** Pages that were deleted are zeros (`secure_delete`); older ones stand in the write-ahead log until it is cut. */
  const scrub = async (): Promise<void> => {
    await sql`PRAGMA wal_checkpoint(TRUNCATE)`.execute(await ready());
  };
  return { ...repositories(ready, options.clock, scrub), close: () => db.destroy() };
}

function repositories(ready: Ready, clock: Clock, scrub: () => Promise<void>): Omit<Metadata, 'close'> {
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
    apiKeys: apiKeyRepository(ready, clock),
    epochs: epochs(ready),
    compactions: {
      record: async (stream, segment, files, rows) => {
        const db = await ready();
        const values = { stream, segment, files: JSON.stringify(files), row_count: rows };
        await db.insertInto('compaction').values(values).execute();
      },
      recount: async (stream, segment, rows) => {
        const db = await ready();
        const update = db.updateTable('compaction').set({ row_count: rows }).where('stream', '=', stream);
        await update.where('segment', '=', segment).execute();
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
        return rows.map((row) => ({ segment: row.segment, files: textsOf(row.files), rows: row.row_count }));
      },
    },
    models: modelRepository(ready),
    audit: auditRepository(ready, clock),
    alerts: alertRepository(ready),
    erasures: erasureRepository(ready, clock, scrub),
    mentions: async (text) => {
      const db = await ready();
      let rows = 0;
      let found = 0;
      for (const table of SEARCHED_TABLES) {
        for (const row of await db.selectFrom(table).selectAll().execute()) {
          rows++;
          if (Object.values(row).some((value) => typeof value === 'string' && value.includes(text))) found++;
        }
      }
      return { rows, found };
    },
  };
}

const SEARCHED_TABLES = [
  'setting',
  'api_key',
  'epoch',
  'compaction',
  'model',
  'audit_entry',
  'alert',
  'alert_notice',
  'alert_silence',
] as const;

/** Parameters of a statement are limited. */
const FORGET_ROWS = 500;

function epochs(ready: Ready): Metadata['epochs'] {
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
