import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chiSquare, chiSquareTail, createRng, noiseRace, noiseStream, type Seed } from '../base/index.ts';
import { NO_ITEM } from '../domain/index.ts';
import {
  createWalker,
  drawPosition,
  greedy,
  logProbability,
  type PageProblem,
  type Policy,
  type PolicyShelf,
  plackettLuce,
  type Step,
  samplePage,
  step,
  uniform,
} from './index.ts';

function shelf(key: number, items: number[], scores: number[], rest: Partial<PolicyShelf> = {}): PolicyShelf {
  return {
    key,
    order: 'policy',
    pinnedRank: -1,
    carried: false,
    minCards: 1,
    maxCards: 3,
    items: Uint32Array.from(items),
    creators: new Uint32Array(items.length).fill(NO_ITEM),
    scores: Float64Array.from(scores),
    count: items.length,
    ...rest,
  };
}

function problemOf(shelves: PolicyShelf[], rest: Partial<PageProblem> = {}): PageProblem {
  return {
    shelves,
    shelfLimit: 12,
    creatorCapPerRow: Number.POSITIVE_INFINITY,
    creatorCapPerPage: Number.POSITIVE_INFINITY,
    examinationByCard: Float64Array.of(1, 0.8, 0.6, 0.4),
    ...rest,
  };
}

function seeds(number: number): () => Seed {
  const rng = createRng(number);
  const seed = new Uint32Array(4);
  return () => {
    for (let word = 0; word < 4; word++) seed[word] = rng.uint32();
    return seed;
  };
}

/** A rule for the noise of a step: the labels of its stream. */
type NoiseRule = (step: Step, problem: PageProblem) => readonly [a: number, b: number];

/** What Shelfwise does. */
const freshEveryStep: NoiseRule = (now, problem) =>
  now.kind === 'shelf' ? [now.pageRank, 0] : [problem.shelves[now.shelf].key, 1 + now.cardRank];
/** hash(seed, shelf, item): one clock per card of a shelf, one per shelf, for the whole page. */
const reusedAtEveryRank: NoiseRule = (now, problem) =>
  now.kind === 'shelf' ? [0, 0] : [problem.shelves[now.shelf].key, 1];

/**
 * Draws pages and holds the frequency of every action at every prefix against its conditional probability.
 * Returns the p value of the summed chi-square.
 */
function conditionalFit(problem: PageProblem, policy: Policy, rule: NoiseRule, draws: number): number {
  const walker = createWalker();
  const next = seeds(77);
  const cells = new Map<string, { probabilities: Float64Array; counts: Float64Array }>();
  for (let draw = 0; draw < draws; draw++) {
    const seed = next();
    let prefix = '';
    walker.begin(problem);
    for (let now = walker.step(policy); now.count > 0; now = walker.step(policy)) {
      let cell = cells.get(prefix);
      if (cell === undefined) {
        cell = { probabilities: now.probabilities.slice(0, now.count), counts: new Float64Array(now.count) };
        cells.set(prefix, cell);
      }
      const stream = noiseStream(seed, ...rule(now, problem));
      const position = now.count === 1 ? 0 : noiseRace(now.probabilities, now.labels, now.count, stream);
      cell.counts[position]++;
      prefix += `${now.kind === 'shelf' ? '/' : ','}${now.actions[position]}`;
      walker.place(position);
    }
  }
  let statistic = 0;
  let degreesOfFreedom = 0;
  for (const { probabilities, counts } of cells.values()) {
    const total = counts.reduce((sum, count) => sum + count, 0);
    const here = chiSquare(counts, probabilities, total);
    statistic += here.statistic;
    degreesOfFreedom += here.degreesOfFreedom;
  }
  return chiSquareTail(statistic, degreesOfFreedom);
}

