/** `shelfwise data stats`: statistics of examples in files, of all and slice by slice. */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { ShelfwiseError } from '../../base/index.ts';
import type { DatasetFeatureStatisticsList } from '../../validation/index.ts';
import type { Chunk, Column } from '../../validation/sources/index.ts';
import type { DatasetStatistics } from '../../validation/statistics/index.ts';
import { type GlobalOptions, print, type Run } from '../command.ts';
import { withProgress } from '../progress.ts';
import { checkReadable, readFileAs, writeFileAs } from './data-files.ts';

interface StatsOptions extends GlobalOptions {
  readonly out: string;
  readonly slice?: readonly (readonly string[])[];
  readonly schema?: string;
  readonly weight?: string;
}

/** A feature of more values makes no slices worth looking at, and each costs as much memory as all examples. */
const MOST_SLICES = 1000;

export function registerDataStats(data: Command, run: Run): void {
  data
    .command('stats')
    .description(
      'Statistics of examples, as TensorFlow Data Validation computes them. Several files are shards of one dataset. Reads in chunks, ' +
        'in bounded memory.',
    )
    .argument('<sources...>', '.csv, .tsv, .jsonl, .ndjson (each also .gz), .parquet')
    .requiredOption('--out <file>', 'where to write them: .pbtxt text, .pb binary, .tfrecord')
    .option('--slice <feature>', 'also of each of its values; a,b of each pair of values; repeatable', slicedBy)
    .option('--schema <file>', 'tells which numbers are categories, and the types of the columns of CSV')
    .option('--weight <column>', 'one weight an example: weighted statistics too')
    .addHelpText(
      'after',
      `
Examples:
  shelfwise data stats train.csv.gz --out train.pbtxt
  shelfwise data stats day-*.parquet --slice tier --slice tier,market --out day.pb`,
    )
    .action(async (sources: readonly string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<StatsOptions>();
      const list = await withProgress(
        run.cli,
        'Reading',
        (update) => statisticsOf(run, sources, options, (examples) => update(0, `${examples} examples`)),
        ({ datasets = [] }) => `${datasets[0]?.numExamples ?? 0} examples`,
      );
      await writeFileAs(run.cli, options.out, 'DatasetFeatureStatisticsList', list);
      const datasets = (list.datasets ?? []).map(({ name = '', numExamples = 0, features = [] }) => ({
        name,
        numExamples,
        features: features.length,
      }));
      print(
        run,
        options,
        { out: options.out, datasets },
        () =>
          `${datasets.map(({ name, numExamples, features }) => `${name}: ${numExamples} examples, ${features} features\n`).join('')}Written to ${options.out}.\n`,
      );
    });
}

function slicedBy(text: string, before: readonly (readonly string[])[] = []): readonly (readonly string[])[] {
  const features = text.split(',').map((name) => name.trim());
  if (features.includes('')) throw new InvalidArgumentError('It must be a feature, or features parted by commas.');
  return [...before, features];
}

async function statisticsOf(
  run: Run,
  sources: readonly string[],
  options: StatsOptions,
  tell: (examples: number) => void,
): Promise<DatasetFeatureStatisticsList> {
  const { ALL_EXAMPLES } = await import('../../validation/index.ts');
  const { readExamples, takeRows } = await import('../../validation/sources/index.ts');
  const { DatasetStatistics } = await import('../../validation/statistics/index.ts');
  const { weight: weightFeature, slice: slicings = [] } = options;
  const schema =
    options.schema === undefined ? undefined : await readFileAs(run.cli, options.schema, '--schema', 'Schema');
  const create = (): DatasetStatistics => new DatasetStatistics({ weightFeature, schema });
  const all = create();
  const slices = new Map<string, DatasetStatistics>();
  const met = new Set<string>();
  let examples = 0;
  // Before the first is read: the last may be misspelt.
  for (const source of sources) checkReadable(run.cli, source, '<sources>');
  for (const source of sources) {
    for await (const chunk of readExamples(resolve(run.cli.cwd, source), { schema })) {
      run.cli.stop.throwIfAborted();
      all.add(chunk);
      for (const { name } of chunk.columns) met.add(name);
      for (const features of slicings)
        for (const [key, rows] of slicesOf(chunk, features)) {
          const slice = slices.get(key) ?? create();
          slices.set(key, slice);
          if (slices.size > MOST_SLICES)
            throw new ShelfwiseError(
              'OPTION_INVALID',
              `--slice ${features.join(',')}: more than ${MOST_SLICES} slices; slice by a feature of few values`,
            );
          slice.add(takeRows(chunk, Int32Array.from(rows)));
        }
      examples += chunk.rows;
      tell(examples);
    }
  }
  for (const name of slicings.flat())
    if (examples > 0 && !met.has(name))
      throw new ShelfwiseError('OPTION_INVALID', `--slice: there is no column ${name}`);
  const sorted = [...slices].sort(([a], [b]) => (a < b ? -1 : 1));
  return { datasets: [all.extract(ALL_EXAMPLES), ...sorted.map(([key, slice]) => slice.extract(key))] };
}

/** Slice → its rows. An example is in every slice of its values, and in none by a feature that it lacks. */
function slicesOf(chunk: Chunk, features: readonly string[]): Map<string, number[]> {
  const columns = features.map((name) => chunk.columns.find((column) => column.name === name));
  const slices = new Map<string, number[]>();
  for (let row = 0; row < chunk.rows; row++) {
    let keys = [''];
    for (const column of columns) {
      const values = column === undefined ? [] : valuesOf(column, row);
      keys = keys.flatMap((key) => values.map((text) => `${key}${key === '' ? '' : '_'}${column!.name}_${text}`));
    }
    for (const key of keys) {
      const rows = slices.get(key);
      if (rows) rows.push(row);
      else slices.set(key, [row]);
    }
  }
  return slices;
}

/** Distinct values of an example. @throws OPTION_INVALID for records */
function valuesOf(column: Column, row: number): readonly string[] {
  if (column.kind === 'NULL') return [];
  if (column.kind === 'STRUCT')
    throw new ShelfwiseError('OPTION_INVALID', `--slice: ${column.name} holds records; slice by a feature of values`);
  let [from, to] = [row, row + 1];
  for (const { offsets } of column.levels) [from, to] = [offsets[from], offsets[to]];
  return [...new Set(Array.from({ length: to - from }, (_, at) => String(column.values[from + at])))];
}
