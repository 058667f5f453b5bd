/**
 * What TensorFlow Data Validation 1.16.1 answers to the same calls of custom_validate_statistics, and the cases of its
 * custom_validation_test.cc.
 */
import { describe, expect, it } from 'vitest';
import { type Anomalies, formatText, parseText } from '../metadata/index.ts';
import { mergeAnomalies, validateCustom } from './custom-validation.ts';
import { validateStatistics } from './validate.ts';

const statistics = parseText(
  'DatasetFeatureStatisticsList',
  `datasets { name: "All Examples" num_examples: 10 features { path { step: "f" } type: INT
     num_stats { num_zeros: 5 max: 25 common_stats { num_non_missing: 10 min_num_values: 1 max_num_values: 1 tot_num_values: 10 }
       histograms { num_nan: 2 buckets { low_value: 0 high_value: 3 sample_count: 4 } buckets { high_value: inf } } } } }
   datasets { name: "some_slice" num_examples: 5 features { path { step: "f" } type: INT num_stats { max: 5 } } }`,
);

const config = (text: string) => parseText('CustomValidationConfig', text);
const single = (sql: string, more = '') =>
  config(
    `feature_validations { feature_path { step: "f" } validations { sql_expression: '${sql}' severity: ERROR description: "d" ${more} } }`,
  );

const reasonsOf = ({ anomalyInfo }: Anomalies) =>
  [...(anomalyInfo ?? [])].map(([path, { severity, reason }]) => [
    path,
    severity,
    reason!.map(({ description }) => description),
  ]);

describe('custom validations', () => {
  it('are anomalies where they are false, in the words of TensorFlow Data Validation', async () => {
    const found = await validateCustom(statistics, single('feature.num_stats.max < 10'));
    expect(formatText('Anomalies', found)).toBe(`anomaly_info {
  key: "f"
  value {
    severity: ERROR
    reason {
      type: CUSTOM_VALIDATION
      short_description: "d"
      description: "Custom validation triggered anomaly. Query: feature.num_stats.max < 10 Test dataset: default slice"
    }
    path {
      step: "f"
    }
  }
}
`);
  });

  it.each([
    'feature.num_stats.max > 10',
    'feature.num_stats.median = 0',
    'feature.type = "INT"',
    "feature.path.step[1] = ''f'' OR feature.type = \"INT\"".replaceAll("''", '"'),
    'ARRAY_LENGTH(feature.num_stats.histograms) = 1',
    'EXISTS(SELECT * FROM UNNEST(feature.num_stats.histograms) h WHERE ARRAY_LENGTH(h.buckets) > 1 AND h.num_nan = 2)',
    'NOT EXISTS(SELECT 1 FROM UNNEST(feature.num_stats.histograms) AS h, UNNEST(h.buckets) b WHERE b.sample_count > 4)',
    'feature.num_stats.histograms[OFFSET(0)].buckets[ORDINAL(1)].sample_count = 4',
    'feature.num_stats.histograms[OFFSET(0)].buckets[OFFSET(1)].high_value > 1e308',
    '1.0 * feature.num_stats.common_stats.num_non_missing / 10 = 1 -- all of them',
  ])('hold, and are none: %s', async (sql) => {
    expect(await validateCustom(statistics, single(sql))).toEqual({});
  });

  it('are of the slice that is named, several under one path, the higher severity for all', async () => {
    const several = config(`
      feature_validations { dataset_name: "some_slice" feature_path { step: "f" }
        validations { sql_expression: "feature.num_stats.num_zeros > 3" severity: WARNING description: "few zeros" }
        validations { sql_expression: "feature.num_stats.max > 10" severity: ERROR description: "low" } }`);
    const found = await validateCustom(statistics, several);
    const text = (query: string) => `Custom validation triggered anomaly. Query: ${query} Test dataset: some_slice`;
    expect(reasonsOf(found)).toEqual([
      ['f', 'ERROR', [text('feature.num_stats.num_zeros > 3'), text('feature.num_stats.max > 10')]],
    ]);
    expect(found.anomalyInfo!.get('f')!.reason!.map(({ shortDescription }) => shortDescription)).toEqual([
      'few zeros',
      'low',
    ]);
  });

  it('compare pairs of features', async () => {
    const pair = (sql: string, slice = '') =>
      config(`feature_pair_validations { feature_test_path { step: "f" } feature_base_path { step: "f" } ${slice}
        validations { sql_expression: "${sql}" severity: WARNING description: "d" } }`);
    const options = { baseline: statistics };
    const same = 'feature_test.num_stats.max = feature_base.num_stats.max';
    expect(await validateCustom(statistics, pair(same), options)).toEqual({});
    expect(reasonsOf(await validateCustom(statistics, pair(same, 'base_dataset_name: "some_slice"'), options))).toEqual(
      [
        [
          'f',
          'WARNING',
          [
            `Custom validation triggered anomaly. Query: ${same} Test dataset: default slice Base dataset: some_slice Base path: f`,
          ],
        ],
      ],
    );
    const less = 'feature_test.num_stats.max < feature_base.num_stats.max';
    expect(reasonsOf(await validateCustom(statistics, pair(less), options))).toEqual([
      [
        'f',
        'WARNING',
        [`Custom validation triggered anomaly. Query: ${less} Test dataset: default slice Base dataset:  Base path: f`],
      ],
    ]);
    await expect(validateCustom(statistics, pair(same))).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });

  it('are judged in the environments that they name', async () => {
    const inX = single('feature.num_stats.max < 10', 'in_environment: "X"');
    expect(await validateCustom(statistics, inX)).toEqual({});
    expect(await validateCustom(statistics, inX, { environment: 'Y' })).toEqual({});
    expect((await validateCustom(statistics, inX, { environment: 'X' })).anomalyInfo!.size).toBe(1);
  });

  it('join the anomalies of the schema', async () => {
    const schema = parseText('Schema', 'feature { name: "f" type: INT int_domain { max: 3 } }');
    const custom = await validateCustom(statistics, single('feature.num_stats.max < 10'));
    const merged = mergeAnomalies(validateStatistics(statistics, schema), custom);
    const query = 'Custom validation triggered anomaly. Query: feature.num_stats.max < 10 Test dataset: default slice';
    expect(merged.anomalyInfo!.get('f')).toMatchObject({
      shortDescription: 'Multiple errors',
      description: `Unexpectedly large value: 25. ${query}`,
      severity: 'ERROR',
      reason: [{ type: 'INT_TYPE_BIG_INT' }, { type: 'CUSTOM_VALIDATION' }],
    });
    expect(mergeAnomalies({}, custom).anomalyInfo!.get('f')).toMatchObject({
      shortDescription: 'd',
      description: query,
    });
  });

  it.each([
    [single('feature.string_stats.unique > 10'), 'neither true nor false'],
    [single('feature.num_stats.max'), 'is no condition'],
    [single('feature.nothing > 1'), 'cannot be run'],
    [single('SELECT'), 'cannot be run'],
    [
      config('feature_validations { feature_path { step: "g" } }'),
      'Feature g specified in validation config not found in statistics.',
    ],
    [
      config('feature_validations { dataset_name: "x" feature_path { step: "f" } }'),
      'Dataset x specified in validation config',
    ],
  ])('that cannot be judged are refused: %#', async (one, message) => {
    await expect(validateCustom(statistics, one)).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining(message),
    });
  });
});
