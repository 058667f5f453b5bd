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
  const usual = parseUsual(text);
  if (usual >= earliestMs && usual <= LATEST_INSTANT_MS) return usual;
  const parts = RFC_3339.exec(text);
  if (parts === null) return undefined;
  // Date.parse takes 30 February for 2 March.
  const day = Number(parts[3]);
  if (day > 28 && day > daysOf(Number(parts[1]), Number(parts[2]))) return undefined;
  const ms = Date.parse(text);
  return ms >= earliestMs && ms <= LATEST_INSTANT_MS ? ms : undefined;
}

/** `2026-11-24T08:30:00.000Z`, what clients' own functions print, read digit by digit; NaN for anything else. */
function parseUsual(text: string): number {
  if (
    text.length !== 24 ||
    text.charCodeAt(4) !== 45 ||
    text.charCodeAt(7) !== 45 ||
    text.charCodeAt(10) !== 84 ||
    text.charCodeAt(13) !== 58 ||
    text.charCodeAt(16) !== 58 ||
    text.charCodeAt(19) !== 46 ||
    text.charCodeAt(23) !== 90
  )
    return Number.NaN;
  const year = 100 * twoDigits(text, 0) + twoDigits(text, 2);
  const month = twoDigits(text, 5);
  const day = twoDigits(text, 8);
  const hour = twoDigits(text, 11);
  const minute = twoDigits(text, 14);
  const second = twoDigits(text, 17);
  const ms = 10 * twoDigits(text, 20) + digit(text, 22);
  if (!(month >= 1 && month <= 12 && day >= 1 && hour <= 23 && minute <= 59 && second <= 59 && ms >= 0))
    return Number.NaN;
  if (day > 28 && day > daysOf(year, month)) return Number.NaN;
  return ((daysBefore(year, month) + day - 1) * 24 + hour) * 3_600_000 + minute * 60_000 + second * 1000 + ms;
}

function digit(text: string, at: number): number {
  const value = text.charCodeAt(at) - 48;
  return value >= 0 && value <= 9 ? value : Number.NaN;
}

function twoDigits(text: string, at: number): number {
  return 10 * digit(text, at) + digit(text, at + 1);
}

/** Days from 1970-01-01 to the first of a month in the Gregorian calendar; years are counted from March, so that a leap day ends one. */
function daysBefore(year: number, month: number): number {
  const fromMarch = month > 2 ? year : year - 1;
  const months = month > 2 ? month - 3 : month + 9;
  const leapDays = Math.floor(fromMarch / 4) - Math.floor(fromMarch / 100) + Math.floor(fromMarch / 400);
  return 365 * fromMarch + leapDays + Math.floor((153 * months + 2) / 5) - 719_468;
}

/** Days of a month, 1 = January, in the Gregorian calendar. */
function daysOf(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}
