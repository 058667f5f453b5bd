/** `shelfwise import`: foreign data in, envelope after envelope through the API, then a fit. A re-run doubles nothing. */
import type { Command } from 'commander';
import { SECOND_MS, ShelfwiseError } from '../../base/index.ts';
import type { ImportReport, ImportReportAccumulator, ImportSource, ReadBatch } from '../../exchange/index.ts';
import type { EventsAnswer, ItemsAnswer, ListenersAnswer, MAX_PAIRS, MAX_ROWS } from '../../server/index.ts';
import type { ApiClient } from '../client.ts';
import { ask, DEFAULT_DATA_DIR, type GlobalOptions, type Run } from '../command.ts';
import { columnMap, share, wholeNumber } from '../parse.ts';
import { createPipeline, type Pipeline } from '../pipeline.ts';
import { withProgress } from '../progress.ts';
import { registerImportDsjson } from './import-vw.ts';
import { runFit } from './jobs.ts';

/** Rows of an envelope: the contract's limits, without loading the server for them. */
export const ENVELOPE_ROWS: typeof MAX_ROWS = 1000;
const ENVELOPE_PAIRS: typeof MAX_PAIRS = 10_000;

interface ImportOptions extends GlobalOptions {
  /** Commander's `--no-fit`. */
  readonly fit: boolean;
}

export interface LoadReport extends ImportReport {
  readonly seconds: number;
  readonly fitSeconds: number | null;
}

export function registerImport(program: Command, run: Run): void {
  const imports = program
    .command('import')
    .description(
      'Bring catalogue, listeners and events in. Bad rows are counted and sampled, never fatal; a re-run doubles nothing.',
    );

  imports
    .command('hetrec-lastfm')
    .description(
      'The HetRec 2011 Last.fm data set: artists, play counts, tags. It has no play times: a seeded history is made up.',
    )
    .argument('<dir>', 'folder with artists.dat, tags.dat, user_artists.dat, user_taggedartists.dat; plain or .gz')
    .option('--holdout <share>', "share of each listener's artists to hide for `evaluate retrieval`", share, 0)
    .option('--holdout-seed <seed>', 'which of them', wholeNumber(0, Number.MAX_SAFE_INTEGER), 7)
    .option('--seed <seed>', 'of the history that is made up', wholeNumber(0, Number.MAX_SAFE_INTEGER), 1)
    .option('--no-fit', 'do not fit embeddings and the reward model afterwards')
    .addHelpText(
      'after',
      `
Examples:
  shelfwise import hetrec-lastfm data/hetrec_lastfm_2k
  shelfwise import hetrec-lastfm data/hetrec_lastfm_2k --holdout 0.2 --holdout-seed 7`,
    )
    .action(async (dir: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ImportOptions & { holdout: number; holdoutSeed: number; seed: number }>();
      const { readHetrecLastfm } = await import('../../exchange/index.ts');
      const source = await readHetrecLastfm(dir, {
        holdoutShare: options.holdout,
        holdoutSeed: options.holdoutSeed,
        seed: options.seed,
        nowMs: run.cli.clock.nowMs(),
      });
      await importFrom(run, options, source);
    });

  imports
    .command('streaming-history')
    .description(
      "A person's own streaming history, as the service sends it on request: account data or extended, a folder or the ZIP.",
    )
    .argument('<path>', 'the folder or the ZIP')
    .option('--listener <name>', 'who it is, here', OWN_LISTENER)
    .option('--no-fit', 'do not fit embeddings and the reward model afterwards')
    .addHelpText(
      'after',
      `
Private sessions are left out, and so are names, addresses and machines of the person. A second import doubles nothing.

Examples:
  shelfwise import streaming-history my_spotify_data.zip && shelfwise home you
  shelfwise import streaming-history MyData --listener ann && shelfwise home ann`,
    )
    .action(async (path: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ImportOptions & { listener: string }>();
      const { readStreamingHistory } = await import('../../exchange/index.ts');
      const { listener: listenerId } = options;
      const source = await readStreamingHistory(path, { listenerId, nowMs: run.cli.clock.nowMs() });
      const hint = `Your Home: shelfwise home ${listenerId}${options.data === DEFAULT_DATA_DIR ? '' : ` --data ${options.data}`}`;
      await ask(
        run,
        options,
        async (client) => {
          const known = await isKnown(client, listenerId);
          return { ...(await load(run, client, known ? withoutListeners(source) : source, options.fit)), listenerId };
        },
        (report) => `${reportText(report)}${hint}\n`,
        hasFindings,
      );
    });

  const files = (
    name: 'items' | 'events',
    description: string,
    examples: string,
    open: (paths: readonly string[], map: Record<string, string>) => Promise<ImportSource>,
  ) =>
    imports
      .command(name)
      .description(description)
      .argument('<files...>', 'JSONL, CSV, TSV or Parquet; plain or .gz')
      .option('--map <field=column>', 'where a column has another name; repeatable', columnMap)
      .option('--no-fit', 'do not fit embeddings and the reward model afterwards')
      .addHelpText('after', `\nExamples:\n${examples}`)
      .action(async (paths: readonly string[], _options: unknown, command: Command) => {
        const options = command.optsWithGlobals<ImportOptions & { map?: Record<string, string> }>();
        await importFrom(run, options, await open(paths, options.map ?? {}));
      });

  files(
    'items',
    'Items from files.',
    '  shelfwise import items catalogue.jsonl\n  shelfwise import items tracks.csv --map id=track_id --map title=name',
    async (paths, map) => (await import('../../exchange/index.ts')).readItemFiles(paths, { map }),
  );
  files(
    'events',
    'Events from files. Without a type every row is a play.',
    '  shelfwise import events plays.parquet --map itemId=track_id --map occurredAt=ts',
    async (paths, map) => (await import('../../exchange/index.ts')).readEventFiles(paths, { map }),
  );

  registerImportDsjson(imports, run);
}

