/**
 * The event log: an append-only sequence of entries in segment files, one writer, group commit.
 *
 * `append` copies an entry into a buffer in memory. A *commit* writes the buffer with one write, then syncs the file off
 * the calling thread; while it syncs, the next buffer gathers, so that any number of concurrent callers share one sync.
 * What a commit could not make durable is cut off the file again: an entry whose `sync` rejected is not in the log.
 * See docs/adr/0002-event-log.md.
 *
 * Longer than a file should be: buffer, commit, cut and rotation are one state machine, whose invariants would stand in two files.
 */
import { randomInt } from 'node:crypto';
import path from 'node:path';
import { type Clock, messageOf, requireRange, resolveOptions, ShelfwiseError, systemClock } from '../base/index.ts';
import { type Disk, type DiskFile, isDiskFull, nodeDisk } from './disk.ts';
import type { EventLog, LogSegment } from './event-log.ts';
import {
  comparePositions,
  encodeHeader,
  FRAME_HEADER_BYTES,
  FrameCursor,
  HEADER_BYTES,
  type LogPosition,
  MARK_BYTES,
  MAX_ENTRY_BYTES,
  readHeader,
  segmentName,
  syncedBeyond,
  writeFrame,
  writeMark,
} from './log-format.ts';
import { corrupt, gone, type LogEntry, listSegments, segmentEntries } from './log-reader.ts';

export interface EventLogOptions {
  /** Directory of this stream; made when missing. */
  readonly dir: string;
  /** @default the machine's disk */
  readonly disk?: Disk | undefined;
  /** Bytes after which the next segment begins. @default 64 MiB */
  readonly segmentBytes?: number | undefined;
  /** Milliseconds added to every sync: to see how the rest bears a slow disk. @default 0 */
  readonly injectSyncDelayMs?: number | undefined;
  /** Entries that nobody syncs are synced after this many milliseconds; what a crash of the process may lose. @default 50 */
  readonly flushEveryMs?: number | undefined;
  /** For sync latencies only. @default the system's clock */
  readonly clock?: Clock | undefined;
}

interface Segment {
  readonly segment: number;
  readonly salt: number;
  file: DiskFile;
  written: number;
  durable: number;
  /** Written or cut since its last sync. */
  unsynced: boolean;
}

/** Entries of one segment on their way to its file. The first 16 bytes are kept for the mark. */
interface Batch {
  readonly segment: number;
  readonly salt: number;
  readonly start: number;
  buffer: Buffer;
  used: number;
}

interface Ticket {
  readonly promise: Promise<void>;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

const INITIAL_BUFFER_BYTES = 256 * 1024;
const KEPT_BUFFER_BYTES = 4 * 1024 * 1024;
const LATENCIES = 1024;
/** Most entries are smaller: one read fetches them. */
const READ_BYTES = 8192;
const RESOLVED = Promise.resolve();

/** Opens a log, cutting a torn tail. Throws LOG_CORRUPT when something before the tail is damaged, or a segment missing. */
export function openEventLog(options: EventLogOptions): EventLog {
  return new SegmentedLog(options);
}

class SegmentedLog implements EventLog {
  readonly recovery: { cutBytes: number; cutSegment: number | null } = { cutBytes: 0, cutSegment: null };
  readonly counters = { entries: 0, bytes: 0, syncs: 0 };
  full = false;

  private readonly dir: string;
  private readonly disk: Disk;
  private readonly segmentBytes: number;
  private readonly injectSyncDelayMs: number;
  private readonly flushEveryMs: number;
  private readonly clock: Clock;

  private readonly files: Segment[] = [];
  private endSegment = 0;
  private endOffset = 0;
  /** Gathering; the last one takes the next entry. */
  private pending: Batch[] = [];
  /** Taken by the commit under way, not yet all written. */
  private inFlight: Batch[] = [];
  private readonly spareBuffers: Buffer[] = [];
  private nextTicket: Ticket | null = null;
  private runningTicket: Ticket | null = null;
  private committing = false;
  /** A commit has taken what was pending and is not done. */
  private running = false;
  /** The end of what commits have made durable: where everything is cut back to when one fails. */
  private safe: LogPosition = { segment: 0, offset: 0 };
  /** The files may hold bytes beyond `safe` which must go before anything is written. */
  private mustCut = false;
  private failure: unknown = null;
  private flushTimer: NodeJS.Timeout | null = null;
  private closed = false;
  private dirty = false;
  private readonly latenciesUs = new Float64Array(LATENCIES);

