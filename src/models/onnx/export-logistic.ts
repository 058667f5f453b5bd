import type { EncoderShape } from '../../features/index.ts';
import type { LogisticWeights } from '../logistic/weights.ts';
import { type ExportedModel, exportModel, standardised, sumOf } from './export-model.ts';

/**
 * Logistic regression: Sigmoid(bias + standardised · w + Σ_s v[bucket_s]), with one Gather for all slots.
 * The table of buckets is written whole, 4 bytes a bucket.
 */
export function exportLogistic(encoder: EncoderShape, model: ExportedModel, weights: LogisticWeights): Uint8Array {
  return exportModel(encoder, model, (graph, { dense, sparse }) => {
    const terms = [graph.scalar(weights.bias)];
    if (dense !== undefined) {
      const columns = standardised(graph, dense, weights.means, weights.scales);
      terms.push(graph.node('MatMul', [columns, graph.floats([weights.dense.length, 1], weights.dense)]));
    }
    if (sparse !== undefined) {
      const looked = graph.node('Gather', [graph.floats([weights.sparse.length], weights.sparse), sparse]);
      terms.push(graph.node('ReduceSum', [looked, graph.ints([1], [1])], { keepdims: { int: 1 } }));
    }
    return graph.node('Sigmoid', [sumOf(graph, terms)]);
  });
}
