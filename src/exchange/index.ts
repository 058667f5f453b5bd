export { type HetrecOptions, readHetrecLastfm } from './hetrec.ts';
export {
  createImportReport,
  type FateOfRow,
  type ImportReport,
  type ImportReportAccumulator,
  type RowFate,
} from './report.ts';
export type { BadRow, HoldoutPair, ImportBatch, ImportListener, ImportSource, ReadBatch } from './source.ts';
export { EVENT_FIELDS, type FileOptions, ITEM_FIELDS, readEventFiles, readItemFiles } from './typed-rows.ts';
