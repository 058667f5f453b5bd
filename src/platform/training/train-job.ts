/** One training, start to end: examples, fit, figures, and the card that tells of them. Writes nothing. */
import { ShelfwiseError } from '../../base/index.ts';
import type { EpochContent } from '../../domain/index.ts';
import {
  type ExaminationEstimate,
  examinationOfRows,
  loadModel,
  type RewardModel,
  withLearned,
} from '../../models/index.ts';
import { isUnreadable } from '../learn.ts';
import type { Workspace } from '../workspace.ts';
import { evaluateModel, importanceOf } from './evaluate.ts';
import { type ExampleSet, type ExamplesJob, gatherExamples, partOf, TRAIN, TUNE, VALIDATE } from './examples.ts';
import { type FitRun, fitModel } from './fit-model.ts';
import { fitWithExamination, tableOf } from './fit-position.ts';
import type { ModelCard } from './registry.ts';
import type { ResolvedSpec } from './report.ts';

export interface TrainJob extends ExamplesJob {
  readonly spec: ResolvedSpec;
  /** The model that serves, to compare with; '' for none. */
  readonly servingHash: string;
  /** Of this program. */
  readonly version: string;
}

/** What is stored of a model: two epochs and a card. */
export interface NewModel {
  readonly model: EpochContent;
  readonly learner: EpochContent | undefined;
  readonly card: ModelCard;
}

export async function trainJob(
  workspace: Workspace,
  job: TrainJob,
  onProgress: (stage: string, share: number) => void,
  secondsNow: () => number,
): Promise<NewModel> {
  const startS = secondsNow();
  const { encoder, ending } = workspace;
  const { spec, training } = job;
  const set = await gatherExamples(workspace, job, onProgress);
  const train = partOf(set, TRAIN);
  const tune = partOf(set, TUNE);
  const run: FitRun = {
    seed: training.seed,
    onProgress: (share) => onProgress('fit', share),
    signal: ending.signal,
  };
  const { position } = training;
  const fitted: { model: RewardModel; learner: EpochContent | undefined; estimate?: ExaminationEstimate } =
    position === 'none'
      ? await fitModel(spec, encoder, train, tune, run)
      : await fitWithExamination(position, spec, encoder, train, tune, run);
  const { model, learner, estimate } = fitted;
  onProgress('measure', 0);
  const rate = meanLabel(train);
  const counts = { train: train.rows, tune: tune.rows, validate: rowsOf(set, VALIDATE), history: set.historyRows };
  if (counts.validate === 0) throw new ShelfwiseError('EXAMPLES_INVALID', 'no row is left to measure on');
  const { quality, slices, reliability, servingReliability } = evaluateModel(
    set,
    VALIDATE,
    rate,
    model,
    servingModel(workspace, job.servingHash),
    estimate === undefined ? undefined : examinationOf(set, estimate),
  );
  const importance = importanceOf(set, VALIDATE, model);
  onProgress('measure', 1);
  return {
    model: withLearned(model.toEpoch(), train.rows),
    learner: learner && withLearned(learner, train.rows),
    card: {
      origin: 'trained',
      encoder: encoder.hash,
      exportable: model.toOnnx !== undefined,
      quality,
      slices,
      reliability,
      servingReliability,
      importance,
      lineage: {
        spec,
        training,
        examination: estimate === undefined ? null : tableOf(estimate),
        fromMs: set.fromMs,
        toMs: set.toMs,
        validationFromMs: set.validationFromMs,
        decisions: set.decisions,
        listeners: set.listeners,
        rows: counts,
        rate,
        clipped: set.clipped,
        effectiveRows: set.effectiveRows,
        leftOut: set.leftOut,
        encoder: encoder.hash,
        parent: job.servingHash,
        version: job.version,
        seconds: secondsNow() - startS,
      },
    },
  };
}

/** θ of each row's place. */
function examinationOf({ places, rows }: ExampleSet, estimate: ExaminationEstimate): Float64Array {
  const theta = new Float64Array(rows);
  examinationOfRows(estimate, places, rows, theta);
  return theta;
}

/** Undefined where none serves, or it does not read: there is nothing to compare with then. */
function servingModel({ epochs, encoder }: Workspace, hash: string): RewardModel | undefined {
  if (hash === '') return undefined;
  try {
    return loadModel(epochs.get(hash), encoder);
  } catch (error) {
    if (!isUnreadable(error)) throw error;
    return undefined;
  }
}

function meanLabel({ labels, weights, rows }: { labels: Float32Array; weights: Float32Array; rows: number }): number {
  let sum = 0;
  let total = 0;
  for (let r = 0; r < rows; r++) {
    sum += weights[r] * labels[r];
    total += weights[r];
  }
  return sum / total;
}

function rowsOf({ part }: ExampleSet, wanted: number): number {
  return part.reduce((count, own) => count + (own === wanted ? 1 : 0), 0);
}
