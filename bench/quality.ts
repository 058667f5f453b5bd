/**
 * How good each family is on real classes: `shelfwise train --csv` on a seeded split, beside scikit-learn's or XGBoost's
 * equivalent on the very same rows (with `--python PATH`, an interpreter that has them), and the constant rate.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BenchSettings } from './settings.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('..', import.meta.url));
const BASELINE = fileURLToPath(new URL('./quality_baseline.py', import.meta.url));

/** File, `--label` of the command, and the label's column counted from 0. */
const SETS = [
  ['letter.csv.gz', 'first', 0],
  ['sat.trn.gz', 'last', -1],
  ['segment.dat.gz', 'last', -1],
  ['agaricus-lepiota.data.gz', 'first', 0],
] as const;
/** What each is trained with: as its peer is. The network stops early on a tenth of the rows that it could learn from; the others learn from all. */
const FAMILIES: readonly (readonly [family: string, options: readonly string[]])[] = [
  ['logistic', ['--tuning', '0']],
  ['trees', ['--tuning', '0', '--set', 'trees=200']],
  ['network', []],
  ['fm', []],
];
const SEED = 1;

interface Measured {
  readonly accuracy: number;
  readonly logLoss: number;
  readonly constant: { readonly accuracy: number; readonly logLoss: number };
}

/** Looks for the data in `SHELFWISE_DATA_DIR`, or beside the clone. */
export async function benchQuality({ python, families }: BenchSettings): Promise<Record<string, unknown>> {
  const dir = join(process.env['SHELFWISE_DATA_DIR'] ?? join(ROOT, '..', 'shared', 'data'), 'uci_classification');
  if (!existsSync(dir))
    throw new Error(`${dir} is not there: set SHELFWISE_DATA_DIR to a folder with uci_classification`);
  const wanted = families.length === 0 ? FAMILIES : FAMILIES.filter(([family]) => families.includes(family));
  const scratch = mkdtempSync(join(tmpdir(), 'shelfwise-quality-'));
  const rows: Record<string, unknown>[] = [];
  try {
    for (const [name, label, column] of SETS) {
      const file = join(dir, name);
      for (const [family, options] of wanted) {
        const held = join(scratch, 'held');
        const args = [
          'train',
          '--model',
          family,
          '--csv',
          file,
          '--label',
          label,
          '--seed',
          String(SEED),
          '--json',
          ...options,
        ];
        process.stderr.write(`${name} ${family}\n`);
        const { stdout } = await run(join(ROOT, 'bin', 'shelfwise'), [...args, '--holdout-rows', held]);
        const ours = JSON.parse(stdout) as Measured;
        const peer =
          python === undefined
            ? undefined
            : (JSON.parse((await run(python, [BASELINE, file, String(column), held, family])).stdout) as Measured);
        rows.push({
          set: name,
          family,
          accuracy: ours.accuracy,
          logLoss: ours.logLoss,
          constant: ours.constant,
          ...(peer === undefined
            ? {}
            : {
                peer,
                pointsOfAccuracyBehind: 100 * (peer.accuracy - ours.accuracy),
                pointsOfLogLossBehind: 100 * (ours.logLoss - peer.logLoss),
              }),
        });
      }
    }
  } finally {
    rmSync(scratch, { recursive: true });
  }
  return { seed: SEED, rows };
}
