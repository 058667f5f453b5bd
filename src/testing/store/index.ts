/** Laws and doubles for adapters of the storage ports. */
export { type CrashReport, crashLog } from './crash-log.ts';
export { type EventLogSubject, eventLogLaws } from './event-log-laws.ts';
export type { Law } from './law.ts';
export { type MemoryDisk, memoryDiskDroppingUnsynced } from './memory-disk.ts';
export { type MetadataSubject, metadataLaws } from './metadata-laws.ts';
export { type OnlineStoreSubject, onlineStoreLaws } from './online-store-laws.ts';
export { type StoreWatch, watchedStore } from './watched-store.ts';
