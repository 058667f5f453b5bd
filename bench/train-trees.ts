/**
 * Boosted trees, with sample weights, beside XGBoost's hist method on the same rows with the same settings and threads, turn by
 * turn; both bin the columns within the measured time. XGBoost runs where `--python` names an interpreter that has it. The
 * processor's time of all threads is printed beside the clock's: other work of the machine counts less there.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { createRng } from '../src/base/index.ts';
import { createBatch, type EncoderShape } from '../src/features/index.ts';
import { areaUnderCurve, type Examples, treesModel } from '../src/models/index.ts';
import { freshDir } from './harness.ts';
import { round } from './load.ts';

const ROWS = 200_000;
const HELD_ROWS = 50_000;
const COLUMNS = 50;
const TREES = 100;
const DEPTH = 6;
const THREADS = 2;
const ROUNDS = 3;

interface Fit {
  readonly wallMs: number;
  readonly cpuMs: number;
  /** Over rows that were not learnt from. */
  readonly area: number;
}

export async function benchTrainTrees(python: string | undefined): Promise<Record<string, unknown>> {
  const train = bentExamples(ROWS, 1);
  const held = bentExamples(HELD_ROWS, 2);
  const baseline = python === undefined ? undefined : startXgboost(python, train, held);
  const ours: Fit[] = [];
  const theirs: Fit[] = [];
  for (let turn = 0; turn < ROUNDS; turn++) {
    ours.push(await ownFit(train, held));
    if (baseline !== undefined) theirs.push(await baseline.fit());
  }
  baseline?.stop();
  const least = (fits: readonly Fit[], of: 'wallMs' | 'cpuMs'): number => Math.min(...fits.map((fit) => fit[of]));
  return {
    rows: ROWS,
    columns: COLUMNS,
    trees: TREES,
    depth: DEPTH,
    threads: THREADS,
    treesMs: round(least(ours, 'wallMs')),
    treesCpuMs: round(least(ours, 'cpuMs')),
    areaUnderCurve: ours[0].area,
    ...(baseline === undefined
      ? { baseline: 'none: name a Python that has xgboost by --python' }
      : {
          baselineXgboost: baseline.version(),
          baselineXgboostMs: round(least(theirs, 'wallMs')),
          baselineXgboostCpuMs: round(least(theirs, 'cpuMs')),
          baselineAreaUnderCurve: theirs[0].area,
          ratioToBaseline: round(least(ours, 'wallMs') / least(theirs, 'wallMs')),
          cpuRatioToBaseline: round(least(ours, 'cpuMs') / least(theirs, 'cpuMs')),
        }),
  };
}

async function ownFit(train: Examples, held: Examples): Promise<Fit> {
  const encoder: EncoderShape = {
    hash: 'bench',
    denseWidth: COLUMNS,
    sparseWidth: 0,
    buckets: 2,
    denseNames: Array.from({ length: COLUMNS }, (_, j) => `column ${j}`),
    sparseNames: [],
  };
  const model = treesModel.fresh(encoder, { trees: TREES, maxDepth: DEPTH });
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  await model.fit(train, { rng: createRng(1), threads: THREADS });
  const wallMs = performance.now() - startMs;
  const { user, system } = process.cpuUsage(cpu);
  const scores = new Float64Array(held.rows);
  model.predict(held.batch, held.rows, scores);
  return { wallMs, cpuMs: (user + system) / 1000, area: areaUnderCurve(scores, held.labels, held.weights) };
}

interface Xgboost {
  fit(): Promise<Fit>;
  version(): string;
  stop(): void;
}

function startXgboost(python: string, train: Examples, held: Examples): Xgboost {
  const folder = freshDir('train-trees');
  mkdirSync(folder);
  writeFileSync(`${folder}/x`, train.batch.dense);
  writeFileSync(`${folder}/y`, train.labels);
  writeFileSync(`${folder}/w`, train.weights);
  writeFileSync(`${folder}/held`, held.batch.dense);
  const script = fileURLToPath(new URL('./xgboost_baseline.py', import.meta.url));
  const settings = [folder, COLUMNS, TREES, DEPTH, THREADS].map(String);
  const child: ChildProcessWithoutNullStreams = spawn(python, [script, ...settings]);
  child.stderr.pipe(process.stderr);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  let version = '';
  return {
    version: () => version,
    async fit() {
      child.stdin.write('\n');
      const { value, done } = await lines.next();
      if (done) throw new Error(`${python} has ended: has it xgboost?`);
      const said = JSON.parse(value) as { wallMs: number; cpuMs: number; version: string };
      version = said.version;
      const scores = Float64Array.from(new Float32Array(new Uint8Array(readFileSync(`${folder}/scores`)).buffer));
      return { ...said, area: areaUnderCurve(scores, held.labels, held.weights) };
    },
    stop: () => void child.stdin.end(),
  };
}

/** Normal columns; labels by a sum, a product, a wave and a step of some of them. */
function bentExamples(rows: number, seed: number): Examples {
  const rng = createRng(seed);
  const batch = createBatch({ denseWidth: COLUMNS, sparseWidth: 0 }, rows);
  const labels = new Float32Array(rows);
  const weights = new Float32Array(rows);
  for (let r = 0; r < rows; r++) {
    const x = batch.dense.subarray(r * COLUMNS, (r + 1) * COLUMNS);
    for (let j = 0; j < COLUMNS; j++) x[j] = rng.normal();
    let logit = x[0] + 0.8 * x[1] * x[2] + Math.sin(2 * x[3]) + (x[4] > 0 ? 0.5 * x[5] : 0) - 1;
    for (let j = 6; j < 16; j++) logit += 0.15 * x[j];
    labels[r] = rng.uniform() < 1 / (1 + Math.exp(-logit)) ? 1 : 0;
    weights[r] = 0.5 + rng.uniform();
  }
  return { batch, labels, weights, rows };
}
