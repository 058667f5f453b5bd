/**
 * What every reader of foreign data yields: batches of typed rows, in an order that can be taken as it comes
 * (items, listeners, events, holdout). Readers know files; they know nothing of the platform.
 */
import type { IncomingEvent, Item, ListenerProfile } from '../domain/index.ts';

/** At most so many items or events stand in one batch: what one envelope of the API takes. */
export const BATCH_ROWS = 1000;

export interface ImportListener {
  readonly id: string;
  readonly profile: ListenerProfile;
}

export interface HoldoutPair {
  readonly listenerId: string;
  readonly itemId: string;
}

/** A row that could not be read. Counted and sampled by `createImportReport`, never fatal. */
export interface BadRow {
  readonly file: string;
  /** Line of a text file, row of a Parquet file; both from 1. */
  readonly row: number;
  readonly reason: string;
}

export interface ImportBatch {
  readonly items?: readonly Item[];
  readonly listeners?: readonly ImportListener[];
  readonly events?: readonly IncomingEvent[];
  readonly holdout?: readonly HoldoutPair[];
}

export interface ReadBatch extends ImportBatch {
  /** Rows of the files that this batch stands for, bad ones included; over all batches they sum to `totalRows`. */
  readonly rowsRead: number;
  /** How far the reading has come, 0 to 1, never falling: for progress bars, also where `totalRows` is not known. */
  readonly share: number;
  readonly bad: readonly BadRow[];
}

export interface ImportSource {
  /** One sentence for people: what is read. */
  readonly describe: string;
  /** Known only where it costs nothing to know. */
  readonly totalRows?: number;
  /** Sentences that people should see: what was made up, which columns were ignored. Complete once `batches` has ended. */
  readonly notes: readonly string[];
  /** May be iterated once a call; a second call reads the files anew and yields the same. */
  batches(): AsyncIterable<ReadBatch>;
}
