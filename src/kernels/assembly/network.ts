// The module that src/kernels/network.wasm is compiled from (AssemblyScript; `npm run build:kernels`): neural networks.
//
// Everything works on raw addresses in linear memory that the caller lays out; nothing here allocates. Plain v128 only:
// relaxed SIMD rounds differently from machine to machine, and a decision must replay bit for bit anywhere.

export { denseForward, denseGradients, transposePanels } from './network-dense';
export { lookUp, outputs, placeColumns, placeEmbeddings, placeMissing, scaleRows, squaredNorms } from './network-rows';
export { adamRows, adamStep, dropOut, gatherGradients, outputGradients } from './network-learning';
