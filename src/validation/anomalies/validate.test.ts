import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  type AnomalyType,
  type DatasetFeatureStatistics,
  encodeBinary,
  type FeatureNameStatistics,
  formatText,
  parseText,
  type Schema,
  urlOf,
} from '../metadata/index.ts';
import { inferSchema, updateSchema } from '../schema/index.ts';
import { validateDataset, validateInstance, validateStatistics } from './validate.ts';

const PRESENT = 'common_stats { num_non_missing: 10 min_num_values: 1 max_num_values: 1 tot_num_values: 10 }';
const INT = `type: INT num_stats { ${PRESENT} min: 1 max: 9 }`;
const FLOAT = `type: FLOAT num_stats { ${PRESENT} min: 1 max: 9 }`;

function strings(...labels: string[]): string {
  const buckets = labels.map((label) => `buckets { label: ${JSON.stringify(label)} sample_count: 2 }`);
  return `type: STRING string_stats { ${PRESENT} unique: ${labels.length} rank_histogram { ${buckets.join(' ')} } }`;
}

function statisticsOf(feature: string): DatasetFeatureStatistics {
  return parseText('DatasetFeatureStatistics', `num_examples: 10 features { name: "f" ${feature} }`);
}

const NL = { featureCoverage: 0.25, avgTokenLength: 2, tokenStatistics: [{ stringToken: 'x', fractionOfSequences: 0.5, perSequenceMinFrequency: 1, perSequenceMaxFrequency: 4 }, { intToken: 7 }] }; // biome-ignore format: one thought

/** A custom statistic of natural language. */
function nlStatistics(): string {
  const value = encodeBinary('NaturalLanguageStatistics', NL);
  const any = { typeUrl: urlOf('NaturalLanguageStatistics'), value };
  return `custom_stats { ${formatText('CustomStatistic', { name: 'nl_statistics', any })} }`;
}

/** Type, feature of the schema, feature of the statistics, short and long text. */
type Row = readonly [AnomalyType, string, string, string, string];

