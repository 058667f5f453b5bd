/** Shapes of a step's distribution: how much it explores, whom it must give a chance, and what it may cost. */
import type { StepContext } from '../policy.ts';
import { actionItem } from './placed.ts';
import { traitsOf } from './traits.ts';

/**
 * Gives newcomers at least this share of a card step's probability where there are any among its actions, and others: both
 * groups keep their proportions. Newcomers whom the policy gives nothing share it alike.
 */
export function giveNewcomers(context: StepContext, p: Float64Array, share: number): void {
  const { step, problem } = context;
  if (step.kind !== 'card') return;
  const { newcomers } = traitsOf(problem);
  const isNewcomer = (k: number): boolean => newcomers[actionItem(context, k)] === 1;
  let count = 0;
  let mass = 0;
  for (let k = 0; k < step.count; k++) {
    if (!isNewcomer(k)) continue;
    count++;
    mass += p[k];
  }
  if (count === 0 || count === step.count || mass >= share) return;
  const ofOthers = (1 - share) / (1 - mass);
  for (let k = 0; k < step.count; k++) {
    if (!isNewcomer(k)) p[k] *= ofOthers;
    else p[k] = mass > 0 ? (p[k] * share) / mass : share / count;
  }
}

/**
 * The part of a page's cap that one step may give up, in the unit of its values. Half of the cap is for the places of shelves,
 * alike; half for cards, alike by row, and within a row so that Σ_j θ_j (part) is the row's: the steps of a page, each at
 * its part, then give up the whole cap in expectation, for any prefix.
 */
export function partOfCap({ problem, step }: StepContext, cap: number): number {
  const ofRow = cap / (2 * Math.max(1, problem.shelfLimit));
  if (step.kind === 'shelf') return ofRow;
  let examined = 0;
  const { maxCards } = problem.shelves[step.shelf];
  for (let j = 0; j < maxCards; j++) examined += problem.examinationByCard[j];
  return examined > 0 ? ofRow / examined : Number.POSITIVE_INFINITY;
}

/**
 * p ← α p + (1 - α) greedy, with the greatest α of at most 1 with which the expected value that is given up against the
 * greatest, max v - Σ p v, is at most `part`. Greedy: the greatest values share alike. What is given up falls linearly in α.
 */
export function capGivenUp(values: Float64Array, p: Float64Array, n: number, part: number): void {
  let greatest = Number.NEGATIVE_INFINITY;
  let ties = 0;
  for (let k = 0; k < n; k++) {
    if (values[k] > greatest) {
      greatest = values[k];
      ties = 1;
    } else if (values[k] === greatest) ties++;
  }
  let givenUp = 0;
  for (let k = 0; k < n; k++) if (p[k] > 0 && values[k] < greatest) givenUp += p[k] * (greatest - values[k]);
  if (givenUp <= part) return;
  const alpha = givenUp < Number.POSITIVE_INFINITY ? part / givenUp : 0;
  for (let k = 0; k < n; k++) p[k] = alpha * p[k] + (values[k] === greatest ? (1 - alpha) / ties : 0);
}
