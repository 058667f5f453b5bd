/** `shelfwise data validate` without files: the platform's own data, by the schemas that it keeps. */
import { ShelfwiseError } from '../../base/index.ts';
import type { AnomaliesReport, DataAnomaly, DataStream, ExaminationOfData } from '../../server/index.ts';
import type { AnomalyType } from '../../validation/index.ts';
import { found, type GlobalOptions, print, type Run, withClient } from '../command.ts';
import { printable } from '../io.ts';
import { withProgress } from '../progress.ts';

export interface ValidateOptions extends GlobalOptions {
  /** Of a file; undefined for the platform's own data. */
  readonly stats?: string;
  readonly schema?: string;
  readonly span?: string;
  readonly events?: true | readonly string[];
  readonly previous?: string;
  readonly serving?: string;
  readonly previousVersion?: string;
  readonly environment?: string;
  readonly expectSlices?: readonly string[];
  readonly warn?: readonly AnomalyType[];
  readonly custom?: string;
  readonly diffRegions?: true;
  readonly out?: string;
}

const STREAMS: Readonly<Record<string, DataStream>> = {
  TRAINING: 'training',
  EVALUATION: 'evaluation',
  SERVING: 'serving',
};
const OF_FILES = [
  'schema',
  'previous',
  'serving',
  'previousVersion',
  'expectSlices',
  'warn',
  'custom',
  'diffRegions',
  'out',
] as const;
/** Distances that are shown; all are in --json. */
const SHOWN_DISTANCES = 5;

export async function validatePlatform(run: Run, options: ValidateOptions): Promise<void> {
  const stray = OF_FILES.find((name) => options[name] !== undefined);
  if (stray !== undefined) {
    const option = stray.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    throw new ShelfwiseError('OPTION_INVALID', `--${option} is of files; name the statistics with --stats`);
  }
  const { span } = options;
  const { EVENT_TYPES } = await import('../../domain/index.ts');
  const streams = streamsOf(options, EVENT_TYPES);
  const answer = await withProgress(
    run.cli,
    'Examining data',
    (update) =>
      withClient(run, options, (client) =>
        client.request<ExaminationOfData>(
          'POST',
          '/v1/data/examine',
          { ...(span === undefined ? {} : { span }), ...(streams === undefined ? {} : { streams }) },
          (stage, share) => update(share, stage),
        ),
      ),
    ({ sets }) => `${sets.length} data sets`,
  );
  if (answer.sets.length === 0)
    throw new ShelfwiseError('DATA_SET_NOT_FOUND', `${span ?? 'the newest span'} has no data`);
  if (!answer.clean) found(run);
  print(run, options, answer, () => examinationText(answer));
}

function streamsOf(
  { environment, events, span }: ValidateOptions,
  types: readonly string[],
): readonly DataStream[] | undefined {
  if (environment !== undefined && events !== undefined)
    throw new ShelfwiseError('OPTION_INVALID', '--environment is of examples, --events of events; give one of them');
  if (environment !== undefined) {
    const stream = STREAMS[environment.toUpperCase()];
    if (stream === undefined)
      throw new ShelfwiseError(
        'OPTION_INVALID',
        `--environment is "${environment}"; there are ${Object.keys(STREAMS).join(', ')}`,
      );
    return [stream];
  }
  if (events === undefined) return span?.includes('T') === true ? (types as readonly DataStream[]) : undefined;
  if (events === true) return types as readonly DataStream[];
  const unknown = events.find((type) => !types.includes(type));
  if (unknown !== undefined)
    throw new ShelfwiseError('OPTION_INVALID', `--events names "${unknown}"; there are ${types.join(', ')}`);
  return events as readonly DataStream[];
}

function examinationText({ sets, clean }: ExaminationOfData): string {
  const errors = sets.reduce((sum, { set }) => sum + set.anomalies.errors, 0);
  const warnings = sets.reduce((sum, { set }) => sum + set.anomalies.warnings, 0);
  return `${[
    ...sets.flatMap(setLines),
    '',
    errors + warnings === 0 ? 'No anomalies.' : `${errors} of severity error, ${warnings} that only warn.`,
    ...(clean
      ? []
      : [
          'Mend the data; or, where it is right, accept the anomaly (Studio, page Data, or POST /v1/data/schemas/NAME/accept).',
        ]),
  ].join('\n')}\n`;
}

function setLines({ set, anomalies, distances }: AnomaliesReport): string[] {
  const filling = set.complete ? '' : ', still filling';
  const high = distances.filter(({ distance, threshold }) => distance > threshold).slice(0, SHOWN_DISTANCES);
  return [
    `${set.id}: ${set.examples} examples of ${set.units} listeners${filling}${set.note === '' ? '' : ` (${set.note})`}`,
    ...anomalies.flatMap(anomalyLines),
    ...high.map(
      ({ kind, feature, slice, measure, distance, threshold, against }) =>
        `  ${kind} of ${placeText(feature, slice)}: ${measure} ${figure(distance)}, threshold ${figure(threshold)}, from ${against}`,
    ),
  ];
}

function anomalyLines({ severity, feature, slice, short, description, types }: DataAnomaly): string[] {
  return [
    `  ${severity.toUpperCase().padEnd(8)}${placeText(feature, slice)}: ${printable(short)} [${types.join(', ')}]`,
    ...(description === '' ? [] : [`          ${printable(description)}`]),
  ];
}

function placeText(feature: string, slice: string): string {
  const place = [slice, feature].filter((part) => part !== '').join(' · ');
  return printable(place === '' ? '(the whole set)' : place);
}

const figure = (x: number): string => Number(x.toPrecision(4)).toString();
