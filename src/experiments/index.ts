/** Experiments: who is in which arm. */
export * from './allocation.ts';
