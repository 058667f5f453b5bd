/** `shelfwise data diff`: what two statistics or two schemas differ in. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import { ShelfwiseError } from '../../base/index.ts';
import type { DatasetFeatureStatisticsList, Schema } from '../../validation/index.ts';
import { found, type GlobalOptions, print, type Run } from '../command.ts';
import { printable } from '../io.ts';
import { bytesOf, naming } from './data-files.ts';
import { tableOf } from './data-schema.ts';
import { type SchemaDifference, schemaDifference } from './data-schema-difference.ts';

type Side =
  | { readonly kind: 'schema'; readonly schema: Schema }
  | { readonly kind: 'statistics'; readonly list: DatasetFeatureStatisticsList };

export interface StatisticsDifference {
  readonly kind: 'statistics';
  readonly equal: boolean;
  readonly numExamples: readonly [number, number];
  /** Furthest apart first; those that one side lacks before them. */
  readonly features: readonly FeatureDifference[];
}

interface FeatureDifference {
  readonly feature: string;
  /** The side that has it, where the other does not. */
  readonly onlyIn?: 'A' | 'B';
  readonly types: readonly (string | null)[];
  /** Jensen-Shannon divergence, in [0, 1]; null where none can be taken. */
  readonly divergence: number | null;
  /** L∞ of values, in [0, 1]; null for numbers. */
  readonly linf: number | null;
  readonly missingShare: readonly (number | null)[];
  readonly mean: readonly (number | null)[];
  readonly unique: readonly (number | null)[];
}

export function registerDataDiff(data: Command, run: Run): void {
  data
    .command('diff')
    .description(
      'What two statistics or two schemas differ in: of statistics each feature with its distance, furthest apart first; of schemas ' +
        'features, domains and the lines of their text. Exit code 1 where they differ.',
    )
    .argument('<a>', 'statistics or a schema: .pbtxt, .pb or .tfrecord')
    .argument('<b>', 'another of the same kind')
    .addHelpText(
      'after',
      `
Examples:
  shelfwise data diff monday.pbtxt tuesday.pbtxt
  shelfwise data diff schema.pbtxt schema-new.pbtxt --json`,
    )
    .action(async (a: string, b: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const [one, two] = [await readSide(run, a, '<a>'), await readSide(run, b, '<b>')];
      let report: StatisticsDifference | SchemaDifference;
      if (one.kind === 'schema' && two.kind === 'schema') report = await schemaDifference(one.schema, two.schema);
      else if (one.kind === 'statistics' && two.kind === 'statistics') report = await difference(one.list, two.list);
      else throw new ShelfwiseError('OPTION_INVALID', `${a} is of kind ${one.kind}, ${b} of kind ${two.kind}`);
      if (!report.equal) found(run);
      print(run, options, report, () =>
        report.kind === 'schema' ? schemaText(report) : statisticsText(report, basename(a), basename(b)),
      );
    });
}

/** What a file is, by what reads it without a field unknown. */
async function readSide(run: Run, file: string, called: string): Promise<Side> {
  const { readMessage, UNKNOWN_FIELDS } = await import('../../validation/index.ts');
  const bytes = bytesOf(run.cli, file, called);
  const holdsUnknown = (message: unknown): boolean =>
    typeof message === 'object' &&
    message !== null &&
    (UNKNOWN_FIELDS in message || Object.values(message).some(holdsUnknown));
  const attempt = <T extends object>(read: () => T): T | undefined => {
    try {
      const message = read();
      return holdsUnknown(message) ? undefined : message;
    } catch (error) {
      if (error instanceof ShelfwiseError && error.code === 'METADATA_INVALID') return undefined;
      throw error;
    }
  };
  const list = attempt(() => readMessage('DatasetFeatureStatisticsList', bytes));
  if (list && (list.datasets ?? []).length > 0) return { kind: 'statistics', list };
  const schema = attempt(() => readMessage('Schema', bytes));
  if (schema) return { kind: 'schema', schema };
  return naming(file, () => {
    throw new ShelfwiseError('METADATA_INVALID', 'neither statistics nor a schema');
  });
}

