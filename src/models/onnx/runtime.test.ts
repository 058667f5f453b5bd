import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './graph-builder.ts';
import { Value } from './operators/index.ts';
import { createRuntime } from './runtime.ts';
import { pairs, slowGraph, slowRows } from './runtime-testing.ts';

function addOne(): Uint8Array {
  const graph = new GraphBuilder('add one');
  graph.output(graph.node('Add', [graph.input('x', 'float', 2), graph.scalar(1)], {}, 'y'), 2);
  return graph.toBytes({});
}

describe('ONNX Runtime behind a synchronous door', () => {
  it('answers within the call, whatever the number of rows', () => {
    const runtime = createRuntime(addOne());
    for (const rows of [1, 5, 300]) {
      const { dims, numbers } = runtime.run(pairs(rows), 'y');
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
    expect(runtime.run(pairs(1), 'y').size).toBe(2);
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
    const runtime = createRuntime(slowGraph(), 1);
    expect(() => runtime.run(slowRows(), 'y')).toThrow(
      expect.objectContaining({ code: 'ONNX_RUNTIME', message: expect.stringContaining('within 1 ms') }),
    );
    await sleep(1);
    expect(() => runtime.run(slowRows(), 'y')).toThrow(expect.objectContaining({ code: 'ONNX_RUNTIME' }));
    runtime.close();
  });

  // The library aborts the process whose thread is terminated within a run.
  it.each([
    ['at its end', ''],
    ['by process.exit', 'process.exit(0);'],
  ])('lets the process end in peace %s, while a run that was given up goes on', async (_how, ending) => {
    const script = `
      import { slowGraph, slowRows } from ${JSON.stringify(new URL('./runtime-testing.ts', import.meta.url).href)};
      import { createRuntime } from ${JSON.stringify(new URL('./runtime.ts', import.meta.url).href)};
      const runtime = createRuntime(slowGraph(), 1);
      try {
        runtime.run(slowRows(), 'y');
      } catch (error) {
        console.log(error.code);
      }
      ${ending}
    `;
    const folder = await mkdtemp(join(tmpdir(), 'shelfwise-'));
    await writeFile(join(folder, 'script.mjs'), script);
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'script.mjs')]);
    await rm(folder, { recursive: true });
    expect(stdout.trim()).toBe('ONNX_RUNTIME');
  });
});