describe('the noise of a step', () => {
  const cards = problemOf([shelf(1, [1, 2, 3, 4, 5], [0.5, 0.4, 0.2, 0.1, 0])]);
  const mixed = plackettLuce({ cardTemperature: 0.1, cardEpsilon: 0.3, shelfTemperature: 0.3, shelfEpsilon: 0 });
  const pure = plackettLuce({ cardTemperature: 0.1, cardEpsilon: 0, shelfTemperature: 0.3, shelfEpsilon: 0 });
  // The shelves want the same cards: what they are worth changes as rows are placed.
  const rows = problemOf([
    shelf(1, [1, 2, 3], [0.5, 0.4, 0.3]),
    shelf(2, [1, 2, 4], [0.5, 0.4, 0.1]),
    shelf(3, [3, 5, 6], [0.3, 0.2, 0.2]),
    shelf(4, [7, 8, 9], [0.3, 0.3, 0.2]),
  ]);
  const capped = problemOf(
    [shelf(1, [1, 2, 3, 4, 5], [0.5, 0.4, 0.2, 0.1, 0], { creators: Uint32Array.of(50, 50, 51, 51, 52) })],
    { creatorCapPerRow: 1 },
  );
  const DRAWS = 20_000;

  it('fresh at every step, makes every conditional propensity true', () => {
    for (const problem of [cards, rows, capped]) {
      for (const policy of [mixed, pure]) {
        expect(conditionalFit(problem, policy, freshEveryStep, DRAWS)).toBeGreaterThan(0.001);
      }
    }
  });

  it('reused at every rank, breaks them once a uniform share is mixed in', () => {
    expect(conditionalFit(cards, mixed, reusedAtEveryRank, DRAWS)).toBeLessThan(1e-9);
    expect(conditionalFit(capped, mixed, reusedAtEveryRank, DRAWS)).toBeLessThan(1e-9);
  });

  it('reused at every rank, breaks them once values change between ranks, even for the pure model', () => {
    expect(conditionalFit(rows, pure, reusedAtEveryRank, DRAWS)).toBeLessThan(1e-9);
  });

  it('reused at every rank, is right only for constant weights, masks or not: the clocks have no memory', () => {
    expect(conditionalFit(cards, pure, reusedAtEveryRank, DRAWS)).toBeGreaterThan(0.001);
    expect(conditionalFit(capped, pure, reusedAtEveryRank, DRAWS)).toBeGreaterThan(0.001);
  });

  it('is what the sampler uses', () => {
    const next = seeds(3);
    const walker = createWalker();
    for (let draw = 0; draw < 200; draw++) {
      const seed = next();
      walker.begin(rows);
      for (let now = walker.step(mixed); now.count > 0; now = walker.step(mixed)) {
        const position = drawPosition(now, rows, seed);
        const [a, b] = freshEveryStep(now, rows);
        if (now.count > 1) {
          expect(position).toBe(noiseRace(now.probabilities, now.labels, now.count, noiseStream(seed, a, b)));
        }
        walker.place(position);
      }
    }
  });
});

describe('sampling', () => {
  it('does not change the cards of a shelf when another shelf joins the page', () => {
    const policy = plackettLuce();
    const one = shelf(11, [1, 2, 3, 4, 5, 6], [0.1, 0.12, 0.09, 0.1, 0.11, 0.1]);
    const other = shelf(12, [21, 22, 23, 24], [0.1, 0.12, 0.09, 0.1]);
    const joined = shelf(13, [31, 32, 33, 34], [0.1, 0.12, 0.09, 0.1]);
    const next = seeds(5);
    for (let draw = 0; draw < 200; draw++) {
      const seed = next().slice();
      const before = samplePage(problemOf([one, other]), policy, seed).rows;
      const after = samplePage(problemOf([joined, one, other]), policy, seed).rows;
      expect(after).toHaveLength(3);
      for (const s of [0, 1]) {
        expect(after.find((row) => row.shelf === s + 1)?.cards).toEqual(before.find((row) => row.shelf === s)?.cards);
      }
    }
  });

  it('does not change the cards of a row that come before an item that leaves', () => {
    const next = seeds(6);
    let unchanged = 0;
    for (let draw = 0; draw < 200; draw++) {
      const seed = next().slice();
      const cardsOf = (items: number[]) => {
        const problem = problemOf([
          shelf(
            11,
            items,
            items.map(() => 0.1),
            { maxCards: 4 },
          ),
        ]);
        return samplePage(problem, uniform(), seed).rows[0].cards.map(({ index }) => items[index]);
      };
      const all = cardsOf([1, 2, 3, 4, 5, 6, 7, 8]);
      const without = cardsOf([1, 2, 3, 4, 5, 6, 7]);
      const until = all.indexOf(8);
      if (until < 0) unchanged++;
      expect(without.slice(0, until < 0 ? 4 : until)).toEqual(until < 0 ? all : all.slice(0, until));
    }
    expect(unchanged).toBeGreaterThan(50);
  });

  it('shows every step to the audit, in page order, before its action is placed', () => {
    const problem = problemOf([shelf(1, [1, 2, 3], [0.1, 0.2, 0.3]), shelf(2, [1, 4], [0.1, 0.2])]);
    const seen: string[] = [];
    const { rows } = samplePage(problem, plackettLuce(), next1(), createWalker(), (now) => {
      seen.push(`${now.kind} ${now.pageRank} ${now.cardRank} ${now.count}`);
    });
    const first = problem.shelves[rows[0].shelf].count;
    expect(seen.slice(0, 3)).toEqual(['shelf 0 -1 2', `card 0 0 ${first}`, `card 0 1 ${first - 1}`]);
    expect(seen).toHaveLength(rows.reduce((sum, row) => sum + 1 + row.cards.length, 0));
  });

  it('draws each of a thousand candidates as often as it should', () => {
    const n = 1000;
    const rng = createRng(8);
    const scores = Array.from({ length: n }, () => rng.uniform() / 5);
    const problem = problemOf([shelf(1, [...Array(n).keys()], scores, { maxCards: 1 })]);
    const policy = plackettLuce();
    const { probabilities, actions } = step(problem, [], policy);
    expect([actions[0], probabilities[0]]).toEqual([0, 1]);
    const first = step(problem, [{ shelf: 0, cards: [] }], policy);
    const expected = new Float64Array(n);
    for (let k = 0; k < n; k++) expected[first.actions[k]] = first.probabilities[k];
    const counts = new Float64Array(n);
    const walker = createWalker();
    const next = seeds(9);
    const draws = 20_000;
    for (let draw = 0; draw < draws; draw++)
      counts[samplePage(problem, policy, next(), walker).rows[0].cards[0].index]++;
    const { statistic, degreesOfFreedom } = chiSquare(counts, expected, draws);
    expect(degreesOfFreedom).toBeGreaterThan(300);
    expect(chiSquareTail(statistic, degreesOfFreedom)).toBeGreaterThan(0.001);
  });
});