  constructor(given: EventLogOptions) {
    const options = resolveOptions('openEventLog', given, {
      dir: '',
      disk: nodeDisk(),
      segmentBytes: 64 * 1024 * 1024,
      injectSyncDelayMs: 0,
      flushEveryMs: 50,
      clock: systemClock,
    });
    requireRange('openEventLog', 'segmentBytes', options.segmentBytes, 1024, 1024 * 1024 * 1024);
    requireRange('openEventLog', 'injectSyncDelayMs', options.injectSyncDelayMs, 0, 60_000);
    requireRange('openEventLog', 'flushEveryMs', options.flushEveryMs, 1, 3_600_000);
    this.dir = options.dir;
    this.disk = options.disk;
    this.segmentBytes = options.segmentBytes;
    this.injectSyncDelayMs = options.injectSyncDelayMs;
    this.flushEveryMs = options.flushEveryMs;
    this.clock = options.clock;
    this.recover();
  }

  // ---- opening ------------------------------------------------------------------------------------------------------

  private recover(): void {
    this.disk.makeDir(this.dir);
    const numbers = listSegments(this.disk, this.dir);
    let previousBytes = 0;
    for (const [i, segment] of numbers.entries()) {
      const last = i === numbers.length - 1;
      const file = this.disk.open(this.fileOf(segment), 'write');
      const size = file.size();
      const header = readHeader(file, segment);
      if (header === null) {
        file.close();
        // Entries are written only after the header is durable: without any, its making was cut short.
        if (!last || size > HEADER_BYTES) throw corrupt(this.dir, segment, 0, 'the header does not check');
        this.cutWhole(segment, size);
        for (const opened of this.files) opened.file.close();
        this.files.length = 0;
        this.recover();
        return;
      }
      if (i > 0 && header.previousBytes !== previousBytes) {
        file.close();
        const what = `${header.previousBytes} bytes were complete, ${previousBytes} are there`;
        throw corrupt(this.dir, segment - 1, previousBytes, what);
      }
      const bytes = last ? this.cutTornTail(file, segment, header.salt, size) : size;
      previousBytes = bytes;
      this.files.push({ segment, salt: header.salt, file, written: bytes, durable: bytes, unsynced: false });
    }
    if (this.files.length === 0) {
      const first = this.beginSegment(Math.max(1, numbers.at(-1) ?? 1), 0, randomInt(2 ** 32));
      first.file.syncNow();
      this.disk.syncDirNow(this.dir);
      this.files.push(first);
    }
    const head = this.head();
    this.safe = { segment: head.segment, offset: head.durable };
    this.endSegment = head.segment;
    this.endOffset = head.durable;
  }

  /** A segment whose header never became durable holds nothing; the one before it goes on. */
  private cutWhole(segment: number, size: number): void {
    this.disk.remove(this.fileOf(segment));
    this.disk.syncDirNow(this.dir);
    this.recovery.cutBytes += size;
    this.recovery.cutSegment = segment;
  }

  private cutTornTail(file: DiskFile, segment: number, salt: number, size: number): number {
    const cursor = new FrameCursor(file, salt, HEADER_BYTES, size);
    while (cursor.next());
    const end = cursor.nextOffset;
    if (end < size) {
      if (syncedBeyond(file, salt, end, size)) {
        file.close();
        throw corrupt(this.dir, segment, end, 'a frame that had been synced does not check');
      }
      file.truncate(end);
      this.recovery.cutBytes += size - end;
      this.recovery.cutSegment = segment;
    }
    // What was read may have been in the page cache only: from here on it counts as durable, so make it so.
    file.syncNow();
    return end;
  }

  /** Makes a segment's file with its header; the caller syncs file and directory. */
  private beginSegment(segment: number, previousBytes: number, salt: number): Segment {
    const file = this.disk.open(this.fileOf(segment), 'create');
    try {
      file.write(encodeHeader({ segment, salt, previousBytes }), HEADER_BYTES, 0);
    } catch (error) {
      file.close();
      this.disk.remove(this.fileOf(segment));
      throw error;
    }
    return { segment, salt, file, written: HEADER_BYTES, durable: HEADER_BYTES, unsynced: false };
  }

  private fileOf(segment: number): string {
    return path.join(this.dir, segmentName(segment));
  }

  private head(): Segment {
    return this.files[this.files.length - 1];
  }

  // ---- appending ----------------------------------------------------------------------------------------------------

