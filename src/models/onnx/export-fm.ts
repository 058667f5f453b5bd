import type { EncoderShape } from '../../features/index.ts';
import type { Factors } from '../fm/factors.ts';
import { type LinearParameters, linearTerms } from './export-linear.ts';
import { type ExportedModel, exportModel, standardised, sumOf } from './export-model.ts';
import type { GraphBuilder, ValueName } from './graph-builder.ts';

/**
 * A factorisation machine of the second order: Sigmoid(linear part + ½ Σ_f [(Σ_i v_if x_i)² - Σ_i v_if² x_i²]). Buckets
 * become rows of the table of factors by one look-up; those without factors have row 0, which is zeros. Up to the logit all is
 * of 64 bits: large squares are taken from each other.
 */
export function exportFm(
  encoder: EncoderShape,
  model: ExportedModel,
  weights: LinearParameters,
  { k, dense: denseFactors, sparse: sparseFactors }: Factors,
): Uint8Array {
  return exportModel(encoder, model, (graph, inputs) => {
    const { sparse } = inputs;
    const dense = inputs.dense === undefined ? undefined : graph.cast(inputs.dense, 'double');
    const sums: ValueName[] = [];
    const squares: ValueName[] = [];
    if (dense !== undefined) {
      const width = encoder.denseWidth;
      const columns = standardised(graph, dense, weights.means, { scales: weights.scales }, 'double');
      sums.push(graph.node('MatMul', [columns, graph.floats([width, k], denseFactors, 'double')]));
      const squared = graph.node('Mul', [columns, columns]);
      squares.push(
        graph.node('MatMul', [squared, graph.floats([width, 1], squaredNorms(denseFactors, width, k), 'double')]),
      );
    }
    if (sparse !== undefined) {
      const known = bucketsWithFactors(sparseFactors, encoder.buckets, k);
      const table = new Float32Array((known.length + 1) * k);
      known.forEach((bucket, i) => {
        table.set(sparseFactors.subarray(bucket * k, (bucket + 1) * k), (i + 1) * k);
      });
      const rows = graph.positionsOf(sparse, known);
      const factors = graph.node('Gather', [graph.floats([known.length + 1, k], table, 'double'), rows]);
      sums.push(graph.node('ReduceSum', [factors, graph.ints([1], [1])], { keepdims: { int: 0 } }));
      const norms = graph.floats([known.length + 1], squaredNorms(table, known.length + 1, k), 'double');
      squares.push(rowSum(graph, graph.node('Gather', [norms, rows])));
    }
    const sum = sumOf(graph, sums);
    const all = rowSum(graph, graph.node('Mul', [sum, sum]));
    const pairs = graph.node('Mul', [graph.node('Sub', [all, sumOf(graph, squares)]), graph.scalar(0.5, 'double')]);
    const linear = linearTerms(
      graph,
      { ...(dense === undefined ? {} : { dense }), ...(sparse === undefined ? {} : { sparse }) },
      weights,
      'double',
    );
    return graph.node('Sigmoid', [graph.cast(sumOf(graph, [...linear, pairs]), 'float')]);
  });
}

function rowSum(graph: GraphBuilder, value: ValueName): ValueName {
  return graph.node('ReduceSum', [value, graph.ints([1], [1])], { keepdims: { int: 1 } });
}

function squaredNorms(factors: ArrayLike<number>, count: number, k: number): Float64Array {
  const norms = new Float64Array(count);
  for (let i = 0; i < count * k; i++) norms[Math.floor(i / k)] += factors[i] ** 2;
  return norms;
}

function bucketsWithFactors(factors: Float32Array, buckets: number, k: number): readonly number[] {
  const known: number[] = [];
  for (let bucket = 1; bucket < buckets; bucket++) {
    const first = bucket * k;
    for (let f = 0; f < k; f++) {
      if (factors[first + f] === 0) continue;
      known.push(bucket);
      break;
    }
  }
  return known;
}
