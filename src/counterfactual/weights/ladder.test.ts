import { describe, expect, it } from 'vitest';
import { createRng, hash32 } from '../../base/index.ts';
import { NO_ITEM } from '../../domain/index.ts';
import {
  createWalker,
  type PageProblem,
  type Policy,
  type PolicyShelf,
  plackettLuce,
  type Step,
  uniform,
} from '../../policy/index.ts';
import { AssumptionGauge, AssumptionMeter, type Drawer, scaledCost } from './assumption.ts';
import { Ladder, type LoggedRows } from './ladder.ts';
import { RUNGS, type Rung } from './rung-products.ts';

type Candidate = readonly [item: number, creator: number, score: number];

function shelf(id: string, rows: readonly Candidate[], rest: Partial<PolicyShelf> = {}): PolicyShelf {
  return {
    key: hash32(id),
    order: 'policy',
    pinnedRank: -1,
    carried: false,
    minCards: 1,
    maxCards: 2,
    items: Uint32Array.from(rows, ([item]) => item),
    creators: Uint32Array.from(rows, ([, creator]) => creator),
    scores: Float64Array.from(rows, ([, , score]) => score),
    count: rows.length,
    ...rest,
  };
}

const alone = (item: number, score: number): Candidate => [item, NO_ITEM, score];

/** Shelves that want the same cards, a creator at its cap, a carried row, a defined row, a pin; rows of one and of two cards. */
const entangled: PageProblem = {
  shelves: [
    shelf('recent', [alone(1, 0.2), alone(2, 0.1)], { order: 'defined', pinnedRank: 0 }),
    shelf('similar', [[3, 100, 0.3], [4, 100, 0.15], alone(5, 0.25)]),
    shelf('recommended', [[3, 100, 0.2], alone(5, 0.05), alone(6, 0.15)], { minCards: 2 }),
    shelf('popular', [[3, 100, 0.3], alone(6, 0.2)], { maxCards: 1 }),
    shelf('kept', [alone(9, 0.1)], { order: 'defined', carried: true, pinnedRank: 2 }),
  ],
  shelfLimit: 4,
  creatorCapPerRow: 1,
  creatorCapPerPage: 1,
  examinationByCard: Float64Array.of(1, 0.5),
};

/** No card is wanted twice, no cap binds: what is drawn in one row does not bear on what may be drawn in another. */
const apart: PageProblem = {
  shelves: [
    shelf('a', [alone(1, 0.3), alone(2, 0.1), alone(3, 0.2)]),
    shelf('b', [alone(4, 0.25), alone(5, 0.05)], { maxCards: 1 }),
    shelf('c', [alone(6, 0.1), alone(7, 0.15)]),
  ],
  shelfLimit: 2,
  creatorCapPerRow: Number.POSITIVE_INFINITY,
  creatorCapPerPage: Number.POSITIVE_INFINITY,
  examinationByCard: Float64Array.of(1, 0.5),
};

/** Besides, every shelf has a rank of its own. */
const pinned: PageProblem = {
  ...apart,
  shelfLimit: 3,
  shelves: apart.shelves.map((one, pinnedRank) => ({ ...one, pinnedRank })),
};

const logging = plackettLuce({ shelfTemperature: 0.3, cardTemperature: 0.2, shelfEpsilon: 0.2, cardEpsilon: 0.2 });
const target = plackettLuce({ shelfTemperature: 0.1, cardTemperature: 0.07, shelfEpsilon: 0.05, cardEpsilon: 0.05 });

interface Card {
  index: number;
  propensity: number;
  forced: boolean;
}
interface Row extends Card {
  shelf: number;
  cards: Card[];
}

