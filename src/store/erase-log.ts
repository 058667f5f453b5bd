/**
 * Erasing entries of a sealed segment. A copy is written in which zeros stand where the entries were; the log's owner puts it
 * in place (`EventLog.swapSegment`). All other entries keep their positions, and until the swap the segment is as it was.
 */
import path from 'node:path';
import { type Disk, type DiskFile, nodeDisk, temporaryName } from './disk.ts';
import { encodeHeader, erasedFrame, FrameCursor, HEADER_BYTES, readHeader, segmentName } from './log-format.ts';
import { corrupt } from './log-reader.ts';

export interface PreparedErasure {
  /** The new segment, on the medium under a temporary name. */
  readonly file: string;
  readonly entries: number;
}

/** How much is copied at a time. */
const COPY_BYTES = 1024 * 1024;

/**
 * @param isErased asked for every entry of the segment
 * @returns undefined when there is nothing to erase
 * Throws LOG_CORRUPT when the segment does not read to its end.
 */
export function prepareErasure(
  dir: string,
  segment: number,
  isErased: (payload: Uint8Array) => boolean,
  disk: Disk = nodeDisk(),
): PreparedErasure | undefined {
  const source = path.join(dir, segmentName(segment));
  const file = disk.open(source, 'read');
  try {
    const header = readHeader(file, segment);
    if (header === null) throw corrupt(dir, segment, 0, 'the header does not check');
    const size = file.size();
    const frames: { readonly offset: number; readonly length: number }[] = [];
    const cursor = new FrameCursor(file, header.salt, HEADER_BYTES, size);
    while (cursor.next()) {
      if (isErased(cursor.payload)) frames.push({ offset: cursor.offset, length: cursor.payload.length });
    }
    if (cursor.damaged) throw corrupt(dir, segment, cursor.nextOffset, 'a frame does not check');
    if (frames.length === 0) return undefined;

    const prepared = temporaryName(source);
    const copy = disk.open(prepared, 'create');
    try {
      copyAll(file, copy, size);
      copy.write(encodeHeader(header, true), HEADER_BYTES, 0);
      for (const { offset, length } of frames) {
        const frame = erasedFrame(length, header.salt, offset);
        copy.write(frame, frame.length, offset);
      }
      copy.syncNow();
    } catch (error) {
      copy.close();
      disk.remove(prepared);
      throw error;
    }
    copy.close();
    return { file: prepared, entries: frames.length };
  } finally {
    file.close();
  }
}

function copyAll(from: DiskFile, to: DiskFile, size: number): void {
  const chunk = Buffer.allocUnsafe(Math.min(COPY_BYTES, size));
  for (let at = 0; at < size; at += chunk.length) {
    const read = from.read(chunk, 0, Math.min(chunk.length, size - at), at);
    to.write(chunk, read, at);
  }
}
