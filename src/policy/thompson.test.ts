import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, type Seed } from '../base/index.ts';
import { NO_ITEM } from '../domain/index.ts';
import {
  bootstrapThompson,
  createWalker,
  drawPosition,
  drawSeedOf,
  logProbability,
  onlineCover,
  type PageProblem,
  type Policy,
  projectMinimum,
  samplePage,
  stepEvidence,
  thompson,
  topTwoThompson,
} from './index.ts';

/** draws[m][i]: what action i is worth under draw m. */
function asked(policy: Policy, draws: number[][], values = draws[0]): number[] {
  const n = values.length;
  const listed = Float64Array.from(values);
  const rows = new Float64Array(n * draws.length);
  draws.forEach((draw, m) => {
    draw.forEach((value, i) => {
      rows[i * draws.length + m] = value;
    });
  });
  const out = new Float64Array(n);
  policy.card(listed, n, out, stepEvidence(listed, { draws: rows, drawCount: draws.length }));
  return [...out];
}

describe('Thompson sampling by draws', () => {
  it('gives every action its share of the wins, ties shared, and the floor', () => {
    const draws = [
      [3, 1, 0],
      [0, 2, 1],
      [1, 1, 0],
      [5, 1, 0],
    ];
    expect(asked(thompson({ draws: 4, epsilon: 0 }), draws)).toEqual([2.5 / 4, 1.5 / 4, 0]);
    const mixed = asked(thompson({ draws: 4, epsilon: 0.3 }), draws);
    expect(mixed[2]).toBeCloseTo(0.1, 15);
    expect(mixed[0]).toBeCloseTo(0.7 * 0.625 + 0.1, 15);
    expect(asked(bootstrapThompson({ replicas: 4, epsilon: 0 }), draws)).toEqual([2.5 / 4, 1.5 / 4, 0]);
  });

  it('reads no more draws than it asks for', () => {
    const draws = [
      [1, 0],
      [0, 1],
      [0, 1],
    ];
    expect(asked(thompson({ draws: 1, epsilon: 0 }), draws)).toEqual([1, 0]);
  });

  it('moves its draws by as much as a value was re-scored', () => {
    const policy = thompson({ draws: 2, epsilon: 0 });
    const means = Float64Array.of(0.5, 0.4);
    const evidence = stepEvidence(means, { draws: Float64Array.of(0.6, 0.4, 0.5, 0.3), drawCount: 2 });
    const out = new Float64Array(2);
    policy.card(means, 2, out, evidence);
    expect([...out]).toEqual([1, 0]);
    policy.card(Float64Array.of(0.2, 0.4), 2, out, evidence);
    expect([...out]).toEqual([0, 1]);
  });

  it('refuses numbers of draws that are none', () => {
    for (const draws of [0, 1.5, 5000]) expect(() => thompson({ draws })).toThrow(/draws/);
    expect(() => topTwoThompson({ epsilon: 0 })).toThrow(/epsilon/);
    expect(() => topTwoThompson({ leaderShare: 0 })).toThrow(/leaderShare/);
  });
});

describe('top-two Thompson sampling', () => {
  it('is what playing the leader or the first other winner comes to', () => {
    const q = [0.5, 0.3, 0.2];
    const beta = 0.6;
    const draws = [...Array(5).fill([1, 0, 0]), ...Array(3).fill([0, 1, 0]), ...Array(2).fill([0, 0, 1])];
    const least = 1e-3;
    const p = asked(topTwoThompson({ draws: 10, leaderShare: beta, epsilon: least }), draws);
    const mixed = q.map((x) => (1 - least) * x + least / 3);
    mixed.forEach((x, i) => {
      const challenged = mixed.reduce((sum, y, j) => (j === i ? sum : sum + (y * x) / (1 - y)), 0);
      expect(p[i]).toBeCloseTo((1 - least) * (beta * x + (1 - beta) * challenged) + least / 3, 12);
    });
    expect(p[0]).toBeLessThan(0.5);
  });

  it('is Thompson sampling where the leader always plays, and challenges a certain winner all alike', () => {
    const certain = Array(4).fill([1, 0, 0]);
    const p = asked(topTwoThompson({ draws: 4, epsilon: 1e-3 }), certain);
    expect(p[1]).toBe(p[2]);
    expect(p[1]).toBeGreaterThan(0.2);
    const plain = asked(topTwoThompson({ draws: 4, epsilon: 1e-3, leaderShare: 1 }), certain);
    expect(plain[0]).toBeGreaterThan(0.998);
  });
});

