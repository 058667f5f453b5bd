/**
 * Statistics of 5,000,000 examples of 20 columns in one Parquet file: the core ones beside DuckDB's aggregates for the same figures, and
 * with pairs of features, mutual information and weights. With a python that has TensorFlow Data Validation, that beside it on
 * the first 500,000 of the same examples. Each part in a process of its own, so that its memory is its own.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { openWarehouse } from '../src/store/index.ts';
import { type StatisticsOptions, summariseFiles } from '../src/validation/index.ts';
import { round } from './load.ts';
import type { BenchSettings } from './settings.ts';

const ROWS = 5_000_000;
const PEER_ROWS = 500_000;

/** From numbers in [0, 1[: normals, skewed ones, few values, gaps, times; texts of 3 to 200,000 different values. */
const COLUMNS = [
  'i AS event_id',
  '1793000000 + (i // 7) AS event_time_s',
  'u1::DOUBLE AS score',
  'sqrt(-2 * ln(u1 + 1e-300)) * cos(2 * pi() * u2) AS affinity',
  'exp(2 + 1.5 * sqrt(-2 * ln(u1 + 1e-300)) * sin(2 * pi() * u2)) AS played_ms',
  'CASE WHEN u3 < 0.1 THEN NULL ELSE u2 * 100 END AS completion',
  '(u3 * u3 * 5000)::INTEGER AS plays_28d',
  '(u4 * 24)::INTEGER AS hour',
  '(u5 * 7)::INTEGER AS weekday',
  '(u1 + u2 + u3)::FLOAT AS age_days',
  'CASE WHEN u4 < 0.02 THEN NULL ELSE u4 * u5 END AS skip_rate',
  'CASE WHEN u5 < 0.7 THEN 0 ELSE u5 * 10 END AS saves',
  '(u2 < 0.2 + 0.3 * u1)::INTEGER AS label',
  '1 + (u3 < 0.5)::INTEGER AS weight',
  'ln(1 + u4 * 1000) AS log_popularity',
  "CASE WHEN u1 < 0.6 THEN 'free' WHEN u1 < 0.95 THEN 'premium' ELSE 'student' END AS tier",
  'chr(97 + (u2 * u2 * 20)::INTEGER) || chr(97 + (u3 * 5)::INTEGER) AS market',
  "CASE WHEN u3 < 0.05 THEN NULL ELSE 'device-model-' || ((u4 * u4 * 400)::INTEGER) END AS device",
  "'listener-' || ((u5 * 200000)::INTEGER) AS listener",
  "'shelf-' || ((u1 * 40)::INTEGER) AS shelf",
];

export async function benchStats({ items, python }: BenchSettings): Promise<Record<string, unknown>> {
  // `--items` of other benches has a default of 100,000: only what was asked for counts.
  const rows = items === 100_000 ? ROWS : items;
  const file = await examplesOf(rows);
  const core = inOwnProcess('core', file);
  const floor = inOwnProcess('floor', file);
  const full = inOwnProcess('full', file);
  const again = inOwnProcess('floor', file);
  const floorSeconds = (floor.seconds + again.seconds) / 2;
  return {
    rows,
    columns: COLUMNS.length,
    core: { ...core, rowsPerSecond: Math.round(rows / core.seconds) },
    duckDbFloor: { seconds: [floor.seconds, again.seconds], cpuSeconds: [floor.cpuSeconds, again.cpuSeconds] },
    coreToFloor: round(floorSeconds / core.seconds),
    coreToFloorByCpu: round((floor.cpuSeconds + again.cpuSeconds) / 2 / core.cpuSeconds),
    withPairsInformationAndWeights: { ...full, rowsPerSecond: Math.round(rows / full.seconds) },
    ...(python === undefined ? {} : await tensorFlowDataValidation(python)),
  };
}

async function examplesOf(rows: number): Promise<string> {
  const folder = fileURLToPath(new URL('./.data/', import.meta.url));
  const file = `${folder}stats-${rows}.parquet`;
  if (existsSync(file)) return file;
  mkdirSync(folder, { recursive: true });
  const warehouse = await openWarehouse({ threads: 1 });
  const drawn = Array.from({ length: 5 }, (_, i) => `hash(i * 5 + ${i}) / 18446744073709551616.0 AS u${i + 1}`);
  const from = `(SELECT i, ${drawn.join(', ')} FROM range(${rows}) t(i))`;
  await warehouse.copyToParquet(`SELECT ${COLUMNS.join(', ')} FROM ${from}`, `${file}.part`);
  warehouse.close();
  renameSync(`${file}.part`, file);
  return file;
}