const ROWS: readonly Row[] = [
  ['SCHEMA_NEW_COLUMN', 'name: "g"', INT, 'New column', 'New column (column in data but not in schema)'],
  ['SCHEMA_MISSING_COLUMN', 'name: "f" type: INT presence { min_count: 1 }', '', 'Column dropped', 'Column is completely missing'],
  ['FEATURE_TYPE_NOT_PRESENT', 'name: "f" type: INT presence { min_fraction: 0.5 }', 'num_stats { common_stats { num_missing: 10 } }', 'Column dropped', 'The feature was not present in any examples.'],
  ['FEATURE_TYPE_LOW_NUMBER_PRESENT', 'name: "f" type: INT presence { min_count: 20 }', INT, 'Column dropped', 'The feature was present in fewer examples than expected: minimum count = 20, actual = 10'],
  ['FEATURE_TYPE_LOW_FRACTION_PRESENT', 'name: "f" type: INT presence { min_fraction: 0.9 }', 'num_stats { common_stats { num_non_missing: 7 num_missing: 3 min_num_values: 1 max_num_values: 1 } }', 'Column dropped', 'The feature was present in fewer examples than expected: minimum fraction = 0.900000, actual = 0.700000'],
  ['FEATURE_TYPE_LOW_NUMBER_VALUES', 'name: "f" type: INT value_count { min: 2 }', INT, 'Missing values', 'Some examples have fewer values than expected.'],
  ['FEATURE_TYPE_HIGH_NUMBER_VALUES', 'name: "f" type: INT value_count { max: 0 }', INT, 'Superfluous values', 'Some examples have more values than expected.'],
  ['VALUE_NESTEDNESS_MISMATCH', 'name: "f" type: INT value_counts { value_count {} value_count {} }', INT, 'Mismatched value nest level', 'The values have a different nest level than expected. Value counts will not be checked.'],
  ['INVALID_FEATURE_SHAPE', 'name: "f" type: INT shape { dim { size: 3 } }', INT, 'Feature shape dropped', "The feature has fixed value length 1 but it's not compatible with the specified shape."],
  ['UNEXPECTED_DATA_TYPE', 'name: "f" type: FLOAT', INT, 'Unexpected data type', 'Expected data of type: FLOAT but got INT'],
  ['DOMAIN_INVALID_FOR_TYPE', 'name: "f" type: BYTES int_domain {}', `type: BYTES bytes_stats { ${PRESENT} }`, 'Invalid domain type', 'Data is marked as BYTES with incompatible domain_info: name: "f"\ntype: BYTES\n'],
  ['DOMAIN_INVALID_FOR_TYPE', 'name: "f" type: INT float_domain {}', INT, 'The domain does not match the type', 'The domain "float_domain" does not match the type: INT'],
  ['DOMAIN_INVALID_FOR_TYPE', 'name: "f" type: INT int_domain { min: 0 }', strings('x').replace('STRING', 'INT'), 'Invalid values', 'Integer had values that were not valid Int64, such as "x".'],
  ['FEATURE_MISSING_TYPE', 'name: "f" int_domain {}', INT, 'unspecified type: determine the type and set it, rather than deprecating.', ''],
  ['INVALID_SCHEMA_SPECIFICATION', 'name: "f" type: INT presence { min_fraction: 1.5 }', INT, 'min_fraction should not greater than 1', ''],
  ['INVALID_SCHEMA_SPECIFICATION', 'name: "f" type: INT distribution_constraints {}', INT, 'distribution constraints require domain or string domain.', ''],
  ['INVALID_SCHEMA_SPECIFICATION', 'name: "f" type: INT shape { dim { size: 0 } }', INT, 'Shape.dim.size must be a positive integer', ''],
  ['INVALID_DOMAIN_SPECIFICATION', 'name: "f" type: BYTES domain: "gone"', strings('a'), 'missing domain: ', ''],
  ['INVALID_DOMAIN_SPECIFICATION', 'name: "f" type: INT time_of_day_domain {}', INT, 'internal issue: unknown domain_info type', ''],
  ['ENUM_TYPE_UNEXPECTED_STRING_VALUES', 'name: "f" type: BYTES string_domain { value: "a" }', strings('a', 'é"', 'b'), 'Unexpected string values', 'Examples contain values missing from the schema: b (~20%), é\\" (~20%). '],
  ['ENUM_TYPE_INVALID_UTF8', 'name: "f" type: BYTES string_domain { value: "a" }', strings('__BYTES_VALUE__'), 'Invalid UTF8 strings', 'Found strings that were not valid UTF8 strings.'],
  ['BOOL_TYPE_SMALL_INT', 'name: "f" type: INT bool_domain {}', INT.replace('min: 1 ', 'min: -1 '), 'Non-boolean values', 'Integers (such as -1) not in {0, 1}: converting to an integer.'],
  ['BOOL_TYPE_BIG_INT', 'name: "f" type: INT bool_domain {}', INT, 'Non-boolean values', 'Integers (such as 9) not in {0, 1}: converting to an integer.'],
  ['BOOL_TYPE_UNEXPECTED_FLOAT', 'name: "f" type: FLOAT bool_domain {}', FLOAT.replace('max: 9', 'max: 0.5'), 'Non-boolean values', 'Floats (such as 0.5) not in {0, 1}: converting to float_domain.'],
  ['BOOL_TYPE_UNEXPECTED_STRING', 'name: "f" type: BYTES bool_domain { true_value: "t" false_value: "f" }', strings('t', 'x'), 'Non-boolean values', 'Saw unexpected value "x" instead of {"f", "t"}.'],
  ['INT_TYPE_SMALL_INT', 'name: "f" type: INT int_domain { min: 2 }', INT, 'Out-of-range values', 'Unexpectedly small value: 1.'],
  ['INT_TYPE_BIG_INT', 'name: "f" type: BYTES int_domain { max: 9223372036854775806 }', strings('9223372036854775807'), 'Out-of-range values', 'Unexpectedly large value: 9223372036854775807.'],
  ['INT_TYPE_NOT_INT_STRING', 'name: "f" type: BYTES int_domain {}', strings('1', 'x'), 'Invalid values', 'String values that were not ints were found, such as "x".'],
  ['FLOAT_TYPE_SMALL_FLOAT', 'name: "f" type: FLOAT float_domain { min: 1.5 }', FLOAT, 'Out-of-range values', 'Unexpectedly low values: 1<1.5(upto six significant digits)'],
  ['FLOAT_TYPE_BIG_FLOAT', 'name: "f" type: FLOAT float_domain { max: 0.1 }', FLOAT, 'Out-of-range values', 'Unexpectedly high value: 9>0.1(upto six significant digits)'],
  ['FLOAT_TYPE_HAS_NAN', 'name: "f" type: BYTES float_domain { disallow_nan: true }', strings('1', 'NaN'), 'Invalid values', 'Float feature has NaN values.'],
  ['FLOAT_TYPE_HAS_INF', 'name: "f" type: BYTES float_domain { disallow_inf: true }', strings('1', '-inf'), 'Invalid values', 'Float feature has Inf values.'],
  ['FLOAT_TYPE_STRING_NOT_FLOAT', 'name: "f" type: BYTES float_domain {}', strings('1e3', 'x'), 'Invalid values', 'String values that were not floats were found, such as "x".'],
  ['FEATURE_TYPE_LOW_UNIQUE', 'name: "f" type: BYTES unique_constraints { min: 3 max: 9 }', strings('a'), 'Low number of unique values', 'Expected at least 3 unique values but found only 1.'],
  ['FEATURE_TYPE_HIGH_UNIQUE', 'name: "f" type: BYTES unique_constraints { min: 1 }', strings('a'), 'High number of unique values', 'Expected no more than 0 unique values but found 1.'],
  ['FEATURE_TYPE_NO_UNIQUE', 'name: "f" type: INT unique_constraints { max: 1 }', INT, 'No unique values', 'UniqueConstraints specified for the feature, but unique values were not counted (i.e., feature is not string or categorical).'],
  ['LOW_SUPPORTED_IMAGE_FRACTION', 'name: "f" type: BYTES image_domain { minimum_supported_image_fraction: 0.9 }', `type: BYTES bytes_stats { ${PRESENT} } custom_stats { name: "image_format_histogram" rank_histogram { buckets { label: "jpeg" sample_count: 3 } buckets { label: "UNKNOWN" sample_count: 1 } } }`, 'Low supported image fraction', 'Fraction of values containing TensorFlow supported images: 0.750000 is lower than the threshold set in the Schema: 0.900000.'],
  ['STATS_NOT_AVAILABLE', 'name: "f" type: BYTES natural_language_domain { coverage { min_coverage: 0.5 } }', strings('a'), 'Natural language stats are not computed.', 'Constraints specified in natural language domain cannot be verified because natural language stats have not been computed.'],
  ['FEATURE_COVERAGE_TOO_LOW', 'name: "f" type: BYTES natural_language_domain { coverage { min_coverage: 0.5 } }', `${strings('a')} ${nlStatistics()}`, 'Feature coverage is too low.', 'Fraction of tokens in the vocabulary: 0.25 is lower than the threshold set in the Schema: 0.5.'],
  ['FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH', 'name: "f" type: BYTES natural_language_domain { coverage { min_avg_token_length: 3 } }', `${strings('a')} ${nlStatistics()}`, 'Average token length is too short.', 'Average token length is: 2 which is lower than the threshold set in the Schema: 3.'],
  ['SEQUENCE_VALUE_TOO_SMALL_FRACTION', 'name: "f" type: BYTES natural_language_domain { token_constraints { string_value: "x" min_fraction_of_sequences: 0.75 } }', `${strings('a')} ${nlStatistics()}`, 'Value occurs in too small a fraction of sequences.', 'Fraction of sequences with value: x is: 0.5 which is lower than the threshold set in the Schema: 0.75.'],
  ['SEQUENCE_VALUE_TOO_LARGE_FRACTION', 'name: "f" type: BYTES natural_language_domain { token_constraints { string_value: "x" max_fraction_of_sequences: 0.25 } }', `${strings('a')} ${nlStatistics()}`, 'Value occurs in too large a fraction of sequences.', 'Fraction of sequences with value: x is: 0.5 which is higher than the threshold set in the Schema: 0.25.'],
  ['SEQUENCE_VALUE_TOO_FEW_OCCURRENCES', 'name: "f" type: BYTES natural_language_domain { token_constraints { int_value: 7 min_per_sequence: 2 } }', `${strings('a')} ${nlStatistics()}`, 'Value has too few per-sequence occurrences.', 'Value: 7 occurs at least: 0 times within a sequence, which is lower than the threshold set in the Schema: 2.'],
  ['SEQUENCE_VALUE_TOO_MANY_OCCURRENCES', 'name: "f" type: BYTES natural_language_domain { token_constraints { string_value: "x" max_per_sequence: 3 } }', `${strings('a')} ${nlStatistics()}`, 'Value has too many per-sequence occurrences.', 'Value: x occurs at most: 4 times within a sequence, which is higher than the threshold set in the Schema: 3.'],
  ['SEMANTIC_DOMAIN_UPDATE', 'name: "f" type: BYTES', `${strings('a')} custom_stats { name: "domain_info" str: "url_domain {}" }`, 'Updated semantic domain', 'Updated semantic domain for feature: f'],
  ['DERIVED_FEATURE_INVALID_SOURCE', 'name: "f" type: INT', `${INT} validation_derived_source { deriver_name: "d" }`, 'Derived source not set in schema.', 'Derived source not set in schema.'],
  ['DERIVED_FEATURE_BAD_LIFECYCLE', 'name: "f" type: INT validation_derived_source { deriver_name: "d" }', INT, 'Derived feature has wrong lifecycle.', 'Derived feature has wrong lifecycle.'],
]; // biome-ignore format: a table

