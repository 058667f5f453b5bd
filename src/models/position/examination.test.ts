import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readExamination, SURFACES, sealEpoch } from '../../domain/index.ts';
import {
  examinationErrors,
  type SimulatedPages,
  simulatePages,
  simulateWalks,
  TRUE_EXAMINATION,
} from '../../testing/index.ts';
import { fitClickRates } from './click-rates.ts';
import type { ListClicks, SubjectClicks } from './clicks.ts';
import { fitDependentClicks } from './dependent-clicks.ts';
import type { ExaminationEstimate, SurfaceEstimate } from './estimate.ts';
import { harvestExamination } from './harvest.ts';
import { fitPositionBased, startOf } from './position-based.ts';
import { type Cells, fitProduct } from './product-em.ts';

const PAGES = 4_000;
const random = simulatePages({ pages: PAGES, seed: 11, placement: 'random' });
const popular = simulatePages({ pages: PAGES, seed: 11, placement: 'popular' });
const personal = simulatePages({ pages: PAGES, seed: 11, placement: 'personal' });
const byItem = (log: SimulatedPages) => ({ ...log, subjects: log.items });
const phone = <E extends SurfaceEstimate>({ surfaces }: ExaminationEstimate<E>): E => {
  expect(surfaces.phone).toBeDefined();
  return surfaces.phone as E;
};

describe('of 4,000 pages with a known examination', () => {
  test('click rates find it where pages were drawn uniformly, and fall too steeply elsewhere', () => {
    const found = examinationErrors(phone(fitClickRates(random)));
    expect(found.shelf).toBeLessThan(0.06);
    expect(found.card).toBeLessThan(0.03);
    expect(examinationErrors(phone(fitClickRates(popular))).shelf).toBeGreaterThan(0.12);
    expect(examinationErrors(phone(fitClickRates(personal))).shelf).toBeGreaterThan(0.12);
    expect(phone(fitClickRates(popular)).shelf[4]).toBeLessThan(TRUE_EXAMINATION.shelf[4] - 0.1);
  });

  test('click rates weighted by 1 / propensity find it on pages of any policy', () => {
    const weights = Float32Array.from(personal.propensities, (p) => 1 / p);
    const found = examinationErrors(phone(fitClickRates({ ...personal, weights })));
    expect(found.shelf).toBeLessThan(0.09);
    expect(found.card).toBeLessThan(0.06);
  });

  test.each([
    ['random', random],
    ['popular', popular],
    ['personal', personal],
  ] as const)('the position-based model finds it where subjects are alike, on %s pages', (_, log) => {
    const found = phone(fitPositionBased(log));
    expect(examinationErrors(found).shelf).toBeLessThan(0.05);
    expect(examinationErrors(found).card).toBeLessThan(0.03);
    expect(found.overlap.card).toBeGreaterThan(0.9);
    // The second shelf is looked at more than the first: nothing forces the curve to fall.
    expect(found.shelf[1]).toBeGreaterThan(1.05);
  });

  test('harvesting by propensity finds it on personal pages, where items mean different things to different listeners', () => {
    const found = examinationErrors(phone(harvestExamination(byItem(personal))));
    expect(found.shelf).toBeLessThan(0.04);
    expect(found.card).toBeLessThan(0.03);
    const unweighted = examinationErrors(
      phone(harvestExamination({ ...byItem(personal), propensities: personal.propensities.map(() => 1) })),
    );
    expect(unweighted.shelf).toBeGreaterThan(found.shelf + 0.01);
  });
});

