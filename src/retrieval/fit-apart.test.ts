import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { fitEmbedding } from './fit.ts';
import { fitEmbeddingApart } from './fit-apart.ts';
import type { Interactions } from './interactions.ts';

const ITEMS = 200;

function someListening(listeners: number): Interactions {
  const rng = createRng(3);
  const items: number[] = [];
  const starts = [0];
  for (let l = 0; l < listeners; l++) {
    for (let item = l % 3; item < ITEMS; item += 1 + rng.below(12)) items.push(item);
    starts.push(items.length);
  }
  return {
    listenerStart: Uint32Array.from(starts),
    items: Uint32Array.from(items),
    counts: Float32Array.from(items, () => 1 + rng.below(9)),
  };
}

describe('a fit in a thread of its own', () => {
  const world = someListening(60);

  it('gives the epoch that a fit in this thread gives, byte for byte, and tells how far it is', async () => {
    const shares: number[] = [];
    const options = { itemCount: ITEMS, dimension: 16 };
    const apart = await fitEmbeddingApart(world, { ...options, seed: 9, onProgress: (share) => shares.push(share) });
    const here = fitEmbedding(world, { ...options, rng: createRng(9) });
    expect(apart.hash).toBe(here.hash);
    expect(apart.arrays).toEqual(here.arrays);
    expect(apart.meta).toEqual(here.meta);
    expect(shares.at(-1)).toBe(1);
  });

  it('fails with what a fit in this thread fails with', async () => {
    const failed = fitEmbeddingApart(world, { itemCount: 10, seed: 1 });
    await expect(failed).rejects.toMatchObject({ cause: { message: expect.stringContaining('of 10 items') } });
  });

  it('ends as soon as it is told to, with the reason', async () => {
    const stop = new AbortController();
    const long = fitEmbeddingApart(world, { itemCount: ITEMS, iterations: 1000, seed: 1, signal: stop.signal });
    stop.abort(new Error('no longer needed'));
    await expect(long).rejects.toThrow('no longer needed');
    await expect(fitEmbeddingApart(world, { itemCount: ITEMS, seed: 1, signal: stop.signal })).rejects.toThrow(
      'no longer needed',
    );
  });
});
