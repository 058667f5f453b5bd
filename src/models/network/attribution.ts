/**
 * What each input of a network adds to a row's logit: DeepLIFT with the rescale rule (Shrikumar, Greenside & Kundaje 2017,
 * "Learning important features through propagating activation differences"), the reference being a row of zeros: columns at
 * their means, nothing missing, no slots.
 *
 * A unit passes on (max(0, z) - max(0, z°)) / (z - z°) of a difference, z° being its sum for the reference; linear parts pass
 * on their weights. So the contributions multiplier · input sum to the difference of the two logits exactly, whatever the
 * network, in one pass forwards and one backwards; a gradient would say nothing of a unit that is saturated.
 */
import type { Network } from '../../kernels/index.ts';
import type { NetworkLayer } from './parameters.ts';

/** Differences of sums below this are no differences: the unit passes on its derivative. */
const LEAST_DIFFERENCE = 1e-9;

/** The sums of each hidden layer before its ReLU, in 64 bits. */
function sumsOf(layers: readonly NetworkLayer[], inputs: Float64Array): readonly Float64Array[] {
  let before = inputs;
  return layers.map(({ weights, bias }) => {
    const units = bias.length;
    const sums = Float64Array.from(bias);
    for (let k = 0; k < before.length; k++) {
      const x = before[k];
      if (x !== 0) for (let n = 0; n < units; n++) sums[n] += x * weights[k * units + n];
    }
    before = sums.map((z) => Math.max(0, z));
    return sums;
  });
}

/** Logit of the reference. */
export function baselineLogit(
  layers: readonly NetworkLayer[],
  { outputWeights, outputBias }: Pick<Network, 'outputWeights' | 'outputBias'>,
): number {
  const inputs = layers[0].weights.length / layers[0].bias.length;
  const last = sumsOf(layers, new Float64Array(inputs))[layers.length - 1];
  return last.reduce((sum, z, k) => sum + Math.max(0, z) * outputWeights[k], outputBias);
}

/** By input: what the logit differs from that of the reference per unit that the input differs from 0. */
export function multipliers(
  layers: readonly NetworkLayer[],
  { outputWeights }: Pick<Network, 'outputWeights'>,
  inputs: Float64Array,
): Float64Array {
  const sums = sumsOf(layers, inputs);
  const reference = sumsOf(layers, new Float64Array(inputs.length));
  let above = Float64Array.from(outputWeights);
  for (let layer = layers.length - 1; layer >= 0; layer--) {
    const { weights } = layers[layer];
    const units = above.length;
    for (let n = 0; n < units; n++) above[n] *= rescale(sums[layer][n], reference[layer][n]);
    const below = new Float64Array(weights.length / units);
    for (let k = 0; k < below.length; k++) {
      let sum = 0;
      for (let n = 0; n < units; n++) sum += weights[k * units + n] * above[n];
      below[k] = sum;
    }
    above = below;
  }
  return above;
}

function rescale(z: number, reference: number): number {
  const difference = z - reference;
  if (Math.abs(difference) < LEAST_DIFFERENCE) return z > 0 ? 1 : 0;
  return (Math.max(0, z) - Math.max(0, reference)) / difference;
}
