/** Which decisions a training reads: a span of time, as people write it. */
import { DAY_MS, HOUR_MS, ShelfwiseError } from '../../base/index.ts';
import { parseInstant } from '../../domain/index.ts';

export interface Span {
  /** Epoch milliseconds; the end is not in it. */
  readonly fromMs: number;
  readonly toMs: number;
}

const UNITS: Readonly<Record<string, number>> = { h: HOUR_MS, d: DAY_MS, w: 7 * DAY_MS };

/** `all`, the last `30d` (also `12h`, `4w`), or `FROM..TO` with UTC dates or times, either end open. Throws `OPTION_INVALID`. */
export function parseSpan(text: string, nowMs: number, owner = 'training: examples'): Span {
  if (text === 'all') return { fromMs: 0, toMs: nowMs };
  const last = /^(\d{1,6})([hdw])$/.exec(text);
  if (last !== null) return { fromMs: nowMs - Number(last[1]) * UNITS[last[2]], toMs: nowMs };
  const [from, to, ...more] = text.split('..');
  if (to !== undefined && more.length === 0) {
    const span = { fromMs: timeOf(from, 0), toMs: timeOf(to, nowMs) };
    if (span.fromMs < span.toMs) return span;
  }
  throw new ShelfwiseError(
    'OPTION_INVALID',
    `${owner} is "${text}"; it takes all, 30d, 12h, 4w, or FROM..TO such as 2026-11-01..2026-11-20`,
  );
}

const TIME = /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d)(:\d\d(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?$/;

/** What says no zone is UTC, wherever this runs. NaN, which is in no order with anything, for what is no time. */
function timeOf(text: string, open: number): number {
  if (text === '') return open;
  const parts = TIME.exec(text);
  if (parts === null) return Number.NaN;
  const [, date, minutes = '00:00', seconds = ':00', zone = 'Z'] = parts;
  return parseInstant(`${date}T${minutes}${seconds}${zone}`) ?? Number.NaN;
}