/** All pages with their probabilities, by the policy that `by` names for each step. */
function pagesOf(
  problem: PageProblem,
  by: (step: Step) => Policy,
): readonly { readonly rows: Row[]; readonly p: number }[] {
  const walker = createWalker();
  const pages: { rows: Row[]; p: number }[] = [];
  const visit = (rows: readonly Row[], p: number): void => {
    walker.begin(problem);
    for (const row of rows) {
      walker.advance(row.shelf);
      for (const card of row.cards) walker.advance(card.index);
    }
    const step = walker.step(by(walker.step(uniform())));
    const { kind, count, forced } = step;
    if (count === 0) {
      pages.push({ rows: [...rows], p });
      return;
    }
    const actions = step.actions.slice(0, count);
    step.probabilities.slice(0, count).forEach((propensity, k) => {
      if (propensity === 0) return;
      const card = { index: actions[k], propensity, forced };
      const last = rows[rows.length - 1];
      const next =
        kind === 'shelf'
          ? [...rows, { ...card, shelf: actions[k], cards: [] }]
          : [...rows.slice(0, -1), { ...last, cards: [...last.cards, card] }];
      visit(next, p * propensity);
    });
  };
  visit([], 1);
  return pages;
}

/** Reward of the card at a place of a page. */
type Reward = (rows: LoggedRows, r: number, j: number) => number;

const noise = (text: string): number => (hash32(text) >>> 0) / 2 ** 32;
const shelvesTo = (rows: LoggedRows, r: number): string =>
  rows
    .slice(0, r + 1)
    .map((row) => row.shelf)
    .join('-');
const cardsTo = (rows: LoggedRows, r: number, j: number): string =>
  rows[r].cards
    .slice(0, j + 1)
    .map(({ index }) => index)
    .join('-');

/** Arbitrary functions of what each rung takes a reward to depend on. */
const REWARDS: Readonly<Record<Rung | 'page', Reward>> = {
  page: (rows, r, j) =>
    noise(`${JSON.stringify(rows.map((row) => [row.shelf, row.cards.map((c) => c.index)]))} ${r} ${j}`),
  prefix: (rows, r, j) =>
    noise(
      `${rows
        .slice(0, r)
        .map((row, above) => `${row.shelf}:${cardsTo(rows, above, 99)}`)
        .join('/')} ${rows[r].shelf} ${cardsTo(rows, r, j)}`,
    ),
  above: (rows, r, j) => noise(`${shelvesTo(rows, r)} ${cardsTo(rows, r, j)}`),
  row: (rows, r, j) => noise(`${rows[r].shelf} ${cardsTo(rows, r, j)}`),
  item: (rows, r, j) => noise(`${rows[r].shelf} ${rows[r].cards[j].index} ${r} ${j}`),
};

/** Expected reward of the cards that count, by the very probabilities of the pages. */
function truth(problem: PageProblem, policy: Policy, reward: Reward): number {
  let value = 0;
  for (const { rows, p } of pagesOf(problem, () => policy)) {
    for (const [r, row] of rows.entries()) {
      if (problem.shelves[row.shelf].carried) continue;
      for (const j of row.cards.keys()) value += p * reward(rows, r, j);
    }
  }
  return value;
}

/** E_logged of the estimate: by every page that the logging policy can draw. */
function expectation(
  problem: PageProblem,
  reward: Reward,
  weightOf: (page: NonNullable<ReturnType<Ladder['weigh']>>, card: number) => number,
  from: Policy = logging,
  to: Policy = target,
): number {
  const ladder = new Ladder();
  let value = 0;
  for (const { rows, p } of pagesOf(problem, () => from)) {
    const page = ladder.weigh(problem, rows, to);
    if (page === undefined) throw new Error('a page cannot be walked');
    for (let k = 0; k < page.cards; k++) {
      value += p * weightOf(page, k) * reward(rows, page.shelfRanks[k], page.cardRanks[k]);
    }
  }
  return value;
}

const rungValue = (problem: PageProblem, reward: Reward, rung: Rung): number =>
  expectation(problem, reward, (page, k) => page.weights[rung][k]);

