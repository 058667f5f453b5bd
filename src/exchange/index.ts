export { type HetrecOptions, readHetrecLastfm } from './hetrec.ts';
export * from './ope/index.ts';
export { createImportReport, type ImportReport, type ImportReportAccumulator } from './report.ts';
export type { BadRow, HoldoutPair, ImportSource, ReadBatch } from './source.ts';
export { readStreamingHistory, type StreamingHistoryOptions } from './streaming-history.ts';
export { readEventFiles, readItemFiles } from './typed-rows.ts';
export {
  type DecisionToExchange,
  decisionOfEvent,
  eventOfDecision,
  isOwnEvent,
  type RewardOf,
  toExchange,
} from './vw/decisions.ts';
export { dsjsonLine, parseDsjson } from './vw/dsjson.ts';
export { type BanditEvent, type BanditSlot, eventWeight, isLabelled, type VwCounts } from './vw/event.ts';
export { type BanditFeedback, createFeedbackFile, type FeedbackFile, feedbackOf } from './vw/feedback.ts';
export { readVw, VW_FORMATS, type VwBatch, type VwFormat } from './vw/read.ts';
