/** `shelfwise data schema`: inferred from statistics, brought up to date, shown. */
import type { Command } from 'commander';
import type { Schema } from '../../validation/index.ts';
import { type GlobalOptions, print, type Run } from '../command.ts';
import { fitted, printable, widthOf } from '../io.ts';
import { wholeNumber } from '../parse.ts';
import { readFileAs, readStatistics, writeFileAs } from './data-files.ts';

interface SchemaOptions extends GlobalOptions {
  readonly out?: string;
  readonly maxStringDomainSize?: number;
  readonly shapes?: boolean;
}

export function registerDataSchema(data: Command, run: Run): void {
  const schema = data.command('schema').description('What each feature must be: inferred, updated, shown.');
  schema
    .command('infer')
    .description(
      'A schema that the statistics satisfy: types, presence, values an example, domains of strings. Ranges of numbers are never ' +
        'inferred. Read it over before you validate with it.',
    )
    .argument('<statistics>', '.pbtxt, .pb or .tfrecord; of several datasets the one called All Examples')
    .option('--out <file>', 'where to write it: .pbtxt text, .pb binary')
    .option(
      '--max-string-domain-size <count>',
      'distinct strings up to which a domain is inferred (default 100)',
      count,
    )
    .option('--no-shapes', 'no fixed shapes, only counts of values')
    .addHelpText(
      'after',
      `
Examples:
  shelfwise data schema infer train.pbtxt --out schema.pbtxt
  shelfwise data schema infer stats.tfrecord --json`,
    )
    .action(async (statistics: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<SchemaOptions>();
      const { inferSchema } = await import('../../validation/index.ts');
      const inferred = inferSchema(await readStatistics(run.cli, statistics, '<statistics>'), {
        ...sizeOf(options),
        ...(options.shapes === undefined ? {} : { inferFeatureShape: options.shapes }),
      });
      await answer(run, options, inferred);
    });

  schema
    .command('update')
    .description(
      'The schema, changed so that the statistics satisfy it: domains and bounds widened, new columns added, columns that are gone ' +
        'deprecated. It accepts whatever the data has become: look at `data diff` before.',
    )
    .argument('<schema>', '.pbtxt or .pb')
    .argument('<statistics>', '.pbtxt, .pb or .tfrecord')
    .option('--out <file>', 'where to write it; the schema itself may be named')
    .option(
      '--max-string-domain-size <count>',
      'distinct strings up to which a domain is inferred (default 100)',
      count,
    )
    .addHelpText(
      'after',
      `
Examples:
  shelfwise data schema update schema.pbtxt monday.pbtxt --out schema-new.pbtxt
  shelfwise data diff schema.pbtxt schema-new.pbtxt`,
    )
    .action(async (file: string, statistics: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<SchemaOptions>();
      const { updateSchema } = await import('../../validation/index.ts');
      const before = await readFileAs(run.cli, file, '<schema>', 'Schema');
      const list = await readStatistics(run.cli, statistics, '<statistics>');
      await answer(run, options, updateSchema(before, list, sizeOf(options)));
    });

  schema
    .command('show')
    .description('A schema as a table.')
    .argument('<schema>', '.pbtxt or .pb')
    .addHelpText('after', '\nExamples:\n  shelfwise data schema show schema.pbtxt')
    .action(async (file: string, _options: unknown, command: Command) => {
      await answer(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        await readFileAs(run.cli, file, '<schema>', 'Schema'),
      );
    });
}

const count = wholeNumber(0, 1_000_000);

function sizeOf({ maxStringDomainSize }: SchemaOptions): { maxStringDomainSize?: number } {
  return maxStringDomainSize === undefined ? {} : { maxStringDomainSize };
}

async function answer(run: Run, options: GlobalOptions & { out?: string }, schema: Schema): Promise<void> {
  const { describeSchema } = await import('../../validation/index.ts');
  const { out } = options;
  if (out !== undefined) await writeFileAs(run.cli, out, 'Schema', schema);
  const described = describeSchema(schema);
  const report = { ...(out === undefined ? {} : { out }), ...described };
  print(run, options, report, () =>
    [
      ...tableOf(
        ['feature', 'type', 'presence', 'valency', 'domain'],
        described.features.map(({ feature, type, presence, valency, domain }) => [
          feature,
          type,
          presence,
          valency,
          domain,
        ]),
      ),
      ...(described.domains.length === 0 ? [] : ['']),
      ...described.domains.map(({ domain, values }) => `'${printable(domain)}': ${wordsOf(values)}`),
      '',
      `${described.features.length} features, ${described.domains.length} string domains.${out === undefined ? '' : ` Written to ${out}.`}`,
      '',
    ].join('\n'),
  );
}

const MOST_WORDS = 12;

function wordsOf(words: readonly string[]): string {
  const shown = words.slice(0, MOST_WORDS).map((word) => `'${printable(word)}'`);
  const more = words.length - shown.length;
  return `${shown.join(', ')}${more > 0 ? `, and ${more} more` : ''}`;
}

const WIDEST = 44;

/** Lines of columns: the first row is the head. Cells are made safe for a terminal. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const cells = [head, ...rows].map((row) => row.map(printable));
  const widths = head.map((_, column) => Math.min(WIDEST, Math.max(...cells.map((row) => widthOf(row[column])))));
  return cells.map((row) =>
    row
      .map((cell, column) => fitted(cell, widths[column]))
      .join('  ')
      .trimEnd(),
  );
}
