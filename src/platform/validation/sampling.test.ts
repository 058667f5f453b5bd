import { describe, expect, it } from 'vitest';
import { evenly, thinned } from './sampling.ts';

const idOf = (n: number): string => `01J${String(n).padStart(23, '0')}`;

interface Served {
  readonly record: { readonly decisionId: string };
  readonly cards: readonly { readonly row: number; readonly rank: number }[];
}

/** Decisions with 10 to 70 cards each. */
async function* served(count: number): AsyncGenerator<Served> {
  for (let n = 0; n < count; n++) {
    const cards = Array.from({ length: 10 * (1 + (n % 7)) }, (_, i) => ({ row: Math.floor(i / 10), rank: i % 10 }));
    yield { record: { decisionId: idOf(n) }, cards };
  }
}

async function thin(count: number, maxRows: number): Promise<{ taken: Served[]; shares: number[] }> {
  const taken: Served[] = [];
  const shares: number[] = [];
  for await (const one of thinned(served(count), count, maxRows, (share) => shares.push(share))) taken.push(one);
  return { taken, shares };
}

const cardsOf = (all: readonly Served[]): number => all.reduce((sum, { cards }) => sum + cards.length, 0);

describe('a sample of a day', () => {
  it('is every decision where there are no more than wanted, else about so many, the same each time', () => {
    const ids = Array.from({ length: 30_000 }, (_, n) => idOf(n));
    expect(ids.filter(evenly(4_000, 4_000))).toHaveLength(30_000);
    const taken = ids.filter(evenly(30_000, 4_000));
    // 4,000 of 30,000: the standard deviation is 59.
    expect(Math.abs(taken.length - 4_000)).toBeLessThan(4 * 59);
    expect(ids.filter(evenly(30_000, 4_000))).toEqual(taken);
  });

  it('has all cards where they fit', async () => {
    const { taken, shares } = await thin(700, 28_000);
    expect(shares).toEqual([1]);
    expect(cardsOf(taken)).toBe(700 * 40);
    expect((await thin(0, 10)).taken).toEqual([]);
    // Fewer than the number of cards is estimated by.
    expect((await thin(7, 1_000)).taken).toHaveLength(7);
  });

  it('has about as many cards as wanted, those of the first decisions and of every rank as likely as others', async () => {
    const { taken, shares } = await thin(7_000, 28_000);
    expect(shares).toHaveLength(1);
    expect(shares[0]).toBeCloseTo(0.1, 2);
    expect(Math.abs(cardsOf(taken) - 28_000)).toBeLessThan(700);
    const early = taken.filter(({ record }) => record.decisionId < idOf(700));
    expect(cardsOf(early) / cardsOf(taken)).toBeCloseTo(0.1, 1);
    const ofRank = new Float64Array(10);
    for (const { cards } of taken) for (const { rank } of cards) ofRank[rank]++;
    for (const count of ofRank) expect(Math.abs(count / 2_800 - 1)).toBeLessThan(0.1);
    // A decision of whose cards none was taken is no row, and no decision without cards.
    expect(taken.every(({ cards }) => cards.length > 0)).toBe(true);
  });
});
