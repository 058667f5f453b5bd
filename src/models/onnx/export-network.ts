import type { EncoderShape } from '../../features/index.ts';
import { NETWORK_COLUMN_LIMIT } from '../../kernels/index.ts';
import type { NetworkParameters } from '../network/parameters.ts';
import { type ExportedModel, exportModel, standardised, sumOf } from './export-model.ts';
import type { ValueName } from './graph-builder.ts';

/**
 * The wide-and-deep network: clipped columns, indicators of missing values and embeddings side by side, Gemm and Relu by
 * layer, and the wide part beside it. Buckets become rows of the table by one look-up; those never learnt from have row 0.
 */
export function exportNetwork(encoder: EncoderShape, model: ExportedModel, network: NetworkParameters): Uint8Array {
  const { means, inverses, indicatorColumns, layers, embeddingSize, table, wide } = network;
  return exportModel(encoder, model, (graph, { dense, sparse }) => {
    const parts: ValueName[] = [];
    const logits: ValueName[] = [graph.scalar(network.outputBias)];
    if (dense !== undefined) {
      const columns = standardised(graph, dense, means, { inverses });
      const limit = graph.floats([], [NETWORK_COLUMN_LIMIT]);
      parts.push(graph.node('Clip', [columns, graph.floats([], [-NETWORK_COLUMN_LIMIT]), limit]));
      if (indicatorColumns.length > 0) {
        const places = graph.ints([indicatorColumns.length], indicatorColumns);
        const chosen = graph.node('Gather', [dense, places], { axis: { int: 1 } });
        parts.push(graph.node('Cast', [graph.node('IsNaN', [chosen])], { to: { int: 1 } }));
      }
    }
    if (sparse !== undefined) {
      const rows = graph.lookUp(sparse, network.buckets, network.bucketRows);
      const embedded = graph.node('Gather', [graph.floats([wide.length, embeddingSize], table), rows]);
      const flat = graph.ints([2], [-1, encoder.sparseWidth * embeddingSize]);
      parts.push(graph.node('Reshape', [embedded, flat]));
      const weights = graph.node('Gather', [graph.floats([wide.length], wide), rows]);
      logits.push(graph.node('ReduceSum', [weights, graph.ints([1], [1])], { keepdims: { int: 1 } }));
    }
    let hidden = graph.concat(parts);
    for (const { weights, bias } of layers) {
      const units = bias.length;
      const layer = [hidden, graph.floats([weights.length / units, units], weights), graph.floats([units], bias)];
      hidden = graph.node('Relu', [graph.node('Gemm', layer)]);
    }
    const last = graph.floats([network.outputWeights.length, 1], network.outputWeights);
    const logit = sumOf(graph, [graph.node('MatMul', [hidden, last]), ...logits]);
    return network.objective === 'logLoss' ? graph.node('Sigmoid', [logit]) : logit;
  });
}
