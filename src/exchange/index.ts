export { type HetrecOptions, readHetrecLastfm } from './hetrec.ts';
export { createImportReport, type ImportReport, type ImportReportAccumulator } from './report.ts';
export type { BadRow, HoldoutPair, ImportSource, ReadBatch } from './source.ts';
export { readStreamingHistory, type StreamingHistoryOptions } from './streaming-history.ts';
export { readEventFiles, readItemFiles } from './typed-rows.ts';
