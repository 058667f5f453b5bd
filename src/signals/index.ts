/** What feedback means: listener state, rewards, attribution, popularity. */
export * from './attribution.ts';
export * from './counters.ts';
export { COUNTED_PLAY_MS, type FoldOutcome, foldEvent, SESSION_GAP_MS } from './fold.ts';
export {
  addEvidence,
  type CardFacts,
  type CreditedPlay,
  type CreditedSkip,
  type Evidence,
  earned,
  emptyEvidence,
  REWARD_RULES,
  REWARD_WINDOW_MS,
  type RewardRule,
  rewardOf,
} from './rewards.ts';
export * from './shelves.ts';
export {
  BOT_PLAYS_PER_DAY,
  emptyState,
  isFollowed,
  isHidden,
  isLiked,
  type ListenerState,
  lastPlayedMs,
  looksLikeBot,
  playsOf,
  playsOf as playedCount,
  progressOf,
  STATE_LIMITS,
  STATE_VERSION,
} from './state.ts';
export { decodeState, encodeState, statesEqual, stateVersionOf } from './state-codec.ts';
export * from './taste.ts';
export { type ViewInput, viewOf } from './view.ts';
