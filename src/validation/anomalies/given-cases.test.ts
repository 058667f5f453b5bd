/** TFDV's own cases of anomalies; what the files lack (expectations that were written in place) stands here. */
import { expect } from 'vitest';
import {
  type CaseTable,
  datasetOfFeature,
  expectMessage,
  type GivenCase,
  runCases,
  viewOfFeature,
} from '../given-testing.ts';
import {
  type AnomalyInfo,
  type DatasetFeatureStatistics,
  type DatasetFeatureStatisticsList,
  type Feature,
  formatText,
  parseText,
  type Schema,
} from '../metadata/index.ts';
import { clearDomain, domainKindOf } from '../schema/domain-info.ts';
import { SchemaBaseline, SchemaEditor } from '../schema/editor.ts';
import { inferPresenceAndShape } from '../schema/inference.ts';
import { type InferenceOptions, optionsOfConfig, resolveRules } from '../schema/rules.ts';
import { inferSchema } from '../schema/update.ts';
import { DatasetView, type DatasetViewOptions } from '../views.ts';
import { type ComparatorKind, type Comparison, comparatorOf, compareFeature } from './comparators.ts';
import { updateRecursively } from './feature-checks.ts';
import { detectFeatureSkew, rowOfExample } from './feature-skew.ts';
import { anomalyInfoOf } from './findings.ts';
import { checkPresence, checkShape, checkUnique, checkValueCounts } from './presence.ts';
import { validateSlices } from './slices.ts';
import { anomaliesOf, findChanges, validateDataset, validateInstance, validateStatistics } from './validate.ts';

/** What is found, and the schema that would have it so, by serialised path. */
function changesOf(
  schema: Schema,
  statistics: DatasetFeatureStatistics,
  options: InferenceOptions = {},
  view: DatasetViewOptions = {},
) {
  const rules = resolveRules({ ...optionsOfConfig({}), ...options });
  const changes = findChanges(new SchemaBaseline(schema), new DatasetView(statistics, view), rules);
  return { changes, anomalies: anomaliesOf(schema, rules, changes) };
}

function expectAnomalies(actual: Map<string, AnomalyInfo> | undefined, expected: readonly string[]): void {
  const texts = [...(actual ?? [])].map(([, info]) => formatText('AnomalyInfo', info)).sort();
  expect(texts).toEqual(expected.map((text) => formatText('AnomalyInfo', parseText('AnomalyInfo', text))).sort());
}

function anomalyTexts(given: GivenCase): string[] {
  return given.protos.filter(({ type }) => type === 'AnomalyInfo').map(({ text }) => text);
}

/** Statistics against the schema of the case give the anomalies of the case, and no others. */
function finds(given: GivenCase): void {
  const { anomalies } = changesOf(given.get('Schema'), given.get('DatasetFeatureStatistics'));
  expectAnomalies(anomalies.anomalyInfo, anomalyTexts(given));
}

