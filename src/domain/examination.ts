/**
 * Examination: how likely a place of a page is looked at, beside its first place. It is estimated from logs (`models/position`)
 * and read as an epoch of its own kind.
 *
 *   θ(surface, shelf rank, card rank) = shelf[surface][shelf rank] · card[surface][card rank],   θ(surface, 0, 0) = 1
 *
 * A place that is looked at more than the first has a θ above 1: curves need not fall.
 */
import { ShelfwiseError } from '../base/index.ts';
import { SURFACES, type Surface } from './context.ts';
import type { EpochContent } from './epoch.ts';

/** Both curves begin with 1. */
export interface ExaminationCurves {
  /** By the rank of the shelf on the page. */
  readonly shelf: Float64Array;
  /** By the rank of the card in its row. */
  readonly card: Float64Array;
}

export interface Examination {
  /** Content hash of the epoch. */
  readonly hash: string;
  /** How it was estimated, as the estimator calls itself. */
  readonly method: string;
  /** Surfaces of which too little was logged are not there. */
  readonly surfaces: Readonly<Partial<Record<Surface, ExaminationCurves>>>;
}

/** An epoch of kind `examination`. Throws `OPTION_INVALID` for curves that do not begin with 1, or hold what is no θ. */
export function examinationEpoch(
  method: string,
  surfaces: Readonly<Partial<Record<Surface, ExaminationCurves>>>,
): EpochContent {
  const arrays: Record<string, Float64Array> = {};
  for (const surface of SURFACES) {
    const curves = surfaces[surface];
    if (curves === undefined) continue;
    for (const which of ['shelf', 'card'] as const) {
      const curve = curves[which];
      if (curve[0] !== 1 || !curve.every((theta) => theta >= 0 && theta < Number.POSITIVE_INFINITY)) {
        throw new ShelfwiseError(
          'OPTION_INVALID',
          `examination of ${surface} by ${which} is [${curve.join(', ')}]; it must begin with 1, be finite and not negative`,
        );
      }
      arrays[`${surface}/${which}`] = curve.slice();
    }
  }
  return { kind: 'examination', meta: { method }, arrays };
}

/** Throws `EPOCH_CORRUPT` for an epoch of another kind. */
export function readExamination(epoch: EpochContent & { readonly hash: string }): Examination {
  if (epoch.kind !== 'examination') {
    throw new ShelfwiseError('EPOCH_CORRUPT', `${epoch.hash} is of kind ${epoch.kind}, not examination`);
  }
  const surfaces: Partial<Record<Surface, ExaminationCurves>> = {};
  for (const surface of SURFACES) {
    const shelf = epoch.arrays[`${surface}/shelf`];
    const card = epoch.arrays[`${surface}/card`];
    if (shelf instanceof Float64Array && card instanceof Float64Array) surfaces[surface] = { shelf, card };
  }
  return { hash: epoch.hash, method: String(epoch.meta.method), surfaces };
}

/** θ of a place; NaN for a surface of which nothing is known. Ranks beyond a curve count as its last. Allocates nothing. */
export function examinedAt(
  examination: Pick<Examination, 'surfaces'>,
  surface: Surface,
  shelfRank: number,
  cardRank: number,
): number {
  const curves = examination.surfaces[surface];
  if (curves === undefined) return Number.NaN;
  const { shelf, card } = curves;
  return shelf[Math.min(shelfRank, shelf.length - 1)] * card[Math.min(cardRank, card.length - 1)];
}

/**
 * θ of the first `ranks` cards of a row beside its first card: what a page's `examinationByCard` takes; undefined for a surface
 * of which nothing is known. Ranks beyond what was estimated count as the last one that was.
 */
export function cardCurve(examination: Examination, surface: Surface, ranks: number): Float64Array | undefined {
  const curve = examination.surfaces[surface]?.card;
  if (curve === undefined) return undefined;
  return Float64Array.from({ length: ranks }, (_, rank) => curve[Math.min(rank, curve.length - 1)]);
}
