/** Judges a policy on what another one logged. */
export type { GroupSums } from './groups.ts';
export * from './learning/index.ts';
export * from './nuisance/index.ts';
export {
  checkRows,
  type DecisionSource,
  type EvaluationRows,
  evaluationRows,
  type ModelColumns,
  type RowColumns,
  requirePropensity,
  sourceOf,
} from './rows.ts';