async function importFrom(run: Run, options: ImportOptions, source: ImportSource): Promise<void> {
  await ask(run, options, (client) => load(run, client, source, options.fit), reportText, hasFindings);
}

const hasFindings = ({ badRows, rejected }: LoadReport): boolean => badRows > 0 || rejected > 0;

/** Who a history belongs to, unless it is said. */
const OWN_LISTENER = 'you';

async function isKnown(client: ApiClient, listenerId: string): Promise<boolean> {
  try {
    await client.request('GET', `/v1/listeners/${encodeURIComponent(listenerId)}`);
    return true;
  } catch (error) {
    if (error instanceof ShelfwiseError && error.code === 'LISTENER_NOT_FOUND') return false;
    throw error;
  }
}

/** The same, but that it leaves the profile of a listener who is there as it is. */
function withoutListeners(source: ImportSource): ImportSource {
  return {
    ...source,
    async *batches() {
      for await (const { listeners: _listeners, ...batch } of source.batches()) yield batch;
    },
  };
}

/** Sends everything a source yields, then fits. */
export async function load(run: Run, client: ApiClient, source: ImportSource, fit: boolean): Promise<LoadReport> {
  const { cli } = run;
  const startMs = cli.clock.monotonicMs();
  const { createImportReport } = await import('../../exchange/index.ts');
  const report = createImportReport(source.describe);
  await withProgress(
    cli,
    source.describe,
    async (update) => {
      const pipeline = createPipeline(ENVELOPES_UNDER_WAY);
      for await (const batch of source.batches()) {
        cli.stop.throwIfAborted();
        await send(client, batch, report, pipeline);
        report.addBatch(batch);
        const { read, rowsRead } = report.report();
        update(batch.share, `${rowsRead} rows, ${read.items} items, ${read.events} events`);
      }
      await pipeline.drain();
      return report.report().read;
    },
    (read) => `${read.items} items, ${read.listeners} listeners, ${read.events} events`,
  );
  const fitSeconds = fit ? (await runFit(run, client)).seconds : null;
  return {
    ...report.report(source.notes),
    seconds: (cli.clock.monotonicMs() - startMs) / SECOND_MS,
    fitSeconds,
  };
}

/** Envelopes of events under way at a time; what they refer to is there before them. */
const ENVELOPES_UNDER_WAY = 3;

async function send(
  client: ApiClient,
  batch: ReadBatch,
  report: ImportReportAccumulator,
  pipeline: Pipeline,
): Promise<void> {
  for (const items of chunks(batch.items ?? [], ENVELOPE_ROWS)) {
    report.addFates('items', (await client.request<ItemsAnswer>('PUT', '/v1/items', { items })).fates);
  }
  for (const listeners of chunks(batch.listeners ?? [], ENVELOPE_ROWS)) {
    await client.request<ListenersAnswer>('POST', '/v1/listeners', { listeners });
  }
  for (const pairs of chunks(batch.holdout ?? [], ENVELOPE_PAIRS)) {
    await client.request('POST', '/v1/admin/holdout', { pairs });
  }
  for (const events of chunks(batch.events ?? [], ENVELOPE_ROWS)) {
    await pipeline.push(async () => {
      report.addFates('events', (await client.request<EventsAnswer>('POST', '/v1/events', { events })).fates);
    });
  }
}

function* chunks<T>(rows: readonly T[], size: number): Iterable<readonly T[]> {
  if (rows.length <= size) {
    if (rows.length > 0) yield rows;
    return;
  }
  for (let at = 0; at < rows.length; at += size) yield rows.slice(at, at + size);
}

function countsText(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([fate, count]) => `${count} ${fate}`)
    .join(', ');
}

/** Lines of a sample that people are shown; --json has more. */
const SHOWN = 5;

function reportText(report: LoadReport): string {
  const lines = [`${report.rowsRead} rows read in ${report.seconds.toFixed(1)} s`];
  if (report.read.items > 0) lines.push(`  items: ${countsText(report.items)}`);
  if (report.read.listeners > 0) lines.push(`  listeners: ${report.read.listeners}`);
  if (report.read.events > 0) lines.push(`  events: ${countsText(report.events)}`);
  if (report.read.holdout > 0) lines.push(`  hidden pairs: ${report.read.holdout}`);
  if (report.badRows > 0) lines.push(`  ${report.badRows} bad rows, such as`);
  for (const { file, row, reason } of report.badRowSample.slice(0, SHOWN)) lines.push(`    ${file}:${row}: ${reason}`);
  if (report.rejected > 0) lines.push(`  ${report.rejected} refused, such as`);
  for (const { id, message } of report.rejectedSample.slice(0, SHOWN)) lines.push(`    ${id}: ${message}`);
  for (const note of report.notes) lines.push(`  ${note}`);
  return `${lines.join('\n')}\n`;
}
