import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { EMPTY_EMBEDDING, type Embedding, NO_ITEM } from '../domain/index.ts';
import { createAmong, hasVector } from './among.ts';

const DIMENSION = 6;
function embeddingOf(size: number, seed: number): Embedding {
  const rng = createRng(seed);
  // Every fifth item has no vector.
  const factors = Float32Array.from({ length: size * DIMENSION }, (_, i) =>
    Math.floor(i / DIMENSION) % 5 === 4 ? 0 : rng.normal(),
  );
  return { ...EMPTY_EMBEDDING, dimension: DIMENSION, size, factors };
}

describe('the nearest among a few', () => {
  it('are those of a naive sort, judged by whom they stand for', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 0, max: 12 }), (seed, k) => {
        const rng = createRng(seed);
        const embedding = embeddingOf(50, seed);
        const taste = Float32Array.from({ length: DIMENSION }, () => rng.normal());
        const items = Uint32Array.from({ length: 40 }, (_, i) => 100 + i);
        const standsFor = items.map(() => (rng.uniform() < 0.2 ? NO_ITEM : rng.below(50)));
        const [from, to] = [rng.below(10), 20 + rng.below(20)];
        const product = (item: number) => {
          let sum = 0;
          for (let d = 0; d < DIMENSION; d++) sum += embedding.factors[item * DIMENSION + d] * taste[d];
          return sum;
        };
        const expected = [...items.keys()]
          .slice(from, to)
          .filter((i) => standsFor[i] !== NO_ITEM && product(standsFor[i]) > 0.1)
          .sort((a, b) => product(standsFor[b]) - product(standsFor[a]) || a - b)
          .slice(0, k);
        const out = new Uint32Array(12);
        const count = createAmong(embedding, items, standsFor, from, to).nearest(taste, 0.1, k, out);
        expect([...out.subarray(0, count)]).toEqual(expected.map((i) => items[i]));
      }),
      { numRuns: 100, seed: 3 },
    );
  });

  it('are the smaller numbers of equal ones, and none among none', () => {
    const embedding = embeddingOf(10, 2);
    const taste = embedding.factors.slice(0, DIMENSION);
    const out = new Uint32Array(12);
    const items = Uint32Array.of(300, 7, 200, 9, 100);
    // All but one stand at the artist, whose vector the taste is.
    const count = createAmong(embedding, items, Uint32Array.of(0, 0, NO_ITEM, 0, 0)).nearest(taste, 0.1, 12, out);
    expect([...out.subarray(0, count)]).toEqual([7, 9, 100, 300]);
    expect(
      createAmong(
        embedding,
        items,
        items.map(() => NO_ITEM),
      ).nearest(taste, 0, 12, out),
    ).toBe(0);
    expect(createAmong(embedding, new Uint32Array(0), new Uint32Array(0)).nearest(taste, 0, 12, out)).toBe(0);
  });

  it('knows which items have a vector', () => {
    const embedding = embeddingOf(10, 1);
    expect([0, 3, 4, 9, 10, NO_ITEM].map((item) => hasVector(embedding, item))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});
