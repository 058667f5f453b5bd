/** `shelfwise data stats`: statistics of examples in files or of a query, of all and slice by slice. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { ShelfwiseError } from '../../base/index.ts';
import type { DatasetFeatureStatisticsList, FeaturePair, Summary, SummaryOptions } from '../../validation/index.ts';
import { type GlobalOptions, print, type Run } from '../command.ts';
import { withProgress } from '../progress.ts';
import { checkReadable, readFileAs, writeFileAs } from './data-files.ts';

interface StatsOptions extends GlobalOptions {
  readonly out: string;
  readonly slice?: readonly (readonly string[])[];
  readonly schema?: string;
  readonly weight?: string;
  readonly label?: string;
  /** Pairs; none for all of them. */
  readonly crossFeatures?: true | readonly FeaturePair[];
  readonly semanticDomains?: true;
  readonly sql?: string;
  readonly attach?: Readonly<Record<string, string>>;
}

export function registerDataStats(data: Command, run: Run): void {
  data
    .command('stats')
    .description(
      'Statistics of examples, as TensorFlow Data Validation computes them. Several files are shards of one dataset. Reads in chunks, ' +
        'in bounded memory.',
    )
    .argument('[sources...]', '.csv, .tsv, .jsonl, .ndjson (each also .gz), .parquet, .arrow, .feather, .arrows')
    .requiredOption('--out <file>', 'where to write them: .pbtxt text, .pb binary, .tfrecord')
    .option('--slice <feature>', 'also of each of its values; a,b of each pair of values; repeatable', slicedBy)
    .option('--schema <file>', 'tells which numbers are categories, and the types of the columns of CSV')
    .option('--weight <column>', 'one weight an example: weighted statistics too')
    .option('--label <column>', 'mutual information of every other column with this one')
    .option(
      '--cross-features [x,y...]',
      'covariance and correlation of these pairs of numeric columns; of all without any',
      pairsOf,
    )
    .option('--semantic-domains', 'tell times, URLs, identifiers and natural language')
    .option('--sql <query>', 'the rows of a SELECT in DuckDB’s SQL, instead of sources')
    .option(
      '--attach <name=database>',
      'a database that --sql knows by the name: a DuckDB file, or TYPE:CONNECTION such as postgres:host=db; repeatable',
      attached,
    )
    .addHelpText(
      'after',
      `
Examples:
  shelfwise data stats train.csv.gz --out train.pbtxt
  shelfwise data stats day-*.parquet --slice tier --slice tier,market --out day.pb
  shelfwise data stats train.parquet --label completed --cross-features --semantic-domains --out train.pb
  shelfwise data stats --attach lake=events.duckdb --sql "SELECT * FROM lake.plays WHERE market = 'de'" --out de.pb`,
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

function pairsOf(text: string, before: true | readonly FeaturePair[] = []): readonly FeaturePair[] {
  const [x = '', y = '', ...more] = text.split(',').map((name) => name.trim());
  if (x === '' || y === '' || more.length > 0)
    throw new InvalidArgumentError('It must be two columns parted by a comma.');
  return [...(before === true ? [] : before), [x, y]];
}

function attached(text: string, before: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  const [, name, target] = /^(\w+)=(.+)$/s.exec(text) ?? [];
  if (target === undefined) throw new InvalidArgumentError('It must be NAME=DATABASE.');
  return { ...before, [name]: target };
}

/** Threads that share the columns of Parquet files, at most: memory grows with them. */
const MOST_THREADS = 4;

async function statisticsOf(
  run: Run,
  sources: readonly string[],
  options: StatsOptions,
  onExamples: (examples: number) => void,
): Promise<DatasetFeatureStatisticsList> {
  const { compareBytes } = await import('../../validation/index.ts');
  const { weight: weightFeature, label, crossFeatures, slice: slicings = [] } = options;
  const schema =
    options.schema === undefined ? undefined : await readFileAs(run.cli, options.schema, '--schema', 'Schema');
  const { list, columns } = await summaryOf(run, sources, options, {
    slices: slicings.map((features) => Object.fromEntries(features.map((name) => [name, undefined]))),
    statistics: {
      ...(weightFeature === undefined ? {} : { weightFeature }),
      ...(schema === undefined ? {} : { schema }),
      ...(label === undefined ? {} : { label }),
      ...(crossFeatures === undefined ? {} : { crossFeatures: crossFeatures === true ? 'all' : crossFeatures }),
      semanticDomains: options.semanticDomains ?? false,
    },
    csv: { schema },
    threads: Math.min(MOST_THREADS, availableParallelism()),
    onExamples,
    signal: run.cli.stop,
  });
  const [all, ...slices] = list.datasets ?? [];
  const asked: readonly (readonly [string, readonly string[]])[] = [
    ['--slice', slicings.flat()],
    ['--label', label === undefined ? [] : [label]],
    ['--cross-features', crossFeatures === undefined || crossFeatures === true ? [] : crossFeatures.flat()],
  ];
  for (const [option, names] of asked)
    for (const name of names)
      if ((all?.numExamples ?? 0) > 0 && !columns.has(name))
        throw new ShelfwiseError('OPTION_INVALID', `${option}: there is no column ${name}`);
  // By name, whatever order the examples came in.
  return { datasets: [all, ...slices.sort((a, b) => compareBytes(a.name ?? '', b.name ?? ''))] };
}

async function summaryOf(
  run: Run,
  sources: readonly string[],
  { sql, attach }: StatsOptions,
  options: Partial<SummaryOptions>,
): Promise<Summary> {
  const { readQueryChunks, summariseChunks, summariseFiles } = await import('../../validation/index.ts');
  if ((sql === undefined) === (sources.length === 0))
    throw new ShelfwiseError('OPTION_INVALID', 'give either files or --sql');
  if (sql === undefined && attach) throw new ShelfwiseError('OPTION_INVALID', '--attach goes with --sql');
  if (sql !== undefined) return summariseChunks(readQueryChunks(sql, { attach, folder: run.cli.cwd }), options);
  // Before the first is read: the last may be misspelt.
  for (const source of sources) checkReadable(run.cli, source, '<sources>');
  return summariseFiles(
    sources.map((source) => resolve(run.cli.cwd, source)),
    options,
  );
}
