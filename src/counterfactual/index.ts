/** Judges a policy on what another one logged. */
export type { GroupSums } from './groups.ts';
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
