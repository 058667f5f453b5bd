import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { NO_ITEM, readEmbedding } from '../domain/index.ts';
import { factorise } from './factorise.ts';
import { type FitOptions, fitEmbedding, noiseLevel } from './fit.ts';
import { foldIn } from './fold-in.ts';
import { confidenceOf, confidenceRows, type Interactions, transpose } from './interactions.ts';
import { coplayNeighbours } from './neighbours.ts';

/** Listeners of two tastes: items below half are played by the even ones, the others by the odd ones. Every seventh item is never played. */
function twoTastes(listeners: number, itemCount: number, seed: number): Interactions {
  const rng = createRng(seed);
  const listenerStart = new Uint32Array(listeners + 1);
  const items: number[] = [];
  const counts: number[] = [];
  for (let l = 0; l < listeners; l++) {
    for (let item = 0; item < itemCount; item++) {
      const liked = item < itemCount / 2 === (l % 2 === 0);
      if (item % 7 === 3 || rng.uniform() >= (liked ? 0.4 : 0.02)) continue;
      items.push(item);
      counts.push(1 + rng.below(20));
    }
    listenerStart[l + 1] = items.length;
  }
  return { listenerStart, items: Uint32Array.from(items), counts: Float32Array.from(counts) };
}

const ITEMS = 60;
const settings = (more: Partial<FitOptions> = {}): FitOptions => ({
  itemCount: ITEMS,
  rng: createRng(5),
  dimension: 8,
  neighbourCount: 6,
  ...more,
});

describe('fitting an embedding', () => {
  const world = twoTastes(40, ITEMS, 1);

  it('gives the same epoch for the same seed and another for another', () => {
    const first = fitEmbedding(world, settings());
    expect(fitEmbedding(world, settings()).hash).toBe(first.hash);
    expect(fitEmbedding(world, settings({ rng: createRng(6) })).hash).not.toBe(first.hash);
  });

  it('tells the two tastes apart, and gives nothing to what nobody played', () => {
    const embedding = readEmbedding(fitEmbedding(world, settings()));
    expect([embedding.size, embedding.dimension, embedding.neighbourCount]).toEqual([ITEMS, 8, 6]);
    const taste = new Float32Array(8);
    foldIn(embedding, [0, 1], [5, 5], 2, taste);
    const score = (item: number) =>
      taste.reduce((sum, x, i) => sum + x * embedding.factors[item * embedding.dimension + i], 0);
    const played = Array.from({ length: ITEMS }, (_, i) => i).filter((i) => i % 7 !== 3);
    const first = played.toSorted((a, b) => score(b) - score(a)).slice(0, 10);
    expect(first.every((item) => item < ITEMS / 2)).toBe(true);
    expect(embedding.factors.subarray(3 * 8, 4 * 8).every((x) => x === 0)).toBe(true);
    expect(embedding.neighbours.subarray(3 * 6, 4 * 6).every((n) => n === NO_ITEM)).toBe(true);
  });

  it('lowers the loss of Hu, Koren and Volinsky at every iteration', () => {
    const alpha = 20;
    const epsilon = 1;
    const regularisation = 0.4 * noiseLevel(world, ITEMS, alpha, epsilon);
    const loss = (iterations: number): number => {
      const rng = createRng(2);
      const f = factorise(world, { itemCount: ITEMS, dimension: 8, iterations, regularisation, alpha, epsilon, rng });
      let sum = 0;
      for (const x of f.listeners) sum += regularisation * x * x;
      for (const x of f.items) sum += regularisation * x * x;
      for (let l = 0; l < 40; l++) {
        const confidences = new Map<number, number>();
        for (let e = world.listenerStart[l]; e < world.listenerStart[l + 1]; e++) {
          confidences.set(world.items[e], confidenceOf(world.counts[e], alpha, epsilon));
        }
        for (let item = 0; item < ITEMS; item++) {
          let predicted = 0;
          for (let i = 0; i < 8; i++) predicted += f.listeners[l * 8 + i] * f.items[item * 8 + i];
          const c = confidences.get(item);
          sum += c === undefined ? predicted ** 2 : c * (1 - predicted) ** 2;
        }
      }
      return sum;
    };
    const losses = [1, 2, 3, 5, 9].map(loss);
    for (let i = 1; i < losses.length; i++) expect(losses[i]).toBeLessThan(losses[i - 1] * (1 + 1e-5));
  });

  it('folds a training listener in to the factors that the fit gave them, bit for bit', () => {
    for (const dimension of [8, 13, 64]) {
      const epoch = fitEmbedding(world, settings({ dimension }));
      const embedding = readEmbedding(epoch);
      const { alpha, epsilon } = embedding;
      const factors = factorise(world, {
        itemCount: ITEMS,
        dimension,
        iterations: epoch.meta.iterations as number,
        regularisation: 0.4 * noiseLevel(world, ITEMS, alpha, epsilon),
        alpha,
        epsilon,
        rng: createRng(5),
      });
      const out = new Float32Array(dimension);
      for (let l = 0; l < 40; l++) {
        const start = world.listenerStart[l];
        const end = world.listenerStart[l + 1];
        foldIn(embedding, world.items.subarray(start, end), world.counts.subarray(start, end), end - start, out);
        expect(out).toEqual(factors.listeners.subarray(l * dimension, (l + 1) * dimension));
      }
    }
  });

  it('passes over items that are new or have no plays when folding in', () => {
    const embedding = readEmbedding(fitEmbedding(world, settings()));
    const clean = new Float32Array(8);
    const mixed = new Float32Array(8);
    foldIn(embedding, [1, 2], [3, 4], 2, clean);
    foldIn(embedding, [ITEMS + 5, 1, 4, 2, NO_ITEM, 9], [9, 3, 0, 4, 1, Number.NaN], 6, mixed);
    expect(mixed).toEqual(clean);
    foldIn(embedding, [], [], 0, mixed);
    expect(mixed.every((x) => x === 0)).toBe(true);
  });

  it('reports progress up to 1 and stops where the signal is set', () => {
    const shares: number[] = [];
    fitEmbedding(world, settings({ onProgress: (share) => shares.push(share) }));
    expect(shares).toEqual(shares.toSorted((a, b) => a - b));
    expect(shares.at(-1)).toBe(1);
    const controller = new AbortController();
    const stopped = () =>
      fitEmbedding(world, settings({ signal: controller.signal, onProgress: (s) => s > 0.3 && controller.abort() }));
    expect(stopped).toThrow(/abort/i);
  });

  it('refuses interactions and options that cannot be', () => {
    const broken = (change: Partial<Interactions>) => () => fitEmbedding({ ...world, ...change }, settings());
    expect(broken({ items: world.items.map((i) => i + ITEMS) })).toThrow(/of 60 items/);
    expect(broken({ counts: world.counts.map(() => 0) })).toThrow(/count 0/);
    expect(broken({ counts: world.counts.subarray(1) })).toThrow(/pairs by listenerStart/);
    expect(() => fitEmbedding(world, settings({ regularisation: 0 }))).toThrow(/regularisation is 0/);
    expect(() => fitEmbedding(world, { ...settings(), dimensions: 8 } as FitOptions)).toThrow(/no option "dimensions"/);
  });

  it('fits nothing at all without complaint', () => {
    const nobody = { listenerStart: new Uint32Array(1), items: new Uint32Array(0), counts: new Float32Array(0) };
    const embedding = readEmbedding(fitEmbedding(nobody, settings()));
    expect(embedding.factors.every((x) => x === 0)).toBe(true);
    const out = new Float32Array(8).fill(1);
    foldIn(embedding, [1], [1], 1, out);
    expect(out.every((x) => x === 0)).toBe(true);
  });
});

