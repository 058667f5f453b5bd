import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { createRng, type Seed } from '../../base/index.ts';
import { NO_ITEM } from '../../domain/index.ts';
import { policyLaws } from '../../testing/index.ts';
import { withSyntheticEvidence } from '../check-evidence.ts';
import { withSyntheticTraits } from '../check-traits.ts';
import { createWalker } from '../page.ts';
import { epsilonGreedy, greedy, plackettLuce, uniform } from '../policies.ts';
import { stepEvidence } from '../policy.ts';
import type { PageProblem, PolicyShelf } from '../problem.ts';
import { POLICY_VARIANTS, policyOf } from '../registry.ts';
import { logProbability, samplePage, step } from '../sample.ts';
import {
  type CompositionOptions,
  composed,
  Exposure,
  type ItemTraits,
  miscalibration,
  NO_COMPOSITION,
  readsTraits,
  similarity,
} from './index.ts';
import { capGivenUp } from './shares.ts';

const SEED: Seed = Uint32Array.of(5, 6, 7, 8);

function shelfOf(key: number, items: readonly number[], scores: readonly number[], maxCards = 5): PolicyShelf {
  return {
    key,
    order: 'policy',
    pinnedRank: -1,
    carried: false,
    minCards: 1,
    maxCards,
    items: Uint32Array.from(items),
    creators: new Uint32Array(items.length).fill(NO_ITEM),
    scores: Float64Array.from(scores),
    count: items.length,
  };
}

function pageOf(shelves: readonly PolicyShelf[], traits?: ItemTraits): PageProblem {
  const problem: PageProblem = {
    shelves,
    shelfLimit: 4,
    creatorCapPerRow: Number.POSITIVE_INFINITY,
    creatorCapPerPage: Number.POSITIVE_INFINITY,
    examinationByCard: Float64Array.from({ length: 8 }, (_, j) => 0.8 ** j),
  };
  return traits === undefined ? withSyntheticTraits(problem) : { ...problem, traits };
}

function anyPage(seed: number): PageProblem {
  const rng = createRng(seed);
  const shelf = (key: number) => {
    const items = [...new Set(Array.from({ length: 12 }, () => rng.below(40)))];
    return shelfOf(
      key,
      items,
      items.map(() => rng.uniform()),
    );
  };
  return withSyntheticEvidence(pageOf([shelf(1), shelf(2), shelf(3)]), SEED);
}

const EVERYTHING: Partial<CompositionOptions> = {
  diversity: 0.4,
  diversityOver: 'page',
  calibration: 0.2,
  explorationShare: 0.05,
  newListenerShare: 0.2,
  floor: 0.02,
  newcomerShare: 0.1,
  rewardCap: 0.5,
};