describe('online cover', () => {
  /** As its definition reads, with costs. */
  function naiveCover(costs: number[][], psi: number, epsilon: number): Float64Array {
    const members = costs.length;
    const n = costs[0].length;
    const least = epsilon / n;
    const p = new Float64Array(n);
    let norm = least * n + Math.max(0, 1 / members - least);
    costs.forEach((cost, m) => {
      const pseudo = cost.map((c, j) => (m === 0 ? c : c - (psi * least) / (Math.max(p[j], least) / norm)));
      const best = Math.min(...pseudo);
      const winners = pseudo.flatMap((c, j) => (c === best ? [j] : []));
      for (const j of winners) {
        const add = 1 / members / winners.length;
        if (m > 0) norm += p[j] < least ? Math.max(0, add - (least - p[j])) : add;
        p[j] += add;
      }
    });
    projectMinimum(p, n, least * n);
    return p;
  }

  it('agrees with its definition', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 8 }), (seed, n, members) => {
        const rng = createRng(seed);
        const draws = Array.from({ length: members }, () => Array.from({ length: n }, () => rng.below(20) / 16));
        const expected = naiveCover(
          draws.map((draw) => draw.map((x) => -x)),
          0.5,
          0.25,
        );
        asked(onlineCover({ replicas: members, psi: 0.5, epsilon: 0.25 }), draws).forEach((p, i) => {
          expect(Math.abs(p - expected[i])).toBeLessThanOrEqual(1e-12);
        });
      }),
      { seed: 1, numRuns: 300 },
    );
  });

  it('covers what is nearly as good, where bagging stays with what is best', () => {
    const draws = Array.from({ length: 10 }, () => [0.5, 0.49, 0.1]);
    const bagged = asked(bootstrapThompson({ epsilon: 0 }), draws);
    const covered = asked(onlineCover({ epsilon: 0.1 }), draws);
    expect(bagged).toEqual([1, 0, 0]);
    expect(covered[1]).toBeGreaterThan(0.2);
    expect(asked(onlineCover({ psi: 0, epsilon: 1e-9 }), draws)[0]).toBeCloseTo(1, 8);
  });

  it('has a floor that decays with what has been learnt', () => {
    const draws = [[1, 0]];
    const policy = onlineCover({ replicas: 1, decay: true, epsilon: 0.2, learned: 10_000 });
    expect(asked(policy, draws)[1]).toBeCloseTo(0.2 / Math.sqrt(20_000), 12);
    expect(asked(onlineCover({ replicas: 1, epsilon: 0.2 }), draws)[1]).toBeCloseTo(0.1, 12);
  });
});