  append(payload: Uint8Array): LogPosition {
    if (this.closed) throw new ShelfwiseError('NOT_READY', 'the event log is closed');
    const length = payload.length;
    if (!(length >= 1 && length <= MAX_ENTRY_BYTES)) {
      throw new ShelfwiseError('OPTION_INVALID', `an entry of ${length} bytes; it must have 1 to ${MAX_ENTRY_BYTES}`);
    }
    const bytes = FRAME_HEADER_BYTES + length;
    if (this.full) this.probe(bytes);
    let batch = this.pending.length > 0 ? this.pending[this.pending.length - 1] : this.beginBatch();
    if (batch.start + batch.used + bytes > this.segmentBytes && batch.start + batch.used > HEADER_BYTES + MARK_BYTES) {
      batch = this.beginNextSegment(batch);
    }
    if (batch.used + bytes > batch.buffer.length) grow(batch, batch.used + bytes);
    const offset = batch.start + batch.used;
    writeFrame(batch.buffer, batch.used, payload, batch.salt, offset);
    batch.used += bytes;
    this.endOffset = offset + bytes;
    this.dirty = true;
    this.counters.entries += 1;
    this.counters.bytes += bytes;
    if (this.flushTimer === null && !this.committing) this.armFlush();
    return { segment: batch.segment, offset };
  }

  /** The batch for what comes after the last byte of the head (or of the commit under way). */
  private beginBatch(): Batch {
    const inFlight = this.inFlight.at(-1);
    const salt = inFlight?.segment === this.endSegment ? inFlight.salt : this.head().salt;
    return this.pushBatch(this.endSegment, salt, this.endOffset);
  }

  private beginNextSegment(full: Batch): Batch {
    // A batch that holds nothing but the room for its mark is not written at all.
    if (full.used === MARK_BYTES) this.spareBuffers.push(this.pending.pop()!.buffer);
    return this.pushBatch(full.segment + 1, randomInt(2 ** 32), HEADER_BYTES);
  }

  private pushBatch(segment: number, salt: number, start: number): Batch {
    const buffer = this.spareBuffers.pop() ?? Buffer.allocUnsafeSlow(INITIAL_BUFFER_BYTES);
    const batch: Batch = { segment, salt, start, buffer, used: MARK_BYTES };
    this.pending.push(batch);
    this.endSegment = segment;
    this.endOffset = start + MARK_BYTES;
    return batch;
  }

  private armFlush(): void {
    this.flushTimer = setTimeout(() => {
      this.flushTimer = null;
      this.schedule();
    }, this.flushEveryMs);
    this.flushTimer.unref();
  }

  // ---- committing ---------------------------------------------------------------------------------------------------

  sync(): Promise<void> {
    if (this.pending.length === 0) {
      if (!this.running) return RESOLVED;
      this.runningTicket ??= createTicket();
      return this.runningTicket.promise;
    }
    if (this.closed) return Promise.reject(new ShelfwiseError('NOT_READY', 'the event log is closed'));
    this.nextTicket ??= createTicket();
    this.schedule();
    return this.nextTicket.promise;
  }

  /** Starts a commit after the callers of this turn of the event loop had their say, unless one runs already. */
  private schedule(): void {
    if (this.committing) return;
    this.committing = true;
    setImmediate(() => void this.commitAll());
  }

  private async commitAll(): Promise<void> {
    do {
      if (this.flushTimer !== null) {
        clearTimeout(this.flushTimer);
        this.flushTimer = null;
      }
      this.runningTicket = this.nextTicket;
      this.nextTicket = null;
      this.inFlight = this.pending;
      this.pending = [];
      this.running = true;
      try {
        for (const batch of this.inFlight) {
          if (batch.segment !== this.head().segment) await this.roll(batch);
          this.writeBatch(batch);
        }
        this.recycle(this.inFlight);
        await this.syncHead();
        this.succeed();
      } catch (error) {
        this.fail(error);
      }
      // The callers that were just resolved append again before the next commit gathers.
      await new Promise<void>((resolve) => setImmediate(resolve));
    } while (this.nextTicket !== null);
    this.committing = false;
    if (this.pending.length > 0 && this.flushTimer === null) this.armFlush();
  }

  private succeed(): void {
    const head = this.head();
    this.safe = { segment: head.segment, offset: head.durable };
    this.full = false;
    this.running = false;
    this.runningTicket?.resolve();
    this.runningTicket = null;
  }

  private recycle(batches: Batch[]): void {
    this.inFlight = [];
    for (const batch of batches) {
      if (batch.buffer.length <= KEPT_BUFFER_BYTES && this.spareBuffers.length < 2)
        this.spareBuffers.push(batch.buffer);
    }
  }

