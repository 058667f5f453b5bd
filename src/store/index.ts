/** Storage: the ports, and their adapters for one machine. */
export * from './disk.ts';
export * from './log.ts';
export { comparePositions, type LogPosition } from './log-format.ts';
export { checkLog, type LogCheck, type LogEntry, readLogSegments } from './log-reader.ts';
