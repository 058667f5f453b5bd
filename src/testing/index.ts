/** Law suites that every adapter, policy and model must pass, and doubles to test with: for users' own, too. */

export { type PolicyLaw, policyLaws } from './policy/laws.ts';
export * from './store/index.ts';
