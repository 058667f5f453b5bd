export { checkPolicy, type PolicyCheck } from './check.ts';
export { SYNTHETIC_DRAWS, withSyntheticEvidence } from './check-evidence.ts';
export { withSyntheticTraits } from './check-traits.ts';
export * from './composition/index.ts';
export { type OnlineCoverOptions, onlineCover } from './cover.ts';
export { applyFloor, type FloorOptions, mixUniform, projectMinimum } from './floors.ts';
export { type GaussianThompsonOptions, gaussianThompson } from './gaussian-thompson.ts';
export { fastCb, type InverseGapOptions, squareCb } from './inverse-gap.ts';
export { type LinUcbOptions, linUcb } from './linucb.ts';
export * from './marginals.ts';
export { drawSeedOf, lackedEvidence, ModelEvidence, requireEvidence } from './model-evidence.ts';
export * from './page.ts';
export * from './policies.ts';
export {
  type Composition,
  type EvidenceKind,
  type EvidenceNeed,
  NO_EVIDENCE,
  type Policy,
  type PolicyOptions,
  type StepContext,
  type StepEvidence,
  stepEvidence,
} from './policy.ts';
export * from './problem.ts';
export { type RegCbOptions, regCb } from './regcb.ts';
export {
  CHECKED_COMPOSITION,
  isPolicyId,
  POLICY_IDS,
  POLICY_VARIANTS,
  type PolicyId,
  policyOf,
} from './registry.ts';
export * from './sample.ts';
export {
  type BootstrapThompsonOptions,
  bootstrapThompson,
  type ThompsonOptions,
  type TopTwoOptions,
  thompson,
  topTwoThompson,
} from './thompson.ts';
