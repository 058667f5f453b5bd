import { describe, expect, it } from 'vitest';
import type { CustomStatistic, DatasetFeatureStatistics, FeatureNameStatistics } from '../metadata/index.ts';
import { compareStatistics } from './compare.ts';
import { figure, percent } from './markup.ts';
import { reportPage } from './page.ts';

const common = (numNonMissing: number, numMissing = 0) => ({ numNonMissing, numMissing, totNumValues: numNonMissing });

function words(name: string, counts: Record<string, number>, numMissing = 0): FeatureNameStatistics {
  const buckets = Object.entries(counts).map(([label, sampleCount]) => ({ label, sampleCount }));
  const total = buckets.reduce((sum, { sampleCount }) => sum + sampleCount, 0);
  return {
    name,
    type: 'STRING',
    stringStats: { commonStats: common(total, numMissing), unique: buckets.length, rankHistogram: { buckets } },
  };
}

function numbers(name: string, edges: readonly number[], samples: readonly number[]): FeatureNameStatistics {
  const total = samples.reduce((sum, one) => sum + one, 0);
  const buckets = samples.map((sampleCount, at) => ({ lowValue: edges[at], highValue: edges[at + 1], sampleCount }));
  return {
    name,
    type: 'FLOAT',
    numStats: { commonStats: common(total), min: edges[0], max: edges.at(-1)!, histograms: [{ buckets }] },
  };
}

const dataset = (...features: FeatureNameStatistics[]): DatasetFeatureStatistics => ({ numExamples: 10, features });

function compared(...datasets: DatasetFeatureStatistics[]) {
  return compareStatistics(datasets.map((statistics, at) => ({ name: `d${at}`, statistics })));
}

describe('compareStatistics', () => {
  it('measures each dataset against the first and keeps the largest distance', () => {
    const { features } = compared(
      dataset(words('tier', { free: 5, premium: 5 })),
      dataset(words('tier', { free: 5, premium: 5 })),
      dataset(words('tier', { free: 10 }, 10)),
    );
    expect(features).toHaveLength(1);
    expect(features[0]).toMatchObject({ kind: 'categorical', linf: 0.5, missingShare: 0.5, absentIn: [] });
    expect(features[0].divergence).toBeCloseTo(0.3113, 4);
  });

  it('keeps what only one dataset has, and says which lack it', () => {
    const { features } = compared(dataset(words('a', { x: 1 })), dataset(numbers('b', [0, 1], [10])));
    expect(features.map(({ path, absentIn, missingShare }) => ({ path, absentIn, missingShare }))).toEqual([
      { path: 'a', absentIn: ['d1'], missingShare: 1 },
      { path: 'b', absentIn: ['d0'], missingShare: 1 },
    ]);
    expect(features.map(({ divergence }) => divergence)).toEqual([undefined, undefined]);
  });
});

describe('reportPage', () => {
  it('lets nothing of the data become markup', () => {
    const hostile = '</script><img src=x onerror=alert(1)>"\'&\u0000\udc80';
    const { features } = dataset(words(hostile, { [hostile]: 10 }), numbers(`${hostile}2`, [0, 1], [10]));
    const comparison = compareStatistics([{ name: hostile, statistics: { name: hostile, features: features! } }]);
    const info = { severity: 'ERROR' as const, shortDescription: hostile, description: hostile };
    const page = reportPage(comparison, { anomalies: { anomalyInfo: new Map([['gone', info]]) } });
    expect(page).not.toContain('<img');
    expect(page.match(/<\/script>/g)).toHaveLength(1);
    expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;&quot;&#39;&amp;\ufffd\ufffd');
    expect(page.isWellFormed()).toBe(true);
  });

  it('says of features with nothing to draw that there is nothing', () => {
    const custom: CustomStatistic[] = [{ name: 'level', num: 1 }];
    const page = reportPage(
      compared(
        dataset(
          { name: 'never', type: 'FLOAT', numStats: { commonStats: common(0, 10) } },
          { name: 'wordless', type: 'STRING', stringStats: { commonStats: common(0, 10) } },
          { name: 'struct', type: 'STRUCT', structStats: { commonStats: common(10) } },
          { name: 'custom', customStats: custom },
        ),
      ),
    );
    expect(page.match(/No values\./g)).toHaveLength(2);
    expect(page).toContain('Other features <small>2</small>');
  });

  it('draws constants, infinities and NaN without a number that is none', () => {
    const page = reportPage(
      compared(
        dataset(
          numbers('constant', [3, 3], [10]),
          numbers('endless', [Number.NEGATIVE_INFINITY, 0, 1, Number.POSITIVE_INFINITY], [1, 8, 1]),
        ),
      ),
    );
    const drawn = [...page.matchAll(/ (?:d|style|x|width)="([^"]*)"/g)].map(([, text]) => text).join('\n');
    expect(drawn).not.toMatch(/NaN|Infinity|∞/);
    expect(page).toContain('<td data-label="max">∞</td>');
  });

  it('stays small with thousands of features', () => {
    const counts = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`value ${at}`, at + 1]));
    const many = dataset(...Array.from({ length: 1000 }, (_, at) => words(`feature ${at}`, counts)));
    expect(reportPage(compared(many, many)).length).toBeLessThan(10e6);
  });
});

describe('figures', () => {
  it.each([
    [0, '0'],
    [1234567, '1,234,567'],
    [-87.654, '−87.654'],
    [0.05579, '0.05579'],
    [1093.24, '1,093.2'],
    [1e-9, '1.000e-9'],
    [1e300, '1.000e+300'],
    [Number.NaN, 'NaN'],
  ])('%d is %s', (x, text) => expect(figure(x)).toBe(text));

  it.each([
    [0, '0%'],
    [0.0001, '<0.1%'],
    [0.1234, '12.3%'],
    [1, '100%'],
  ])('a share of %d is %s', (share, text) => expect(percent(share)).toBe(text));
});
