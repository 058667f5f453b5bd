/** `shelfwise data validate`: anomalies of statistics, of all examples and slice by slice. */
import { type Command, InvalidArgumentError } from 'commander';
import { ShelfwiseError } from '../../base/index.ts';
import type {
  Anomalies,
  AnomalyType,
  DatasetFeatureStatisticsList,
  Measurement,
  parseText,
  Schema,
} from '../../validation/index.ts';
import { found, print, type Run } from '../command.ts';
import { printable } from '../io.ts';
import { readFileAs, readStatistics, writeFileAs } from './data-files.ts';
import { type ValidateOptions, validatePlatform } from './data-validate-platform.ts';

export interface ValidationReport {
  readonly out?: string;
  /** Nothing of severity ERROR. */
  readonly clean: boolean;
  readonly errors: number;
  readonly warnings: number;
  /** There were no examples to look at. */
  readonly dataMissing: boolean;
  readonly anomalies: readonly AnomalyRow[];
  /** Every drift and skew that was measured, high or not. */
  readonly distances: readonly DistanceRow[];
}

interface AnomalyRow {
  /** Serialised path; '' for the whole dataset. */
  readonly path: string;
  readonly severity: string;
  readonly types: readonly AnomalyType[];
  readonly short: string;
  readonly description: string;
}

interface DistanceRow {
  readonly path: string;
  readonly kind: 'drift' | 'skew';
  readonly type: string;
  readonly distance: number;
  readonly threshold: number;
}

export function registerDataValidate(data: Command, run: Run): void {
  data
    .command('validate')
    .description(
      'Anomalies of statistics: against the schema, the span before (drift), serving (skew). Slices are validated one by one, and ' +
        'one that an earlier span or serving has and this lacks, or has lost most of, is an anomaly. Exit code 0 where nothing is of ' +
        'severity error, 1 where something is, 2 where a file or an option is not valid. Without --stats: of the platform’s own data, ' +
        'by the schemas that it keeps.',
    )
    .option('--stats <file>', 'the statistics to validate (default: the platform’s own data)')
    .option('--schema <file>', 'what they must satisfy')
    .option(
      '--span <span>',
      'of the platform: a day such as 2026-11-20, or an hour of events 2026-11-20T14 (default: the newest)',
    )
    .option('--events [type...]', 'of the platform: events, of these types or all (default: examples and events)')
    .option('--previous <file>', 'statistics of the span before: drift')
    .option('--serving <file>', 'statistics of serving: skew')
    .option('--previous-version <file>', 'statistics of the version before of the same span: number of examples')
    .option(
      '--environment <name>',
      'one of the schema: features that are not in it may be absent; of the platform TRAINING, EVALUATION, SERVING',
    )
    .option('--expect-slices <feature...>', 'each word of this feature’s domain must have a slice with examples')
    .option('--warn <type...>', 'types of anomaly that only warn, such as SCHEMA_NEW_COLUMN', typesOf)
    .option('--custom <file>', 'conditions of your own in SQL: a CustomValidationConfig; pairs compare with --previous')
    .option('--diff-regions', 'with each anomaly the lines of the schema that would accept it')
    .option('--out <file>', 'where to write the anomalies: .pbtxt text, .pb binary')
    .addHelpText(
      'after',
      `
Examples:
  shelfwise data validate --stats eval.pbtxt --schema schema.pbtxt --out anomalies.pbtxt
  shelfwise data validate --stats tuesday.pbtxt --schema schema.pbtxt --previous monday.pbtxt --json
  shelfwise data validate --stats train.pbtxt --schema schema.pbtxt --serving serving.pbtxt --expect-slices tier
  shelfwise data validate --stats train.pbtxt --schema schema.pbtxt --custom conditions.pbtxt --diff-regions --out found.pbtxt
  shelfwise data validate --stats serving.pbtxt --schema schema.pbtxt --environment SERVING --warn SCHEMA_NEW_COLUMN
  shelfwise data validate --span 2026-11-20 --environment TRAINING
  shelfwise data validate --span 2026-11-20T14 --events play --json`,
    )
    .action(async (_options: unknown, command: Command) => {
      const given = command.optsWithGlobals<ValidateOptions>();
      if (given.stats === undefined) {
        await validatePlatform(run, given);
        return;
      }
      const options = ofFiles(given);
      const anomalies = await validate(run, options);
      const { out } = options;
      if (out !== undefined) await writeFileAs(run.cli, out, 'Anomalies', anomalies);
      const report = { ...(out === undefined ? {} : { out }), ...reportOf(anomalies) };
      if (!report.clean) found(run);
      print(run, options, report, () => reportText(report));
    });
}

