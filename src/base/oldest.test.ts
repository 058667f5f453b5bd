import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Oldest } from './oldest.ts';

const step = fc.oneof(
  fc.record({ what: fc.constant('insert' as const), key: fc.nat(12) }),
  fc.record({ what: fc.constant('delete' as const), key: fc.nat(12) }),
  fc.record({ what: fc.constant('oldest' as const), key: fc.constant(0) }),
);

it('gives the key that a fresh iterator begins with, whatever came and went meanwhile', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
      const kept = new Map<number, string>();
      const oldest = new Oldest(kept);
      for (const { what, key } of steps) {
        if (what === 'delete') kept.delete(key);
        else if (what === 'insert') {
          // The newest again.
          kept.delete(key);
          kept.set(key, 'value');
        } else {
          const [first] = kept.keys();
          const given = oldest.next();
          expect(given).toBe(first);
          if (given !== undefined) kept.delete(given);
        }
      }
    }),
  );
});

it('takes no longer where many have gone', () => {
  const kept = new Set(Array.from({ length: 100_000 }, (_, i) => i));
  const oldest = new Oldest(kept);
  const startMs = performance.now();
  for (let i = 0; i < 300_000; i++) {
    kept.add(100_000 + i);
    kept.delete(oldest.next() as number);
  }
  // Fresh iterators take seconds.
  expect(performance.now() - startMs).toBeLessThan(1500);
  expect(kept.size).toBe(100_000);
});
