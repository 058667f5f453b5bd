// Longer than a file should be: the naive reference of `step` stands beside all that is held against it.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { NO_ITEM } from '../domain/index.ts';
import {
  createWalker,
  greedy,
  type PagePrefix,
  type PageProblem,
  type Policy,
  type PolicyShelf,
  plackettLuce,
  type Step,
  samplePage,
  step,
  stepEvidence,
  uniform,
  type Walker,
} from './index.ts';

const MINUS_INFINITY = Number.NEGATIVE_INFINITY;

function shelf(rest: Partial<PolicyShelf> & { key: number; items: Uint32Array }): PolicyShelf {
  const count = rest.items.length;
  return {
    order: 'policy',
    pinnedRank: -1,
    carried: false,
    minCards: 1,
    maxCards: 3,
    creators: new Uint32Array(count).fill(NO_ITEM),
    scores: new Float64Array(count).fill(0.1),
    count,
    ...rest,
  };
}

function problemOf(shelves: PolicyShelf[], rest: Partial<PageProblem> = {}): PageProblem {
  return {
    shelves,
    shelfLimit: 12,
    creatorCapPerRow: Number.POSITIVE_INFINITY,
    creatorCapPerPage: Number.POSITIVE_INFINITY,
    examinationByCard: Float64Array.of(1, 0.8, 0.6, 0.4, 0.2, 0.1),
    ...rest,
  };
}

const items = (...numbers: number[]) => Uint32Array.from(numbers);
const scores = (...numbers: number[]) => Float64Array.from(numbers);
const SEED = Uint32Array.of(1, 2, 3, 4);
const chosen = (problem: PageProblem, policy: Policy = greedy()) =>
  samplePage(problem, policy, SEED).rows.map((row) => [
    row.shelf,
    ...row.cards.map((card) => problem.shelves[row.shelf].items[card.index]),
  ]);

/** The items that rows hold from the start, each with its shelf: carried rows all of theirs, then defined rows their head. */
function heldItems(problem: PageProblem): Map<number, number> {
  const holder = new Map<number, number>();
  let holders = 0;
  const hold = (s: number) => {
    const { carried, order, holds, pinnedRank, items, creators, count, minCards, maxCards } = problem.shelves[s];
    if (
      order === 'policy' ||
      (holds === 0 && !carried) ||
      pinnedRank >= problem.shelfLimit ||
      holders === problem.shelfLimit
    )
      return;
    const inRow = new Map<number, number>();
    const free = Array.from({ length: count }, (_, index) => index).filter((index) => {
      if (holder.has(items[index])) return false;
      if (carried || creators[index] === NO_ITEM) return true;
      const ofCreator = (inRow.get(creators[index]) ?? 0) + 1;
      inRow.set(creators[index], ofCreator);
      return ofCreator <= problem.creatorCapPerRow;
    });
    const least = Math.max(1, minCards);
    if (free.length < least) return;
    const most = carried ? maxCards : Math.min(maxCards, Math.max(least, holds ?? 0));
    for (const index of free.slice(0, most)) holder.set(items[index], s);
    holders++;
  };
  const numbers = problem.shelves.map((_, s) => s);
  for (const s of numbers) if (problem.shelves[s].carried) hold(s);
  for (const s of numbers) if (!problem.shelves[s].carried) hold(s);
  return holder;
}