describe('anomalies', () => {
  it.each(ROWS.map((row, index) => [index, ...row] as const))('%i %s', (_, type, feature, data, short, long) => {
    const schema = parseText('Schema', `feature { ${feature} }`);
    const statistics = data === '' ? { numExamples: 10 } : statisticsOf(data);
    const { anomalyInfo } = validateDataset(statistics, schema);
    const reason = { type, shortDescription: short, description: long };
    expect(anomalyInfo?.get('f')).toEqual({
      path: { step: ['f'] },
      severity: 'ERROR',
      shortDescription: short,
      description: long,
      reason: [reason],
    });
  });

  it('are joined into one text, reasons without a long one left out', () => {
    const schema = parseText(
      'Schema',
      'feature { name: "f" type: INT presence { min_fraction: 2 } int_domain { min: 2 max: 8 } }',
    );
    expect(validateDataset(statisticsOf(INT), schema).anomalyInfo!.get('f')).toMatchObject({
      shortDescription: 'Multiple errors',
      description: 'Unexpectedly small value: 1. Unexpectedly large value: 9.',
      reason: [{ description: '' }, {}, {}],
    });
  });

  it('take their severity from overrides, the highest of several', () => {
    const schema = parseText('Schema', 'feature { name: "f" type: INT int_domain { min: 2 max: 8 } }');
    const severity = (...types: AnomalyType[]) =>
      validateDataset(statisticsOf(INT), schema, {
        severityOverrides: types.map((type) => ({ type, severity: 'WARNING' })),
      }).anomalyInfo!.get('f')!.severity;
    expect(severity('INT_TYPE_BIG_INT')).toBe('ERROR');
    expect(severity('INT_TYPE_BIG_INT', 'INT_TYPE_SMALL_INT')).toBe('WARNING');
  });

  it('are only that data is missing when there are no examples', () => {
    const schema = parseText('Schema', 'feature { name: "f" type: INT presence { min_count: 1 } }');
    expect(validateDataset({}, schema)).toEqual({ baseline: schema, dataMissing: true });
  });

  it('of a whole dataset stand apart', () => {
    const schema = parseText(
      'Schema',
      `dataset_constraints { min_examples_count: 20 max_examples_count: 5
        num_examples_drift_comparator { min_fraction_threshold: 0.5 } }`,
    );
    const previousSpan = { datasets: [{ numExamples: 30 }] };
    const { datasetAnomalyInfo } = validateDataset({ numExamples: 10 }, schema, { previousSpan });
    expect(datasetAnomalyInfo!.reason!.map(({ description }) => description)).toEqual([
      'The ratio of num examples in the current dataset versus the previous span is 0.333333 (up to six significant digits), which is below the threshold 0.5.',
      'The dataset has 10 examples, which is fewer than expected.',
      'The dataset has 10 examples, which is more than expected.',
    ]);
  });

  it('of one example leave out what only many can show', () => {
    const schema = parseText(
      'Schema',
      `feature { name: "f" type: INT presence { min_count: 20 } int_domain { max: 8 } }
       dataset_constraints { min_examples_count: 20 }`,
    );
    const { anomalyInfo, datasetAnomalyInfo } = validateInstance({ datasets: [statisticsOf(INT)] }, schema);
    expect(datasetAnomalyInfo).toBeUndefined();
    expect(anomalyInfo!.get('f')!.shortDescription).toBe('Out-of-range values');
  });

  it('need one dataset, or that of all examples', () => {
    const list = { datasets: [{ name: 'a' }, { name: 'b' }] };
    expect(() => validateStatistics(list, {})).toThrow(expect.objectContaining({ code: 'STATISTICS_AMBIGUOUS' }));
    const mixed = { datasets: [{ numExamples: 1, features: [{ name: 'a' }, { path: { step: ['b'] } }] }] };
    expect(() => validateStatistics(mixed, {})).toThrow(expect.objectContaining({ code: 'STATISTICS_MIXED_PATHS' }));
  });
});

