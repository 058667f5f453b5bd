/**
 * Scores of a softmax policy as functions of parameters, with their gradients.
 *
 *   linear: s_a = b_a + W_a · x̃                       parameters [b, W] of K (1 + d)
 *   mlp:    s_a = b_a + W_a · tanh(c + U x̃)           parameters [b, c, W, U]
 *
 * x̃ is the context with each column brought to mean 0 and deviation 1 over the log that is learnt from. Biases come first and
 * are not penalised.
 */
import type { Rng } from '../../base/index.ts';
import type { ContextualLog } from '../nuisance/index.ts';
import type { ActionScores } from './contextual-policy.ts';

export interface Scorer {
  readonly actions: number;
  readonly size: number;
  /** Parameters that are not penalised: the first. */
  readonly free: number;
  /** Where a search begins. */
  start(rng: Rng): Float64Array;
  /** out[i * actions + a] = s_a of row i of the log. */
  forward(parameters: Float64Array, out: Float64Array): void;
  /** gradient += Σ_i Σ_a slopes[i * actions + a] ∂ s_a(x_i) / ∂ parameters, at the parameters of the last `forward`. */
  backward(parameters: Float64Array, slopes: Float64Array, gradient: Float64Array): void;
  /** Scores at these parameters, for any contexts. */
  frozen(parameters: Float64Array): ActionScores;
}

interface Standard {
  readonly means: Float64Array;
  readonly inverses: Float64Array;
}

function standardOf({ rows, contextWidth, contexts }: ContextualLog, isAsked: boolean): Standard {
  const means = new Float64Array(contextWidth);
  const inverses = new Float64Array(contextWidth).fill(1);
  if (!isAsked) return { means, inverses };
  for (let j = 0; j < contextWidth; j++) {
    let sum = 0;
    for (let i = 0; i < rows; i++) sum += contexts[i * contextWidth + j];
    means[j] = sum / rows;
    let squares = 0;
    for (let i = 0; i < rows; i++) squares += (contexts[i * contextWidth + j] - means[j]) ** 2;
    const deviation = Math.sqrt(squares / rows);
    // A column that hardly moves must not be blown up by one row that does.
    if (deviation > 1e-6) inverses[j] = 1 / Math.max(0.05, deviation);
  }
  return { means, inverses };
}

function standardised(contexts: Float64Array, rows: number, width: number, { means, inverses }: Standard) {
  const out = new Float64Array(rows * width);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < width; j++) out[i * width + j] = (contexts[i * width + j] - means[j]) * inverses[j];
  }
  return out;
}

/** out[i * outputs + k] = biases[k] + weights_k · x_i. */
function affine(
  x: Float64Array,
  rows: number,
  inputs: number,
  biases: Float64Array,
  weights: Float64Array,
  out: Float64Array,
): void {
  const outputs = biases.length;
  for (let i = 0; i < rows; i++) {
    const from = i * inputs;
    for (let k = 0; k < outputs; k++) {
      let sum = biases[k];
      const at = k * inputs;
      for (let j = 0; j < inputs; j++) sum += weights[at + j] * x[from + j];
      out[i * outputs + k] = sum;
    }
  }
}

/** Adds to the gradients of biases and weights; and writes those of x, where it is asked to. */
function affineBack(
  x: Float64Array,
  rows: number,
  inputs: number,
  weights: Float64Array,
  slopes: Float64Array,
  ofBiases: Float64Array,
  ofWeights: Float64Array,
  ofX: Float64Array | undefined,
): void {
  const outputs = ofBiases.length;
  ofX?.fill(0);
  for (let i = 0; i < rows; i++) {
    const from = i * inputs;
    for (let k = 0; k < outputs; k++) {
      const slope = slopes[i * outputs + k];
      if (slope === 0) continue;
      ofBiases[k] += slope;
      const at = k * inputs;
      for (let j = 0; j < inputs; j++) ofWeights[at + j] += slope * x[from + j];
      if (ofX !== undefined) for (let j = 0; j < inputs; j++) ofX[from + j] += slope * weights[at + j];
    }
  }
}

