export * from './page.ts';
export * from './policies.ts';
export * from './problem.ts';
export * from './sample.ts';
