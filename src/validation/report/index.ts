/** Statistics of several datasets side by side. */
export * from './compare.ts';
