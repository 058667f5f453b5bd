/**
 * Weights of cards by which a model learns as if every unmasked card had been shown alike. The logging policy shows what it
 * thinks well of; a model that is fitted to that is best where it is asked least.
 */
import type { Catalog, DecisionRecord } from '../../domain/index.ts';
import { type HomeTunables, unscoredProblem } from '../../home/index.ts';
import { createWalker, uniform } from '../../policy/index.ts';

/** w[r][j] of a record's rows and cards. */
export type CardWeights = readonly Float64Array[];

/**
 * For each card of each row: w = (1/n) / p, with n the cards that were unmasked at its rank given everything above, and p
 * the propensity on record: the importance weight of the uniform policy against the one that logged, for this card's own
 * draw. Under a logging policy that gives every unmasked card a chance E[w · f(card)] is the mean of f over them. One that
 * does not (popularity, greedy) says nothing of the others: its own card stands for itself alone, with 1/n. What was forced or
 * carried was not drawn: 1. Unbounded above where p is small: clip it.
 *
 * Undefined where the record's page cannot be walked, which a record of this version's rules never is.
 */
export type WeighCards = (record: DecisionRecord, catalog: Catalog, tunables: HomeTunables) => CardWeights | undefined;

export function createWeights(): WeighCards {
  const walker = createWalker();
  const evenly = uniform();
  return (record, catalog, tunables) => {
    walker.begin(unscoredProblem(record, catalog, tunables));
    const weights: Float64Array[] = [];
    for (const row of record.rows) {
      if (!walker.advance(row.shelf)) return undefined;
      const own = new Float64Array(row.cards.length);
      for (const [j, card] of row.cards.entries()) {
        const { count } = walker.step(evenly);
        if (!walker.advance(card.index)) return undefined;
        own[j] = card.forced ? 1 : 1 / (count * card.propensity);
      }
      weights.push(own);
    }
    return weights;
  };
}

export interface Weighed {
  /** Share of the rows whose weight was clipped; of those that were forced none is. */
  readonly clipped: number;
  /** (Σ w)² / Σ w². */
  readonly effectiveRows: number;
}

/**
 * Clips the weights from above and scales them to a mean of 1 (self-normalised, Swaminathan and Joachims 2015), in place:
 * regularisation then means the same whatever the weights.
 */
export function normaliseWeights(weights: Float32Array, clip: number): Weighed {
  let sum = 0;
  let clipped = 0;
  for (let r = 0; r < weights.length; r++) {
    if (weights[r] > clip) {
      weights[r] = clip;
      clipped++;
    }
    sum += weights[r];
  }
  let squares = 0;
  for (let r = 0; r < weights.length; r++) {
    weights[r] = (weights[r] * weights.length) / sum;
    squares += weights[r] ** 2;
  }
  const rows = weights.length;
  return { clipped: rows === 0 ? 0 : clipped / rows, effectiveRows: rows === 0 ? 0 : rows ** 2 / squares };
}
