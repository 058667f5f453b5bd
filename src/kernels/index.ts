export { createRowBlock, type FtrlStepRates, type RowBlock } from './gradients.ts';
export { type AlternatingSolver, createAlternatingSolver, type SparseRows, solveRow } from './least-squares.ts';
export { kernelsHash } from './module.ts';
export { createEmptyScan, createScan, dotRows, type VectorScan } from './scan.ts';
