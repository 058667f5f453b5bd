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
import { finiteNumber, wholeNumber } from '../parse.ts';
import {
  estimatorsOf,
  type OptionMap,
  policiesOf,
  policyOptions,
  readingOptions,
  withOptions,
} from '../policy-list.ts';
import { withProgress } from '../progress.ts';

interface Options
  extends GlobalOptions,
    Partial<
      Pick<ComparisonOptions, 'span' | 'estimators' | 'level' | 'resamples' | 'share' | 'family' | 'folds' | 'seed'>
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

export function registerCompare(ope: Command, run: Run): void {
  const command = ope
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
    );
  readingOptions(policyOptions(command))
    .option(
      '--estimators <list>',
      'dr (default), sndr, ipw, snipw, dr(lambda=10.0), … parted by commas; the first leads',
      estimatorsOf,
    )
    .addOption(
      new Option(
        '--rung <rung>',
        'how much of a page a weight takes in: above (default): the shelves above and the cards to the left; slope: chosen',
      ).choices(RUNGS),
    )
    .option('--by <list>', `also for each ${DIMENSIONS.join(', ')}, parted by commas`, dimensionsOf)
    .option('--level <share>', 'chance that intervals are to cover (default 0.95)', finiteNumber(0.5, 0.9999))
    .option('--resamples <count>', 'of the bootstrap by listener (default 1000)', wholeNumber(100, 100_000))
    .addHelpText(
      'after',
      `
Examples:
  shelfwise ope compare --policies greedy,uniform --span 30d
  shelfwise ope compare --policies cool=plackett-luce,warm=plackett-luce --set cool.cardTemperature=0.03 --set warm.cardTemperature=0.12
  shelfwise ope compare --policies softmax --estimators dr,ipw,snipw
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
  const { span, estimators, rung, by, rewardModel, family, folds, level, resamples, share, seed } = options;
  const given = { span, estimators, rung, by, rewardModel, family, folds, level, resamples, share, seed };
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
