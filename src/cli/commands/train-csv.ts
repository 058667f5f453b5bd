/** `shelfwise train --csv`: a family on a file of labelled rows, on a seeded split that other trainers can be given. */
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { SECOND_MS } from '../../base/index.ts';
import { print, type Run, untilStopped } from '../command.ts';
import { withProgress } from '../progress.ts';
import type { TrainOptions } from './train.ts';

const HOLDOUT = 0.25;
const TUNING = 0.1;

export async function trainOnCsv(run: Run, options: TrainOptions & { readonly csv: string }): Promise<void> {
  const { cli } = run;
  const { readClassification, splitRows, trainHeldOut } = await import('../../simulation/index.ts');
  const data = readClassification(resolve(cli.cwd, options.csv), options.label);
  const spec = {
    family: options.model,
    options: options.set ?? {},
    ensemble: options.ensemble ?? 1,
    calibration: options.calibration ?? 'none',
  } as const;
  const how = { holdout: options.holdout ?? HOLDOUT, tuning: options.tuning ?? TUNING, seed: options.seed ?? 1 };
  if (options.holdoutRows !== undefined) {
    const { holdout } = splitRows(data.rows, how);
    writeFileSync(resolve(cli.cwd, options.holdoutRows), `${[...holdout].sort((a, b) => a - b).join('\n')}\n`);
  }
  const report = await withProgress(
    cli,
    `Training ${options.model} on ${data.rows} rows`,
    (onProgress) =>
      untilStopped(
        cli,
        trainHeldOut(data, spec, how, {
          onProgress,
          signal: cli.stop,
          secondsNow: () => cli.clock.monotonicMs() / SECOND_MS,
        }),
      ),
    ({ accuracy }) => `accuracy ${accuracy.toFixed(4)}`,
  );
  const { accuracy, logLoss, constant, rows, seconds } = report;
  print(run, options, { file: options.csv, label: data.label.name, ...spec, ...how, ...report }, () =>
    [
      `${options.model} on ${rows.train} rows of ${report.columns} columns, ${report.classes} classes of ${data.label.name}; ${seconds.toFixed(1)} s`,
      `  held out: ${rows.holdout} rows`,
      `  accuracy  ${accuracy.toFixed(4)}   (the most frequent class: ${constant.accuracy.toFixed(4)})`,
      `  log loss  ${logLoss.toFixed(4)}   (the classes' shares: ${constant.logLoss.toFixed(4)})`,
      '',
    ].join('\n'),
  );
}
