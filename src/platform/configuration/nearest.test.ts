import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearestOf } from './nearest.ts';

describe('nearestOf', () => {
  it('finds what was meant, and nothing where nothing is near', () => {
    expect(nearestOf('prot', ['host', 'port', 'dataDir'])).toBe('port');
    expect(nearestOf('CardEpsilon', ['cardEpsilon', 'shelfEpsilon'])).toBe('cardEpsilon');
    expect(nearestOf('zebra', ['host', 'port'])).toBeUndefined();
    expect(nearestOf('', ['host'])).toBeUndefined();
  });
});

describe('editDistance', () => {
  it('counts letters that are missing, too many, others, or exchanged', () => {
    expect(editDistance('port', 'port')).toBe(0);
    expect(editDistance('prot', 'port')).toBe(1);
    expect(editDistance('pot', 'port')).toBe(1);
    expect(editDistance('ports', 'port')).toBe(1);
    expect(editDistance('', 'port')).toBe(4);
  });

  it('is the same both ways, 0 for equal texts alone, and at most the longer one', () => {
    const text = fc.string({ maxLength: 12 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const distance = editDistance(a, b);
        expect(distance).toBe(editDistance(b, a));
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
      }),
    );
  });
});
