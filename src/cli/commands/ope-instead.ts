/** `shelfwise ope instead`: one decision, and what another policy would have shown instead. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { InsteadDraw, InsteadOptions, InsteadReport, PolicyUnderEvaluation } from '../../server/index.ts';
import { ask, type GlobalOptions, type Run } from '../command.ts';
import { insteadText } from '../instead-text.ts';
import { anyOptionMap, wholeNumber } from '../parse.ts';
import { type OptionMap, policiesOf } from '../policy-list.ts';

interface Options extends GlobalOptions {
  readonly policy: PolicyUnderEvaluation;
  readonly set?: OptionMap;
  readonly compose?: OptionMap;
  readonly model?: string;
  readonly draw?: InsteadDraw;
  readonly again?: number;
}

const DRAWS: readonly InsteadDraw[] = ['sampled', 'probable'];

export function registerInstead(ope: Command, run: Run): void {
  ope
    .command('instead')
    .description(
      'What another policy would have shown instead in one decision: the same listener, moment, candidates, features and dice. Both pages, ' +
        'each choice with its chance under both policies. Records nothing. Exit 1 where the decision cannot be asked.',
    )
    .argument('<decision>', 'id of the decision: every Home has one')
    .requiredOption('--policy <policy>', 'the other one: ID, or NAME=ID', onePolicy)
    .option('--set <option=value>', 'an option of it; repeatable', anyOptionMap)
    .option('--compose <option=value>', 'an option of its composition; repeatable', anyOptionMap)
    .option('--model <model>', "logged (the decision's own, by default), serving, or the hash of a model")
    .addOption(
      new Option(
        '--draw <draw>',
        'sampled (default): by the dice of the decision; probable: what is most probable at every place',
      ).choices(DRAWS),
    )
    .option('--again <count>', 'sampled by the k-th other dice', wholeNumber(0, 1_000_000))
    .addHelpText(
      'after',
      `
Examples:
  shelfwise ope instead 01KDVDNA000000000000000000 --policy greedy
  shelfwise ope instead 01KDVDNA000000000000000000 --policy plackett-luce --set cardTemperature=0.12 --json | jq .pageWeight`,
    )
    .action(async (decision: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      await ask(
        run,
        options,
        (client) =>
          client.request<InsteadReport>(
            'POST',
            `/v1/decisions/${encodeURIComponent(decision)}/instead`,
            requestOf(options),
          ),
        insteadText,
        ({ insteadPage }) => insteadPage === null,
      );
    });
}

function onePolicy(text: string): PolicyUnderEvaluation {
  const [first, ...more] = policiesOf(text);
  if (more.length > 0) throw new InvalidArgumentError('It must be one policy: ID or NAME=ID.');
  return first;
}

function requestOf({ policy, set, compose, model, draw, again }: Options): Partial<InsteadOptions> {
  return {
    policy: {
      ...policy,
      ...(set === undefined ? {} : { options: set }),
      ...(compose === undefined ? {} : { composition: compose as NonNullable<PolicyUnderEvaluation['composition']> }),
      ...(model === undefined ? {} : { model }),
    },
    ...(draw === undefined ? {} : { draw }),
    ...(again === undefined ? {} : { again }),
  };
}
