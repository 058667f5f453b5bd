import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { ScoreOrder } from './order.ts';

describe('the order of candidates', () => {
  const sorter = new ScoreOrder();
  const score = fc.oneof(
    fc.double({ noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.constantFrom(0, -0, 1e308, -1e308, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 5e-324, 0.1),
  );

  it('is by score, highest first, then by item number', () => {
    fc.assert(
      fc.property(fc.array(score, { maxLength: 120 }), fc.nat(), (listed, seed) => {
        const n = listed.length;
        const rng = createRng(seed);
        const items = Uint32Array.from({ length: n }, (_, i) => i);
        for (let i = n - 1; i > 0; i--) {
          const j = rng.below(i + 1);
          [items[i], items[j]] = [items[j], items[i]];
        }
        const scores = Float64Array.from(listed);
        const expected = [...items.keys()].sort((a, b) =>
          scores[a] === scores[b] ? items[a] - items[b] : scores[a] < scores[b] ? 1 : -1,
        );
        sorter.sort(scores, items, n);
        expect([...sorter.order.subarray(0, n)]).toEqual(expected);
      }),
      { numRuns: 1000, seed: 1 },
    );
  });

  it('holds for a thousand scores that hardly differ', () => {
    const n = 1000;
    const rng = createRng(2);
    const scores = Float64Array.from({ length: n }, () => 0.3 + 1e-12 * rng.below(50));
    const items = Uint32Array.from({ length: n }, (_, i) => n - i);
    sorter.sort(scores, items, n);
    for (let k = 1; k < n; k++) {
      const [a, b] = [sorter.order[k - 1], sorter.order[k]];
      expect(scores[a] > scores[b] || (scores[a] === scores[b] && items[a] < items[b])).toBe(true);
    }
  });
});
