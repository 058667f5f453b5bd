/** Instants: times as callers send them (RFC 3339) and as the rest of the house has them (epoch milliseconds). */

const RFC_3339 =
  /^(\d{4})-(\d\d)-(\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/** 1970-01-01T00:00:00Z. */
export const EARLIEST_INSTANT_MS = 0;
/** The last millisecond of the year 2200. */
export const LATEST_INSTANT_MS = Date.UTC(2201, 0, 1) - 1;

/**
 * Epoch milliseconds of a date-time with a zone, such as `2026-11-24T08:30:00Z` or `2026-11-24T09:30:00+01:00`.
 *
 * It asks more than `format: date-time` does: leap seconds (`23:59:60`) and suffixes that name a zone (`[Europe/Paris]`)
 * are date-times too, and no number.
 *
 * @param earliestMs times before it are refused; @default 1970. The latest time is the end of 2200.
 * @returns never NaN; undefined for what is not a time, or one that lies outside
 */
export function parseInstant(text: string, earliestMs: number = EARLIEST_INSTANT_MS): number | undefined {
  const parts = RFC_3339.exec(text);
  if (parts === null) return undefined;
  // Date.parse takes 30 February for 2 March.
  const day = Number(parts[3]);
  if (day > 28 && day > daysOf(Number(parts[1]), Number(parts[2]))) return undefined;
  const ms = Date.parse(text);
  return ms >= earliestMs && ms <= LATEST_INSTANT_MS ? ms : undefined;
}

/** Days of a month, 1 = January, in the Gregorian calendar. */
function daysOf(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
