// The module that src/kernels/statistics.wasm is compiled from (AssemblyScript; `npm run build:kernels`): what summarising columns
// of numbers repeats.

export { depart, multiplyColumns, sumOf } from './column-products';
export { sortNumbers, sortWeighted } from './number-sort';
export { surveyNumbers } from './number-survey';
