/** The platform's long jobs as commands: `fit`, `compact`, `rebuild state`, `evaluate retrieval`. */
import type { Command } from 'commander';
import type { CompactReport, FitReport, RebuildReport, RetrievalReport } from '../../server/index.ts';
import type { ApiClient } from '../client.ts';
import { ask, type GlobalOptions, type Run } from '../command.ts';
import { withProgress } from '../progress.ts';

export const FITTING = 'Fitting embeddings and the reward model';

export function registerJobs(program: Command, run: Run): void {
  program
    .command('fit')
    .description(
      'Fit embeddings, counters and, until it has learnt from decisions, the reward model on what is there. ' +
        'Homes are served meanwhile; done when they are served with it.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  shelfwise fit\n  shelfwise import events plays.parquet --no-fit && shelfwise fit',
    )
    .action(async (_options: unknown, command: Command) => {
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        (client) => runFit(run, client),
        ({ seconds }) => `Fitted in ${seconds.toFixed(1)} s; it serves.\n`,
      );
    });

  program
    .command('compact')
    .description(
      'Move sealed segments of the logs to the lake now, as the platform does every ten minutes: of events what states and ' +
        'learner are past, of decisions what is older than 26 hours.',
    )
    .addHelpText('after', '\nExamples:\n  shelfwise compact\n  shelfwise compact --data /var/lib/shelfwise --json')
    .action(async (_options: unknown, command: Command) => {
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        (client) => runJob<CompactReport>(run, client, 'Moving segments to the lake', 'compact'),
        ({ segments }) =>
          segments === 0 ? 'No segment is ready to be moved.\n' : `Segments that are in the lake now: ${segments}.\n`,
      );
    });

  const rebuild = program.command('rebuild').description('Compute anew what is derived.');
  rebuild
    .command('state')
    .description('Fold the whole event log into new listener states, compare them with those that serve, and swap.')
    .addHelpText('after', '\nExamples:\n  shelfwise rebuild state\n  shelfwise rebuild state --json')
    .action(async (_options: unknown, command: Command) => {
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        (client) => runJob<RebuildReport>(run, client, 'Rebuilding state', 'rebuild-state'),
        ({ version, events, listeners, seconds, different }) =>
          `Version ${version}: ${events} events of ${listeners} listeners in ${seconds.toFixed(1)} s; ` +
          `${different} differed from the state that served.\n`,
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
      const line = (name: string, { recall20, ndcg20 }: RetrievalReport['recommended']) =>
        `  ${name.padEnd(12)} recall@20 ${recall20.toFixed(4)}  NDCG@20 ${ndcg20.toFixed(4)}\n`;
      await ask(
        run,
        command.optsWithGlobals<GlobalOptions>(),
        (client) => runJob<RetrievalReport>(run, client, 'Evaluating retrieval', 'evaluate-retrieval'),
        ({ hiddenPairs, listeners, popularity, recommended }) =>
          `${hiddenPairs} hidden pairs of ${listeners} listeners\n` +
          line('popularity', popularity) +
          line('recommended', recommended),
      );
    });
}

/** A fit, with its progress. */
export function runFit(run: Run, client: ApiClient): Promise<FitReport> {
  return runJob<FitReport>(run, client, FITTING, 'fit', () => 'they serve');
}

function runJob<T>(
  run: Run,
  client: ApiClient,
  label: string,
  name: string,
  summary: (report: T) => string = () => 'done',
): Promise<T> {
  return withProgress(
    run.cli,
    label,
    (update) => client.request<T>('POST', `/v1/admin/${name}`, undefined, (stage, share) => update(share, stage)),
    summary,
  );
}
