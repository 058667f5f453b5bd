import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { type Cohorts, cohortOf, type Embedding, readCohorts, readEmbedding } from '../domain/index.ts';
import { type CohortOptions, fitCohorts } from './cohorts.ts';
import { fitEmbedding } from './fit.ts';
import { foldIn } from './fold-in.ts';
import type { Interactions } from './interactions.ts';

const TASTES = 4;
const ITEMS_OF_TASTE = 30;
/** Everybody plays these, whatever their taste. */
const HITS = 6;
const ITEMS = TASTES * ITEMS_OF_TASTE + HITS;
const tasteOf = (item: number): number => (item < HITS ? -1 : Math.floor((item - HITS) / ITEMS_OF_TASTE));

/** Listener l plays 12 of the items of taste l % 4, and most of the hits. */
function camps(listeners: number, seed: number): Interactions {
  const rng = createRng(seed);
  const listenerStart = new Uint32Array(listeners + 1);
  const items: number[] = [];
  for (let l = 0; l < listeners; l++) {
    const row = new Set<number>();
    for (let hit = 0; hit < HITS; hit++) if (rng.uniform() < 0.8) row.add(hit);
    const goal = row.size + 12;
    while (row.size < goal) row.add(HITS + (l % TASTES) * ITEMS_OF_TASTE + rng.below(ITEMS_OF_TASTE));
    items.push(...[...row].sort((a, b) => a - b));
    listenerStart[l + 1] = items.length;
  }
  return { listenerStart, items: Uint32Array.from(items), counts: new Float32Array(items.length).fill(3) };
}

const world = camps(200, 1);
const embedding = readEmbedding(
  fitEmbedding(world, { itemCount: ITEMS, rng: createRng(2), dimension: 12, neighbourCount: 5 }),
);
const fitted = (more: Partial<CohortOptions> = {}, of = world) =>
  fitCohorts(of, embedding, { rng: createRng(3), ...more });

function tasteVector(of: Embedding, items: readonly number[]): Float32Array {
  const taste = new Float32Array(of.dimension);
  foldIn(
    of,
    items,
    items.map(() => 3),
    items.length,
    taste,
  );
  return taste;
}

const listOf = (cohorts: Cohorts, c: number): number[] => [
  ...cohorts.items.subarray(cohorts.start[c], cohorts.start[c + 1]),
];

describe('cohorts', () => {
  it('are the same for the same seed, byte for byte', () => {
    expect(fitted().hash).toBe(fitted().hash);
    expect(fitted({ rng: createRng(4) }).hash).not.toBe(fitted().hash);
  });

  it('are about √(n / 2), hold everybody once, and have centroids of length 1', () => {
    const cohorts = readCohorts(fitted());
    expect(cohorts.count).toBeGreaterThanOrEqual(TASTES);
    expect(cohorts.count).toBeLessThanOrEqual(10);
    expect(cohorts.members.reduce((sum, size) => sum + size, 0)).toBe(200);
    expect(Math.min(...cohorts.members)).toBeGreaterThanOrEqual(5);
    for (let c = 0; c < cohorts.count; c++) {
      const centroid = cohorts.centroids.subarray(c * 12, (c + 1) * 12);
      expect(centroid.reduce((sum, x) => sum + x * x, 0)).toBeCloseTo(1, 5);
    }
  });

  it('put a listener among those of the same taste, and list what these play and others do not', () => {
    const cohorts = readCohorts(fitted({ most: TASTES }));
    for (let taste = 0; taste < TASTES; taste++) {
      const first = HITS + taste * ITEMS_OF_TASTE;
      const c = cohortOf(cohorts, tasteVector(embedding, [first, first + 5, first + 9, first + 20]));
      const list = listOf(cohorts, c);
      expect(list.length).toBeGreaterThan(20);
      // A hit may lead by a hair among whom it happens to be played more; it never leads what is theirs.
      expect(list.slice(0, 20).every((item) => tasteOf(item) === taste)).toBe(true);
    }
  });

  it('list what the formula says, in its order', () => {
    const cohorts = readCohorts(fitted({ most: TASTES, itemsPerCohort: 15 }));
    const c = cohortOf(cohorts, tasteVector(embedding, [HITS, HITS + 3, HITS + 8]));
    const memberRows: number[] = [];
    const share = (rows: readonly number[], item: number): number =>
      rows.filter((l) => world.items.subarray(world.listenerStart[l], world.listenerStart[l + 1]).includes(item))
        .length / rows.length;
    const all = Array.from({ length: 200 }, (_, l) => l);
    for (const l of all) {
      const [from, to] = [world.listenerStart[l], world.listenerStart[l + 1]];
      const taste = new Float32Array(12);
      foldIn(embedding, world.items.subarray(from, to), world.counts.subarray(from, to), to - from, taste);
      if (cohortOf(cohorts, taste) === c) memberRows.push(l);
    }
    expect(memberRows.length).toBe(cohorts.members[c]);
    const score = (item: number): number => {
      const within = share(memberRows, item);
      const overall = share(all, item);
      return within * memberRows.length >= 3 && within > overall ? within * Math.log(within / overall) : 0;
    };
    const expected = Array.from({ length: ITEMS }, (_, item) => ({ item, score: score(item) }))
      .filter((one) => one.score > 0)
      .sort((a, b) => b.score - a.score || a.item - b.item)
      .slice(0, 15);
    const list = listOf(cohorts, c);
    list.forEach((item, rank) => {
      expect(score(item)).toBeCloseTo(expected[rank].score, 12);
    });
    expect(list.length).toBe(expected.length);
  });

  it('never list what fewer than three of a cohort have played', () => {
    const lonely = ITEMS - 1;
    const items: number[] = [];
    const listenerStart = [0];
    for (let l = 0; l < 200; l++) {
      const row = new Set(world.items.subarray(world.listenerStart[l], world.listenerStart[l + 1])).add(lonely);
      // Of those whose taste it is, two.
      if (l !== 3 && l !== 7) row.delete(lonely);
      items.push(...[...row].sort((x, y) => x - y));
      listenerStart.push(items.length);
    }
    const counts = new Float32Array(items.length).fill(3);
    const of = { listenerStart: Uint32Array.from(listenerStart), items: Uint32Array.from(items), counts };
    expect([...readCohorts(fitted({}, of)).items]).not.toContain(lonely);
    expect([...readCohorts(fitted({ leastListeners: 1 }, of)).items]).toContain(lonely);
  });

  it('are none without listeners, without taste, and of too few', () => {
    const nobody = { listenerStart: new Uint32Array(1), items: new Uint32Array(0), counts: new Float32Array(0) };
    expect(readCohorts(fitted({}, nobody)).count).toBe(0);
    const few = camps(4, 5);
    expect(readCohorts(fitted({}, few)).count).toBe(0);
    const cohorts = readCohorts(fitted());
    expect(cohortOf(cohorts, new Float32Array(0))).toBe(-1);
    expect(cohortOf(cohorts, new Float32Array(12))).toBe(-1);
  });

  it('look at an even sample of many listeners', () => {
    const cohorts = readCohorts(fitted({ sample: 60 }));
    expect(cohorts.members.reduce((sum, size) => sum + size, 0)).toBe(60);
  });
});