const feature = (name: string): fc.Arbitrary<FeatureNameStatistics> =>
  fc
    .record({
      type: fc.constantFrom('INT', 'FLOAT', 'STRING', 'BYTES'),
      present: fc.integer({ min: 0, max: 100 }),
      low: fc.integer({ min: 0, max: 3 }),
      more: fc.integer({ min: 0, max: 3 }),
      range: fc.tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 0, max: 1e6, noNaN: true })),
      labels: fc.uniqueArray(fc.constantFrom('true', 'false', '1', '0', '12', '-3', 'x', 'y', '', 'nan', '0.5')),
    })
    .map(({ type, present, low, more, range: [min, width], labels }): FeatureNameStatistics => {
      const commonStats = {
        numNonMissing: present,
        numMissing: 100 - present,
        minNumValues: low,
        maxNumValues: low + more,
        totNumValues: present * (low + more),
      };
      if (type === 'INT')
        return { name, type, numStats: { commonStats, min: Math.floor(min), max: Math.floor(min + width) } };
      if (type === 'FLOAT') return { name, type, numStats: { commonStats, min, max: min + width } };
      if (type === 'BYTES') return { name, type, bytesStats: { commonStats } };
      const buckets = labels.map((label) => ({ label, sampleCount: 3 }));
      return { name, type: 'STRING', stringStats: { commonStats, unique: labels.length, rankHistogram: { buckets } } };
    });

