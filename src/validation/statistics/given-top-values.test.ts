/** TFDV's cases of top values and distinct values, each by its name; the results are the given ones. */
import { expect } from 'vitest';
import { type CaseTable, type GivenCase, runCases } from '../given-testing.ts';
import { decodeText, type FeatureNameStatistics } from '../metadata/index.ts';
import type { Chunk } from '../sources/columns.ts';
import { DatasetStatistics, type StatisticsOptions } from './index.ts';
import { chunkOf, expectNear, FLOAT, NULL } from './statistics-testing.ts';

const FEW = { numTopValues: 4, numRankHistogramBuckets: 3 };
const MANY = { numTopValues: 2, numRankHistogramBuckets: 3 };

function keyOf(feature: FeatureNameStatistics): string {
  return feature.path!.step!.join('.');
}

/** Of each feature with texts, only what the generator of top values gives. */
function topValues(chunks: readonly Chunk[], options: Partial<StatisticsOptions>): Map<string, FeatureNameStatistics> {
  const statistics = new DatasetStatistics(options);
  for (const chunk of chunks) {
    const shard = new DatasetStatistics(options);
    shard.add(chunk);
    statistics.merge(shard);
  }
  const found = new Map<string, FeatureNameStatistics>();
  for (const feature of statistics.extract().features!) {
    if (!feature.stringStats) continue;
    const { commonStats, avgLength, invalidUtf8Count, ...stringStats } = feature.stringStats;
    found.set(keyOf(feature), { path: feature.path!, type: feature.type!, stringStats });
  }
  return found;
}

/** The given results of a slice come apart, as each generator gives them: put together by feature. */
function results(given: GivenCase, from = 0, to = Infinity): Map<string, FeatureNameStatistics> {
  const together = new Map<string, FeatureNameStatistics>();
  const datasets = given.protos.filter(({ type }) => type === 'DatasetFeatureStatistics').length;
  for (let i = from; i < Math.min(to, datasets); i++) {
    for (const feature of given.get('DatasetFeatureStatistics', i).features ?? []) {
      const before = together.get(keyOf(feature));
      const type = before?.type ?? feature.type;
      const stringStats = { ...before?.stringStats, ...feature.stringStats };
      together.set(keyOf(feature), { path: feature.path!, ...(type && { type }), stringStats });
    }
  }
  return together;
}

function check(given: GivenCase, chunks: readonly Chunk[], options: Partial<StatisticsOptions>): void {
  expectSame(topValues(chunks, options), results(given));
}

function expectSame(actual: Map<string, FeatureNameStatistics>, expected: Map<string, FeatureNameStatistics>): void {
  expect(new Set(actual.keys())).toEqual(new Set(expected.keys()));
  // Top values come without the type of the feature: an absent one tells nothing.
  for (const [key, { type, ...feature }] of expected) {
    const found = actual.get(key)!;
    if (type) expect(found.type).toBe(type);
    expectNear({ ...found, type: undefined }, feature);
  }
}

const LETTERS = [
  ['a', 'b', 'c', 'e'],
  ['a', 'c', 'd', 'a'],
  ['a', 'b', 'c', 'd'],
];
const TWO_FEATURES = {
  fa: [['a', 'b', 'c', 'e'], null, ['a', 'c', 'd'], ['a', 'a', 'b', 'c', 'd'], null],
  fb: [['a', 'c', 'c'], ['b'], null, null, ['b', 'c']],
};

