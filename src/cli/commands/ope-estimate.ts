/** `shelfwise ope estimate`: what a policy would have earned, from a log in a file, by every estimator. Needs no platform. */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ShelfwiseError } from '../../base/index.ts';
import type {
  Estimate,
  IntervalKind,
  Reason,
  Rung,
  StudyReport,
  TunedEstimate,
  Verdict,
} from '../../counterfactual/index.ts';
import type { OpeLog } from '../../exchange/index.ts';
import { found, type GlobalOptions, print, type Run } from '../command.ts';
import { fitted } from '../io.ts';
import { columnMap, finiteNumber, wholeNumber } from '../parse.ts';
import { estimatorsOf } from '../policy-list.ts';
import { withProgress } from '../progress.ts';

const FORMATS = ['obp-json', 'open-bandit', 'dsjson', 'csv', 'parquet', 'shelfwise'] as const;
type Format = (typeof FORMATS)[number];
const RUNGS: readonly Rung[] = ['prefix', 'above', 'row', 'item'];
const INTERVALS: readonly IntervalKind[] = ['bca', 'percentile', 'student-t', 'normal'];

interface EstimateOptions extends GlobalOptions {
  readonly log?: readonly string[];
  readonly sql?: string;
  readonly format?: Format;
  readonly policy?: string;
  readonly estimators: readonly string[];
  readonly map?: Record<string, string>;
  readonly behaviour?: string;
  readonly campaign?: string;
  readonly items?: number;
  readonly slots?: boolean;
  readonly rung?: Rung;
  readonly interval?: IntervalKind;
  readonly level?: number;
  readonly resamples?: number;
  readonly lambdas?: readonly number[];
  readonly seed?: number;
  readonly showRefused?: boolean;
}

export interface EstimateReport {
  /** Its files, or the query. */
  readonly log: string;
  readonly format: Format | 'sql';
  /** By name; empty when refused. */
  readonly estimates: Readonly<Record<string, Estimate>>;
  readonly tuning: Readonly<Record<string, TunedEstimate>>;
  readonly lowerBounds: Readonly<Record<string, number>>;
  /** Of the first weighting of the log. */
  readonly diagnostics: {
    /** Decisions. */
    readonly n: number;
    readonly rows: number;
    /** (Σ w)² / Σ w², and as a share of the rows. */
    readonly effectiveSize: number;
    readonly essShare: number;
    readonly maxWeight: number;
    /** That row's share of all weight. */
    readonly maxWeightShare: number;
    /** 1 where propensities are right and the log covers what the policy does. */
    readonly meanWeight: number;
    readonly meanWeightStandardError: number;
    readonly zeroWeightShare: number;
    /** Groups of listeners. */
    readonly groups: number;
    readonly weightQuantiles: readonly { readonly share: number; readonly weight: number }[];
    /** λ → share of all weight beyond it. */
    readonly clippedMass: Readonly<Record<string, number>>;
  };
  readonly verdict: Verdict['verdict'];
  readonly reasons: readonly Reason[];
  readonly notes: readonly string[];
  /** What was refused, where it was asked to be shown all the same: no results. */
  readonly refused?: Pick<StudyReport, 'estimates' | 'tuning' | 'lowerBounds'>;
}

export function registerEstimate(ope: Command, run: Run): void {
  ope
    .command('estimate')
    .description(
      'What a policy would have earned, from a log of another one: every estimator, their tuning, intervals by listener, bounds, ' +
        'diagnostics, and whether the log can tell. A refused evaluation prints why and no estimate, with exit code 1. Reads in ' +
        'chunks, whatever the length. Needs no platform.',
    )
    .option('--log <file...>', 'the log; several files of columns are read as one')
    .option('--sql <query>', 'the rows of a SELECT in DuckDB’s SQL instead, with the columns of csv and parquet')
    .addOption(new Option('--format <format>', 'by default what the name says').choices(FORMATS))
    .option(
      '--policy <policy>',
      'the policy that is judged, where the log does not say its probabilities: uniform (default), logged, and for dsjson first; of an evaluation log one that it holds, or served',
    )
    .option('--estimators <list>', 'ipw, snipw, dr, dr(lambda=10.0), … parted by commas; all', estimatorsOf, ['all'])
    .option('--map <field=column>', 'csv, parquet: a column of another name; repeatable', columnMap)
    .option('--behaviour <policy>', 'open-bandit: of a folder, which log: random or bts')
    .option('--campaign <name>', 'open-bandit: of a folder, which campaign: all, men or women')
    .option('--items <count>', 'open-bandit: items of another campaign', wholeNumber(1, 1_000_000))
    .option('--slots', 'dsjson: weigh events of several slots by slot, by beginning, and as a whole')
    .addOption(
      new Option('--rung <rung>', 'shelfwise: how much of a page a weight takes in (default above)').choices(RUNGS),
    )
    .addOption(new Option('--interval <kind>', 'default bca').choices(INTERVALS))
    .option('--level <share>', 'chance that intervals are to cover (default 0.95)', finiteNumber(0.5, 0.9999))
    .option('--resamples <count>', 'of a bootstrap, by listener (default 1000)', wholeNumber(1, 1_000_000))
    .option('--lambdas <list>', 'the grid that is tuned over, parted by commas', numbersOf)
    .option('--seed <seed>', 'of the resamples (default 1)', wholeNumber(0, 2 ** 32 - 1))
    .option('--show-refused', 'print the estimates of a refused evaluation, apart')
    .addHelpText(
      'after',
      `
Examples:
  shelfwise ope estimate --log decisions.parquet --map targetPropensity=pi_new --json
  shelfwise ope estimate --sql "SELECT * EXCLUDE p, p AS propensity FROM 'logs/*.parquet' WHERE market = 'de'"
  shelfwise ope estimate --log obd/ --format open-bandit --behaviour bts --campaign men --policy uniform
  shelfwise ope estimate --log personalizer.dsjson.gz --policy first
  shelfwise ope estimate --log month.ope.jsonl.gz --policy warm

The platform's own decisions: shelfwise ope compare, or written down by shelfwise export ope`,
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<EstimateOptions>();
      const report = await estimate(run, options);
      if (report.verdict === 'refused') found(run);
      print(run, options, report, () => reportText(report));
    });
}

