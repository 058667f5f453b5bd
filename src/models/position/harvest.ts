/** Examination from interventions that a log already holds: the same subject at two ranks, as chance would have it. */
import { requireRange, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import { checkClicks, type SubjectClicks } from './clicks.ts';
import { besideFirst, type ExaminationEstimate, estimateOf } from './estimate.ts';
import { startOf } from './position-based.ts';
import { fitProduct } from './product-em.ts';

export interface HarvestOptions {
  /** Largest 1 / propensity: what is rarer counts as this. Less noise, more bias. @default 1000 */
  readonly largestWeight: number;
}

/** The curve of ranks that nothing can be told of: one page has one shelf, or shelves never change their places. */
const UNKNOWN = Float64Array.of(1);

const DEFAULTS: HarvestOptions = { largestWeight: 1000 };

export interface Interventions extends SubjectClicks {
  /**
   * With which the logged card came to stand at its place, along the page as it was drawn: p_k Π_{j < k} (1 - p_j), p_j being
   * the card's probability at step j given what stood above and before (0 where it was no candidate). A record holds p_k; the
   * p_j come from walking its steps anew. With p_k alone, a card's late places are compared over those pages on which it was
   * not drawn early, by listeners who care less for it, and the curves fall too steeply.
   */
  readonly propensities: Float64Array;
}

/** Of one subject at one rank: Σ w, Σ w², Σ w · click, w = weight / propensity. */
type RankSums = [weight: number, squares: number, clicks: number];

/**
 * Intervention harvesting (Agarwal et al. 2019, "Estimating position bias without intrusive interventions", AllPairs). For each
 * pair of ranks k, k' the subjects that were seen at both are compared: their click rates, weighted by 1 / propensity, differ
 * by examination alone,
 *
 *   rate_kd = Σ w click / Σ w over the rows of subject d at rank k,   E rate_kd / E rate_k'd = θ_k / θ_k'
 *
 * A subject takes part in a pair with the harmonic sum of its effective numbers of rows (Σ w)² / Σ w² at both ranks, equally at
 * both, so that both have the same mixture of subjects. All pairs together have the likelihood θ_k · r_kk', by EM.
 * Card ranks are compared within a shelf rank, shelf ranks within a card rank.
 *
 * Propensities make up for a policy that sets a subject higher where it is liked more. They must be those of the draw: rows that
 * were forced or carried (propensity 1) were no draw and must stay out.
 *
 * Ranks among which no subject changed its place are all as the first: their curve is [1].
 *
 * Throws `EXAMPLES_INVALID`, also for a propensity outside (0, 1].
 */
export function harvestExamination(log: Interventions, given: Partial<HarvestOptions> = {}): ExaminationEstimate {
  const options = resolveOptions('harvestExamination', given, DEFAULTS);
  requireRange('harvestExamination', 'largestWeight', options.largestWeight, 1, 1e9);
  checkClicks(log, log.subjects, log.propensities);
  for (let r = 0; r < log.rows; r++) {
    if (!(log.propensities[r] > 0 && log.propensities[r] <= 1)) {
      throw new ShelfwiseError('EXAMPLES_INVALID', `row ${r} has propensity ${log.propensities[r]}`);
    }
  }
  return estimateOf('harvest', (surface) => {
    const card = curveOf(log, surface, log.cardRanks, log.shelfRanks, options.largestWeight);
    const shelf = curveOf(log, surface, log.shelfRanks, log.cardRanks, options.largestWeight);
    if (card === undefined && shelf === undefined) return undefined;
    let [views, clicks] = [0, 0];
    for (let r = 0; r < log.rows; r++) {
      if (log.surfaces[r] !== surface) continue;
      views += log.weights[r];
      clicks += log.weights[r] * log.clicks[r];
    }
    return { shelf: shelf ?? UNKNOWN, card: card ?? UNKNOWN, views, clicks };
  });
}

/** The curve over `ranks`, subjects being compared where `others` are equal. */
function curveOf(
  log: Interventions,
  surface: number,
  ranks: Uint8Array,
  others: Uint8Array,
  largestWeight: number,
): Float64Array | undefined {
  const groups = new Map<number, Map<number, RankSums>>();
  let count = 0;
  for (let r = 0; r < log.rows; r++) {
    if (log.surfaces[r] !== surface || log.weights[r] === 0) continue;
    count = Math.max(count, ranks[r] + 1);
    const key = log.subjects[r] * 256 + others[r];
    const group = groups.get(key) ?? new Map<number, RankSums>();
    groups.set(key, group);
    const sums = group.get(ranks[r]) ?? [0, 0, 0];
    group.set(ranks[r], sums);
    const weight = log.weights[r] * Math.min(largestWeight, 1 / log.propensities[r]);
    sums[0] += weight;
    sums[1] += weight * weight;
    sums[2] += weight * log.clicks[r];
  }
  if (count === 0) return undefined;
  // By pair of ranks: views (the same at both), clicks at the lower, clicks at the higher.
  const views = new Float64Array(count * count);
  const clicks = new Float64Array(2 * count * count);
  for (const group of groups.values()) {
    const seen = [...group];
    for (let i = 0; i < seen.length; i++) {
      for (let j = i + 1; j < seen.length; j++) comparePair(seen[i], seen[j], count, views, clicks);
    }
  }
  return besideFirst(pairCurve(count, views, clicks));
}

function comparePair(
  [rankA, a]: readonly [number, RankSums],
  [rankB, b]: readonly [number, RankSums],
  count: number,
  views: Float64Array,
  clicks: Float64Array,
): void {
  const rowsA = (a[0] * a[0]) / a[1];
  const rowsB = (b[0] * b[0]) / b[1];
  const both = (rowsA * rowsB) / (rowsA + rowsB);
  const pair = Math.min(rankA, rankB) * count + Math.max(rankA, rankB);
  views[pair] += both;
  clicks[2 * pair + Number(rankA > rankB)] += (both * a[2]) / a[0];
  clicks[2 * pair + Number(rankB > rankA)] += (both * b[2]) / b[0];
}

/** The position-based model over pairs: each pair of ranks is a subject that was seen at both. */
function pairCurve(count: number, views: Float64Array, clicks: Float64Array): Float64Array {
  const cells: { rank: number; pair: number; views: number; clicks: number }[] = [];
  let [total, clicked] = [0, 0];
  for (let low = 0; low < count; low++) {
    for (let high = low + 1; high < count; high++) {
      const pair = low * count + high;
      if (!(views[pair] > 0)) continue;
      cells.push({ rank: low, pair, views: views[pair], clicks: clicks[2 * pair] });
      cells.push({ rank: high, pair, views: views[pair], clicks: clicks[2 * pair + 1] });
      total += 2 * views[pair];
      clicked += clicks[2 * pair] + clicks[2 * pair + 1];
    }
  }
  // One rank alone has nothing to be compared with.
  if (count === 1) return Float64Array.of(1);
  const problem = {
    size: cells.length,
    shelves: new Uint8Array(cells.length),
    cards: Uint8Array.from(cells, ({ rank }) => rank),
    subjects: Uint32Array.from(cells, ({ pair }) => pair),
    views: Float64Array.from(cells, (cell) => cell.views),
    clicks: Float64Array.from(cells, (cell) => cell.clicks),
    shelfRanks: 1,
    cardRanks: count,
    subjectCount: count * count,
  };
  if (!(clicked > 0)) return new Float64Array(count).fill(Number.NaN);
  return fitProduct(problem, startOf(problem, clicked / total), { iterations: 10_000, tolerance: 1e-9 }).card;
}
