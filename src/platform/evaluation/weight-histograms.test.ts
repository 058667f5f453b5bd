import { describe, expect, it } from 'vitest';
import { evaluationRows } from '../../counterfactual/index.ts';
import { WeightHistograms } from './weight-histograms.ts';

function chunkOf(weights: readonly number[], isCard: readonly number[]) {
  const rows = evaluationRows({
    rewards: new Float64Array(weights.length),
    weights: Float64Array.from(weights),
    decisionOf: new Uint32Array(weights.length),
    positionOf: Uint16Array.from(weights.keys()),
    listenerOf: new Uint32Array(1),
    matches: new Uint8Array(weights.length),
    model: undefined,
  });
  return { policies: [[rows]], isCard: Uint8Array.from(isCard) };
}

describe('weights of a comparison as a histogram', () => {
  it('counts each card once, zeros apart, and no place without a card', () => {
    const histograms = new WeightHistograms(1, 1);
    histograms.add(chunkOf([0, 1, 1, 8, 500], [1, 1, 1, 1, 0]));
    histograms.add(chunkOf([0.25], [1]));
    const { name, cards, zeros, bins } = histograms.of('cool', 0, 0);
    expect({ name, cards, zeros }).toEqual({ name: 'cool', cards: 5, zeros: 1 });
    expect(bins.map((bin) => bin.cards)).toEqual([1, 2, 1]);
    for (const [k, weight] of [0.25, 1, 8].entries()) {
      const { from, to } = bins[k];
      expect(from * (1 - 1e-12)).toBeLessThan(weight);
      expect(to * (1 + 1e-12)).toBeGreaterThanOrEqual(weight);
      expect(to / from).toBeCloseTo(1.1 / 0.9, 9);
    }
  });
});
