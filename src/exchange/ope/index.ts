export { type ColumnsOptions, readOpeColumns } from './columns.ts';
export { type ChoiceProbability, type DsjsonOptions, readOpeDsjson } from './dsjson.ts';
export {
  EVALUATION_LOG_VERSION,
  type EvaluationLogDecision,
  type EvaluationLogEnd,
  type EvaluationLogHeader,
  type LoggedAlternative,
  type LoggedChance,
  type LoggedPolicy,
  type LoggedRow,
} from './evaluation-log.ts';
export type { OpeLog } from './log.ts';
export { readObpJson } from './obp-json.ts';
export { type OpenBanditOptions, readOpenBandit } from './open-bandit.ts';
export { type EvaluationLogReading, readEvaluationLog } from './shelfwise.ts';
