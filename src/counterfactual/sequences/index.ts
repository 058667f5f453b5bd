export { kellyBet, PredictableMoments, plugInBet } from './bets.ts';
export {
  BettingMartingale,
  type BettingOptions,
  CapitalLower,
  type CapitalLowerOptions,
  HedgedSequence,
} from './betting.ts';
export {
  doublyRobustOutcomes,
  type ModelledDecision,
  type OffPolicyOptions,
  OffPolicySequence,
  type PseudoOutcomes,
} from './off-policy.ts';
export {
  EmpiricalBernsteinLower,
  type EmpiricalBernsteinOptions,
  EmpiricalBernsteinSequence,
  HoeffdingSequence,
} from './predictable-mixture.ts';
export type { Bounds, SequenceOptions } from './sequence.ts';
