/** Context: what is known before choosing. */

/** Position is the number in binary formats: append only. */
export const DEVICES = ['phone', 'desktop', 'tablet', 'tv', 'car', 'speaker', 'web'] as const;
export type Device = (typeof DEVICES)[number];

/** Surfaces differ in what fits and in how far eyes travel. */
export const SURFACES = ['phone', 'desktop', 'tv', 'car'] as const;
export type Surface = (typeof SURFACES)[number];

export function surfaceOf(device: Device): Surface {
  switch (device) {
    case 'phone':
    case 'tablet':
      return 'phone';
    case 'desktop':
    case 'web':
      return 'desktop';
    case 'tv':
      return 'tv';
    case 'car':
    case 'speaker':
      return 'car';
  }
}

/** What a chip on top of Home narrows it to. */
export const HOME_FILTERS = ['music', 'podcasts'] as const;
export type HomeFilter = (typeof HOME_FILTERS)[number];

export const DAY_PARTS = ['night', 'morning', 'midday', 'afternoon', 'evening'] as const;
export type DayPart = (typeof DAY_PARTS)[number];

/** night 23–5, morning 5–10, midday 10–14, afternoon 14–18, evening 18–23 (hours, UTC unless the caller shifts them). */
export function dayPartOf(hour: number): DayPart {
  if (hour < 5 || hour >= 23) return 'night';
  if (hour < 10) return 'morning';
  if (hour < 14) return 'midday';
  if (hour < 18) return 'afternoon';
  return 'evening';
}

export interface Context {
  /** When the Home is for, epoch milliseconds. */
  readonly atMs: number;
  readonly device: Device;
  readonly market: string;
  readonly tier: string;
  readonly language: string;
  readonly sessionId: string;
}

/** Hour of day 0..23 in UTC. */
export function hourOf(atMs: number): number {
  return Math.floor((((atMs % 86_400_000) + 86_400_000) % 86_400_000) / 3_600_000);
}

/** Day of week, 0 = Monday … 6 = Sunday, in UTC. */
export function weekdayOf(atMs: number): number {
  return (((Math.floor(atMs / 86_400_000) + 3) % 7) + 7) % 7;
}