  private writeBatch(batch: Batch): void {
    if (this.mustCut) this.cutBack();
    const head = this.head();
    writeMark(batch.buffer, 0, head.durable, head.salt, batch.start);
    head.unsynced = true;
    head.file.write(batch.buffer, batch.used, batch.start);
    head.written = batch.start + batch.used;
  }

  private async syncHead(): Promise<void> {
    const head = this.head();
    const written = head.written;
    head.unsynced = false;
    const started = this.clock.monotonicMs();
    await head.file.datasync();
    if (this.injectSyncDelayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.injectSyncDelayMs));
    this.latenciesUs[this.counters.syncs % LATENCIES] = (this.clock.monotonicMs() - started) * 1000;
    this.counters.syncs += 1;
    head.durable = Math.max(head.durable, written);
  }

  /** Completes the head, and begins the segment of `batch` with its header and its name on the medium before any entry. */
  private async roll(batch: Batch): Promise<void> {
    const full = this.head();
    if (full.unsynced) await this.syncHead();
    const next = this.beginSegment(batch.segment, full.durable, batch.salt);
    try {
      await next.file.datasync();
      await this.disk.syncDir(this.dir);
    } catch (error) {
      next.file.close();
      this.disk.remove(this.fileOf(batch.segment));
      throw error;
    }
    this.files.push(next);
  }

  // ---- failing ------------------------------------------------------------------------------------------------------

  /** Voids all that the commit under way and those waiting wanted, and turns their callers away. */
  private fail(error: unknown): void {
    this.full = true;
    this.failure = error;
    this.recycle(this.inFlight);
    this.recycle(this.pending);
    this.pending = [];
    this.endSegment = this.safe.segment;
    this.endOffset = this.safe.offset;
    this.mustCut = true;
    this.tryCutBack();
    const refusal = this.refusal();
    this.running = false;
    this.runningTicket?.reject(refusal);
    this.nextTicket?.reject(refusal);
    this.runningTicket = null;
    this.nextTicket = null;
  }

  /** A cut that fails is tried again before anything is written; until then the log stays full. */
  private tryCutBack(): void {
    try {
      this.cutBack();
    } catch (error) {
      this.failure = error;
    }
  }

  /** Cuts the files back to `safe`. A segment that the failed commit had begun goes first, and durably: its header counts the bytes of the one before. */
  private cutBack(): void {
    while (this.head().segment > this.safe.segment) {
      const begun = this.head();
      this.disk.remove(this.fileOf(begun.segment));
      this.files.pop();
      begun.file.close();
    }
    this.disk.syncDirNow(this.dir);
    const head = this.head();
    head.unsynced = true;
    head.file.truncate(this.safe.offset);
    head.written = this.safe.offset;
    head.durable = this.safe.offset;
    this.mustCut = false;
  }

  private refusal(): ShelfwiseError {
    const code = isDiskFull(this.failure) ? 'LOG_FULL' : 'LOG_WRITE_FAILED';
    return new ShelfwiseError(code, messageOf(this.failure), { cause: this.failure });
  }

  /** While full: does the disk take `bytes` more? Writes a trial and cuts it off. Throws the refusal when it does not. */
  private probe(bytes: number): void {
    if (this.running) throw this.refusal();
    try {
      if (this.mustCut) this.cutBack();
      this.mustCut = true;
      this.head().file.write(Buffer.alloc(MARK_BYTES + bytes), MARK_BYTES + bytes, this.safe.offset);
      this.cutBack();
    } catch (error) {
      this.failure = error;
      this.tryCutBack();
      throw this.refusal();
    }
    this.full = false;
  }

  // ---- reading ------------------------------------------------------------------------------------------------------

  read(position: LogPosition): Uint8Array {
    const buffered = this.findBuffered(position);
    if (buffered !== null) return buffered;
    const segment = this.files[position.segment - this.files[0].segment];
    if (segment === undefined) throw gone(position);
    if (position.offset < HEADER_BYTES || position.offset >= segment.written) {
      throw corrupt(this.dir, position.segment, position.offset, 'no entry starts there');
    }
    const cursor = new FrameCursor(segment.file, segment.salt, position.offset, segment.written, READ_BYTES);
    const found = cursor.next();
    if (cursor.passedErased) throw gone(position);
    if (!found) throw corrupt(this.dir, position.segment, position.offset, 'no whole entry starts there');
    return cursor.payload;
  }

