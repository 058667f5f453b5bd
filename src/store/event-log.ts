/** The port "event log": an append-only sequence of entries that are durable when acknowledged. */
import type { LogPosition } from './log-format.ts';
import type { LogEntry } from './log-reader.ts';

export interface LogSegment {
  readonly segment: number;
  /** Bytes written to its file. */
  readonly bytes: number;
  /** Complete, on the medium and never written again. */
  readonly sealed: boolean;
}

/** The port "event log": one instance a stream, one writer a stream. */
export interface EventLog {
  /**
   * Buffers one entry (1 byte to 64 MiB, copied) and returns where it starts. Never waits.
   * Call `sync` every few megabytes: the buffer grows until then.
   * @throws LOG_FULL (or LOG_WRITE_FAILED) while the disk takes nothing; every call tries the disk again.
   */
  append(payload: Uint8Array): LogPosition;
  /**
   * Resolves when everything appended so far is on the medium; concurrent callers share one sync.
   * Rejects with LOG_FULL (or LOG_WRITE_FAILED): then nothing that was not durable before is in the log any more, and
   * positions handed out for it are void.
   */
  sync(): Promise<void>;
  /** One entry, also one that is not yet synced: a copy. Throws LOG_POSITION_GONE (dropped, or erased) or LOG_CORRUPT. */
  read(position: LogPosition): Uint8Array;
  /** Durable entries in order, up to `to` or the durable end as it was at the call. Throws LOG_POSITION_GONE, LOG_CORRUPT. */
  entries(from: LogPosition, to?: LogPosition): Iterable<LogEntry>;
  durableEnd(): LogPosition;
  /** Offset of the next byte; the next entry starts there or, after a commit, 16 bytes further. */
  end(): LogPosition;
  start(): LogPosition;
  segments(): readonly LogSegment[];
  /** Completes the current segment, if it holds anything, so that it can be compacted. Resolves when that is durable. */
  seal(): Promise<void>;
  /** Removes the oldest segment for good, after it is in the lake. Only a sealed segment, oldest first. */
  dropSegment(segment: number): void;
  /**
   * Puts a file that `prepareErasure` made in the place of a sealed segment, atomically and durably: what was erased is gone,
   * everything else is where it was.
   */
  swapSegment(segment: number, prepared: string): void;
  /** Syncs, marks all as durable and closes. */
  close(): Promise<void>;
  /** What opening found after the last whole entry, and cut off. */
  readonly recovery: { readonly cutBytes: number; readonly cutSegment: number | null };
  /** True while the disk refuses writes. */
  readonly full: boolean;
  /** Microseconds from the start to the end of the last 1,024 syncs, at quantile `q` in [0, 1]; 0 before the first. */
  fsyncQuantileUs(q: number): number;
  fsyncP50Us(): number;
  readonly counters: { readonly entries: number; readonly bytes: number; readonly syncs: number };
}
