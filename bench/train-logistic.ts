/**
 * Logistic regression on 200,000 rows: 50 dense columns by FTRL and by L-BFGS, and 30 hashed slots by FTRL, each beside a plain
 * loop of the same algorithm in this process. With a python that has scikit-learn, its L-BFGS runs
 * on the same dense rows. Rows per second are passes over rows by the processor's time, so that other work of the machine counts less;
 * the whole fit also centres, scales, and builds the posterior.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRng } from '../src/base/index.ts';
import { createBatch, type EncoderShape } from '../src/features/index.ts';
import { areaUnderCurve, type Examples, logisticModel } from '../src/models/index.ts';
import { round } from './load.ts';

const PASSES = 8;
const BUCKETS = 1 << 18;

interface TrainLogisticSettings {
  readonly rows: number;
  readonly rounds: number;
  /** A python with scikit-learn, to run it on the same rows. @default none */
  readonly python: string | undefined;
}

export async function benchTrainLogistic(given: Partial<TrainLogisticSettings> = {}): Promise<Record<string, unknown>> {
  const { rows = 200_000, rounds = 5, python } = given;
  const dense = examplesOf(rows, 50, 0);
  const sparse = examplesOf(rows, 0, 30);
  return {
    rows,
    dense: {
      columns: 50,
      ...(await measured(dense, rounds)),
      ...(await measuredBatch(dense, rounds)),
      ...(python === undefined ? {} : scikitLearn(dense, python)),
    },
    sparse: { slots: 30, buckets: BUCKETS, ...(await measured(sparse, rounds)) },
  };
}

type Labelled = Examples & { readonly encoder: EncoderShape };

/** FTRL: the whole fit, a pass of it (what eight passes cost more than one), and a pass of the plain loop. */
async function measured(examples: Labelled, rounds: number): Promise<Record<string, unknown>> {
  const { rows } = examples;
  let [one, whole, plain] = [Infinity, Infinity, Infinity];
  let area = 0;
  for (let k = 0; k < rounds; k++) {
    const many = await fitSeconds(examples, 'ftrl', PASSES);
    one = Math.min(one, (await fitSeconds(examples, 'ftrl', 1)).seconds);
    whole = Math.min(whole, many.seconds);
    area = many.area;
    plain = Math.min(plain, plainPassSeconds(examples));
  }
  const pass = (whole - one) / (PASSES - 1);
  return {
    ftrlMillionRowsPerSecond: millions(rows, pass),
    ftrlWholeFitMillionRowsPerSecond: millions(rows * PASSES, whole),
    baselinePlainLoopMillionRowsPerSecond: millions(rows, plain),
    ratioToBaseline: round(plain / pass),
    ftrlAreaUnderCurve: round(area),
  };
}

async function measuredBatch(examples: Labelled, rounds: number): Promise<Record<string, unknown>> {
  let best = { seconds: Infinity, area: 0, passes: 0 };
  for (let k = 0; k < rounds; k++) {
    const fit = await fitSeconds(examples, 'batch', 200);
    if (fit.seconds < best.seconds) best = fit;
  }
  return {
    batchFitMs: round(1000 * best.seconds),
    batchIterations: best.passes,
    batchWholeFitMillionRowsPerSecond: millions(examples.rows * best.passes, best.seconds),
    batchAreaUnderCurve: round(best.area),
  };
}

async function fitSeconds(examples: Labelled, learning: 'ftrl' | 'batch', epochs: number) {
  const model = logisticModel.fresh(examples.encoder);
  const before = process.cpuUsage();
  const { passes } = await model.fit(examples, { rng: createRng(1), learning, epochs });
  const seconds = secondsSince(before);
  const p = new Float64Array(examples.rows);
  model.predict(examples.batch, examples.rows, p);
  return { seconds, passes, area: areaUnderCurve(p, examples.labels, examples.weights) };
}