function shared(a: ReadonlySet<number>, b: ReadonlySet<number>): number {
  let count = 0;
  for (const x of a) if (b.has(x)) count++;
  return count;
}

describe('neighbours', () => {
  it('are the shrunken cosines of the sets of listeners, nearest first', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e6 }), fc.integer({ min: 1, max: 30 }), (seed, neighbourCount) => {
        const world = twoTastes(15, 30, seed);
        const rows = confidenceRows(world, 20, 1);
        const options = { neighbourCount, shrinkage: 10, itemsPerListener: 1000 };
        // Items that nobody plays change nothing, but whether they are passed over one by one or not looked at.
        const [found, sparse] = [30, 3000].map((count) => coplayNeighbours(rows, transpose(rows, count), options));
        expect(sparse.items.subarray(0, found.items.length)).toEqual(found.items);
        expect(sparse.similarity.subarray(0, found.items.length)).toEqual(found.similarity);
        const listeners = Array.from({ length: 30 }, () => new Set<number>());
        for (let l = 0; l < 15; l++) {
          for (let e = world.listenerStart[l]; e < world.listenerStart[l + 1]; e++) listeners[world.items[e]].add(l);
        }
        for (let i = 0; i < 30; i++) {
          const expected = listeners
            .map((other, j) => ({
              j,
              similarity: shared(listeners[i], other) / (Math.sqrt(listeners[i].size * other.size) + 10),
            }))
            .filter(({ j, similarity }) => j !== i && similarity > 0)
            .sort((a, b) => b.similarity - a.similarity || a.j - b.j)
            .slice(0, neighbourCount);
          const at = i * neighbourCount;
          for (let n = 0; n < neighbourCount; n++) {
            expect(found.items[at + n]).toBe(expected[n]?.j ?? NO_ITEM);
            expect(found.similarity[at + n]).toBeCloseTo(expected[n]?.similarity ?? 0, 6);
          }
        }
      }),
      { numRuns: 25 },
    );
  });

  it('take an even sample of a listener with very many items', () => {
    const all = { listenerStart: Uint32Array.of(0, 1000), items: Uint32Array.from({ length: 1000 }, (_, i) => i) };
    const rows = { starts: all.listenerStart, columns: all.items, confidences: new Float32Array(1000).fill(2) };
    const options = { neighbourCount: 50, shrinkage: 0, itemsPerListener: 10 };
    const found = coplayNeighbours(rows, transpose(rows, 1000), options);
    const neighbours = Array.from(found.items.subarray(5 * 50, 6 * 50)).filter((n) => n !== NO_ITEM);
    expect(neighbours).toEqual([0, 100, 200, 300, 400, 500, 600, 700, 800, 900]);
  });
});
