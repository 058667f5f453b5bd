/** `shelfwise import dsjson`: logged bandit feedback of other software, and our own that went out, as a table. */
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import type { FeedbackFile, VwCounts, VwFormat } from '../../exchange/index.ts';
import { found, type GlobalOptions, print, type Run } from '../command.ts';
import { withProgress } from '../progress.ts';

interface VwOptions extends GlobalOptions {
  readonly out?: string;
  readonly decisions?: string;
  readonly format: VwFormat;
}

interface BadLine {
  readonly row: number;
  readonly reason: string;
}

interface VwReport extends VwCounts {
  readonly file: string;
  readonly format: VwFormat;
  /** Rows of feedback: choices with a label. */
  readonly rows: number;
  /** Events that are decisions of ours. */
  readonly ownDecisions: number;
  readonly badSample: readonly BadLine[];
}

const FORMATS: readonly VwFormat[] = ['dsjson', 'json', 'cb-adf', 'cb', 'ccb', 'slates'];
const BAD_SAMPLE = 100;
const SHOWN = 5;

export function registerImportDsjson(imports: Command, run: Run): void {
  imports
    .command('dsjson')
    .description(
      "Logged bandit feedback in Vowpal Wabbit's formats, as a table of choices for training and evaluation. Reads line by " +
        'line, whatever the length; lines that cannot be taken are counted and told, with exit code 1. Needs no platform.',
    )
    .argument('<file>', 'the file, plain or .gz; - for standard input')
    .option('--out <file>', 'the table: .jsonl, .jsonl.gz or .parquet; without it the file is only looked through')
    .option('--decisions <file>', 'decisions that `export dsjson` wrote, as they were: .jsonl or .jsonl.gz')
    .option('--format <format>', FORMATS.join(', '), formatOf, 'dsjson')
    .addHelpText(
      'after',
      `
Examples:
  shelfwise import dsjson personalizer.dsjson.gz --out feedback.parquet
  shelfwise export dsjson | shelfwise import dsjson - --decisions decisions.jsonl`,
    )
    .action(async (file: string, _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<VwOptions>();
      const report = await importVw(run, options, file);
      if (report.bad > 0) found(run);
      print(run, options, report, () => textOf(report));
    });
}

function formatOf(text: string): VwFormat {
  const format = FORMATS.find((one) => one === text);
  if (format === undefined) throw new InvalidArgumentError(`It must be one of ${FORMATS.join(', ')}.`);
  return format;
}

async function importVw(run: Run, { out, decisions, format }: VwOptions, name: string): Promise<VwReport> {
  const { cli } = run;
  const { createFeedbackFile, decisionOfEvent, feedbackOf, readVw } = await import('../../exchange/index.ts');
  const files: FeedbackFile[] = [];
  const open = (path: string | undefined): FeedbackFile | undefined => {
    if (path === undefined) return undefined;
    const file = createFeedbackFile(resolve(cli.cwd, path));
    files.push(file);
    return file;
  };
  try {
    const table = open(out);
    const own = open(decisions);
    const path = name === '-' ? name : resolve(cli.cwd, name);
    const report = await withProgress(
      cli,
      `Reading ${name === '-' ? 'standard input' : name}`,
      async (update) => {
        const badSample: BadLine[] = [];
        let rows = 0;
        let ownDecisions = 0;
        let counts: VwCounts | undefined;
        for await (const batch of readVw(path, format)) {
          cli.stop.throwIfAborted();
          counts = batch.counts;
          for (const { row, reason } of batch.bad) if (badSample.length < BAD_SAMPLE) badSample.push({ row, reason });
          for (const event of batch.events) {
            const choices = [...feedbackOf(event)];
            rows += choices.length;
            await table?.write(choices);
          }
          const known = batch.events.flatMap((event) => decisionOfEvent(event) ?? []);
          ownDecisions += known.length;
          await own?.write(known);
          update(batch.share, `${counts.lines} lines, ${counts.events} events`);
        }
        for (const file of files) await file.end();
        return { file: name, format, ...(counts as VwCounts), rows, ownDecisions, badSample };
      },
      ({ events, rows }) => `${events} events, ${rows} choices`,
    );
    return report;
  } catch (error) {
    for (const file of files) await file.discard();
    throw error;
  }
}

function textOf(report: VwReport): string {
  const { lines, events, labelled, skipLearn, weight, ignored, withoutActions, bad, rows, ownDecisions } = report;
  const out = [
    `${events} events in ${lines} lines, standing for ${weight.toFixed(1)}: ${labelled} with a label, ${rows} choices to learn from or judge by`,
  ];
  if (ownDecisions > 0) out.push(`  decisions of ours: ${ownDecisions}`);
  if (skipLearn > 0) out.push(`  not to be learnt from: ${skipLearn}`);
  if (withoutActions > 0) out.push(`  without any action: ${withoutActions}`);
  if (ignored > 0) out.push(`  lines that are no events: ${ignored}`);
  if (bad > 0) out.push(`  bad: ${bad}, such as`);
  for (const { row, reason } of report.badSample.slice(0, SHOWN)) out.push(`    line ${row}: ${reason}`);
  return `${out.join('\n')}\n`;
}
