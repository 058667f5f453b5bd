/** Files of Vowpal Wabbit's data as events, a batch at a time: millions of lines in the memory of one batch. */
import { messageOf } from '../../base/index.ts';
import { BATCH_ROWS, type BadRow } from '../source.ts';
import { decodeLine, openText, splitLines } from '../text-lines.ts';
import { type DsjsonLine, parseDsjson, parseVwJson } from './dsjson.ts';
import { type BanditEvent, countEvent, noCounts, type VwCounts } from './event.ts';
import { parseTextBlock, TEXT_FORMATS, type TextFormat } from './text.ts';

export const VW_FORMATS = ['dsjson', 'json', ...TEXT_FORMATS] as const;
export type VwFormat = (typeof VW_FORMATS)[number];

/** A decision with hundreds of candidates and their features is long; beyond this a line is bad. */
export const MAX_EVENT_BYTES = 16 << 20;

export interface VwBatch {
  readonly events: readonly BanditEvent[];
  readonly bad: readonly BadRow[];
  /** Of the whole file so far. */
  readonly counts: Readonly<VwCounts>;
  /** How much of the file has been read, 0 to 1; 0 throughout for standard input. */
  readonly share: number;
}

/**
 * Events of a file (plain or `.gz`) or, for `-`, of standard input. What cannot be taken is counted with its line and the
 * reason, and sinks nothing else; a file that breaks off ends with such a line. Throws `OPTION_INVALID` when there is no
 * such file.
 */
export async function* readVw(file: string, format: VwFormat): AsyncGenerator<VwBatch> {
  const { stream, share } = openText(file, file.toLowerCase().endsWith('.gz'));
  const counts = noCounts();
  let events: BanditEvent[] = [];
  let bad: BadRow[] = [];
  const refuse = (row: number, reason: string): void => {
    counts.bad++;
    bad.push({ file, row, reason });
  };
  const take = (event: BanditEvent): void => {
    countEvent(counts, event);
    events.push(event);
  };
  const reader = format === 'dsjson' || format === 'json' ? lineReader(format) : blockReader(format);
  try {
    for await (const { number, bytes } of splitLines(stream, MAX_EVENT_BYTES)) {
      counts.lines = number;
      const decoded =
        bytes === null ? { reason: `the line is longer than ${MAX_EVENT_BYTES} bytes` } : decodeLine(bytes);
      if ('reason' in decoded) refuse(number, decoded.reason);
      else reader.line(decoded.text, number, take, refuse, counts);
      if (events.length + bad.length >= BATCH_ROWS) {
        yield { events, bad, counts: { ...counts }, share: share() };
        events = [];
        bad = [];
      }
    }
  } catch (error) {
    refuse(counts.lines + 1, `the file cannot be read further: ${messageOf(error)}`);
  }
  reader.end(take, refuse);
  yield { events, bad, counts: { ...counts }, share: 1 };
}

type Take = (event: BanditEvent) => void;
type Refuse = (row: number, reason: string) => void;

interface Reader {
  line(text: string, number: number, take: Take, refuse: Refuse, counts: VwCounts): void;
  end(take: Take, refuse: Refuse): void;
}

function lineReader(format: 'dsjson' | 'json'): Reader {
  const parse: (text: string) => DsjsonLine = format === 'dsjson' ? parseDsjson : parseVwJson;
  return {
    line(text, number, take, refuse, counts) {
      const line = parse(text);
      if (line.fate === 'event') take(line.event);
      else if (line.fate === 'bad') refuse(number, line.reason);
      else if (line.fate === 'without-actions') counts.withoutActions++;
      else counts.ignored++;
    },
    end: () => undefined,
  };
}

/** Lines that no event has: beyond them it is broken, and memory stays bounded. */
const MAX_BLOCK_LINES = 100_000;

function blockReader(format: TextFormat): Reader {
  let lines: string[] = [];
  let firstLine = 0;
  const close = (take: Take, refuse: Refuse): void => {
    if (lines.length === 0) return;
    const outcome = parseTextBlock({ lines, firstLine }, format);
    if (outcome.fate === 'event') take(outcome.event);
    else refuse(outcome.row, outcome.reason);
    lines = [];
  };
  return {
    line(text, number, take, refuse) {
      const isBlank = text.trim() === '';
      if (!isBlank) {
        if (lines.length === 0) firstLine = number;
        lines.push(text.replace(/\r$/, ''));
      }
      if (isBlank || format === 'cb' || lines.length >= MAX_BLOCK_LINES) close(take, refuse);
    },
    end: close,
  };
}
