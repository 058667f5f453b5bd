/** The program: its commands, what it does with errors, and its exit code. */
import { Command, CommanderError } from 'commander';
import { messageOf, ShelfwiseError } from '../base/index.ts';
import { DEFAULT_DATA_DIR, type Run } from './command.ts';
import { registerAlerts } from './commands/alerts.ts';
import { registerCampaigns } from './commands/campaigns.ts';
import { registerConfig } from './commands/config.ts';
import { registerData } from './commands/data.ts';
import { registerExamination } from './commands/examination.ts';
import { registerExport } from './commands/export.ts';
import { registerHome } from './commands/home.ts';
import { registerImport } from './commands/import.ts';
import { registerJobs } from './commands/jobs.ts';
import { registerKeys } from './commands/keys.ts';
import { registerLook } from './commands/look.ts';
import { registerModels } from './commands/model.ts';
import { registerOpe } from './commands/ope.ts';
import { registerPlaylists } from './commands/playlists.ts';
import { registerReplay } from './commands/replay.ts';
import { registerSimulate } from './commands/simulate.ts';
import { registerSwitches } from './commands/switches.ts';
import { registerTools } from './commands/tools.ts';
import { registerTrain } from './commands/train.ts';
import { registerTrust } from './commands/trust.ts';
import { registerUp } from './commands/up.ts';
import { configurationFor } from './configuration.ts';
import { EXIT, EXIT_HELP, exitCodeOf } from './exit-codes.ts';
import type { Cli } from './io.ts';
import { packageVersion } from './version.ts';

/** Runs one command line; gives its exit code. Throws nothing. */
export async function runCli(cli: Cli): Promise<number> {
  const run: Run = {
    cli: {
      ...cli,
      openPlatform: (dataDir, settings) => cli.openPlatform(dataDir, { ...run.configuration?.settings, ...settings }),
    },
    exitCode: EXIT.ok,
  };
  try {
    await createProgram(run).parseAsync(cli.args, { from: 'user' });
    return run.exitCode;
  } catch (error) {
    return reportError(cli, error);
  }
}

function createProgram(run: Run): Command {
  const { cli } = run;
  const program = new Command('shelfwise')
    .description('A personal Home for every listener: shelves and cards chosen by a bandit, recorded and replayable.')
    .version(packageVersion(), '-V, --version')
    .option(
      '--data <dir>',
      'data directory (or SHELFWISE_DATA)',
      cli.env['SHELFWISE_DATA'] === undefined || cli.env['SHELFWISE_DATA'] === ''
        ? DEFAULT_DATA_DIR
        : cli.env['SHELFWISE_DATA'],
    )
    .option('--config <file>', 'configuration file (default: shelfwise.config.ts, .js or .yaml in this folder)')
    .option('--json', 'one JSON object on standard output; progress goes to standard error', false)
    .option('--debug', 'show the stack of an error', false)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => cli.out(text),
      writeErr: (text) => cli.err(text),
      getOutHelpWidth: () => cli.columns,
      getErrHelpWidth: () => cli.columns,
    })
    .configureHelp({ showGlobalOptions: true })
    .showHelpAfterError('(--help shows what it takes)')
    .addHelpText(
      'after',
      `
Commands work beside a running platform, as its clients, and without one.

Examples:
  shelfwise up --demo                                      start with a demo world
  shelfwise import hetrec-lastfm DIR && shelfwise home 2   a real data set
  shelfwise home 2 --json --explain                        a Home with its propensities
  shelfwise replay --verify --last 100                     are the records true?
${EXIT_HELP}`,
    );
  program.hook('preAction', async (_program, command) => {
    run.configuration = await configurationFor(cli, command);
  });
  registerUp(program, run);
  registerConfig(program, run);
  registerTrain(program, run);
  registerModels(program, run);
  registerExamination(program, run);
  registerOpe(program, run);
  registerData(program, run);
  registerAlerts(program, run);
  registerImport(program, run);
  registerExport(program, run);
  registerHome(program, run);
  registerLook(program, run);
  registerPlaylists(program, run);
  registerReplay(program, run);
  registerJobs(program, run);
  registerCampaigns(program, run);
  registerSimulate(program, run);
  registerSwitches(program, run);
  registerKeys(program, run);
  registerTrust(program, run);
  registerTools(program, run);
  return program;
}

function reportError(cli: Cli, error: unknown): number {
  const json = cli.args.includes('--json');
  const answer = (code: string, message: string, remedy: string) => {
    if (json) cli.out(`${JSON.stringify({ error: { code, message, remedy } })}\n`);
  };
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return EXIT.ok;
    // Commander has written it to standard error already.
    answer('OPTION_INVALID', error.message.replace(/^error: /, ''), 'See --help.');
    return EXIT.usage;
  }
  if (cli.stop.aborted) {
    cli.err('Stopped.\n');
    answer('INTERRUPTED', 'stopped by Ctrl-C', 'Run it again: what was done is kept, and nothing is doubled.');
    return EXIT.interrupted;
  }
  const known = error instanceof ShelfwiseError;
  const code = known ? error.code : 'BUG';
  const remedy = known ? error.remedy : 'Please report it, with the output of the same command and --debug.';
  cli.err(`error: ${messageOf(error)}\n  ${remedy}\n`);
  if (known && Array.isArray(error.details['errors'])) {
    for (const { pointer, message } of error.details['errors'] as { pointer: string; message: string }[]) {
      cli.err(`  ${pointer} ${message}\n`);
    }
  }
  if (cli.args.includes('--debug') && error instanceof Error) cli.err(`${error.stack ?? ''}\n`);
  answer(code, messageOf(error), remedy);
  return exitCodeOf(error);
}