function typesOf(text: string, before: readonly AnomalyType[] = []): readonly AnomalyType[] {
  if (!/^[A-Z][A-Z_]+$/.test(text))
    throw new InvalidArgumentError('It must be a type of anomaly, such as SCHEMA_NEW_COLUMN.');
  return [...before, text as AnomalyType];
}

type FileOptions = ValidateOptions & { readonly stats: string; readonly schema: string };

/** @throws OPTION_INVALID for what is missing, or is of the platform's data alone */
function ofFiles(options: ValidateOptions): FileOptions {
  const { stats, schema, span, events } = options;
  if (stats === undefined || schema === undefined)
    throw new ShelfwiseError('OPTION_INVALID', '--stats wants --schema beside it: what they must satisfy');
  if (span !== undefined || events !== undefined)
    throw new ShelfwiseError(
      'OPTION_INVALID',
      '--span and --events are of the platform’s own data; leave out --stats, or them',
    );
  return { ...options, stats, schema };
}

async function validate(run: Run, options: FileOptions): Promise<Anomalies> {
  const {
    ALL_EXAMPLES,
    mergeAnomalies,
    parseText,
    slicesOfSchema,
    validateCustom,
    validateSliceCoverage,
    validateSlices,
    validateStatistics,
  } = await import('../../validation/index.ts');
  const read = (file: string | undefined, called: string) =>
    file === undefined ? undefined : readStatistics(run.cli, file, called);
  const schema: Schema = await readFileAs(run.cli, options.schema, '--schema', 'Schema');
  const stats = await readStatistics(run.cli, options.stats, '--stats');
  const previousSpan = await read(options.previous, '--previous');
  const serving = await read(options.serving, '--serving');
  const previousVersion = await read(options.previousVersion, '--previous-version');
  checkTypes(parseText, options.warn ?? []);
  const severityOverrides = (options.warn ?? []).map((type) => ({ type, severity: 'WARNING' as const }));
  const { environment, diffRegions } = options;
  const whole = validateStatistics(stats, schema, {
    environment,
    previousSpan,
    serving,
    previousVersion,
    diffRegions,
    severityOverrides,
  });
  const expectedSlices = (options.expectSlices ?? []).flatMap((name) => {
    const slices = slicesOfSchema(schema, name.split('.'));
    if (slices.length === 0)
      throw new ShelfwiseError(
        'OPTION_INVALID',
        `--expect-slices: the schema has no feature ${name} with a string domain`,
      );
    return slices;
  });
  const names = slicesOf(stats, ALL_EXAMPLES);
  // One dataset by itself is all examples, whatever its name, and no slice that others could lack.
  const sliced = (list: DatasetFeatureStatisticsList | undefined) =>
    list && slicesOf(list, ALL_EXAMPLES).size > 0 ? list : undefined;
  const coverage = validateSliceCoverage(stats, {
    previousSpan: sliced(previousSpan),
    serving: sliced(serving),
    expectedSlices,
    severityOverrides,
  });
  // A slice that is gone is one anomaly, of coverage, and not one for each feature that it now lacks.
  const kept = (list: DatasetFeatureStatisticsList | undefined) => list && withSlices(list, names);
  const slices = validateSlices(withSlices(stats, names), schema, {
    environment,
    previousSpan: kept(previousSpan),
    serving: kept(serving),
    diffRegions,
    severityOverrides,
  });
  const anomalies = merged(whole, slices, coverage);
  if (options.custom === undefined) return anomalies;
  const config = await readFileAs(run.cli, options.custom, '--custom', 'CustomValidationConfig');
  return mergeAnomalies(anomalies, await validateCustom(stats, config, { baseline: previousSpan, environment }));
}

