/** Statistics of several datasets side by side: as figures, and as a page. */
export * from './compare.ts';
export { type ReportOptions, reportPage } from './page.ts';