describe('a composition', () => {
  it('of nothing is the policy itself; of anything, its options and hash say so, and for whom', () => {
    const policy = plackettLuce();
    expect(composed(policy, {})).toBe(policy);
    expect(composed(policy, NO_COMPOSITION)).toBe(policy);
    const known = composed(policy, { diversity: 0.3, newListenerShare: 0.2 });
    expect(known.id).toBe('plackett-luce');
    expect(known.options).toMatchObject({ composition: { diversity: 0.3, newListenerShare: 0.2 }, segment: 'known' });
    const hashes = [policy, known, composed(policy, { diversity: 0.3, newListenerShare: 0.2 }, true)].map(
      ({ hash }) => hash,
    );
    expect(new Set(hashes).size).toBe(3);
    expect([readsTraits(NO_COMPOSITION), readsTraits({ ...NO_COMPOSITION, diversity: 0.1 })]).toEqual([false, true]);
  });

  it('refuses what is out of range, or no option at all', () => {
    for (const wrong of [{ diversity: 1.1 }, { rewardCap: -1 }, { diversityOver: 'shelf' }, { colour: 1 }]) {
      expect(() => composed(greedy(), wrong as Partial<CompositionOptions>)).toThrow(/composition/);
    }
  });

  it('leaves every step of every policy a distribution, the same one however its prefix was reached, and replays', () => {
    for (const [id, options] of POLICY_VARIANTS) {
      const policy = composed(policyOf(id, options), EVERYTHING);
      for (let seed = 1; seed <= 4; seed++) {
        const problem = anyPage(seed);
        const steps: number[][] = [];
        const page = samplePage(problem, policy, SEED, createWalker(), ({ probabilities, count }) =>
          steps.push([...probabilities.subarray(0, count)]),
        );
        for (const p of steps) {
          expect(p.every((x) => x >= 0 && x <= 1)).toBe(true);
          expect(p.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 12);
        }
        const again = logProbability(problem, policy, page.rows);
        expect(again.complete).toBe(true);
        const drawn = page.rows.flatMap((row) => [row.propensity, ...row.cards.map(({ propensity }) => propensity)]);
        expect([...again.steps]).toEqual(drawn);
        // A prefix that is jumped to, with a walker that has other pages in mind.
        const walker = createWalker();
        samplePage(anyPage(seed + 9), policy, SEED, walker);
        const [first] = page.rows;
        const prefix = [{ shelf: first.shelf, cards: first.cards.slice(0, 2) }];
        const there = step(problem, prefix, policy, walker);
        if (first.cards.length > 2)
          expect(there.probabilities[walker.positionOf(first.cards[2].index)]).toBe(first.cards[2].propensity);
      }
    }
  });
});

describe('laws hold for policies with a composition that needs no traits', () => {
  const wanted = { explorationShare: 0.1, floor: 0.05, rewardCap: 0.2 };
  for (const policy of [plackettLuce(), greedy(), uniform()])
    for (const law of policyLaws(composed(policy, wanted))) test(`${policy.id}: ${law.name}`, () => law.run());
});

describe('diversity', () => {
  /** Two directions: items 0 to 2 are alike, 3 is of another kind. */
  const traits: ItemTraits = {
    embedding: { dimension: 2, size: 4, factors: Float32Array.of(1, 0, 1, 0.1, 1, -0.1, 0, 1) },
    catalog: { size: 4, genreStart: new Uint32Array(5), genreIds: new Uint16Array(0) },
    newcomers: new Uint8Array(4),
    tasteGenres: new Uint16Array(0),
    tasteShares: new Float64Array(0),
  };
  const shelf = shelfOf(1, [0, 1, 2, 3], [0.9, 0.8, 0.7, 0.5], 4);

  it('is the greedy re-ranking of Carbonell and Goldstein where the policy is greedy', () => {
    const orderWith = (diversity: number) =>
      samplePage(pageOf([shelf], traits), composed(greedy(), { diversity }), SEED).rows[0].cards.map(
        ({ index }) => index,
      );
    expect(orderWith(0)).toEqual([0, 1, 2, 3]);
    expect(orderWith(0.5)).toEqual([0, 3, 1, 2]);
  });

  it('gives each card the value that its formula says', () => {
    const lambda = 0.3;
    const problem = pageOf([shelf], traits);
    const given: number[][] = [];
    const watching = composed(greedy(), { diversity: lambda });
    const spy = {
      ...watching,
      card: (values: Float64Array, n: number, out: Float64Array) => {
        given.push([...values.subarray(0, n)]);
        watching.card(values, n, out, stepEvidence(values));
      },
    };
    const { actions, count } = step(problem, [{ shelf: 0, cards: [{ index: 0 }, { index: 3 }] }], spy);
    const expected = [...actions.subarray(0, count)].map((i) => {
      const like = Math.max(similarity(traits, i, 0), similarity(traits, i, 3));
      return (1 - lambda) * shelf.scores[i] - lambda * 0.8 * like;
    });
    expect(given[0]).toEqual(expected);
  });

  it('over the page counts the rows above, over the row it does not', () => {
    const above = shelfOf(2, [0], [1], 1);
    const below = shelfOf(3, [1, 3], [0.6, 0.55], 1);
    const lowerCard = (diversityOver: 'row' | 'page') => {
      const policy = composed(greedy(), { diversity: 0.5, diversityOver });
      return step(
        pageOf([above, below], traits),
        [
          { shelf: 0, cards: [{ index: 0 }] },
          { shelf: 1, cards: [] },
        ],
        policy,
      ).probabilities;
    };
    expect([...lowerCard('row').subarray(0, 2)]).toEqual([1, 0]);
    expect([...lowerCard('page').subarray(0, 2)]).toEqual([0, 1]);
  });
});

