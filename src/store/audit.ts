/**
 * The audit trail. An entry is written before its action begins and completed after it: an action that took place is never
 * without one, and one that a crash cut off says so.
 */
import type { Clock } from '../base/index.ts';
import type { Ready } from './metadata-schema.ts';

export interface AuditEntry {
  readonly id: number;
  readonly atMs: number;
  /** The name of an API key. */
  readonly actor: string;
  /** Method and pattern of the path, such as `POST /v1/keys/:name/rotate`. */
  readonly route: string;
  /** What it was done to; '' where the route says it all. */
  readonly object: string;
  /** `begun`, `done`, `interrupted`, or the code of the error that it ended with. */
  readonly outcome: string;
  readonly endedAtMs: number | null;
}

export interface AuditTrail {
  /** Writes an entry that has begun; gives its id. On the medium when it resolves: the action may begin. */
  begin(entry: Pick<AuditEntry, 'actor' | 'route' | 'object'>): Promise<number>;
  end(id: number, outcome: string): Promise<void>;
  /** At opening: what has begun and not ended was cut off. @returns how many */
  settleInterrupted(): Promise<number>;
  /** Newest first: of this time or later, older than the entry `before`, about `object`. */
  list(query: {
    readonly sinceMs?: number | undefined;
    readonly before?: number | undefined;
    readonly object?: string | undefined;
    readonly limit: number;
  }): Promise<readonly AuditEntry[]>;
  /** Removes entries of before; gives how many. */
  forget(beforeMs: number): Promise<number>;
}

export function auditRepository(ready: Ready, clock: Clock): AuditTrail {
  return {
    begin: async (entry) => {
      const db = await ready();
      const values = { ...entry, at_ms: clock.nowMs(), outcome: 'begun', ended_at_ms: null };
      const inserted = await db
        .insertInto('audit_entry')
        // The database gives the id.
        .values(values as typeof values & { id: number })
        .returning('id')
        .executeTakeFirstOrThrow();
      return inserted.id;
    },
    end: async (id, outcome) => {
      const db = await ready();
      const update = db.updateTable('audit_entry').set({ outcome, ended_at_ms: clock.nowMs() });
      await update.where('id', '=', id).execute();
    },
    settleInterrupted: async () => {
      const db = await ready();
      const update = db.updateTable('audit_entry').set({ outcome: 'interrupted' }).where('outcome', '=', 'begun');
      return Number((await update.executeTakeFirst()).numUpdatedRows);
    },
    list: async ({ sinceMs, before, object, limit }) => {
      const db = await ready();
      let query = db.selectFrom('audit_entry').selectAll().orderBy('id', 'desc').limit(limit);
      if (sinceMs !== undefined) query = query.where('at_ms', '>=', sinceMs);
      if (before !== undefined) query = query.where('id', '<', before);
      if (object !== undefined) query = query.where('object', '=', object);
      return (await query.execute()).map(({ at_ms, ended_at_ms, ...rest }) => ({
        ...rest,
        atMs: at_ms,
        endedAtMs: ended_at_ms,
      }));
    },
    forget: async (beforeMs) => {
      const db = await ready();
      const gone = await db.deleteFrom('audit_entry').where('at_ms', '<', beforeMs).executeTakeFirst();
      return Number(gone.numDeletedRows);
    },
  };
}