describe('propensities that depend on the seed of the decision', () => {
  const n = 4;
  const means = [0.3, 0.29, 0.25, 0.2];
  const deviation = 0.05;

  /** One row of two cards out of four, with draws made from the decision's seed alone. */
  function problemOf(seed: Seed, drawCount: number): PageProblem {
    const drawSeed = drawSeedOf(seed);
    const rng = createRng(new Uint8Array(drawSeed.buffer.slice(0)));
    const draws = new Float64Array(n * drawCount);
    for (let m = 0; m < drawCount; m++) {
      const shared = rng.normal();
      for (let i = 0; i < n; i++) {
        draws[i * drawCount + m] = means[i] + deviation * ((i % 2 === 0 ? shared : -shared) + 0.5 * rng.normal());
      }
    }
    return {
      shelves: [
        {
          key: 5,
          order: 'policy',
          pinnedRank: -1,
          carried: false,
          minCards: 2,
          maxCards: 2,
          items: Uint32Array.of(1, 2, 3, 4),
          creators: new Uint32Array(n).fill(NO_ITEM),
          scores: Float64Array.from(means),
          count: n,
          draws,
        },
      ],
      shelfLimit: 1,
      creatorCapPerRow: 1,
      creatorCapPerPage: 1,
      examinationByCard: Float64Array.of(1, 1),
      drawCount,
    };
  }

  /** Rewards of a first and a second card: the posterior moves cards 0 and 2 together, and 1 and 3. */
  const reward = (first: number, second: number) => (first % 2 === second % 2 ? 1 : 0.1 * first);

  /** Draws pages, each from a seed of its own, and weighs them to the uniform policy; the truth is the mean over all 12 pages. */
  function estimate(choose: (problem: PageProblem, policy: Policy, seed: Seed) => { cards: number[]; p: number }) {
    const policy = thompson({ draws: 8, epsilon: 0.3 });
    const rng = createRng(4);
    const decisions = 20_000;
    let sum = 0;
    let squares = 0;
    let weights = 0;
    for (let d = 0; d < decisions; d++) {
      const seed = Uint32Array.from({ length: 4 }, () => rng.uint32());
      const { cards, p } = choose(problemOf(seed, 8), policy, seed);
      const weight = 1 / 12 / p;
      const term = weight * reward(cards[0], cards[1]);
      sum += term;
      squares += term * term;
      weights += weight;
    }
    const mean = sum / decisions;
    return { mean, se: Math.sqrt((squares / decisions - mean * mean) / decisions), weight: weights / decisions };
  }
  let truth = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) if (i !== j) truth += reward(i, j) / 12;

  const walker = createWalker();

  it('are exact: another policy is judged without bias, from as few as 8 draws', () => {
    const { mean, se, weight } = estimate((problem, policy, seed) => {
      const [row] = samplePage(problem, policy, seed, walker).rows;
      return { cards: row.cards.map(({ index }) => index), p: row.cards[0].propensity * row.cards[1].propensity };
    });
    expect(Math.abs(mean - truth)).toBeLessThan(3.5 * se);
    expect(se).toBeLessThan(0.01);
    expect(Math.abs(weight - 1)).toBeLessThan(0.03);
  });

  it('are found again from the seed in the record, bit for bit', () => {
    const policy = thompson({ draws: 8 });
    for (let d = 0; d < 50; d++) {
      const seed = Uint32Array.of(d, 2, 3, 4);
      const { rows } = samplePage(problemOf(seed, 8), policy, seed);
      const again = logProbability(problemOf(seed.slice(), 8), policy, rows);
      const logged = rows.flatMap((row) => [row.propensity, ...row.cards.map((card) => card.propensity)]);
      expect([...again.steps]).toEqual(logged);
    }
  });

  it('are wrong where one draw is held for the whole page and its shares are logged, as if it were drawn anew', () => {
    const { mean, se } = estimate((problem, policy, seed) => {
      const { draws, scores } = problem.shelves[0];
      if (draws === undefined) throw new Error('no draws');
      // A page by the first draw alone, but with a uniform choice in three of ten steps.
      const rng = createRng(seed[0]);
      const cards: number[] = [];
      let p = 1;
      walker.begin(problem);
      for (let now = walker.step(policy); now.count > 0; now = walker.step(policy)) {
        let position = drawPosition(now, problem, seed);
        if (now.kind === 'card') {
          const worth = Array.from(now.actions.subarray(0, now.count), (i) => draws[i * 8]);
          position = rng.uniform() < 0.3 ? rng.below(now.count) : worth.indexOf(Math.max(...worth));
          cards.push(now.actions[position]);
          p *= now.probabilities[position];
        }
        walker.place(position);
      }
      expect(scores.length).toBe(n);
      return { cards, p };
    });
    expect(Math.abs(mean - truth)).toBeGreaterThan(4 * se);
  });

  it('cost weight where draws are few: the figures of decision 20', () => {
    const actions = 8;
    const policyOfDraws = (M: number) => thompson({ draws: M, epsilon: 0.05 });
    const values = Float64Array.from({ length: actions }, (_, i) => 0.3 - 0.01 * i);
    const rng = createRng(3);
    const out = new Float64Array(actions);
    for (const [M, expected] of [
      [1, 17.5],
      [8, 11.6],
      [128, 6.2],
    ]) {
      let squares = 0;
      const seeds = 1500;
      for (let d = 0; d < seeds; d++) {
        const posterior = new Float64Array(actions * M);
        for (let m = 0; m < M; m++) {
          const shared = rng.normal();
          for (let i = 0; i < actions; i++) {
            const moved = 0.7 * (i % 2 === 0 ? -shared : shared) + 0.7 * rng.normal();
            posterior[i * M + m] = values[i] + 0.03 * moved;
          }
        }
        policyOfDraws(M).card(values, actions, out, stepEvidence(values, { draws: posterior, drawCount: M }));
        for (let i = 0; i < actions; i++) squares += 1 / (actions * actions * out[i]);
      }
      expect(Math.abs(squares / seeds / expected - 1)).toBeLessThan(0.03);
    }
  });

  it('leave 1 / M of the dependence between ranks that one draw for the page would have', () => {
    // Two ranks over the same candidates (as two rows of like cards): how often action 0 wins both.
    const dependence = (drawCount: number) => {
      const policy = thompson({ draws: drawCount, epsilon: 0 });
      const rng = createRng(9);
      const decisions = 10_000;
      let both = 0;
      let one = 0;
      for (let d = 0; d < decisions; d++) {
        const seed = Uint32Array.from({ length: 4 }, () => rng.uint32());
        walker.begin(problemOf(seed, drawCount));
        walker.place(0);
        const now = walker.step(policy);
        const p = now.probabilities[walker.positionOf(0)];
        both += p * p;
        one += p;
      }
      return both / decisions - (one / decisions) ** 2;
    };
    const single = dependence(1);
    expect(single).toBeGreaterThan(0.2);
    for (const M of [4, 16]) expect(Math.abs(dependence(M) / (single / M) - 1)).toBeLessThan(0.1);
  });
});
