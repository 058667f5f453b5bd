/** `shelfwise data show`: statistics as one page for a browser. */
import { basename } from 'node:path';
import type { Command } from 'commander';
import { ShelfwiseError } from '../../base/index.ts';
import type { NamedStatistics } from '../../validation/index.ts';
import { type GlobalOptions, print, type Run } from '../command.ts';
import { readFileAs, readStatistics, writeFile } from './data-files.ts';

interface ShowOptions extends GlobalOptions {
  readonly html: string;
  readonly anomalies?: string;
  readonly slices?: boolean;
}

export function registerDataShow(data: Command, run: Run): void {
  data
    .command('show')
    .description(
      'Statistics as one HTML file that needs nothing else: tables, distributions of several datasets laid over each other, sorted by ' +
        'distance from the first, anomalies in place.',
    )
    .argument('<statistics...>', 'files; name=file gives a dataset that name')
    .requiredOption('--html <file>', 'the page to write')
    .option('--anomalies <file>', 'what `data validate --out` wrote, to be shown in place')
    .option('--slices', 'every slice as a dataset of its own')
    .addHelpText(
      'after',
      `
Examples:
  shelfwise data show train.pbtxt --html report.html
  shelfwise data show train=train.pbtxt eval=eval.pbtxt --anomalies anomalies.pbtxt --html report.html
  shelfwise data show by-tier.pbtxt --slices --html tiers.html`,
    )
    .action(async (files: readonly string[], _options: unknown, command: Command) => {
      const options = command.optsWithGlobals<ShowOptions>();
      const { compareStatistics, reportPage } = await import('../../validation/index.ts');
      const named = (await Promise.all(files.map((file) => datasetsOf(run, file, options.slices ?? false)))).flat();
      const comparison = compareStatistics(distinct(named));
      const { anomalies } = options;
      writeFile(
        run.cli,
        options.html,
        reportPage(comparison, {
          anomalies:
            anomalies === undefined ? undefined : await readFileAs(run.cli, anomalies, '--anomalies', 'Anomalies'),
        }),
      );
      const report = { html: options.html, datasets: comparison.datasets, features: comparison.features.length };
      print(
        run,
        options,
        report,
        () =>
          `${report.features} features of ${report.datasets.map(({ name }) => name).join(', ')}. Written to ${options.html}.\n`,
      );
    });
}

async function datasetsOf(run: Run, argument: string, withSlices: boolean): Promise<NamedStatistics[]> {
  const { datasetOf } = await import('../../validation/index.ts');
  const at = argument.indexOf('=');
  const file = argument.slice(at + 1);
  if (file === '') throw new ShelfwiseError('OPTION_INVALID', `<statistics>: ${argument} names no file`);
  const given = at > 0 ? argument.slice(0, at) : basename(file).replace(/\.[a-z]+$/, '');
  const list = await readStatistics(run.cli, file, '<statistics>');
  if (!withSlices) return [{ name: given, statistics: datasetOf(list) }];
  return list.datasets!.map((statistics) => ({ name: statistics.name || given, statistics }));
}

/** Names that come twice are numbered. */
function distinct(named: readonly NamedStatistics[]): NamedStatistics[] {
  const seen = new Map<string, number>();
  return named.map(({ name, statistics }) => {
    const times = (seen.get(name) ?? 0) + 1;
    seen.set(name, times);
    return { name: times === 1 ? name : `${name} (${times})`, statistics };
  });
}
