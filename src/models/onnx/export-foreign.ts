/**
 * A bound foreign model in the form that our own exports have: inputs `dense` and `sparse`, output `score`. Its graph stays as
 * it is, in the operator sets that it came in; nodes before it choose its columns, nodes behind it its score.
 */
import { create } from '@bufbuild/protobuf';
import type { EncoderShape } from '../../features/index.ts';
import type { Bound, BoundInput } from './binding.ts';
import { type ExportedModel, exportMetadata } from './export-model.ts';
import { DATA_TYPE, decodeModel, encodeModel } from './format.ts';
import { GraphBuilder, metadataOf, metadataProps, type ValueName } from './graph-builder.ts';
import { type GraphProto, GraphProtoSchema, OperatorSetIdProtoSchema } from './onnx_pb.ts';

export function exportForeign(
  encoder: EncoderShape,
  model: ExportedModel,
  bytes: Uint8Array,
  bound: Bound,
): Uint8Array<ArrayBuffer> {
  const foreign = decodeModel(bytes);
  const graph = foreign.graph ?? create(GraphProtoSchema);
  const prefix = freePrefix(graph);
  const before = new GraphBuilder('', prefix);
  const dense = encoder.denseWidth > 0 ? before.input('dense', 'float', encoder.denseWidth) : undefined;
  const sparse = encoder.sparseWidth > 0 ? before.input('sparse', 'int64', encoder.sparseWidth) : undefined;
  // Inputs of the file that are called as ours are take another name inside.
  const renames = new Map<string, string>();
  for (const input of bound.inputs) {
    const source = input.kind === 'dense' ? dense : sparse;
    if (source !== undefined) renames.set(input.port.name, chosen(before, source, input));
  }
  const inside = (name: string): string => renames.get(name) ?? (OURS.includes(name) ? `${prefix}inner.${name}` : name);
  const after = new GraphBuilder('', `${prefix}after.`);
  const score = scoreOf(after, inside(bound.output.name) as ValueName, bound);
  after.output(after.node('Reshape', [score, after.ints([2], [-1, 1])], {}, 'score'), 1);
  const [ahead, behind] = [before.finished(), after.finished()];
  const standard = foreign.opsetImport.some(({ domain }) => domain === '' || domain === 'ai.onnx');
  return encodeModel({
    ...foreign,
    opsetImport: standard
      ? foreign.opsetImport
      : [...foreign.opsetImport, create(OperatorSetIdProtoSchema, { domain: '', version: 17n })],
    graph: {
      ...graph,
      node: [
        ...ahead.node,
        ...graph.node.map((node) => ({ ...node, input: node.input.map(inside), output: node.output.map(inside) })),
        ...behind.node,
      ],
      initializer: [
        ...ahead.initializer,
        ...graph.initializer.map((tensor) => ({ ...tensor, name: inside(tensor.name) })),
        ...behind.initializer,
      ],
      input: ahead.input,
      output: behind.output,
      // Shapes of values inside, which runtimes infer anew.
      valueInfo: [],
    },
    metadataProps: metadataProps({ ...metadataOf(bytes), ...exportMetadata(encoder, model) }),
  });
}

/** No name of the graph's own begins so. */
function freePrefix({ node, initializer, input }: GraphProto): string {
  const names = [...initializer, ...input].map(({ name }) => name).concat(node.flatMap(({ output }) => output));
  let prefix = 'shelfwise.';
  for (let k = 2; names.some((name) => name.startsWith(prefix)); k++) prefix = `shelfwise${k}.`;
  return prefix;
}

const OURS: readonly string[] = ['dense', 'sparse', 'score'];

/** The columns of an input as the file takes them. */
function chosen(graph: GraphBuilder, source: ValueName, { port, kind, columns, missing }: BoundInput): ValueName {
  let value = graph.node('Gather', [source, graph.ints([columns.length], columns)], { axis: { int: 1 } });
  if (kind === 'dense' && !Number.isNaN(missing)) {
    value = graph.node('Where', [graph.node('IsNaN', [value]), graph.floats([1, 1], [missing]), value]);
  }
  const own = kind === 'dense' ? 'float' : 'int64';
  if (port.type !== own) value = graph.node('Cast', [value], { to: { int: DATA_TYPE[port.type] } });
  return port.dims?.length === 1 ? graph.node('Reshape', [value, graph.ints([1], [-1])]) : value;
}

/** The score's column, read as the binding says. */
function scoreOf(graph: GraphBuilder, output: ValueName, { output: port, column, as }: Bound): ValueName {
  const wide = port.dims?.length === 2 ? port.dims[1] : -1;
  const place = column ?? (wide === 2 ? 1 : 0);
  let value = port.type === 'float' ? output : graph.node('Cast', [output], { to: { int: DATA_TYPE.float } });
  if (port.dims?.length !== 1) value = graph.node('Gather', [value, graph.ints([1], [place])], { axis: { int: 1 } });
  return as === 'logit' ? graph.node('Sigmoid', [value]) : value;
}
