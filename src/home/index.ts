export type { HomeAnswer } from './answer.ts';
export { createDecider, type Decider, type DecisionInput, type Prepared } from './decide.ts';
export { FILTERS, REMOVAL_REASONS, type RemovalReason } from './filters.ts';
export { createHome, type Home, isAudited } from './home.ts';
export type { TasteMemory } from './hydrate.ts';
export { type CardFacts, type CardTexts, cardOpening, cardTexts, type ItemTexts } from './item-texts.ts';
export {
  always,
  LANGUAGES,
  type Language,
  languageOf,
  type MessageId,
  type PlainMessageId,
  type Told,
  textOf,
  told,
} from './messages/index.ts';
export { shelfKey, unscoredProblem } from './page-problem.ts';
export * from './playlists/index.ts';
export { begunShare, FINISHED_SHARE } from './progress.ts';
export { createRanker, MAX_RANKED, type Ranker } from './rank.ts';
export { NEW_DAYS, parseCursor, type RenderedRow, renderPage, rowsOfRecord } from './render.ts';
export {
  decideAgain,
  explainRows,
  highestOf,
  highestProbabilities,
  inputOfRecord,
  type Recomputation,
  type ReplayEpochs,
  recompute,
} from './replay.ts';
export { type CarriedRow, type ChildIndex, type HomeInput, indexChildren, type ServingEpochs } from './request.ts';
export { type ChangedItems, mayHave, type Rights, whyUnnamed } from './rights.ts';
export { mayRun, SHELVES, shelfById } from './shelves/index.ts';
export {
  DEFAULT_TUNABLES,
  examinationOf,
  type HomeTunables,
  isCold,
  isSwitchedOff,
  type PolicyId,
  policyUnder,
  resolveTunables,
  type SurfaceTunables,
  tunablesEpoch,
  tunablesOf,
} from './tunables.ts';
