import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import {
  addDistinct,
  countDistinct,
  countSketch,
  DISTINCT_EXACT,
  emptyDistinct,
  emptySketch,
  hashOfKey,
  mergeDistinct,
  packDistinct,
  unpackDistinct,
} from './distinct.ts';

describe('distinct listeners', () => {
  it('counts up to 128 exactly, however often each comes', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffffffff }), { maxLength: DISTINCT_EXACT }), (hashes) => {
        const state = emptyDistinct();
        for (const hash of [...hashes, ...hashes.toReversed()]) addDistinct(state, hash);
        expect(countDistinct(state)).toEqual({ count: new Set(hashes).size, exact: true });
      }),
    );
  });

  it('estimates more within four standard errors (18%), and says that it does', () => {
    for (const [seed, listeners] of [
      [1, 129],
      [2, 500],
      [3, 2_000],
      [4, 20_000],
      [5, 400_000],
    ] as const) {
      const rng = createRng(seed);
      const state = emptyDistinct();
      const hashes = Uint32Array.from({ length: listeners }, () => rng.uniform() * 2 ** 32);
      for (const hash of hashes) addDistinct(state, hash);
      for (const hash of hashes.subarray(0, 1000)) addDistinct(state, hash);
      const { count, exact } = countDistinct(state);
      expect(exact).toBe(false);
      expect(Math.abs(count / new Set(hashes).size - 1)).toBeLessThan(4 * 0.046);
    }
  });

  it('is off by 4.6% on average over many sets, neither up nor down', () => {
    let sum = 0;
    let squares = 0;
    const sets = 200;
    for (let seed = 0; seed < sets; seed++) {
      const rng = createRng(1000 + seed);
      const state = emptyDistinct();
      for (let i = 0; i < 5000; i++) addDistinct(state, (rng.uniform() * 2 ** 32) >>> 0);
      const error = countDistinct(state).count / 5000 - 1;
      sum += error;
      squares += error * error;
    }
    expect(Math.sqrt(squares / sets)).toBeLessThan(0.046 * 1.3);
    expect(Math.abs(sum / sets)).toBeLessThan(0.02);
  });

  it('is estimated from the first on where no hash is to be held: of few nearly exact, and the same however they are split', () => {
    for (const listeners of [0, 1, 3, 10, 50, 200, 5000]) {
      let sum = 0;
      for (let seed = 0; seed < 50; seed++) {
        const rng = createRng(seed + 1);
        const [whole, one, two] = [emptySketch(), emptySketch(), emptySketch()];
        for (let i = 0; i < listeners; i++) {
          const hash = (rng.uniform() * 2 ** 32) >>> 0;
          addDistinct(whole, hash);
          addDistinct(i % 2 === 0 ? one : two, hash);
        }
        mergeDistinct(one, two);
        expect(one).toEqual(whole);
        expect(whole.exact).toBeUndefined();
        if (listeners <= 10) expect(Math.abs(countSketch(whole) - listeners)).toBeLessThanOrEqual(1);
        sum += countSketch(whole);
      }
      expect(Math.abs(sum / 50 - listeners)).toBeLessThanOrEqual(0.03 * listeners);
    }
  });

  it('holds and goes on as the same after it was packed beside others, as in a snapshot', () => {
    const states = [0, 1, 4, 5, 127, 128, 129, 3, 3000].map((listeners) => {
      const state = emptyDistinct();
      for (let i = 0; i < listeners; i++) addDistinct(state, Math.imul(i, 0x9e3779b1) >>> 0);
      return state;
    });
    const again = unpackDistinct(structuredClone(packDistinct(states)));
    expect(again.map(countDistinct)).toEqual(states.map(countDistinct));
    for (let i = 0; i < 400; i++) {
      for (const state of [...states, ...again]) addDistinct(state, Math.imul(i, 0x9e3779b1) >>> 0);
    }
    expect(again.map(countDistinct)).toEqual(states.map(countDistinct));
    expect(again.map(({ registers }) => registers)).toEqual(states.map(({ registers }) => registers));
  });

  it('takes its hash from the key, which is random already', () => {
    expect(hashOfKey('ffffffff00000000ffffffff00000000')).toBe(0xffffffff);
    expect(hashOfKey('0000000a00000000ffffffff00000000')).toBe(10);
  });
});
