/** `shelfwise switches`: shelves and policies that an operator takes out of Home at once. */
import type { Command } from 'commander';
import { ShelfwiseError } from '../../base/index.ts';
import type { Switch, SwitchList } from '../../server/index.ts';
import { ask, type GlobalOptions, type Run } from '../command.ts';

interface SwitchesOptions extends GlobalOptions {
  readonly off: readonly string[];
  readonly on: readonly string[];
}

const gather = (value: string, before: readonly string[]): readonly string[] => [...before, value];

export function registerSwitches(program: Command, run: Run): void {
  program
    .command('switches')
    .description('Show which shelves and policies are on, or switch some; it takes effect with the next Home.')
    .option('--off <target>', 'switch off shelf:ID or policy:ID; may be given more than once', gather, [])
    .option('--on <target>', 'switch it on again', gather, [])
    .addHelpText(
      'after',
      `
A policy that is off is stood in for by popularity, and its Homes say that they are degraded.

Examples:
  shelfwise switches
  shelfwise switches --off shelf:something-different
  shelfwise switches --on shelf:something-different --off policy:plackett-luce`,
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<SwitchesOptions>();
      const both = options.off.find((target) => options.on.includes(target));
      if (both !== undefined) throw new ShelfwiseError('OPTION_INVALID', `${both} is to be switched both off and on`);
      const switches: readonly Switch[] = [
        ...options.off.map((target) => ({ target, on: false })),
        ...options.on.map((target) => ({ target, on: true })),
      ];
      await ask(
        run,
        options,
        (client) =>
          switches.length === 0
            ? client.request<SwitchList>('GET', '/v1/switches')
            : client.request<SwitchList>('PUT', '/v1/switches', { switches }),
        (answer) => answer.switches.map(({ target, on }) => `${on ? 'on ' : 'OFF'}  ${target}\n`).join(''),
      );
    });
}
