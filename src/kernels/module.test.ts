import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contentHash } from '../base/index.ts';
import { instantiateKernels, kernelsHash, strideOf } from './module.ts';

const FILE = new URL('./kernels.wasm', import.meta.url);

describe('the kernels', () => {
  it('are named by the hash of the committed file', () => {
    expect(kernelsHash()).toBe(contentHash(readFileSync(FILE)));
  });

  it('need nothing from outside, so that they run in any thread', () => {
    const module = new WebAssembly.Module(readFileSync(FILE));
    expect(WebAssembly.Module.imports(module)).toEqual([]);
  });

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
