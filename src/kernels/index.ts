export { type AlternatingSolver, createAlternatingSolver, type SparseRows, solveRow } from './least-squares.ts';
export { kernelsHash } from './module.ts';
export { createEmptyScan, createScan, dotRows, type VectorScan } from './scan.ts';
