import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { type Embedding, NO_ITEM } from '../domain/index.ts';
import { createNearest, type Nearest } from './nearest.ts';
import { openNearest, prepareNearest } from './nearest-file.ts';
import { recommend } from './recommend.ts';
import { TopList } from './top-list.ts';

const DIMENSION = 16;

/** Clusters of vectors whose lengths fall over two orders of magnitude, as those of ALS do; every fifth item has none. */
function clustered(size: number, seed: number, neighbourCount = 4): Embedding {
  const rng = createRng(seed);
  const centres = Float32Array.from({ length: 20 * DIMENSION }, () => rng.normal());
  const factors = new Float32Array(size * DIMENSION);
  for (let item = 0; item < size; item++) {
    if (item % 5 === 4) continue;
    const centre = rng.below(20) * DIMENSION;
    const length = Math.exp(-4 * rng.uniform());
    for (let i = 0; i < DIMENSION; i++) {
      factors[item * DIMENSION + i] = length * (centres[centre + i] + 0.5 * rng.normal());
    }
  }
  const neighbours = new Uint32Array(size * neighbourCount).fill(NO_ITEM);
  const neighbourSimilarity = new Float32Array(size * neighbourCount);
  for (let item = 0; item < size; item++) {
    const count = rng.below(neighbourCount + 1);
    for (let n = 0; n < count; n++) {
      neighbours[item * neighbourCount + n] = (item + 1 + n * 3) % size;
      neighbourSimilarity[item * neighbourCount + n] = 1 / (n + 2);
    }
  }
  return {
    hash: `clustered ${size} ${seed}`,
    dimension: DIMENSION,
    size,
    factors,
    gram: new Float32Array(DIMENSION * DIMENSION),
    neighbours,
    neighbourSimilarity,
    neighbourCount,
    alpha: 20,
    epsilon: 1,
  };
}

function query(seed: number): Float32Array {
  const rng = createRng(seed);
  return Float32Array.from({ length: DIMENSION }, () => rng.normal());
}

function product(embedding: Embedding, item: number, vector: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < DIMENSION; i++) sum += embedding.factors[item * DIMENSION + i] * vector[i];
  return sum;
}

function exactBest(embedding: Embedding, vector: Float32Array, k: number): number[] {
  return Array.from({ length: embedding.size }, (_, item) => item)
    .filter((item) => item % 5 !== 4)
    .sort((a, b) => product(embedding, b, vector) - product(embedding, a, vector))
    .slice(0, k);
}

function found(nearest: Nearest | undefined, vector: Float32Array): number[] {
  const items = new Uint32Array(20);
  nearest?.search(vector, 20, items, new Float32Array(20));
  return Array.from(items);
}

const folder = mkdtempSync(join(tmpdir(), 'shelfwise-nearest-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('nearest', () => {
  it('scans for exactly the best, and never finds an item without a vector', () => {
    const embedding = clustered(3000, 1);
    const nearest = createNearest(embedding);
    expect([nearest.method, nearest.size]).toEqual(['scan', 2400]);
    const items = new Uint32Array(50);
    const scores = new Float32Array(50);
    for (let q = 0; q < 20; q++) {
      expect(nearest.search(query(q), 50, items, scores)).toBe(50);
      expect(Array.from(items)).toEqual(exactBest(embedding, query(q), 50));
      items.forEach((item, i) => {
        expect(scores[i]).toBeCloseTo(product(embedding, item, query(q)), 4);
      });
    }
    const all = new Uint32Array(4000);
    expect(nearest.search(query(1), 4000, all, new Float32Array(4000))).toBe(2400);
  });

  it('finds nearly all of the best by graph, in true order', () => {
    const embedding = clustered(6000, 2);
    const nearest = createNearest(embedding, { exactLimit: 500 });
    expect([nearest.method, nearest.size]).toEqual(['graph', 4800]);
    const items = new Uint32Array(50);
    const scores = new Float32Array(50);
    let hits = 0;
    for (let q = 0; q < 20; q++) {
      expect(nearest.search(query(q), 50, items, scores)).toBe(50);
      expect(new Set(items).size).toBe(50);
      expect(scores).toEqual(scores.toSorted((a, b) => b - a));
      const truth = new Set(exactBest(embedding, query(q), 50));
      for (const item of items) if (truth.has(item)) hits++;
    }
    expect(hits / 1000).toBeGreaterThan(0.97);
  });

  it('keeps scanning beyond the limit where a scan looks at few rows', () => {
    const embedding = clustered(6000, 3);
    embedding.factors.subarray(1200 * DIMENSION).forEach((_, i, rest) => {
      rest[i] *= 1e-3;
    });
    expect(createNearest(embedding, { exactLimit: 1000 }).method).toBe('scan');
  });

  it('opens what was prepared, by scan and by graph, and finds the same as when it is worked out anew', async () => {
    const embedding = clustered(2000, 4);
    for (const [exactLimit, method] of [
      [100, 'graph'],
      [5000, 'scan'],
    ] as const) {
      const file = join(folder, `of-${method}`, 'nearest');
      expect(await openNearest(embedding, file, { exactLimit })).toBeUndefined();
      await prepareNearest(embedding, file, { exactLimit });
      const opened = await openNearest(embedding, file, { exactLimit });
      const anew = createNearest(embedding, { exactLimit });
      expect([opened?.method, opened?.size]).toEqual([method, anew.size]);
      for (let q = 0; q < 20; q++) expect(found(opened, query(q))).toEqual(found(anew, query(q)));
    }
  });

  it('opens nothing where a file is missing, damaged or of another embedding; preparing again mends it', async () => {
    const file = join(folder, 'mended', 'nearest');
    const embedding = clustered(2000, 4);
    const exactLimit = 100;
    const built: number[] = [];
    const prepare = async (of = embedding): Promise<number> => {
      built.length = 0;
      await prepareNearest(of, file, { exactLimit, onProgress: (share) => built.push(share) });
      return built.at(-1) ?? 0;
    };
    expect(await prepare()).toBe(1);
    expect(await prepare()).toBe(0);
    const first = await openNearest(embedding, file, { exactLimit });
    const before = found(first, query(1));
    for (const part of ['', '.order', '.json']) {
      for (const damage of [
        (bytes: Buffer) => {
          bytes[bytes.length >> 1] ^= 1;
          return bytes;
        },
        (bytes: Buffer) => bytes.subarray(0, bytes.length - 4),
        () => undefined,
      ]) {
        const damaged = damage(readFileSync(file + part));
        // As who replaces a file: what the first has open stays as it was.
        rmSync(file + part);
        if (damaged !== undefined) writeFileSync(file + part, damaged);
        expect(await openNearest(embedding, file, { exactLimit })).toBeUndefined();
        expect(await prepare()).toBe(1);
        expect(found(await openNearest(embedding, file, { exactLimit }), query(1))).toEqual(before);
      }
    }
    const note = readFileSync(`${file}.json`);
    for (let i = 0; i < note.length; i++) {
      writeFileSync(
        `${file}.json`,
        note.map((byte, at) => (at === i ? byte ^ 1 : byte)),
      );
      const opened = await openNearest(embedding, file, { exactLimit });
      if (opened !== undefined) expect(found(opened, query(1))).toEqual(before);
    }
    expect(await prepare(clustered(2000, 5))).toBe(1);
    expect(await openNearest(embedding, file, { exactLimit })).toBeUndefined();
    expect(found(first, query(1))).toEqual(before);
  });

  it('serves an embedding in which nothing has a vector', () => {
    const empty = { ...clustered(10, 1), factors: new Float32Array(10 * DIMENSION) };
    const nearest = createNearest(empty);
    expect(nearest.search(query(1), 5, new Uint32Array(5), new Float32Array(5))).toBe(0);
  });
});

