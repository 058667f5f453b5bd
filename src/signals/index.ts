/** What feedback means: listener state, rewards, attribution, popularity. */
export * from './attribution.ts';
export * from './counters.ts';
export { COUNTED_PLAY_MS, type FoldOutcome, foldEvent } from './fold.ts';
export { type CardFacts, REWARD_RULES, type RewardRule, rewardOf } from './rewards.ts';
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
  progressOf,
  STATE_VERSION,
} from './state.ts';
export { decodeState, encodeState, statesEqual, stateVersionOf } from './state-codec.ts';
export * from './taste.ts';
export { type ViewInput, viewOf } from './view.ts';
