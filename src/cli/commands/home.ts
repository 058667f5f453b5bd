/** `shelfwise home`: a listener's Home, as JSON or as rows of cards in the terminal. */
import { type Command, Option } from 'commander';
import { DEVICES, HOME_FILTERS, type Page } from '../../domain/index.ts';
import { ask, type GlobalOptions, query, type Run } from '../command.ts';
import { painter } from '../io.ts';
import { pageText } from '../page-text.ts';
import { wholeNumber } from '../parse.ts';

interface HomeOptions extends GlobalOptions {
  readonly explain?: boolean;
  readonly device?: string;
  readonly market?: string;
  readonly tier?: string;
  readonly at?: string;
  readonly session?: string;
  readonly fresh?: boolean;
  readonly filter?: string;
  readonly private?: boolean;
  readonly profiling?: boolean;
  readonly limit?: number;
}

export function registerHome(program: Command, run: Run): void {
  program
    .command('home')
    .description('Show the Home of a listener; one that is not known gets a cold start.')
    .argument('<listener>', 'id of the listener')
    .option('--explain', 'also scores, propensities, candidates, removals and timings')
    .addOption(new Option('--device <device>', 'where it is shown').choices([...DEVICES]))
    .option('--market <market>', "ISO 3166-1 alpha-2; overrides the listener's")
    .option('--tier <tier>', "overrides the listener's")
    .option('--at <time>', 'the Home of another time, such as 2026-11-24T08:30:00Z')
    .option('--session <session>', 'id of the session')
    .option('--fresh', 'decide anew even within the lifetime of the last page')
    .addOption(new Option('--filter <chip>', 'this alone').choices([...HOME_FILTERS]))
    .option('--private', 'as in a private session: nothing is recorded')
    .option('--no-profiling', 'as for anybody of this market, tier and time of day')
    .option('--limit <shelves>', 'shelves at once; all of them by default', wholeNumber(1, 24))
    .addHelpText(
      'after',
      `
Examples:
  shelfwise home 2
  shelfwise home 2 --filter podcasts
  shelfwise home 2 --device tv --at 2026-11-24T20:00:00Z
  shelfwise home 2 --json --explain | jq '.shelves[] | {title, propensity: .explain.propensity}'`,
    )
    .action(async (listener: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<HomeOptions>();
      const { explain, device, market, tier, at, session, fresh, filter, limit } = options;
      // Commander gives `true` where --no-profiling is not given: then the profile says.
      const profiling = options.profiling === false ? 'off' : undefined;
      const path = `/v1/listeners/${encodeURIComponent(listener)}/home`;
      await ask(
        run,
        options,
        (client) =>
          client.request<Page>(
            'GET',
            path +
              query({
                device,
                market,
                tier,
                at,
                explain,
                session,
                fresh,
                filter,
                private: options.private,
                profiling,
                limit,
              }),
          ),
        (page) => pageText(page, run.cli.columns, painter(run.cli)),
      );
    });
}
