/**
 * Laws that every policy must keep. They need no test framework: each law throws when it is broken.
 *
 *     for (const law of policyLaws(myPolicy())) test(law.name, law.run);
 */
import { strictEqual as equal, ok, throws } from 'node:assert';
import { chiSquare, chiSquareTail, createRng, noiseRace, noiseStream, type Seed } from '../../base/index.ts';
import { NO_ITEM } from '../../domain/index.ts';
import {
  createWalker,
  logProbability,
  type PageProblem,
  type Policy,
  type PolicyShelf,
  type StepEvidence,
  samplePage,
  stepEvidence,
  withSyntheticEvidence,
} from '../../policy/index.ts';
import type { Law } from '../store/law.ts';

const SUM_TOLERANCE = 1e-12;
const HUGE = 1e308;

/** Score lists that have broken policies before. */
const HARD_SCORES: readonly (readonly [name: string, scores: readonly number[]])[] = [
  ['one candidate', [0.3]],
  ['one candidate of score -Infinity', [Number.NEGATIVE_INFINITY]],
  ['equal scores', [0.1, 0.1, 0.1, 0.1, 0.1]],
  ['zeros of both signs', [0, -0, 0, -0]],
  ['huge scores', [HUGE, HUGE / 2, -HUGE, 0, HUGE]],
  ['tiny scores', [5e-324, 0, 1e-320, -5e-324]],
  ['-Infinity among finite scores', [0.1, Number.NEGATIVE_INFINITY, 0.2, Number.NEGATIVE_INFINITY]],
  ['nothing but -Infinity', [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]],
  ['+Infinity twice', [Number.POSITIVE_INFINITY, 1, Number.POSITIVE_INFINITY, -1]],
  ['infinities of both signs', [Number.POSITIVE_INFINITY, 0, Number.NEGATIVE_INFINITY]],
  ['scores far apart', [0, -1e3, -1e6, 1e3, 1e6]],
];

const EVIDENCE_SEED: Seed = Uint32Array.of(11, 22, 33, 44);
/** Σ θ_j of the shelves in the laws. */
const SHELF_SCALE = 3;

/** Writes a distribution over the first n candidates; `labels` name them, equal labels have equal evidence. */
type Distribution = (scores: Float64Array, n: number, out: Float64Array, labels?: readonly number[]) => void;

/** What a policy needs beside scores, made up: a function of a candidate's label and score. */
function evidenceFor({ needs }: Policy, scores: Float64Array, labels: readonly number[], scale: number): StepEvidence {
  if (needs.kind === 'none') return stepEvidence(scores, { scale });
  const shelf: PolicyShelf = {
    key: 1,
    order: 'policy',
    pinnedRank: -1,
    carried: false,
    minCards: 1,
    maxCards: 1,
    items: Uint32Array.from(labels),
    creators: new Uint32Array(scores.length).fill(NO_ITEM),
    scores,
    count: scores.length,
  };
  const problem: PageProblem = {
    shelves: [shelf],
    shelfLimit: 1,
    creatorCapPerRow: 1,
    creatorCapPerPage: 1,
    examinationByCard: Float64Array.of(1),
  };
  const { shelves, drawCount } = withSyntheticEvidence(problem, EVIDENCE_SEED, Math.max(1, needs.draws));
  const { deviations, sensitivities, draws } = shelves[0];
  if (deviations === undefined || sensitivities === undefined || draws === undefined) throw new Error('no evidence');
  return stepEvidence(scores, { scale, deviations, sensitivities, draws, drawCount: drawCount ?? 0 });
}

/**
 * The laws of one policy. Together they take about a second. A policy that needs more than scores is given a posterior that
 * is made up, correlated between candidates.
 */
