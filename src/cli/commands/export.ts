/** `shelfwise export`: logged decisions as files; `export dsjson` as other bandit software reads them. */
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { ShelfwiseError } from '../../base/index.ts';
import { decisionIdOf, decisionTimeMs } from '../../domain/index.ts';
import type { DecisionToExchange, FeedbackFile } from '../../exchange/index.ts';
import type { DecisionList } from '../../server/index.ts';
import type { ApiClient } from '../client.ts';
import { type GlobalOptions, print, query, type Run, withClient } from '../command.ts';
import { wholeNumber } from '../parse.ts';
import { withProgress } from '../progress.ts';
import { registerExportOpe } from './export-ope.ts';

interface ExportOptions extends GlobalOptions {
  readonly span: string;
  readonly last?: number;
  readonly out?: string;
}

interface ExportReport {
  readonly decisions: number;
  /** Erased, or beyond what is kept, between the listing and the reading. */
  readonly gone: number;
  readonly out: string;
}

export function registerExport(program: Command, run: Run): void {
  const group = program
    .command('export')
    .description('Logged decisions as files: for other software, and for evaluation without the platform.');
  registerExportOpe(group, run);
  group
    .command('dsjson')
    .description(
      "Decisions as Vowpal Wabbit's decision-service JSON, one a line, oldest first: conditional contextual bandits whose " +
        'slots are the steps of the page. `import dsjson` gives the same decisions back.',
    )
    .option('--span <span>', 'decisions of this time: all, 30d, 12h, FROM..TO', 'all')
    .option('--last <count>', 'the newest of them', wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .option('--out <file>', 'a file that ends in .dsjson or .dsjson.gz; by default standard output')
    .addHelpText(
      'after',
      `
Examples:
  shelfwise export dsjson --span 7d --out week.dsjson.gz
  shelfwise export dsjson --last 1000 | vw --ccb_explore_adf --dsjson -d /dev/stdin`,
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ExportOptions>();
      const { out } = options;
      const report = await withClient(run, options, (client) => exportDsjson(run, client, options));
      // Standard output has the lines already.
      if (out !== undefined) print(run, options, report, () => `${report.decisions} decisions: ${report.out}\n`);
    });
}

async function exportDsjson(run: Run, client: ApiClient, options: ExportOptions): Promise<ExportReport> {
  const { cli } = run;
  const { createFeedbackFile } = await import('../../exchange/index.ts');
  const { parseSpan } = await import('../../platform/index.ts');
  const span = parseSpan(options.span, cli.clock.nowMs() + 1, '--span');
  const file = options.out === undefined ? undefined : createFeedbackFile(resolve(cli.cwd, options.out));
  try {
    return await withProgress(
      cli,
      'Exporting decisions',
      async (update) => {
        const ids = await idsWithin(run, client, span, options.last);
        const report = await writeLines(run, client, ids, file, update);
        await file?.end();
        return { ...report, out: options.out ?? '-' };
      },
      ({ decisions, gone }) => `${decisions} decisions${gone > 0 ? `, ${gone} of them gone meanwhile` : ''}`,
    );
  } catch (error) {
    await file?.discard();
    throw error;
  }
}

const IDS_AT_ONCE = 10_000;
const RECORDS_AT_ONCE = 8;

/** Oldest first. */
async function idsWithin(
  run: Run,
  client: ApiClient,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
  last = Number.POSITIVE_INFINITY,
): Promise<readonly string[]> {
  const ids: string[] = [];
  let before = decisionIdOf(Math.floor(toMs), new Uint8Array(16));
  while (ids.length < last) {
    run.cli.stop.throwIfAborted();
    const asked = query({ limit: IDS_AT_ONCE, before });
    const { decisions } = await client.request<DecisionList>('GET', `/v1/decisions${asked}`);
    const within = decisions.filter((id) => decisionTimeMs(id) >= fromMs);
    ids.push(...within);
    if (decisions.length < IDS_AT_ONCE || within.length < decisions.length) break;
    before = decisions[decisions.length - 1];
  }
  return ids.slice(0, last).reverse();
}

async function writeLines(
  run: Run,
  client: ApiClient,
  ids: readonly string[],
  file: FeedbackFile | undefined,
  update: (share: number, note: string) => void,
): Promise<{ decisions: number; gone: number }> {
  const { dsjsonLine, eventOfDecision } = await import('../../exchange/index.ts');
  let decisions = 0;
  for (let from = 0; from < ids.length; from += RECORDS_AT_ONCE) {
    run.cli.stop.throwIfAborted();
    const records = await Promise.all(ids.slice(from, from + RECORDS_AT_ONCE).map((id) => recordOf(client, id)));
    const there = records.filter((record) => record !== null);
    const lines = there.map((record) => dsjsonLine(eventOfDecision(record)));
    decisions += lines.length;
    if (file === undefined) for (const line of lines) run.cli.out(`${line}\n`);
    else await file.write(lines);
    update((from + records.length) / ids.length, `${decisions} decisions`);
  }
  return { decisions, gone: ids.length - decisions };
}

/** Null for a decision that has gone since it was listed. */
async function recordOf(client: ApiClient, id: string): Promise<DecisionToExchange | null> {
  try {
    return await client.request<DecisionToExchange>('GET', `/v1/decisions/${id}`);
  } catch (error) {
    const isGone =
      error instanceof ShelfwiseError && (error.code === 'DECISION_ERASED' || error.code === 'DECISION_NOT_FOUND');
    if (isGone) return null;
    throw error;
  }
}
