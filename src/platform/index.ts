export type { CampaignService, StoredCampaign } from './campaigns.ts';
export { type PlatformLogger, type PlatformOptions, silentLogger } from './config.ts';
export type { Insights, ListQuery } from './insights/insights.ts';
export { openPlatform, type Platform } from './open.ts';
export { replayRecord } from './replays.ts';
export * from './service.ts';
export * from './trust.ts';
