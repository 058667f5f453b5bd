/**
 * What every exported reward model has in common: inputs `dense` float[N, denseWidth] (NaN: missing) and `sparse`
 * int64[N, sparseWidth] (a width of 0 leaves its input out), output `score` float[N, 1], and metadata that say what the
 * columns mean.
 */
import { ShelfwiseError } from '../../base/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import { GraphBuilder, metadataOf, type Precision, type ValueName } from './graph-builder.ts';

export interface ModelInputs {
  /** float[N, denseWidth]; absent where there is no dense column. */
  readonly dense?: ValueName;
  /** int64[N, sparseWidth]; absent where there is no slot. */
  readonly sparse?: ValueName;
}

/** Keys of the metadata that every export carries. */
export const METADATA = {
  /** Family of the model. */
  family: 'shelfwise.family',
  /** Its content hash. */
  model: 'shelfwise.model',
  /** Hash of the encoder whose columns it reads. */
  encoder: 'shelfwise.encoder',
  /** JSON array: the names of the dense columns, in order. */
  denseNames: 'shelfwise.dense',
  /** JSON array: the names of the slots, in order. */
  sparseNames: 'shelfwise.sparse',
  /** Buckets that slots are hashed into. */
  buckets: 'shelfwise.buckets',
  /** `probability`, `value` or `rank`. */
  scale: 'shelfwise.scale',
  /** Hash of the schema that its examples were validated against; set by whoever trained it. */
  schema: 'shelfwise.schema',
  /** Span of time that it learnt from; set by whoever trained it. */
  trainingSpan: 'shelfwise.trainingSpan',
} as const;

export interface ExportedModel {
  readonly family: string;
  readonly hash: string;
  readonly scale?: string | undefined;
}

/**
 * The file of a model whose score `body` computes: float[N, 1] out of the inputs. The last node is an Identity that gives the
 * output its name, so that a body may be of any form.
 */
export function exportModel(
  encoder: EncoderShape,
  model: ExportedModel,
  body: (graph: GraphBuilder, inputs: ModelInputs) => ValueName,
): Uint8Array<ArrayBuffer> {
  const graph = new GraphBuilder(`shelfwise-${model.family}`);
  const inputs: ModelInputs = {
    ...(encoder.denseWidth > 0 ? { dense: graph.input('dense', 'float', encoder.denseWidth) } : {}),
    ...(encoder.sparseWidth > 0 ? { sparse: graph.input('sparse', 'int64', encoder.sparseWidth) } : {}),
  };
  graph.output(graph.node('Identity', [body(graph, inputs)], {}, 'score'), 1);
  return graph.toBytes(exportMetadata(encoder, model));
}

export function exportMetadata(encoder: EncoderShape, model: ExportedModel): Readonly<Record<string, string>> {
  return {
    [METADATA.family]: model.family,
    [METADATA.model]: model.hash,
    [METADATA.encoder]: encoder.hash,
    [METADATA.denseNames]: JSON.stringify(encoder.denseNames),
    [METADATA.sparseNames]: JSON.stringify(encoder.sparseNames),
    [METADATA.buckets]: String(encoder.buckets),
    [METADATA.scale]: model.scale ?? 'probability',
  };
}

/** What an exported file says of the encoder that it was written for. Throws `ONNX_INVALID` for a file of others. */
export function encoderOfExport(bytes: Uint8Array): EncoderShape {
  const metadata = metadataOf(bytes);
  const hash = metadata[METADATA.encoder];
  if (hash === undefined) throw new ShelfwiseError('ONNX_INVALID', 'the file does not say which encoder it is for');
  const denseNames = JSON.parse(metadata[METADATA.denseNames]) as readonly string[];
  const sparseNames = JSON.parse(metadata[METADATA.sparseNames]) as readonly string[];
  return {
    hash,
    denseWidth: denseNames.length,
    sparseWidth: sparseNames.length,
    buckets: Number(metadata[METADATA.buckets]),
    denseNames,
    sparseNames,
  };
}

/** float[N, width]: the dense columns with `substitutes` (one a column) where a value is missing. */
export function withoutMissing(
  graph: GraphBuilder,
  dense: ValueName,
  substitutes: ArrayLike<number>,
  precision: Precision = 'float',
): ValueName {
  const row = graph.floats([1, substitutes.length], substitutes, precision);
  return graph.node('Where', [graph.node('IsNaN', [dense]), row, dense]);
}

/** float[N, width]: (x - mean) / scale by column (or · inverse), 0 where a value is missing. */
export function standardised(
  graph: GraphBuilder,
  dense: ValueName,
  means: ArrayLike<number>,
  by: { readonly scales: ArrayLike<number> } | { readonly inverses: ArrayLike<number> },
  precision: Precision = 'float',
): ValueName {
  const width = means.length;
  const known = withoutMissing(graph, dense, means, precision);
  const centred = graph.node('Sub', [known, graph.floats([1, width], means, precision)]);
  return 'scales' in by
    ? graph.node('Div', [centred, graph.floats([1, width], by.scales, precision)])
    : graph.node('Mul', [centred, graph.floats([1, width], by.inverses, precision)]);
}

/** float[N, 1]: the same for every row. */
export function constantScore(graph: GraphBuilder, { dense, sparse }: ModelInputs, score: number): ValueName {
  const any = dense ?? sparse;
  if (any === undefined) throw new ShelfwiseError('MODEL_NOT_EXPORTABLE', 'a model without inputs has no rows');
  // A shape out of the input's: its values do not matter.
  const column = graph.node('Gather', [any, graph.ints([1], [0])], { axis: { int: 1 } });
  const nothing = graph.node('Cast', [graph.node('Equal', [column, column])], { to: { int: 1 } });
  return graph.node('Add', [graph.node('Mul', [nothing, graph.scalar(0)]), graph.scalar(score)]);
}

/** The sum of values of one shape; 0 rows of nothing are not asked for. */
export function sumOf(graph: GraphBuilder, terms: readonly ValueName[]): ValueName {
  return terms.reduce((sum, term) => graph.node('Add', [sum, term]));
}