const statistics = fc
  .tuple(feature('a'), feature('b'), feature('c'))
  .map((features): DatasetFeatureStatistics => ({ numExamples: 100, features }));

describe('a schema', () => {
  it('that was inferred is satisfied by its statistics', () => {
    fc.assert(
      fc.property(statistics, fc.boolean(), (given, inferFeatureShape) => {
        const list = { datasets: [given] };
        const schema = inferSchema(list, { inferFeatureShape, maxStringDomainSize: 5 });
        expect(validateStatistics(list, schema).anomalyInfo).toBeUndefined();
      }),
    );
  });

  it('that was updated is satisfied by the statistics, and an update of that changes nothing', () => {
    fc.assert(
      fc.property(statistics, statistics, (before, after) => {
        const schema = inferSchema({ datasets: [before] });
        const untouched = formatText('Schema', schema);
        const list = { datasets: [after] };
        const updated = updateSchema(schema, list);
        expect(formatText('Schema', schema)).toBe(untouched);
        expect(validateStatistics(list, updated).anomalyInfo).toBeUndefined();
        expect(updateSchema(updated, list)).toEqual(updated);
      }),
    );
  });

  it('of 10,000 columns is inferred and validated', () => {
    const features = Array.from({ length: 10_000 }, (_, column) =>
      parseText('FeatureNameStatistics', `name: "f${column}" ${column % 2 ? INT : strings('a', 'b')}`),
    );
    const list = { datasets: [{ numExamples: 10, features }] };
    const schema: Schema = inferSchema(list);
    for (const one of features) if (one.numStats) one.type = 'FLOAT';
    expect(validateStatistics(list, schema).anomalyInfo!.size).toBe(5000);
  });
});

describe('diff regions', () => {
  const schema = parseText('Schema', 'feature { name: "f" type: INT int_domain { max: 5 } }');

  it('tell with an anomaly which line of the schema would have it so, where they are asked for', () => {
    const list = { datasets: [statisticsOf(INT)] };
    expect(validateStatistics(list, schema).anomalyInfo!.get('f')!.diffRegions).toBeUndefined();
    const { diffRegions } = validateStatistics(list, schema, { diffRegions: true }).anomalyInfo!.get('f')!;
    expect(diffRegions!.flatMap(({ changed }) => changed ?? [])).toEqual([
      { leftStart: 5, leftContents: ['    max: 5'], rightStart: 5, rightContents: ['    max: 9'] },
    ]);
  });
});
