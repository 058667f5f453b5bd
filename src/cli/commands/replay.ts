/** `shelfwise replay`: decisions computed again, from their records and the epochs alone. */
import type { Command } from 'commander';
import { type ErrorCode, ShelfwiseError } from '../../base/index.ts';
import type { DecisionList, ReplayReport } from '../../server/index.ts';
import type { ApiClient } from '../client.ts';
import { ask, found, type GlobalOptions, print, query, type Run, withClient } from '../command.ts';
import { wholeNumber } from '../parse.ts';
import { withProgress } from '../progress.ts';

/** Reports of decisions that differ, in the answer for many. */
const DIFFERENT_SAMPLE = 20;

interface ReplayOptions extends GlobalOptions {
  readonly verify?: boolean;
  readonly last?: number;
}

export function registerReplay(program: Command, run: Run): void {
  program
    .command('replay')
    .description('Recompute a decision from its record and the epochs alone. Exit 1 when it is not equal.')
    .argument('[decision]', 'id of the decision')
    .option('--verify', 'compare the page, every propensity and the audit with what was recorded')
    .option('--last <count>', 'the newest decisions in place of one', wholeNumber(1, 10_000))
    .addHelpText(
      'after',
      `
Examples:
  shelfwise replay 01KDVDNA000000000000000000 --verify
  shelfwise replay --verify --last 1000 --json`,
    )
    .action(async (decision: string | undefined, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ReplayOptions>();
      if ((decision === undefined) === (options.last === undefined)) {
        throw new ShelfwiseError('OPTION_INVALID', 'replay takes either a decision or --last COUNT');
      }
      if (decision !== undefined) await replayOne(run, options, decision);
      else await replayLast(run, options, options.last ?? 1);
    });
}

async function replayOne(run: Run, options: ReplayOptions, decision: string): Promise<void> {
  const report = await unlessDamaged(decision, () =>
    withClient(run, options, (client) => askReplay(client, options, decision)),
  );
  if (!report.equal) found(run);
  print(run, options, report, () =>
    report.equal
      ? `Equal: ${report.steps} steps recomputed${report.audited ? ', and the audit matches' : ''}.\n`
      : `Not equal: ${report.firstDifference ?? 'no difference was named'}\n`,
  );
}

function askReplay(client: ApiClient, options: ReplayOptions, decision: string): Promise<ReplayReport> {
  const path = `/v1/decisions/${encodeURIComponent(decision)}/replay`;
  return client.request<ReplayReport>('POST', path, { verify: options.verify ?? false });
}

/** What is damaged on the disk, so that even the directory does not open, is a finding of replay: it cannot be equal. */
const DAMAGE: readonly ErrorCode[] = ['DECISION_CORRUPT', 'EPOCH_CORRUPT', 'EPOCH_NOT_FOUND', 'LOG_CORRUPT'];

async function unlessDamaged(decisionId: string, replay: () => Promise<ReplayReport>): Promise<ReplayReport> {
  try {
    return await replay();
  } catch (error) {
    if (!(error instanceof ShelfwiseError) || !DAMAGE.includes(error.code)) throw error;
    const firstDifference = error.message;
    return { decisionId, recomputed: false, equal: false, firstDifference, steps: 0, audited: false };
  }
}

interface ReplayedMany {
  readonly recomputed: true;
  readonly equal: boolean;
  readonly decisions: number;
  readonly unequal: number;
  readonly audited: number;
  readonly different: readonly ReplayReport[];
}

async function replayLast(run: Run, options: ReplayOptions, last: number): Promise<void> {
  await ask(
    run,
    options,
    (client) => replayMany(run, options, client, last),
    manyText,
    ({ equal, decisions }) => !equal || decisions === 0,
  );
}

async function replayMany(run: Run, options: ReplayOptions, client: ApiClient, last: number): Promise<ReplayedMany> {
  const { decisions } = await client.request<DecisionList>('GET', `/v1/decisions${query({ limit: last })}`);
  const different: ReplayReport[] = [];
  let unequal = 0;
  let audited = 0;
  await withProgress(
    run.cli,
    'Replaying',
    async (update) => {
      for (const [index, id] of decisions.entries()) {
        run.cli.stop.throwIfAborted();
        const report = await askReplay(client, options, id);
        if (report.audited) audited++;
        if (!report.equal) {
          unequal++;
          if (different.length < DIFFERENT_SAMPLE) different.push(report);
        }
        update((index + 1) / decisions.length, `${index + 1} of ${decisions.length}`);
      }
    },
    () => `${decisions.length} decisions`,
  );
  return { recomputed: true, equal: unequal === 0, decisions: decisions.length, unequal, audited, different };
}

function manyText({ equal, decisions, unequal, audited, different }: ReplayedMany): string {
  if (decisions === 0) return 'There is no decision to replay.\n';
  const lines = different.map(({ decisionId, firstDifference }) => `  ${decisionId}: ${firstDifference ?? ''}`);
  const verdict = equal ? 'All equal' : `${unequal} not equal`;
  return `${[`${verdict}: ${decisions} decisions, ${audited} of them audited.`, ...lines].join('\n')}\n`;
}