function numbersOf(text: string): readonly number[] {
  const numbers = text.split(',').map((part) => (/^(inf|∞)$/i.test(part.trim()) ? Infinity : Number(part)));
  if (numbers.some((one) => !(one >= 0)))
    throw new InvalidArgumentError('It must be numbers of at least 0 parted by commas.');
  return numbers;
}

async function estimate(run: Run, options: EstimateOptions): Promise<EstimateReport> {
  const { evaluateStudies, judge, LogDiagnostics } = await import('../../counterfactual/index.ts');
  const { log: files = [], sql } = options;
  if ((sql === undefined) === (files.length === 0))
    throw new ShelfwiseError('OPTION_INVALID', 'give either --log or --sql');
  if (sql !== undefined && options.format !== undefined)
    throw new ShelfwiseError('OPTION_INVALID', '--format is of a file; a query has columns');
  const format = sql === undefined ? (options.format ?? formatOf(files[0])) : 'sql';
  const log = await openLog(run, options, format);
  const { interval, level, resamples, lambdas, seed, estimators } = options;
  const given = { interval, level, resamples, lambdas, seed };
  const clippedAt = lambdas?.filter((lambda) => lambda > 0 && lambda < Infinity) ?? [1, 10, 100];
  const diagnostics = new LogDiagnostics(clippedAt);
  let rows = 0;
  const report = await withProgress(
    run.cli,
    `Evaluating ${log.describe}`,
    (update) =>
      evaluateStudies(log.studies, {
        ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
        estimators,
        observers: [
          diagnostics,
          {
            add(chunk) {
              run.cli.stop.throwIfAborted();
              rows += chunk.rows;
              update(0, `${rows} rows`);
            },
          },
        ],
      }),
    () => `${rows} rows`,
  );
  const evidence = diagnostics.evidence();
  const { weights, meanWeight } = evidence;
  const { verdict, reasons } = judge({ ...evidence, ...log.evidence?.() });
  const { estimates, tuning, lowerBounds } = report;
  const isRefused = verdict === 'refused';
  return {
    log: sql ?? files.join(', '),
    format,
    estimates: isRefused ? {} : estimates,
    tuning: isRefused ? {} : tuning,
    lowerBounds: isRefused ? {} : lowerBounds,
    diagnostics: {
      n: [...report.evaluations.values()][0]?.decisions ?? 0,
      rows: weights.rows,
      effectiveSize: weights.effectiveSize,
      essShare: weights.effectiveShare,
      maxWeight: weights.largest,
      maxWeightShare: weights.largestShare,
      meanWeight: weights.mean,
      meanWeightStandardError: meanWeight?.standardError ?? Number.NaN,
      zeroWeightShare: weights.zeroShare,
      groups: meanWeight?.groups ?? 0,
      weightQuantiles: weights.quantiles,
      clippedMass: Object.fromEntries(weights.clipped.map(({ lambda, share }) => [String(lambda), share])),
    },
    verdict,
    reasons,
    notes: log.notes,
    ...(isRefused && options.showRefused === true ? { refused: { estimates, tuning, lowerBounds } } : {}),
  };
}

