/** TFDV's cases of basic statistics, each by its name; the examples are those of its tests, the results the given ones. */
import { expect } from 'vitest';

import { type CaseTable, type GivenCase, runCases } from '../given-testing.ts';
import { decodeText, type FeatureNameStatistics, parseText, type Schema } from '../metadata/index.ts';
import { type Chunk, type ColumnType, columnOf, typeOf } from '../sources/columns.ts';
import { DatasetStatistics, type StatisticsOptions } from './index.ts';
import { chunkOf, expectNear, FLOAT, INT, NULL, STRING } from './statistics-testing.ts';

type Options = Partial<StatisticsOptions>;

const FOUR: Options = { numValuesHistogramBuckets: 4, numHistogramBuckets: 3, numQuantilesHistogramBuckets: 4 };
const THREE: Options = { ...FOUR, numValuesHistogramBuckets: 3 };
const TWO: Options = { ...FOUR, numValuesHistogramBuckets: 2 };
const BROKEN = decodeText(Uint8Array.of(0xfc, 0xa1, 0xa1, 0xa1, 0xa1, 0xa1));

/** Without what the generator of top values adds. */
function basic(feature: FeatureNameStatistics): FeatureNameStatistics {
  if (!feature.stringStats) return feature;
  const { unique, topValues, rankHistogram, weightedStringStats, ...stringStats } = feature.stringStats;
  return { ...feature, stringStats };
}

function featuresOf(chunks: readonly Chunk[], options: Options): Map<string, FeatureNameStatistics> {
  const statistics = new DatasetStatistics(options);
  for (const chunk of chunks) {
    const shard = new DatasetStatistics(options);
    shard.add(chunk);
    statistics.merge(shard);
  }
  const { features = [] } = statistics.extract();
  return new Map(features.map((feature) => [feature.path!.step!.join('.'), basic(feature)]));
}

function results(given: GivenCase): FeatureNameStatistics[] {
  return given.protos
    .filter(({ type }) => type !== 'Schema')
    .map(({ text }) => parseText('FeatureNameStatistics', text));
}

function schemaOf(given: GivenCase): Schema {
  return given.get('Schema');
}

/** Every given feature, found by its path, equals what the chunks give. */
function check(given: GivenCase, chunks: readonly Chunk[], options: Options): void {
  const features = featuresOf(chunks, options);
  for (const expected of results(given)) expectNear(features.get(expected.path!.step!.join('.')), expected);
}

const WEIGHTED = [
  {
    a: [
      [1, 2],
      [3, 4, 5],
    ],
    b: [
      [1, 2],
      [3, 4, 5],
    ],
  },
  { a: [[1, Number.NaN, Number.NaN, Number.NaN], null], b: [[1], null] },
];

const STRUCTS: readonly (readonly [rows: readonly unknown[], paths: readonly string[], schema?: Schema])[] = [
  [
    [[{ l2: [{ l3: [1, 2, 3] }, { l3: [4, 5] }] }, { l2: [{}] }, { l2: [{ l3: null }] }], null],
    ['c', 'c.l2', 'c.l2.l3'],
  ],
  [
    [[{ f1: [1, 2, 3], f2: ['b'] }], [{ f1: [3, 1], f2: ['a'] }, { f1: [2] }]],
    ['c', 'c.f1', 'c.f2'],
    parseText(
      'Schema',
      'feature { name: "c" type: STRUCT struct_domain { feature { name: "f1" type: INT int_domain { is_categorical: true } } } }',
    ),
  ],
  [
    [[{ f1: [1.0] }, {}], null, [{ f2: [2.0] }, null], [null], []],
    ['c', 'c.f1', 'c.f2'],
  ],
  [
    [{ a: ['meow', 'nyan'] }, { b: ['foo'] }],
    ['c', 'c.a', 'c.b'],
  ],
];

const NULLS: ColumnType = {
  kind: 'STRUCT',
  depth: 1,
  fields: new Map([
    ['f1', FLOAT],
    ['f2', FLOAT],
  ]),
};

/** Records come in two batches of one type, as Arrow has them. */
function structs(given: GivenCase): void {
  // The given protos mix the results with the schema of one case, which is no result.
  const expected = given.protos
    .filter(({ text }) => !text.includes('int_domain'))
    .map(({ text }) => parseText('FeatureNameStatistics', text));
  let at = 0;
  for (const [rows, paths, schema] of STRUCTS) {
    const type = paths[1] === 'c.f1' && schema === undefined ? NULLS : typeOf('c', rows);
    const middle = rows.length >> 1;
    const chunks = [rows.slice(0, middle), rows.slice(middle)].map((part) => ({
      rows: part.length,
      columns: [columnOf('c', type, part)],
    }));
    const features = featuresOf(chunks, { ...TWO, schema });
    for (const path of paths) expectNear(features.get(path), { ...expected[at++], path: { step: path.split('.') } });
  }
  nested(expected.slice(at));
}