async function difference(
  a: DatasetFeatureStatisticsList,
  b: DatasetFeatureStatisticsList,
): Promise<StatisticsDifference> {
  const { compareStatistics, datasetOf, formatText } = await import('../../validation/index.ts');
  const [one, two] = [datasetOf(a), datasetOf(b)];
  const named = ({ name: _, ...rest }: typeof one) => formatText('DatasetFeatureStatistics', rest);
  const compared = compareStatistics([
    { name: 'A', statistics: one },
    { name: 'B', statistics: two },
  ]);
  const features = compared.features.map(
    ({ path, sides, absentIn, divergence, linf }): FeatureDifference => ({
      feature: path,
      ...(absentIn.length === 0 ? {} : { onlyIn: absentIn[0] === 'A' ? ('B' as const) : ('A' as const) }),
      types: sides.map((side) => side?.type ?? null),
      divergence: divergence ?? null,
      linf: linf ?? null,
      missingShare: sides.map((side) => side?.missingShare ?? null),
      mean: sides.map((side) => side?.numeric?.mean ?? null),
      unique: sides.map((side) => side?.categorical?.unique ?? null),
    }),
  );
  const rank = ({ onlyIn, divergence }: FeatureDifference): number => (onlyIn ? 2 : (divergence ?? -1));
  return {
    kind: 'statistics',
    equal: named(one) === named(two),
    numExamples: [one.numExamples ?? 0, two.numExamples ?? 0],
    features: features.sort((x, y) => rank(y) - rank(x)),
  };
}

const figure = (x: number | null): string => (x === null ? '–' : Number(x.toPrecision(6)).toString());
const pair = ([a, b]: readonly (number | null)[], show = figure): string =>
  a === null && b === null ? '' : a === b ? show(a) : `${show(a)} → ${show(b)}`;
const percent = (share: number | null): string => (share === null ? '–' : `${figure(100 * share)}%`);

function statisticsText({ equal, numExamples, features }: StatisticsDifference, a: string, b: string): string {
  const only = { A: a, B: b };
  return `${[
    `A is ${printable(a)}, B is ${printable(b)}: ${pair(numExamples)} examples.${equal ? ' They are equal.' : ''}`,
    '',
    ...tableOf(
      ['feature', 'type', 'JS divergence', 'L∞', 'missing', 'mean', 'unique', ''],
      features.map(({ feature, onlyIn, types, divergence, linf, missingShare, mean, unique }) => [
        feature,
        [...new Set(types.flatMap((type) => type ?? []))].join(' → '),
        figure(divergence),
        linf === null ? '' : figure(linf),
        pair(missingShare, percent),
        pair(mean),
        pair(unique),
        onlyIn ? `only in ${only[onlyIn]}` : '',
      ]),
    ),
  ].join('\n')}\n`;
}

function schemaText({ equal, added, removed, changed, domains }: SchemaDifference): string {
  if (equal) return 'The schemas are equal.\n';
  const list = (lines: readonly string[], sign: string): string[] =>
    lines.map((line) => `  ${sign} ${printable(line)}`);
  if (added.length + removed.length + changed.length + domains.length === 0)
    return 'The schemas differ in order only.\n';
  return `${[
    ...added.map(({ feature, type }) => `+ ${printable(feature)} (${type})`),
    ...removed.map(({ feature, type }) => `- ${printable(feature)} (${type})`),
    ...changed.flatMap((one) => [`~ ${printable(one.name)}`, ...list(one.removed, '-'), ...list(one.added, '+')]),
    ...domains.flatMap((one) => [
      `~ values of '${printable(one.name)}'`,
      ...list(one.removed, '-'),
      ...list(one.added, '+'),
    ]),
  ].join('\n')}\n`;
}