const SCHEMA_ANOMALIES: CaseTable = {
  'SchemaAnomalies.FindChangesNoChanges': finds,
  // Present in 4 of 14 where it must always be; without num_examples the share is not known, and so not low.
  'SchemaAnomalies.NansDisallowedNoNansFound': finds,
  'SchemaAnomalies.FindInfsInFloatDisallowInfs': finds,
  'SchemaAnomalies.FindChangesCategoricalIntFeature': finds,
  'SchemaAnomalies.SemanticTypeUpdates': finds,
  'SchemaAnomalies.FindSkewNumericFeature': (given) => {
    const [training, serving] = given.protos.slice(0, 2).map(({ text }) => datasetOfFeature(text));
    const view = new DatasetView(training, { serving }).features[0];
    const feature = given.get('Schema').feature![0];
    const { findings, measurements } = compareFeature(view, 'skew', feature.skewComparator!);
    const info = { path: { step: ['foo'] }, ...anomalyInfoOf(resolveRules(), findings) };
    expectMessage('AnomalyInfo', info, given.text('AnomalyInfo'));
    const skew = { path: { step: ['foo'] }, skewMeasurements: [...measurements] };
    expectMessage('DriftSkewInfo', skew, given.text('DriftSkewInfo'));
  },
  'SchemaAnomalies.FeatureShapeDropped': finds,
  'GetSchemaDiff.BasicTest': finds,
  'GetSchemaDiff.SparseFeatureNameCollision': finds,
  'SchemaAnomalyTest.CreateNewFieldSome': (given) => {
    const rules = resolveRules(optionsOfConfig({}));
    const editor = new SchemaEditor(new SchemaBaseline({}));
    const view = new DatasetView(given.get('DatasetFeatureStatistics')).get(['struct'])!;
    const findings = updateRecursively(rules, editor, view, new Set(['struct', 'struct.foo']));
    expectMessage('AnomalyInfo', { path: {}, ...anomalyInfoOf(rules, findings) }, given.text('AnomalyInfo'));
    expect(editor.feature(['struct'])!.structDomain!.feature!.map(({ name }) => name)).toEqual(['foo']);
  },
  'SchemaAnomaliesTest.FindChangesCreateDeepDeprecated': finds,
  'GetSchemaDiff.LengthMismatchSparseFeature': (given) => {
    finds(given);
    const options = optionsOfConfig(given.get('FeatureStatisticsToProtoConfig'));
    const { anomalies } = changesOf(given.get('Schema'), given.get('DatasetFeatureStatistics'), options);
    expectAnomalies(
      anomalies.anomalyInfo,
      anomalyTexts(given).map((text) => text.replace('severity: ERROR', 'severity: WARNING')),
    );
  },
  'SchemaAnomalies.FindsMaxImageByteSizeExceeded': finds,
  'SchemaAnomalies.DerivedFeatureDerivedLifecycle': finds,
};

runCases('schema_anomalies_test.part.json', SCHEMA_ANOMALIES);

function listOf(statistics: DatasetFeatureStatistics): DatasetFeatureStatisticsList {
  return { datasets: [statistics] };
}

/** Infers the wanted schema; the C++ library neither infers shapes nor stops at 100 words. */
function infers(given: GivenCase): void {
  const options = { maxStringDomainSize: 400, inferFeatureShape: false };
  const schema = inferSchema(listOf(given.get('DatasetFeatureStatistics')), options);
  expectMessage('Schema', schema, given.text('Schema'));
}

runCases('feature_statistics_validator_test.part.json', {
  'FeatureStatisticsValidatorTest.EndToEnd': (given) => {
    const schema = given.get('Schema');
    const statistics = given.get('DatasetFeatureStatistics');
    const environments: Schema = { ...schema, defaultEnvironment: ['TRAINING', 'SERVING'] };
    for (const environment of [undefined, 'TRAINING'])
      expectAnomalies(validateDataset(statistics, environments, { environment }).anomalyInfo, anomalyTexts(given));
    const { changes } = changesOf(schema, statistics);
    expectMessage('Schema', changes.anomalies[0].editor.result, given.text('Schema', 1));
  },
  'FeatureStatisticsValidatorTest.FeaturesNeeded': (given) => {
    const statistics = given.get('DatasetFeatureStatistics');
    const rules = resolveRules({ maxStringDomainSize: 400, inferFeatureShape: false });
    const changes = findChanges(new SchemaBaseline({}), new DatasetView(statistics), rules, [['feature1']]);
    expectAnomalies(anomaliesOf({}, rules, changes).anomalyInfo, anomalyTexts(given));
    expectMessage('Schema', changes.anomalies[0].editor.result, given.text('Schema'));
    const { anomalyInfo } = validateDataset(statistics, {}, { featuresNeeded: [['feature1']] });
    expectAnomalies(anomalyInfo, anomalyTexts(given));
  },
  'FeatureStatisticsValidatorTest.UpdateEmptySchemaWithMissingColumn': infers,
  'FeatureStatisticsValidatorTest.UseWeightedStatistics': infers,
  'FeatureStatisticsValidatorTest.UpdateDriftComparatorDistributionChangeWithinThreshold': (given) => {
    const previousSpan = listOf(given.get('DatasetFeatureStatistics', 1));
    const statistics = given.get('DatasetFeatureStatistics');
    const anomalies = validateDataset(statistics, given.get('Schema'), { previousSpan });
    expect(anomalies.anomalyInfo).toBeUndefined();
    expectMessage('DriftSkewInfo', anomalies.driftSkewInfo![0], given.text('DriftSkewInfo'));
  },
});

