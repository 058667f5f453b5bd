/** The compiled kernels: where they are, their hash, and instances of their modules with memory of their own. */
import { readFileSync } from 'node:fs';
import { contentHash, ShelfwiseError } from '../base/index.ts';

/** What every module exports. */
export interface ModuleExports {
  readonly memory: WebAssembly.Memory;
}

/** What the module `kernels` exports. Addresses are bytes; a `stride` is a vector's length padded to a multiple of 8. */
interface KernelExports extends ModuleExports {
  dotRows(matrix: number, rows: number, stride: number, query: number, out: number): void;
  dotGather(matrix: number, stride: number, index: number, count: number, query: number, out: number): void;
  topRows(
    matrix: number,
    rows: number,
    stride: number,
    query: number,
    k: number,
    outRows: number,
    outScores: number,
    scratch: number,
    bounds: number,
    reach: number,
  ): number;
  accumulateBlock(matrix: number, left: number, right: number, count: number, stride: number): void;
  solveNormal(matrix: number, b: number, x: number, stride: number): number;
  solveRows(
    gram: number,
    factors: number,
    starts: number,
    columns: number,
    confidences: number,
    from: number,
    to: number,
    stride: number,
    out: number,
    scratch: number,
  ): number;
}

/** The modules that serving scores with; `scripts/kernels.mjs` compiles each. */
const MODULES = ['kernels', 'network', 'trees'] as const;
/** Modules that only training and the statistics of data use: no decision depends on them. */
export type KernelModule = (typeof MODULES)[number] | 'gradients' | 'boosting' | 'statistics';

const sources = new Map<KernelModule, Uint8Array<ArrayBuffer>>();
const compiled = new Map<KernelModule, WebAssembly.Module>();

/** Read at first use, once a process. The files stand beside this one, in `src/` as in `dist/`. */
function sourceOf(name: KernelModule): Uint8Array<ArrayBuffer> {
  let bytes = sources.get(name);
  if (bytes === undefined) {
    bytes = new Uint8Array(readFileSync(new URL(`./${name}.wasm`, import.meta.url)));
    sources.set(name, bytes);
  }
  return bytes;
}

/** Compiled at first use, once a process (10 kB: under a millisecond). */
export function compiledModule(name: KernelModule): WebAssembly.Module {
  let module = compiled.get(name);
  if (module === undefined) {
    module = new WebAssembly.Module(sourceOf(name));
    compiled.set(name, module);
  }
  return module;
}

/** Content hash of all kernels that serving scores with: part of every decision's record. */
export function kernelsHash(): string {
  return contentHash(...MODULES.map(sourceOf));
}

/** Vectors are padded with zeros to this many floats, so that the kernels work on whole 128-bit lanes, two at a time. */
const STRIDE_UNIT = 8;
export function strideOf(dimension: number): number {
  return Math.ceil(dimension / STRIDE_UNIT) * STRIDE_UNIT;
}

/** An instance with memory that is laid out once, when it is made; its views stay valid for its whole life. */
export interface KernelInstance<E extends ModuleExports = KernelExports> {
  readonly exports: E;
  /** `regions` in the order asked for. */
  readonly regions: readonly Region[];
}
export interface Region {
  readonly address: number;
  readonly f32: Float32Array;
  readonly u32: Uint32Array;
}

const PAGE_BYTES = 65536;
const MEMORY_LIMIT_BYTES = 65535 * PAGE_BYTES;

/** An instance of the module `kernels`; see `instantiateModule`. */
export function instantiateKernels(words: readonly number[]): KernelInstance {
  return instantiateModule<KernelExports>('kernels', words);
}

/**
 * Instantiates a module with one region for each length (in 32-bit words), each aligned to 64 bytes.
 * Throws `KERNEL_MEMORY` beyond the 4 GiB that 32-bit addresses reach.
 */
export function instantiateModule<E extends ModuleExports>(
  name: KernelModule,
  words: readonly number[],
): KernelInstance<E> {
  const exports = new WebAssembly.Instance(compiledModule(name), {}).exports as unknown as E;
  const addresses: number[] = [];
  let end = 1024;
  for (const length of words) {
    addresses.push(end);
    end += Math.ceil((length * 4) / 64) * 64;
  }
  if (end > MEMORY_LIMIT_BYTES) {
    throw new ShelfwiseError('KERNEL_MEMORY', `${Math.ceil(end / 2 ** 20)} MiB are wanted`);
  }
  const missingPages = Math.ceil((end - exports.memory.buffer.byteLength) / PAGE_BYTES);
  if (missingPages > 0) exports.memory.grow(missingPages);
  const { buffer } = exports.memory;
  return {
    exports,
    regions: words.map((length, i) => ({
      address: addresses[i],
      f32: new Float32Array(buffer, addresses[i], length),
      u32: new Uint32Array(buffer, addresses[i], length),
    })),
  };
}