const TOP_VALUES: CaseTable = {
  'TopkUniquesStatsGeneratorTest.test_topk_uniques_with_single_string_feature': (given) =>
    check(given, [chunkOf({ fa: LETTERS })], FEW),
  'TopkUniquesStatsGeneratorTest.test_topk_uniques_with_weights': (given) => {
    const chunk = chunkOf(
      {
        fa: [LETTERS[0], LETTERS[1], ['d', 'e']],
        w: [[5], [5], [15]],
        fb: [['v'], ['w', 'x', 'y'], ['z']],
        w_b: [[2], [4], [6]],
      },
      { w: FLOAT },
    );
    check(given, [chunk], { ...FEW, weightFeature: 'w', weightFeatures: { fb: 'w_b' } });
  },
  'TopkUniquesStatsGeneratorTest.test_topk_uniques_with_single_unicode_feature': (given) =>
    check(given, [chunkOf({ fa: LETTERS })], FEW),
  'TopkUniquesStatsGeneratorTest.test_topk_uniques_with_multiple_features': (given) =>
    check(given, [chunkOf(TWO_FEATURES)], FEW),
  'TopkUniquesStatsGeneratorTest.test_topk_uniques_with_missing_feature': (given) => {
    const first = chunkOf({ fa: [['a', 'b', 'c', 'e'], null], fb: [['a', 'c', 'c'], ['b']] });
    check(given, [first, chunkOf({ fa: [['a', 'c', 'd'], ['a', 'a', 'b', 'c', 'd'], null] })], FEW);
  },
  'TopkUniquesStatsGeneratorTest.test_topk_uniques_with_numeric_feature': (given) => {
    const fb = [[1, 2, 3], [4, 5], null, null]; // biome-ignore format: one thought
    check(given, [chunkOf({ fa: TWO_FEATURES.fa.slice(0, 4), fb }, { fb: FLOAT })], MANY);
  },
  'TopkUniquesStatsGeneratorTest.test_topk_uniques_with_bytes_feature': (given) =>
    check(given, [chunkOf(TWO_FEATURES)], { ...FEW, schema: given.get('Schema') }),
  'TopkUniquesStatsGeneratorTest.test_topk_uniques_with_categorical_feature': (given) => {
    const fa = [[12, 23, 34, 12], [45, 23], [12, 12, 34, 45]]; // biome-ignore format: one thought
    const chunks = [chunkOf({ fa }), chunkOf({ fa: [null, null] }, { fa: NULL })];
    check(given, chunks, { ...MANY, schema: given.get('Schema') });
  },
  'TopkUniquesStatsGeneratorTest.test_topk_uniques_with_frequency_threshold': (given) => {
    const rows = { fa: [['a', 'b', 'y', 'b'], ['a', 'x', 'a', 'z']], w: [[5], [15]] }; // biome-ignore format: one thought
    const thresholds = { frequencyThreshold: 2, weightedFrequencyThreshold: 15 };
    const chunks = [chunkOf(rows, { w: FLOAT })];
    check(given, chunks, { weightFeature: 'w', numTopValues: 5, numRankHistogramBuckets: 3, ...thresholds });
  },
  'TopkUniquesStatsGeneratorTest.test_topk_uniques_with_invalid_utf8_value': (given) => {
    const broken = decodeText(Uint8Array.of(0x80, 0x61, 0x62, 0x63));
    check(given, [chunkOf({ fa: [['a', broken, 'a', broken, 'a']] })], FEW);
  },
  'TopkUniquesStatsGeneratorTest.test_topk_uniques_with_slicing': (given) => {
    const options = { numTopValues: 2, numRankHistogramBuckets: 2 };
    const one = [chunkOf({ fa: [LETTERS[0]], fb: [['1', '1', '0']] }), chunkOf({ fa: [LETTERS[1]] })];
    const two = [
      chunkOf({ fa: [['b', 'a', 'e', 'c']], fb: [['0', '0', '1']] }),
      chunkOf({ fa: [['b', 'e', 'd', 'b']] }),
    ];
    expectSame(topValues(one, options), results(given, 0, 4));
    expectSame(topValues(two, options), results(given, 4));
  },
  'TopkUniquesStatsGeneratorTest.test_topk_uniques_with_struct_leaves': (given) => {
    const first = [
      [{ f1: ['a', 'b'], f2: [1, 2] }, { f1: ['b'] }],
      [{ f1: ['c', 'd'], f2: [2, 3] }, { f2: [3] }],
    ];
    const chunks = [
      chunkOf({ w: [[1], [2]], c: first }, { w: FLOAT }),
      chunkOf({ w: [[3]], c: [[{ f1: ['d'], f2: [4] }]] }, { w: FLOAT }),
    ];
    const options = { numTopValues: 3, numRankHistogramBuckets: 3, weightFeature: 'w', schema: given.get('Schema') };
    check(given, chunks, options);
  },
  'TopkUniquesStatsGeneratorTest.test_schema_claims_categorical_but_actually_float': (given) =>
    check(given, [chunkOf({ a: [] }, { a: FLOAT })], { schema: given.get('Schema') }),
};

runCases('py_top_k_uniques_stats_generator_test.json', TOP_VALUES);