describe('recommend', () => {
  const embedding = clustered(500, 6);
  const nearest = createNearest(embedding);

  function naive(taste: Float32Array, given: readonly number[], counts: readonly number[], beta: number): number[] {
    const sums = new Map<number, number>();
    given.forEach((item, i) => {
      for (let n = item * 4; n < item * 4 + 4; n++) {
        const other = embedding.neighbours[n];
        if (other === NO_ITEM) continue;
        const add = beta * Math.log(1 + counts[i]) * embedding.neighbourSimilarity[n];
        sums.set(other, (sums.get(other) ?? 0) + add);
      }
    });
    const score = (item: number) => product(embedding, item, taste) + (sums.get(item) ?? 0);
    return Array.from({ length: 500 }, (_, item) => item)
      .filter((item) => !given.includes(item) && (item % 5 !== 4 || sums.has(item)))
      .sort((a, b) => score(b) - score(a));
  }

  it('ranks by inner product and neighbours together, never what was given', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.integer({ min: 0, max: 499 }), { maxLength: 30 }),
        fc.integer({ min: 0, max: 1e6 }),
        fc.constantFrom(0, 0.05, 3),
        (given, seed, beta) => {
          const rng = createRng(seed);
          const counts = given.map(() => 1 + rng.below(9));
          const out = new Uint32Array(40);
          const outScores = new Float32Array(40);
          const taste = query(seed);
          const options = { neighbourWeight: beta, outScores };
          const found = recommend(embedding, nearest, taste, given, counts, given.length, 40, out, options);
          expect(found).toBe(40);
          expect(outScores).toEqual(outScores.toSorted((a, b) => b - a));
          const expected = naive(taste, given, counts, beta);
          expect(Array.from(out)).toEqual(expected.slice(0, 40));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('passes over given items that the embedding does not have, and gives the same twice', () => {
    const out = new Uint32Array(10);
    const again = new Uint32Array(10);
    recommend(embedding, nearest, query(3), [7, 9999, NO_ITEM], [1, 2, 3], 3, 10, out);
    recommend(embedding, nearest, query(3), [7], [1], 1, 10, again);
    expect(out).toEqual(again);
  });
});

describe('the list of the best', () => {
  it('keeps what sorting would keep', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 9 })), fc.integer({ min: 0, max: 20 }), (scores, capacity) => {
        const list = new TopList(16);
        list.reset(capacity);
        scores.forEach((score, number) => {
          list.offer(number, score);
          list.offer(number, Number.NaN);
        });
        const out = new Uint32Array(16);
        const count = list.drain(out, undefined);
        const expected = Array.from(scores.keys()).sort((a, b) => scores[b] - scores[a] || a - b);
        expect(Array.from(out.subarray(0, count))).toEqual(expected.slice(0, Math.min(16, capacity)));
      }),
    );
  });
});
