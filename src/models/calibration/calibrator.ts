/**
 * Calibrators: monotone maps from a model's score to a probability,
 *
 *   q = sigmoid(h(z)),   z = logit of the score where it is a probability, the score itself where it is a value or a rank
 *
 * with h piecewise linear and never falling. Platt's h is one line; the isotonic one has a knot a block. Since all of a
 * calibrator is h, uncertainty and contributions pass through both in the same way.
 */
import { ShelfwiseError } from '../../base/index.ts';
import type { EpochArray, Json } from '../../domain/index.ts';

export type CalibrationMethod = 'platt' | 'isotonic';

export interface Calibrator {
  readonly method: CalibrationMethod;
  /** Knots of h, falling in neither x nor y: of a line one. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Slope of h before the first and after the last knot, at least 0. */
  readonly outerSlope: number;
}

/** h(z) of a finite z. */
export function calibratedLogit({ x, y, outerSlope }: Calibrator, z: number): number {
  const last = x.length - 1;
  if (z <= x[0]) return y[0] + outerSlope * (z - x[0]);
  if (z >= x[last]) return y[last] + outerSlope * (z - x[last]);
  const k = segmentOf(x, z);
  return y[k] + ((y[k + 1] - y[k]) * (z - x[k])) / (x[k + 1] - x[k]);
}

/** h'(z); at a knot that of the segment above it. */
export function calibratedSlope({ x, y, outerSlope }: Calibrator, z: number): number {
  if (z < x[0] || z >= x[x.length - 1]) return outerSlope;
  const k = segmentOf(x, z);
  return (y[k + 1] - y[k]) / (x[k + 1] - x[k]);
}

/** The k with x[k] <= z < x[k + 1], for z within the knots. */
function segmentOf(x: Float64Array, z: number): number {
  let low = 0;
  let high = x.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (x[middle] <= z) low = middle;
    else high = middle;
  }
  return low;
}

export function calibratorToJson({ method, outerSlope }: Calibrator): Json {
  return { method, outerSlope };
}

/** Throws `EPOCH_CORRUPT` for what is no calibrator. */
export function calibratorFrom(stored: Json | undefined, x?: EpochArray, y?: EpochArray): Calibrator {
  const { method, outerSlope } = (stored ?? {}) as { readonly [key: string]: Json };
  if (
    (method !== 'platt' && method !== 'isotonic') ||
    !(typeof outerSlope === 'number' && outerSlope >= 0) ||
    !(x instanceof Float64Array && y instanceof Float64Array && x.length === y.length && x.length > 0)
  ) {
    throw new ShelfwiseError('EPOCH_CORRUPT', 'the calibrator of the model is none that this version reads');
  }
  return { method, x, y, outerSlope };
}
