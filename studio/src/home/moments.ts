/** Moments of a day to look at a Home from. The platform counts hours in UTC. */

/** A name and an hour within each part of the day. */
export const DAY_PART_HOURS: readonly (readonly [string, number])[] = [
  ['Morning, 8:00', 8],
  ['Midday, 12:00', 12],
  ['Afternoon, 16:00', 16],
  ['Evening, 20:00', 20],
  ['Night, 2:00', 2],
];

/** That hour of the day that `nowMs` is in. */
export function hourToday(hour: number, nowMs: number): string {
  const day = new Date(nowMs);
  day.setUTCHours(hour, 0, 0, 0);
  return shortInstant(day.getTime());
}

/** The same moment so many days before. */
export function daysBefore(days: number, nowMs: number): string {
  return shortInstant(nowMs - days * 86_400_000);
}

/** ISO 8601 to the minute, as short as addresses like it. */
export function shortInstant(atMs: number): string {
  return `${new Date(atMs).toISOString().slice(0, 16)}:00Z`;
}
