/**
 * A model of a file of labelled rows, measured on rows that it has not seen: for comparing our trainers with others on the
 * same split. Several classes are learnt one against the rest, and their probabilities scaled to sum to 1.
 */
import { contentHash, createRng, requireRange, shuffledOrder } from '../../base/index.ts';
import { createBatch, type EncoderShape, type FeatureBatch } from '../../features/index.ts';
import type { Examples, RewardModel } from '../../models/index.ts';
import { fitModel, type ResolvedSpec } from '../../platform/index.ts';
import type { ClassificationData } from './data.ts';

export interface HoldoutOptions {
  /** Share of the rows that only measure, (0, 0.9]. */
  readonly holdout: number;
  /** Share of the others that only tune: early stopping, calibration; [0, 0.9]. */
  readonly tuning: number;
  /** Of the split and of the fits. */
  readonly seed: number;
}

export interface HoldoutFigures {
  /** Share of the rows whose most probable class is theirs. */
  readonly accuracy: number;
  /** Mean -ln(probability of the row's class), nats. */
  readonly logLoss: number;
}

export interface HoldoutReport extends HoldoutFigures {
  readonly rows: { readonly train: number; readonly tune: number; readonly holdout: number };
  readonly classes: number;
  readonly columns: number;
  /** Says the share of each class among the training rows, always. */
  readonly constant: HoldoutFigures;
  readonly seconds: number;
}

/** Rows by their places in the file, 0 the first. */
export interface Split {
  readonly train: Uint32Array;
  readonly tune: Uint32Array;
  readonly holdout: Uint32Array;
}

/** The same for the same number of rows and seed. Throws `OPTION_INVALID`. */
export function splitRows(rows: number, { holdout, tuning, seed }: HoldoutOptions): Split {
  requireRange('train', 'holdout', holdout, 1e-6, 0.9);
  requireRange('train', 'tuning', tuning, 0, 0.9);
  const order = shuffledOrder(rows, createRng(seed));
  const measured = Math.max(1, Math.round(rows * holdout));
  const tuned = measured + Math.round((rows - measured) * tuning);
  return { holdout: order.slice(0, measured), tune: order.slice(measured, tuned), train: order.slice(tuned) };
}

/** Numbers as dense columns, categories as slots, every category a bucket of its own. */
function shapeOf({ columns }: ClassificationData): EncoderShape & { readonly firstBucket: readonly number[] } {
  const firstBucket: number[] = [];
  let used = 1;
  for (const column of columns) {
    firstBucket.push(used);
    if (column.kind === 'category') used += column.categories.length;
  }
  const namesOf = (kind: 'numeric' | 'category'): string[] =>
    columns.flatMap((column) => (column.kind === kind ? [column.name] : []));
  const [denseNames, sparseNames] = [namesOf('numeric'), namesOf('category')];
  return {
    hash: contentHash(JSON.stringify([denseNames, sparseNames, used])),
    denseWidth: denseNames.length,
    sparseWidth: sparseNames.length,
    buckets: 2 ** Math.ceil(Math.log2(Math.max(2, used))),
    denseNames,
    sparseNames,
    firstBucket,
  };
}

function encode(data: ClassificationData, shape: ReturnType<typeof shapeOf>, rows: Uint32Array): FeatureBatch {
  const batch = createBatch(shape, rows.length);
  let dense = 0;
  let slot = 0;
  for (const [c, column] of data.columns.entries()) {
    if (column.kind === 'numeric') {
      for (let k = 0; k < rows.length; k++) batch.dense[k * shape.denseWidth + dense] = column.amounts[rows[k]];
      dense++;
    } else {
      for (let k = 0; k < rows.length; k++) {
        const code = column.codes[rows[k]];
        batch.sparse[k * shape.sparseWidth + slot] = code === 0 ? 0 : shape.firstBucket[c] + code - 1;
      }
      slot++;
    }
  }
  return batch;
}

/** Throws `EXAMPLES_INVALID` where a class is not among the rows to learn from. */
export async function trainHeldOut(
  data: ClassificationData,
  spec: ResolvedSpec,
  options: HoldoutOptions,
  run: {
    readonly onProgress: (share: number, note: string) => void;
    readonly signal: AbortSignal;
    readonly secondsNow: () => number;
  },
): Promise<HoldoutReport> {
  const split = splitRows(data.rows, options);
  const shape = shapeOf(data);
  const [train, tune, measured] = [split.train, split.tune, split.holdout].map((rows) => ({
    rows,
    batch: encode(data, shape, rows),
  }));
  const examplesOf = ({ rows, batch }: typeof train, wanted: number): Examples => ({
    batch,
    labels: Float32Array.from(rows, (row) => Number(data.labels[row] === wanted)),
    weights: new Float32Array(rows.length).fill(1),
    rows: rows.length,
  });
  const startS = run.secondsNow();
  const classes = data.classes.length;
  // Of two classes one model tells both.
  const wanted = classes === 2 ? [1] : data.classes.map((_, k) => k);
  const models: RewardModel[] = [];
  for (const [done, k] of wanted.entries()) {
    const { model } = await fitModel(spec, shape, examplesOf(train, k), examplesOf(tune, k), {
      seed: options.seed,
      onProgress: (share) => run.onProgress((done + share) / wanted.length, `class ${data.classes[k]}`),
      signal: run.signal,
    });
    models.push(model);
  }
  const seconds = run.secondsNow() - startS;

  const scores = models.map((model) => {
    const p = new Float64Array(measured.rows.length);
    model.predict(measured.batch, p.length, p);
    return p;
  });
  const shares = new Float64Array(classes);
  for (const row of split.train) shares[data.labels[row]] += 1 / split.train.length;
  const labels = Uint32Array.from(measured.rows, (row) => data.labels[row]);
  return {
    ...figuresOf(labels, classes, (r, k) =>
      classes === 2 ? (k === 1 ? scores[0][r] : 1 - scores[0][r]) : scores[k][r],
    ),
    rows: { train: split.train.length, tune: split.tune.length, holdout: split.holdout.length },
    classes,
    columns: data.columns.length,
    constant: figuresOf(labels, classes, (_, k) => shares[k]),
    seconds,
  };
}

/** As others cut them, so that one wrong certainty is not everything. */
const LEAST = 1e-15;

function figuresOf(labels: Uint32Array, classes: number, scoreOf: (row: number, k: number) => number): HoldoutFigures {
  let right = 0;
  let loss = 0;
  for (let r = 0; r < labels.length; r++) {
    let best = 0;
    let sum = 0;
    for (let k = 0; k < classes; k++) {
      sum += scoreOf(r, k);
      if (scoreOf(r, k) > scoreOf(r, best)) best = k;
    }
    if (best === labels[r]) right++;
    loss -= Math.log(Math.max(LEAST, scoreOf(r, labels[r]) / sum));
  }
  return { accuracy: right / labels.length, logLoss: loss / labels.length };
}
