/** `shelfwise simulate`: policies and models where the truth is known. */
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { Importance, SimulationOptions, TableCell } from '../../simulation/index.ts';
import { type GlobalOptions, print, type Run } from '../command.ts';
import { anyOptionMap, wholeNumber } from '../parse.ts';
import { withProgress } from '../progress.ts';

type OptionMap = Readonly<Record<string, number | string | boolean>>;

interface ClassificationOptions extends GlobalOptions {
  readonly policy: string;
  readonly model: string;
  readonly orders: number;
  readonly seed: number;
  readonly threads?: number;
  readonly label?: string;
  readonly set?: OptionMap;
  readonly setModel?: OptionMap;
  readonly importance?: Importance;
}

const MOST_ORDERS = 1000;
const LONGEST_ID = 20;

export function registerSimulate(program: Command, run: Run): void {
  program
    .command('simulate')
    .description('Try policies and models where the truth is known.')
    .command('classification')
    .description(
      'Labelled rows as a contextual bandit: the classes are the actions, and only whether the chosen one was right is ' +
        'revealed. Prints the progressive validation loss over seeded orders of the rows, and how fast regret grows.',
    )
    .argument('<file>', 'rows parted by commas, semicolons, tabs or blanks, with or without a header; plain or .gz')
    .requiredOption('--policy <policy>', 'a policy, or each')
    .requiredOption('--model <model>', 'a family of models, or each')
    .option('--orders <count>', 'shuffles of the rows', wholeNumber(1, MOST_ORDERS), 10)
    .option('--seed <seed>', 'of the shuffles and draws', wholeNumber(0, Number.MAX_SAFE_INTEGER), 1)
    .option('--threads <count>', 'at once (default: cores)', wholeNumber(1, 256))
    .option(
      '--label <column>',
      'the column of classes: first, last, a name or a number from 1; by default the more evenly filled of first and last',
    )
    .option('--set <name=value>', 'an option of the policy; repeatable', anyOptionMap)
    .option('--set-model <name=value>', 'an option of the model; repeatable', anyOptionMap)
    .option(
      '--importance <how>',
      'inverse: choices weigh 1 / (K p); none: all alike; by default what the policy asks for',
      importanceOf,
    )
    .addHelpText(
      'after',
      `
Examples:
  shelfwise simulate classification letter.csv.gz --policy squarecb --model logistic --orders 10 --json
  shelfwise simulate classification mushroom.csv --label edibility --policy each --model logistic
  shelfwise simulate classification segment.dat --policy fastcb --set gammaScale=100 --model trees`,
    )
    .action(async (file: string, _options: unknown, command: Command) => {
      await simulate(run, command.optsWithGlobals<ClassificationOptions>(), file);
    });
}

function importanceOf(text: string): Importance {
  if (text === 'inverse' || text === 'none') return text;
  throw new InvalidArgumentError('It must be inverse or none.');
}

async function simulate(run: Run, options: ClassificationOptions, file: string): Promise<void> {
  const { cli } = run;
  const { readClassification, simulateTable } = await import('../../simulation/index.ts');
  const data = readClassification(resolve(cli.cwd, file), options.label);
  const { policy, model, orders, seed, importance, threads = availableParallelism() } = options;
  const asked: SimulationOptions = {
    policy,
    model,
    orders,
    seed,
    importance,
    policyOptions: options.set,
    modelOptions: options.setModel,
  };
  const isTable = policy === 'each' || model === 'each';
  // A table takes long: each line as it is known, in no order.
  const onCell = (cell: TableCell): void => {
    if (isTable) cli.err(cellText(cell, LONGEST_ID, LONGEST_ID));
  };
  const cells = await withProgress(
    cli,
    `Simulating ${data.rows} rows of ${data.classes.length} classes`,
    (onProgress) => simulateTable(data, asked, threads, { onProgress, onCell, signal: cli.stop }),
    () => `${orders} orders`,
  );
  const about = { file, label: data.label, columns: data.columns.length };
  const single = isTable ? undefined : cells[0];
  const answer =
    single !== undefined && 'report' in single
      ? { ...about, ...single.report }
      : { ...about, rows: data.rows, classes: data.classes.length, orders, seed, table: cells };
  const guess = data.label.guessed ? ' (by its looks; --label says otherwise)' : '';
  print(
    run,
    options,
    answer,
    () => `${data.rows} rows, ${data.classes.length} classes: ${data.label.name}${guess}\n${tableText(cells)}`,
  );
}

function tableText(cells: readonly TableCell[]): string {
  const width = Math.max(6, ...cells.map(({ policy }) => policy.length));
  const modelWidth = Math.max(5, ...cells.map(({ model }) => model.length));
  const head = `${'policy'.padEnd(width)}  ${'model'.padEnd(modelWidth)}  loss    95% over orders    regret slope\n`;
  return head + cells.map((cell) => cellText(cell, width, modelWidth)).join('');
}

function cellText(cell: TableCell, width: number, modelWidth: number): string {
  const names = `${cell.policy.padEnd(width)}  ${cell.model.padEnd(modelWidth)}`;
  if ('reason' in cell) return `${names}  none: ${cell.reason}\n`;
  const { pvLoss, pvLossCi, regretSlope } = cell.report;
  const interval = pvLossCi === null ? 'one order' : `${pvLossCi[0].toFixed(4)} to ${pvLossCi[1].toFixed(4)}`;
  return `${names}  ${pvLoss.toFixed(4)}  ${interval.padEnd(17)}  ${regretSlope === null ? 'no loss' : regretSlope.toFixed(3)}\n`;
}
