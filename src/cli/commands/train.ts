/** `shelfwise train`: a model from logged decisions, or from the rows of a CSV file to compare with other trainers. */
import { type Command, Option } from 'commander';
import type { TrainedModel, TrainRequest } from '../../server/index.ts';
import { type GlobalOptions, print, type Run, withClient } from '../command.ts';
import { modelText } from '../model-text.ts';
import { anyOptionMap, finiteNumber, share, wholeNumber } from '../parse.ts';
import { withProgress } from '../progress.ts';
import { trainOnCsv } from './train-csv.ts';

export interface TrainOptions extends GlobalOptions {
  readonly model: string;
  readonly set?: Readonly<Record<string, number | string | boolean>>;
  readonly ensemble?: number;
  readonly calibration?: 'none' | 'isotonic' | 'platt';
  readonly examples?: string;
  readonly weighting?: 'uniform' | 'none';
  readonly weightClip?: number;
  readonly position?: 'none' | 'regression-em' | 'pal';
  readonly matured?: boolean;
  readonly validation?: number;
  readonly tuning?: number;
  readonly historyBelow?: number;
  readonly maxRows?: number;
  readonly seed?: number;
  readonly promote?: boolean;
  readonly csv?: string;
  readonly label?: string;
  readonly holdoutRows?: string;
  readonly holdout?: number;
}

export function registerTrain(program: Command, run: Run): void {
  program
    .command('train')
    .description(
      'Train a reward model on logged decisions joined with what they earned, measure it on the last of them beside the ' +
        'constant rate and the model that serves, and register it. Homes are served meanwhile.',
    )
    .requiredOption('--model <family>', 'logistic, trees, network, fm, …; shelfwise model list --json names them')
    .option('--set <name=value>', 'an option of the family; repeatable', anyOptionMap)
    .option('--ensemble <members>', 'a bootstrap ensemble of so many', wholeNumber(1, 100))
    .option('--calibration <method>', 'isotonic, platt or none, on the tuning rows')
    .option('--examples <span>', 'decisions to learn from: all, 30d, 12h, FROM..TO (default 90d)')
    .option('--weighting <how>', 'uniform: as if every card had been shown alike; none')
    .option(
      '--weight-clip <weight>',
      'highest weight, in units of an evenly drawn card (default 10)',
      finiteNumber(1, 1e6),
    )
    .addOption(
      new Option(
        '--position <how>',
        'part what was liked from where it stood: regression-em for any family, pal for those that learn online (default none)',
      ).choices(['none', 'regression-em', 'pal']),
    )
    .option('--matured', 'only decisions whose rewards are final, after 24 hours')
    .option('--validation <share>', 'share of the decisions, the last, that only measure (default 0.2)', share)
    .option('--tuning <share>', 'share of listeners that only tune (default 0.1)', share)
    .option(
      '--history-below <rows>',
      'with fewer rows, add some of the listening history (default 2000)',
      wholeNumber(0, 1e9),
    )
    .option('--max-rows <rows>', 'most rows; beyond it decisions are sampled evenly', wholeNumber(100, 1e8))
    .option('--seed <seed>', 'of everything random (default 1)', wholeNumber(0, 2 ** 32 - 1))
    .option('--promote', 'serve it when it is done')
    .option('--csv <file>', 'learn from the rows of a CSV file instead (also .gz), and touch no platform')
    .option('--label <column>', 'with --csv: the column to predict: its name, its number from 1, first or last')
    .option('--holdout <share>', 'with --csv: share of the rows that only measure (default 0.25)', share)
    .option('--holdout-rows <file>', 'with --csv: write the numbers of these rows, from 0, for other trainers')
    .addHelpText(
      'after',
      `
Examples:
  shelfwise train --model logistic --examples 30d --promote
  shelfwise train --model trees --set trees=200 --calibration isotonic --json
  shelfwise train --model network --csv letter.csv.gz --label 1 --holdout 0.25 --seed 1 --json`,
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<TrainOptions>();
      if (options.csv === undefined) await train(run, options);
      else await trainOnCsv(run, { ...options, csv: options.csv });
    });
}

async function train(run: Run, options: TrainOptions): Promise<void> {
  const given: TrainRequest = {
    family: options.model,
    options: options.set,
    ensemble: options.ensemble,
    calibration: options.calibration,
    ...defined({
      examples: options.examples,
      weighting: options.weighting,
      weightClip: options.weightClip,
      position: options.position,
      matured: options.matured,
      validationShare: options.validation,
      tuningShare: options.tuning,
      historyBelow: options.historyBelow,
      maxRows: options.maxRows,
      seed: options.seed,
    }),
    promote: options.promote,
  };
  const trained = await withClient(run, options, (client) =>
    withProgress(
      run.cli,
      `Training ${options.model}`,
      (update) => client.request<TrainedModel>('POST', '/v1/models/train', given, (stage, done) => update(done, stage)),
      ({ hash, promoted }) => (promoted ? `${hash} serves` : `${hash} is registered`),
    ),
  );
  print(run, options, trained, () => {
    const next = trained.promoted ? 'It serves.' : `Serve it with shelfwise model promote ${trained.hash.slice(0, 8)}.`;
    return `${modelText(trained)}\n${next}\n`;
  });
}

function defined<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}
