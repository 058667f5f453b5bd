/**
 * Erasures in the metadata. While one is under way it names whom it erases, so that it goes on after a crash; when it is
 * done, what remains is that there was one, what it removed, and its link in a chain of digests.
 */
import { createHash } from 'node:crypto';
import { type Clock, ShelfwiseError } from '../base/index.ts';
import type { MetadataDb, Ready, Tables } from './metadata-schema.ts';

/** `requested`: noted; `rewriting`: key, mapping and state are gone, log and lake follow; `done`: verified. */
export type ErasureState = 'requested' | 'rewriting' | 'done';

export interface Erasure {
  readonly id: string;
  readonly requestedAtMs: number;
  /** The name of an API key. */
  readonly actor: string;
  readonly state: ErasureState;
  /** Null once it is done. */
  readonly listener: { readonly id: string; readonly key: string } | null;
  /** SHA-256 of the receipt and the listener's id: whoever has both can tell that it was theirs, and nobody else can. */
  readonly commitment: string;
  /** What was dropped at once, by part. */
  readonly dropped: Readonly<Record<string, number>>;
  readonly verification: Readonly<Record<string, number>> | null;
  readonly doneAtMs: number | null;
  /** The link in the chain: SHA-256 of the digest before and of the report as JSON. */
  readonly proof: { readonly sequence: number; readonly previousDigest: string; readonly digest: string } | null;
}

export interface RewrittenFile {
  readonly file: string;
  readonly rows: number;
}

export interface Erasures {
  request(erasure: Pick<Erasure, 'id' | 'actor' | 'listener' | 'commitment'>): Promise<void>;
  dropped(id: string, dropped: Readonly<Record<string, number>>): Promise<void>;
  /** Notes what a file will be freed of, before it is replaced: noted again after a crash, it counts once. */
  noteFile(id: string, file: string, rows: number): Promise<void>;
  files(id: string): Promise<readonly RewrittenFile[]>;
  /** Forgets whom it erased, and links it into the chain. */
  finish(id: string, verification: Readonly<Record<string, number>>): Promise<void>;
  get(id: string): Promise<Erasure | undefined>;
  /** Those not done, oldest first. */
  pending(): Promise<readonly Erasure[]>;
  /** Newest first. */
  list(limit: number): Promise<readonly Erasure[]>;
}

/** What stands before the first link. */
const GENESIS = '0'.repeat(64);

/** @param scrub takes what was deleted off the medium */
export function erasureRepository(ready: Ready, clock: Clock, scrub: () => Promise<void>): Erasures {
  const read = async (db: MetadataDb, id: string): Promise<Erasure | undefined> => {
    const row = await db.selectFrom('erasure').selectAll().where('id', '=', id).executeTakeFirst();
    return row === undefined ? undefined : erasureOf(row);
  };
  const filesOf = async (db: MetadataDb, id: string): Promise<RewrittenFile[]> => {
    const rows = db.selectFrom('erasure_file').selectAll().where('erasure', '=', id).orderBy('file');
    return (await rows.execute()).map(({ file, row_count }) => ({ file, rows: row_count }));
  };
  return {
    request: async ({ id, actor, listener, commitment }) => {
      const db = await ready();
      await db
        .insertInto('erasure')
        .values({
          id,
          requested_at_ms: clock.nowMs(),
          actor,
          state: 'requested',
          listener_id: listener?.id ?? null,
          listener_key: listener?.key ?? null,
          commitment,
          dropped: '{}',
          verification: null,
          done_at_ms: null,
          sequence: null,
          previous_digest: null,
          digest: null,
        })
        .execute();
    },
    dropped: async (id, dropped) => {
      const db = await ready();
      const update = db.updateTable('erasure').set({ state: 'rewriting', dropped: JSON.stringify(dropped) });
      await update.where('id', '=', id).where('state', '=', 'requested').execute();
    },
    noteFile: async (id, file, rows) => {
      const db = await ready();
      const insert = db.insertInto('erasure_file').values({ erasure: id, file, row_count: rows });
      await insert
        .onConflict((conflict) => conflict.columns(['erasure', 'file']).doUpdateSet({ row_count: rows }))
        .execute();
    },
    files: async (id) => filesOf(await ready(), id),
    finish: async (id, verification) => {
      const db = await ready();
      await db.transaction().execute(async (tx) => {
        const erasure = await read(tx, id);
        if (erasure === undefined) throw new ShelfwiseError('BUG', `erasure ${id} is not there`);
        if (erasure.state === 'done') return;
        const links = tx.selectFrom('erasure').select(['sequence', 'digest']).where('sequence', 'is not', null);
        const last = await links.orderBy('sequence', 'desc').executeTakeFirst();
        const doneAtMs = clock.nowMs();
        const previousDigest = last?.digest ?? GENESIS;
        const sequence = (last?.sequence ?? 0) + 1;
        const report = erasureReport({ ...erasure, verification, doneAtMs }, await filesOf(tx, id), sequence);
        await tx
          .updateTable('erasure')
          .set({
            state: 'done',
            listener_id: null,
            listener_key: null,
            verification: JSON.stringify(verification),
            done_at_ms: doneAtMs,
            sequence,
            previous_digest: previousDigest,
            digest: erasureDigest(previousDigest, report),
          })
          .where('id', '=', id)
          .execute();
      });
      await scrub();
    },
    get: async (id) => read(await ready(), id),
    pending: async () => {
      const db = await ready();
      const rows = db.selectFrom('erasure').selectAll().where('state', '!=', 'done').orderBy('id');
      return (await rows.execute()).map(erasureOf);
    },
    list: async (limit) => {
      const db = await ready();
      const rows = await db.selectFrom('erasure').selectAll().orderBy('id', 'desc').limit(limit).execute();
      return rows.map(erasureOf);
    },
  };
}

