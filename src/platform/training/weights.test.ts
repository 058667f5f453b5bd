import { describe, expect, it } from 'vitest';
import { seedFromBytes } from '../../base/index.ts';
import { type Catalog, type DecisionRecord, NO_ITEM } from '../../domain/index.ts';
import { DEFAULT_TUNABLES, unscoredProblem } from '../../home/index.ts';
import { createWalker, plackettLuce, samplePage } from '../../policy/index.ts';
import { createWeights, normaliseWeights } from './weights.ts';

const ITEMS = 24;
const PAGES = 4000;

describe('createWeights', () => {
  it('weighs each drawn card by the even choice over what was unmasked: with a mean of 1 at every rank, forced cards 1', () => {
    // Six creators with four items each: the cap of three a row masks, and so do the shelves above.
    const catalog = {
      size: ITEMS,
      creator: Uint32Array.from({ length: ITEMS }, (_, i) => i % 6),
    } as unknown as Catalog;
    const scores = Float64Array.from({ length: ITEMS }, (_, i) => 0.1 * ((i * 7) % 11));
    const shelf = (shelfId: string, from: number, to: number, order: 'policy' | 'defined', maxCards: number) => ({
      shelfId,
      seedItem: NO_ITEM,
      order,
      pinnedRank: order === 'defined' ? 0 : -1,
      minCards: 1,
      maxCards,
      carriedFrom: '',
      items: Uint32Array.from({ length: to - from }, (_, i) => from + i),
      sources: new Uint8Array(to - from),
    });
    const shelves = [
      shelf('one', 0, 3, 'defined', 3),
      shelf('two', 0, 16, 'policy', 6),
      shelf('three', 8, 24, 'policy', 6),
    ];
    const unscored = unscoredProblem({ shelves, device: 'desktop' }, catalog, DEFAULT_TUNABLES);
    const problem = {
      ...unscored,
      shelves: unscored.shelves.map((one) => ({
        ...one,
        scores: Float64Array.from(one.items, (item) => scores[item]),
      })),
    };
    const policy = plackettLuce({ cardTemperature: 0.4, cardEpsilon: 0.2, shelfTemperature: 1, shelfEpsilon: 0.3 });
    const walker = createWalker();
    const weigh = createWeights();
    const sums = new Map<string, { count: number; sum: number; squares: number }>();
    for (let n = 0; n < PAGES; n++) {
      const bytes = new Uint8Array(16);
      new DataView(bytes.buffer).setUint32(0, n);
      const page = samplePage(problem, policy, seedFromBytes(bytes), walker);
      const record = { device: 'desktop', shelves, rows: page.rows } as unknown as DecisionRecord;
      const weights = weigh(record, catalog, DEFAULT_TUNABLES);
      if (weights === undefined) throw new Error('the page cannot be walked');
      for (const [r, row] of page.rows.entries()) {
        for (const [j, card] of row.cards.entries()) {
          const w = weights[r][j];
          if (card.forced) expect(w).toBe(1);
          else {
            const rank = `${r}.${j}`;
            const { count, sum, squares } = sums.get(rank) ?? { count: 0, sum: 0, squares: 0 };
            sums.set(rank, { count: count + 1, sum: sum + w, squares: squares + w * w });
          }
        }
      }
    }
    expect(sums.size).toBe(12);
    for (const { count, sum, squares } of sums.values()) {
      const mean = sum / count;
      const error = Math.sqrt((squares / count - mean ** 2) / count);
      expect(Math.abs(mean - 1)).toBeLessThan(4 * error);
      expect(error).toBeGreaterThan(0);
    }
  });

  it('gives up a record that cannot have come of these rules', () => {
    const catalog = { size: 4, creator: new Uint32Array(4).fill(NO_ITEM) } as unknown as Catalog;
    const shelf = {
      shelfId: 'one',
      seedItem: NO_ITEM,
      order: 'policy',
      pinnedRank: -1,
      minCards: 1,
      maxCards: 3,
      carriedFrom: '',
      items: Uint32Array.of(0, 1, 2, 3),
      sources: new Uint8Array(4),
    };
    const card = { index: 1, propensity: 0.25, forced: false };
    const rows = [{ shelf: 0, propensity: 1, forced: false, cards: [card, card] }];
    const record = { device: 'desktop', shelves: [shelf], rows } as unknown as DecisionRecord;
    expect(createWeights()(record, catalog, DEFAULT_TUNABLES)).toBeUndefined();
  });
});

describe('normaliseWeights', () => {
  it('clips from above, then scales to a mean of 1', () => {
    const weights = Float32Array.of(0.5, 1, 2, 100);
    const { clipped, effectiveRows } = normaliseWeights(weights, 4.5);
    expect([...weights]).toEqual([0.25, 0.5, 1, 2.25]);
    expect(clipped).toBe(0.25);
    expect(effectiveRows).toBeCloseTo(16 / (0.0625 + 0.25 + 1 + 5.0625), 6);
  });

  it('leaves equal weights and no weights alone', () => {
    expect(normaliseWeights(new Float32Array(0), 10)).toEqual({ clipped: 0, effectiveRows: 0 });
    expect(normaliseWeights(Float32Array.of(3, 3), 10).effectiveRows).toBe(2);
  });
});