/** Compares a feature of the first statistics with the second's as the span before. */
function comparePrevious(given: GivenCase, feature: string, comparator: number, withPrevious = true) {
  const previousSpan = withPrevious ? given.get('DatasetFeatureStatistics', 1) : undefined;
  const view = new DatasetView(given.get('DatasetFeatureStatistics'), { previousSpan }).get([feature])!;
  const message = given.get('FeatureComparator', comparator);
  return { message, ...compareFeature(view, 'drift', message) };
}

function measured({ measurements }: Comparison): string {
  return measurements.map((one) => formatText('DriftSkewInfo.Measurement', one)).join('');
}

function uniqueChecks(given: GivenCase, rows: readonly { feature: number; expected?: number; long?: string }[]): void {
  const dataset = new DatasetView(given.get('DatasetFeatureStatistics'));
  for (const { feature: index, expected = index, long } of rows) {
    const feature = given.get('Feature', index);
    const findings = checkUnique(dataset.get([feature.name!])!, feature);
    expect(findings.map((one) => one.long)).toEqual(long === undefined ? [] : [long]);
    expectMessage('Feature', feature, given.text('Feature', expected));
  }
}

/** Rows of statistics, feature and expected feature; where the expected is missing, nothing is left. */
function checkRows(
  rows: readonly (readonly { role: string; text: string }[])[],
  check: (text: string, byWeight: boolean, feature: Feature, name: string) => readonly unknown[],
): void {
  for (const [{ role, text }, original, expected] of rows) {
    for (const byWeight of [false, true]) {
      const feature = parseText('Feature', original?.text ?? '');
      const findings = check(text, byWeight, feature, role);
      expectMessage('Feature', feature, expected?.text ?? '');
      expect(findings.length === 0, role).toBe(formatText('Feature', feature) === canonical(original?.text ?? ''));
    }
  }
}

function canonical(text: string): string {
  return formatText('Feature', parseText('Feature', text));
}

function comparator(
  kind: ComparatorKind,
  expected: string | undefined,
  threshold?: number,
): (given: GivenCase) => void {
  return (given) => {
    const feature = given.get('Feature');
    const found = comparatorOf(feature, kind);
    expect(found !== undefined).toBe(expected !== undefined);
    if (threshold !== undefined) found!.infinityNorm!.threshold = threshold;
    if (expected !== undefined) expectMessage('FeatureComparator', comparatorOf(feature, kind)!, expected);
  };
}

const MISSED = 'The feature was expected everywhere, but was missing in 1 examples.';

function rare(byWeight: boolean): (given: GivenCase) => void {
  return (given) => {
    const view = new DatasetView(given.get('DatasetFeatureStatistics'), { byWeight }).features[0];
    const { presence } = given.get('Feature');
    expect(checkPresence(view, presence!).map(({ long }) => long)).toEqual([MISSED]);
  };
}

function minCount(before: number, after: number): (given: GivenCase) => void {
  return (given) => {
    const presence = { minCount: before };
    const view = new DatasetView(given.get('DatasetFeatureStatistics')).features[0];
    expect(checkPresence(view, presence)).toHaveLength(before === after ? 0 : 1);
    expect(presence).toEqual({ minCount: after });
  };
}

