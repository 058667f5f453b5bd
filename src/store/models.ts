/** The registry of models in the metadata: which were trained or brought in, and what is told of each. */
import type { MetadataDb, Ready } from './metadata-schema.ts';

export interface RegisteredModel {
  /** Of its epoch. */
  readonly hash: string;
  readonly family: string;
  readonly createdAtMs: number;
  /** The epoch of the learner's state that it came from, where it can go on learning; '' otherwise. */
  readonly learnerHash: string;
  /** JSON: lineage, metrics and whatever else is told of it. */
  readonly card: string;
}

export interface Models {
  /** Registers a model, and its epochs as recorded, in one transaction. The same hash again replaces what is told of it. */
  register(model: RegisteredModel): Promise<void>;
  get(hash: string): Promise<RegisteredModel | undefined>;
  /** Newest first. */
  list(): Promise<readonly RegisteredModel[]>;
  /** Hashes that are not registered are no error. */
  forget(hashes: readonly string[]): Promise<void>;
}

/** Parameters of a statement are limited. */
const FORGET_ROWS = 500;

export function modelRepository(ready: Ready): Models {
  return {
    register: async ({ hash, family, createdAtMs, learnerHash, card }) => {
      const db = await ready();
      await db.transaction().execute(async (tx) => {
        for (const epoch of [hash, learnerHash]) if (epoch !== '') await recordEpoch(tx, epoch, createdAtMs);
        const values = { hash, family, created_at_ms: createdAtMs, learner_hash: learnerHash, card };
        const insert = tx.insertInto('model').values(values);
        await insert.onConflict((conflict) => conflict.column('hash').doUpdateSet(values)).execute();
      });
    },
    get: async (hash) => {
      const db = await ready();
      const row = await db.selectFrom('model').selectAll().where('hash', '=', hash).executeTakeFirst();
      return row === undefined ? undefined : modelOf(row);
    },
    list: async () => {
      const db = await ready();
      const rows = db.selectFrom('model').selectAll().orderBy('created_at_ms', 'desc').orderBy('hash');
      return (await rows.execute()).map(modelOf);
    },
    forget: async (hashes) => {
      const db = await ready();
      for (let at = 0; at < hashes.length; at += FORGET_ROWS) {
        await db
          .deleteFrom('model')
          .where('hash', 'in', hashes.slice(at, at + FORGET_ROWS))
          .execute();
      }
    },
  };
}

async function recordEpoch(tx: MetadataDb, hash: string, atMs: number): Promise<void> {
  const values = { hash, kind: 'model', recorded_at_ms: atMs, last_served_at_ms: null };
  const insert = tx.insertInto('epoch').values(values);
  await insert.onConflict((conflict) => conflict.columns(['hash', 'kind']).doNothing()).execute();
}

function modelOf(row: {
  hash: string;
  family: string;
  created_at_ms: number;
  learner_hash: string;
  card: string;
}): RegisteredModel {
  const { hash, family, created_at_ms: createdAtMs, learner_hash: learnerHash, card } = row;
  return { hash, family, createdAtMs, learnerHash, card };
}
