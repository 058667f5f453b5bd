export {
  allocateBoosting,
  type BoostingKernels,
  HISTOGRAM_BYTES,
  instantiateBoosting,
  SPLIT_BYTES,
} from './boosting.ts';
export { ColumnProducts, type PairSums } from './column-products.ts';
export { DenseProduct } from './dense-product.ts';
export { createRowBlock, type FtrlStepRates, type RowBlock } from './gradients.ts';
export { type AlternatingSolver, createAlternatingSolver, type SparseRows, solveRow } from './least-squares.ts';
export { kernelsHash } from './module.ts';
export {
  NETWORK_CHUNK_ROWS,
  NETWORK_COLUMN_LIMIT,
  NETWORK_PROJECTION_COLUMNS,
  Network,
  type NetworkShape,
} from './network.ts';
export { type AdamRates, type Moments, NetworkTrainer } from './network-trainer.ts';
export { createNumberSort, NUMBER_SORT_LIMIT, type NumberSort } from './number-sort.ts';
export { type NumberSurvey, surveyNumbers } from './number-survey.ts';
export { createEmptyScan, createScan, dotRows, type VectorScan } from './scan.ts';
export { createTreeScorer, type TreeArrays, type TreeScorer } from './trees.ts';