runCases('feature_util_test.json', {
  'FeatureUtilTest.ClearDomain': (given) => {
    const feature = given.get('Feature');
    expect(domainKindOf(feature)).toBeUndefined();
    feature.intDomain = {};
    expect(domainKindOf(feature)).toBe('intDomain');
    clearDomain(feature);
    expect(domainKindOf(feature)).toBeUndefined();
  },
  'FeatureUtilTest.UpdateComparatorProposeNewThreshold': (given) => {
    const words = comparePrevious(given, 'cat_feature', 0);
    const thresholds = 'infinity_norm { threshold: 1 } normalized_abs_difference { threshold: 0.5 }';
    expectMessage('FeatureComparator', words.message, thresholds);
    expect(measured(words)).toBe(
      'type: L_INFTY\nvalue: 1.0\nthreshold: 0.1\n' +
        'type: NORMALIZED_ABSOLUTE_DIFFERENCE\nvalue: 0.5\nthreshold: 0.1\n',
    );
    const numbers = comparePrevious(given, 'num_feature', 1);
    expectMessage('FeatureComparator', numbers.message, 'jensen_shannon_divergence { threshold: 1 }');
    expect(measured(numbers)).toBe('type: JENSEN_SHANNON_DIVERGENCE\nvalue: 1.0\nthreshold: 0.1\n');
  },
  'FeatureUtilTest.UpdateComparatorWithoutControlFeatureStatsClearsThreshold': (given) => {
    const { message, measurements } = comparePrevious(given, 'test_feature', 0);
    expect(measurements).toEqual([]);
    expectMessage('FeatureComparator', message, given.text('FeatureComparator', 1));
  },
  'FeatureUtilTest.UpdateComparatorWithoutControlFeatureStatsGeneratesAnomaly': (given) => {
    const { message, findings, measurements } = comparePrevious(given, 'test_feature', 0);
    expect(measurements).toEqual([]);
    expect(findings).toEqual([
      { type: 'COMPARATOR_CONTROL_DATA_MISSING', short: 'previous data missing', long: 'previous data is missing.' },
    ]);
    expectMessage('FeatureComparator', message, 'infinity_norm {} jensen_shannon_divergence {}');
  },
  'FeatureUtilTest.UpdateComparatorWithoutControlDatasetStatsMakesNoChanges': (given) => {
    const { message, findings, measurements } = comparePrevious(given, 'test_feature', 0, false);
    expect([findings, measurements]).toEqual([[], []]);
    expectMessage('FeatureComparator', message, given.text('FeatureComparator'));
  },
  'FeatureUtilTest.UpdateUniqueConstraintsNoChange': (given) => uniqueChecks(given, [{ feature: 0 }, { feature: 1 }]),
  'FeatureUtilTest.UpdateUniqueConstraintsNumUniquesOutsideRange': (given) =>
    uniqueChecks(given, [
      { feature: 0, expected: 2, long: 'Expected no more than 2 unique values but found 5.' },
      { feature: 1, expected: 3, long: 'Expected at least 2 unique values but found only 1.' },
    ]),
  'FeatureUtilTest.UpdateUniqueConstraintsNotStringOrCategorical': (given) =>
    uniqueChecks(given, [
      {
        feature: 0,
        expected: 1,
        long:
          'UniqueConstraints specified for the feature, but unique values were not counted (i.e., feature is not ' +
          'string or categorical).',
      },
    ]),
  // The file puts the table of value counts at the end of the case before it, and so on: a table belongs to the next name.
  'FeatureTypeTest.ConstructFromFeatureNameStatistics': (given) => {
    for (const [{ text }, { text: expected }] of given.rows(2, 0, 28)) {
      const withShape = /shape_(not_)?inferred|struct/.test(text);
      for (const byWeight of [false, true]) {
        const feature: Feature = {};
        inferPresenceAndShape(viewOfFeature(text, byWeight), withShape, feature);
        expectMessage('Feature', feature, expected);
      }
    }
    checkRows(given.rows(3, 28), (text, byWeight, feature) => checkValueCounts(viewOfFeature(text, byWeight), feature));
  },
  'FeatureTypeTest.UpdateFeatureValueCountsTest': (given) => {
    for (const [{ text }, { role: flag, text: original }, { text: expected }] of given.rows(3)) {
      for (const byWeight of [false, true]) {
        const presence = parseText('FeaturePresence', original);
        const findings = checkPresence(viewOfFeature(text, byWeight), presence);
        expect(findings.length === 0).toBe(flag.includes('true'));
        expectMessage('FeaturePresence', presence, expected);
      }
    }
  },
  'FeatureTypeTest.UpdatePresenceTest': (given) => {
    const starts = given.protos.flatMap(({ type }, at) => (type === 'FeatureNameStatistics' ? [at] : []));
    const rows = starts.map((at, row) => given.protos.slice(at, starts[row + 1]));
    checkRows(rows, (text, byWeight, feature, name) =>
      checkShape(viewOfFeature(text, byWeight), feature, name.includes('generate_legacy_feature_spec')),
    );
  },
  'FeatureTypeTest.RareMissingFeatureUnweighted': rare(false),
  'FeatureTypeTest.RareMissingFeatureWeighted': rare(true),
  'FeatureTypeTest.TestMinCount': minCount(3, 3),
  'FeatureTypeTest.TestMinCountInvalid': minCount(7, 6),
  'FeatureTypeTest.ValidateCustomFeatures': (given) => {
    const found = [0, 1, 2, 3].map((index) => {
      const feature = given.get('Feature', index);
      const view = viewOfFeature(given.text('FeatureNameStatistics'));
      return checkValueCounts(view, feature).length + checkPresence(view, feature.presence!).length > 0;
    });
    expect(found).toEqual([false, false, true, true]);
  },
  'FeatureTypeTest.HasSkewComparatorFalse': comparator('skew', undefined),
  'FeatureTypeTest.HasSkewComparatorTrue': comparator('skew', ''),
  'FeatureTypeTest.MutableSkewComparator': comparator('skew', 'infinity_norm { threshold: 0.1 }'),
  'FeatureTypeTest.MutableComparator2': comparator('skew', 'infinity_norm { threshold: 0.2 }', 0.2),
  'FeatureTypeTest.MutableComparatorWithDrift': comparator('drift', 'infinity_norm { threshold: 0.2 }', 0.2),
  'FeatureTypeTest.GetComparatorNormal': comparator('skew', 'infinity_norm { threshold: 0.1 }'),
});

