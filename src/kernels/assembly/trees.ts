// The module that src/kernels/trees.wasm is compiled from (AssemblyScript; `npm run build:kernels`): scoring with trees.

export { prepareRows, scoreRows } from './trees-score';
