import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { NO_ITEM } from '../domain/index.ts';
import {
  cardMarginals,
  type PageProblem,
  type PolicyShelf,
  plackettLuce,
  plackettLuceMarginals,
  softmax,
  squareCb,
  uniform,
} from './index.ts';

/** Sums the probabilities of every ranking of the first `ranks` places. */
function enumerated(weights: Float64Array, ranks: number): Float64Array {
  const n = weights.length;
  const out = new Float64Array(ranks * n);
  const visit = (taken: number[], mass: number) => {
    if (taken.length === ranks) return;
    let left = 0;
    for (let i = 0; i < n; i++) if (!taken.includes(i)) left += weights[i];
    for (let i = 0; i < n; i++) {
      if (taken.includes(i)) continue;
      const p = (mass * weights[i]) / left;
      out[taken.length * n + i] += p;
      visit([...taken, i], p);
    }
  };
  visit([], 1);
  return out;
}

describe('marginal rank propensities of Plackett-Luce', () => {
  it('are what enumeration finds, also for weights that differ by many orders of magnitude', () => {
    const rng = createRng(1);
    for (const spread of [0, 1, 3, 8, 20]) {
      for (let run = 0; run < 8; run++) {
        const n = 3 + rng.below(4);
        const weights = Float64Array.from({ length: n }, () => Math.exp(spread * rng.normal()));
        const ranks = 1 + rng.below(n);
        const out = new Float64Array(n * ranks);
        plackettLuceMarginals(weights, n, ranks, out);
        enumerated(weights, ranks).forEach((p, i) => {
          expect(Math.abs(out[i] - p)).toBeLessThan(1e-9);
        });
      }
    }
  });

  it('are the softmax at the first rank, and sum to 1 over ranks for every card of a whole ranking', () => {
    const rng = createRng(2);
    const n = 40;
    const weights = Float64Array.from({ length: n }, () => Math.exp(2 * rng.normal()));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const out = new Float64Array(n * n);
    plackettLuceMarginals(weights, n, n, out);
    for (let i = 0; i < n; i++) {
      expect(Math.abs(out[i] - weights[i] / total)).toBeLessThan(1e-9);
      let sum = 0;
      for (let j = 0; j < n; j++) sum += out[j * n + i];
      expect(Math.abs(sum - 1)).toBeLessThan(1e-7);
    }
  });

  const row = (key: number, items: number[], rest: Partial<PolicyShelf> = {}): PolicyShelf => ({
    key,
    order: 'policy',
    pinnedRank: -1,
    carried: false,
    minCards: 1,
    maxCards: 2,
    items: Uint32Array.from(items),
    creators: new Uint32Array(items.length).fill(NO_ITEM),
    scores: Float64Array.from(items, (item) => item / 10),
    count: items.length,
    ...rest,
  });
  const page = (...shelves: PolicyShelf[]): PageProblem => ({
    shelves,
    shelfLimit: 3,
    creatorCapPerRow: 1,
    creatorCapPerPage: 2,
    examinationByCard: Float64Array.of(1, 0.5),
  });
  const plain = plackettLuce({ cardEpsilon: 0, cardTemperature: 0.1 });

  it('of a row are those of its weights', () => {
    const expected = enumerated(Float64Array.of(Math.exp(-2), Math.exp(-1), 1), 2);
    const marginals = cardMarginals(page(row(1, [1, 2, 3]), row(2, [4, 5])), plain, 0);
    marginals.forEach((p, i) => {
      expect(Math.abs(p - expected[i])).toBeLessThan(1e-9);
    });
    expect([...cardMarginals(page(row(1, [1, 2])), uniform(), 0)]).toEqual([0.5, 0.5, 0.5, 0.5]);
  });

  it('are unavailable wherever anything but the weights decides', () => {
    const code = { code: 'OPE_MARGINAL_UNAVAILABLE' };
    const three = row(1, [1, 2, 3]);
    const refused = (problem: PageProblem, policy = plain) =>
      expect(() => cardMarginals(problem, policy, 0)).toThrow(expect.objectContaining(code));
    refused(page(three), plackettLuce());
    refused(page(three), softmax({ epsilon: 0.1 }));
    refused(page(three), squareCb());
    refused(page(three), { ...plain, composition: {} });
    refused(page(row(1, [1, 2], { order: 'defined' })));
    refused(page(row(1, [1, 2], { creators: Uint32Array.of(9, 9) })));
    refused(page(three, row(2, [3, 4])));
    const of = (creator: number) => ({ creators: Uint32Array.of(creator, NO_ITEM) });
    refused(page(row(1, [1, 2], of(9)), row(2, [3, 4], of(9)), row(3, [5, 6], of(9))));
  });
});
