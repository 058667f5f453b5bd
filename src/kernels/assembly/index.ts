// The module that src/kernels/kernels.wasm is compiled from (AssemblyScript; `npm run build:kernels`).
//
// Everything works on raw addresses in linear memory that the caller lays out; nothing here allocates.
// A row of `stride` floats is a vector padded with zeros to a multiple of 8. Plain v128 only: relaxed SIMD rounds
// differently from machine to machine, and a decision must replay bit for bit anywhere.

export { dotGather, dotRows, topRows } from './scan';
export { accumulateBlock, solveNormal, solveRows } from './least-squares';