  private findBuffered(position: LogPosition): Uint8Array | null {
    for (const batches of [this.pending, this.inFlight]) {
      for (const batch of batches) {
        if (batch.segment !== position.segment || position.offset < batch.start) continue;
        const at = Math.max(position.offset - batch.start, MARK_BYTES);
        if (at + FRAME_HEADER_BYTES > batch.used) continue;
        const from = at + FRAME_HEADER_BYTES;
        const to = from + batch.buffer.readUInt32LE(at);
        if (to > batch.used) throw corrupt(this.dir, position.segment, position.offset, 'no entry starts there');
        return Uint8Array.prototype.slice.call(batch.buffer, from, to);
      }
    }
    return null;
  }

  entries(from: LogPosition, to?: LogPosition): Generator<LogEntry> {
    if (comparePositions(from, this.start()) < 0) throw gone(from);
    return this.walk(from, to !== undefined && comparePositions(to, this.safe) < 0 ? to : this.safe);
  }

  private *walk(from: LogPosition, end: LogPosition): Generator<LogEntry> {
    for (let segment = from.segment; segment <= end.segment; segment++) {
      const file = this.files[segment - this.files[0].segment];
      if (file === undefined) throw gone({ segment, offset: 0 });
      const start = segment === from.segment ? from.offset : HEADER_BYTES;
      const limit = segment === end.segment ? end.offset : file.durable;
      yield* segmentEntries(this.disk, this.dir, segment, start, limit, false);
    }
  }

  durableEnd(): LogPosition {
    return this.safe;
  }

  end(): LogPosition {
    return { segment: this.endSegment, offset: this.endOffset };
  }

  start(): LogPosition {
    return { segment: this.files[0].segment, offset: HEADER_BYTES };
  }

  segments(): readonly LogSegment[] {
    return this.files.map(({ segment, written }) => ({ segment, bytes: written, sealed: segment < this.safe.segment }));
  }

  // ---- the life of segments -----------------------------------------------------------------------------------------

  async seal(): Promise<void> {
    if (this.endOffset > HEADER_BYTES + MARK_BYTES) this.beginNextSegment(this.pending.at(-1) ?? this.beginBatch());
    await this.sync();
  }

  dropSegment(segment: number): void {
    const oldest = this.files[0];
    if (oldest.segment !== segment || segment >= this.safe.segment) {
      const why = oldest.segment === segment ? 'it is not sealed' : `the oldest is ${oldest.segment}`;
      throw new ShelfwiseError('OPTION_INVALID', `segment ${segment} cannot be dropped: ${why}`);
    }
    this.files.shift();
    oldest.file.close();
    this.disk.remove(this.fileOf(segment));
    this.disk.syncDirNow(this.dir);
  }

  swapSegment(segment: number, prepared: string): void {
    const held = this.files[segment - this.files[0].segment];
    if (held === undefined || segment >= this.safe.segment)
      throw new ShelfwiseError(
        'OPTION_INVALID',
        `segment ${segment} cannot be swapped: it is not there, or not sealed`,
      );
    const file = this.disk.open(prepared, 'write');
    const header = readHeader(file, segment);
    if (header?.salt !== held.salt || file.size() !== held.written) {
      file.close();
      throw new ShelfwiseError('OPTION_INVALID', `${prepared} is not made of segment ${segment}`);
    }
    this.disk.rename(prepared, this.fileOf(segment));
    const before = held.file;
    held.file = file;
    before.close();
    this.disk.syncDirNow(this.dir);
  }

  async close(): Promise<void> {
    if (this.closed) return;
    try {
      await this.sync();
      // A last mark, so that damage to anything written so far can never pass for a torn tail.
      if (this.dirty && !this.full) {
        this.beginBatch();
        await this.sync();
      }
    } finally {
      this.closed = true;
      if (this.flushTimer !== null) clearTimeout(this.flushTimer);
      for (const segment of this.files) segment.file.close();
    }
  }

  // ---- measures -----------------------------------------------------------------------------------------------------

  fsyncQuantileUs(q: number): number {
    requireRange('fsyncQuantileUs', 'q', q, 0, 1);
    const count = Math.min(this.counters.syncs, LATENCIES);
    if (count === 0) return 0;
    const sorted = this.latenciesUs.slice(0, count).sort();
    return sorted[Math.min(count - 1, Math.floor(q * count))];
  }

  fsyncP50Us(): number {
    return this.fsyncQuantileUs(0.5);
  }
}

function grow(batch: Batch, bytes: number): void {
  const larger = Buffer.allocUnsafeSlow(Math.max(bytes, batch.buffer.length * 2));
  batch.buffer.copy(larger, 0, 0, batch.used);
  batch.buffer = larger;
}

function createTicket(): Ticket {
  let resolve: () => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<void>((onDone, onFailed) => {
    resolve = onDone;
    reject = onFailed;
  });
  return { promise, resolve, reject };
}