/** @throws OPTION_INVALID for a type that anomalies.proto does not name */
function checkTypes(parse: typeof parseText, types: readonly AnomalyType[]): void {
  for (const type of types) {
    try {
      parse('AnomalyInfo.Reason', `type: ${type}`);
    } catch (error) {
      throw new ShelfwiseError('OPTION_INVALID', `--warn: no anomaly is of type ${type}`, { cause: error });
    }
  }
}

/** Names of the datasets that are slices. */
function slicesOf({ datasets = [] }: DatasetFeatureStatisticsList, whole: string): ReadonlySet<string> {
  const names = datasets.map(({ name = '' }) => name);
  return new Set(names.length === 1 ? [] : names.filter((name) => name !== whole));
}

function withSlices(list: DatasetFeatureStatisticsList, names: ReadonlySet<string>): DatasetFeatureStatisticsList {
  const { kept = [] } = Object.groupBy(list.datasets ?? [], ({ name = '' }) => (names.has(name) ? 'kept' : 'removed'));
  return { datasets: kept };
}

function merged(whole: Anomalies, ...others: readonly Anomalies[]): Anomalies {
  const entries = [whole, ...others].flatMap(({ anomalyInfo }) => [...(anomalyInfo ?? [])]);
  const distances = [whole, ...others].flatMap(({ driftSkewInfo }) => driftSkewInfo ?? []);
  return {
    ...whole,
    anomalyNameFormat: 'SERIALIZED_PATH',
    ...(entries.length === 0 ? {} : { anomalyInfo: new Map(entries) }),
    ...(distances.length === 0 ? {} : { driftSkewInfo: distances }),
  };
}

function reportOf(anomalies: Anomalies): ValidationReport {
  const rows: AnomalyRow[] = [
    ...(anomalies.datasetAnomalyInfo ? [['', anomalies.datasetAnomalyInfo] as const] : []),
    ...(anomalies.anomalyInfo ?? []),
  ].map(([path, { severity = 'UNKNOWN', shortDescription = '', description = '', reason = [] }]) => ({
    path,
    severity,
    types: reason.map(({ type = 'UNKNOWN_TYPE' }) => type),
    short: shortDescription,
    description,
  }));
  const errors = rows.filter(({ severity }) => severity === 'ERROR').length;
  const dataMissing = anomalies.dataMissing ?? false;
  return {
    clean: errors === 0 && !dataMissing,
    errors,
    warnings: rows.length - errors,
    dataMissing,
    anomalies: rows,
    distances: (anomalies.driftSkewInfo ?? []).flatMap(({ path, driftMeasurements = [], skewMeasurements = [] }) => [
      ...driftMeasurements.map((one) => distanceOf(path?.step, 'drift', one)),
      ...skewMeasurements.map((one) => distanceOf(path?.step, 'skew', one)),
    ]),
  };
}

function distanceOf(
  steps: readonly string[] | undefined,
  kind: 'drift' | 'skew',
  { type = 'UNKNOWN', value = 0, threshold = 0 }: Measurement,
): DistanceRow {
  return { path: (steps ?? []).join('.'), kind, type, distance: value, threshold };
}

function reportText(report: ValidationReport): string {
  const { anomalies, distances, errors, warnings, dataMissing, out } = report;
  const figure = (x: number): string => Number(x.toPrecision(4)).toString();
  const lines = anomalies.flatMap(({ path, severity, short, description }) => [
    `${severity.padEnd(8)}${printable(path === '' ? '(dataset)' : path)}: ${printable(short)}`,
    ...(description.trim() === '' ? [] : [`        ${printable(description.trim())}`]),
  ]);
  return `${[
    ...lines,
    ...(lines.length === 0 ? [] : ['']),
    ...distances.map(
      ({ path, kind, type, distance, threshold }) =>
        `${kind} of ${printable(path)}: ${type} ${figure(distance)}, threshold ${figure(threshold)}`,
    ),
    ...(distances.length === 0 ? [] : ['']),
    dataMissing
      ? 'There are no examples.'
      : anomalies.length === 0
        ? 'No anomalies.'
        : `${errors} of severity error, ${warnings} that only warn.`,
    ...(out === undefined ? [] : [`Written to ${out}.`]),
    ...(errors === 0
      ? []
      : [
          'Mend the data; or, where it is right, edit the schema (`shelfwise data schema update` shows what would accept it).',
        ]),
  ].join('\n')}\n`;
}