function nested(expected: readonly FeatureNameStatistics[]): void {
  const deep: ColumnType = { kind: 'STRING', depth: 3 };
  const full = [
    [[['a', 'a'], ['a'], null], null, []],
    [[['a', 'a']], [['a']]],
  ];
  const batches: Chunk[][] = [
    [
      chunkOf({ a: [null, null], w: [1, 1] }, { a: deep }),
      chunkOf({ a: full, w: [1, 1] }, { a: deep }),
      chunkOf({ a: [[[null, null], null, []]], w: [1] }, { a: { kind: 'NULL', depth: 3 } }),
    ],
    [chunkOf({ a: [[null, null], null, []] })],
    [chunkOf({ a: [full[0], [[['a', BROKEN]], [['a']]]] })],
  ];
  for (const [i, chunks] of batches.entries()) {
    const features = featuresOf(chunks, i === 0 ? { ...TWO, weightFeature: 'w' } : TWO);
    expectNear(features.get('a'), expected[i]);
  }
}

const BASIC: CaseTable = {
  'BasicStatsGeneratorTest.test_single_feature': (given) =>
    check(
      given,
      [
        chunkOf(
          {
            a: [
              [1, 2],
              [3, 4, 5],
            ],
          },
          { a: FLOAT },
        ),
        chunkOf({ a: [[1]] }, { a: FLOAT }),
      ],
      FOUR,
    ),
  'BasicStatsGeneratorTest.test_two_feature_partitions': (given) =>
    check(
      given,
      [
        chunkOf(
          {
            a: [
              [1, 2],
              [3, 4, 5],
            ],
            b: [['abc'], ['xyz']],
          },
          { a: FLOAT },
        ),
      ],
      FOUR,
    ),
  'BasicStatsGeneratorTest.test_with_feature_config': (given) => {
    const numbers = [[1, 2], [3, 4, 5]]; // biome-ignore format: one thought
    const texts = [['abc'], ['xyz']];
    const chunk = chunkOf({ a: numbers, b: texts, c: numbers, d: texts }, { a: FLOAT, c: FLOAT });
    check(given, [chunk], { ...FOUR, histogramFeatures: ['a', 'b'] });
  },
  'BasicStatsGeneratorTest.test_two_feature_partitions_with_weights': (given) =>
    check(given, [chunkOf({ a: [[1], [10]], b: [['a'], ['xyz']] }, { a: FLOAT })], { ...FOUR, weightFeature: 'a' }),
  'BasicStatsGeneratorTest.test_infinity': (given) => {
    const rows = [[1, 2, Infinity, Infinity, -Infinity], [3, 4, 5, -Infinity]]; // biome-ignore format: one thought
    check(given, [chunkOf({ a: rows }, { a: FLOAT }), chunkOf({ a: [[1, Infinity, -Infinity]] }, { a: FLOAT })], {
      ...FOUR,
      numHistogramBuckets: 4,
    });
  },
  'BasicStatsGeneratorTest.test_handle_null_column': (given) => {
    const chunks = [
      chunkOf({ a: [null, null, null], b: [[1, 2, 3], [4], [5]] }, { a: NULL, b: FLOAT }),
      chunkOf({ a: [[1, 2], null], b: [null, null] }, { a: INT, b: NULL }),
    ];
    check(given, chunks, FOUR);
  },
  'BasicStatsGeneratorTest.test_pure_null_column': (given) => {
    const chunks = [2, 1].map((rows) =>
      chunkOf({ a: Array(rows).fill(null), w: Array(rows).fill([1]) }, { a: NULL, w: FLOAT }),
    );
    check(given, chunks, { ...FOUR, weightFeature: 'w' });
  },
  'BasicStatsGeneratorTest.test_with_weight_feature': (given) => {
    const types = { a: FLOAT, w: FLOAT };
    const chunks = [
      chunkOf({ ...WEIGHTED[0], w: [[1], [2]] }, types),
      chunkOf({ ...WEIGHTED[1], w: [[3], [2]] }, types),
    ];
    check(given, chunks, { ...FOUR, weightFeature: 'w' });
  },
  'BasicStatsGeneratorTest.test_with_per_feature_weight': (given) => {
    const types = { a: FLOAT, w_a: FLOAT, w_b: FLOAT };
    const chunks = [
      chunkOf({ ...WEIGHTED[0], w_a: [[1], [2]], w_b: [[2], [1]] }, types),
      chunkOf({ ...WEIGHTED[1], w_a: [[3], [2]], w_b: [[2], [3]] }, types),
    ];
    check(given, chunks, { ...FOUR, weightFeature: 'w_a', weightFeatures: { b: 'w_b' } });
  },
  'BasicStatsGeneratorTest.test_with_entire_feature_value_list_missing': (given) => {
    const words = [['x', 'y', 'z', 'w'], null, ['qwe', 'abc']];
    const chunks = [
      chunkOf({ a: [[1, 2], null, [3, 4, 5]], b: words }, { a: FLOAT }),
      chunkOf({ a: [[1], null], b: [null, ['qwe']] }, { a: FLOAT }),
    ];
    check(given, chunks, THREE);
  },
  'BasicStatsGeneratorTest.test_with_individual_feature_value_missing': (given) => {
    const rows = [[1, 2], [3, 4, Number.NaN, 5]]; // biome-ignore format: one thought
    check(given, [chunkOf({ a: rows }, { a: FLOAT }), chunkOf({ a: [[Number.NaN, 1]] }, { a: FLOAT })], THREE);
  },
  'BasicStatsGeneratorTest.test_with_multiple_features': (given) => {
    const upTo = (last: number) => Array.from({ length: 1000 }, (_, i) => last - 999 + i);
    const types = { a: { ...FLOAT, single: true } };
    const chunks = [
      chunkOf(
        { a: [[1, 2], [3, 4, 5]], b: [['x', 'y', 'z', 'w'], ['qwe', 'abc']], c: [upTo(1000), upTo(2000)] },
        types,
      ), // biome-ignore format: one thought
      chunkOf({ a: [[1]], b: [['ab']], c: [upTo(3000)] }, types),
    ];
    check(given, chunks, { ...THREE, epsilon: 0.001 });
  },
  'BasicStatsGeneratorTest.test_with_bytes_features': (given) => {
    const chunks = [
      chunkOf({
        b: [
          ['x', 'y', 'z', 'w'],
          ['qwe', 'abc'],
        ],
      }),
      chunkOf({ b: [['ab']] }),
    ];
    check(given, chunks, { ...THREE, epsilon: 0.001, schema: schemaOf(given) });
  },
  'BasicStatsGeneratorTest.test_categorical_int_feature': (given) => categorical(given, INT),
  'BasicStatsGeneratorTest.test_categorical_float_feature': (given) => categorical(given, FLOAT),
  'BasicStatsGeneratorTest.test_empty_batch': (given) => check(given, [chunkOf({ a: [] }, { a: STRING })], {}),
  'BasicStatsGeneratorTest.test_no_value_in_batch': (given) =>
    check(given, [chunkOf({ a: [[], [], []] }, { a: INT })], {}),
  'BasicStatsGeneratorTest.test_only_nan': (given) =>
    check(given, [chunkOf({ a: [[Number.NaN]] }, { a: { ...FLOAT, single: true } })], TWO),
  'BasicStatsGeneratorTest.test_schema_claims_bytes_but_actually_int': (given) =>
    check(given, [chunkOf({ a: [] }, { a: INT })], { ...TWO, schema: schemaOf(given) }),
  'BasicStatsGeneratorTest.test_schema_claims_categorical_int_but_actually_float': (given) =>
    check(given, [chunkOf({ a: [] }, { a: FLOAT })], { ...TWO, schema: schemaOf(given) }),
  'BasicStatsGeneratorTest.test_schema_claims_categorical_int_but_type_missing': (given) =>
    check(given, [chunkOf({ a: [[]] })], { ...TWO, schema: schemaOf(given) }),
  'BasicStatsGeneratorTest.test_with_invalid_utf8': (given) =>
    check(given, [chunkOf({ a: [['a'], [BROKEN], null] }), chunkOf({ a: [[BROKEN]] })], FOUR),
  '': structs,
  // The frame of the schema alone; the rows and results are those of the case without a name.
  'BasicStatsGeneratorStructStatsTest.test_struct': (given) => {
    const schema = schemaOf(given);
    schema.feature![0].structDomain!.feature = [{ name: 'f1', type: 'INT', intDomain: { isCategorical: true } }];
    expect(schema).toEqual(STRUCTS[1][2]);
  },
  'BasicStatsGeneratorStructStatsTest.test_with_weights': (given) =>
    check(
      given,
      [
        chunkOf(
          { w: [[1], [2]], c: [[{ f1: [{ f2: [1, 2] }, { f2: [0] }] }], [{ f1: [{ f2: [3, 3] }] }]] },
          { w: FLOAT },
        ),
      ],
      { ...TWO, weightFeature: 'w' },
    ),
};

function categorical(given: GivenCase, type: ColumnType): void {
  const chunks = [
    chunkOf({ c: [[1, 5, 10], [0]] }, { c: type }),
    chunkOf({ c: [[1, 1, 1, 5, 15], [-1]] }, { c: type }),
    chunkOf({ c: [null, null] }, { c: NULL }),
  ];
  check(given, chunks, { ...THREE, schema: schemaOf(given) });
}

runCases('py_basic_stats_generator_test.json', BASIC);