interface Measured {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** The greatest resident memory of the process. */
  readonly rssMiB: number;
}

function inOwnProcess(part: keyof typeof PARTS, file: string): Measured {
  // As `bin/shelfwise` has it: threads load what is compiled already. The first part fills it for all that follow.
  const cache = fileURLToPath(new URL('../node_modules/.cache/shelfwise', import.meta.url));
  const env = { NODE_COMPILE_CACHE: cache, ...process.env };
  const out = execFileSync(process.execPath, [import.meta.filename, part, file], { encoding: 'utf8', env });
  return JSON.parse(out) as Measured;
}

const PARTS = {
  core: (file: string) => summarised(file, {}),
  full: (file: string) => summarised(file, { label: 'label', crossFeatures: 'all', weightFeature: 'weight' }),
  floor: aggregated,
};

/** On as many threads as the floor has. */
async function summarised(file: string, statistics: Partial<StatisticsOptions>): Promise<void> {
  await summariseFiles([file], { statistics, threads: 2 });
}

/**
 * What DuckDB needs for the same figures on both cores: counts, moments, extremes, zeros and quantiles of numbers in one pass, their
 * histograms of equal width in another, and the values of each text by their counts.
 */
async function aggregated(file: string): Promise<void> {
  const warehouse = await openWarehouse({ threads: 2 });
  const columns = await warehouse.query<{ column_name: string; column_type: string }>(
    `DESCRIBE SELECT * FROM '${file}'`,
  );
  const texts = columns.filter(({ column_type }) => column_type === 'VARCHAR').map(({ column_name }) => column_name);
  const numbers = columns.filter(({ column_type }) => column_type !== 'VARCHAR').map(({ column_name }) => column_name);
  const tenths = `[${Array.from({ length: 11 }, (_, i) => i / 10).join(', ')}]`;
  const moments = numbers.flatMap((x) => [
    `count(${x})`,
    `avg(${x})`,
    `stddev_pop(${x})`,
    `min(${x})::DOUBLE AS least_${x}`,
    `max(${x})::DOUBLE AS most_${x}`,
    `count(*) FILTER (${x} = 0)`,
    `count(*) FILTER (isnan(${x}::DOUBLE))`,
    `approx_quantile(${x}, ${tenths})`,
  ]);
  const [row] = await warehouse.query<Record<string, number>>(`SELECT count(*), ${moments.join(', ')} FROM '${file}'`);
  const histograms = numbers.map((x) => {
    const [least, most] = [row[`least_${x}`], row[`most_${x}`]];
    const bounds = Array.from({ length: 10 }, (_, i) => least + ((most - least) * (i + 1)) / 10);
    return `histogram(${x}::DOUBLE, [${bounds.join(', ')}]::DOUBLE[])`;
  });
  await warehouse.query(`SELECT ${histograms.join(', ')} FROM '${file}'`);
  for (const x of texts) {
    const counted = `SELECT ${x}, count(*) AS n, count(*) * strlen(${x}) AS bytes FROM '${file}' GROUP BY ${x}`;
    await warehouse.query(
      `SELECT *, count(*) OVER () AS uniques, sum(bytes) OVER () FROM (${counted}) ORDER BY n DESC LIMIT 1000`,
    );
  }
  warehouse.close();
}

async function tensorFlowDataValidation(python: string): Promise<Record<string, unknown>> {
  const file = await examplesOf(PEER_ROWS);
  const script = fileURLToPath(new URL('./stats_baseline.py', import.meta.url));
  const ours = inOwnProcess('core', file);
  const out = execFileSync(python, [script, file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return {
    besideTensorFlowDataValidation: {
      rows: PEER_ROWS,
      ours,
      peer: JSON.parse(out.trim().split('\n').at(-1)!) as unknown,
    },
  };
}

if (process.argv[1] === import.meta.filename) {
  const [part, file] = process.argv.slice(2);
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await PARTS[part as keyof typeof PARTS](file);
  const { user, system } = process.cpuUsage(cpu);
  const measured: Measured = {
    seconds: round((performance.now() - startMs) / 1000),
    cpuSeconds: round((user + system) / 1e6),
    rssMiB: Math.round(process.resourceUsage().maxRSS / 1024),
  };
  process.stdout.write(`${JSON.stringify(measured)}\n`);
}
