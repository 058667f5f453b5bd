import { describe, expect, it } from 'vitest';
import type { DatasetFeatureStatisticsList } from '../metadata/index.ts';
import { validateSliceCoverage } from './slice-coverage.ts';

const listOf = (total: number, slices: Readonly<Record<string, number>>): DatasetFeatureStatisticsList => ({
  datasets: [
    { name: 'All Examples', numExamples: total },
    ...Object.entries(slices).map(([name, numExamples]) => ({ name, numExamples })),
  ],
});
const lost = (now: DatasetFeatureStatisticsList, before: DatasetFeatureStatisticsList, more = {}): string[] => [
  ...(validateSliceCoverage(now, { previousSpan: before, ...more }).anomalyInfo?.keys() ?? []),
];

describe('coverage of slices', () => {
  const before = listOf(1000, { tier_premium: 300, tier_rare: 12 });

  it('misses a slice that is gone, and one that lost most', () => {
    expect(lost(listOf(1000, { tier_rare: 12 }), before)).toEqual(["'slice(tier_premium)'"]);
    expect(lost(listOf(1000, { tier_premium: 30, tier_rare: 12 }), before)).toEqual(["'slice(tier_premium)'"]);
  });

  it('does not miss what chance may take: five of twelve left, of a thousand each', () => {
    const now = listOf(1000, { tier_premium: 300, tier_rare: 5 });
    expect(lost(now, before)).toEqual([]);
    expect(lost(now, before, { significance: 1 })).toEqual(["'slice(tier_rare)'"]);
  });

  it('counts what comes together as one: rows of few listeners say little', () => {
    const [now, then] = [listOf(1000, { tier_premium: 0 }), listOf(1000, { tier_premium: 40 })];
    expect(lost(now, then)).toEqual(["'slice(tier_premium)'"]);
    expect(lost(now, then, { designEffect: 20 })).toEqual([]);
  });

  it('refuses a chance or an effect that cannot be', () => {
    expect(() => lost(before, before, { significance: 0 })).toThrow('significance');
    expect(() => lost(before, before, { designEffect: 0.5 })).toThrow('designEffect');
  });
});
