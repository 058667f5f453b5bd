import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './graph-builder.ts';
import { Value } from './operators/index.ts';
import { createRuntime } from './runtime.ts';

function addOne(): Uint8Array {
  const graph = new GraphBuilder('add one');
  graph.output(graph.node('Add', [graph.input('x', 'float', 2), graph.scalar(1)], {}, 'y'), 2);
  return graph.toBytes({});
}

function fed(rows: number): ReadonlyMap<string, Value> {
  const data = Float32Array.from({ length: 2 * rows }, (_, i) => i);
  return new Map([['x', Value.of({ type: 'float', dims: [rows, 2], data })]]);
}

describe('ONNX Runtime behind a synchronous door', () => {
  it('answers within the call, whatever the number of rows', () => {
    const runtime = createRuntime(addOne());
    for (const rows of [1, 5, 300]) {
      const { dims, numbers } = runtime.run(fed(rows), 'y');
      expect(dims).toEqual([rows, 2]);
      expect(Array.from(numbers)).toEqual(Array.from({ length: 2 * rows }, (_, i) => i + 1));
    }
    runtime.close();
  });

  it('says what the runtime said, of a model that it does not load and of a run that it refuses', () => {
    expect(() => createRuntime(Uint8Array.of(1, 2, 3))).toThrow(expect.objectContaining({ code: 'ONNX_RUNTIME' }));
    const runtime = createRuntime(addOne());
    const short = new Map([['x', Value.of({ type: 'float', dims: [1, 3], data: new Float32Array(3) })]]);
    expect(() => runtime.run(short, 'y')).toThrow(/ONNX runtime did not answer.*[Dd]imension/s);
    // It is there again for the next question.
    expect(runtime.run(fed(1), 'y').size).toBe(2);
    runtime.close();
  });

  it('says at once what cannot be fed or read, instead of not answering', () => {
    const graph = new GraphBuilder('whole numbers');
    graph.output(graph.node('Cast', [graph.input('x', 'int64', 1)], { to: { int: 1 } }, 'y'), 1);
    const runtime = createRuntime(graph.toBytes({}));
    const fraction = new Map([['x', Value.of({ type: 'int64', dims: [1, 1], data: Float64Array.of(0.5) })]]);
    const startMs = performance.now();
    expect(() => runtime.run(fraction, 'y')).toThrow(/0\.5.*integer/);
    expect(performance.now() - startMs).toBeLessThan(4_000);
    runtime.close();
  });

  it('waits for a bounded time, and begins anew after that', async () => {
    // A product of matrices that takes longer than a millisecond, some thousand times.
    const graph = new GraphBuilder('slow');
    const x = graph.input('x', 'float', 2);
    let wide = graph.node('MatMul', [x, graph.floats([2, 512], new Float32Array(1024).fill(1))]);
    const square = graph.floats([512, 512], new Float32Array(512 * 512).fill(1 / 512));
    for (let i = 0; i < 20; i++) wide = graph.node('MatMul', [wide, square]);
    graph.output(graph.node('MatMul', [wide, graph.floats([512, 2], new Float32Array(1024).fill(1))], {}, 'y'), 2);
    const runtime = createRuntime(graph.toBytes({}), 1);
    expect(() => runtime.run(fed(2_000), 'y')).toThrow(
      expect.objectContaining({ code: 'ONNX_RUNTIME', message: expect.stringContaining('within 1 ms') }),
    );
    await sleep(1);
    expect(() => runtime.run(fed(2_000), 'y')).toThrow(expect.objectContaining({ code: 'ONNX_RUNTIME' }));
    runtime.close();
  });
});
