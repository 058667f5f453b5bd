import fc from 'fast-check';
import { expect, it } from 'vitest';
import { TopSelection } from './top.ts';

it('keeps what a full sort would keep, strongest first and of equals the smaller number first', () => {
  const pairs = fc.uniqueArray(fc.record({ number: fc.nat(4_000_000_000), score: fc.integer({ min: -4, max: 4 }) }), {
    selector: (pair) => pair.number,
    maxLength: 80,
  });
  fc.assert(
    fc.property(pairs, fc.integer({ min: 0, max: 90 }), (stream, limit) => {
      const top = new TopSelection(4);
      top.begin(limit);
      for (const { number, score } of stream) top.offer(number, score);
      const numbers = new Uint32Array(limit);
      const scores = new Float64Array(limit);
      const count = top.drain(numbers, scores);
      const expected = stream.toSorted((a, b) => b.score - a.score || a.number - b.number).slice(0, limit);
      expect([...numbers.subarray(0, count)]).toEqual(expected.map((pair) => pair.number));
      expect([...scores.subarray(0, count)]).toEqual(expected.map((pair) => pair.score));
    }),
  );
});

it('admits exactly what could still enter', () => {
  const top = new TopSelection(2);
  top.begin(2);
  top.offer(7, 1);
  expect(top.admits(0)).toBe(true);
  top.offer(8, 3);
  expect(top.admits(0.5)).toBe(false);
  expect(top.admits(1)).toBe(true);
  top.begin(0);
  expect(top.admits(9)).toBe(false);
});
