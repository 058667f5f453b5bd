/** How good predicted probabilities are. All weighted by sample. */
import { logLossOf } from './sigmoid.ts';

/** Mean log loss, nats; 0 is perfect, ln 2 is a coin. */
export function logLoss(p: Float64Array, labels: Float32Array, weights: Float32Array): number {
  let loss = 0;
  let total = 0;
  for (let r = 0; r < p.length; r++) {
    loss += weights[r] * logLossOf(p[r], labels[r]);
    total += weights[r];
  }
  return loss / total;
}

/** Mean squared error of the probabilities (Brier 1950), 0 to 1; a constant prediction of the rate q scores q (1 - q). */
export function brierScore(p: Float64Array, labels: Float32Array, weights: Float32Array): number {
  let loss = 0;
  let total = 0;
  for (let r = 0; r < p.length; r++) {
    loss += weights[r] * (p[r] - labels[r]) ** 2;
    total += weights[r];
  }
  return loss / total;
}

/**
 * Area under the receiver operating characteristic: P(score of a positive > score of a negative), ties counting half.
 * A label between 0 and 1 counts as positive and negative by its share. NaN when one class is missing.
 */
export function areaUnderCurve(p: Float64Array, labels: Float32Array, weights: Float32Array): number {
  const order = Uint32Array.from(p, (_, r) => r).sort((a, b) => p[a] - p[b]);
  let negativesBelow = 0;
  let positives = 0;
  let area = 0;
  for (let i = 0; i < order.length; ) {
    let tiedPositives = 0;
    let tiedNegatives = 0;
    const score = p[order[i]];
    for (; i < order.length && p[order[i]] === score; i++) {
      const r = order[i];
      tiedPositives += weights[r] * labels[r];
      tiedNegatives += weights[r] * (1 - labels[r]);
    }
    area += tiedPositives * (negativesBelow + tiedNegatives / 2);
    negativesBelow += tiedNegatives;
    positives += tiedPositives;
  }
  return area / (positives * negativesBelow);
}

/** Mean prediction over mean label: 1 is calibrated in the large. */
export function calibrationRatio(p: Float64Array, labels: Float32Array, weights: Float32Array): number {
  let predicted = 0;
  let observed = 0;
  for (let r = 0; r < p.length; r++) {
    predicted += weights[r] * p[r];
    observed += weights[r] * labels[r];
  }
  return predicted / observed;
}
