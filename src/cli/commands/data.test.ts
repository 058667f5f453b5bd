import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type DatasetFeatureStatistics,
  encodeBinary,
  encodeRecords,
  formatText,
  readMessage,
} from '../../validation/index.ts';
import { runForTest } from '../cli-testing.ts';
import { EXIT } from '../exit-codes.ts';

let cwd: string;
beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), 'shelfwise-data-'));
  write('monday.pbtxt', [day('All Examples', 1000, { free: 700, premium: 300 })]);
  write('tuesday.pbtxt', [day('All Examples', 1000, { free: 400, premium: 300, student: 300 })]);
  await expectOk(run('data', 'schema', 'infer', 'monday.pbtxt', '--out', 'schema.pbtxt'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

const run = (...args: string[]) => runForTest(args, { cwd });

async function expectOk(running: ReturnType<typeof run>): Promise<string> {
  const { code, out, err } = await running;
  expect({ code, err }).toEqual({ code: EXIT.ok, err: '' });
  return out;
}

/** A dataset of a tier, by its counts, and of seconds played. */
function day(name: string, numExamples: number, tiers: Record<string, number>): DatasetFeatureStatistics {
  const values = Object.entries(tiers);
  const commonStats = {
    numNonMissing: numExamples,
    minNumValues: 1,
    maxNumValues: 1,
    avgNumValues: 1,
    totNumValues: numExamples,
  };
  return {
    name,
    numExamples,
    features: [
      {
        name: 'tier',
        type: 'STRING',
        stringStats: {
          commonStats,
          unique: values.length,
          topValues: values.map(([value, frequency]) => ({ value, frequency })),
          rankHistogram: { buckets: values.map(([label, sampleCount]) => ({ label, sampleCount })) },
        },
      },
      {
        name: 'played',
        type: 'FLOAT',
        numStats: {
          commonStats,
          mean: 30,
          max: 60,
          histograms: [{ buckets: [{ lowValue: 0, highValue: 60, sampleCount: numExamples }] }],
        },
      },
    ],
  };
}

function write(file: string, datasets: DatasetFeatureStatistics[]): string {
  const list = { datasets };
  const bytes = encodeBinary('DatasetFeatureStatisticsList', list);
  const name = 'DatasetFeatureStatisticsList';
  writeFileSync(
    join(cwd, file),
    file.endsWith('.pb') ? bytes : file.endsWith('.tfrecord') ? encodeRecords([bytes]) : formatText(name, list),
  );
  return file;
}

const edit = (from: string, to: string, change: (text: string) => string): string => {
  writeFileSync(join(cwd, to), change(readFileSync(join(cwd, from), 'utf8')));
  return to;
};

describe('data schema', () => {
  it('infers a schema, shows it and writes it', async () => {
    const out = await expectOk(run('data', 'schema', 'infer', 'monday.pbtxt', '--out', 'inferred.pbtxt'));
    expect(out).toContain("tier     STRING  required           'tier'\n");
    expect(out).toContain("'tier': 'free', 'premium'\n");
    expect(out).toContain('2 features, 1 string domains. Written to inferred.pbtxt.');
    const schema = readMessage('Schema', readFileSync(join(cwd, 'inferred.pbtxt')));
    expect(schema.stringDomain).toEqual([{ name: 'tier', value: ['free', 'premium'] }]);
    expect(await expectOk(run('data', 'schema', 'show', 'inferred.pbtxt'))).toContain('2 features');
  });

  it('takes limits, and statistics in any form', async () => {
    write('monday.pb', [day('', 10, { free: 5, premium: 5 })]);
    write('monday.tfrecord', [day('', 10, { free: 5, premium: 5 })]);
    const limits = ['--max-string-domain-size', '1', '--no-shapes', '--json'];
    const of = async (file: string) => JSON.parse(await expectOk(run('data', 'schema', 'infer', file, ...limits)));
    expect(await of('monday.pb')).toEqual({
      features: [
        { feature: 'tier', type: 'BYTES', presence: 'required', valency: 'single', domain: '-' },
        { feature: 'played', type: 'FLOAT', presence: 'required', valency: 'single', domain: '-' },
      ],
      domains: [],
    });
    expect(await of('monday.tfrecord')).toEqual(await of('monday.pb'));
  });

  it('updates a schema so that the statistics satisfy it, and diff shows by what', async () => {
    await expectOk(run('data', 'schema', 'update', 'schema.pbtxt', 'tuesday.pbtxt', '--out', 'updated.pbtxt'));
    await expectOk(run('data', 'validate', '--stats', 'tuesday.pbtxt', '--schema', 'updated.pbtxt'));
    const { code, out } = await run('data', 'diff', 'schema.pbtxt', 'updated.pbtxt');
    expect({ code, out }).toEqual({ code: EXIT.finding, out: "~ values of 'tier'\n  + student\n" });
    const { regions } = JSON.parse((await run('data', 'diff', 'schema.pbtxt', 'updated.pbtxt', '--json')).out);
    expect(regions.flatMap(({ added = [] }) => added)).toMatchObject([{ contents: ['  value: "student"'] }]);
    expect(await expectOk(run('data', 'diff', 'schema.pbtxt', 'schema.pbtxt'))).toBe('The schemas are equal.\n');
  });
});

describe('data validate', () => {
  const validate = (stats: string, ...more: string[]) =>
    run('data', 'validate', '--stats', stats, '--schema', 'schema.pbtxt', ...more);

  it('finds no anomaly in what the schema was inferred from', async () => {
    expect(await expectOk(validate('monday.pbtxt'))).toBe('No anomalies.\n');
  });

  it('tells what is wrong, writes it, and exits with 1; with 0 where it only warns', async () => {
    const { code, out } = await validate('tuesday.pbtxt', '--out', 'anomalies.pbtxt');
    expect(code).toBe(EXIT.finding);
    expect(out).toContain('ERROR   tier: Unexpected string values\n');
    expect(out).toContain('missing from the schema: student (~30%)');
    const written = readMessage('Anomalies', readFileSync(join(cwd, 'anomalies.pbtxt')));
    expect([...written.anomalyInfo!.keys()]).toEqual(['tier']);
    const warned = await validate('tuesday.pbtxt', '--warn', 'ENUM_TYPE_UNEXPECTED_STRING_VALUES', '--json');
    expect(warned.code).toBe(EXIT.ok);
    expect(JSON.parse(warned.out)).toMatchObject({
      clean: true,
      errors: 0,
      warnings: 1,
      anomalies: [{ path: 'tier', severity: 'WARNING', types: ['ENUM_TYPE_UNEXPECTED_STRING_VALUES'] }],
    });
  });

  it('measures drift and skew', async () => {
    const schema = edit('schema.pbtxt', 'comparing.pbtxt', (text) =>
      text.replace(
        '  domain: "tier"\n',
        '  domain: "tier"\n  drift_comparator { infinity_norm { threshold: 0.1 } }\n  skew_comparator { infinity_norm { threshold: 0.9 } }\n',
      ),
    );
    write('half.pbtxt', [day('', 1000, { free: 350, premium: 650 })]);
    const against = ['--previous', 'half.pbtxt', '--serving', 'half.pbtxt', '--json'];
    const { code, out } = await run('data', 'validate', '--stats', 'monday.pbtxt', '--schema', schema, ...against);
    expect(code).toBe(EXIT.finding);
    const report = JSON.parse(out);
    expect(report.anomalies.map(({ types }: { types: string[] }) => types)).toEqual([['COMPARATOR_L_INFTY_HIGH']]);
    expect(report.distances).toEqual([
      { path: 'tier', kind: 'drift', type: 'L_INFTY', distance: expect.closeTo(0.35), threshold: 0.1 },
      { path: 'tier', kind: 'skew', type: 'L_INFTY', distance: expect.closeTo(0.35), threshold: 0.9 },
    ]);
  });

  it('finds training without premium and evaluation without free listeners', async () => {
    const tiers = { free: 700, premium: 300 };
    const slices = Object.entries(tiers).map(([tier, n]) => day(`tier_${tier}`, n, { [tier]: n }));
    write('sliced.pbtxt', [day('All Examples', 1000, tiers), ...slices]);
    write('train.pbtxt', [day('All Examples', 700, { free: 700 }), slices[0]]);
    write('eval.pbtxt', [day('All Examples', 300, { premium: 300 }), slices[1]]);
    await expectOk(validate('sliced.pbtxt', '--previous', 'sliced.pbtxt', '--expect-slices', 'tier'));
    const training = await validate('train.pbtxt', '--previous', 'sliced.pbtxt');
    expect(training.code).toBe(EXIT.finding);
    expect(training.out).toContain('The slice tier_premium has 0 of 700 examples');
    expect(training.out).toContain('1 of severity error');
    const evaluation = await validate('eval.pbtxt', '--expect-slices', 'tier');
    expect(evaluation.out).toContain('The slice tier_free that the schema expects has 0 of 300 examples.');
  });

  it('finds that no example names its tier any more, and takes no dataset of its own for a slice', async () => {
    write('unsliced.pbtxt', [day('tuesday', 1000, { free: 700, premium: 300 })]);
    await expectOk(validate('unsliced.pbtxt', '--previous', 'monday.pbtxt'));
    const { out } = await validate('unsliced.pbtxt', '--previous', 'sliced.pbtxt');
    expect(out).toContain('The slice tier_free has 0 of 1000 examples');
    await expectOk(validate('sliced.pbtxt', '--previous', 'unsliced.pbtxt'));
  });

  it('judges conditions in SQL, and shows the lines that would accept what the schema refuses', async () => {
    const condition = (sql: string) =>
      `feature_validations { feature_path { step: "played" } validations { sql_expression: "${sql}" severity: ERROR description: "too long" } }`;
    writeFileSync(join(cwd, 'conditions.pbtxt'), condition('feature.num_stats.max <= 30'));
    const { code, out } = await validate(
      'tuesday.pbtxt',
      '--custom',
      'conditions.pbtxt',
      '--diff-regions',
      '--out',
      'custom.pbtxt',
    );
    expect(code).toBe(EXIT.finding);
    expect(out).toContain('ERROR   played: too long\n');
    expect(out).toContain('Query: feature.num_stats.max <= 30 Test dataset: default slice');
    const { anomalyInfo } = readMessage('Anomalies', readFileSync(join(cwd, 'custom.pbtxt')));
    expect([...anomalyInfo!.keys()].sort()).toEqual(['played', 'tier']);
    const added = anomalyInfo!.get('tier')!.diffRegions!.flatMap((region) => region.added?.contents ?? []);
    expect(added).toEqual(['  value: "student"']);
    writeFileSync(join(cwd, 'broken.pbtxt'), condition('feature.nothing > 1'));
    const broken = await validate('tuesday.pbtxt', '--custom', 'broken.pbtxt');
    expect(broken).toMatchObject({ code: EXIT.usage, err: expect.stringContaining("the query 'feature.nothing > 1'") });
  });

  it('finds the absence of data', async () => {
    const { code, out } = await validate(write('empty.pbtxt', [{ name: 'empty' }]), '--json');
    expect(code).toBe(EXIT.finding);
    expect(JSON.parse(out)).toMatchObject({ clean: false, dataMissing: true });
  });

  it.each([
    [['--stats', 'nothing.pbtxt', '--schema', 'schema.pbtxt'], '--stats: ENOENT'],
    [['--stats', 'schema.pbtxt', '--schema', 'schema.pbtxt'], 'schema.pbtxt: line 1'],
    [['--stats', 'monday.pbtxt'], '--stats wants --schema'],
    [['--stats', 'monday.pbtxt', '--schema', 'schema.pbtxt', '--warn', 'NO_SUCH'], 'no anomaly is of type NO_SUCH'],
    [['--stats', 'monday.pbtxt', '--schema', 'schema.pbtxt', '--environment', 'SERVING'], 'Environment SERVING'],
    [['--stats', 'monday.pbtxt', '--schema', 'schema.pbtxt', '--expect-slices', 'played'], 'no feature played with'],
    [['--stats', 'monday.pbtxt', '--schema', 'schema.pbtxt', '--out', 'no/such/folder'], 'ENOENT'],
  ])('exits with 2 and says what is wrong: %o', async (args, text) => {
    const { code, err } = await run('data', 'validate', ...args);
    expect(code).toBe(EXIT.usage);
    expect(err).toContain(text);
  });
});

describe('data diff', () => {
  it('shows features by distance, those of one side first', async () => {
    const [tuesday] = [day('', 500, { free: 100, premium: 400 })];
    write('other.pbtxt', [
      { ...tuesday, features: [...tuesday.features!, { name: 'new', type: 'INT', numStats: {} }] },
    ]);
    const { code, out } = await run('data', 'diff', 'monday.pbtxt', 'other.pbtxt', '--json');
    expect(code).toBe(EXIT.finding);
    const { features, numExamples } = JSON.parse(out);
    expect(numExamples).toEqual([1000, 500]);
    expect(features.map(({ feature }: { feature: string }) => feature)).toEqual(['new', 'tier', 'played']);
    expect(features[0].onlyIn).toBe('B');
    expect(features[1]).toMatchObject({ linf: expect.closeTo(0.5), unique: [2, 2], types: ['STRING', 'STRING'] });
    expect(features[2]).toMatchObject({ divergence: 0, mean: [30, 30] });
    expect((await run('data', 'diff', 'monday.pbtxt', 'other.pbtxt')).out).toContain('only in other.pbtxt');
    expect(await expectOk(run('data', 'diff', 'monday.pbtxt', 'monday.pbtxt'))).toContain('They are equal.');
  });

  it('does not compare a schema with statistics', async () => {
    const { code, err } = await run('data', 'diff', 'monday.pbtxt', 'schema.pbtxt');
    expect(code).toBe(EXIT.usage);
    expect(err).toContain('schema.pbtxt of kind schema');
  });
});

describe('data show', () => {
  it('writes one page that needs nothing else, with anomalies in place', async () => {
    await run('data', 'validate', '--stats', 'tuesday.pbtxt', '--schema', 'schema.pbtxt', '--out', 'found.pbtxt');
    const files = ['monday.pbtxt', 'second=tuesday.pbtxt', '--anomalies', 'found.pbtxt', '--html', 'report.html'];
    expect(await expectOk(run('data', 'show', ...files))).toBe(
      '2 features of monday, second. Written to report.html.\n',
    );
    const page = readFileSync(join(cwd, 'report.html'), 'utf8');
    expect(page).toContain('Unexpected string values');
    expect(page).not.toMatch(/(src|href)="(?!#)/);
  });

  it('shows every slice as a dataset of its own, names that come twice numbered', async () => {
    write('slices.pbtxt', [day('All Examples', 10, { free: 10 }), day('tier_free', 10, { free: 10 })]);
    const args = ['slices.pbtxt', 'slices.pbtxt', '--slices', '--html', 'slices.html', '--json'];
    const { datasets } = JSON.parse(await expectOk(run('data', 'show', ...args)));
    expect(datasets.map(({ name }: { name: string }) => name)).toEqual([
      'All Examples',
      'tier_free',
      'All Examples (2)',
      'tier_free (2)',
    ]);
  });

  it.each([
    [['monday.pbtxt'], '--html <file>'],
    [['train=', '--html', 'x.html'], 'train= names no file'],
    [['schema.pbtxt', '--html', 'x.html'], 'schema.pbtxt: line 1'],
  ])('exits with 2 and says what is wrong: %o', async (args, text) => {
    const { code, err } = await run('data', 'show', ...args);
    expect(code).toBe(EXIT.usage);
    expect(err).toContain(text);
  });
});

describe('data stats', () => {
  const lines = (...rows: string[]): string => `${rows.join('\n')}\n`;
  const stats = (file: string) => readMessage('DatasetFeatureStatisticsList', readFileSync(join(cwd, file))).datasets!;

  it('gathers files as shards of one dataset, and slices by values and by pairs of them', async () => {
    writeFileSync(join(cwd, 'one.csv'), lines('tier,market,played', 'free,us,1', 'premium,us,2', 'free,de,'));
    writeFileSync(join(cwd, 'two.csv'), lines('tier,market,played', 'free,us,4', ',de,5'));
    const args = ['one.csv', 'two.csv', '--slice', 'tier', '--slice', 'tier,market', '--out', 'stats.pb', '--json'];
    const { code, out } = await run('data', 'stats', ...args);
    expect(code).toBe(EXIT.ok);
    expect(
      JSON.parse(out).datasets.map(({ name, numExamples }: Record<string, unknown>) => [name, numExamples]),
    ).toEqual([
      ['All Examples', 5],
      ['tier_free', 3],
      ['tier_free_market_de', 1],
      ['tier_free_market_us', 2],
      ['tier_premium', 1],
      ['tier_premium_market_us', 1],
    ]);
    const [whole, free] = stats('stats.pb');
    const played = ({ features }: DatasetFeatureStatistics) =>
      features!.find(({ path }) => path?.step?.[0] === 'played')!.numStats;
    expect(played(whole)).toMatchObject({ mean: 3, min: 1, max: 5, commonStats: { numNonMissing: 4, numMissing: 1 } });
    expect(played(free)).toMatchObject({ mean: 2.5, commonStats: { numNonMissing: 2, numMissing: 1 } });
    await expectOk(run('data', 'schema', 'infer', 'stats.pb', '--out', 'from-stats.pbtxt'));
  });

  it('takes a query, and tells of pairs, of the label and of what values mean', async () => {
    const sql =
      "SELECT i AS x, -2 * i AS y, i >= 80 AS label, DATE '2026-01-01' + (i % 28)::INTEGER AS day FROM range(200) t(i)";
    const more = ['--label', 'label', '--cross-features', 'x,y', '--semantic-domains', '--out', 'queried.pb'];
    expect((await run('data', 'stats', '--sql', sql, ...more)).code).toBe(EXIT.ok);
    const [{ features, crossFeatures }] = stats('queried.pb');
    expect(crossFeatures).toEqual([
      {
        pathX: { step: ['x'] },
        pathY: { step: ['y'] },
        count: 200,
        numCrossStats: { correlation: -1, covariance: -6666.5 },
      },
    ]);
    const customOf = (name: string) =>
      Object.fromEntries(
        features!
          .find(({ path }) => path!.step![0] === name)!
          .customStats!.map(({ name, num, str }) => [name, num ?? str]),
      );
    expect(customOf('x').mutual_information).toBeCloseTo(-0.4 * Math.log2(0.4) - 0.6 * Math.log2(0.6), 6);
    expect(customOf('day').domain_info).toBe("time_domain {string_format: '%Y-%m-%d'}");
  });

  it.each([
    [['--sql', 'SELECT nothing'], 'nothing'],
    [['one.csv', '--sql', 'SELECT 1'], 'either files or --sql'],
    [[], 'either files or --sql'],
    [['one.csv', '--attach', 'a=b'], 'goes with --sql'],
    [['--sql', 'SELECT 1', '--attach', 'nowhere'], 'NAME=DATABASE'],
    [['one.csv', '--label', 'colour'], '--label: there is no column colour'],
    [['one.csv', '--cross-features', 'played,colour'], '--cross-features: there is no column colour'],
    [['one.csv', '--cross-features', 'played'], 'two columns parted by a comma'],
    [['nothing.csv'], 'nothing.csv'],
    [['one.csv.zip'], 'ENOENT'],
    [['stats.pb'], 'stats.pb'],
    [['one.csv', '--slice', 'colour'], 'there is no column colour'],
    [['one.csv', '--slice', 'tier,'], 'features parted by commas'],
  ])('says what is wrong: %o', async (args, text) => {
    const { code, err } = await run('data', 'stats', ...args, '--out', 'x.pbtxt');
    expect(code).toBe(EXIT.usage);
    expect(err).toContain(text);
  });
});
