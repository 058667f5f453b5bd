export { type ColumnsOptions, readOpeColumns } from './columns.ts';
export { type ChoiceProbability, type DsjsonOptions, readOpeDsjson } from './dsjson.ts';
export type {
  EvaluationLogDecision,
  EvaluationLogEnd,
  EvaluationLogHeader,
  LoggedAlternative,
  LoggedChance,
  LoggedPolicy,
  LoggedRow,
} from './evaluation-log.ts';
export type { OpeLog } from './log.ts';
export { readObpJson } from './obp-json.ts';
export { type OpenBanditOptions, readOpenBandit } from './open-bandit.ts';
export { type EvaluationLogReading, readEvaluationLog } from './shelfwise.ts';