describe('calibration', () => {
  /** Genre 0: items 0 to 5; genre 1: items 6 to 9. The listener has 60% and 40%. */
  const traits: ItemTraits = {
    embedding: { dimension: 1, size: 0, factors: new Float32Array(0) },
    catalog: {
      size: 10,
      genreStart: Uint32Array.from({ length: 11 }, (_, i) => i),
      genreIds: Uint16Array.from({ length: 10 }, (_, i) => (i < 6 ? 0 : 1)),
    },
    newcomers: new Uint8Array(10),
    tasteGenres: Uint16Array.of(0, 1),
    tasteShares: Float64Array.of(0.6, 0.4),
  };
  const items = Array.from({ length: 10 }, (_, i) => i);
  const shelf = shelfOf(
    1,
    items,
    items.map((i) => 0.9 - 0.05 * i),
    5,
  );
  const rowWith = (calibration: number) => {
    const [row] = samplePage(pageOf([shelf], traits), composed(greedy(), { calibration }), SEED).rows;
    return row.cards.map(({ index }) => index);
  };

  it('brings a row to the mix of the listener, of each genre the best', () => {
    expect(rowWith(0)).toEqual([0, 1, 2, 3, 4]);
    expect(rowWith(0.9).toSorted()).toEqual([0, 1, 2, 6, 7]);
    expect(miscalibration(traits, rowWith(0.9))).toBeCloseTo(0, 12);
    expect(miscalibration(traits, rowWith(0))).toBeGreaterThan(1);
  });

  it('leaves the scores of a listener without a known taste', () => {
    const unknown = { ...traits, tasteGenres: new Uint16Array(0), tasteShares: new Float64Array(0) };
    const [row] = samplePage(pageOf([shelf], unknown), composed(greedy(), { calibration: 0.9 }), SEED).rows;
    expect(row.cards.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
  });

  it('is 0 where shares are met, and at most ln 100', () => {
    expect(miscalibration(traits, [0, 1, 2, 6, 7])).toBeCloseTo(0, 12);
    const onlyOther = { ...traits, tasteGenres: Uint16Array.of(7), tasteShares: Float64Array.of(1) };
    expect(miscalibration(onlyOther, [0, 1])).toBeCloseTo(Math.log(100), 12);
  });
});

describe('newcomers', () => {
  it('have at least their share of every step where there are some, and the others keep their proportions', () => {
    const items = [0, 1, 2, 3, 10];
    const shelf = shelfOf(1, items, [0.9, 0.6, 0.5, 0.1, 0.05], 3);
    const problem = pageOf([shelf]);
    const plain = epsilonGreedy({ epsilon: 0.1 });
    const at = (policy: ReturnType<typeof greedy>) => {
      const { actions, probabilities, count } = step(problem, [{ shelf: 0, cards: [] }], policy);
      const p = new Float64Array(items.length);
      for (let k = 0; k < count; k++) p[actions[k]] = probabilities[k];
      return p;
    };
    const [before, after] = [at(plain), at(composed(plain, { newcomerShare: 0.3 }))];
    // Of these, 3 and 10 are newcomers.
    expect(after[3] + after[4]).toBeCloseTo(0.3, 12);
    expect(after[0] / after[1]).toBeCloseTo(before[0] / before[1], 9);
    const [ofNothing] = [at(composed(greedy(), { newcomerShare: 0.3 }))];
    expect([...ofNothing]).toEqual([0.7, 0, 0, 0.15, 0.15]);
  });
});

describe('the cap on what exploring gives up', () => {
  it('holds at every step, with the greatest share that fits', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (scores, part) => {
          const values = Float64Array.from(scores);
          const n = values.length;
          const p = new Float64Array(n).fill(1 / n);
          const givenUpBy = (q: Float64Array) => Math.max(...values) - q.reduce((sum, x, k) => sum + x * values[k], 0);
          const before = givenUpBy(p);
          capGivenUp(values, p, n, part);
          expect(p.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 12);
          expect(givenUpBy(p)).toBeLessThanOrEqual(part + 1e-12);
          if (before > part) expect(givenUpBy(p)).toBeCloseTo(part, 9);
        },
      ),
    );
  });

  it('holds for whole pages: what uniform pages give up against greedy ones at the same prefixes', () => {
    const cap = 0.05;
    const policy = composed(uniform(), { rewardCap: cap });
    for (let seed = 1; seed <= 30; seed++) {
      const problem = anyPage(seed);
      let givenUp = 0;
      const notice = (scale: number, values: Float64Array, p: Float64Array, n: number) => {
        let best = 0;
        let mean = 0;
        for (let k = 0; k < n; k++) {
          best = Math.max(best, values[k]);
          mean += p[k] * values[k];
        }
        givenUp += scale * (best - mean);
      };
      samplePage(problem, policy, Uint32Array.of(seed, 2, 3, 4), createWalker(), (due) =>
        notice(
          due.kind === 'shelf' ? 1 : problem.examinationByCard[due.cardRank],
          due.values,
          due.probabilities,
          due.count,
        ),
      );
      expect(givenUp).toBeGreaterThan(0);
      expect(givenUp).toBeLessThanOrEqual(cap + 1e-12);
    }
  });

  it('of nothing is greedy, also where a score is infinite', () => {
    const p = Float64Array.of(0.25, 0.25, 0.25, 0.25);
    capGivenUp(
      Float64Array.of(1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY),
      p,
      4,
      0,
    );
    expect([...p]).toEqual([0, 0.5, 0, 0.5]);
  });
});