export function policyLaws(policy: Policy): readonly Law[] {
  const numbered = (scores: Float64Array) => Array.from(scores, (_, i) => i);
  const kinds: readonly (readonly [kind: string, distribution: Distribution])[] = [
    [
      'shelves',
      (scores, n, out, labels = numbered(scores)) =>
        policy.shelf(scores, n, out, evidenceFor(policy, scores, labels, SHELF_SCALE)),
    ],
    [
      'cards',
      (scores, n, out, labels = numbered(scores)) =>
        policy.card(scores, n, out, evidenceFor(policy, scores, labels, 1)),
    ],
  ];
  const evident = (problem: PageProblem): PageProblem =>
    policy.needs.kind === 'none'
      ? problem
      : withSyntheticEvidence(problem, EVIDENCE_SEED, Math.max(1, policy.needs.draws));
  const laws: Law[] = [];
  const law = (name: string, check: () => void) => laws.push({ name, run: async () => check() });

  for (const [kind, distribution] of kinds) {
    for (const [name, scores] of HARD_SCORES) {
      law(`writes a distribution over ${kind}: ${name}`, () =>
        requireDistribution(distribution, Float64Array.from(scores)),
      );
    }
    law(`writes a distribution over ${kind}: 1,000 candidates`, () => {
      const rng = createRng(11);
      for (const spread of [1e-6, 0.1, 1, 100]) {
        requireDistribution(
          distribution,
          Float64Array.from({ length: 1000 }, () => spread * rng.normal()),
        );
      }
    });
    law(`reads and writes only the first n of its ${kind}`, () => {
      const scores = Float64Array.of(0.1, 0.2, 0.15, Number.NaN, 9);
      const out = new Float64Array(5).fill(-7);
      distribution(scores, 3, out);
      equal(out[3], -7);
      equal(out[4], -7);
      equal(scores[0], 0.1);
      const alone = new Float64Array(3);
      distribution(scores.slice(0, 3), 3, alone);
      for (let i = 0; i < 3; i++) equal(out[i], alone[i]);
    });
    law(`gives ${kind} of equal scores (and posteriors) equal probabilities`, () => {
      const out = new Float64Array(5);
      distribution(Float64Array.of(0.2, 0.1, 0.2, 0.3, 0.1), 5, out, [2, 1, 2, 3, 1]);
      ok(Math.abs(out[0] - out[2]) <= SUM_TOLERANCE);
      ok(Math.abs(out[1] - out[4]) <= SUM_TOLERANCE);
    });
    law(`gives ${kind} the same probabilities however they are listed`, () => {
      const rng = createRng(12);
      const n = 40;
      const scores = Float64Array.from({ length: n }, () => Math.round(20 * rng.normal()) / 100);
      const order = shuffled(n, 13);
      const straight = new Float64Array(n);
      const listed = new Float64Array(n);
      distribution(scores, n, straight);
      distribution(
        Float64Array.from(order, (i) => scores[i]),
        n,
        listed,
        order,
      );
      order.forEach((i, k) => {
        ok(Math.abs(straight[i] - listed[k]) <= SUM_TOLERANCE, `candidate ${i}: ${straight[i]} or ${listed[k]}`);
      });
    });
    law(`refuses NaN among ${kind}, and says what to do`, () => {
      const scores = Float64Array.of(0.1, Number.NaN, 0.2);
      throws(() => distribution(scores, 3, new Float64Array(3)), { code: 'OPTION_INVALID' });
      throws(() => distribution(scores.slice(1, 2), 1, new Float64Array(1)), { code: 'OPTION_INVALID' });
    });
    law(`is drawn from as its distribution over ${kind} says`, () => {
      const scores = Float64Array.of(0.3, 0.28, 0.25, 0.3, 0.1, 0.02, -0.2);
      const n = scores.length;
      const probabilities = new Float64Array(n);
      distribution(scores, n, probabilities);
      const labels = Uint32Array.from({ length: n }, (_, i) => 17 * i + 3);
      const counts = new Float64Array(n);
      const draws = 20_000;
      const seed = seedOf(14);
      for (let draw = 0; draw < draws; draw++) {
        counts[noiseRace(probabilities, labels, n, noiseStream(seed, draw, 1))]++;
      }
      const { statistic, degreesOfFreedom } = chiSquare(counts, probabilities, draws);
      ok(chiSquareTail(statistic, degreesOfFreedom) > 1e-4, `chi-square ${statistic} of ${degreesOfFreedom}`);
    });
  }

  law('has weights that agree with its distribution over cards, where it has weights', () => {
    if (policy.luce === undefined) return;
    const { epsilon, weights } = policy.luce;
    ok(epsilon >= 0 && epsilon <= 1);
    for (const [name, listed] of HARD_SCORES) {
      const scores = Float64Array.from(listed);
      const n = scores.length;
      const expected = new Float64Array(n);
      const written = new Float64Array(n);
      policy.card(scores, n, expected, evidenceFor(policy, scores, numbered(scores), 1));
      weights(scores, n, Math.max(...listed), written);
      const mass = written.reduce((sum, weight) => sum + weight, 0);
      for (let i = 0; i < n; i++) {
        const p = ((1 - epsilon) * written[i]) / mass + epsilon / n;
        ok(Math.abs(p - expected[i]) <= SUM_TOLERANCE, `${name}: candidate ${i} has ${p} or ${expected[i]}`);
      }
    }
  });
  law('draws the same page from the same seed, in a used walker too', () => {
    const walker = createWalker();
    for (let page = 0; page < 20; page++) {
      const problem = evident(lawProblem(page));
      const seed = seedOf(page);
      const first = JSON.stringify(samplePage(problem, policy, seed, walker));
      equal(JSON.stringify(samplePage(problem, policy, seed)), first);
      equal(JSON.stringify(samplePage(problem, policy, seed, walker)), first);
    }
  });
  law('logs propensities in (0, 1] that the walk over the page finds again, bit for bit', () => {
    const walker = createWalker();
    for (let page = 0; page < 50; page++) {
      const problem = evident(lawProblem(page));
      const { rows } = samplePage(problem, policy, seedOf(page), walker);
      const logged = rows.flatMap((row) => [row.propensity, ...row.cards.map((card) => card.propensity)]);
      const { steps, log, complete } = logProbability(problem, policy, rows, walker);
      ok(complete);
      equal(steps.length, logged.length);
      logged.forEach((p, i) => {
        ok(p > 0 && p <= 1, `step ${i}: propensity ${p}`);
        equal(steps[i], p);
      });
      ok(Number.isFinite(log));
    }
  });
  law('draws a page whose probability does not depend on how candidates are listed', () => {
    for (let page = 0; page < 20; page++) {
      const problem = evident(lawProblem(page));
      const { rows } = samplePage(problem, policy, seedOf(page));
      const orders = problem.shelves.map((shelf, s) => shuffled(shelf.count, 31 * page + s));
      const relisted = evident({
        ...lawProblem(page),
        shelves: problem.shelves.map((shelf, s) => ({
          ...shelf,
          items: Uint32Array.from(orders[s], (i) => shelf.items[i]),
          creators: Uint32Array.from(orders[s], (i) => shelf.creators[i]),
          scores: Float64Array.from(orders[s], (i) => shelf.scores[i]),
          deviations: undefined,
          sensitivities: undefined,
          draws: undefined,
        })),
      });
      const moved = rows.map((row) => ({
        shelf: row.shelf,
        cards: row.cards.map((card) => ({ index: orders[row.shelf].indexOf(card.index) })),
      }));
      const straight = logProbability(problem, policy, rows);
      const again = logProbability(relisted, policy, moved);
      straight.steps.forEach((p, i) => {
        ok(Math.abs(p - again.steps[i]) <= SUM_TOLERANCE);
      });
    }
  });
  return laws;
}

