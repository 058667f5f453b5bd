export type { CampaignService, StoredCampaign } from './campaigns.ts';
export { type PlatformLogger, type PlatformOptions, silentLogger } from './config.ts';
export * from './configuration/index.ts';
export type { ConfigurationProblem, ConfigurationService, ConfigurationStatus } from './configuration/status.ts';
export * from './evaluation/comparison.ts';
export { type FrozenDecisions, openFrozenDecisions } from './evaluation/frozen.ts';
export {
  type EvaluablePolicy,
  INSTEAD_DRAWS,
  type InsteadCard,
  type InsteadChoice,
  type InsteadDraw,
  type InsteadOptions,
  type InsteadReport,
  type InsteadRow,
  type InsteadService,
  type PolicyOption,
} from './evaluation/instead.ts';
export { type TargetSpec, targetsOf } from './evaluation/targets.ts';
export type { Insights, ListQuery } from './insights/insights.ts';
export { openPlatform, type Platform } from './open.ts';
export type {
  ChildCard,
  ChildrenQuery,
  ItemChildren,
  Playlist,
  PlaylistQuery,
  PlaylistService,
  PlaylistSummary,
  PlaylistTrack,
} from './playlists/index.ts';
export type { KnownRanking, RankAnswer, RankedItem, Rankings, RankQuery } from './rankings.ts';
export { replayRecord } from './replays.ts';
export * from './service.ts';
export type { Switch, SwitchService } from './switches.ts';
export * from './training/examination-report.ts';
export { type FitRun, fitModel } from './training/fit-model.ts';
export * from './training/report.ts';
export { parseSpan, type Span } from './training/span.ts';
export * from './trust.ts';
export * from './validation/service.ts';
