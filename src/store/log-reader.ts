/** Reading segments: shared by the log that owns them, by readers in other threads, and by the check of `doctor`. */
import path from 'node:path';
import { ShelfwiseError } from '../base/index.ts';
import { type Disk, type DiskFile, nodeDisk } from './disk.ts';
import { FrameCursor, HEADER_BYTES, type LogPosition, readHeader, segmentName, segmentOfName } from './log-format.ts';

export interface LogEntry {
  /** Where the entry starts. */
  readonly position: LogPosition;
  /** Where reading goes on after it. */
  readonly next: LogPosition;
  readonly payload: Uint8Array;
}

/** Numbers of the segments in a directory, ascending. Throws `LOG_CORRUPT` when one is missing between two others. */
export function listSegments(disk: Disk, dir: string): number[] {
  const numbers: number[] = [];
  for (const name of disk.list(dir)) {
    const segment = segmentOfName(name);
    if (segment !== null) numbers.push(segment);
  }
  for (let i = 1; i < numbers.length; i++) {
    if (numbers[i] !== numbers[i - 1] + 1) {
      throw new ShelfwiseError('LOG_CORRUPT', `${path.join(dir, segmentName(numbers[i - 1] + 1))} is missing`);
    }
  }
  return numbers;
}

export function corrupt(dir: string, segment: number, offset: number, what: string): ShelfwiseError {
  return new ShelfwiseError('LOG_CORRUPT', `${path.join(dir, segmentName(segment))} at byte ${offset}: ${what}`, {
    details: { segment, offset },
  });
}

/** Entries of one segment from `from` to `limit` bytes. Throws `LOG_CORRUPT` on a bad frame, unless `tornTailAllowed`. */
export function* segmentEntries(
  disk: Disk,
  dir: string,
  segment: number,
  from: number,
  limit: number,
  tornTailAllowed: boolean,
): Generator<LogEntry> {
  const file = disk.open(path.join(dir, segmentName(segment)), 'read');
  try {
    const header = readHeader(file, segment);
    if (header === null) {
      if (tornTailAllowed && file.size() <= HEADER_BYTES) return;
      throw corrupt(dir, segment, 0, 'the header does not check');
    }
    const cursor = new FrameCursor(file, header.salt, from, limit);
    while (cursor.next()) {
      yield {
        position: { segment, offset: cursor.offset },
        next: { segment, offset: cursor.nextOffset },
        payload: cursor.payload,
      };
    }
    if (cursor.damaged && !tornTailAllowed) throw corrupt(dir, segment, cursor.nextOffset, 'a frame does not check');
  } finally {
    file.close();
  }
}

/**
 * Reads a log that may belong to another thread or process, without touching it.
 * @param from where to begin; segments before it are not opened.
 * @param to where to stop, such as the owner's `durableEnd()`; without it, at the last whole entry.
 */
export function* readLogSegments(
  dir: string,
  from: LogPosition = { segment: 0, offset: 0 },
  to?: LogPosition,
  disk: Disk = nodeDisk(),
): Generator<LogEntry> {
  const segments = listSegments(disk, dir);
  if (from.segment > 0 && segments.length > 0 && from.segment < segments[0]) throw gone(from);
  const last = segments.at(-1);
  for (const segment of segments) {
    if (segment < from.segment || (to !== undefined && segment > to.segment)) continue;
    const start = segment === from.segment ? from.offset : HEADER_BYTES;
    const limit = to?.segment === segment ? to.offset : fileSize(disk, path.join(dir, segmentName(segment)));
    yield* segmentEntries(disk, dir, segment, start, limit, segment === last && to === undefined);
  }
}

export function gone(position: LogPosition): ShelfwiseError {
  return new ShelfwiseError('LOG_POSITION_GONE', `segment ${position.segment}, byte ${position.offset}`);
}

function fileSize(disk: Disk, file: string): number {
  const handle = disk.open(file, 'read');
  try {
    return handle.size();
  } finally {
    handle.close();
  }
}

export interface LogCheck {
  readonly segments: number;
  readonly entries: number;
  readonly bytes: number;
  /** Bytes after the last whole entry of the last segment: cut off when the log is next opened for writing. */
  readonly tornBytes: number;
  /** What is wrong, in words; empty when the log is sound. */
  readonly damage: readonly string[];
}

/**
 * Reads a whole log and checks every frame; changes nothing.
 * @param onProgress told before each segment which share of them is read
 */
export function checkLog(
  dir: string,
  disk: Disk = nodeDisk(),
  onProgress: (share: number) => void = () => {},
): LogCheck {
  const damage: string[] = [];
  let entries = 0;
  let bytes = 0;
  let tornBytes = 0;
  let segments: number[] = [];
  try {
    segments = listSegments(disk, dir);
  } catch (error) {
    if (!(error instanceof ShelfwiseError)) throw error;
    damage.push(error.message);
  }
  for (const [i, segment] of segments.entries()) {
    const last = i === segments.length - 1;
    onProgress(i / segments.length);
    const file = disk.open(path.join(dir, segmentName(segment)), 'read');
    try {
      const size = file.size();
      bytes += size;
      const header = readHeader(file, segment);
      if (header === null) {
        if (last && size <= HEADER_BYTES) tornBytes += size;
        else damage.push(corrupt(dir, segment, 0, 'the header does not check').message);
        continue;
      }
      const found = countEntries(file, header.salt, size);
      entries += found.entries;
      if (found.end === size) continue;
      if (last) tornBytes += size - found.end;
      else damage.push(corrupt(dir, segment, found.end, 'a frame does not check').message);
    } finally {
      file.close();
    }
  }
  return { segments: segments.length, entries, bytes, tornBytes, damage };
}

function countEntries(file: DiskFile, salt: number, size: number): { entries: number; end: number } {
  const cursor = new FrameCursor(file, salt, HEADER_BYTES, size);
  let entries = 0;
  while (cursor.next()) entries += 1;
  return { entries, end: cursor.nextOffset };
}
