/** Commands that recompute and compare: `replay`, `rebuild state`, `evaluate retrieval`, `policy check`. */
import type { Command } from 'commander';
import { type ErrorCode, ShelfwiseError } from '../../base/index.ts';
import type { DecisionList, RebuildReport, ReplayReport, RetrievalReport } from '../../server/index.ts';
import { found, type GlobalOptions, print, query, type Run, withClient } from '../command.ts';
import { wholeNumber } from '../parse.ts';
import { startProgress } from '../progress.ts';

/** Reports of decisions that differ, in the answer for many. */
const DIFFERENT_SAMPLE = 20;

interface ReplayOptions extends GlobalOptions {
  readonly verify?: boolean;
  readonly last?: number;
}

export function registerJudge(program: Command, run: Run): void {
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

  const rebuild = program.command('rebuild').description('Compute anew what is derived.');
  rebuild
    .command('state')
    .description('Fold the whole event log into new listener states, compare them with those that serve, and swap.')
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const report = await jobWithProgress<RebuildReport>(run, options, 'Rebuilding state', '/v1/admin/rebuild-state');
      print(
        run,
        options,
        report,
        () =>
          `Version ${report.version}: ${report.events} events of ${report.listeners} listeners in ${report.seconds.toFixed(1)} s; ` +
          `${report.different} differed from the state that served.\n`,
      );
    });

  const evaluate = program.command('evaluate').description('Measure against what was held out.');
  evaluate
    .command('retrieval')
    .description('Recall and NDCG at 20 of the recommended items on the hidden pairs, beside popularity.')
    .addHelpText(
      'after',
      `
Examples:
  shelfwise import hetrec-lastfm DIR --holdout 0.2 --holdout-seed 7
  shelfwise evaluate retrieval --json`,
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<GlobalOptions>();
      const path = '/v1/admin/evaluate-retrieval';
      const report = await jobWithProgress<RetrievalReport>(run, options, 'Evaluating retrieval', path);
      const line = (name: string, { recall20, ndcg20 }: { recall20: number; ndcg20: number }) =>
        `  ${name.padEnd(12)} recall@20 ${recall20.toFixed(4)}  NDCG@20 ${ndcg20.toFixed(4)}\n`;
      print(
        run,
        options,
        report,
        () =>
          `${report.hiddenPairs} hidden pairs of ${report.listeners} listeners\n` +
          line('popularity', report.popularity) +
          line('recommended', report.recommended),
      );
    });
}

async function jobWithProgress<T>(run: Run, options: GlobalOptions, label: string, path: string): Promise<T> {
  return withClient(run, options, async (client) => {
    const progress = startProgress(run.cli, label);
    try {
      const result = await client.request<T>('POST', path, undefined, (stage, share) => progress.update(share, stage));
      progress.done('done');
      return result;
    } catch (error) {
      progress.fail();
      throw error;
    }
  });
}

async function replayOne(run: Run, options: ReplayOptions, decision: string): Promise<void> {
  const path = `/v1/decisions/${encodeURIComponent(decision)}/replay`;
  const report = await unlessDamaged(decision, () =>
    withClient(run, options, (client) =>
      client.request<ReplayReport>('POST', path, { verify: options.verify ?? false }),
    ),
  );
  if (!report.equal) found(run);
  print(run, options, report, () =>
    report.equal
      ? `Equal: ${report.steps} steps recomputed${report.audited ? ', and the audit matches' : ''}.\n`
      : `Not equal: ${report.firstDifference ?? 'no difference was named'}\n`,
  );
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

async function replayLast(run: Run, options: ReplayOptions, last: number): Promise<void> {
  await withClient(run, options, async (client) => {
    const { decisions } = await client.request<DecisionList>('GET', `/v1/decisions${query({ limit: last })}`);
    const progress = startProgress(run.cli, 'Replaying');
    const different: ReplayReport[] = [];
    let unequal = 0;
    let audited = 0;
    for (const [index, id] of decisions.entries()) {
      run.cli.stop.throwIfAborted();
      const path = `/v1/decisions/${encodeURIComponent(id)}/replay`;
      const report = await client.request<ReplayReport>('POST', path, { verify: options.verify ?? false });
      if (report.audited) audited++;
      if (!report.equal) {
        unequal++;
        if (different.length < DIFFERENT_SAMPLE) different.push(report);
      }
      progress.update((index + 1) / decisions.length, `${index + 1} of ${decisions.length}`);
    }
    progress.done(`${decisions.length} decisions`);
    const equal = unequal === 0;
    if (!equal || decisions.length === 0) found(run);
    const answer = { recomputed: true, equal, decisions: decisions.length, unequal, audited, different };
    print(run, options, answer, () => {
      if (decisions.length === 0) return 'There is no decision to replay.\n';
      const lines = different.map(({ decisionId, firstDifference }) => `  ${decisionId}: ${firstDifference ?? ''}`);
      const verdict = equal ? 'All equal' : `${unequal} not equal`;
      return `${[`${verdict}: ${decisions.length} decisions, ${audited} of them audited.`, ...lines].join('\n')}\n`;
    });
  });
}
