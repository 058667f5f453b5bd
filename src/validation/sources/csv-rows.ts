/** CSV as a stream of rows of cells (RFC 4180, read as leniently as Python's csv module), in bounded memory. */
import { createReadStream } from 'node:fs';
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ShelfwiseError } from '../../base/index.ts';
import { decodeText } from '../metadata/index.ts';

/** A row of more text than this is refused: a quote that is never closed would take in the whole file. */
const MOST_ROW_BYTES = 1 << 24;

export function openBytes(file: string): Readable {
  const bytes = createReadStream(file, { highWaterMark: 1 << 18 });
  // An error of either end comes out where the last stream is read.
  return file.toLowerCase().endsWith('.gz') ? pipeline(bytes, createGunzip(), () => {}) : bytes;
}

/** Texts that end with a line, but for the last. Bytes that are not UTF-8 become what decodeText makes of them. */
async function* wholeLines(file: string): AsyncGenerator<string> {
  let rest: Uint8Array[] = [];
  let restBytes = 0;
  for await (const piece of piecesOf(file)) {
    const end = piece.lastIndexOf(10) + 1;
    if (end > 0) {
      yield decodeText(Buffer.concat([...rest, piece.subarray(0, end)]));
      rest = [];
      restBytes = 0;
    }
    if (end < piece.length) rest.push(piece.subarray(end));
    restBytes += piece.length - end;
    if (restBytes > MOST_ROW_BYTES) throw tooLong(file);
  }
  if (restBytes > 0) yield decodeText(Buffer.concat(rest));
}

async function* piecesOf(file: string): AsyncGenerator<Buffer> {
  try {
    yield* openBytes(file) as AsyncIterable<Buffer>;
  } catch (error) {
    // Errors of zlib have its codes; those of the file system are about the file, which the caller named.
    if (!(error instanceof Error && 'code' in error && String(error.code).startsWith('Z_'))) throw error;
    throw new ShelfwiseError('STATISTICS_COLUMN_MISMATCH', `${file} as gzip: ${error.message}`, { cause: error });
  }
}

function tooLong(file: string): ShelfwiseError {
  return new ShelfwiseError('STATISTICS_COLUMN_MISMATCH', `${file} has a row of more than ${MOST_ROW_BYTES} bytes`);
}

/**
 * Rows, a blank line being one of no cells. A quote opens only at the start of a cell, and a doubled one within it stands
 * for itself. The array of a row is the caller's. @throws STATISTICS_COLUMN_MISMATCH for a row without end, or for what is no gzip
 */
export async function* csvRows(file: string, delimiter = ','): AsyncGenerator<string[]> {
  let row: string[] = [];
  /** What has been read of a quoted cell that goes on past the text at hand. */
  let open: string | undefined;
  let first = true;
  for await (const read of wholeLines(file)) {
    const text = first && read.startsWith('\ufeff') ? read.slice(1) : read;
    first = false;
    let at = 0;
    while (at < text.length) {
      if (open !== undefined || text.charCodeAt(at) === 34) {
        const quoted: { cell: string; at: number; closed: boolean } = readQuoted(
          text,
          open === undefined ? at + 1 : at,
        );
        const cell: string = (open ?? '') + quoted.cell;
        at = quoted.at;
        if (!quoted.closed) {
          if (cell.length > MOST_ROW_BYTES) throw tooLong(file);
          open = cell;
          continue;
        }
        open = undefined;
        const end = cellEnd(text, at, delimiter);
        row.push(cell + text.slice(at, withoutReturn(text, end, at)));
        at = end;
      } else {
        const end = cellEnd(text, at, delimiter);
        const cell = text.slice(at, withoutReturn(text, end, at));
        const blank = cell === '' && row.length === 0 && (end === text.length || text.charCodeAt(end) === 10);
        if (!blank) row.push(cell);
        at = end;
      }
      if (at < text.length && text.charCodeAt(at) !== 10) {
        at++;
        // A delimiter at the very end of the file opens one more cell.
        if (at === text.length) row.push('');
        else if (text.charCodeAt(at) === 10 || (text.charCodeAt(at) === 13 && text.charCodeAt(at + 1) === 10)) {
          row.push('');
          at = text.indexOf('\n', at);
        } else continue;
      }
      at++;
      yield row;
      row = [];
    }
  }
  if (open !== undefined) yield [...row, open];
}

function readQuoted(text: string, from: number): { cell: string; at: number; closed: boolean } {
  let cell = '';
  for (let at = from; ; ) {
    const quote = text.indexOf('"', at);
    if (quote < 0) return { cell: cell + text.slice(at), at: text.length, closed: false };
    cell += text.slice(at, quote);
    if (text.charCodeAt(quote + 1) !== 34) return { cell, at: quote + 1, closed: true };
    cell += '"';
    at = quote + 2;
  }
}

/** Where the cell ends: at a delimiter, a line feed, or the end of the text. */
function cellEnd(text: string, from: number, delimiter: string): number {
  const separator = delimiter.charCodeAt(0);
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === separator || code === 10) return at;
  }
  return text.length;
}

/** A carriage return before the line feed, or at the end of the file, belongs to neither cell. */
function withoutReturn(text: string, end: number, from: number): number {
  const lineEnds = end === text.length || text.charCodeAt(end) === 10;
  return lineEnds && end > from && text.charCodeAt(end - 1) === 13 ? end - 1 : end;
}
