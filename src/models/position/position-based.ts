/** Examination by the position-based model: from ordinary logs, where the same subjects stood at several places. */
import { requireRange, resolveOptions } from '../../base/index.ts';
import { checkClicks, type SubjectClicks } from './clicks.ts';
import { besideFirst, type ExaminationEstimate, estimateOf, type SurfaceEstimate } from './estimate.ts';
import { type Cells, fitProduct } from './product-em.ts';

export interface PositionBasedOptions {
  /** Rounds of EM at most. @default 3000 */
  readonly iterations: number;
  /** Ends when no parameter moves by more. @default 1e-7 */
  readonly tolerance: number;
}

const DEFAULTS: PositionBasedOptions = { iterations: 3000, tolerance: 1e-7 };

export interface PositionBasedEstimate extends SurfaceEstimate {
  readonly iterations: number;
  readonly logLikelihood: number;
  /**
   * Share of the views that are of subjects seen at two card ranks, and at two shelf ranks, or more: they alone tell a place's
   * part from the subject's. Below a tenth a curve says little.
   */
  readonly overlap: { readonly shelf: number; readonly card: number };
  /** γ by subject number, beside the first place; NaN for a subject that this surface did not show. */
  readonly relevance: Float64Array;
}

/**
 * P(click) = shelf_s · card_c · γ_subject for each surface by itself, by maximum likelihood (see product-em.ts).
 *
 * To be trusted where relevance hangs on the subject alone. Where a policy sets the same subject higher for those who like it
 * more, the difference goes into the curves, which then fall too steeply: let subjects part those listeners, or use
 * `harvestExamination`, which weighs by propensity. Subjects that were shown a few times have a γ of much noise: below some ten
 * views a subject the curves lean (Neyman and Scott 1948).
 *
 * Throws `EXAMPLES_INVALID`, `OPTION_INVALID`.
 */
export function fitPositionBased(
  log: SubjectClicks,
  given: Partial<PositionBasedOptions> = {},
): ExaminationEstimate<PositionBasedEstimate> {
  const options = resolveOptions('fitPositionBased', given, DEFAULTS);
  requireRange('fitPositionBased', 'iterations', options.iterations, 1, 1e6);
  requireRange('fitPositionBased', 'tolerance', options.tolerance, 1e-15, 1);
  checkClicks(log, log.subjects);
  return estimateOf('position-based', (surface) => {
    const cells = countCells(log, surface);
    const views = cells.views.reduce((a, b) => a + b, 0);
    const clicks = cells.clicks.reduce((a, b) => a + b, 0);
    if (!(clicks > 0)) return undefined;
    const { shelf, card, relevance, ...rest } = fitProduct(cells, startOf(cells, clicks / views), options);
    const [shelves, cards] = [besideFirst(shelf), besideFirst(card)];
    if (shelves === undefined || cards === undefined) return undefined;
    const scale = shelf[0] * card[0];
    return {
      shelf: shelves,
      card: cards,
      views,
      clicks,
      overlap: { shelf: overlapOf(cells, cells.shelves), card: overlapOf(cells, cells.cards) },
      relevance: relevance.map((gamma) => gamma * scale),
      ...rest,
    };
  });
}

/** Curves that fall a little, so that neither of equal ranks is preferred, and the mean click rate as relevance. */
export function startOf(
  { shelfRanks, cardRanks, subjectCount }: Pick<Cells, 'shelfRanks' | 'cardRanks' | 'subjectCount'>,
  rate: number,
) {
  return {
    shelf: Float64Array.from({ length: shelfRanks }, (_, s) => 1 / (1 + 0.1 * s)),
    card: Float64Array.from({ length: cardRanks }, (_, c) => 1 / (1 + 0.1 * c)),
    relevance: new Float64Array(subjectCount).fill(Math.min(0.9, 2 * rate)),
  };
}

/** Rows of a surface by shelf rank, card rank and subject; those of weight 0 are left out. */
export interface SubjectOverlap {
  /** As `PositionBasedEstimate.overlap`; NaN without a view. */
  readonly shelf: number;
  readonly card: number;
  /** Share of the views that are of subjects with fewer than `few` views: of these each has a relevance of much noise. */
  readonly thin: number;
}

/** How much a surface's log can tell of places, whatever estimator reads it. */
export function overlapOfSubjects(log: SubjectClicks, surface: number, few = 10): SubjectOverlap {
  checkClicks(log, log.subjects);
  const cells = countCells(log, surface);
  const bySubject = new Float64Array(cells.subjectCount);
  for (let i = 0; i < cells.size; i++) bySubject[cells.subjects[i]] += cells.views[i];
  let [thin, total] = [0, 0];
  for (const views of bySubject) {
    total += views;
    if (views < few) thin += views;
  }
  return { shelf: overlapOf(cells, cells.shelves), card: overlapOf(cells, cells.cards), thin: thin / total };
}

function countCells(log: SubjectClicks, surface: number): Cells {
  const { rows, surfaces, shelfRanks, cardRanks, subjects, clicks, weights } = log;
  let [mostShelf, mostCard, mostSubject] = [-1, -1, -1];
  for (let r = 0; r < rows; r++) {
    if (surfaces[r] !== surface || weights[r] === 0) continue;
    mostShelf = Math.max(mostShelf, shelfRanks[r]);
    mostCard = Math.max(mostCard, cardRanks[r]);
    mostSubject = Math.max(mostSubject, subjects[r]);
  }
  const numbers = new Map<number, number>();
  const [shelves, cards, whose, views, clicked]: number[][] = [[], [], [], [], []];
  for (let r = 0; r < rows; r++) {
    if (surfaces[r] !== surface || weights[r] === 0) continue;
    const key = (subjects[r] * 256 + shelfRanks[r]) * 256 + cardRanks[r];
    let cell = numbers.get(key);
    if (cell === undefined) {
      cell = numbers.size;
      numbers.set(key, cell);
      shelves.push(shelfRanks[r]);
      cards.push(cardRanks[r]);
      whose.push(subjects[r]);
      views.push(0);
      clicked.push(0);
    }
    views[cell] += weights[r];
    clicked[cell] += weights[r] * clicks[r];
  }
  return {
    size: numbers.size,
    shelves: Uint8Array.from(shelves),
    cards: Uint8Array.from(cards),
    subjects: Uint32Array.from(whose),
    views: Float64Array.from(views),
    clicks: Float64Array.from(clicked),
    shelfRanks: mostShelf + 1,
    cardRanks: mostCard + 1,
    subjectCount: mostSubject + 1,
  };
}

function overlapOf({ size, subjects, views, subjectCount }: Cells, ranks: Uint8Array): number {
  const first = new Int16Array(subjectCount).fill(-1);
  const several = new Uint8Array(subjectCount);
  for (let i = 0; i < size; i++) {
    const subject = subjects[i];
    if (first[subject] < 0) first[subject] = ranks[i];
    else if (first[subject] !== ranks[i]) several[subject] = 1;
  }
  let [shared, total] = [0, 0];
  for (let i = 0; i < size; i++) {
    total += views[i];
    if (several[subjects[i]] === 1) shared += views[i];
  }
  return shared / total;
}
