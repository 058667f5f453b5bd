/** The `shelfwise` command as tests run it: with streams that are kept, and without a platform unless one is handed in. */
import { manualClock, ShelfwiseError } from '../base/index.ts';
import type { Cli } from './io.ts';
import { runCli } from './program.ts';

export interface CliOutcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command. Where a platform is asked for, its folder is another's; `more` says otherwise. */
export async function runForTest(
  args: readonly string[],
  { cwd, ...more }: Partial<Cli> & Pick<Cli, 'cwd'>,
): Promise<CliOutcome> {
  let out = '';
  let err = '';
  const code = await runCli({
    args,
    env: {},
    clock: manualClock(0),
    out: (text) => {
      out += text;
    },
    err: (text) => {
      err += text;
    },
    outIsTerminal: false,
    errIsTerminal: false,
    columns: 80,
    cwd,
    stop: new AbortController().signal,
    openPlatform: async (dataDir) => {
      throw new ShelfwiseError('ALREADY_OWNED', dataDir);
    },
    readOwner: async () => null,
    ...more,
  });
  return { code, out, err };
}
