/**
 * One pass over the data as a contextual bandit: a row is a context, a class an action; whether the chosen class was right
 * is revealed, and nothing of the others. The loss is 1 for a wrong choice.
 */
import { setImmediate as breathe } from 'node:timers/promises';
import { createRng, noiseRace, noiseStream, type Rng, type Seed, shuffledOrder } from '../../base/index.ts';
import { createBatch, type FeatureBatch } from '../../features/index.ts';
import { type EnsembleModel, isEnsemble, isOnline, type Learner, type RewardModel } from '../../models/index.ts';
import { type Policy, stepEvidence } from '../../policy/index.ts';
import type { ClassificationData } from './data.ts';
import { type ContextOptions, createContextEncoder } from './encoder.ts';

export interface OrderOptions {
  /** Number of the order, from 0. */
  readonly order: number;
  readonly seed: number;
  readonly policy: Policy;
  readonly model: (encoder: ReturnType<typeof createContextEncoder>['shape']) => Learner;
  /** Taken by fits of families that do not learn online. */
  readonly fitOptions: Readonly<Record<string, unknown>>;
  readonly importance: 'inverse' | 'none';
  readonly context: Partial<ContextOptions>;
  readonly signal?: AbortSignal | undefined;
  /** Called with the rows done, now and then. */
  readonly onRows?: ((rows: number) => void) | undefined;
}

export interface OrderResult {
  /** Cumulative loss after each row. */
  readonly losses: Uint32Array;
}

/** Rows between two looks at whether to stop. */
const SLICE_ROWS = 128;
/** A family that does not learn online is fitted anew whenever it has so many rows, and then twice as many. */
const FIRST_FIT_ROWS = 64;
/** No choice weighs more than this: below it a probability is a floor that hardly ever comes up. */
const LEAST_PROBABILITY = 1e-3;

/** The rows in the order of this number: a seeded shuffle (Fisher and Yates). */
export function orderOf(rows: number, seed: number, order: number): Uint32Array {
  return shuffledOrder(rows, createRng(seed).fork(order));
}

/** Everything is a function of the data, the seed and the order. Rejects with the signal's reason. */
export async function runOrder(data: ClassificationData, options: OrderOptions): Promise<OrderResult> {
  const { policy, seed, order, signal } = options;
  const encoder = createContextEncoder(data, options.context);
  const { shape, actions } = encoder;
  const model = options.model(shape);
  const learning = isOnline(model)
    ? onlineLearning(model)
    : batchLearning(model, createBatch(shape, data.rows), options, createRng(seed).fork(order).fork(2));
  const batch = createBatch(shape, actions);
  const chosenRow = createBatch(shape, 1);
  const scores = new Float64Array(actions);
  const probabilities = new Float64Array(actions);
  const labels = Uint32Array.from({ length: actions }, (_, k) => k);
  const drawSeed = seedOf(seed, order);
  const readEvidence = evidenceReader(policy, model, actions, scores, drawSeed);
  const losses = new Uint32Array(data.rows);
  let lost = 0;
  for (const [t, row] of orderOf(data.rows, seed, order).entries()) {
    if (t % SLICE_ROWS === 0) {
      options.onRows?.(t);
      await breathe();
      signal?.throwIfAborted();
    }
    encoder.observe(row);
    encoder.fill(batch);
    policy.card(scores, actions, probabilities, readEvidence(batch, t));
    const action = noiseRace(probabilities, labels, actions, noiseStream(drawSeed, t, 0));
    const isRight = action === data.labels[row];
    if (!isRight) lost++;
    losses[t] = lost;
    copyRow(batch, action, chosenRow);
    const weight =
      options.importance === 'none' ? 1 : 1 / (actions * Math.max(LEAST_PROBABILITY, probabilities[action]));
    await learning(chosenRow, isRight ? 1 : 0, weight);
  }
  options.onRows?.(data.rows);
  return { losses };
}

function seedOf(seed: number, order: number): Seed {
  const rng = createRng(seed).fork(order).fork(1);
  return Uint32Array.from({ length: 4 }, () => rng.uint32());
}

