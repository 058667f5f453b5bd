import { ShelfwiseError } from '../../base/index.ts';
import type { Calibrator } from '../calibration/calibrator.ts';
import type { RewardModel } from '../contract.ts';
import { type ExportedModel, encoderOfExport, exportModel, type ModelInputs, sumOf } from './export-model.ts';
import type { GraphBuilder, ValueName } from './graph-builder.ts';

/** The files of models within another. Throws `MODEL_NOT_EXPORTABLE` for one that has none. */
function filesOf(models: readonly RewardModel[]): readonly Uint8Array[] {
  return models.map((model) => {
    if (model.toOnnx !== undefined) return model.toOnnx();
    throw new ShelfwiseError('MODEL_NOT_EXPORTABLE', `a model of family ${model.family} within it has no ONNX form`);
  });
}

function inlined(graph: GraphBuilder, { dense, sparse }: ModelInputs, file: Uint8Array): ValueName {
  return graph.inline(file, {
    ...(dense === undefined ? {} : { dense }),
    ...(sparse === undefined ? {} : { sparse }),
  });
}

/** The mean of the members' scores: their graphs side by side. Throws `MODEL_NOT_EXPORTABLE` where a member cannot be written. */
export function exportEnsemble(model: ExportedModel, members: readonly RewardModel[]): Uint8Array {
  const files = filesOf(members);
  return exportModel(encoderOfExport(files[0]), model, (graph, inputs) => {
    const scores = files.map((file) => inlined(graph, inputs, file));
    return graph.node('Mul', [sumOf(graph, scores), graph.scalar(1 / members.length)]);
  });
}

/** Scores this near to 0 and 1 have no other logit in 32 bits. */
const NEAREST = 2 ** -24;

/**
 * Sigmoid(h(z)) of the score within, h being the calibrator's piecewise linear function: with knots x_0 .. x_k,
 *
 *   h(z) = y_0 + outer · min(z - x_0, 0) + Σ_i slope_i · clip(z - x_i, 0, x_i+1 - x_i) + outer · max(z - x_k, 0)
 *
 * Throws `MODEL_NOT_EXPORTABLE` where the model within cannot be written.
 */
export function exportCalibrated(
  model: ExportedModel,
  within: RewardModel,
  { x, y, outerSlope }: Calibrator,
): Uint8Array {
  const [file] = filesOf([within]);
  return exportModel(encoderOfExport(file), model, (graph, inputs) => {
    let z = inlined(graph, inputs, file);
    if ((within.scale ?? 'probability') === 'probability') {
      const p = graph.node('Clip', [z, graph.floats([], [NEAREST]), graph.floats([], [1 - NEAREST])]);
      const q = graph.node('Sub', [graph.scalar(1), p]);
      z = graph.node('Log', [graph.node('Div', [p, q])]);
    }
    const last = x.length - 1;
    const below = graph.node('Min', [graph.node('Sub', [z, graph.scalar(x[0])]), graph.scalar(0)]);
    const above = graph.node('Max', [graph.node('Sub', [z, graph.scalar(x[last])]), graph.scalar(0)]);
    const outer = graph.node('Mul', [graph.node('Add', [below, above]), graph.scalar(outerSlope)]);
    const terms = [outer, graph.scalar(y[0])];
    // A knot that the next one repeats has no length to go along.
    const segments = Array.from({ length: last }, (_, i) => i).filter((i) => x[i + 1] > x[i]);
    if (segments.length > 0) {
      const row = (of: (i: number) => number): ValueName => graph.floats([1, segments.length], segments.map(of));
      const along = graph.node('Sub', [z, row((i) => x[i])]);
      const clipped = graph.node('Min', [graph.node('Max', [along, graph.scalar(0)]), row((i) => x[i + 1] - x[i])]);
      const slopes = graph.floats(
        [segments.length, 1],
        segments.map((i) => (y[i + 1] - y[i]) / (x[i + 1] - x[i])),
      );
      terms.push(graph.node('MatMul', [clipped, slopes]));
    }
    return graph.node('Sigmoid', [sumOf(graph, terms)]);
  });
}
