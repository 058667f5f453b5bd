/** `shelfwise ope compare`: what policies would have earned on the platform's own decisions. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type {
  ComparedRung,
  ComparisonOptions,
  ComparisonReport,
  PolicyUnderEvaluation,
  RewardModelChoice,
  SliceDimension,
} from '../../server/index.ts';
import { type GlobalOptions, print, type Run, withClient } from '../command.ts';
import { comparisonText } from '../comparison-text.ts';
import { anyOptionMap, finiteNumber, wholeNumber } from '../parse.ts';
import { type OptionMap, policiesOf, withOptions } from '../policy-list.ts';
import { withProgress } from '../progress.ts';

interface Options
  extends GlobalOptions,
    Partial<
      Pick<ComparisonOptions, 'span' | 'estimator' | 'level' | 'resamples' | 'share' | 'family' | 'folds' | 'seed'>
    > {
  readonly policies: readonly PolicyUnderEvaluation[];
  readonly rung?: ComparedRung;
  readonly by?: readonly SliceDimension[];
  readonly rewardModel?: RewardModelChoice;
  readonly set?: OptionMap;
  readonly compose?: OptionMap;
  readonly model?: OptionMap;
}

/** Those of the contract; a client of a running platform does not load the server for them. */
const RUNGS: readonly ComparedRung[] = ['slope', 'prefix', 'above', 'row', 'item'];
const DIMENSIONS: readonly SliceDimension[] = ['tier', 'market', 'device', 'listener', 'dayPart'];
const REWARD_MODELS: readonly RewardModelChoice[] = ['cross-fitted', 'logged', 'none'];

export function registerCompare(ope: Command, run: Run): void {
  ope
    .command('compare')
    .description(
      'Estimate what policies would have earned on past decisions, with intervals by listener, their lift over what served and over ' +
        'popularity, and whether the log can tell. Each policy walks the pages that were logged, with the features and the model ' +
        'that they were decided with. Changes nothing.',
    )
    .requiredOption(
      '--policies <list>',
      'ids of policies, or NAME=ID, parted by commas; "served" is what was logged',
      policiesOf,
    )
    .option('--set <name.option=value>', 'an option of the policy of that name; repeatable', anyOptionMap)
    .option('--compose <name.option=value>', 'an option of its composition; repeatable', anyOptionMap)
    .option(
      '--model <name=model>',
      "logged (each decision's own, by default), serving, or the hash of a model; repeatable",
      anyOptionMap,
    )
    .option('--span <span>', 'decisions to go by: all, 30d, 12h, FROM..TO (default 30d)')
    .option('--estimator <name>', 'dr (default), sndr, ipw, snipw, dr(lambda=10.0), …')
    .addOption(
      new Option(
        '--rung <rung>',
        'how much of a page a weight takes in: above (default): the shelves above and the cards to the left; slope: chosen',
      ).choices(RUNGS),
    )
    .option('--by <list>', `also for each ${DIMENSIONS.join(', ')}, parted by commas`, dimensionsOf)
    .addOption(
      new Option('--reward-model <kind>', 'of doubly robust estimates (default cross-fitted)').choices(REWARD_MODELS),
    )
    .option('--family <family>', 'of the cross-fitted model (default logistic)')
    .option('--folds <count>', 'of listeners (default 2)', wholeNumber(2, 20))
    .option('--level <share>', 'chance that intervals are to cover (default 0.95)', finiteNumber(0.5, 0.9999))
    .option('--resamples <count>', 'of the bootstrap by listener (default 1000)', wholeNumber(100, 100_000))
    .option('--share <share>', 'of the decisions, evenly (default 1)', finiteNumber(1e-6, 1))
    .option('--seed <seed>', 'of folds, fits and resamples (default 1)', wholeNumber(0, 2 ** 32 - 1))
    .addHelpText(
      'after',
      `
Examples:
  shelfwise ope compare --policies greedy,uniform --span 30d
  shelfwise ope compare --policies cool=plackett-luce,warm=plackett-luce --set cool.cardTemperature=0.03 --set warm.cardTemperature=0.12
  shelfwise ope compare --policies softmax --by tier,device --rung slope --json | jq '.slices[] | {name, policies}'`,
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const report = await withClient(run, options, (client) =>
        withProgress(
          run.cli,
          'Comparing policies',
          (update) =>
            client.request<ComparisonReport>('POST', '/v1/evaluation/compare', requestOf(options), (stage, done) =>
              update(done, stage),
            ),
          ({ decisions }) => `${decisions} decisions`,
        ),
      );
      print(run, options, report, () => comparisonText(report));
    });
}

function requestOf(options: Options): Partial<ComparisonOptions> {
  const { span, estimator, rung, by, rewardModel, family, folds, level, resamples, share, seed } = options;
  const given = { span, estimator, rung, by, rewardModel, family, folds, level, resamples, share, seed };
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    policies: withOptions(options.policies, options),
  };
}

function dimensionsOf(text: string): readonly SliceDimension[] {
  return text.split(',').map((part) => {
    const found = DIMENSIONS.find((dimension) => dimension === part.trim());
    if (found === undefined) throw new InvalidArgumentError(`It must be of ${DIMENSIONS.join(', ')}.`);
    return found;
  });
}