const words = (counts: Record<string, number>): string =>
  `string_stats { common_stats { num_non_missing: 1 max_num_values: 1 } rank_histogram { ${Object.entries(counts)
    .map(([label, count]) => `buckets { label: "${label}" sample_count: ${count} }`)
    .join(' ')} } }`;

const named = (name: string, counts: Record<string, number>): string =>
  `features { path { step: "${name}" } type: STRING ${words(counts)} }`;

function unknownEnvironment(validate: typeof validateStatistics): (given: GivenCase) => void {
  return (given) => {
    const run = () => validate(listOf({ numExamples: 1 }), given.get('Schema'), { environment: 'INVALID' });
    expect(run).toThrow(/Environment INVALID not found in the schema\./);
  };
}

/** One example with the value D, as the original case generates it. */
const ONE_EXAMPLE = `num_examples: 1 features { path { step: "annotated_enum" } type: STRING string_stats {
  common_stats { num_non_missing: 1 min_num_values: 1 max_num_values: 1 avg_num_values: 1 tot_num_values: 1 }
  unique: 1 rank_histogram { buckets { label: "D" sample_count: 1 } } } }`;

function validates(given: GivenCase): void {
  const { anomalyInfo } = validateStatistics(given.get('DatasetFeatureStatisticsList'), given.get('Schema'));
  expectAnomalies(anomalyInfo, anomalyTexts(given));
}

function infersList(options: InferenceOptions): (given: GivenCase) => void {
  return (given) => {
    expectMessage('Schema', inferSchema(given.get('DatasetFeatureStatisticsList'), options), given.text('Schema'));
  };
}