function requireDistribution(distribution: Distribution, scores: Float64Array): void {
  const n = scores.length;
  const out = new Float64Array(n).fill(Number.NaN);
  distribution(scores, n, out);
  let sum = 0;
  for (let i = 0; i < n; i++) {
    ok(out[i] >= 0 && out[i] <= 1, `candidate ${i} has probability ${out[i]}`);
    sum += out[i];
  }
  ok(Math.abs(sum - 1) <= SUM_TOLERANCE, `the probabilities sum to ${sum}`);
}

/** 0..n-1 in an order of the seed's. */
function shuffled(n: number, seed: number): number[] {
  const rng = createRng(seed);
  const order = Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

function seedOf(number: number): Seed {
  const rng = createRng(number);
  return Uint32Array.from({ length: 4 }, () => rng.uint32());
}

/** Five shelves that overlap, under caps, without declared orders: everything on the page is the policy's choice. */
function lawProblem(number: number): PageProblem {
  const rng = createRng(1000 + number);
  const shelves: PolicyShelf[] = [3, 8, 5, 12, 6].map((count, s) => {
    const items = Uint32Array.from(
      shuffled(24, 100 * number + s)
        .slice(0, count)
        .sort((a, b) => a - b),
    );
    return {
      key: 7919 * (s + 1),
      order: 'policy',
      pinnedRank: -1,
      carried: false,
      minCards: 2,
      maxCards: 5,
      items,
      creators: items.map((item) => (item % 4 === 0 ? NO_ITEM : 50 + (item % 6))),
      scores: Float64Array.from({ length: count }, () => rng.below(8) / 25),
      count,
    };
  });
  return {
    shelves,
    shelfLimit: 4,
    creatorCapPerRow: 1,
    creatorCapPerPage: 3,
    examinationByCard: Float64Array.of(1, 0.8, 0.6, 0.5, 0.4),
  };
}
