// The module that src/kernels/boosting.wasm is compiled from (AssemblyScript; `npm run build:kernels`): growing trees.
//
// Its memory comes from outside and is shared, so that several threads, each with an instance of its own, grow one tree.
// Everything works on raw addresses that the caller lays out; nothing here allocates. Sums of gradients are whole numbers
// held in f64, below 2^53: they are exact, so that neither the order of the rows nor the number of threads shows in them.

export { accumulate, binColumn, goLeft, quantise, subtract } from './boosting-histogram';
export { findSplits } from './boosting-split';