/** What `step` must answer, worked out in the obvious way from the prefix alone. */
function naiveStep(problem: PageProblem, prefix: PagePrefix, policy: Policy) {
  const held = heldItems(problem);
  const placedItems = new Set<number>();
  const creatorsOnPage = new Map<number, number>();
  const count = (map: Map<number, number>, creator: number) => map.get(creator) ?? 0;
  const add = (map: Map<number, number>, creator: number) => {
    if (creator !== NO_ITEM) map.set(creator, count(map, creator) + 1);
  };
  const candidates = (s: number) => {
    const { items, creators, scores, count, order } = problem.shelves[s];
    const list = Array.from({ length: count }, (_, index) => ({
      index,
      item: items[index],
      creator: creators[index],
      score: scores[index],
    }));
    return order === 'defined' ? list : list.sort((a, b) => b.score - a.score || a.item - b.item);
  };
  const gone = (s: number, item: number) => placedItems.has(item) || (held.get(item) ?? s) !== s;
  for (const [item, s] of held) {
    add(creatorsOnPage, problem.shelves[s].creators[problem.shelves[s].items.indexOf(item)]);
  }
  const capLeft = (s: number, creator: number, inRow: Map<number, number>) => {
    const { carried, order } = problem.shelves[s];
    if (creator === NO_ITEM || carried) return Number.POSITIVE_INFINITY;
    const row = problem.creatorCapPerRow - count(inRow, creator);
    return order === 'defined' ? row : Math.min(row, problem.creatorCapPerPage - count(creatorsOnPage, creator));
  };
  /** Σ_c min(n_c, cap left), at most maxCards. */
  const attainable = (s: number) => {
    const blocks = new Map<string, { n: number; left: number }>();
    for (const { index, item, creator } of candidates(s)) {
      if (gone(s, item)) continue;
      const name = creator === NO_ITEM ? `card ${index}` : `creator ${creator}`;
      const block = blocks.get(name) ?? { n: 0, left: capLeft(s, creator, new Map()) };
      block.n++;
      blocks.set(name, block);
    }
    let total = 0;
    for (const { n, left } of blocks.values()) total += Math.max(0, Math.min(n, left));
    return Math.min(total, problem.shelves[s].maxCards);
  };
  const worthOf = (s: number) => {
    const inRow = new Map<number, number>();
    let value = 0;
    let rank = 0;
    for (const { item, creator, score } of candidates(s)) {
      if (rank === problem.shelves[s].maxCards) break;
      if (gone(s, item) || capLeft(s, creator, inRow) <= 0) continue;
      // The page cap counts the row's own cards too.
      const onPage = count(inRow, creator) + count(creatorsOnPage, creator);
      if (problem.shelves[s].order === 'policy' && creator !== NO_ITEM && onPage >= problem.creatorCapPerPage) continue;
      value += problem.examinationByCard[rank++] * score;
      add(inRow, creator);
    }
    return Number.isNaN(value) ? MINUS_INFINITY : value;
  };
  const distribution = (write: Policy['card'], values: number[]) => {
    const out = new Float64Array(values.length);
    const listed = Float64Array.from(values);
    if (values.length > 0) write(listed, values.length, out, stepEvidence(listed));
    return [...out];
  };

  let rowLength = 0;
  let inRow = new Map<number, number>();
  let filled = 0;
  for (const row of prefix) {
    rowLength = attainable(row.shelf);
    inRow = new Map();
    filled = 0;
    for (const { index } of row.cards) {
      const { items, creators } = problem.shelves[row.shelf];
      placedItems.add(items[index]);
      if (held.get(items[index]) !== row.shelf) add(creatorsOnPage, creators[index]);
      add(inRow, creators[index]);
      filled++;
    }
  }
  if (filled < rowLength) {
    const s = prefix[prefix.length - 1].shelf;
    const open = candidates(s).filter(({ item, creator }) => !gone(s, item) && capLeft(s, creator, inRow) > 0);
    const forced = problem.shelves[s].order === 'defined';
    const offered = forced ? open.slice(0, 1) : open;
    const values = offered.map(({ score }) => score);
    return {
      kind: 'card',
      actions: offered.map(({ index }) => index),
      values,
      forced,
      probabilities: forced ? [1] : distribution(policy.card, values),
    };
  }
  const rank = prefix.length;
  const stands = (s: number) => prefix.some((row) => row.shelf === s);
  const owed = [...new Set(held.values())].filter((s) => !stands(s));
  const eligible = problem.shelves
    .map((_, s) => s)
    .filter(
      (s) =>
        rank < problem.shelfLimit &&
        !stands(s) &&
        attainable(s) >= Math.max(1, problem.shelves[s].minCards) &&
        (problem.shelfLimit - rank > owed.length || owed.includes(s)),
    );
  const pins = eligible
    .filter((s) => problem.shelves[s].pinnedRank >= 0)
    .sort((a, b) => problem.shelves[a].pinnedRank - problem.shelves[b].pinnedRank);
  const here = pins.filter((s) => problem.shelves[s].pinnedRank === rank);
  const free = eligible.filter((s) => problem.shelves[s].pinnedRank < 0);
  const forced = here.length > 0 || (free.length === 0 && pins.length > 0);
  const actions = here.length > 0 ? here : free.length > 0 ? free : pins.slice(0, 1);
  const values = actions.map(worthOf);
  return {
    kind: 'shelf',
    actions,
    values,
    forced,
    probabilities: forced ? [1] : distribution(policy.shelf, values),
  };
}

