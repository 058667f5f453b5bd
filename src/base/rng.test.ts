import { expect, it } from 'vitest';
import { createRng, shuffle, shuffledOrder } from './rng.ts';

it('shuffles every order alike', () => {
  const rng = createRng(1);
  const counts = new Map<string, number>();
  for (let i = 0; i < 24_000; i++) {
    const order = shuffledOrder(4, rng).join('');
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  expect(counts.size).toBe(24);
  // 1,000 each; five standard deviations are 155.
  for (const count of counts.values()) expect(Math.abs(count - 1000)).toBeLessThan(155);
});

it('shuffles a part and leaves the rest where it is', () => {
  const order = Uint32Array.of(0, 1, 2, 3, 4, 5, 6, 7);
  shuffle(order, createRng(2), 2, 6);
  expect([...order.subarray(0, 2), ...order.subarray(6)]).toEqual([0, 1, 6, 7]);
  expect([...order.subarray(2, 6)].sort()).toEqual([2, 3, 4, 5]);
  expect([...order]).not.toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});
