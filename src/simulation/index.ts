export { CAST, type CastMember } from './cast.ts';
export { type HistoryBatches, historyBatches } from './history-batches.ts';
export { createDemoWorld, type DemoWorld } from './world.ts';
export { type ClassificationData, readClassification } from './classification/data.ts';
export { type HoldoutReport, splitRows, trainHeldOut } from './classification/holdout.ts';
