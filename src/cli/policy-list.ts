/** `--policies greedy,warm=plackett-luce --set warm.cardTemperature=0.12`: policies, each with a name and options of its own. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { ShelfwiseError } from '../base/index.ts';
import type { PolicyUnderEvaluation, RewardModelChoice } from '../server/index.ts';
import { anyOptionMap, finiteNumber, wholeNumber } from './parse.ts';

export type OptionMap = Readonly<Record<string, number | string | boolean>>;

/** Those of the contract; a client of a running platform does not load the server for them. */
const REWARD_MODELS: readonly RewardModelChoice[] = ['cross-fitted', 'logged', 'none'];

/** The options by which policies are told more of. */
export function policyOptions(command: Command): Command {
  return command
    .option('--set <name.option=value>', 'an option of the policy of that name; repeatable', anyOptionMap)
    .option('--compose <name.option=value>', 'an option of its composition; repeatable', anyOptionMap)
    .option(
      '--model <name=model>',
      "logged (each decision's own, by default), serving, or the hash of a model; repeatable",
      anyOptionMap,
    );
}

/** Which past decisions are read, and with what reward model. */
export function readingOptions(command: Command): Command {
  return command
    .option('--span <span>', 'decisions to go by: all, 30d, 12h, FROM..TO (default 30d)')
    .option('--share <share>', 'of the decisions, evenly (default 1)', finiteNumber(1e-6, 1))
    .addOption(
      new Option('--reward-model <kind>', 'of doubly robust estimates (default cross-fitted)').choices(REWARD_MODELS),
    )
    .option('--family <family>', 'of the cross-fitted model (default logistic)')
    .option('--folds <count>', 'of listeners (default 2)', wholeNumber(2, 20))
    .option('--seed <seed>', 'of folds, fits and resamples (default 1)', wholeNumber(0, 2 ** 32 - 1));
}

/** `ipw,dr(lambda=10.0)`: names of estimators. */
export function estimatorsOf(text: string): readonly string[] {
  // Commas within parentheses belong to a name.
  const names = text.split(/,(?![^(]*\))/).map((name) => name.trim());
  if (names.includes('')) throw new InvalidArgumentError('It must be names of estimators, parted by commas.');
  return names;
}

/** `greedy,warm=plackett-luce` */
export function policiesOf(text: string): readonly PolicyUnderEvaluation[] {
  return text.split(',').map((part) => {
    const [, name, policy] = /^(?:([\w-]+)=)?([\w-]+)$/.exec(part.trim()) ?? [];
    if (policy === undefined) throw new InvalidArgumentError('It must read ID or NAME=ID, parted by commas.');
    return { name: name ?? policy, policy };
  });
}

/** The policies with what `--set`, `--compose` and `--model` say of each. Throws `OPTION_INVALID` for what is of none of them. */
export function withOptions(
  policies: readonly PolicyUnderEvaluation[],
  {
    set = {},
    compose = {},
    model = {},
  }: { readonly set?: OptionMap; readonly compose?: OptionMap; readonly model?: OptionMap },
): readonly PolicyUnderEvaluation[] {
  const names = new Set(policies.map(({ name }) => name));
  for (const key of Object.keys({ ...set, ...compose })) requireNamed(key, key.slice(0, key.indexOf('.')), names);
  for (const key of Object.keys(model)) requireNamed(key, key, names);
  return policies.map((one) => {
    const own = {
      options: ofPolicy(set, one.name),
      composition: ofPolicy(compose, one.name),
      model: model[one.name ?? ''],
    };
    return {
      ...one,
      ...(Object.keys(own.options).length > 0 ? { options: own.options } : {}),
      ...(Object.keys(own.composition).length > 0 ? { composition: own.composition } : {}),
      ...(own.model === undefined ? {} : { model: String(own.model) }),
    };
  });
}

function requireNamed(key: string, name: string, names: ReadonlySet<string | undefined>): void {
  if (names.has(name)) return;
  throw new ShelfwiseError(
    'OPTION_INVALID',
    `"${key}" is of no policy of --policies; it begins with one of ${[...names].join(', ')}, as in NAME.option=value`,
  );
}

function ofPolicy(options: OptionMap, name = ''): OptionMap {
  return Object.fromEntries(
    Object.entries(options)
      .filter(([key]) => key.startsWith(`${name}.`))
      .map(([key, value]) => [key.slice(name.length + 1), value]),
  );
}