describe('the position-based model', () => {
  const logs = fc.array(
    fc.record({
      shelf: fc.nat(1),
      card: fc.nat(2),
      subject: fc.nat(3),
      views: fc.integer({ min: 10, max: 60 }),
      share: fc.double({ min: 0, max: 0.5, noNaN: true }),
    }),
    { minLength: 1, maxLength: 20 },
  );
  const cellsOf = (list: { shelf: number; card: number; subject: number; views: number; share: number }[]): Cells => ({
    size: list.length,
    shelves: Uint8Array.from(list, ({ shelf }) => shelf),
    cards: Uint8Array.from(list, ({ card }) => card),
    subjects: Uint32Array.from(list, ({ subject }) => subject),
    views: Float64Array.from(list, ({ views }) => views),
    clicks: Float64Array.from(list, ({ views, share }) => Math.floor(views * share)),
    shelfRanks: 2,
    cardRanks: 3,
    subjectCount: 4,
  });

  test('is at least as likely as what plain EM finds', () => {
    fc.assert(
      fc.property(logs, (list) => {
        const cells = cellsOf(list);
        fc.pre(cells.clicks.some((clicks) => clicks > 0));
        const start = startOf(cells, 0.3);
        const plain = plainEm(cells, 1_500);
        const { logLikelihood } = fitProduct(cells, start, { iterations: 3_000, tolerance: 1e-10 });
        expect(logLikelihood).toBeGreaterThan(plain - 1e-4);
      }),
      { numRuns: 30 },
    );
  });

  test('counts a row of weight 2 twice, ignores weight 0, and does not mind the order of rows', () => {
    const { rows } = popular;
    const few = { ...popular, rows: 8_000 };
    const half = few.weights.map((_, r) => (r < 8_000 ? 1 + (r % 2) : 0));
    const picked = Array.from({ length: 8_000 }, (_, r) => (r % 2 === 1 ? [r, r] : [r])).flat();
    const twice = rowsOf(popular, picked.toReversed());
    const weighted = fitPositionBased({ ...popular, rows, weights: half });
    expectClose(phone(weighted).card, phone(fitPositionBased(twice)).card);
    expectClose(phone(weighted).shelf, phone(fitPositionBased(twice)).shelf);
  });

  test('keeps surfaces apart', () => {
    const tv = simulatePages({ pages: 300, seed: 5, placement: 'popular', surface: 'tv' });
    const both = join(
      rowsOf(
        popular,
        Array.from({ length: 12_000 }, (_, r) => r),
      ),
      tv,
    );
    const { surfaces } = fitPositionBased(both);
    expect(Object.keys(surfaces)).toEqual(['phone', 'tv']);
    expectClose(
      surfaces.tv?.card ?? new Float64Array(8),
      fitPositionBased(tv).surfaces.tv?.card ?? new Float64Array(8),
    );
  });

  test('leaves out a surface whose first place was never clicked, and says how little subjects overlap', () => {
    const alone = rowsOf(popular, [0, 1, 2, 3, 4, 5, 6, 7]);
    const unclicked = { ...alone, clicks: new Float32Array(8) };
    expect(fitPositionBased(unclicked).surfaces.phone).toBeUndefined();
    const once = { ...alone, clicks: new Float32Array(8).fill(1) };
    expect(phone(fitPositionBased(once)).overlap).toEqual({ shelf: 0, card: 0 });
  });
});

describe('walks along a row', () => {
  const continuation = Float64Array.of(0.8, 0.7, 0.6, 0.6, 0.5, 0.5, 0.4, 0.4);

  test('the dependent click model finds what goes on after a click, and how far eyes reach', () => {
    const { log, looked, attraction } = simulateWalks(20_000, continuation, 31);
    const found = phone(fitDependentClicks(log));
    for (let k = 0; k < 7; k++) expect(Math.abs(found.continuation[k] - continuation[k])).toBeLessThan(0.05);
    expect(found.continuation[7]).toBeNaN();
    for (let k = 0; k < 8; k++) expect(Math.abs(found.card[k] - looked[k])).toBeLessThan(0.02);
    const error = attraction.reduce((sum, x, d) => sum + Math.abs(x - found.attraction[d]), 0) / attraction.length;
    expect(error).toBeLessThan(0.01);
    // What stands first is more attractive: rates fall more than examination.
    const rates = phone(fitClickRates(log)).card;
    expect(Math.abs(rates[7] - looked[7])).toBeGreaterThan(2 * Math.abs(found.card[7] - looked[7]));
  });

  test('the cascade finds how far eyes reach where the first click ends it', () => {
    const { log, looked, attraction } = simulateWalks(20_000, new Float64Array(8), 32);
    const found = phone(fitDependentClicks(log, { model: 'cascade' }));
    for (let k = 0; k < 8; k++) expect(Math.abs(found.card[k] - looked[k])).toBeLessThan(0.015);
    const error = attraction.reduce((sum, x, d) => sum + Math.abs(x - found.attraction[d]), 0) / attraction.length;
    expect(error).toBeLessThan(0.01);
  });

  test('counts of a list of two cards are those one can count by hand', () => {
    // Subject 0 clicked in 2 of 4 lists; behind its click subject 1 was not looked at, else it was clicked once of two.
    const log = listsOf([
      [1, 0],
      [1, 0],
      [0, 1],
      [0, 0],
    ]);
    const found = phone(fitDependentClicks(log, { model: 'cascade' }));
    expect([...found.attraction]).toEqual([0.5, 0.5]);
    expect([...found.card]).toEqual([1, 0.5]);
    expect([...found.shelf]).toEqual([1]);
  });

  test('refuses lists out of order and shares of clicks', () => {
    const log = listsOf([[1, 0]]);
    const code = expect.objectContaining({ code: 'EXAMPLES_INVALID' });
    expect(() => fitDependentClicks({ ...log, cardRanks: Uint8Array.of(1, 0) })).toThrow(code);
    expect(() => fitDependentClicks({ ...log, clicks: Float32Array.of(0.5, 0) })).toThrow(code);
  });
});

test('every estimate is an epoch that reads back the same', () => {
  const few = rowsOf(
    popular,
    Array.from({ length: 20_000 }, (_, r) => r),
  );
  const lists = { ...few, lists: popular.lists.slice(0, 20_000) };
  const estimates = [
    fitClickRates(few),
    fitPositionBased(few),
    harvestExamination({ ...few, propensities: popular.propensities.slice(0, 20_000) }),
    fitDependentClicks(lists),
  ];
  for (const estimate of estimates) {
    const examination = readExamination(sealEpoch(estimate.toEpoch()));
    expect(examination.method).toBe(estimate.method);
    expect(examination.surfaces.phone?.card).toEqual(phone(estimate).card);
    expect(examination.surfaces.phone?.shelf).toEqual(phone(estimate).shelf);
  }
});