/** Pages of up to six shelves over a small pool, so that they overlap, with pins, defined and carried rows, caps and hard scores. */
const problems: fc.Arbitrary<PageProblem> = fc
  .record({
    seed: fc.nat(),
    shelves: fc.integer({ min: 0, max: 6 }),
    pool: fc.integer({ min: 1, max: 30 }),
    creators: fc.integer({ min: 1, max: 6 }),
    shelfLimit: fc.integer({ min: 0, max: 6 }),
    creatorCapPerRow: fc.constantFrom(1, 2, 3, Number.POSITIVE_INFINITY),
    creatorCapPerPage: fc.constantFrom(1, 2, 4, Number.POSITIVE_INFINITY),
    scoring: fc.constantFrom('ties', 'spread', 'hard'),
  })
  .map(({ seed, shelves, pool, creators, scoring, ...limits }) => {
    const rng = createRng(seed);
    const hard = [0, MINUS_INFINITY, Number.POSITIVE_INFINITY, 1e308, -1e308, 1, 1e-300];
    const score = () =>
      scoring === 'ties' ? rng.below(4) / 10 : scoring === 'spread' ? 50 * rng.normal() : hard[rng.below(hard.length)];
    const ranks = [0, 1, 2, 3, 4, 5].sort(() => rng.uniform() - 0.5);
    return problemOf(
      Array.from({ length: shelves }, (_, s) => {
        const numbers = new Set<number>();
        for (let i = rng.below(pool + 1); i > 0; i--) numbers.add(rng.below(pool));
        const listed = Uint32Array.from(numbers);
        const maxCards = 1 + rng.below(6);
        const carried = rng.uniform() < 0.25;
        return shelf({
          key: 1000 + s,
          items: listed,
          creators: listed.map((item) => (item % 5 === 0 ? NO_ITEM : 5000 + (item % creators))),
          scores: Float64Array.from(listed, score),
          maxCards,
          minCards: rng.below(maxCards + 1),
          carried,
          order: carried || rng.uniform() < 0.3 ? 'defined' : 'policy',
          pinnedRank: carried || rng.uniform() < 0.3 ? ranks[s] : -1,
          holds: [undefined, undefined, undefined, 0, 0, 3, Number.POSITIVE_INFINITY][rng.below(7)],
        });
      }),
      limits,
    );
  });

/** Walks a page by a seed's choices, telling the prefix before every step; ends when the page does. */
function wander(
  problem: PageProblem,
  seed: number,
  walker: Walker,
  policy: Policy,
  see: (prefix: Prefix, now: Step) => void,
) {
  const rng = createRng(seed);
  const prefix: Prefix = [];
  walker.begin(problem);
  for (let now = walker.step(policy); now.count > 0; now = walker.step(policy)) {
    see(prefix, now);
    const position = rng.below(now.count);
    const action = now.actions[position];
    if (now.kind === 'shelf') prefix.push({ shelf: action, cards: [] });
    else prefix[prefix.length - 1].cards.push({ index: action });
    walker.place(position);
  }
  see(prefix, walker.step(policy));
  return prefix;
}
type Prefix = { shelf: number; cards: { index: number }[] }[];