/** What a link of the chain is made of: everything that stays of an erasure. */
export interface ErasureReport {
  readonly sequence: number;
  readonly id: string;
  readonly requestedAtMs: number;
  readonly requestedBy: string;
  readonly doneAtMs: number | null;
  readonly commitment: string;
  readonly dropped: Readonly<Record<string, number>>;
  readonly rewritten: { readonly logSegments: number; readonly lakeFiles: number; readonly rows: number };
  readonly verification: Readonly<Record<string, number>> | null;
}

export function erasureReport(
  erasure: Erasure,
  files: readonly RewrittenFile[],
  sequence = erasure.proof?.sequence ?? 0,
): ErasureReport {
  return {
    sequence,
    id: erasure.id,
    requestedAtMs: erasure.requestedAtMs,
    requestedBy: erasure.actor,
    doneAtMs: erasure.doneAtMs,
    commitment: erasure.commitment,
    dropped: erasure.dropped,
    rewritten: {
      logSegments: files.filter(({ file }) => file.startsWith(LOG_FILES)).length,
      lakeFiles: files.filter(({ file }) => !file.startsWith(LOG_FILES)).length,
      rows: files.reduce((sum, { rows }) => sum + rows, 0),
    },
    verification: erasure.verification,
  };
}

/** How files of the logs are told from the lake's. */
export const LOG_FILES = 'log/';

/** `SHA-256(previous digest as hex, line feed, the report as JSON)`, hex. */
export function erasureDigest(previousDigest: string, report: ErasureReport): string {
  return createHash('sha256')
    .update(`${previousDigest}\n${JSON.stringify(report)}`)
    .digest('hex');
}

/** `SHA-256(receipt, line feed, listener id)`, hex. */
export function erasureCommitment(receipt: string, listenerId: string): string {
  return createHash('sha256').update(`${receipt}\n${listenerId}`).digest('hex');
}

function erasureOf(row: Tables['erasure']): Erasure {
  return {
    id: row.id,
    requestedAtMs: row.requested_at_ms,
    actor: row.actor,
    state: row.state as ErasureState,
    listener:
      row.listener_id === null || row.listener_key === null ? null : { id: row.listener_id, key: row.listener_key },
    commitment: row.commitment,
    dropped: JSON.parse(row.dropped) as Record<string, number>,
    verification: row.verification === null ? null : (JSON.parse(row.verification) as Record<string, number>),
    doneAtMs: row.done_at_ms,
    proof:
      row.sequence === null || row.previous_digest === null || row.digest === null
        ? null
        : { sequence: row.sequence, previousDigest: row.previous_digest, digest: row.digest },
  };
}
