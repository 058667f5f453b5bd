// The module that src/kernels/statistics.wasm is compiled from (AssemblyScript; `npm run build:kernels`): what summarising columns
// of numbers repeats.

export { sortNumbers, sortWeighted } from './number-sort';