runCases('py_validation_api_test.part.json', {
  // Three schemas for examples like the one of test_validate_instance: each finds D, the last two too.
  '': (given) => {
    for (const index of [0, 1, 2]) {
      const list = listOf(parseText('DatasetFeatureStatistics', ONE_EXAMPLE));
      const { anomalyInfo } = validateInstance(list, given.get('Schema', index));
      expect([...anomalyInfo!.values()].map(({ reason }) => reason!.map(({ type }) => type))).toEqual([
        ['ENUM_TYPE_UNEXPECTED_STRING_VALUES'],
      ]);
    }
  },
  'ValidationApiTest.test_infer_schema_without_string_domain': infersList({ maxStringDomainSize: 1 }),
  'ValidationApiTest.test_infer_schema_multiple_datasets_with_default_slice': infersList({ inferFeatureShape: false }),
  'ValidationApiTest.test_update_schema_multiple_datasets_with_default_slice': validates,
  'ValidationApiTest.test_validate_stats_weighted_feature': validates,
  // The two expected anomalies stand before the tests that share them: drift of annotated_enum, skew of bar.
  ValidationApiTest: (given) => {
    const schema = parseText(
      'Schema',
      `feature { name: "annotated_enum" type: BYTES domain: "annotated_enum"
        drift_comparator { infinity_norm { threshold: 0.01 } } }
      feature { name: "bar" type: BYTES skew_comparator { infinity_norm { threshold: 0.1 } } }
      string_domain { name: "annotated_enum" value: "a" }`,
    );
    const list = (text: string): DatasetFeatureStatisticsList =>
      parseText('DatasetFeatureStatisticsList', `datasets { num_examples: 10 ${text} }`);
    const { anomalyInfo, driftSkewInfo } = validateStatistics(
      list(named('annotated_enum', { a: 1, b: 1 }) + named('bar', { a: 1, b: 2, c: 7 })),
      schema,
      {
        previousSpan: list(named('annotated_enum', { a: 3, b: 1 })),
        serving: list(named('bar', { a: 3, b: 1, c: 6 })),
      },
    );
    expectAnomalies(anomalyInfo, anomalyTexts(given));
    expect(driftSkewInfo).toHaveLength(2);
  },
  'ValidationApiTest.test_validate_stats_with_environment': (given) => {
    const list = given.get('DatasetFeatureStatisticsList');
    const schema = given.get('Schema');
    const of = (environment: string) => validateStatistics(list, schema, { environment }).anomalyInfo;
    expectAnomalies(of('TRAINING'), anomalyTexts(given));
    expectAnomalies(of('SERVING'), []);
  },
  'ValidationApiTest.test_validate_stats_invalid_environment': unknownEnvironment(validateStatistics),
  'ValidationApiTest.test_validate_instance': (given) => {
    const { anomalyInfo } = validateInstance(
      listOf(parseText('DatasetFeatureStatistics', ONE_EXAMPLE)),
      given.get('Schema'),
    );
    expectAnomalies(anomalyInfo, anomalyTexts(given));
  },
  'ValidationApiTest.test_validate_instance_invalid_environment': unknownEnvironment(validateInstance),
  'DetectFeatureSkewTest.test_detect_feature_skew': async (given) => {
    const rows = given.protos.map(({ text }) => rowOfExample(parseText('Example', text)));
    const { features, samples } = await detectFeatureSkew(rows.slice(0, 2), rows.slice(2), ['id'], { sampleSize: 1 });
    expect(features).toEqual([
      {
        feature: 'feature_a',
        baseCount: 2,
        testCount: 1,
        matchCount: 1,
        baseOnly: 1,
        testOnly: 0,
        mismatchCount: 0,
        diffCount: 1,
      },
      {
        feature: 'feature_b',
        baseCount: 2,
        testCount: 2,
        matchCount: 1,
        baseOnly: 0,
        testOnly: 0,
        mismatchCount: 1,
        diffCount: 1,
      },
    ]);
    expect(samples).toHaveLength(1);
  },
  'ValidateCorrespondingSlicesTest.test_missing_slice_in_current_stats_is_error': (given) => {
    const slice = (name: string) => `datasets { name: "${name}" num_examples: 1 ${named('foo', { a: 1 })} }`;
    const current = parseText('DatasetFeatureStatisticsList', slice('slice1'));
    const previousSpan = parseText('DatasetFeatureStatisticsList', slice('slice1') + slice('slice2'));
    const schema = parseText('Schema', 'feature { name: "foo" type: BYTES presence { min_count: 1 } }');
    const { anomalyInfo } = validateSlices(current, schema, { previousSpan });
    expect([...anomalyInfo!.keys()]).toEqual(["'slice(slice2)::foo'"]);
    expectAnomalies(anomalyInfo, anomalyTexts(given));
  },
});
