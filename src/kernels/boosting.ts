/** The kernels that grow trees: instances in any number of threads over one shared memory. */
import { ShelfwiseError } from '../base/index.ts';
import { compiledModule } from './module.ts';

/** Addresses are bytes. What each does stands in `assembly/boosting-*.ts`. */
export interface BoostingKernels {
  binColumn(values: number, stride: number, rows: number, cuts: number, out: number, outStride: number): void;
  quantise(
    gradients: number,
    rows: number,
    from: number,
    to: number,
    gScale: number,
    hScale: number,
    out: number,
    sums: number,
  ): void;
  accumulate(
    size: number,
    bins: number,
    rows: number,
    pairs: number,
    from: number,
    to: number,
    histogram: number,
  ): void;
  subtract(size: number, minuend: number, subtrahend: number): void;
  goLeft(
    column: number,
    stride: number,
    table: number,
    rows: number,
    pairs: number,
    from: number,
    to: number,
    outRows: number,
    outPairs: number,
  ): number;
  findSplits(
    histogram: number,
    first: number,
    size: number,
    features: number,
    g: number,
    h: number,
    parameters: number,
    bounded: number,
    lower: number,
    upper: number,
    out: number,
    scratch: number,
  ): void;
}

/** Bytes of the histogram of one feature: 256 pairs of f64. */
export const HISTOGRAM_BYTES = 4096;
/** Bytes of the record that `findSplits` writes. */
export const SPLIT_BYTES = 80;

const PAGE_BYTES = 65536;

/** Throws `KERNEL_MEMORY` beyond 4 GiB. Pages that are never touched cost nothing. */
export function allocateBoosting(bytes: number): WebAssembly.Memory {
  const pages = Math.ceil(bytes / PAGE_BYTES);
  if (pages > 65535) {
    throw new ShelfwiseError('KERNEL_MEMORY', `${Math.ceil(bytes / 2 ** 20)} MiB are wanted for growing trees`);
  }
  return new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
}

export function instantiateBoosting(memory: WebAssembly.Memory): BoostingKernels {
  const instance = new WebAssembly.Instance(compiledModule('boosting'), { env: { memory } });
  return instance.exports as unknown as BoostingKernels;
}
