/** `--policies greedy,warm=plackett-luce --set warm.cardTemperature=0.12`: policies, each with a name and options of its own. */
import { InvalidArgumentError } from 'commander';
import { ShelfwiseError } from '../base/index.ts';
import type { PolicyUnderEvaluation } from '../server/index.ts';

export type OptionMap = Readonly<Record<string, number | string | boolean>>;

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
