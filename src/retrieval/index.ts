export { FIT_DEFAULTS, type FitOptions, fitEmbedding } from './fit.ts';
export { type ApartOptions, fitEmbeddingApart } from './fit-apart.ts';
export { foldIn } from './fold-in.ts';
export { evaluateHoldout, type HoldoutInput, type HoldoutReport, listenersOfItems } from './holdout.ts';
export type { Interactions } from './interactions.ts';
export { createNearest, NEAREST_LIMIT, type Nearest, type NearestOptions } from './nearest.ts';
export { openNearest, prepareNearest } from './nearest-file.ts';
export { type RankingScores, rankingScores } from './ranking.ts';
export { RECOMMEND_DEFAULTS, type RecommendOptions, recommend } from './recommend.ts';
