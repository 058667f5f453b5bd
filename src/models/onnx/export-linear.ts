import type { EncoderShape } from '../../features/index.ts';
import { type ExportedModel, exportModel, type ModelInputs, standardised, sumOf } from './export-model.ts';
import type { GraphBuilder, Precision, ValueName } from './graph-builder.ts';

export interface LinearParameters {
  readonly bias: number;
  /** Weights of the standardised columns, and what standardises them. */
  readonly dense: ArrayLike<number>;
  readonly means: ArrayLike<number>;
  readonly scales: ArrayLike<number>;
  /** One a bucket. */
  readonly sparse: ArrayLike<number>;
}

export interface LinearForm {
  /** `logit`: the score is the logistic function of the sum; `identity`: the sum itself. */
  readonly link: 'logit' | 'identity';
  /** Pairs of slot numbers that are slots of their own; see `CrossedSlots`. @default none */
  readonly crosses?: readonly (readonly [number, number])[];
}

/**
 * Models that are linear in their columns and slots: link(bias + standardised · w + Σ_s v[bucket_s]), with one Gather for all
 * slots. The table of buckets is written whole, 4 bytes a bucket. Crosses hash their buckets in the graph.
 */
export function exportLinear(
  encoder: EncoderShape,
  model: ExportedModel,
  weights: LinearParameters,
  { link, crosses = [] }: LinearForm,
): Uint8Array {
  return exportModel(encoder, model, (graph, inputs) => {
    const { sparse } = inputs;
    const slots =
      sparse === undefined || crosses.length === 0
        ? sparse
        : graph.concat([sparse, crossed(graph, sparse, encoder, crosses)]);
    const dense = inputs.dense;
    const terms = linearTerms(
      graph,
      { ...(dense === undefined ? {} : { dense }), ...(slots === undefined ? {} : { sparse: slots }) },
      weights,
    );
    const sum = sumOf(graph, terms);
    return link === 'logit' ? graph.node('Sigmoid', [sum]) : sum;
  });
}

/** Bias, dense part and slots, each [N, 1] or one number for all rows. */
export function linearTerms(
  graph: GraphBuilder,
  { dense, sparse }: ModelInputs,
  weights: LinearParameters,
  precision: Precision = 'float',
): readonly ValueName[] {
  const terms = [graph.scalar(weights.bias, precision)];
  if (dense !== undefined) {
    const columns = standardised(graph, dense, weights.means, { scales: weights.scales }, precision);
    terms.push(graph.node('MatMul', [columns, graph.floats([weights.dense.length, 1], weights.dense, precision)]));
  }
  if (sparse !== undefined) {
    const looked = graph.node('Gather', [graph.floats([weights.sparse.length], weights.sparse, precision), sparse]);
    terms.push(graph.node('ReduceSum', [looked, graph.ints([1], [1])], { keepdims: { int: 1 } }));
  }
  return terms;
}

/**
 * int64[N, pairs]: 0 where either bucket is missing, else max(1, combine32(combine32(left, right), pair) mod buckets), bit for
 * bit as `combine32` of `base/hash.ts`. Everything is a whole number below 2^53.
 */
function crossed(
  graph: GraphBuilder,
  sparse: ValueName,
  encoder: EncoderShape,
  crosses: readonly (readonly [number, number])[],
): ValueName {
  const side = (which: 0 | 1): ValueName =>
    graph.node(
      'Gather',
      [
        sparse,
        graph.ints(
          [crosses.length],
          crosses.map((pair) => pair[which]),
        ),
      ],
      {
        axis: { int: 1 },
      },
    );
  const [left, right] = [side(0), side(1)];
  const numbers = graph.ints(
    [1, crosses.length],
    crosses.map((_, c) => c),
  );
  const hash = combine(graph, combine(graph, left, right), numbers);
  const bucket = graph.node('Max', [graph.node('Mod', [hash, graph.ints([], [encoder.buckets])]), graph.ints([], [1])]);
  const missing = graph.node('Equal', [graph.node('Mul', [left, right]), graph.ints([], [0])]);
  return graph.node('Where', [missing, graph.ints([], [0]), bucket]);
}

/** mix32(imul(a, 0x9e3779b1) ^ (b + 0x7f4a7c15)) of whole numbers in [0, 2^32). */
function combine(graph: GraphBuilder, a: ValueName, b: ValueName): ValueName {
  const shifted = lowWord(graph, graph.node('Add', [b, graph.ints([], [0x7f4a7c15])]));
  let h = graph.node('BitwiseXor', [product(graph, a, 0x9e3779b1), shifted]);
  h = product(graph, xorShift(graph, h, 16), 0x85ebca6b);
  h = product(graph, xorShift(graph, h, 13), 0xc2b2ae35);
  return xorShift(graph, h, 16);
}

function lowWord(graph: GraphBuilder, a: ValueName): ValueName {
  return graph.node('Mod', [a, graph.ints([], [2 ** 32])]);
}

function xorShift(graph: GraphBuilder, a: ValueName, bits: number): ValueName {
  return graph.node('BitwiseXor', [a, graph.node('Div', [a, graph.ints([], [2 ** bits])])]);
}

/** a · factor mod 2^32, by halves, so that nothing overflows: [(high · factor mod 2^16) · 2^16 + low · factor] mod 2^32. */
function product(graph: GraphBuilder, a: ValueName, factor: number): ValueName {
  const half = graph.ints([], [2 ** 16]);
  const by = graph.ints([], [factor]);
  const high = graph.node('Mod', [graph.node('Mul', [graph.node('Div', [a, half]), by]), half]);
  const low = graph.node('Mul', [graph.node('Mod', [a, half]), by]);
  return lowWord(graph, graph.node('Add', [graph.node('Mul', [high, half]), low]));
}