/** Does the weight of a rung at place (r, j) take in this step? */
const TAKES_IN: Readonly<Record<Rung, (step: Step, r: number, j: number) => boolean>> = {
  prefix: (step, r, j) => step.pageRank < r || (step.pageRank === r && step.cardRank <= j),
  above: (step, r, j) => (step.kind === 'shelf' ? step.pageRank <= r : step.pageRank === r && step.cardRank <= j),
  row: (step, r, j) => step.pageRank === r && step.cardRank <= j,
  item: (step, r, j) => step.pageRank === r && (step.kind === 'shelf' || step.cardRank === j),
};

describe('the ladder of weights, over every page that the log can hold', () => {
  it('is exact at the whole prefix for any reward that does not depend on what stands below', () => {
    for (const problem of [entangled, apart, pinned]) {
      for (const reward of [REWARDS.prefix, REWARDS.above, REWARDS.row, REWARDS.item]) {
        expect(rungValue(problem, reward, 'prefix')).toBeCloseTo(truth(problem, target, reward), 12);
      }
    }
  });

  it('is exact with the product of the page for any reward at all, where the prefix is not', () => {
    const value = truth(entangled, target, REWARDS.page);
    expect(expectation(entangled, REWARDS.page, ({ page }) => page)).toBeCloseTo(value, 12);
    expect(Math.abs(rungValue(entangled, REWARDS.page, 'prefix') - value)).toBeGreaterThan(1e-4);
  });

  it('is exact at the lower rungs where what they assume holds', () => {
    expect(rungValue(apart, REWARDS.above, 'above')).toBeCloseTo(truth(apart, target, REWARDS.above), 12);
    expect(rungValue(pinned, REWARDS.row, 'row')).toBeCloseTo(truth(pinned, target, REWARDS.row), 12);
    const single = { ...pinned, shelves: pinned.shelves.map((one) => ({ ...one, maxCards: 1 })) };
    expect(rungValue(single, REWARDS.item, 'item')).toBeCloseTo(truth(single, target, REWARDS.item), 12);
  });

  it('estimates, at each rung, the policy that draws its steps as the target does and all others as the log did', () => {
    for (const rung of RUNGS) {
      let value = 0;
      for (let r = 0; r < entangled.shelfLimit; r++) {
        for (let j = 0; j < 2; j++) {
          const hybrid = pagesOf(entangled, (step) => (TAKES_IN[rung](step, r, j) ? target : logging));
          for (const { rows, p } of hybrid) {
            if (rows[r]?.cards[j] === undefined || entangled.shelves[rows[r].shelf].carried) continue;
            value += p * REWARDS.page(rows, r, j);
          }
        }
      }
      expect(rungValue(entangled, REWARDS.page, rung)).toBeCloseTo(value, 12);
    }
  });

  it('is off, where an assumption fails, by what the steps left out would have changed, and no lower rung is nearer here', () => {
    const value = truth(entangled, target, REWARDS.prefix);
    const served = truth(entangled, logging, REWARDS.prefix);
    const off = RUNGS.map((rung) => Math.abs(rungValue(entangled, REWARDS.prefix, rung) - value) / value);
    expect(off.map((share) => Number(share.toFixed(4)))).toEqual([0, 0.0108, 0.032, 0.0387]);
    expect(Math.abs(served - value) / value).toBeGreaterThan(0.01);
  });

  it('is unbiased in its doubly robust form at every rung for any reward model, good or bad', () => {
    const byShelf = entangled.shelves.map(({ items, count }, s) =>
      Float64Array.from({ length: count }, (_, i) => 3 * noise(`model ${s} ${items[i]}`) - 1),
    );
    const factor = (r: number, j: number) => 1 / (1 + r + 2 * j);
    const means = {
      row: (s: number, r: number) => 2 - r + s,
      right: (r: number, j: number) => 1 + r - j,
      below: (r: number) => 3 - r,
    };
    const values = { byShelf, factor, means };
    const ladder = new Ladder();
    for (const rung of RUNGS) {
      let value = 0;
      let control = 0;
      let spread = 0;
      for (const { rows, p } of pagesOf(entangled, () => logging)) {
        const page = ladder.weigh(entangled, rows, target, values);
        if (page === undefined) throw new Error('a page cannot be walked');
        control += p * page.control[rung];
        spread += p * Math.abs(page.control[rung]);
        for (let k = 0; k < page.cards; k++) {
          const reward = REWARDS.prefix(rows, page.shelfRanks[k], page.cardRanks[k]);
          value += p * (page.weights[rung][k] * (reward - page.predicted[k]) + page.before[rung][k] * page.expected[k]);
        }
      }
      expect(value).toBeCloseTo(rungValue(entangled, REWARDS.prefix, rung), 12);
      expect(spread).toBeGreaterThan(0.01);
      expect(control).toBeCloseTo(0, 12);
    }
  });

  it('has a variance, with a good reward model and its control, that is a fraction of the plain one', () => {
    const byShelf = apart.shelves.map(({ scores }) => scores);
    const factor = (r: number, j: number) => 1 / (1 + r + j);
    const ladder = new Ladder();
    // Rewards are what q̂ says; what places earn is the mean over the log's pages.
    const earned = new Float64Array(16);
    const shown = new Float64Array(16);
    const earnedOf = new Float64Array(16);
    const shownOf = new Float64Array(16);
    for (const { rows, p } of pagesOf(apart, () => logging)) {
      for (const [r, row] of rows.entries()) {
        shownOf[4 * row.shelf + r] += p;
        for (const [j, { index }] of row.cards.entries()) {
          const reward = factor(r, j) * byShelf[row.shelf][index];
          earned[4 * r + j] += p * reward;
          shown[4 * r + j] += p;
          earnedOf[4 * row.shelf + r] += p * reward;
        }
      }
    }
    const sum = (from: number, to: number): number => earned.slice(from, to).reduce((total, one) => total + one, 0);
    const means = {
      row: (s: number, r: number) => earnedOf[4 * s + r] / shownOf[4 * s + r],
      right: (r: number, j: number) => sum(4 * r + j + 1, 4 * r + 4) / shown[4 * r + j],
      below: (r: number) => sum(4 * r + 4, 16) / shown[4 * r],
    };
    const values = { byShelf, factor, means };
    for (const rung of RUNGS) {
      const moments = [0, 1, 2].map(() => ({ mean: 0, square: 0 }));
      for (const { rows, p } of pagesOf(apart, () => logging)) {
        const page = ladder.weigh(apart, rows, target, values);
        if (page === undefined) throw new Error('a page cannot be walked');
        const sums = [0, 0, 0];
        for (let k = 0; k < page.cards; k++) {
          const reward = page.predicted[k];
          sums[0] += page.weights[rung][k] * reward;
          sums[1] += page.before[rung][k] * page.expected[k];
        }
        sums[2] = sums[1] + page.control[rung];
        sums.forEach((sum, form) => {
          moments[form].mean += p * sum;
          moments[form].square += p * sum * sum;
        });
      }
      const [plain, robust, controlled] = moments.map(({ mean, square }) => square - mean ** 2);
      expect(robust).toBeLessThan(plain);
      expect(controlled).toBeLessThan(0.25 * plain);
    }
  });

  it('counts what a page holds where policies fill it with different numbers of cards', () => {
    const one: Reward = () => 1;
    // The target prefers the row of one card, which the log shows less often.
    const shelves = apart.shelves.map((own, s) => (s === 1 ? { ...own, scores: Float64Array.of(0.6, 0.5) } : own));
    const uneven = { ...apart, shelves };
    const cards = truth(uneven, target, one);
    expect(Math.abs(cards - truth(uneven, logging, one))).toBeGreaterThan(0.05);
    expect(rungValue(uneven, one, 'prefix')).toBeCloseTo(cards, 12);
    expect(rungValue(uneven, one, 'above')).toBeCloseTo(cards, 12);
  });

  it('has weights of mean 1 at every place, lacking places included', () => {
    const ladder = new Ladder();
    for (const problem of [entangled, apart]) {
      for (const rung of RUNGS) {
        const mean = new Map<string, number>();
        for (const { rows, p } of pagesOf(problem, () => logging)) {
          const page = ladder.weigh(problem, rows, target);
          if (page === undefined) throw new Error('a page cannot be walked');
          const own = new Map<string, number>();
          for (let k = 0; k < page.cards; k++)
            own.set(`${page.shelfRanks[k]} ${page.cardRanks[k]}`, page.weights[rung][k]);
          for (let r = 0; r < 5; r++) {
            for (let j = 0; j < 3; j++) {
              const place = `${r} ${j}`;
              mean.set(place, (mean.get(place) ?? 0) + p * (own.get(place) ?? page.absent(rung, r)));
            }
          }
        }
        for (const value of mean.values()) expect(value).toBeCloseTo(1, 12);
      }
    }
  });

  it('weighs the policy that drew the page with 1 throughout, and leaves carried rows out', () => {
    const ladder = new Ladder();
    for (const { rows } of pagesOf(entangled, () => logging)) {
      const page = ladder.weigh(entangled, rows, logging);
      expect(page?.page).toBe(1);
      expect(page?.differing).toBe(0);
      const drawnRows = rows.filter((row) => !entangled.shelves[row.shelf].carried);
      expect(page?.cards).toBe(drawnRows.reduce((sum, row) => sum + row.cards.length, 0));
      for (const rung of RUNGS) {
        expect([...(page?.weights[rung].subarray(0, page.cards) ?? [])].every((w) => w === 1)).toBe(true);
      }
    }
  });

  it('says of which cards the target is certain', () => {
    const ladder = new Ladder();
    const sure = plackettLuce({ shelfTemperature: 1e-6, cardTemperature: 1e-6, shelfEpsilon: 0, cardEpsilon: 0 });
    let matched = 0;
    for (const { rows, p } of pagesOf(apart, () => logging)) {
      const page = ladder.weigh(apart, rows, sure);
      if (page === undefined) throw new Error('a page cannot be walked');
      for (let k = 0; k < page.cards; k++) {
        const { weights, matches } = page;
        expect(matches.prefix[k] === 1).toBe(weights.prefix[k] > 0);
        if (matches.prefix[k] === 1 && k === 0) matched += p * weights.prefix[k];
      }
    }
    expect(matched).toBeCloseTo(1, 12);
  });

  it('refuses what is no probability, and does not walk what the rules mask', () => {
    const [{ rows }] = pagesOf(apart, () => logging);
    for (const propensity of [0, -0.1, 1.2, Number.NaN]) {
      const wrong = rows.map((row, r) => (r === 0 ? { ...row, propensity } : row));
      expect(() => new Ladder().weigh(apart, wrong, target)).toThrow(
        expect.objectContaining({ code: 'OPE_PROPENSITY_RANGE' }),
      );
    }
    expect(new Ladder().weigh(apart, rows.slice(0, -1), target)).toBeUndefined();
    expect(new Ladder().weigh(apart, [rows[0], rows[0]], target)).toBeUndefined();
  });
});

