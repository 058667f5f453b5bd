export { CAST, type CastMember } from './cast.ts';
export { type ClassificationData, readClassification } from './classification/data.ts';
export { type ContextEncoder, createContextEncoder } from './classification/encoder.ts';
export { type HoldoutReport, splitRows, trainHeldOut } from './classification/holdout.ts';
export { orderOf } from './classification/run.ts';
export {
  type Importance,
  SIMULATED_POLICIES,
  type SimulationOptions,
  type SimulationReport,
  simulateClassification,
  simulateTable,
  type TableCell,
} from './classification/simulate.ts';
export { type HistoryBatches, historyBatches } from './history-batches.ts';
export type { LoggingOptions } from './off-policy/labelled-log.ts';
export {
  type LearnerFigures,
  type LearnOptions,
  type LearnReport,
  type LearnRunHooks,
  learnFromLabels,
  OFF_POLICY_LEARNERS,
  type OverRuns,
  type PolicyFigures,
} from './off-policy/learn.ts';
export { type LegacyRandom, legacyRandom } from './open-bandit/legacy-random.ts';
export {
  type SyntheticLog,
  type SyntheticOptions,
  type SyntheticSource,
  syntheticSource,
} from './open-bandit/synthetic.ts';
export {
  type ClosedLoop,
  type PolicyReport,
  type SelfCheckOptions,
  type SelfCheckReport,
  type SelfCheckRun,
  selfCheck,
  type WayReport,
} from './selfcheck/index.ts';
export { createDemoWorld, type DemoWorld } from './world.ts';