describe('exposure', () => {
  it('is 0 for all alike, near 1 where one has all, and what the definition says in between', () => {
    const of = (weights: readonly number[], available: number) => {
      const exposure = new Exposure();
      weights.forEach((weight, creator) => {
        exposure.add(creator, creator === 0, weight);
      });
      return exposure.report(available);
    };
    expect(of([1, 1, 1, 1], 4).gini).toBeCloseTo(0, 12);
    expect(of([5], 100).gini).toBeCloseTo(0.99, 12);
    const weights = [1, 2, 3, 10];
    const pairs = weights.flatMap((a) => weights.map((b) => Math.abs(a - b)));
    const naive = pairs.reduce((sum, x) => sum + x, 0) / (2 * weights.length * 16);
    expect(of(weights, 4).gini).toBeCloseTo(naive, 12);
    expect(of(weights, 4)).toMatchObject({ cards: 4, creators: 4, newcomerShare: 1 / 16 });
    expect(new Exposure().report(3)).toEqual({ cards: 0, creators: 0, gini: 0, newcomerShare: 0 });
  });

  it('adds up the same in parts', () => {
    const [whole, one, other] = [new Exposure(), new Exposure(), new Exposure()];
    for (let i = 0; i < 50; i++) {
      whole.add(i % 7, i % 3 === 0, 1 / (1 + (i % 4)));
      (i % 2 === 0 ? one : other).add(i % 7, i % 3 === 0, 1 / (1 + (i % 4)));
    }
    one.merge(other);
    const [a, b] = [whole.report(20), one.report(20)];
    expect(b.gini).toBeCloseTo(a.gini, 12);
    expect({ ...b, gini: 0, newcomerShare: 0 }).toEqual({ ...a, gini: 0, newcomerShare: 0 });
  });
});
