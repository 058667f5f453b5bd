/**
 * Exponential decay: a play t milliseconds ago weighs 2^(-t / halfLife).
 *
 * A decayed sum is kept as its value at the time of its newest play, so that adding is commutative: a play that arrives
 * late decays from its own time, and the time of reference (a maximum) does not depend on the order of arrival. Times
 * ahead of the reader's now weigh 1, as if they were now.
 *
 * Half-lives: 7 days is what a listener is in the mood for, 28 days is what they like, 180 days is who they are.
 * 28 = 4 x 7, so that the factor of 7 days is the fourth power of that of 28: one exponential gives both.
 */
import { DAY_MS } from '../base/index.ts';

export const HALF_LIFE_DAYS = { mood: 7, liking: 28, taste: 180 } as const;

const LIKING_RATE = -Math.LN2 / (HALF_LIFE_DAYS.liking * DAY_MS);
const TASTE_RATE = -Math.LN2 / (HALF_LIFE_DAYS.taste * DAY_MS);

/** 2^(-ageMs / 28 days), 1 for ages below 0. */
export function likingFactor(ageMs: number): number {
  return ageMs <= 0 ? 1 : Math.exp(ageMs * LIKING_RATE);
}

/** The factor of 7 days, given that of 28 days for the same age. */
export function moodFromLiking(factor: number): number {
  const squared = factor * factor;
  return squared * squared;
}

/** 2^(-ageMs / 180 days), 1 for ages below 0. */
export function tasteFactor(ageMs: number): number {
  return ageMs <= 0 ? 1 : Math.exp(ageMs * TASTE_RATE);
}
