/** What feedback means: listener state, rewards, attribution, popularity. */
export * from './attribution.ts';
export * from './counters.ts';
export { COUNTED_PLAY_MS, type FoldOutcome, foldEvent, SESSION_GAP_MS } from './fold.ts';
export { wasHeard } from './heard.ts';
export { heardShows, touchedEpisodes, wasPlayedFrom } from './podcasts.ts';
export { type CardFacts, REWARD_RULES, REWARD_WINDOW_MS, type RewardRule, rewardOf } from './rewards.ts';
export * from './shelves.ts';
export { CARD_VISITS, SHELF_VISITS, SIGHT_LIMITS, VISIT_MS } from './sights.ts';
export {
  type BotRules,
  cardSightsOf,
  DEFAULT_BOT_RULES,
  emptyState,
  isFollowed,
  isHidden,
  isLiked,
  isShelfHidden,
  type ListenerState,
  lastBotMs,
  lastPlayedMs,
  looksLikeBot,
  playsOf,
  progressOf,
  type Sights,
  STATE_VERSION,
  shelfSightsOf,
  wornCards,
} from './state.ts';
export { decodeState, encodeState, stateVersionOf } from './state-codec.ts';
export { statesEqual } from './states-equal.ts';
export * from './taste.ts';
export { type ViewInput, viewOf } from './view.ts';