test('rows that cannot be learnt from are refused', () => {
  const log = rowsOf(popular, [0, 1, 2]);
  const code = expect.objectContaining({ code: 'EXAMPLES_INVALID' });
  expect(() => fitClickRates({ ...log, rows: 4 })).toThrow(code);
  expect(() => fitClickRates({ ...log, clicks: Float32Array.of(0, 2, 0) })).toThrow(code);
  expect(() => fitClickRates({ ...log, weights: Float32Array.of(0, -1, 0) })).toThrow(code);
  expect(() => fitClickRates({ ...log, surfaces: Uint8Array.of(0, SURFACES.length, 0) })).toThrow(code);
  expect(() => harvestExamination({ ...log, propensities: Float64Array.of(1, 0, 1) })).toThrow(code);
});

// ---- ----

function rowsOf(log: SubjectClicks, rows: readonly number[]): SubjectClicks {
  return {
    rows: rows.length,
    surfaces: Uint8Array.from(rows, (r) => log.surfaces[r]),
    shelfRanks: Uint8Array.from(rows, (r) => log.shelfRanks[r]),
    cardRanks: Uint8Array.from(rows, (r) => log.cardRanks[r]),
    subjects: Uint32Array.from(rows, (r) => log.subjects[r]),
    clicks: Float32Array.from(rows, (r) => log.clicks[r]),
    weights: Float32Array.from(rows, (r) => log.weights[r]),
  };
}

function join(a: SubjectClicks, b: SubjectClicks): SubjectClicks {
  return {
    rows: a.rows + b.rows,
    surfaces: Uint8Array.of(...a.surfaces, ...b.surfaces),
    shelfRanks: Uint8Array.of(...a.shelfRanks, ...b.shelfRanks),
    cardRanks: Uint8Array.of(...a.cardRanks, ...b.cardRanks),
    subjects: Uint32Array.of(...a.subjects, ...b.subjects),
    clicks: Float32Array.of(...a.clicks, ...b.clicks),
    weights: Float32Array.of(...a.weights, ...b.weights),
  };
}

/** Subject k stands at rank k of each list. */
function listsOf(lists: readonly (readonly number[])[]): ListClicks {
  const clicks = lists.flat();
  const { length: rows } = clicks;
  return {
    rows,
    clicks: Float32Array.from(clicks),
    weights: new Float32Array(rows).fill(1),
    surfaces: new Uint8Array(rows),
    shelfRanks: new Uint8Array(rows),
    cardRanks: Uint8Array.from(lists.flatMap((list) => list.map((_, k) => k))),
    subjects: Uint32Array.from(lists.flatMap((list) => list.map((_, k) => k))),
    lists: Uint32Array.from(lists.flatMap((list, l) => list.map(() => l))),
  };
}

function expectClose(a: Float64Array, b: Float64Array): void {
  expect(a.length).toBe(b.length);
  for (let k = 0; k < a.length; k++) expect(a[k]).toBeCloseTo(b[k], 3);
}

/** EM as the literature has it, all three by posterior means, from the same start. Returns the log-likelihood. */
function plainEm(cells: Cells, rounds: number): number {
  const start = startOf(cells, 0.3);
  let [a, b, g] = [start.shelf, start.card, start.relevance];
  const rankOf = [cells.shelves, cells.cards, cells.subjects];
  for (let round = 0; round < rounds; round++) {
    const sums = [a, b, g].map((x) => new Float64Array(x.length));
    const totals = [a, b, g].map((x) => new Float64Array(x.length));
    for (let i = 0; i < cells.size; i++) {
      const [x, y, z] = [a[cells.shelves[i]], b[cells.cards[i]], g[cells.subjects[i]]];
      const without = cells.views[i] - cells.clicks[i];
      const unseen = [x * (1 - y * z), y * (1 - x * z), z * (1 - x * y)];
      unseen.forEach((share, k) => {
        sums[k][rankOf[k][i]] += cells.clicks[i] + (without * share) / (1 - x * y * z);
        totals[k][rankOf[k][i]] += cells.views[i];
      });
    }
    [a, b, g] = sums.map((sum, k) => sum.map((x, i) => (totals[k][i] > 0 ? x / totals[k][i] : 0)));
  }
  let value = 0;
  for (let i = 0; i < cells.size; i++) {
    const q = a[cells.shelves[i]] * b[cells.cards[i]] * g[cells.subjects[i]];
    if (cells.clicks[i] > 0) value += cells.clicks[i] * Math.log(q);
    value += (cells.views[i] - cells.clicks[i]) * Math.log1p(-q);
  }
  return value;
}