describe('step', () => {
  const walker = createWalker();
  for (const policy of [plackettLuce(), plackettLuce({ cardEpsilon: 0, shelfEpsilon: 0 }), uniform(), greedy()]) {
    it(`agrees with the naive reference on random pages: ${policy.id} ${JSON.stringify(policy.options)}`, () => {
      fc.assert(
        fc.property(problems, fc.nat(), (problem, seed) => {
          wander(problem, seed, walker, policy, (prefix, now) => {
            const expected = naiveStep(problem, prefix, policy);
            expect(now.count).toBe(expected.actions.length);
            expect(now.forced).toBe(expected.forced);
            if (now.count > 0) expect(now.kind).toBe(expected.kind);
            for (let k = 0; k < now.count; k++) {
              const at = expected.actions.indexOf(now.actions[k]);
              expect(at).toBeGreaterThanOrEqual(0);
              expect(now.values[k]).toBe(expected.values[at]);
              expect(Math.abs(now.probabilities[k] - expected.probabilities[at])).toBeLessThanOrEqual(1e-12);
            }
          });
        }),
        { numRuns: 300, seed: 1 },
      );
    });
  }

  it('answers for a prefix, bit for bit, what a walk to that prefix answers', () => {
    const policy = plackettLuce({ cardTemperature: 0.01, cardEpsilon: 0 });
    const other = uniform();
    fc.assert(
      fc.property(problems, fc.nat(), (problem, seed) => {
        wander(problem, seed, walker, policy, (prefix, now) => {
          const afresh = step(problem, prefix, policy);
          expect([...afresh.actions.subarray(0, afresh.count)]).toEqual([...now.actions.subarray(0, now.count)]);
          const expected = now.probabilities.slice(0, now.count);
          expect([...afresh.probabilities.subarray(0, afresh.count)]).toEqual([...expected]);
          // Asking under another policy between does not disturb it.
          walker.step(other);
          expect([...walker.step(policy).probabilities.subarray(0, now.count)]).toEqual([...expected]);
        });
      }),
      { numRuns: 100, seed: 2 },
    );
  });

  it('agrees with the naive reference on a page of more shelves than fit a word', () => {
    const rng = createRng(40);
    const problem = problemOf(
      Array.from({ length: 40 }, (_, s) => {
        const numbers = new Set(Array.from({ length: 12 }, () => rng.below(80)));
        const listed = Uint32Array.from(numbers);
        return shelf({
          key: s,
          items: listed,
          creators: listed.map((item) => 900 + (item % 9)),
          scores: Float64Array.from(listed, () => rng.uniform()),
        });
      }),
      { shelfLimit: 20, creatorCapPerRow: 2, creatorCapPerPage: 5 },
    );
    const policy = plackettLuce();
    wander(problem, 1, createWalker(), policy, (prefix, now) => {
      const expected = naiveStep(problem, prefix, policy);
      const listed = [...now.actions.subarray(0, now.count)];
      expect([...listed].sort()).toEqual([...expected.actions].sort());
      expect(listed.map((_, k) => now.values[k])).toEqual(
        listed.map((action) => expected.values[expected.actions.indexOf(action)]),
      );
    });
  });

  it('fills a row to the same length whatever is drawn, and never below its minimum', () => {
    fc.assert(
      fc.property(problems, fc.array(fc.nat(), { minLength: 8, maxLength: 8 }), (problem, seeds) => {
        const lengths = new Map<string, number>();
        for (const seed of seeds) {
          const page = wander(problem, seed, walker, uniform(), () => {});
          page.forEach((row, rank) => {
            const { minCards, maxCards } = problem.shelves[row.shelf];
            expect(row.cards.length).toBeGreaterThanOrEqual(Math.max(1, minCards));
            expect(row.cards.length).toBeLessThanOrEqual(maxCards);
            const above = JSON.stringify([page.slice(0, rank), row.shelf]);
            expect(lengths.get(above) ?? row.cards.length).toBe(row.cards.length);
            lengths.set(above, row.cards.length);
          });
        }
      }),
      { numRuns: 200, seed: 3 },
    );
  });

  it('never shows an item twice, nor a row twice, nor more of a creator in a row than its cap', () => {
    fc.assert(
      fc.property(problems, fc.nat(), (problem, seed) => {
        const page = wander(problem, seed, walker, uniform(), () => {});
        const seen: number[] = [];
        for (const row of page) {
          const { items, creators, carried } = problem.shelves[row.shelf];
          const inRow = new Map<number, number>();
          for (const { index } of row.cards) {
            seen.push(items[index]);
            if (creators[index] !== NO_ITEM) inRow.set(creators[index], (inRow.get(creators[index]) ?? 0) + 1);
          }
          if (carried) continue;
          for (const count of inRow.values()) expect(count).toBeLessThanOrEqual(problem.creatorCapPerRow);
        }
        expect(new Set(seen).size).toBe(seen.length);
        expect(new Set(page.map((row) => row.shelf)).size).toBe(page.length);
        expect(page.length).toBeLessThanOrEqual(problem.shelfLimit);
      }),
      { numRuns: 300, seed: 4 },
    );
  });

  it('draws no card of a creator who has the page’s cap of cards above it or held', () => {
    let atTheCap = 0;
    fc.assert(
      fc.property(problems, fc.nat(), (problem, seed) => {
        const held = heldItems(problem);
        const onPage = new Map<number, number>();
        const count = (s: number, index: number) => {
          const creator = problem.shelves[s].creators[index];
          if (creator !== NO_ITEM) onPage.set(creator, (onPage.get(creator) ?? 0) + 1);
          return onPage.get(creator) ?? 0;
        };
        for (const [item, s] of held) count(s, problem.shelves[s].items.indexOf(item));
        for (const row of wander(problem, seed, walker, uniform(), () => {})) {
          const { items, order } = problem.shelves[row.shelf];
          for (const { index } of row.cards) {
            if (held.has(items[index])) continue;
            const cards = count(row.shelf, index);
            if (order === 'policy') expect(cards).toBeLessThanOrEqual(problem.creatorCapPerPage);
            if (cards === problem.creatorCapPerPage) atTheCap++;
          }
        }
      }),
      { numRuns: 300, seed: 4 },
    );
    expect(atTheCap).toBeGreaterThan(50);
  });
});

