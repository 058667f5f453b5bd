/** Commands for what must be trusted: the audit trail, erasure and export of what is held on a person. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { MINUTE_MS, SECOND_MS, ShelfwiseError } from '../../base/index.ts';
import type { AuditList, BegunErasure, ErasureList, ErasureStatus } from '../../server/index.ts';
import type { ApiClient } from '../client.ts';
import { ask, found, type GlobalOptions, print, query, type Run, withClient } from '../command.ts';
import { wholeNumber } from '../parse.ts';

export function registerTrust(program: Command, run: Run): void {
  program
    .command('audit')
    .description('What was done with keys of the scope admin: who, when, to what, and how it ended; newest first.')
    .option('--since <time>', 'only entries of then or later, such as 2026-11-24T00:00:00Z')
    .option('--limit <count>', 'at most so many', wholeNumber(1, 1000), 50)
    .option('--cursor <cursor>', 'go on after a page: its `nextCursor`')
    .option('--listener <id>', 'only entries about this listener')
    .addHelpText('after', '\nExamples:\n  shelfwise audit --limit 20\n  shelfwise audit --listener 2 --json')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<
        GlobalOptions & { since?: string; limit: number; cursor?: string; listener?: string }
      >();
      const { since, limit, cursor, listener } = options;
      await ask(
        run,
        options,
        (client) => client.request<AuditList>('GET', `/v1/audit${query({ since, limit, cursor, listener })}`),
        ({ entries, nextCursor }) =>
          entries
            .map(
              ({ atMs, actor, route, object, outcome }) =>
                `${timeText(atMs)}  ${actor}  ${route}${object === '' ? '' : ` (${object})`}  ${outcome}\n`,
            )
            .join('') + (nextCursor === null ? '' : `More: --cursor ${nextCursor}\n`),
      );
    });

  program
    .command('erase-listener')
    .description(
      'Erase a listener: key, mapping and state at once, then logs and lake; waits until it is done and proven.',
    )
    .argument('<id>', 'id of the listener')
    .option('--no-wait', 'answer when key, mapping and state are gone')
    .addHelpText(
      'after',
      `
Prints a receipt once: whoever has it and the id can show that it was this listener's erasure.

Examples:
  shelfwise erase-listener 2
  shelfwise erase-listener 2 --json`,
    )
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { wait: boolean }>();
      const erased = await withClient(run, options, async (client) => {
        const begun = await client.request<BegunErasure>('DELETE', `/v1/listeners/${encodeURIComponent(id)}`);
        const status = options.wait ? await untilDone(run, client, begun) : begun;
        return { ...status, receipt: begun.receipt };
      });
      if (options.wait && erased.state !== 'done') found(run);
      print(run, options, erased, () => erasureText(erased) + receiptText(erased.receipt));
    });

  program
    .command('erasures')
    .description('Erasures, newest first, or one of them with its proof.')
    .argument('[id]', 'of one erasure')
    .option('--limit <count>', 'at most so many', wholeNumber(1, 1000), 20)
    .addHelpText('after', '\nExamples:\n  shelfwise erasures\n  shelfwise erasures 01KDVDNA000000000000000000 --json')
    .action(async (id: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { limit: number }>();
      if (id !== undefined) {
        const path = `/v1/erasures/${encodeURIComponent(id)}`;
        await ask(run, options, (client) => client.request<ErasureStatus>('GET', path), erasureText);
        return;
      }
      await ask(
        run,
        options,
        (client) => client.request<ErasureList>('GET', `/v1/erasures${query({ limit: options.limit })}`),
        ({ erasures }) =>
          erasures.length === 0
            ? 'Nobody was erased.\n'
            : erasures
                .map((erasure) => `${erasure.id}  ${timeText(erasure.requestedAtMs)}  ${erasure.state}\n`)
                .join(''),
      );
    });

  program
    .command('export-listener')
    .description('Write all that is held on a listener into one ZIP archive.')
    .argument('<id>', 'id of the listener')
    .requiredOption('--to <file>', 'the archive; one that is there is replaced')
    .addHelpText('after', '\nExamples:\n  shelfwise export-listener 2 --to listener-2.zip')
    .action(async (id: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions & { to: string }>();
      const file = resolve(options.to);
      const bytes = await withClient(run, options, (client) =>
        download(client, `/v1/listeners/${encodeURIComponent(id)}/export`, file, run.cli.stop),
      );
      print(run, options, { listener: id, file, bytes }, () => `${file}: ${bytes} bytes\n`);
    });
}

/** An erasure takes seconds, or minutes where there is much. */
const PATIENCE_MS = 30 * MINUTE_MS;
const POLL_MS = SECOND_MS / 5;

async function untilDone(run: Run, client: ApiClient, begun: ErasureStatus): Promise<ErasureStatus> {
  const { clock, stop } = run.cli;
  const giveUpMs = clock.monotonicMs() + PATIENCE_MS;
  let status = begun;
  while (status.state !== 'done' && clock.monotonicMs() < giveUpMs) {
    await pause(POLL_MS, undefined, { signal: stop });
    status = await client.request<ErasureStatus>('GET', `/v1/erasures/${begun.id}`);
  }
  return status;
}

/** Whole under its name, or not at all. @returns bytes */
async function download(client: ApiClient, path: string, file: string, stop: AbortSignal): Promise<number> {
  const partial = `${file}.partial`;
  const target = createWriteStream(partial, { mode: 0o600 });
  let bytes = 0;
  const counted = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of await client.download(path)) {
      bytes += chunk.length;
      yield chunk;
    }
  };
  try {
    await pipeline(Readable.from(counted(), { objectMode: false }), target, { signal: stop });
    await rename(partial, file);
    return bytes;
  } catch (error) {
    target.destroy();
    // A stream that is still opening its file would make it after it was taken away.
    if (!target.closed) await new Promise<void>((resolve) => target.once('close', () => resolve()));
    await rm(partial, { force: true });
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'EACCES' || code === 'EISDIR')
      throw new ShelfwiseError('OPTION_INVALID', `--to ${file} cannot be written`, { cause: error });
    throw error;
  }
}

function erasureText(erasure: ErasureStatus): string {
  const { id, state, dropped, rewritten, verification, proof, trouble, doneAtMs } = erasure;
  const counts = Object.entries(dropped).map(([part, count]) => `${count} ${part}`);
  return [
    `Erasure ${id}: ${state === 'done' && doneAtMs !== null ? `done at ${timeText(doneAtMs)}` : state}`,
    `  dropped at once  ${counts.join(', ')}`,
    `  rewritten        ${rewritten.logSegments} log segments, ${rewritten.lakeFiles} files of the lake; ${rewritten.rows} rows gone`,
    ...(verification === null
      ? []
      : [
          `  searched         ${verification['fileBytes']} bytes of logs, ${verification['lakeRows']} rows of the lake, ${verification['storeEntries']} entries of the store; found ${verification['occurrences']} times`,
        ]),
    ...(proof === null ? [] : [`  proof            link ${proof.sequence}: ${proof.digest}`]),
    ...(trouble === null ? [] : [`  trouble          ${trouble}; it is tried again`]),
    '',
  ].join('\n');
}

function receiptText(receipt: string | null): string {
  return receipt === null ? '' : `  receipt          ${receipt}   (shown once)\n`;
}

function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
