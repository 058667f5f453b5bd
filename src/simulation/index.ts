export { CAST, type CastMember } from './cast.ts';
export { type HistoryBatches, historyBatches } from './history-batches.ts';
export { createDemoWorld, type DemoWorld } from './world.ts';
