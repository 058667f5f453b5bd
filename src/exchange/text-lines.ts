/** Text files as lines: plain or gzipped, of any size, in memory bounded by one line. */
import { createReadStream, statSync } from 'node:fs';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { messageOf, ShelfwiseError } from '../base/index.ts';

/** Longer lines of text (1 MiB) are bad rows: no item or event comes near it, and memory stays bounded. */
export const MAX_LINE_BYTES = 1 << 20;

/** The name by which commands mean standard input. */
export const STANDARD_INPUT = '-';

/** Bytes of a file; throws `OPTION_INVALID` when there is no such file. */
export function requireFile(file: string): number {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) throw new ShelfwiseError('OPTION_INVALID', `there is no file ${file}`);
  if (!stat.isFile()) throw new ShelfwiseError('OPTION_INVALID', `${file} is not a file`);
  return stat.size;
}

export interface OpenText {
  readonly stream: NodeJS.ReadableStream;
  /** How much of the file (as it lies on disk) has gone through; 0 for standard input, whose length is not known. */
  readonly share: () => number;
}

/** A byte stream of the file's content. */
export function openText(file: string, gzip: boolean): OpenText {
  // Not the descriptor as a file: of a pipe whose other end is slow, a read fails instead of waiting.
  if (file === STANDARD_INPUT) return { stream: process.stdin, share: () => 0 };
  const size = requireFile(file);
  const source = createReadStream(file, { highWaterMark: 1 << 18 });
  const share = () => (size === 0 ? 1 : Math.min(1, source.bytesRead / size));
  if (!gzip) return { stream: source, share };
  // The error of either end reaches the reader through the iteration of the last stream.
  return { stream: pipeline(source, createGunzip(), ignoreHere), share };
}

/** `pipeline` wants a callback; the same error destroys the stream that is being iterated, which is where it is handled. */
export function ignoreHere(_error: NodeJS.ErrnoException | null): void {}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true });

/** The line's text, or why it has none. A byte order mark is dropped. */
export function decodeLine(bytes: Uint8Array): { readonly text: string } | { readonly reason: string } {
  try {
    return { text: strictUtf8.decode(bytes) };
  } catch (error) {
    return { reason: `the line is not UTF-8: ${messageOf(error)}` };
  }
}

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Null for a line longer than the most. Valid until the next line is asked for. */
  readonly bytes: Uint8Array | null;
}

export async function* splitLines(stream: NodeJS.ReadableStream, mostBytes = MAX_LINE_BYTES): AsyncGenerator<Line> {
  let number = 0;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  let tooLong = false;
  for await (const piece of stream as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = piece.indexOf(10); end >= 0; end = piece.indexOf(10, start)) {
      number++;
      const length = pendingBytes + end - start;
      if (tooLong || length > mostBytes) yield { number, bytes: null };
      else if (pendingBytes === 0) yield { number, bytes: piece.subarray(start, end) };
      else yield { number, bytes: Buffer.concat([...pending, piece.subarray(start, end)]) };
      pending = [];
      pendingBytes = 0;
      tooLong = false;
      start = end + 1;
    }
    if (start < piece.length && !tooLong) {
      pendingBytes += piece.length - start;
      if (pendingBytes > mostBytes) {
        tooLong = true;
        pending = [];
      } else pending.push(piece.subarray(start));
    }
  }
  if (tooLong) yield { number: number + 1, bytes: null };
  else if (pendingBytes > 0) yield { number: number + 1, bytes: Buffer.concat(pending) };
}
