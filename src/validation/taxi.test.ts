/** Chicago taxi: the schema and the anomalies that TFDV's tutorial prints. The given files are no part of this repository. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { givenPath } from './given-testing.ts';
import {
  type DatasetFeatureStatisticsList,
  describeSchema,
  type FeatureNameStatistics,
  formatText,
  inferSchema,
  parseText,
  type Schema,
  validateStatistics,
} from './index.ts';

const TRAIN = givenPath('taxi_tfdv', 'tfdv_stats_train.json.gz');
const EVAL = givenPath('taxi_tfdv', 'eval.csv.gz');
const PRINTED = givenPath('taxi_tfdv', 'expected_schema_and_eval_anomalies.txt');
if (!TRAIN) console.info('skipped: the taxi tests want the data folder (set SHELFWISE_DATA_DIR)');

function unzipped(path: string): string {
  return gunzipSync(readFileSync(path)).toString('utf8');
}

/** Fields as the .proto names them, in camelCase. */
function camelCased(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(camelCased);
  if (typeof json !== 'object' || json === null) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, inner]) => [
      key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
      camelCased(inner),
    ]),
  );
}

/** What validation reads of the evaluation set: presence, valency, ranges and values, by the types of training. */
function evaluationStatistics(csv: string, train: DatasetFeatureStatisticsList): DatasetFeatureStatisticsList {
  const [head, ...rows] = csv.trim().split('\n').map((line) => line.split(',')); // biome-ignore format: one thought
  const features = train.datasets![0].features!.map(({ name, type }): FeatureNameStatistics => {
    const column = head.indexOf(name!);
    const cells = rows.map((row) => row[column].trim()).filter((cell) => cell !== '');
    const present = cells.length;
    const once = present > 0 ? { minNumValues: 1, maxNumValues: 1, avgNumValues: 1, totNumValues: present } : {};
    const commonStats = { numNonMissing: present, numMissing: rows.length - present, ...once };
    if (type !== 'STRING') {
      const numbers = cells.map(Number);
      const range = numbers.reduce(([low, high], x) => [Math.min(low, x), Math.max(high, x)], [numbers[0], numbers[0]]);
      return { name: name!, type: type ?? 'INT', numStats: { commonStats, min: range[0], max: range[1] } };
    }
    const buckets = Object.entries(Object.groupBy(cells, (cell) => cell)).map(([label, same]) => ({
      label,
      sampleCount: same!.length,
    }));
    return { name: name!, type, stringStats: { commonStats, unique: buckets.length, rankHistogram: { buckets } } };
  });
  return { datasets: [{ name: 'EVAL_DATASET', numExamples: rows.length, features }] };
}

describe.skipIf(!TRAIN)('Chicago taxi', () => {
  let train: DatasetFeatureStatisticsList;
  let schema: Schema;
  let printed: string;

  beforeAll(() => {
    train = { datasets: camelCased(JSON.parse(unzipped(TRAIN!))) as never };
    schema = inferSchema(train);
    printed = readFileSync(PRINTED!, 'utf8');
  });

  it('has the schema that TFDV shows for the training statistics', () => {
    const shown = printed.slice(printed.indexOf('Feature name'), printed.indexOf('OUT:   Values'));
    const rows = [...shown.matchAll(/^'(\w+)' +(\w+) +(required|optional) +(single)? +(\S+)$/gm)].map(
      ([, feature, type, presence, valency = '', domain]) => ({ feature, type, presence, valency, domain }),
    );
    expect(rows).toHaveLength(18);
    expect(describeSchema(schema).features).toEqual(rows);
  });

  it('has the string domains that TFDV shows', () => {
    const values = printed.slice(printed.indexOf('OUT:   Values'), printed.indexOf('IN: # Compute stats over eval'));
    const rows = [...values.matchAll(/^'(company|payment_type)' +(.*)$/gm)].map(([, domain, list]) => ({
      domain,
      values: list.trim().slice(1, -1).split("', '"),
    }));
    expect(rows).toHaveLength(2);
    expect(describeSchema(schema).domains).toEqual(rows);
  });

  it('finds the anomalies of evaluation that TFDV shows, and none once they are accepted', () => {
    const evaluation = evaluationStatistics(unzipped(EVAL!), train);
    const table = printed.slice(printed.indexOf('Anomaly long description'), printed.indexOf('IN: # Relax'));
    const expected = new Map([...table.matchAll(/^'(\w+)' +(Examples contain .*?\.)\s*$/gm)].map((m) => [m[1], m[2]]));
    expect([...expected.keys()].sort()).toEqual(['company', 'payment_type']);
    const { anomalyInfo } = validateStatistics(evaluation, schema);
    const found = [...anomalyInfo!].map(([path, { description }]) => [path, description!.trim()]);
    expect(new Map(found as [string, string][])).toEqual(expected);
    expect([...anomalyInfo!.values()].map(({ shortDescription }) => shortDescription)).toEqual(
      Array(2).fill('Unexpected string values'),
    );

    const relaxed = parseText('Schema', formatText('Schema', schema));
    relaxed.feature!.find(({ name }) => name === 'company')!.distributionConstraints = { minDomainMass: 0.9 };
    relaxed.stringDomain!.find(({ name }) => name === 'payment_type')!.value!.push('Prcard');
    expect(validateStatistics(evaluation, relaxed).anomalyInfo).toBeUndefined();
  });
});