function copyRow(from: FeatureBatch, row: number, to: FeatureBatch, at = 0): void {
  const { denseWidth, sparseWidth } = from;
  to.dense.set(from.dense.subarray(row * denseWidth, (row + 1) * denseWidth), at * denseWidth);
  to.sparse.set(from.sparse.subarray(row * sparseWidth, (row + 1) * sparseWidth), at * sparseWidth);
}

type Learn = (row: FeatureBatch, reward: number, weight: number) => Promise<void> | void;

function onlineLearning(model: {
  update: (batch: FeatureBatch, labels: Float32Array, weights: Float32Array, rows: number) => void;
}): Learn {
  const label = new Float32Array(1);
  const weightOfRow = new Float32Array(1);
  return (row, reward, weight) => {
    label[0] = reward;
    weightOfRow[0] = weight;
    model.update(row, label, weightOfRow, 1);
  };
}

function batchLearning(model: Learner, batch: FeatureBatch, options: OrderOptions, rng: Rng): Learn {
  const labels = new Float32Array(batch.rows);
  const weights = new Float32Array(batch.rows);
  let rows = 0;
  let next = FIRST_FIT_ROWS;
  return async (row, reward, weight) => {
    copyRow(row, 0, batch, rows);
    labels[rows] = reward;
    weights[rows] = weight;
    rows++;
    if (rows < next) return;
    next *= 2;
    await model.fit(
      { batch, labels, weights, rows },
      {
        ...options.fitOptions,
        rng: rng.fork(rows),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
    );
  };
}

/** Writes the scores, and reads of the model what the policy asks for beside them. */
function evidenceReader(policy: Policy, model: RewardModel, actions: number, scores: Float64Array, drawSeed: Seed) {
  const { kind, draws } = policy.needs;
  const given = {
    deviations: new Float64Array(kind === 'deviations' ? actions : 0),
    sensitivities: new Float64Array(kind === 'sensitivities' ? actions : 0),
    draws: new Float64Array(draws * actions),
    drawCount: draws,
  };
  const seed = drawSeed.slice();
  const ofMember = new Float64Array(kind === 'replicas' ? actions : 0);
  const readReplicas = (ensemble: EnsembleModel, batch: FeatureBatch): void => {
    scores.fill(0);
    for (let m = 0; m < draws; m++) {
      ensemble.member(m).predict(batch, actions, ofMember);
      for (let k = 0; k < actions; k++) {
        given.draws[k * draws + m] = ofMember[k];
        scores[k] += ofMember[k];
      }
    }
    // What the ensemble predicts, without asking each member twice.
    for (let k = 0; k < actions; k++) scores[k] /= draws;
  };
  return (batch: FeatureBatch, learned: number) => {
    if (kind === 'replicas' && isEnsemble(model)) readReplicas(model, batch);
    else model.predict(batch, actions, scores);
    const { uncertainty } = model;
    if (kind === 'deviations') uncertainty?.deviations(batch, actions, given.deviations);
    if (kind === 'sensitivities') model.sensitivities?.(batch, actions, given.sensitivities);
    if (kind === 'draws' && uncertainty !== undefined) {
      seed[0] = learned;
      // A context's actions and no others are compared with each other: their joint distribution is all that counts.
      if (uncertainty.drawTogether === undefined) uncertainty.draw(batch, actions, seed, draws, given.draws);
      else uncertainty.drawTogether(batch, actions, seed, draws, given.draws);
    }
    return stepEvidence(scores, { ...given, learned });
  };
}

/** Why a policy cannot go with a model, or null. */
export function whyUnfit(policy: Policy, model: RewardModel): string | null {
  const { kind } = policy.needs;
  const isThere =
    kind === 'none' ||
    (kind === 'replicas'
      ? isEnsemble(model)
      : kind === 'sensitivities'
        ? model.sensitivities !== undefined
        : model.uncertainty !== undefined);
  return isThere ? null : `${policy.id} needs ${kind}, which ${model.family} does not give`;
}
