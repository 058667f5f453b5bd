/** Storage: the ports, and their adapters for one machine. */
export type { AlertLedger, AlertState, StoredAlert, StoredNotice, StoredSilence } from './alerts.ts';
export type { ApiKey, ApiKeys, RateLimit, StoredApiKey } from './api-keys.ts';
export type { AuditEntry, AuditTrail } from './audit.ts';
export * from './compact.ts';
export * from './data-dir.ts';
export * from './disk.ts';
export { type EpochStore, openEpochStore, type Retained } from './epochs.ts';
export { type PreparedErasure, prepareErasure } from './erase-log.ts';
export {
  type Erasure,
  type ErasureReport,
  type Erasures,
  erasureCommitment,
  erasureDigest,
  erasureReport,
  LOG_FILES,
} from './erasures.ts';
export * from './event-log.ts';
export { type Lake, type LakeColumn, type LakeType, type LakeValue, openLake } from './lake.ts';
export * from './log.ts';
export { comparePositions, HEADER_BYTES, type LogPosition } from './log-format.ts';
export { checkLog, type LogCheck, type LogEntry, readLogSegments } from './log-reader.ts';
export * from './metadata.ts';
export type { Models, RegisteredModel } from './models.ts';
export * from './online.ts';
export { type Owner, readOwner } from './owner.ts';
export { searchFile } from './search-file.ts';
export { logUpTo, type Stream, streamEntries, streamEntry } from './stream.ts';
export { openWarehouse, type SqlValue, type Warehouse, type WarehouseOptions } from './warehouse.ts';