describe('a page', () => {
  it('keeps a card that two shelves want on the higher shelf', () => {
    fc.assert(
      fc.property(problems, fc.nat(), (problem, seed) => {
        const page = wander(problem, seed, createWalker(), uniform(), () => {});
        const held = heldItems(problem);
        page.forEach((row, rank) => {
          const { items, count, maxCards, order } = problem.shelves[row.shelf];
          const above = new Set(
            page.slice(0, rank).flatMap((r) => r.cards.map((c) => problem.shelves[r.shelf].items[c.index])),
          );
          for (const { index } of row.cards) expect(above.has(items[index])).toBe(false);
          if (order === 'defined' && problem.creatorCapPerRow === Number.POSITIVE_INFINITY) {
            const open = [...items.subarray(0, count)].filter(
              (item) => !above.has(item) && (held.get(item) ?? row.shelf) === row.shelf,
            );
            expect(row.cards.map((card) => items[card.index])).toEqual(open.slice(0, maxCards));
          }
        });
      }),
      { numRuns: 200, seed: 5 },
    );
    const problem = problemOf([
      shelf({ key: 1, items: items(1, 2, 3), scores: scores(0.9, 0.8, 0.1) }),
      shelf({ key: 2, items: items(1, 4, 5), scores: scores(0.9, 0.1, 0.1) }),
    ]);
    expect(chosen(problem)[0]).toEqual([0, 1, 2, 3]);
    expect(chosen(problem)[1].slice(1).sort()).toEqual([4, 5]);
  });

  it('values a shelf by the cards that are still to be had', () => {
    const problem = problemOf([
      shelf({ key: 1, items: items(1, 2), scores: scores(0.9, 0.8), pinnedRank: 0 }),
      shelf({ key: 2, items: items(1, 2, 3), scores: scores(0.9, 0.8, 0.1) }),
      shelf({ key: 3, items: items(4, 5, 6), scores: scores(0.2, 0.1, 0.1) }),
    ]);
    // Shelf 1 would be worth more than shelf 2, had its best cards not gone above.
    expect(chosen(problem).map(([s]) => s)).toEqual([0, 2, 1]);
    const { rows } = samplePage(problem, greedy(), SEED);
    expect(rows[1].value).toBeCloseTo(0.2 + 0.8 * 0.1 + 0.6 * 0.1, 15);
    expect(rows[2].value).toBeCloseTo(0.1, 15);
  });

  it('values a capped shelf by cards that respect the cap, and a defined one by the cards it would place', () => {
    const creators = items(50, 50, 51);
    const capped = problemOf([shelf({ key: 1, items: items(1, 2, 3), creators, scores: scores(0.9, 0.8, 0.1) })], {
      creatorCapPerRow: 1,
    });
    expect(step(capped, [], uniform()).values[0]).toBeCloseTo(0.9 + 0.8 * 0.1, 15);
    const defined = problemOf([
      shelf({ key: 1, items: items(3, 1, 2), scores: scores(0.1, 0.9, 0.8), order: 'defined', maxCards: 2 }),
    ]);
    expect(step(defined, [], uniform()).values[0]).toBeCloseTo(0.1 + 0.8 * 0.9, 15);
  });

  it('forces a pin at its rank and masks it everywhere else', () => {
    const problem = problemOf([
      shelf({ key: 1, items: items(1, 2, 3) }),
      shelf({ key: 2, items: items(4, 5, 6), pinnedRank: 1, scores: scores(9, 9, 9) }),
      shelf({ key: 3, items: items(7, 8, 9) }),
    ]);
    for (let seed = 0; seed < 20; seed++) {
      const { rows } = samplePage(problem, uniform(), Uint32Array.of(seed, 0, 0, 0));
      expect(rows.map((row) => row.shelf).sort()).toEqual([0, 1, 2]);
      expect(rows[1].shelf).toBe(1);
      expect(rows.map((row) => row.forced)).toEqual([false, true, false]);
      expect(rows.map((row) => row.propensity)).toEqual([0.5, 1, 1]);
    }
  });

  it('leaves a pin out that is not eligible at its rank', () => {
    const problem = problemOf([
      shelf({ key: 1, items: items(1, 2, 3), scores: scores(0.3, 0.2, 0.1) }),
      shelf({ key: 2, items: items(1, 2, 3, 4), pinnedRank: 1, minCards: 2, maxCards: 4 }),
    ]);
    expect(chosen(problem)).toEqual([[0, 1, 2, 3]]);
  });

  it('lets pins slide up, in the order of their ranks, where nothing else is left above them', () => {
    const pin = (key: number, pinnedRank: number) =>
      shelf({ key, items: items(10 * key, 10 * key + 1), pinnedRank, order: 'defined', scores: scores(0, 0) });
    const problem = problemOf([pin(5, 9), pin(2, 1), shelf({ key: 1, items: items(1, 2) }), pin(4, 5), pin(3, 2)]);
    const { rows } = samplePage(problem, uniform(), SEED);
    expect(rows.map((row) => row.shelf)).toEqual([2, 1, 4, 3, 0]);
    expect(rows.map((row) => row.forced)).toEqual([false, true, true, true, true]);
    expect(rows.map((row) => row.propensity)).toEqual([1, 1, 1, 1, 1]);
    // Also a pin beyond the limit; and the limit holds.
    expect(chosen({ ...problem, shelfLimit: 3 }).map(([s]) => s)).toEqual([2, 1, 4]);
    expect(chosen(problemOf([pin(2, 20)], { shelfLimit: 3 }))).toEqual([[0, 20, 21]]);
    // A page of nothing but pins begins with the first of them.
    expect(chosen(problemOf([pin(3, 4), pin(2, 2)])).map(([s]) => s)).toEqual([1, 0]);
  });

  it('carries rows in their order, every card forced', () => {
    const problem = problemOf([
      shelf({ key: 1, items: items(9, 2, 5), order: 'defined', carried: true, pinnedRank: 0 }),
      shelf({ key: 2, items: items(2, 5, 6, 7) }),
    ]);
    const { rows } = samplePage(problem, uniform(), SEED);
    expect(rows[0].cards).toEqual([0, 1, 2].map((index) => ({ index, propensity: 1, forced: true })));
    expect(rows[1].cards.map((card) => card.forced)).toEqual([false, false]);
  });

  it('takes no card from a carried row, by caps or by rows above it, and lets others see what it holds', () => {
    const problem = problemOf(
      [
        shelf({ key: 1, items: items(1, 2, 3, 4), creators: items(50, 50, 51, 52), scores: scores(4, 3, 2, 1) }),
        shelf({
          key: 2,
          items: items(8, 9, 4),
          creators: items(50, 50, 52),
          order: 'defined',
          carried: true,
          pinnedRank: 1,
        }),
      ],
      { creatorCapPerRow: 1, creatorCapPerPage: 2 },
    );
    // Creator 50 is at the page's cap by the carried row alone, and item 4 is held.
    expect(chosen(problem)).toEqual([
      [0, 3],
      [1, 8, 9, 4],
    ]);
    const one = shelf({ key: 3, items: items(5), creators: items(52), minCards: 1 });
    expect(chosen({ ...problem, shelves: [...problem.shelves, one], creatorCapPerPage: 1 })).toEqual([
      [0, 3],
      [1, 8, 9, 4],
    ]);
  });

  it('shows every row that holds cards, led by them in their order, wherever it is drawn; a pinned one at its rank or higher', () => {
    const figures = { slid: 0, drawn: 0, last: 0, beyondCap: 0, short: 0 };
    fc.assert(
      fc.property(problems, fc.nat(), (problem, seed) => {
        const held = heldItems(problem);
        const page = wander(problem, seed, createWalker(), uniform(), () => {});
        const above = new Map<number, number>();
        for (const { shelf: s, cards } of page) {
          for (const { index } of cards) {
            const creator = problem.shelves[s].creators[index];
            const count = (above.get(creator) ?? 0) + 1;
            above.set(creator, count);
            if (creator !== NO_ITEM && held.has(problem.shelves[s].items[index]) && count > problem.creatorCapPerPage)
              figures.beyondCap++;
          }
        }
        for (const s of new Set(held.values())) {
          const rank = page.findIndex((row) => row.shelf === s);
          const { items, count, pinnedRank, carried, minCards, holds } = problem.shelves[s];
          const head = [...items.subarray(0, count)].filter((item) => held.get(item) === s);
          const shown = page[rank]?.cards.map((card) => items[card.index]);
          expect(carried ? shown : shown?.slice(0, head.length)).toEqual(head);
          if (!carried && holds === undefined) expect(head).toHaveLength(Math.max(1, minCards));
          if (pinnedRank < 0) {
            figures.drawn++;
            if (rank === problem.shelfLimit - 1) figures.last++;
            continue;
          }
          expect(rank).toBeLessThanOrEqual(pinnedRank);
          if (rank === pinnedRank) continue;
          // Above its own rank, for want of anything else that may stand there: only pins and rows that hold follow.
          figures.slid++;
          for (const row of page.slice(rank))
            expect(problem.shelves[row.shelf].pinnedRank >= 0 || [...held.values()].includes(row.shelf)).toBe(true);
        }
        // And a defined row is missing only where it has too little of its own, or other such rows fill the page.
        problem.shelves.forEach(({ order, holds, carried, pinnedRank }, s) => {
          if (holds === 0 && !carried) return;
          if (order === 'policy' || pinnedRank >= problem.shelfLimit || [...held.values()].includes(s)) return;
          if (new Set(held.values()).size < problem.shelfLimit) figures.short++;
          expect(page.some((row) => row.shelf === s)).toBe(false);
        });
      }),
      { numRuns: 600, seed: 6 },
    );
    expect(figures.slid).toBeGreaterThan(20);
    expect(figures.drawn).toBeGreaterThan(100);
    expect(figures.last).toBeGreaterThan(20);
    expect(figures.beyondCap).toBeGreaterThan(20);
    expect(figures.short).toBeGreaterThan(20);
  });

  it('lets a row in a defined order that holds nothing compete: others may take its cards, and it may be drawn or not', () => {
    const editors = shelf({ key: 1, items: items(4, 2, 9, 7), order: 'defined', holds: 0, maxCards: 4 });
    const recent = shelf({ key: 2, items: items(3), order: 'defined' });
    const similar = shelf({ key: 3, items: items(2, 5), pinnedRank: 0, maxCards: 2 });
    const draws = (shelfLimit: number) => {
      const seen = new Set<string>();
      for (let n = 0; n < 60; n++) {
        const problem = problemOf([editors, recent, similar], { shelfLimit });
        const { rows } = samplePage(problem, uniform(), Uint32Array.of(n, 2, 3, 4));
        const row = rows.find(({ shelf: s }) => s === 0);
        expect(rows.some(({ shelf: s }) => s === 1)).toBe(true);
        // Forced are its cards, as ever in a defined order; its place is drawn.
        expect(row?.cards.every(({ forced }) => forced) ?? true).toBe(true);
        seen.add(row === undefined ? 'absent' : row.cards.map(({ index }) => editors.items[index]).join(' '));
      }
      return [...seen];
    };
    // Item 2 stands above, in the pinned row.
    expect(draws(3)).toEqual(['4 9 7']);
    // The last rank is owed to the row that holds.
    expect(draws(2)).toEqual(['absent']);
  });

  it('does not take what was just played from its row, whatever the policy draws above it of the same artist', () => {
    const artist = 50;
    const drawn = (key: number, ...numbers: number[]) =>
      shelf({ key, items: items(...numbers), creators: items(...numbers.map(() => artist)) });
    const problem = problemOf(
      [
        shelf({ key: 1, items: items(1, 2), creators: items(artist, artist), order: 'defined' }),
        drawn(2, 1, 3, 4),
        drawn(3, 1, 5, 6),
        drawn(4, 2, 7, 8),
        shelf({ key: 5, items: items(9, 10, 11), scores: scores(1, 1, 1) }),
      ],
      { shelfLimit: 3, creatorCapPerPage: 4 },
    );
    const ranks = new Set<number>();
    let beyondCap = 0;
    for (let seed = 0; seed < 200; seed++) {
      const page = samplePage(problem, uniform(), Uint32Array.of(seed, 0, 0, 0)).rows;
      const rank = page.findIndex((row) => row.shelf === 0);
      ranks.add(rank);
      expect(problem.shelves[0].items[page[rank].cards[0].index]).toBe(1);
      const ofArtist = page.filter((row) => row.shelf !== 4).flatMap((row) => row.cards).length;
      // Drawn rows have three at most beside the one that is held; the second card may stand below them.
      expect(ofArtist).toBeLessThanOrEqual(5);
      if (ofArtist > 4) beyondCap++;
    }
    expect([...ranks].sort()).toEqual([0, 1, 2]);
    expect(beyondCap).toBeGreaterThan(0);
  });

  it('keeps a place for each row that holds cards, and says so in the probabilities', () => {
    const drawn = [1, 2, 3].map((key) => shelf({ key, items: items(10 * key, 10 * key + 1), scores: scores(9, 9) }));
    const rotation = shelf({
      key: 8,
      items: items(80, 81, 82),
      order: 'defined',
      minCards: 3,
      scores: scores(0, 0, 0),
    });
    const recent = shelf({ key: 9, items: items(80, 90), order: 'defined', scores: scores(0, 0) });
    const problem = problemOf([...drawn, rotation, recent], { shelfLimit: 3 });
    expect(chosen(problem).slice(1)).toContainEqual([3, 80, 81, 82]);
    expect(chosen(problem).slice(1)).toContainEqual([4, 90]);
    const first = step(problem, [], uniform());
    expect([...first.actions.subarray(0, first.count)]).toEqual([0, 1, 2, 3, 4]);
    const second = step(problem, [{ shelf: 0, cards: [{ index: 0 }, { index: 1 }] }], uniform());
    expect([...second.actions.subarray(0, second.count)]).toEqual([3, 4]);
    expect([...second.probabilities.subarray(0, 2)]).toEqual([0.5, 0.5]);
    expect(second.forced).toBe(false);
    // Where there are more of them than ranks, the first shelves have them.
    expect(chosen({ ...problem, shelfLimit: 1 })).toEqual([[3, 80, 81, 82]]);
  });

  it('skips masked cards of a defined row and keeps the order of the rest', () => {
    const problem = problemOf(
      [
        shelf({ key: 1, items: items(2), order: 'defined', pinnedRank: 0, creators: items(50) }),
        shelf({
          key: 2,
          items: items(9, 2, 8, 7, 6),
          creators: items(50, 50, 51, 51, NO_ITEM),
          order: 'defined',
        }),
      ],
      { creatorCapPerRow: 1, creatorCapPerPage: 2 },
    );
    expect(chosen(problem)).toEqual([
      [0, 2],
      [1, 9, 8, 6],
    ]);
  });

  it('does not call a draw among one action forced', () => {
    const problem = problemOf([shelf({ key: 1, items: items(1) })]);
    expect(samplePage(problem, plackettLuce(), SEED).rows).toEqual([
      { shelf: 0, propensity: 1, forced: false, value: 0.1, cards: [{ index: 0, propensity: 1, forced: false }] },
    ]);
  });

  it('ends at the shelf limit, and is empty where there is nothing to show', () => {
    const one = shelf({ key: 1, items: items(1) });
    expect(chosen(problemOf([one, { ...one, key: 2, items: items(2) }], { shelfLimit: 1 }))).toHaveLength(1);
    expect(chosen(problemOf([one], { shelfLimit: 0 }))).toEqual([]);
    expect(chosen(problemOf([]))).toEqual([]);
    expect(chosen(problemOf([shelf({ key: 1, items: items() })]))).toEqual([]);
    expect(chosen(problemOf([{ ...one, minCards: 2 }]))).toEqual([]);
  });

  it('draws on when the high scores are placed and the rest has no mass left', () => {
    const problem = problemOf([
      shelf({ key: 1, items: items(1, 2, 3, 4), scores: scores(1e6, 0, -1, -1), maxCards: 4 }),
    ]);
    const policy = plackettLuce({ cardTemperature: 1, cardEpsilon: 0 });
    const { rows } = samplePage(problem, policy, SEED);
    expect(rows[0].cards[0]).toMatchObject({ index: 0, propensity: 1 });
    const second = step(problem, [{ shelf: 0, cards: [{ index: 0 }] }], policy);
    const byIndex = new Map([...second.actions.subarray(0, 3)].map((action, k) => [action, second.probabilities[k]]));
    expect(byIndex.get(1)).toBeCloseTo(1 / (1 + 2 * Math.exp(-1)), 14);
    expect(byIndex.get(2)).toBeCloseTo(Math.exp(-1) / (1 + 2 * Math.exp(-1)), 14);
  });
});

