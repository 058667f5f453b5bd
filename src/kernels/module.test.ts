import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contentHash } from '../base/index.ts';
import { instantiateKernels, kernelsHash, strideOf } from './module.ts';

const SERVING = ['kernels', 'network', 'trees'];
const OTHERS = ['boosting', 'gradients', 'statistics'];
const bytesOf = (name: string): Buffer => readFileSync(new URL(`./${name}.wasm`, import.meta.url));

describe('the kernels', () => {
  it('are named by the hash of all committed files that serving scores with', () => {
    const files = readdirSync(new URL('.', import.meta.url)).filter((name) => name.endsWith('.wasm'));
    expect(files.sort()).toEqual([...SERVING, ...OTHERS].map((name) => `${name}.wasm`).sort());
    expect(kernelsHash()).toBe(contentHash(...SERVING.map(bytesOf)));
  });

  it.each([...SERVING, ...OTHERS])(
    'need nothing from outside but memory, so that they run in any thread: %s',
    (name) => {
      const module = new WebAssembly.Module(new Uint8Array(bytesOf(name)));
      expect(WebAssembly.Module.imports(module).map(({ kind }) => kind)).toEqual(name === 'boosting' ? ['memory'] : []);
    },
  );

  it('lay regions out apart from each other, aligned to whole lanes', () => {
    const { regions } = instantiateKernels([5, 0, 100_000, 3]);
    regions.forEach((region, r) => {
      expect(region.address % 64).toBe(0);
      region.f32.fill(r + 1);
    });
    regions.forEach((region, r) => {
      expect(region.f32.every((x) => x === r + 1)).toBe(true);
    });
    expect(() => instantiateKernels([2 ** 30])).toThrow(/4 GiB/);
  });

  it('pad vectors to a multiple of 8', () => {
    expect([1, 8, 9, 64].map(strideOf)).toEqual([8, 8, 16, 64]);
  });
});
