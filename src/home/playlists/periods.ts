/** How long a generated playlist stands: Daily Mixes for the listener's day, the discovery for its ISO week, the radar until Friday. */
import { DAY_MS, HOUR_MS } from '../../base/index.ts';

/** From `fromMs`, up to and not with `untilMs`: epoch milliseconds. */
export interface Period {
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Hours that a night is looked for in. */
const NIGHT_HOURS = 6;
/** The middle of the night of somebody whose habits are not known, as an hour of UTC. */
const USUAL_TURN_HOUR = 4;
/** With fewer decayed plays than this the habits are not known. */
const KNOWN_PLAYS = 5;

/**
 * The hour of UTC at which a listener's day turns: the middle of the six hours in a row with the fewest of their plays, of
 * equals the one nearest to 4; 4 where little is known. Nobody's mixes change while they listen.
 *
 * @param hours plays by hour of day (UTC), 24 of them
 */
export function turnHourOf(hours: Float64Array): number {
  let total = 0;
  for (let hour = 0; hour < 24; hour++) total += hours[hour];
  if (!(total >= KNOWN_PLAYS)) return USUAL_TURN_HOUR;
  let best = USUAL_TURN_HOUR;
  let fewest = Number.POSITIVE_INFINITY;
  // In the order of their distance from 4: a window must be better to win, so that rounding does not move the day.
  for (let step = 0; step < 24; step++) {
    const offset = step % 2 === 1 ? -((step + 1) >> 1) : step >> 1;
    const turn = (USUAL_TURN_HOUR + offset + 24) % 24;
    let plays = 0;
    for (let h = 0; h < NIGHT_HOURS; h++) plays += hours[(turn - NIGHT_HOURS / 2 + h + 24) % 24];
    if (plays < fewest - 1e-6 * total) {
      fewest = plays;
      best = turn;
    }
  }
  return best;
}

/** The listener's day around `atMs`, turning at this hour of UTC. */
export function dayAround(atMs: number, turnHour: number): Period {
  const turnMs = turnHour * HOUR_MS;
  const fromMs = Math.floor((atMs - turnMs) / DAY_MS) * DAY_MS + turnMs;
  return { fromMs, untilMs: fromMs + DAY_MS };
}

/** 1970-01-01 was a Thursday: days from then to the Monday and the Friday after it. */
const FIRST_MONDAY_MS = 4 * DAY_MS;
const FIRST_FRIDAY_MS = DAY_MS;
const WEEK_MS = 7 * DAY_MS;

function weekAround(atMs: number, firstMs: number): Period {
  const fromMs = Math.floor((atMs - firstMs) / WEEK_MS) * WEEK_MS + firstMs;
  return { fromMs, untilMs: fromMs + WEEK_MS };
}

/** The ISO week around `atMs`: Monday to Monday, 00:00 UTC. */
export function isoWeekAround(atMs: number): Period {
  return weekAround(atMs, FIRST_MONDAY_MS);
}

/** The week of releases around `atMs`: Friday, when records come out, to Friday, 00:00 UTC. */
export function releaseWeekAround(atMs: number): Period {
  return weekAround(atMs, FIRST_FRIDAY_MS);
}

/** The name of an ISO week (ISO 8601), such as 2026-W47: the year is that of the week's Thursday. */
export function isoWeekName(atMs: number): string {
  const thursdayMs = isoWeekAround(atMs).fromMs + 3 * DAY_MS;
  const year = new Date(thursdayMs).getUTCFullYear();
  const week = Math.floor((thursdayMs - Date.UTC(year, 0, 1)) / WEEK_MS) + 1;
  return `${year}-W${String(week).padStart(2, '0')}`;
}
