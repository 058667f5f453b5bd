/**
 * Computes an ONNX graph with Shelfwise's own operators: the same bits on every machine, since every sum has its order, and
 * synchronously. What depends on constants only is computed once, when the graph is compiled.
 */
import { ShelfwiseError } from '../../base/index.ts';
import type { OnnxEngine } from './engine.ts';
import { exactNumber, tensorFromProto } from './format.ts';
import type { GraphProto, ModelProto, NodeProto } from './onnx_pb.ts';
import { NodeView, OPSETS, operatorOf, type Step, Value } from './operators/index.ts';

interface Compiled {
  readonly step: Step;
  readonly inputs: readonly (Value | undefined)[];
  readonly outputs: readonly (Value | undefined)[];
}

/** Operators of the graph that are not ours, as `domain.name`; empty where `createInterpreter` can do it. */
export function missingOperators(model: ModelProto): readonly string[] {
  const missing = new Set<string>();
  for (const { domain, opType } of graphOf(model).node) {
    if (operatorOf(domain, opType) === undefined) missing.add(domain === '' ? opType : `${domain}.${opType}`);
  }
  return [...missing].sort();
}

/**
 * Only what `output` needs is computed. Throws `ONNX_OPERATOR` for an operator, or a use of one, that is not ours;
 * `ONNX_INVALID` for a graph that is not in topological order or uses what nothing gives.
 */
export function createInterpreter(model: ModelProto, output: string): OnnxEngine {
  const graph = graphOf(model);
  const versions = versionsOf(model);
  const values = new Map<string, Value>();
  const constants = new Set<Value>();
  for (const tensor of graph.initializer) {
    const value = Value.of(tensorFromProto(tensor));
    values.set(tensor.name, value);
    constants.add(value);
  }
  const inputs = new Map<string, Value>();
  for (const { name } of graph.input) {
    if (values.has(name)) continue;
    const value = new Value();
    inputs.set(name, value);
    values.set(name, value);
  }
  const steps: Compiled[] = [];
  for (const node of neededNodes(graph, output)) {
    const operator = operatorOf(node.domain, node.opType);
    if (operator === undefined) {
      throw new ShelfwiseError('ONNX_OPERATOR', missingOperators(model).join(', '));
    }
    const ins = node.input.map((name) => (name === '' ? undefined : valueNamed(values, name, node)));
    const outs = node.output.map((name) => (name === '' ? undefined : new Value()));
    const view = new NodeView(
      node,
      versions.get(node.domain === 'ai.onnx' ? '' : node.domain) ?? 1,
      ins.map((value) => (value !== undefined && constants.has(value) ? value : undefined)),
    );
    const step = operator(view);
    if (ins.every((value) => value === undefined || constants.has(value))) {
      step(ins, outs);
      for (const value of outs) if (value !== undefined) constants.add(value);
    } else steps.push({ step, inputs: ins, outputs: outs });
    node.output.forEach((name, i) => {
      const value = outs[i];
      if (value === undefined) return;
      if (values.has(name)) throw new ShelfwiseError('ONNX_INVALID', `two nodes give "${name}"`);
      values.set(name, value);
    });
  }
  const result = values.get(output);
  if (result === undefined) throw new ShelfwiseError('ONNX_INVALID', `nothing gives the output "${output}"`);
  return new Interpreter(inputs, steps, output, result);
}

class Interpreter implements OnnxEngine {
  private readonly inputs: ReadonlyMap<string, Value>;
  private readonly steps: readonly Compiled[];
  private readonly output: string;
  private readonly result: Value;

  constructor(inputs: ReadonlyMap<string, Value>, steps: readonly Compiled[], output: string, result: Value) {
    this.inputs = inputs;
    this.steps = steps;
    this.output = output;
    this.result = result;
  }

  run(feeds: ReadonlyMap<string, Value>, output: string): Value {
    if (output !== this.output) throw new ShelfwiseError('BUG', `compiled for "${this.output}", not "${output}"`);
    for (const [name, value] of this.inputs) {
      const fed = feeds.get(name);
      if (fed !== undefined) value.view(fed, fed.dims);
    }
    for (const { step, inputs, outputs } of this.steps) step(inputs, outputs);
    return this.result;
  }
}

function graphOf(model: ModelProto): GraphProto {
  if (model.graph === undefined) throw new ShelfwiseError('ONNX_INVALID', 'the file holds no graph');
  return model.graph;
}

/** Versions of the operator sets by domain, '' being the standard's. */
function versionsOf(model: ModelProto): ReadonlyMap<string, number> {
  const versions = new Map<string, number>();
  for (const { domain, version } of model.opsetImport) {
    const number = exactNumber(version, 'the version of an operator set');
    const standard = domain === '' || domain === 'ai.onnx';
    const range = standard ? OPSETS.standard : domain === 'ai.onnx.ml' ? OPSETS.machineLearning : undefined;
    if (range !== undefined && (number < range[0] || number > range[1])) {
      const known = `${range[0]} to ${range[1]} of it are known`;
      throw new ShelfwiseError('ONNX_OPERATOR', `operator set ${number} of ${domain || 'ai.onnx'}; ${known}`);
    }
    versions.set(standard ? '' : domain, number);
  }
  return versions;
}

/** In their order, those that the output depends on. */
function neededNodes(graph: GraphProto, output: string): readonly NodeProto[] {
  const wanted = new Set([output]);
  const needed: NodeProto[] = [];
  for (let n = graph.node.length - 1; n >= 0; n--) {
    const node = graph.node[n];
    if (!node.output.some((name) => wanted.has(name))) continue;
    for (const name of node.input) wanted.add(name);
    needed.push(node);
  }
  return needed.reverse();
}

function valueNamed(values: ReadonlyMap<string, Value>, name: string, node: NodeProto): Value {
  const value = values.get(name);
  if (value === undefined)
    throw new ShelfwiseError('ONNX_INVALID', `${node.opType} reads "${name}", which nothing gives`);
  return value;
}
