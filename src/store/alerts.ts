/**
 * What alerting remembers: alerts, the notices that are to be delivered, silences. The ledger knows when and in which state;
 * what an alert or a notice says is JSON of whoever writes it.
 */
import type { Kysely } from 'kysely';
import type { Ready, Tables } from './metadata-schema.ts';

export type AlertState = 'pending' | 'firing' | 'recovered';

export interface StoredAlert {
  readonly id: string;
  readonly rule: string;
  /** The data that it is about. */
  readonly source: string;
  readonly state: AlertState;
  readonly beganAtMs: number;
  /** Null while it lasts. */
  readonly endedAtMs: number | null;
  /** JSON. */
  readonly body: string;
}

export interface StoredNotice {
  /** What receivers know a repetition by. */
  readonly id: string;
  readonly route: string;
  readonly createdAtMs: number;
  readonly state: 'due' | 'delivered' | 'given-up';
  readonly attempts: number;
  /** It is not tried before. */
  readonly nextAtMs: number;
  /** Why the last attempt failed, or what it left out; '' where all was well. */
  readonly lastFailure: string;
  /** When it was delivered or given up. */
  readonly settledAtMs: number | null;
  /** JSON. */
  readonly body: string;
}

export interface StoredSilence {
  readonly id: string;
  readonly author: string;
  readonly reason: string;
  readonly fromMs: number;
  readonly untilMs: number;
  /** JSON: what it is about. */
  readonly matcher: string;
}

export interface AlertLedger {
  /** Those that have not ended, by when they began. */
  lasting(): Promise<readonly StoredAlert[]>;
  get(id: string): Promise<StoredAlert | undefined>;
  /** Newest first; of one state when it is given. */
  list(query: { readonly state?: AlertState | undefined; readonly limit: number }): Promise<readonly StoredAlert[]>;
  /** In one transaction: alerts are stored (again), others forgotten, and notices queued; a notice whose id is known stays as it is. */
  write(change: {
    readonly alerts: readonly StoredAlert[];
    readonly forgotten: readonly string[];
    readonly notices: readonly StoredNotice[];
  }): Promise<void>;
  readonly notices: {
    /** Those that are due now or later, in the order in which they were queued. */
    due(): Promise<readonly StoredNotice[]>;
    /** What became of an attempt. */
    note(notice: StoredNotice): Promise<void>;
    /** Newest first. */
    list(limit: number): Promise<readonly StoredNotice[]>;
  };
  readonly silences: {
    /** Stores one, or one anew. */
    put(silence: StoredSilence): Promise<void>;
    get(id: string): Promise<StoredSilence | undefined>;
    /** Those that end later than this, by their end. */
    endingAfter(atMs: number): Promise<readonly StoredSilence[]>;
  };
  /** Removes alerts and silences that ended, and notices that were settled, before; gives how many. */
  forget(beforeMs: number): Promise<number>;
}

export interface AlertTables {
  alert: {
    id: string;
    rule: string;
    source: string;
    state: string;
    began_at_ms: number;
    ended_at_ms: number | null;
    body: string;
  };
  alert_notice: {
    sequence: number;
    id: string;
    route: string;
    created_at_ms: number;
    state: string;
    attempts: number;
    next_at_ms: number;
    last_failure: string;
    settled_at_ms: number | null;
    body: string;
  };
  alert_silence: {
    id: string;
    author: string;
    reason: string;
    from_ms: number;
    until_ms: number;
    matcher: string;
  };
}

export const ALERT_TABLES: readonly string[] = [
  'CREATE TABLE alert (id TEXT PRIMARY KEY, rule TEXT NOT NULL, source TEXT NOT NULL, state TEXT NOT NULL, began_at_ms BIGINT NOT NULL, ended_at_ms BIGINT, body TEXT NOT NULL)',
  'CREATE INDEX alert_by_state ON alert (state, began_at_ms)',
  'CREATE TABLE alert_notice (sequence INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, route TEXT NOT NULL, created_at_ms BIGINT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL, next_at_ms BIGINT NOT NULL, last_failure TEXT NOT NULL, settled_at_ms BIGINT, body TEXT NOT NULL)',
  'CREATE INDEX alert_notice_by_state ON alert_notice (state, sequence)',
  'CREATE TABLE alert_silence (id TEXT PRIMARY KEY, author TEXT NOT NULL, reason TEXT NOT NULL, from_ms BIGINT NOT NULL, until_ms BIGINT NOT NULL, matcher TEXT NOT NULL)',
];