describe('what a rung takes for granted', () => {
  const factor = (r: number, j: number): number => 1 / (1 + r + 0.5 * j);
  const valuesOf = ({ shelves }: PageProblem) => ({
    // Cards that stand in several rows' ways are the ones that earn.
    byShelf: shelves.map(({ items, scores }) => Float64Array.from(items, (item, i) => scores[i] + (item < 5 ? 1 : 0))),
    factor,
  });
  /** By every page that there is: what the rung's weights make of q̂, less what π's pages hold of it. */
  const exactCost = (problem: PageProblem, rung: Rung): number => {
    const values = valuesOf(problem);
    const ladder = new Ladder();
    let cost = 0;
    for (const { rows, p } of pagesOf(problem, () => logging)) {
      const page = ladder.weigh(problem, rows, target, values);
      if (page === undefined) throw new Error('no page');
      for (let c = 0; c < page.cards; c++) cost += p * page.weights[rung][c] * page.predicted[c];
    }
    for (const { rows, p } of pagesOf(problem, () => target)) {
      for (const [r, { shelf: s, cards }] of rows.entries()) {
        if (problem.shelves[s].carried) continue;
        for (const [j, { index }] of cards.entries()) cost -= p * factor(r, j) * values.byShelf[s][index];
      }
    }
    return cost;
  };

  it('is told by drawing alone, where rows want the same cards', () => {
    const gauge = new AssumptionGauge();
    const rng = createRng(8);
    for (const rung of RUNGS) {
      const exact = exactCost(entangled, rung);
      const draws = 6000;
      let [sum, squares] = [0, 0];
      for (let k = 0; k < draws; k++) {
        const seed = Uint32Array.of(rng.uint32(), rng.uint32(), rng.uint32(), rng.uint32());
        const drawers = [logging, target].map((policy) => ({ problem: entangled, policy })) as [Drawer, Drawer];
        const cost = gauge.cost(rung, ...drawers, valuesOf(entangled), seed);
        sum += cost;
        squares += cost * cost;
      }
      const error = Math.sqrt((squares / draws - (sum / draws) ** 2) / draws);
      expect(Math.abs(sum / draws - exact)).toBeLessThan(4 * error + 1e-12);
      if (rung !== 'prefix') expect(Math.abs(exact)).toBeGreaterThan(6 * error);
    }
  });

  it('is nothing at `above` where no row bears on another, and for the policy that logged', () => {
    const gauge = new AssumptionGauge();
    const seed = Uint32Array.of(1, 2, 3, 4);
    for (const [problem, policy, rungs] of [
      [apart, target, ['prefix', 'above']],
      [entangled, logging, RUNGS],
    ] as const) {
      for (const rung of rungs) {
        const cost = gauge.cost(rung, { problem, policy: logging }, { problem, policy }, valuesOf(problem), seed);
        expect(cost).toBe(0);
      }
    }
  });

  it('is measured by listener: draws of one are no independent evidence', () => {
    const [apart, together] = [new AssumptionMeter(), new AssumptionMeter()];
    const rng = createRng(3);
    const costs = Array.from({ length: 40 }, () => rng.uniform());
    for (const [l, cost] of costs.entries()) {
      apart.add(l, cost);
      for (let k = 0; k < 5; k++) together.add(`l${l}`, cost);
    }
    const mean = costs.reduce((sum, cost) => sum + cost, 0) / 40;
    const squares = costs.reduce((sum, cost) => sum + (cost - mean) ** 2, 0);
    for (const [meter, draws] of [
      [apart, 40],
      [together, 200],
    ] as const) {
      const summary = meter.summary();
      expect(summary?.draws).toBe(draws);
      expect(summary?.mean).toBeCloseTo(mean, 12);
      expect(summary?.standardError).toBeCloseTo(Math.sqrt(squares / 39 / 40), 12);
    }
    expect(scaledCost({ mean: 1, standardError: 0.5, draws: 40 }, 3)).toEqual({
      mean: 3,
      standardError: 1.5,
      draws: 40,
    });
  });

  it('is not known by a few draws, or by those of a few listeners', () => {
    const few = new AssumptionMeter();
    for (let l = 0; l < 29; l++) few.add(l, 0.1);
    expect(few.summary()).toBeUndefined();
    few.add(0, 0.1);
    expect(few.summary()).toMatchObject({ draws: 30, standardError: expect.closeTo(0, 12) });
    const alike = new AssumptionMeter();
    for (let k = 0; k < 100; k++) alike.add(k % 9, 0.1);
    expect(alike.summary()).toBeUndefined();
  });
});