/** Starts at 0: the uniform policy. */
export function linearScorer(log: ContextualLog, standardise = true): Scorer {
  const { rows, actions, contextWidth } = log;
  const standard = standardOf(log, standardise);
  const x = standardised(log.contexts, rows, contextWidth, standard);
  const parts = (all: Float64Array) => [all.subarray(0, actions), all.subarray(actions)] as const;
  return {
    actions,
    size: actions * (1 + contextWidth),
    free: actions,
    start: () => new Float64Array(actions * (1 + contextWidth)),
    forward(parameters, out) {
      const [biases, weights] = parts(parameters);
      affine(x, rows, contextWidth, biases, weights, out);
    },
    backward(parameters, slopes, gradient) {
      const [ofBiases, ofWeights] = parts(gradient);
      affineBack(x, rows, contextWidth, parts(parameters)[1], slopes, ofBiases, ofWeights, undefined);
    },
    frozen(parameters) {
      const [biases, weights] = parts(parameters.slice());
      return {
        actions,
        contextWidth,
        scores(contexts, count, out) {
          affine(standardised(contexts, count, contextWidth, standard), count, contextWidth, biases, weights, out);
        },
      };
    },
  };
}

/** One hidden layer. Starts at seeded weights of the deviation 1 / √inputs (LeCun et al. 1998), its last layer at 0. */
export function mlpScorer(log: ContextualLog, hidden: number): Scorer {
  const { rows, actions, contextWidth } = log;
  const standard = standardOf(log, true);
  const x = standardised(log.contexts, rows, contextWidth, standard);
  const units = new Float64Array(rows * hidden);
  const ofUnits = new Float64Array(rows * hidden);
  const free = actions + hidden;
  const size = free + actions * hidden + hidden * contextWidth;
  const parts = (all: Float64Array) => ({
    biases: all.subarray(0, actions),
    hiddenBiases: all.subarray(actions, free),
    weights: all.subarray(free, free + actions * hidden),
    hiddenWeights: all.subarray(free + actions * hidden),
  });
  const layer = (of: ReturnType<typeof parts>, from: Float64Array, count: number, out: Float64Array): void => {
    affine(from, count, contextWidth, of.hiddenBiases, of.hiddenWeights, out);
    for (let k = 0; k < count * hidden; k++) out[k] = Math.tanh(out[k]);
  };
  return {
    actions,
    size,
    free,
    start(rng) {
      const parameters = new Float64Array(size);
      const { hiddenWeights } = parts(parameters);
      const deviation = 1 / Math.sqrt(Math.max(1, contextWidth));
      for (let k = 0; k < hiddenWeights.length; k++) hiddenWeights[k] = deviation * rng.normal();
      return parameters;
    },
    forward(parameters, out) {
      const of = parts(parameters);
      layer(of, x, rows, units);
      affine(units, rows, hidden, of.biases, of.weights, out);
    },
    backward(parameters, slopes, gradient) {
      const of = parts(parameters);
      const into = parts(gradient);
      affineBack(units, rows, hidden, of.weights, slopes, into.biases, into.weights, ofUnits);
      for (let k = 0; k < rows * hidden; k++) ofUnits[k] *= 1 - units[k] * units[k];
      affineBack(x, rows, contextWidth, of.hiddenWeights, ofUnits, into.hiddenBiases, into.hiddenWeights, undefined);
    },
    frozen(parameters) {
      const of = parts(parameters.slice());
      return {
        actions,
        contextWidth,
        scores(contexts, count, out) {
          const inner = new Float64Array(count * hidden);
          layer(of, standardised(contexts, count, contextWidth, standard), count, inner);
          affine(inner, count, hidden, of.biases, of.weights, out);
        },
      };
    },
  };
}
