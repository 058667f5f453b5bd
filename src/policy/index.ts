export { checkPolicy, type PolicyCheck } from './check.ts';
export * from './page.ts';
export * from './policies.ts';
export * from './problem.ts';
export * from './sample.ts';
