/** Entry point of `shelfwise`: hands the process's streams, environment and signals to the program. */
import { SECOND_MS, systemClock } from '../base/index.ts';
import { EXIT } from './exit-codes.ts';
import type { Cli } from './io.ts';
import { lineLogger } from './log.ts';
import { runCli } from './program.ts';

/** A terminal's Ctrl-C often arrives twice (from the terminal and from the parent): sooner than this it is the same. */
const SAME_SIGNAL_MS = SECOND_MS;
const DEFAULT_COLUMNS = 100;

const stop = new AbortController();
let firstSignalMs = Number.NaN;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    if (!stop.signal.aborted) {
      firstSignalMs = systemClock.monotonicMs();
      stop.abort(new Error(`stopped by ${signal}`));
    } else if (systemClock.monotonicMs() - firstSignalMs > SAME_SIGNAL_MS) {
      process.exit(EXIT.interrupted);
    }
  });
}
// `shelfwise … | head`: the reader has what it wanted.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.ok);
  throw error;
});

const cli: Cli = {
  args: process.argv.slice(2),
  env: process.env,
  clock: systemClock,
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  outIsTerminal: process.stdout.isTTY === true,
  errIsTerminal: process.stderr.isTTY === true,
  columns: process.stdout.columns ?? DEFAULT_COLUMNS,
  cwd: process.cwd(),
  stop: stop.signal,
  openPlatform: async (dataDir, settings = {}) => {
    const { openPlatform } = await import('../platform/index.ts');
    return openPlatform({
      ...settings,
      dataDir,
      clock: systemClock,
      environment: process.env,
      logger: lineLogger(systemClock, (line) => process.stderr.write(line)),
    });
  },
  readOwner: async (dataDir) => (await import('../store/index.ts')).readOwner(dataDir),
};

process.exitCode = await runCli(cli);
