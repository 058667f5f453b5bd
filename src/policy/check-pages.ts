/** The pages that `checkPolicy` draws: everything in them that has broken propensities before. */
import { createRng, hash32 } from '../base/index.ts';
import { NO_ITEM } from '../domain/index.ts';
import type { PageProblem, PolicyShelf } from './problem.ts';

function shelf(
  id: string,
  rows: readonly (readonly [item: number, creator: number, score: number])[],
  rest: Partial<PolicyShelf> = {},
): PolicyShelf {
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

/**
 * Few enough pages to list them all: a pinned row in defined order, shelves that want the same cards, a defined row whose
 * place is drawn, which holds a card that others want and takes another past the page's cap, a creator who comes to that
 * cap, a shelf that loses its eligibility, ties for policies that never mix, a carried row whose creator the rows above it
 * want, and a pin that stands higher where the page is short.
 */
export function smallProblem(): PageProblem {
  const [a, b] = [100, 101];
  return {
    shelves: [
      shelf(
        'recent',
        [
          [1, a, 0.2],
          [2, b, 0.1],
        ],
        { order: 'defined', pinnedRank: 0 },
      ),
      shelf('similar', [
        [2, b, 0.3],
        [3, a, 0.15],
        [4, a, 0.15],
        [5, b, 0.1],
        [12, NO_ITEM, 0.3],
        [13, b, 0.1],
      ]),
      shelf(
        'recommended',
        [
          [3, a, 0.2],
          [5, b, 0.05],
          [6, NO_ITEM, 0.15],
          [12, NO_ITEM, 0.15],
        ],
        { minCards: 2 },
      ),
      shelf(
        'rotation',
        [
          [12, NO_ITEM, 0.2],
          [5, b, 0.1],
          [8, NO_ITEM, 0.1],
        ],
        { order: 'defined' },
      ),
      shelf('popular', [
        [3, a, 0.3],
        [5, b, 0.2],
        [6, NO_ITEM, 0.2],
      ]),
      shelf(
        'kept',
        [
          [9, b, 0.1],
          [10, b, 0.1],
        ],
        { order: 'defined', carried: true, pinnedRank: 2 },
      ),
      shelf('late', [[11, NO_ITEM, 0.1]], { order: 'defined', pinnedRank: 6 }),
    ],
    shelfLimit: 6,
    creatorCapPerRow: 1,
    creatorCapPerPage: 4,
    examinationByCard: Float64Array.of(1, 0.5),
  };
}

/** Nearer to a real page: eight shelves of 3 to 24 candidates from one pool, a pin and a carried row in the middle, caps that bind, ties. */
export function deepProblem(seed: number): PageProblem {
  const rng = createRng(seed);
  const sizes = [3, 24, 12, 6, 18, 9, 4, 15];
  const pool = 60;
  const shelves = sizes.map((size, s) => {
    const items = new Set<number>();
    while (items.size < size) items.add(rng.below(pool));
    const rows = [...items]
      .sort((one, other) => one - other)
      .map((item) => [item, item % 7 === 0 ? NO_ITEM : 1000 + (item % 5), rng.below(7) / 20] as const);
    return shelf(`shelf-${s}`, rows, {
      minCards: 1 + (s % 3),
      maxCards: 3 + (s % 3),
      ...(s === 0 ? { order: 'defined', pinnedRank: 1 } : {}),
      ...(s === 6 ? { order: 'defined' } : {}),
    });
  });
  const kept = [61, 62, 63].map((item) => [item, 1000 + (item % 2), 0.1] as const);
  shelves.push(shelf('kept', kept, { order: 'defined', carried: true, pinnedRank: 3, maxCards: 3 }));
  return {
    shelves,
    shelfLimit: 7,
    creatorCapPerRow: 2,
    creatorCapPerPage: 4,
    examinationByCard: Float64Array.of(1, 0.8, 0.6, 0.5, 0.4),
  };
}
