import { describe, expect, it } from 'vitest';
import { evenCards, evenly, SpreadMean } from './sampling.ts';

const idOf = (n: number): string => `01J${String(n).padStart(23, '0')}`;
const ids = (count: number): string[] => Array.from({ length: count }, (_, n) => idOf(n));
const PAGE = Array.from({ length: 120 }, (_, i) => ({ row: Math.floor(i / 10), rank: i % 10 }));

describe('a sample of a day', () => {
  it('is every decision where there are no more than wanted, else about so many, the same each time', () => {
    expect(ids(4_000).filter(evenly(4_000, 4_000))).toHaveLength(4_000);
    const taken = ids(30_000).filter(evenly(30_000, 4_000));
    // 4,000 of 30,000: the standard deviation is 59.
    expect(Math.abs(taken.length - 4_000)).toBeLessThan(4 * 59);
    expect(ids(30_000).filter(evenly(30_000, 4_000))).toEqual(taken);
  });

  it('has all cards where they fit', () => {
    expect(evenCards(1)(idOf(1), PAGE)).toEqual(PAGE);
  });

  it.each([30_000, 100_000])('has each card of the decisions that were taken of %i with the same chance', (count) => {
    const taken = ids(count).filter(evenly(count, 4_000));
    const share = 1 / 12;
    const take = evenCards(share);
    const counts = new Map<number, number>();
    for (const id of taken)
      for (const { row, rank } of take(id, PAGE)) counts.set(row * 10 + rank, (counts.get(row * 10 + rank) ?? 0) + 1);
    const expected = share * taken.length;
    const deviation = Math.sqrt(expected * (1 - share));
    // 120 of them: beyond 4.5 deviations chance goes once in a thousand such tests.
    for (let card = 0; card < PAGE.length; card++)
      expect(Math.abs((counts.get(card) ?? 0) - expected) / deviation, `card ${card}`).toBeLessThan(4.5);
  });
});

describe('the mean of a long sequence', () => {
  const meanOf = (values: readonly number[]): { mean: number; looked: number } => {
    const mean = new SpreadMean();
    let looked = 0;
    for (const value of values) {
      if (!mean.wants()) continue;
      looked++;
      mean.add(value);
    }
    return { mean: mean.mean, looked };
  };

  it('is exact of a hundred', () => {
    const values = Array.from({ length: 100 }, (_, i) => i);
    expect(meanOf(values)).toEqual({ mean: 49.5, looked: 100 });
    expect(meanOf([]).mean).toBe(0);
  });

  it('is about that of the whole, however the beginning was, and looks at few', () => {
    const values = [...Array<number>(25_000).fill(20), ...Array<number>(75_000).fill(120)];
    const { mean, looked } = meanOf(values);
    expect(Math.abs(mean - 95)).toBeLessThan(3);
    expect(looked).toBeLessThan(1_100);
    expect(Math.abs(meanOf([...Array<number>(100).fill(0), ...values]).mean - 95)).toBeLessThan(3);
  });
});
