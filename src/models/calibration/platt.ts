/** Platt's calibration: a logistic regression of labels on scores. */
import { ShelfwiseError } from '../../base/index.ts';
import { sigmoid } from '../sigmoid.ts';
import type { Calibrator } from './calibrator.ts';

/** Newton's method takes five to ten rounds. */
const ROUNDS = 100;
/** Rows' worth of pull towards a slope of 1: decides only where the scores do not differ. */
const PULL = 1e-6;
const ENOUGH = 1e-12;

/**
 * h(z) = slope · z + shift, by maximum likelihood with Platt's targets (Platt 1999): a positive counts as
 * (P + 1) / (P + 2) and a negative as 1 / (N + 2), P and N being the weights of both; a label between counts as its mixture.
 * They keep the slope finite where scores part the labels. Weights count as repetitions: let their mean be about 1.
 *
 * Newton's method with step halving (Lin, Lin and Weng 2007), in double precision. Where the best slope is negative (scores
 * that order the wrong way round) it is 0, and all scores get the same probability: a calibrator never turns an order.
 *
 * @param z scores: logits of probabilities, or values, finite
 * Throws `EXAMPLES_INVALID` without a row of positive weight.
 */
export function fitPlatt(z: Float64Array, labels: Float32Array, weights: Float32Array): Calibrator {
  let positives = 0;
  let total = 0;
  for (let r = 0; r < z.length; r++) {
    positives += weights[r] * labels[r];
    total += weights[r];
  }
  if (!(total > 0)) throw new ShelfwiseError('EXAMPLES_INVALID', 'no row to calibrate on has a positive weight');
  const high = (positives + 1) / (positives + 2);
  const low = 1 / (total - positives + 2);
  const targets = Float64Array.from(labels.subarray(0, z.length), (label) => low + (high - low) * label);
  const rate = targets.reduce((sum, target, r) => sum + weights[r] * target, 0) / total;
  const flat = Math.log(rate / (1 - rate));
  const [slope, shift] = newton(z, targets, weights);
  const line = slope < 0 ? { slope: 0, at0: flat } : { slope, at0: shift };
  return { method: 'platt', x: Float64Array.of(0), y: Float64Array.of(line.at0), outerSlope: line.slope };
}

function newton(z: Float64Array, targets: Float64Array, weights: Float32Array): [slope: number, shift: number] {
  const loss = (slope: number, shift: number): number => {
    let sum = (PULL / 2) * (slope - 1) ** 2;
    for (let r = 0; r < z.length; r++) {
      const logit = slope * z[r] + shift;
      sum += weights[r] * (Math.max(logit, 0) + Math.log1p(Math.exp(-Math.abs(logit))) - targets[r] * logit);
    }
    return sum;
  };
  let slope = 1;
  let shift = 0;
  let value = loss(slope, shift);
  for (let round = 0; round < ROUNDS; round++) {
    let g0 = PULL * (slope - 1);
    let g1 = 0;
    let h00 = PULL;
    let h01 = 0;
    let h11 = ENOUGH;
    for (let r = 0; r < z.length; r++) {
      const p = sigmoid(slope * z[r] + shift);
      const error = weights[r] * (p - targets[r]);
      const curvature = weights[r] * p * (1 - p);
      g0 += error * z[r];
      g1 += error;
      h00 += curvature * z[r] * z[r];
      h01 += curvature * z[r];
      h11 += curvature;
    }
    const determinant = h00 * h11 - h01 * h01;
    const step0 = (h11 * g0 - h01 * g1) / determinant;
    const step1 = (h00 * g1 - h01 * g0) / determinant;
    const descent = g0 * step0 + g1 * step1;
    if (!(descent > ENOUGH * (1 + Math.abs(value)))) break;
    let size = 1;
    let next = loss(slope - step0, shift - step1);
    while (!(next <= value - 1e-4 * size * descent) && size > 1e-10) {
      size /= 2;
      next = loss(slope - size * step0, shift - size * step1);
    }
    if (!(next < value)) break;
    slope -= size * step0;
    shift -= size * step1;
    value = next;
  }
  return [slope, shift];
}
