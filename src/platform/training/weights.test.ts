import { describe, expect, it } from 'vitest';
import { normaliseWeights } from './weights.ts';

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
