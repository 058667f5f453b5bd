/** What commands share: the options that all of them take, a client that is always closed, and one way to print a result. */
import { resolve } from 'node:path';
import { type ApiClient, connect } from './client.ts';
import type { RunConfiguration } from './configuration.ts';
import { EXIT } from './exit-codes.ts';
import type { Cli } from './io.ts';

export interface GlobalOptions {
  readonly data: string;
  /** A configuration file. @default the one in the working directory */
  readonly config?: string;
  readonly json: boolean;
  readonly debug: boolean;
}

export const DEFAULT_DATA_DIR = '.shelfwise';

/** The state of one run of the program. */
export interface Run {
  /** Opens platforms as the configuration file says. */
  readonly cli: Cli;
  /** The configuration file in use; undefined where there is none, or the command has no use for it. */
  configuration?: RunConfiguration | undefined;
  /** Set by commands whose outcome is a finding. */
  exitCode: number;
}

export function dataDirOf(options: GlobalOptions): string {
  return resolve(options.data);
}

/** Runs `work` with a client of the platform that holds the data directory, and closes it whatever happens. */
export async function withClient<T>(
  run: Run,
  options: GlobalOptions,
  work: (client: ApiClient) => Promise<T>,
): Promise<T> {
  const client = await connect(run.cli, dataDirOf(options));
  try {
    return await untilStopped(run.cli, work(client));
  } finally {
    await client.close();
  }
}

/** What most commands are: a question to the platform, and its answer in print. */
export async function ask<T>(
  run: Run,
  options: GlobalOptions,
  question: (client: ApiClient) => Promise<T>,
  text: (answer: T) => string,
  isFinding: (answer: T) => boolean = () => false,
): Promise<void> {
  const answer = await withClient(run, options, question);
  if (isFinding(answer)) found(run);
  print(run, options, answer, () => text(answer));
}

/** Rejects as soon as the user asks to stop; what runs in the platform ends when the platform is closed. */
export async function untilStopped<T>(cli: Cli, work: Promise<T>): Promise<T> {
  const { stop } = cli;
  stop.throwIfAborted();
  let onAbort: (() => void) | undefined;
  const stopped = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(stop.reason);
    stop.addEventListener('abort', onAbort, { once: true });
  });
  // The loser of the race may still fail later; that failure has been answered already.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, stopped]);
  } finally {
    if (onAbort !== undefined) stop.removeEventListener('abort', onAbort);
  }
}

/** With --json the value as one line on standard output, otherwise the text for people. */
export function print(run: Run, options: GlobalOptions, value: unknown, text: () => string): void {
  run.cli.out(options.json ? `${JSON.stringify(value)}\n` : text());
}

export function found(run: Run): void {
  run.exitCode = EXIT.finding;
}

export function query(parameters: Readonly<Record<string, string | number | boolean | undefined>>): string {
  const search = new URLSearchParams();
  for (const [name, chosen] of Object.entries(parameters)) {
    if (chosen !== undefined && chosen !== false) search.set(name, String(chosen));
  }
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}
