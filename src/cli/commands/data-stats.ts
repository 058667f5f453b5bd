/** `shelfwise data stats`: statistics of examples in files, of all and slice by slice. */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { ShelfwiseError } from '../../base/index.ts';
import type { DatasetFeatureStatisticsList } from '../../validation/index.ts';
import { type GlobalOptions, print, type Run } from '../command.ts';
import { withProgress } from '../progress.ts';
import { checkReadable, readFileAs, writeFileAs } from './data-files.ts';

interface StatsOptions extends GlobalOptions {
  readonly out: string;
  readonly slice?: readonly (readonly string[])[];
  readonly schema?: string;
  readonly weight?: string;
}

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
  const { compareBytes } = await import('../../validation/index.ts');
  const { readExamples, SlicedStatistics } = await import('../../validation/index.ts');
  const { weight: weightFeature, slice: slicings = [] } = options;
  const schema =
    options.schema === undefined ? undefined : await readFileAs(run.cli, options.schema, '--schema', 'Schema');
  const statistics = new SlicedStatistics(
    slicings.map((features) => Object.fromEntries(features.map((name) => [name, undefined]))),
    { ...(weightFeature === undefined ? {} : { weightFeature }), ...(schema === undefined ? {} : { schema }) },
  );
  // Before the first is read: the last may be misspelt.
  for (const source of sources) checkReadable(run.cli, source, '<sources>');
  const files = sources.map((source) => resolve(run.cli.cwd, source));
  const met = new Set<string>();
  let examples = 0;
  for await (const chunk of readExamples(files, { schema })) {
    run.cli.stop.throwIfAborted();
    statistics.add(chunk);
    for (const { name } of chunk.columns) met.add(name);
    examples += chunk.rows;
    tell(examples);
  }
  for (const name of slicings.flat())
    if (examples > 0 && !met.has(name))
      throw new ShelfwiseError('OPTION_INVALID', `--slice: there is no column ${name}`);
  const [all, ...slices] = statistics.extract().datasets ?? [];
  // By name, whatever order the examples came in.
  return { datasets: [all, ...slices.sort((a, b) => compareBytes(a.name ?? '', b.name ?? ''))] };
}
