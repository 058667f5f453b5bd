/** Times and amounts in words, the same on every page. */

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

const ago = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const dayFormat = new Intl.DateTimeFormat('en-GB', { weekday: 'long', day: 'numeric', month: 'long', timeZone: 'UTC' });
const dayYearFormat = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  year: 'numeric',
  timeZone: 'UTC',
});
const dayMonthFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const clockFormat = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' });
const shortDayFormat = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' });
const instantFormat = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'UTC',
});

/** "3 hours ago", "yesterday", "12 days ago". */
export function agoText(atMs: number, nowMs: number): string {
  const passed = Math.max(0, nowMs - atMs);
  if (passed < MINUTE_MS) return 'just now';
  if (passed < HOUR_MS) return ago.format(-Math.floor(passed / MINUTE_MS), 'minute');
  if (passed < DAY_MS) return ago.format(-Math.floor(passed / HOUR_MS), 'hour');
  return ago.format(-Math.floor(passed / DAY_MS), 'day');
}

/** "Friday 27 November", in UTC, as the platform counts its days. */
export function dayText(atMs: number): string {
  return dayFormat.format(atMs);
}

/** "27 Nov 2026" */
export function dateText(atMs: number): string {
  return dayYearFormat.format(atMs);
}

/** "27 Nov" */
export function dayMonthText(atMs: number): string {
  return dayMonthFormat.format(atMs);
}

/** "08:05", UTC. */
export function timeText(atMs: number | Date): string {
  return clockFormat.format(atMs);
}

/** "27 Nov", UTC. */
export function shortDayText(atMs: number | Date): string {
  return shortDayFormat.format(atMs);
}

/** "27 Nov, 08:05", UTC. */
export function instantText(atMs: number): string {
  return instantFormat.format(atMs);
}

/** "1 play", "1,204 plays". */
export function countText(count: number, noun: string, plural = `${noun}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? noun : plural}`;
}

/** "12 %", "0.4 %". */
export function percentText(share: number): string {
  const percent = share * 100;
  return `${percent >= 10 || percent === 0 ? Math.round(percent) : percent.toPrecision(percent >= 1 ? 2 : 1)} %`;
}
