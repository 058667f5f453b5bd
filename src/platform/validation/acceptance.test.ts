import { describe, expect, it } from 'vitest';
import { ALL_EXAMPLES, type DatasetFeatureStatistics, type Schema } from '../../validation/index.ts';
import { acceptedFeatures } from './acceptance.ts';
import { judgeSet, type Measured } from './judge.ts';

const slice = (name: string, counts: Readonly<Record<string, number>>): DatasetFeatureStatistics => {
  const ranked = Object.entries(counts);
  const rows = ranked.reduce((sum, [, count]) => sum + count, 0);
  const buckets = ranked.map(([label, sampleCount], i) => ({ lowRank: i, highRank: i, label, sampleCount }));
  const common = { numNonMissing: rows, minNumValues: 1, maxNumValues: 1, avgNumValues: 1, totNumValues: rows };
  const topValues = ranked.map(([value, frequency]) => ({ value, frequency }));
  const stringStats = { commonStats: common, unique: ranked.length, topValues, rankHistogram: { buckets } };
  return { name, numExamples: rows, features: [{ path: { step: ['colour'] }, type: 'STRING', stringStats }] };
};

const schema: Schema = {
  feature: [
    {
      name: 'colour',
      type: 'BYTES',
      presence: { minFraction: 1, minCount: 1 },
      valueCount: { min: 1, max: 1 },
      stringDomain: { name: 'colour', value: ['red'] },
    },
  ],
};
const datasets = [
  slice(ALL_EXAMPLES, { red: 100, blue: 50, green: 50 }),
  slice('tier_free', { red: 50, blue: 50 }),
  slice('tier_premium', { red: 50, green: 50 }),
];
const units = new Map(['', 'tier_free', 'tier_premium'].map((name) => [name, 40]));
const set: Measured = { name: 'training/2026-11-20', list: { datasets }, units };
const { anomalies } = judgeSet(set, { schema });
const pathOf = (of: string): string => anomalies.find((one) => one.slice === of)?.path ?? '';

describe('anomalies accepted together', () => {
  it('of one feature are all taken in, in whatever order', () => {
    const paths = [pathOf('tier_free'), pathOf('tier_premium')];
    for (const order of [paths, paths.toReversed()]) {
      const [feature, ...others] = acceptedFeatures(set, anomalies, order, { schema });
      expect(others).toEqual([]);
      expect([...(feature.stringDomain?.value ?? [])].sort()).toEqual(['blue', 'green', 'red']);
      expect(judgeSet(set, { schema: { feature: [feature] } }).anomalies).toEqual([]);
    }
  });

  it('ask for nothing more where one of them takes in the others', () => {
    const [feature] = acceptedFeatures(set, anomalies, [pathOf(''), pathOf('tier_free')], { schema });
    expect(feature.stringDomain?.value?.length).toBe(3);
  });

  it('are refused where there is no such anomaly', () => {
    expect(() => acceptedFeatures(set, anomalies, ['elsewhere'], { schema })).toThrow(/no anomaly at "elsewhere"/);
  });
});