export function alertRepository(ready: Ready): AlertLedger {
  return {
    lasting: async () => {
      const db = await ready();
      const query = db.selectFrom('alert').selectAll().where('state', 'in', ['pending', 'firing']);
      return (await query.orderBy('began_at_ms').orderBy('id').execute()).map(alertOf);
    },
    get: async (id) => {
      const db = await ready();
      const row = await db.selectFrom('alert').selectAll().where('id', '=', id).executeTakeFirst();
      return row === undefined ? undefined : alertOf(row);
    },
    list: async ({ state, limit }) => {
      const db = await ready();
      let query = db.selectFrom('alert').selectAll().orderBy('began_at_ms', 'desc').orderBy('id').limit(limit);
      if (state !== undefined) query = query.where('state', '=', state);
      return (await query.execute()).map(alertOf);
    },
    write: async ({ alerts, forgotten, notices }) => {
      const db = await ready();
      await db.transaction().execute(async (tx) => {
        for (const alert of alerts) await putAlert(tx, alert);
        for (const id of forgotten) await tx.deleteFrom('alert').where('id', '=', id).execute();
        for (const notice of notices) await queue(tx, notice);
      });
    },
    notices: {
      due: async () => {
        const db = await ready();
        const query = db.selectFrom('alert_notice').selectAll().where('state', '=', 'due').orderBy('sequence');
        return (await query.execute()).map(noticeOf);
      },
      note: async (notice) => {
        const db = await ready();
        await db.updateTable('alert_notice').set(noticeValues(notice)).where('id', '=', notice.id).execute();
      },
      list: async (limit) => {
        const db = await ready();
        const query = db.selectFrom('alert_notice').selectAll().orderBy('sequence', 'desc').limit(limit);
        return (await query.execute()).map(noticeOf);
      },
    },
    silences: {
      put: async ({ fromMs, untilMs, ...rest }) => {
        const db = await ready();
        const values = { ...rest, from_ms: fromMs, until_ms: untilMs };
        const insert = db.insertInto('alert_silence').values(values);
        await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(values)).execute();
      },
      get: async (id) => {
        const db = await ready();
        const row = await db.selectFrom('alert_silence').selectAll().where('id', '=', id).executeTakeFirst();
        return row === undefined ? undefined : silenceOf(row);
      },
      endingAfter: async (atMs) => {
        const db = await ready();
        const query = db.selectFrom('alert_silence').selectAll().where('until_ms', '>', atMs);
        return (await query.orderBy('until_ms').orderBy('id').execute()).map(silenceOf);
      },
    },
    forget: async (beforeMs) => {
      const db = await ready();
      return db.transaction().execute(async (tx) => {
        const gone = [
          await tx.deleteFrom('alert').where('ended_at_ms', '<', beforeMs).executeTakeFirst(),
          await tx.deleteFrom('alert_notice').where('settled_at_ms', '<', beforeMs).executeTakeFirst(),
          await tx.deleteFrom('alert_silence').where('until_ms', '<', beforeMs).executeTakeFirst(),
        ];
        return gone.reduce((sum, { numDeletedRows }) => sum + Number(numDeletedRows), 0);
      });
    },
  };
}

async function putAlert(tx: Kysely<Tables>, alert: StoredAlert): Promise<void> {
  const { beganAtMs, endedAtMs, ...rest } = alert;
  const values = { ...rest, began_at_ms: beganAtMs, ended_at_ms: endedAtMs };
  const insert = tx.insertInto('alert').values(values);
  await insert.onConflict((conflict) => conflict.column('id').doUpdateSet(values)).execute();
}

async function queue(tx: Kysely<Tables>, notice: StoredNotice): Promise<void> {
  const values = noticeValues(notice);
  const insert = tx
    .insertInto('alert_notice')
    // The database gives the sequence.
    .values(values as typeof values & { sequence: number });
  await insert.onConflict((conflict) => conflict.column('id').doNothing()).execute();
}

function noticeValues(notice: StoredNotice) {
  const { createdAtMs, nextAtMs, lastFailure, settledAtMs, ...rest } = notice;
  return {
    ...rest,
    created_at_ms: createdAtMs,
    next_at_ms: nextAtMs,
    last_failure: lastFailure,
    settled_at_ms: settledAtMs,
  };
}

function alertOf(row: AlertTables['alert']): StoredAlert {
  const { state, began_at_ms: beganAtMs, ended_at_ms: endedAtMs, ...rest } = row;
  return { ...rest, state: state as AlertState, beganAtMs, endedAtMs };
}

function noticeOf(row: AlertTables['alert_notice']): StoredNotice {
  return {
    id: row.id,
    route: row.route,
    createdAtMs: row.created_at_ms,
    state: row.state as StoredNotice['state'],
    attempts: row.attempts,
    nextAtMs: row.next_at_ms,
    lastFailure: row.last_failure,
    settledAtMs: row.settled_at_ms,
    body: row.body,
  };
}

function silenceOf({ from_ms: fromMs, until_ms: untilMs, ...rest }: AlertTables['alert_silence']): StoredSilence {
  return { ...rest, fromMs, untilMs };
}