/** By the name of the file, as far as that tells. */
function formatOf(file: string): Format {
  const name = file.toLowerCase().replace(/\.gz$/, '');
  if (name.endsWith('.json')) return 'obp-json';
  if (name.endsWith('.ope.jsonl')) return 'shelfwise';
  if (name.endsWith('.dsjson') || name.endsWith('.jsonl') || name === '-') return 'dsjson';
  if (name.endsWith('.parquet')) return 'parquet';
  if (name.endsWith('.csv') || name.endsWith('.tsv')) return 'csv';
  throw new ShelfwiseError('OPTION_INVALID', `the name "${file}" tells no format; give --format ${FORMATS.join('|')}`);
}

async function openLog(run: Run, options: EstimateOptions, format: Format | 'sql'): Promise<OpeLog> {
  const { readEvaluationLog, readObpJson, readOpeColumns, readOpeDsjson, readOpenBandit } = await import(
    '../../exchange/index.ts'
  );
  const files = (options.log ?? []).map((file) => (file === '-' ? file : resolve(run.cli.cwd, file)));
  const { policy } = options;
  if (files.length > 1 && format !== 'csv' && format !== 'parquet')
    throw new ShelfwiseError('OPTION_INVALID', `one log of format ${format} at a time; ${files.length} were given`);
  switch (format) {
    case 'shelfwise':
      return readEvaluationLog(files[0], { policy, rung: options.rung });
    case 'obp-json':
      refusePolicy(policy, 'action_dist');
      return readObpJson(files[0]);
    case 'sql':
    case 'csv':
    case 'parquet':
      refusePolicy(policy, 'target_propensity');
      return readOpeColumns(options.sql === undefined ? files : { sql: options.sql }, { map: options.map ?? {} });
    case 'dsjson':
      return readOpeDsjson(files[0], {
        target: targetOf<'uniform' | 'logged' | 'first'>(policy, ['uniform', 'logged', 'first']),
        slots: options.slots === true,
      });
    case 'open-bandit': {
      const { behaviour, campaign, items } = options;
      return readOpenBandit(files[0], {
        target: targetOf<'uniform' | 'logged'>(policy, ['uniform', 'logged']),
        ...(behaviour === undefined ? {} : { behaviour }),
        ...(campaign === undefined ? {} : { campaign }),
        ...(items === undefined ? {} : { items }),
      });
    }
  }
}

function refusePolicy(policy: string | undefined, column: string): void {
  if (policy === undefined) return;
  throw new ShelfwiseError('OPTION_INVALID', `--policy: this log says the judged policy's probabilities in ${column}`);
}

function targetOf<T extends string>(policy: string | undefined, known: readonly T[]): T {
  const target = known.find((one) => one === (policy ?? known[0]));
  if (target === undefined)
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `--policy is "${policy}"; of this log ${known.join(', ')} can be judged. For others give their probabilities as a column (csv, parquet), or use \`ope compare\` on the platform's own decisions`,
    );
  return target;
}

const NAME = 30;
const CELL = 14;

function reportText(report: EstimateReport): string {
  const { diagnostics: d, verdict, reasons } = report;
  const number = (x: number): string => Number(x.toPrecision(5)).toString();
  const shown = report.refused ?? report;
  const line = (name: string, { value, interval }: Estimate, more = ''): string =>
    `  ${fitted(name, NAME)}${fitted(number(value), CELL)}[${number(interval.lower)}, ${number(interval.upper)}]${more}`;
  const parts = [
    `${d.n} decisions, ${d.rows} rows, ${d.groups} groups of listeners`,
    `  weights: mean ${number(d.meanWeight)} ± ${number(d.meanWeightStandardError)}, largest ${number(d.maxWeight)}; as much as ${number(d.effectiveSize)} rows of equal weight (${number(100 * d.essShare)}%)`,
    `  ${verdict}${reasons.length === 0 ? '' : ':'}`,
    ...reasons.map(({ sentence, remedy }) => `    - ${sentence} ${remedy}`),
    ...report.notes.map((note) => `  note: ${note}`),
  ];
  if (verdict === 'refused' && report.refused === undefined) return `${parts.join('\n')}\n`;
  return `${[
    ...parts,
    '',
    ...(report.refused === undefined ? [] : ['REFUSED: what follows are no results.']),
    `  ${fitted('estimate', NAME)}${fitted('value', CELL)}interval`,
    ...Object.entries(shown.estimates).map(([name, one]) => line(name, one)),
    ...(Object.keys(shown.tuning).length === 0 ? [] : ['', '  tuned']),
    ...Object.entries(shown.tuning).map(([name, one]) => line(name, one, `  λ ${one.lambda}`)),
    ...(Object.keys(shown.lowerBounds).length === 0 ? [] : ['', '  at least (ipw)']),
    ...Object.entries(shown.lowerBounds).map(([name, bound]) => `  ${fitted(name, NAME)}${number(bound)}`),
  ].join('\n')}\n`;
}
