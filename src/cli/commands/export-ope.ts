/** `shelfwise export ope`: past decisions with their propensities and rewards, for evaluation without the platform. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { messageOf, ShelfwiseError } from '../../base/index.ts';
import type {
  EvaluationLogOptions,
  EvaluationLogReport,
  PolicyUnderEvaluation,
  RewardModelChoice,
} from '../../server/index.ts';
import { type GlobalOptions, print, type Run, withClient } from '../command.ts';
import { type OptionMap, policiesOf, policyOptions, readingOptions, withOptions } from '../policy-list.ts';
import { withProgress } from '../progress.ts';

interface Options extends GlobalOptions, Partial<Omit<EvaluationLogOptions, 'policies'>> {
  readonly policies?: readonly PolicyUnderEvaluation[];
  readonly rewardModel?: RewardModelChoice;
  readonly set?: OptionMap;
  readonly compose?: OptionMap;
  readonly model?: OptionMap;
  readonly out?: string;
}

export function registerExportOpe(group: Command, run: Run): void {
  const command = group
    .command('ope')
    .description(
      'Past decisions as an evaluation log: the exact propensity of every step of every page, what it earned, and the probabilities that ' +
        'other policies would have given the same steps. JSON Lines that `ope estimate` reads without a platform. Names no listener, no ' +
        'item and no time.',
    )
    .option('--policies <list>', 'whose probabilities it holds beside those of what served: ID or NAME=ID', policiesOf);
  readingOptions(policyOptions(command))
    .option('--out <file>', 'a file that ends in .ope.jsonl or .ope.jsonl.gz; by default standard output')
    .addHelpText(
      'after',
      `
Examples:
  shelfwise export ope --policies greedy,warm=plackett-luce --set warm.cardTemperature=0.12 --out month.ope.jsonl.gz
  shelfwise ope estimate --log month.ope.jsonl.gz --policy warm --estimators all`,
    )
    .action(async (_options: unknown, own: Command) => {
      const options = own.optsWithGlobals<Options>();
      const report = await exportOpe(run, options);
      // Standard output has the lines already.
      if (options.out !== undefined) {
        print(run, options, { ...report, out: options.out }, () => `${summary(report)}: ${options.out}\n`);
      }
    });
}

async function exportOpe(run: Run, options: Options): Promise<EvaluationLogReport> {
  const { cli } = run;
  const { createFeedbackFile } = await import('../../exchange/index.ts');
  if (options.out !== undefined && !/\.ope\.jsonl(\.gz)?$/i.test(options.out)) {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `--out ${options.out} must end in .ope.jsonl or .ope.jsonl.gz, by which ope estimate knows what it is`,
    );
  }
  const file = options.out === undefined ? undefined : createFeedbackFile(resolve(cli.cwd, options.out));
  const written = async (writing: Promise<void>): Promise<void> => {
    try {
      await writing;
    } catch (error) {
      throw new ShelfwiseError('OPTION_INVALID', `--out ${options.out} cannot be written: ${messageOf(error)}`);
    }
  };
  const take = async (part: unknown): Promise<void> => {
    const line = JSON.stringify(part);
    return file === undefined ? cli.out(`${line}\n`) : written(file.write([line]));
  };
  try {
    return await withClient(run, options, (client) =>
      withProgress(
        cli,
        'Exporting decisions',
        async (update) => {
          const report = await client.request<EvaluationLogReport>(
            'POST',
            '/v1/evaluation/log',
            requestOf(options),
            (stage, share) => update(share, stage),
            take,
          );
          if (file !== undefined) await written(file.end());
          return report;
        },
        summary,
      ),
    );
  } catch (error) {
    await file?.discard();
    throw error;
  }
}

function requestOf(options: Options): Partial<EvaluationLogOptions> {
  const { span, share, rewardModel, family, folds, seed } = options;
  const given = { span, share, rewardModel, family, folds, seed };
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    policies: withOptions(options.policies ?? [], options),
  };
}

function summary({ decisions, listeners }: EvaluationLogReport): string {
  return `${decisions} decisions of ${listeners} listeners`;
}