function next1(): Seed {
  return Uint32Array.of(9, 8, 7, 6);
}

describe('log-probability', () => {
  const problem = problemOf([
    shelf(1, [1, 2, 3], [0.1, 0.2, 0.3], { maxCards: 2 }),
    shelf(2, [3, 4], [0.4, 0.4], { maxCards: 2 }),
  ]);

  it('sums to 1 over all pages', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(plackettLuce(), uniform(), greedy()),
        fc.double({ min: -1, max: 1 }),
        (policy, score) => {
          const varied = problemOf([
            ...problem.shelves,
            shelf(3, [2, 4, 5], [score || 0, 0.2, 0.1], { order: 'defined', pinnedRank: 1, maxCards: 2 }),
          ]);
          let mass = 0;
          const walker = createWalker();
          const visit = (rows: { shelf: number; cards: { index: number }[] }[]) => {
            const { count, kind, actions } = step(varied, rows, policy, walker);
            if (count === 0) {
              mass += Math.exp(logProbability(varied, policy, rows, walker).log);
              return;
            }
            for (const action of [...actions.subarray(0, count)]) {
              if (kind === 'shelf') visit([...rows, { shelf: action, cards: [] }]);
              else {
                const last = rows[rows.length - 1];
                visit([...rows.slice(0, -1), { shelf: last.shelf, cards: [...last.cards, { index: action }] }]);
              }
            }
          };
          visit([]);
          expect(mass).toBeCloseTo(1, 12);
        },
      ),
      { numRuns: 30, seed: 1 },
    );
  });

  it('is the logarithm of the product of the steps', () => {
    const { rows } = samplePage(problem, plackettLuce(), next1());
    const { log, steps, complete } = logProbability(problem, plackettLuce(), rows);
    expect(complete).toBe(true);
    expect(steps).toHaveLength(rows.length + rows.reduce((sum, row) => sum + row.cards.length, 0));
    expect(Math.exp(log)).toBeCloseTo(
      steps.reduce((product, p) => product * p, 1),
      14,
    );
  });

  it('walks on where the policy would not go, for masks depend on the prefix alone', () => {
    const rows = [
      { shelf: 0, cards: [{ index: 0 }, { index: 1 }] },
      { shelf: 1, cards: [{ index: 1 }, { index: 0 }] },
    ];
    const { log, steps, complete } = logProbability(problem, greedy(), rows);
    expect(log).toBe(Number.NEGATIVE_INFINITY);
    expect(complete).toBe(true);
    // Shelf 1 is worth more, card 2 scores highest, then card 1; afterwards only shelf 1 is left, its cards tie.
    expect([...steps]).toEqual([0, 0, 0, 1, 0.5, 1]);
  });

  it('ends at a masked action, a missing card, a missing row and a row too many', () => {
    const walk = (rows: { shelf: number; cards: { index: number }[] }[]) => {
      const { log, steps, complete } = logProbability(problem, uniform(), rows);
      expect(log).toBe(Number.NEGATIVE_INFINITY);
      expect(complete).toBe(false);
      return [...steps];
    };
    const row = (s: number, ...cards: number[]) => ({ shelf: s, cards: cards.map((index) => ({ index })) });
    expect(walk([row(0, 2, 2), row(1, 1)])).toEqual([0.5, 1 / 3, 0]);
    expect(walk([row(0, 2), row(1, 1)])).toEqual([0.5, 1 / 3, 0]);
    expect(walk([row(0, 2, 1)])).toEqual([0.5, 1 / 3, 0.5]);
    expect(walk([row(0, 2, 1), row(1, 1), row(0, 0)])).toEqual([0.5, 1 / 3, 0.5, 1, 1, 0]);
    expect(walk([])).toEqual([]);
  });
});
