/** `shelfwise ope selfcheck`: does counterfactual evaluation tell the truth, where the truth is known? */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ComparedRung, PolicyUnderEvaluation } from '../../server/index.ts';
import type { SelfCheckOptions } from '../../simulation/index.ts';
import { type GlobalOptions, print, type Run } from '../command.ts';
import { anyOptionMap, wholeNumber } from '../parse.ts';
import { estimatorsOf, type OptionMap, policiesOf, withOptions } from '../policy-list.ts';
import { withProgress } from '../progress.ts';
import { selfCheckText } from '../selfcheck-text.ts';

interface Options
  extends GlobalOptions,
    Partial<Omit<SelfCheckOptions, 'policies' | 'logging' | 'estimators' | 'rungs' | 'truthDraws'>> {
  readonly policies: readonly PolicyUnderEvaluation[];
  readonly logging?: readonly PolicyUnderEvaluation[];
  readonly set?: OptionMap;
  readonly compose?: OptionMap;
  readonly estimators?: readonly string[];
  readonly rungs?: readonly ComparedRung[];
}

const RUNGS: readonly ComparedRung[] = ['slope', 'prefix', 'above', 'row', 'item'];
const STAGES: Readonly<Record<string, string>> = {
  catalogue: 'catalogue of the world',
  history: 'its listening',
  fit: 'fitting',
  contexts: 'Homes of a day',
  problems: 'what they are drawn from',
  truth: 'the truth',
  logs: 'logs evaluated',
  'closed loop': 'policies in the loop',
};

export function registerSelfCheck(ope: Command, run: Run): void {
  ope
    .command('selfcheck')
    .description(
      'In a world whose truth is known, one policy draws many logs, and each is evaluated for other policies as ope compare does: how often ' +
        'do the intervals hold the truth, how wide are they, and what is refused? Beside that, what each policy earns when it serves for days. ' +
        'Works in a temporary folder; touches no data.',
    )
    .addOption(new Option('--world <world>', 'the world').choices(['demo']).default('demo'))
    .requiredOption('--policies <list>', 'ids of policies, or NAME=ID, parted by commas', policiesOf)
    .option('--logging <policy>', 'what draws the logs: ID or NAME=ID (default logging=plackett-luce)', onePolicy)
    .option(
      '--set <name.option=value>',
      'an option of the policy of that name, logging among them; repeatable',
      anyOptionMap,
    )
    .option('--compose <name.option=value>', 'an option of its composition; repeatable', anyOptionMap)
    .option('--seeds <count>', 'logs (default 300)', wholeNumber(1, 100_000))
    .option('--decisions <count>', 'of a log (default 20000)', wholeNumber(100, 10_000_000))
    .option('--estimators <list>', 'the first leads (default dr,sndr,ipw,snipw)', estimatorsOf)
    .option('--rungs <list>', `of ${RUNGS.join(', ')} (default above)`, rungsOf)
    .option(
      '--contexts <count>',
      'visits that logs are drawn from (default as many as decisions)',
      wholeNumber(50, 1_000_000),
    )
    .option('--items <count>', 'of the world (default 5000)', wholeNumber(500, 1_000_000))
    .option('--listeners <count>', 'of the world (default 2000)', wholeNumber(20, 1_000_000))
    .option('--days <count>', 'of its history (default 20)', wholeNumber(2, 730))
    .option(
      '--loop-visits <count>',
      'of each policy in the closed loop; 0: none (default 2000)',
      wholeNumber(0, 1_000_000),
    )
    .option('--resamples <count>', 'of each bootstrap by listener (default 1000)', wholeNumber(100, 100_000))
    .option('--threads <count>', 'at once (default: cores)', wholeNumber(1, 64))
    .option('--seed <seed>', 'of the world, the logs and the resamples (default 1)', wholeNumber(0, 2 ** 32 - 1))
    .addHelpText(
      'after',
      `
Examples:
  shelfwise ope selfcheck --policies softmax,epsilon-greedy --seeds 20 --decisions 2000 --listeners 200 --items 2000
  shelfwise ope selfcheck --policies softmax,warm=plackett-luce --set warm.cardTemperature=0.12 --seeds 300 --decisions 20000 --json
  shelfwise ope selfcheck --policies greedy --logging wide=plackett-luce --set wide.cardTemperature=0.2 --rungs above,item`,
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { selfCheck } = await import('../../simulation/index.ts');
      const asked = askedOf(options);
      const report = await withProgress(
        run.cli,
        'Checking estimates against the truth',
        (update) =>
          selfCheck(asked, {
            onProgress: (stage, share) => update(share, STAGES[stage] ?? stage),
            signal: run.cli.stop,
            endMs: END_MS,
            monotonicMs: () => run.cli.clock.monotonicMs(),
          }),
        ({ seeds, decisions }) => `${seeds} logs of ${Math.round(decisions)} decisions`,
      );
      print(run, options, report, () => selfCheckText(report));
    });
}

/** The same world whenever it is checked. */
const END_MS = Date.UTC(2026, 10, 4, 12);

/** Options of the command that are the check's own, by the same names. */
const PASSED_ON = [
  'seeds',
  'decisions',
  'estimators',
  'rungs',
  'contexts',
  'items',
  'listeners',
  'days',
  'loopVisits',
  'resamples',
  'threads',
  'seed',
] as const satisfies readonly (keyof Options & keyof SelfCheckOptions)[];

function askedOf(options: Options): Partial<SelfCheckOptions> {
  const { policies, logging = [{ name: 'logging', policy: 'plackett-luce' }] } = options;
  const [first, ...others] = withOptions([...logging, ...policies], options);
  const given = Object.fromEntries(PASSED_ON.map((name) => [name, options[name]]));
  return {
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    policies: others,
    logging: first,
  };
}

function onePolicy(text: string): readonly PolicyUnderEvaluation[] {
  const found = policiesOf(text);
  if (found.length > 1) throw new InvalidArgumentError('It must be one policy: ID or NAME=ID.');
  return found;
}

function rungsOf(text: string): readonly ComparedRung[] {
  return text.split(',').map((part) => {
    const found = RUNGS.find((rung) => rung === part.trim());
    if (found === undefined) throw new InvalidArgumentError(`It must be of ${RUNGS.join(', ')}, parted by commas.`);
    return found;
  });
}
