/** `shelfwise examination`: how likely places of a page are looked at, estimated from logged decisions. */
import { type Command, Option } from 'commander';
import type { ExaminationOptions, ExaminationReport } from '../../server/index.ts';
import { type GlobalOptions, print, type Run, withClient } from '../command.ts';
import { examinationText } from '../examination-text.ts';
import { wholeNumber } from '../parse.ts';
import { withProgress } from '../progress.ts';

interface Options extends GlobalOptions, Partial<ExaminationOptions> {}

/** Those of the contract; a client of a running platform does not load the server for them. */
const METHODS: readonly ExaminationOptions['method'][] = ['position-based', 'harvest', 'cascade', 'dcm'];

export function registerExamination(program: Command, run: Run): void {
  program
    .command('examination')
    .description(
      'Estimate how likely each place of a page is looked at, by card rank and shelf rank of each surface, from logged decisions ' +
        'joined with what they earned. Prints the curves beside the naive click rates, whether there is enough to trust them, ' +
        'and what to write into the configuration file. Changes nothing.',
    )
    .addOption(
      new Option(
        '--method <method>',
        'position-based: the same cards at several places; harvest: weighted by propensity; cascade and dcm: rows that are walked along',
      )
        .choices(METHODS)
        .default('position-based'),
    )
    .option('--examples <span>', 'decisions to go by: all, 30d, 12h, FROM..TO (default 90d)')
    .option('--max-rows <rows>', 'most cards that were seen; beyond it decisions are sampled', wholeNumber(100, 1e8))
    .addHelpText(
      'after',
      `
Examples:
  shelfwise examination --examples 30d
  shelfwise examination --method harvest --json | jq .configuration`,
    )
    .action(async (_options: unknown, command: Command) => {
      const options = command.optsWithGlobals<Options>();
      const { method, examples, maxRows } = options;
      const given: Partial<ExaminationOptions> = {
        ...(method === undefined ? {} : { method }),
        ...(examples === undefined ? {} : { examples }),
        ...(maxRows === undefined ? {} : { maxRows }),
      };
      const report = await withClient(run, options, (client) =>
        withProgress(
          run.cli,
          'Estimating examination',
          (update) =>
            client.request<ExaminationReport>('POST', '/v1/examination/estimate', given, (stage, done) =>
              update(done, stage),
            ),
          ({ pages }) => `${pages} pages`,
        ),
      );
      print(run, options, report, () => examinationText(report));
    });
}
