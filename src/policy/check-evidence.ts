/** Evidence made up for problems that have none, so that every policy can be checked without a model. */
import { hash32, noise, type Seed } from '../base/index.ts';
import type { PageProblem, PolicyShelf } from './problem.ts';

/** How many draws it makes: enough for the defaults of every policy. */
export const SYNTHETIC_DRAWS = 128;
const FACTORS = 3;

/** A standard normal, a function of its labels (Box-Muller). */
function normal(seed: Seed, a: number, b: number): number {
  return Math.sqrt(-2 * Math.log(noise(seed, a, b, 0))) * Math.cos(2 * Math.PI * noise(seed, a, b, 1));
}

/**
 * The problem with deviations, sensitivities and draws from a correlated posterior: item i's score moves by
 * `σ (Σ_f l_if z_fm / √3 √.5 + √.5 e_im)`, with loadings l of the item and σ between 0.01 and 0.08. All of it is a function of
 * seed, item number and draw, so that the same card has the same posterior in every shelf and however cards are listed.
 */
export function withSyntheticEvidence(problem: PageProblem, seed: Seed, drawCount = SYNTHETIC_DRAWS): PageProblem {
  const label = hash32('synthetic evidence');
  const factors = Float64Array.from({ length: FACTORS * drawCount }, (_, f) => normal(seed, label, f));
  const evident = (shelf: PolicyShelf): PolicyShelf => {
    const { items, scores, count } = shelf;
    const deviations = new Float64Array(count);
    const sensitivities = new Float64Array(count);
    const draws = new Float64Array(count * drawCount);
    for (let i = 0; i < count; i++) {
      const item = items[i];
      const deviation = 0.01 + 0.07 * noise(seed, label + 1, item, 0);
      deviations[i] = deviation;
      sensitivities[i] = deviation * deviation;
      const loadings = Array.from({ length: FACTORS }, (_, f) => normal(seed, label + 2 + f, item));
      for (let m = 0; m < drawCount; m++) {
        let shared = 0;
        for (let f = 0; f < FACTORS; f++) shared += loadings[f] * factors[f * drawCount + m];
        const own = normal(seed, hash32('own', item), m);
        draws[i * drawCount + m] = scores[i] + deviation * Math.SQRT1_2 * (shared / Math.sqrt(FACTORS) + own);
      }
    }
    return { ...shelf, deviations, sensitivities, draws };
  };
  return { ...problem, shelves: problem.shelves.map(evident), drawCount };
}
