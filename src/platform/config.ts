/** What a platform is opened with. Deployment settings stand here; what changes pages are the tunables of `home/`. */
import {
  type Clock,
  DAY_MS,
  freshSeed,
  MINUTE_MS,
  requireRange,
  resolveOptions,
  type Seed,
  systemClock,
} from '../base/index.ts';
import { type HomeTunables, type PlaylistSettings, resolvePlaylistSettings, resolveTunables } from '../home/index.ts';
import { type BotRules, DEFAULT_BOT_RULES } from '../signals/index.ts';
import type { ConfigurationSource } from './configuration/source.ts';
import { type AlertSettings, resolveAlertSettings } from './validation/alert-settings.ts';

/** Where a platform reports what an operator should know. pino fits. */
export interface PlatformLogger {
  info(details: Record<string, unknown>, message: string): void;
  warn(details: Record<string, unknown>, message: string): void;
  error(details: Record<string, unknown>, message: string): void;
}

export const silentLogger: PlatformLogger = { info: () => {}, warn: () => {}, error: () => {} };

export interface PlatformOptions {
  /** Folder that holds everything; made when missing; owned by one process at a time. */
  readonly dataDir: string;
  /** @default the machine's clock */
  readonly clock: Clock;
  /** Gives each decision its seed and id. @default from the system's generator; anything that repeats is for tests alone */
  readonly freshSeed: () => Seed;
  /** @default silent */
  readonly logger: PlatformLogger;
  /** @default DEFAULT_TUNABLES */
  readonly home: Partial<HomeTunables>;
  /** How playlists are made for listeners. @default DEFAULT_PLAYLIST_SETTINGS */
  readonly playlists: Partial<PlaylistSettings>;
  /** Share of listeners, by hash, whose Home is always drawn by popularity: the permanent baseline. @default 0.02 */
  readonly popularityHoldout: number;
  /** A page is served again, unchanged, for so long unless something meaningful happens. 0 decides at every request. @default 30 minutes */
  readonly pageLifetimeMs: number;
  /** Learning, counting and publishing of epochs happen at most this often; 0 turns them off. @default 60 s */
  readonly learnEveryMs: number;
  /** Listener states reach the online store at least this often; a crash replays at most so much of the log. @default 5 s */
  readonly stateFlushMs: number;
  /** Listener states held in memory. @default 200,000 */
  readonly cachedListeners: number;
  /** Bytes after which a log segment is sealed. @default 64 MiB */
  readonly segmentBytes: number;
  /** Milliseconds added to every sync of the event log, to see what a slower disk does. @default 0 */
  readonly injectSyncDelayMs: number;
  /**
   * Days for which an epoch is kept after it last served; one that no decision used goes after an hour. Decisions that are
   * older do not replay. At least 2: rewards are credited for a day. @default 90
   */
  readonly epochRetentionDays: number;
  /** Days for which entries of the audit trail are kept. @default 730 */
  readonly auditRetentionDays: number;
  /** The thread behind the insights reads on in the logs this often, and whenever it is asked; 0: only when asked. @default 5 s */
  readonly insightsEveryMs: number;
  /** Data is examined this often: events as they come, examples of days that are not complete by the hour; 0: only when asked. @default 60 s */
  readonly examineEveryMs: number;
  /** Rules, routes and retention of alerts. @default errors of data and a platform in trouble, told to the log */
  readonly alerts: Partial<AlertSettings>;
  /** Where secrets of alert routes are looked up by name. @default nothing */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Beyond these a listener is taken for a machine, whose plays count in no popularity and train nothing. @default 2,000 plays or 24 hours of them a day, 20 acts a minute through an hour */
  readonly botRules: BotRules;
  /** The file that the platform follows while it runs. What it said at the start is in the other options. @default null: none */
  readonly configuration: ConfigurationSource | null;
  /** Log records wait at most this long for their sync (events never wait: theirs precedes the answer). @default 200 ms */
  readonly recordFlushMs: number;
}

export const PLATFORM_DEFAULTS: PlatformOptions = {
  dataDir: '.shelfwise',
  clock: systemClock,
  freshSeed,
  logger: silentLogger,
  home: {},
  playlists: {},
  popularityHoldout: 0.02,
  pageLifetimeMs: 30 * MINUTE_MS,
  learnEveryMs: MINUTE_MS,
  stateFlushMs: 5_000,
  cachedListeners: 200_000,
  segmentBytes: 64 * 1024 * 1024,
  injectSyncDelayMs: 0,
  epochRetentionDays: 90,
  auditRetentionDays: 730,
  botRules: DEFAULT_BOT_RULES,
  configuration: null,
  recordFlushMs: 200,
  insightsEveryMs: 5_000,
  examineEveryMs: MINUTE_MS,
  alerts: {},
  environment: {},
};

export interface ResolvedPlatformOptions extends PlatformOptions {
  readonly tunables: Readonly<HomeTunables>;
  readonly playlistSettings: Readonly<PlaylistSettings>;
  readonly alertSettings: AlertSettings;
}

export function resolvePlatformOptions(
  given: Partial<PlatformOptions> & { readonly dataDir: string },
): ResolvedPlatformOptions {
  const options = resolveOptions<PlatformOptions>('platform', given, PLATFORM_DEFAULTS);
  requireRange('platform', 'popularityHoldout', options.popularityHoldout, 0, 1);
  requireRange('platform', 'pageLifetimeMs', options.pageLifetimeMs, 0, 30 * DAY_MS);
  requireRange('platform', 'learnEveryMs', options.learnEveryMs, 0, DAY_MS);
  requireRange('platform', 'stateFlushMs', options.stateFlushMs, 10, 10 * MINUTE_MS);
  requireRange('platform', 'cachedListeners', options.cachedListeners, 100, 1e8);
  requireRange('platform', 'segmentBytes', options.segmentBytes, 4096, 1 << 30);
  requireRange('platform', 'injectSyncDelayMs', options.injectSyncDelayMs, 0, 10_000);
  requireRange('platform', 'epochRetentionDays', options.epochRetentionDays, 2, 36_500);
  requireRange('platform', 'auditRetentionDays', options.auditRetentionDays, 1, 36_500);
  requireRange('platform', 'insightsEveryMs', options.insightsEveryMs, 0, DAY_MS);
  requireRange('platform', 'examineEveryMs', options.examineEveryMs, 0, DAY_MS);
  for (const rule of ['playsPerDay', 'playedHoursPerDay', 'actsPerMinute'] as const) {
    requireRange('platform', `botRules.${rule}`, options.botRules[rule], 1, 1e9);
  }
  requireRange('platform', 'recordFlushMs', options.recordFlushMs, 1, 60_000);
  return Object.freeze({
    ...options,
    tunables: resolveTunables(options.home),
    playlistSettings: resolvePlaylistSettings(options.playlists),
    alertSettings: resolveAlertSettings(options.alerts),
  });
}