/** FTRL-proximal as its paper writes it, row by row, over columns that have mean 0 and deviation 1 already. */
function plainPassSeconds({ batch, labels, rows, encoder }: Labelled): number {
  const [alpha, beta, l2] = [0.1, 1, 1];
  const { denseWidth, sparseWidth } = encoder;
  const size = denseWidth + (sparseWidth > 0 ? encoder.buckets : 0);
  const [w, z, n] = [new Float64Array(size), new Float64Array(size), new Float64Array(size)];
  const move = (i: number, g: number): void => {
    const sigma = (Math.sqrt(n[i] + g * g) - Math.sqrt(n[i])) / alpha;
    z[i] += g - sigma * w[i];
    n[i] += g * g;
    w[i] = -z[i] / ((beta + Math.sqrt(n[i])) / alpha + l2);
  };
  const before = process.cpuUsage();
  for (let r = 0; r < rows; r++) {
    let score = 0;
    for (let j = 0; j < denseWidth; j++) score += w[j] * batch.dense[r * denseWidth + j];
    for (let s = 0; s < sparseWidth; s++) score += w[denseWidth + batch.sparse[r * sparseWidth + s]];
    const error = 1 / (1 + Math.exp(-score)) - labels[r];
    for (let j = 0; j < denseWidth; j++) move(j, error * batch.dense[r * denseWidth + j]);
    for (let s = 0; s < sparseWidth; s++) move(denseWidth + batch.sparse[r * sparseWidth + s], error);
  }
  return secondsSince(before);
}

function secondsSince(before: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function millions(rows: number, seconds: number): number {
  return round(rows / seconds / 1e6);
}

/** Normal columns; slots with vocabularies of 4 to 50,000 values, popular ones first (rank⁻¹), hashed. */
function examplesOf(rows: number, denseWidth: number, sparseWidth: number): Labelled {
  const encoder: EncoderShape = {
    hash: `bench-${denseWidth}-${sparseWidth}`,
    denseWidth,
    sparseWidth,
    buckets: BUCKETS,
    denseNames: Array.from({ length: denseWidth }, (_, j) => `x${j}`),
    sparseNames: Array.from({ length: sparseWidth }, (_, s) => `s${s}`),
  };
  const rng = createRng(1);
  const batch = createBatch(encoder, rows);
  const labels = new Float32Array(rows);
  for (let r = 0; r < rows; r++) {
    let logit = -1;
    for (let j = 0; j < denseWidth; j++) {
      const x = rng.normal();
      batch.dense[r * denseWidth + j] = x;
      logit += 0.25 * Math.cos(3 * j) * x;
    }
    for (let s = 0; s < sparseWidth; s++) {
      const vocabulary = Math.round(4 * 12_500 ** (s / (sparseWidth - 1)));
      const value = Math.floor(vocabulary ** rng.uniform());
      const bucket = 1 + ((Math.imul(value + 1000 * s, 0x9e3779b1) >>> 8) % (BUCKETS - 1));
      batch.sparse[r * sparseWidth + s] = bucket;
      logit += 0.3 * Math.sin(bucket);
    }
    labels[r] = rng.uniform() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
  }
  return { batch, labels, weights: new Float32Array(rows).fill(1), rows, encoder };
}

const SCIKIT_LEARN = `
import json, sys, time
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
x = np.fromfile(sys.argv[1], dtype=np.float32).reshape(-1, int(sys.argv[3]))
y = np.fromfile(sys.argv[2], dtype=np.float32)
started = time.process_time()
model = LogisticRegression(C=1.0, max_iter=200).fit(x, y)
seconds = time.process_time() - started
print(json.dumps({"ms": 1000 * seconds, "iterations": int(model.n_iter_[0]), "area": roc_auc_score(y, model.predict_proba(x)[:, 1])}))
`;

function scikitLearn({ batch, labels }: Examples, python: string): Record<string, unknown> {
  const dir = mkdtempSync(join(tmpdir(), 'train-logistic-'));
  try {
    writeFileSync(join(dir, 'x'), batch.dense);
    writeFileSync(join(dir, 'y'), labels);
    const argv = ['-c', SCIKIT_LEARN, join(dir, 'x'), join(dir, 'y'), String(batch.denseWidth)];
    const printed = execFileSync(python, argv, { encoding: 'utf8' });
    const { ms, iterations, area } = JSON.parse(printed) as { ms: number; iterations: number; area: number };
    return {
      scikitLearnFitMs: round(ms),
      scikitLearnIterations: iterations,
      scikitLearnAreaUnderCurve: round(area),
    };
  } finally {
    rmSync(dir, { recursive: true });
  }
}
