/**
 * Logged bandit feedback as a table: one row a choice, for training and for counterfactual evaluation. As JSON Lines (or
 * gzipped), and as Parquet, in which probabilities and costs are doubles.
 */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { ShelfwiseError } from '../../base/index.ts';
import type { BanditEvent, EventKind } from './event.ts';
import { eventWeight } from './event.ts';

/** One choice of a logged bandit. Column names of the table. */
export interface BanditFeedback {
  readonly eventId: string;
  /** As the file had it; '' where it had none. */
  readonly timestamp: string;
  readonly kind: EventKind;
  /** From 0: `ccb` and `slates` have several; what one has chosen the next of a `ccb` cannot. */
  readonly slot: number;
  readonly slotId: string;
  /** Actions that could be chosen here, as far as the file says. */
  readonly eligible: readonly number[];
  /** From 0, among all actions of the event. */
  readonly action: number;
  /** The action's `_tag`; '' where it has none. */
  readonly actionTag: string;
  /** Propensity of the choice: (0, 1]. */
  readonly probability: number;
  /** Minus the reward; of `slates` that of the whole event. */
  readonly cost: number;
  /** Events that this stands for: 1 / (1 - pdrop). */
  readonly weight: number;
  readonly skipLearn: boolean;
  /** Forced by declaration, not drawn: never evaluate it as if it was. Known of our own events; false of others'. */
  readonly forced: boolean;
  /** JSON of the features of context, actions and slot. */
  readonly context: string;
  readonly actions: string;
  readonly slotFeatures: string;
}

/** Choices with a label; others can neither be learnt from nor judged by. */
export function* feedbackOf(event: BanditEvent): Generator<BanditFeedback> {
  const own = event.rest['_shelfwise'] as { readonly forced?: unknown } | null | undefined;
  const forced = new Set<unknown>(Array.isArray(own?.forced) ? own.forced : []);
  const everything = event.actions.map((_, i) => i);
  const context = JSON.stringify(event.shared);
  const actions = JSON.stringify(event.actions);
  const taken = new Set<number>();
  for (const [index, slot] of event.slots.entries()) {
    const [action] = slot.ranking;
    const cost = event.kind === 'slates' ? event.globalCost : slot.cost;
    const eligible = (slot.included ?? everything).filter((id) => id === action || !taken.has(id));
    if (event.kind === 'ccb' && action !== undefined) taken.add(action);
    if (action === undefined || cost === null || slot.probability === null) continue;
    const tag = event.actions[action]['_tag'];
    yield {
      eventId: event.eventId,
      timestamp: event.timestamp,
      kind: event.kind,
      slot: index,
      slotId: slot.id,
      eligible,
      action,
      actionTag: typeof tag === 'string' ? tag : '',
      probability: slot.probability,
      cost,
      weight: eventWeight(event),
      skipLearn: event.skipLearn,
      forced: forced.has(slot.id),
      context,
      actions,
      slotFeatures: JSON.stringify(slot.features),
    };
  }
}

const COLUMNS = {
  eventId: 'VARCHAR',
  timestamp: 'VARCHAR',
  kind: 'VARCHAR',
  slot: 'INTEGER',
  slotId: 'VARCHAR',
  eligible: 'INTEGER[]',
  action: 'INTEGER',
  actionTag: 'VARCHAR',
  probability: 'DOUBLE',
  cost: 'DOUBLE',
  weight: 'DOUBLE',
  skipLearn: 'BOOLEAN',
  forced: 'BOOLEAN',
  context: 'VARCHAR',
  actions: 'VARCHAR',
  slotFeatures: 'VARCHAR',
} as const satisfies Record<keyof BanditFeedback, string>;

/** Rows of a file on their way: `write` them, then `end`; `discard` leaves nothing behind. */
export interface FeedbackFile {
  write(rows: Iterable<unknown>): Promise<void>;
  /** The file is whole, and under its name, when this resolves. */
  end(): Promise<void>;
  discard(): Promise<void>;
}

/**
 * A file of rows that appears under its name when it is whole: `.jsonl`, `.jsonl.gz` or, of feedback, `.parquet`.
 * Throws `OPTION_INVALID` for another ending.
 */
export function createFeedbackFile(file: string): FeedbackFile {
  const isParquet = file.toLowerCase().endsWith('.parquet');
  const isGzip = file.toLowerCase().endsWith('.gz');
  if (!isParquet && !/\.(jsonl|ndjson|dsjson)(\.gz)?$/i.test(file)) {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `${file} ends in none of .jsonl, .jsonl.gz, .dsjson, .dsjson.gz, .parquet`,
    );
  }
  const partial = `${file}.partial`;
  const target = createWriteStream(partial);
  // An error is told by the next write or by the end.
  let failure: Error | undefined;
  const noteFailure = (error: Error): void => {
    failure ??= error;
  };
  target.on('error', noteFailure);
  const sink = isGzip ? createGzip() : target;
  if (sink !== target) {
    sink.on('error', noteFailure);
    (sink as ReturnType<typeof createGzip>).pipe(target);
  }
  const drained = (): Promise<void> =>
    new Promise((resolve, reject) => {
      if (failure !== undefined) return reject(failure);
      const settle = (): void => {
        target.off('error', settle);
        sink.off('drain', settle);
        if (failure === undefined) resolve();
        else reject(failure);
      };
      sink.once('drain', settle);
      target.once('error', settle);
    });
  const close = async (): Promise<void> => {
    sink.end();
    await finished(target);
  };
  return {
    async write(rows) {
      for (const row of rows) {
        const line = typeof row === 'string' ? row : JSON.stringify(row);
        if (failure !== undefined || !sink.write(`${line}\n`)) await drained();
      }
    },
    async end() {
      await close();
      if (isParquet) {
        await toParquet(partial, `${partial}.parquet`);
        await rm(partial);
        await rename(`${partial}.parquet`, file);
      } else await rename(partial, file);
    },
    async discard() {
      target.destroy();
      // A stream that is still opening its file would make it after it was taken away.
      if (!target.closed) await new Promise<void>((resolve) => target.once('close', () => resolve()));
      await rm(partial, { force: true });
      await rm(`${partial}.parquet`, { force: true });
    },
  };
}

/** By the engine, in its own memory: the rows may be more than fit. */
async function toParquet(from: string, to: string): Promise<void> {
  const database = await DuckDBInstance.create(':memory:', { threads: '1', memory_limit: '512MB' });
  const connection = await database.connect();
  const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;
  const columns = Object.entries(COLUMNS).map(([name, type]) => `"${name}": ${quoted(type)}`);
  try {
    await connection.run(
      `COPY (SELECT * FROM read_json(${quoted(from)}, format = 'newline_delimited', maximum_object_size = 67108864,
        columns = {${columns.join(', ')}})) TO ${quoted(to)} (FORMAT parquet, COMPRESSION zstd)`,
    );
  } finally {
    connection.closeSync();
    database.closeSync();
  }
}
