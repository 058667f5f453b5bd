import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { allocationPosition, createAllocation, createHoldout, HOLDOUT_ARM } from './allocation.ts';

const rng = createRng(77);
const hex = () => rng.uint32().toString(16).padStart(8, '0');
const listeners = Array.from({ length: 40_000 }, () => hex() + hex() + hex() + hex());

const chiSquare = (observed: readonly number[], expected: readonly number[]) =>
  observed.reduce((sum, count, i) => sum + (count - expected[i]) ** 2 / expected[i], 0);

describe('allocation', () => {
  const arms = [
    { id: 'a', share: 0.1 },
    { id: 'b', share: 0.3 },
    { id: 'c', share: 0.6 },
  ];

  it('gives each arm its share (chi-square, 2 degrees of freedom, p > .001)', () => {
    for (const salt of ['one', 'two', 'three']) {
      const allocation = createAllocation({ salt, arms });
      const counts = new Map(arms.map(({ id }) => [id, 0]));
      for (const key of listeners) {
        const arm = allocation.armOf(key);
        counts.set(arm, (counts.get(arm) as number) + 1);
      }
      expect(
        chiSquare(
          [...counts.values()],
          arms.map(({ share }) => share * listeners.length),
        ),
      ).toBeLessThan(13.82);
    }
  });

  it('is uniform in 100 bins also over keys that differ in one digit (chi-square, 99 degrees, p > .001)', () => {
    const bins = new Array<number>(100).fill(0);
    for (let i = 0; i < 20_000; i++) bins[Math.floor(100 * allocationPosition('salt', `listener-${i}`))]++;
    expect(chiSquare(bins, new Array<number>(100).fill(200))).toBeLessThan(148.2);
  });

  it('is independent between salts (chi-square of the 3 x 3 table against known margins, 8 degrees, p > .001)', () => {
    const one = createAllocation({ salt: 'experiment-1', arms });
    const two = createAllocation({ salt: 'experiment-2', arms });
    const table = new Array<number>(9).fill(0);
    const index = new Map(arms.map(({ id }, i) => [id, i]));
    for (const key of listeners) {
      table[3 * (index.get(one.armOf(key)) as number) + (index.get(two.armOf(key)) as number)]++;
    }
    const expected = arms.flatMap((a) => arms.map((b) => a.share * b.share * listeners.length));
    expect(chiSquare(table, expected)).toBeLessThan(26.12);
  });

  it('is a function of salt and key, the same on every machine', () => {
    // First 13 hexadecimal digits of SHA-256("salt\0key"), over 16^13; by Python: int(hashlib.sha256(b'salt\0key').hexdigest()[:13], 16) / 16**13
    expect(allocationPosition('salt', 'key')).toBe(0.4311130305939672);
    const allocation = createAllocation({ salt: 's', arms });
    expect(allocation.armOf('k')).toBe(createAllocation({ salt: 's', arms }).armOf('k'));
  });

  it('keeps every listener of the first arm when it grows', () => {
    const small = createHoldout(0.02);
    const large = createHoldout(0.05);
    for (const key of listeners) {
      if (small.armOf(key) === HOLDOUT_ARM) expect(large.armOf(key)).toBe(HOLDOUT_ARM);
    }
  });

  it('can hold nobody out, or everybody', () => {
    for (const key of listeners.slice(0, 100)) {
      expect(createHoldout(0).armOf(key)).toBe('main');
      expect(createHoldout(1).armOf(key)).toBe(HOLDOUT_ARM);
    }
  });

  it('refuses shares that do not sum to 1, are out of range, and ids that repeat', () => {
    const make = (list: { id: string; share: number }[]) => () => createAllocation({ salt: 's', arms: list });
    expect(make([{ id: 'a', share: 0.5 }])).toThrow(/sum to 0.5/);
    expect(make([])).toThrow(/sum to 0/);
    expect(
      make([
        { id: 'a', share: 1.5 },
        { id: 'b', share: -0.5 },
      ]),
    ).toThrow(/share 1.5/);
    expect(make([{ id: 'a', share: Number.NaN }])).toThrow(/NaN/);
    expect(
      make([
        { id: 'a', share: 0.5 },
        { id: 'a', share: 0.5 },
      ]),
    ).toThrow(/same id/);
  });
});
