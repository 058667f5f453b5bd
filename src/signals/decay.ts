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

/** 2^(-i / 64) for i in 0..63, and 2^-n for n in 0..1023. */
const FRACTIONS = Float64Array.from({ length: 64 }, (_, i) => 2 ** (-i / 64));
const WHOLES = Float64Array.from({ length: 1024 }, (_, n) => 2 ** -n);

/**
 * 2^-x for x >= 0 (1 below, 0 from 1024 on), relative error < 1e-11, exact at whole x: a table of 64 steps an octave and
 * four terms of the series for what is left.
 */
function halved(x: number): number {
  if (x <= 0) return 1;
  if (!(x < 1024)) return 0;
  const steps = (x * 64) | 0;
  const r = (x - steps * 0.015625) * Math.LN2;
  return WHOLES[steps >> 6] * FRACTIONS[steps & 63] * (1 - r * (1 - r * (0.5 - r * (1 / 6 - r * (1 / 24)))));
}

/** 2^(-ageMs / 28 days), 1 for ages below 0. */
export function likingFactor(ageMs: number): number {
  return halved(ageMs / (HALF_LIFE_DAYS.liking * DAY_MS));
}

/** The factor of 7 days, given that of 28 days for the same age. */
export function moodFromLiking(factor: number): number {
  const squared = factor * factor;
  return squared * squared;
}

/** 2^(-ageMs / 180 days), 1 for ages below 0. */
export function tasteFactor(ageMs: number): number {
  return halved(ageMs / (HALF_LIFE_DAYS.taste * DAY_MS));
}
