/** Intervals by the central limit theorem. */
import { normalQuantile, studentTQuantile } from '../../base/index.ts';
import { type Interval, NOTHING_KNOWN, requireLevel } from './interval.ts';

/** value ± z_{(1 + level)/2} · SE. Trust it at an effective sample size of some hundreds. Throws `OPTION_INVALID`. */
export function normalInterval(value: number, standardError: number, level = 0.95): Interval {
  requireLevel(level);
  if (!Number.isFinite(standardError)) return NOTHING_KNOWN;
  const margin = -normalQuantile((1 - level) / 2) * standardError;
  return { lower: value - margin, upper: value + margin };
}

/** value ± t_{(1 + level)/2, df} · SE, df = groups - 1: wider than the normal one where there are few groups. Throws `OPTION_INVALID`. */
export function studentTInterval(
  value: number,
  standardError: number,
  degreesOfFreedom: number,
  level = 0.95,
): Interval {
  requireLevel(level);
  if (!Number.isFinite(standardError) || !(degreesOfFreedom > 0)) return NOTHING_KNOWN;
  const margin = -studentTQuantile((1 - level) / 2, degreesOfFreedom) * standardError;
  return { lower: value - margin, upper: value + margin };
}
