/** Progress on standard error: a bar on a terminal, plain lines elsewhere. Never on standard output. */
import { Presets, SingleBar } from 'cli-progress';
import { SECOND_MS } from '../base/index.ts';
import type { Cli } from './io.ts';

/** `share` runs from 0 to 1; `note` says what has been done so far. */
export type Update = (share: number, note?: string) => void;

interface Progress {
  readonly update: Update;
  /** Ends it with a line that stays: what was done, and how long it took. */
  done(summary: string): void;
  /** Ends it without one. */
  fail(): void;
}

const PLAIN_EVERY_MS = 5 * SECOND_MS;

/** Runs `work` under a line of progress that ends with it: with what it came to, or without a word when it fails. */
export async function withProgress<T>(
  cli: Cli,
  label: string,
  work: (update: Update) => Promise<T>,
  summary: (result: T) => string,
): Promise<T> {
  const progress = startProgress(cli, label);
  try {
    const result = await work(progress.update);
    progress.done(summary(result));
    return result;
  } catch (error) {
    progress.fail();
    throw error;
  }
}

function startProgress(cli: Cli, label: string): Progress {
  const startMs = cli.clock.monotonicMs();
  const seconds = () => ((cli.clock.monotonicMs() - startMs) / SECOND_MS).toFixed(1);
  const summaryLine = (summary: string) => cli.err(`${label}: ${summary} (${seconds()} s)\n`);
  return cli.errIsTerminal ? bar(label, summaryLine) : lines(cli, label, summaryLine);
}

function bar(label: string, summaryLine: (summary: string) => void): Progress {
  const single = new SingleBar(
    {
      format: `${label} {bar} {percentage}% {note}`,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
      barsize: 30,
      gracefulExit: false,
    },
    Presets.shades_classic,
  );
  single.start(100, 0, { note: '' });
  return {
    update: (share, note = '') => single.update(Math.round(100 * Math.min(1, Math.max(0, share))), { note }),
    done: (summary) => {
      single.stop();
      summaryLine(summary);
    },
    fail: () => single.stop(),
  };
}

function lines(cli: Cli, label: string, summaryLine: (summary: string) => void): Progress {
  let lastMs = cli.clock.monotonicMs();
  cli.err(`${label} …\n`);
  return {
    update: (share, note = '') => {
      const nowMs = cli.clock.monotonicMs();
      if (nowMs - lastMs < PLAIN_EVERY_MS) return;
      lastMs = nowMs;
      cli.err(`${label}: ${Math.round(100 * share)}%${note === '' ? '' : `, ${note}`}\n`);
    },
    done: summaryLine,
    fail: () => undefined,
  };
}
