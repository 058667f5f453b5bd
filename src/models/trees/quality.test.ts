/** Real data sets, each class against the rest; the figures to reach are XGBoost's on the same rows. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { createRng } from '../../base/index.ts';
import { createBatch, type EncoderShape } from '../../features/index.ts';
import { plainEncoder } from '../../testing/index.ts';
import type { Examples } from '../contract.ts';
import { treesModel } from './trees.ts';

const REAL = join(
  process.env.SHELFWISE_DATA_DIR ?? join(import.meta.dirname, '../../../../shared/data'),
  'uci_classification',
);
const hasReal = existsSync(REAL);
if (!hasReal) console.info(`skipped: the tests on real classes want ${REAL} (set SHELFWISE_DATA_DIR)`);

interface DataSet {
  readonly file: string;
  readonly separator: string;
  readonly header: boolean;
  readonly classFirst: boolean;
  /** Of XGBoost 3.2 (hist, 100 rounds, depth 6, step 0.1, λ 1) one class against the rest, on the rows that `isHeld` leaves. */
  readonly accuracy: number;
  readonly logLoss: number;
}

const SETS: readonly DataSet[] = [
  { file: 'sat.trn.gz', separator: ' ', header: false, classFirst: false, accuracy: 0.918, logLoss: 0.4425 },
  { file: 'segment.dat.gz', separator: ' ', header: false, classFirst: false, accuracy: 0.9775, logLoss: 0.1493 },
  { file: 'agaricus-lepiota.data.gz', separator: ',', header: true, classFirst: true, accuracy: 1, logLoss: 0.0014 },
];

/** Every fourth row, by a hash of its number, is not learnt from. */
function isHeld(r: number): boolean {
  return Math.imul(r + 1, 0x9e3779b1) >>> 30 === 0;
}

function read({ file, separator, header, classFirst }: DataSet) {
  const lines = gunzipSync(readFileSync(join(REAL, file)))
    .toString()
    .split('\n')
    .filter((line) => line.trim() !== '');
  const cells = lines.slice(header ? 1 : 0).map((line) => line.trim().split(separator));
  const rows = cells.map((row) => (classFirst ? row.slice(1) : row.slice(0, -1)));
  const names = cells.map((row) => (classFirst ? row[0] : row[row.length - 1]));
  const classes = [...new Set(names)].sort();
  const isNumeric = rows.every((row) => row.every((cell) => Number.isFinite(Number(cell))));
  return { rows, classOf: names.map((name) => classes.indexOf(name)), classes: classes.length, isNumeric };
}

function batchOf(encoder: EncoderShape, rows: readonly (readonly string[])[]) {
  const batch = createBatch(encoder, rows.length);
  rows.forEach((row, r) => {
    row.forEach((cell, j) => {
      if (encoder.sparseWidth > 0) batch.sparse[r * encoder.sparseWidth + j] = 1 + cell.charCodeAt(0);
      else batch.dense[r * encoder.denseWidth + j] = Number(cell);
    });
  });
  return batch;
}

describe.runIf(hasReal)('on real classes', () => {
  test.each(SETS)('is as good as XGBoost, within a point: $file', async (set) => {
    const { rows, classOf, classes, isNumeric } = read(set);
    const width = rows[0].length;
    const encoder = plainEncoder(isNumeric ? width : 0, isNumeric ? 0 : width, 256);
    const train = rows.flatMap((_, r) => (isHeld(r) ? [] : [r]));
    const held = rows.flatMap((_, r) => (isHeld(r) ? [r] : []));
    const trainBatch = batchOf(
      encoder,
      train.map((r) => rows[r]),
    );
    const heldBatch = batchOf(
      encoder,
      held.map((r) => rows[r]),
    );
    const p = new Float64Array(held.length);
    const best = held.map(() => ({ p: -1, chosen: -1 }));
    let loss = 0;
    for (let c = 0; c < classes; c++) {
      const examples: Examples = {
        batch: trainBatch,
        labels: Float32Array.from(train, (r) => (classOf[r] === c ? 1 : 0)),
        weights: new Float32Array(train.length).fill(1),
        rows: train.length,
      };
      const model = treesModel.fresh(encoder, { categoryLambda: 0 });
      await model.fit(examples, { rng: createRng(1) });
      model.predict(heldBatch, held.length, p);
      held.forEach((r, i) => {
        if (p[i] > best[i].p) best[i] = { p: p[i], chosen: c };
        loss -= Math.log(classOf[r] === c ? p[i] : 1 - p[i]) / held.length;
      });
    }
    const accuracy = held.filter((r, i) => best[i].chosen === classOf[r]).length / held.length;
    expect(accuracy).toBeGreaterThan(set.accuracy - 0.01);
    expect(loss).toBeLessThan(set.logLoss + 0.01);
  });
});
