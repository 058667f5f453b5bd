/** What the tests of the runtime feed it with; a module of its own, since some of them run in a process of their own. */
import { GraphBuilder } from './graph-builder.ts';
import { Value } from './operators/index.ts';

export function pairs(rows: number): ReadonlyMap<string, Value> {
  const data = Float32Array.from({ length: 2 * rows }, (_, i) => i);
  return new Map([['x', Value.of({ type: 'float', dims: [rows, 2], data })]]);
}

/** A product of matrices that takes longer than a millisecond for `slowRows`, some thousand times. */
export function slowGraph(): Uint8Array {
  const graph = new GraphBuilder('slow');
  const x = graph.input('x', 'float', 2);
  let wide = graph.node('MatMul', [x, graph.floats([2, 512], new Float32Array(1024).fill(1))]);
  const square = graph.floats([512, 512], new Float32Array(512 * 512).fill(1 / 512));
  for (let i = 0; i < 20; i++) wide = graph.node('MatMul', [wide, square]);
  graph.output(graph.node('MatMul', [wide, graph.floats([512, 2], new Float32Array(1024).fill(1))], {}, 'y'), 2);
  return graph.toBytes({});
}

export const slowRows = (): ReadonlyMap<string, Value> => pairs(2_000);
