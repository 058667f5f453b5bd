import type { EncoderShape } from '../../features/index.ts';
import { exportLinear, type LinearParameters } from './export-linear.ts';
import type { ExportedModel } from './export-model.ts';

/** Logistic regression: the linear form under a sigmoid. `crosses` are pairs of slot numbers. */
export function exportLogistic(
  encoder: EncoderShape,
  model: ExportedModel,
  weights: LinearParameters,
  crosses: readonly (readonly [number, number])[] = [],
): Uint8Array {
  return exportLinear(encoder, model, weights, { link: 'logit', crosses });
}
