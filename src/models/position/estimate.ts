/** What an estimator of examination answers. */
import {
  type EpochContent,
  type ExaminationCurves,
  examinationEpoch,
  SURFACES,
  type Surface,
} from '../../domain/index.ts';

export interface SurfaceEstimate extends ExaminationCurves {
  /** Weight of the rows that were learnt from, and of their clicks. */
  readonly views: number;
  readonly clicks: number;
}

export interface ExaminationEstimate<E extends SurfaceEstimate = SurfaceEstimate> {
  readonly method: string;
  /** Surfaces without a click at a first place, beside which the others are measured, are not there. */
  readonly surfaces: Readonly<Partial<Record<Surface, E>>>;
  /** To be sealed as an epoch of kind `examination`. */
  toEpoch(): EpochContent;
}

export function estimateOf<E extends SurfaceEstimate>(
  method: string,
  bySurface: (surface: number) => E | undefined,
): ExaminationEstimate<E> {
  const surfaces: Partial<Record<Surface, E>> = {};
  SURFACES.forEach((surface, number) => {
    const estimate = bySurface(number);
    if (estimate !== undefined) surfaces[surface] = estimate;
  });
  return { method, surfaces, toEpoch: () => examinationEpoch(method, surfaces) };
}

/**
 * The curve beside its first rank. A rank that nothing is known of (NaN) is as the one before it; undefined where the first
 * rank is not looked at.
 */
export function besideFirst(curve: Float64Array): Float64Array | undefined {
  if (!(curve[0] > 0)) return undefined;
  let last = 1;
  return Float64Array.from(curve, (theta) => {
    if (!Number.isNaN(theta)) last = theta / curve[0];
    return last;
  });
}
