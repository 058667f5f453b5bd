/** `shelfwise ope learn`: policies learnt from what another one logged, where the truth is known. */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { LearnReport, LoggingOptions, PolicyFigures } from '../../simulation/index.ts';
import { type GlobalOptions, print, type Run } from '../command.ts';
import { anyOptionMap, finiteNumber, wholeNumber } from '../parse.ts';
import { withProgress } from '../progress.ts';

interface LearnCommandOptions extends GlobalOptions, LoggingOptions {
  readonly learner: readonly string[];
  readonly runs: number;
  readonly seed: number;
  readonly label?: string;
  readonly set?: Readonly<Record<string, number | string | boolean>>;
}

export function registerLearn(ope: Command, run: Run): void {
  ope
    .command('learn')
    .description(
      'Labelled rows as a log of a weak policy: the classes are the actions, and only whether the chosen one was right is known. ' +
        'Prints what each learner makes of it, as accuracy on rows that nothing was learnt from, beside the logging policy and beside ' +
        'the same class of models told every class.',
    )
    .argument('<file>', 'rows parted by commas, semicolons, tabs or blanks, with or without a header; plain or .gz')
    .option('--learner <ids>', 'learners, parted by commas, or each', idsOf, ['each'])
    .option('--runs <count>', 'splits and logs of their own', wholeNumber(1, 1000), 1)
    .option('--seed <seed>', 'of splits, logs and fits', wholeNumber(0, Number.MAX_SAFE_INTEGER), 1)
    .option('--label <column>', 'the column of classes: first, last, a name or a number from 1')
    .option('--test <share>', 'of the rows, only measured on', finiteNumber(0.01, 0.9), 0.3)
    .option(
      '--logging-share <share>',
      "of the other rows, for the logging policy's classifier",
      finiteNumber(0.0001, 0.9),
      0.02,
    )
    .option('--temperature <temperature>', "of the logging policy's softmax", finiteNumber(0.001, 1000), 1)
    .option('--epsilon <share>', 'of uniform choice in the log', finiteNumber(0.0001, 1), 0.2)
    .option('--set <name=value>', 'an option of the learners; repeatable', anyOptionMap)
    .addHelpText(
      'after',
      `
Examples:
  shelfwise ope learn letter.csv.gz --learner each --json
  shelfwise ope learn segment.dat.gz --learner poem,norm-poem --runs 5
  shelfwise ope learn segment.dat.gz --learner gradient-dr --set scorer=mlp`,
    )
    .action(async (file: string, _options: unknown, command: Command) => {
      await learn(run, command.optsWithGlobals<LearnCommandOptions>(), file);
    });
}

function idsOf(text: string): readonly string[] {
  const ids = text.split(',').map((id) => id.trim());
  if (ids.some((id) => id === '')) throw new InvalidArgumentError('It must be ids of learners, parted by commas.');
  return ids;
}

async function learn(run: Run, options: LearnCommandOptions, file: string): Promise<void> {
  const { cli } = run;
  const { OFF_POLICY_LEARNERS, learnFromLabels, readClassification } = await import('../../simulation/index.ts');
  const data = readClassification(resolve(cli.cwd, file), options.label);
  const { runs, seed, test, loggingShare, temperature, epsilon } = options;
  const learners = options.learner.flatMap((id) => (id === 'each' ? OFF_POLICY_LEARNERS : [id]));
  const asked = { learners, runs, seed, test, loggingShare, temperature, epsilon, learnerOptions: options.set };
  const report = await withProgress(
    cli,
    `Learning from a log of ${data.rows} rows of ${data.classes.length} classes`,
    (onProgress) => learnFromLabels(data, asked, { onProgress, signal: cli.stop }),
    () => (runs === 1 ? '1 run' : `${runs} runs`),
  );
  const guess = data.label.guessed ? ' (by its looks; --label says otherwise)' : '';
  print(
    run,
    options,
    { file, label: data.label, ...report },
    () => `${data.rows} rows, ${data.classes.length} classes: ${data.label.name}${guess}\n${reportText(report)}`,
  );
}

function reportText({ rows, logging, supervised, learners }: LearnReport): string {
  const lines: (readonly [string, PolicyFigures, string])[] = [
    ['the logging policy', logging, ''],
    ['supervised softmax', supervised.softmax, ''],
    ['supervised rewards', supervised.rewards, ''],
    ...learners.map((figures) => {
      const { learner, runsBelowLogging, accuracy } = figures;
      const runs = accuracy.byRun.length;
      const worse = runsBelowLogging === 0 ? '' : `below the logging policy in ${runsBelowLogging} of ${runs}`;
      return [learner, figures, worse] as const;
    }),
  ];
  const text = ({ mean, interval }: PolicyFigures['accuracy']): string =>
    interval === null ? mean.toFixed(4) : `${mean.toFixed(4)} ±${(interval[1] - mean).toFixed(4)}`;
  const [width, column] = [18, logging.accuracy.interval === null ? 8 : 15];
  const head = `${rows.log} rows logged, ${rows.tutor} taught who logged, ${rows.test} measured\n`;
  const names = `${'policy'.padEnd(width)}  ${'accuracy'.padEnd(column)}  greedy\n`;
  return `${head}${names}${lines
    .map(([name, { accuracy, greedyAccuracy }, note]) =>
      `${name.padEnd(width)}  ${text(accuracy).padEnd(column)}  ${text(greedyAccuracy).padEnd(column)}  ${note}`.trimEnd(),
    )
    .join('\n')}\n`;
}