describe('a problem without meaning', () => {
  const one = shelf({ key: 1, items: items(1, 2) });
  const refusals: readonly (readonly [string, PageProblem, RegExp])[] = [
    ['a NaN score', problemOf([{ ...one, scores: scores(0.1, Number.NaN) }]), /item 2\) is NaN; give it a number/],
    ['an item listed twice', problemOf([{ ...one, items: items(2, 2) }]), /lists item 2 twice/],
    [
      'two pins at one rank',
      problemOf([
        { ...one, pinnedRank: 2 },
        { ...one, key: 2, pinnedRank: 2 },
      ]),
      /both pinned/,
    ],
    ['two shelves of one key', problemOf([one, one]), /same key/],
    ['a carried row that is not pinned', problemOf([{ ...one, carried: true, order: 'defined' }]), /is carried/],
    ['more cards than examined ranks', problemOf([{ ...one, maxCards: 7 }]), /has 6 ranks/],
    ['a minimum beyond the maximum', problemOf([{ ...one, minCards: 4 }]), /minCards 4/],
    ['a count beyond the arrays', problemOf([{ ...one, count: 3 }]), /count is 3/],
    ['a broken rank', problemOf([{ ...one, pinnedRank: 0.5 }]), /pinnedRank is 0.5/],
    ['a cap of nothing', problemOf([one], { creatorCapPerRow: 0 }), /creatorCapPerRow is 0/],
    ['a page cap that is NaN', problemOf([one], { creatorCapPerPage: Number.NaN }), /creatorCapPerPage is NaN/],
    ['a negative limit', problemOf([one], { shelfLimit: -1 }), /shelfLimit is -1/],
    ['an examination below 0', problemOf([one], { examinationByCard: scores(1, 1, -1) }), /\[2\] is -1/],
  ];
  for (const [name, problem, message] of refusals) {
    it(`is refused: ${name}`, () => {
      const walker = createWalker();
      expect(() => walker.begin(problem)).toThrow(message);
      expect(() => walker.begin(problem)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
      // And the walker is fit for the next page.
      const next = problemOf([shelf({ key: 1, items: items(1, 2, 3) })]);
      expect(samplePage(next, uniform(), SEED, walker)).toEqual(samplePage(next, uniform(), SEED));
    });
  }

  it('is a prefix that its masks forbid', () => {
    const problem = problemOf([one, { ...one, key: 2 }]);
    expect(() => step(problem, [{ shelf: 0, cards: [{ index: 0 }, { index: 0 }] }], uniform())).toThrow(
      /card 0 .*masked/,
    );
    expect(() =>
      step(
        problem,
        [
          { shelf: 0, cards: [{ index: 0 }, { index: 1 }] },
          { shelf: 0, cards: [] },
        ],
        uniform(),
      ),
    ).toThrow(/shelf 0 is masked at page rank 1/);
  });

  it('is told apart from a policy without meaning', () => {
    const broken: Policy = { ...uniform(), luce: undefined as never, card: (_scores, n, out) => out.fill(1, 0, n) };
    expect(() => samplePage(problemOf([one]), broken, SEED)).toThrow(/probabilities sum to 2/);
    expect(() => createWalker().place(0)).toThrow(/position 0/);
  });
});
