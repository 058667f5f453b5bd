/**
 * What a running platform can do, as its faces (HTTP, CLI) see it. One implementation: `openPlatform`.
 */
import type { Device, HomeFilter, Item, ListenerProfile } from '../domain/index.ts';
import type { PolicyId } from '../home/index.ts';
import type { CampaignService } from './campaigns.ts';
import type { ConfigurationService } from './configuration/status.ts';
import type { EvaluationService } from './evaluation/comparison.ts';
import type { InsteadService } from './evaluation/instead.ts';
import type { Insights } from './insights/insights.ts';
import type { PlaylistService } from './playlists/index.ts';
import type { Rankings } from './rankings.ts';
import type { SwitchService } from './switches.ts';
import type { TrafficCounts } from './traffic.ts';
import type { ExaminationService } from './training/examination-report.ts';
import type { ModelService } from './training/report.ts';
import type { Trust } from './trust.ts';
import type { AlertService, DataService } from './validation/service.ts';

export type ItemFate =
  | { readonly id: string; readonly fate: 'created' | 'updated' | 'unchanged' }
  | {
      readonly id: string;
      readonly fate: 'rejected';
      readonly code: string;
      readonly message: string;
      readonly remedy: string;
    };

export type EventFate =
  /** `private`: of a private session, taken and forgotten. */
  | { readonly eventId: string; readonly fate: 'accepted' | 'duplicate' | 'private' }
  | {
      readonly eventId: string;
      readonly fate: 'rejected';
      readonly code: string;
      readonly message: string;
      readonly remedy: string;
    };

export interface HomeQuery {
  readonly device: Device;
  /** Overrides the listener's market. */
  readonly market?: string | undefined;
  /** Overrides the listener's tier. */
  readonly tier?: string | undefined;
  /** The Home of another time; now when absent. */
  readonly atMs?: number | undefined;
  readonly explain: boolean;
  readonly sessionId?: string | undefined;
  /** Decide anew even within the lifetime of the last page. */
  readonly fresh: boolean;
  /**
   * Drawn by this policy instead of the one in use: for looking at. Such a page never stands, and a policy that is switched
   * off draws nothing here either. @default the one in use
   */
  readonly policyId?: PolicyId | undefined;
  /** The chip: music or podcasts alone. */
  readonly filter?: HomeFilter | undefined;
  /** Of a private session: nothing of it is written, and the state is only read. @default false */
  readonly isPrivate?: boolean | undefined;
  /** False: as for anybody of this market, tier and time; the state is not read. @default what the profile says */
  readonly profiling?: boolean | undefined;
  /** Rows that are sent at once. @default all */
  readonly limit?: number | undefined;
  /** `nextCursor` of the part before: the rows below it, of the same decision. */
  readonly cursor?: string | undefined;
}

export interface StoredListener {
  readonly id: string;
  readonly profile: ListenerProfile;
  readonly createdAtMs: number;
}

export interface ListenerSummary extends StoredListener {
  readonly totalPlays: number;
  readonly lastEventAtMs: number | null;
  readonly topItems: readonly { readonly id: string; readonly title: string; readonly plays: number }[];
  readonly topGenres: readonly { readonly genre: string; readonly plays: number }[];
  readonly followed: readonly string[];
}

export interface ReplayReport {
  readonly decisionId: string;
  readonly recomputed: boolean;
  readonly equal: boolean;
  /** Where the recomputation first differs, in words; null when equal. */
  readonly firstDifference: string | null;
  readonly steps: number;
  readonly audited: boolean;
}

export interface RebuildReport {
  readonly version: number;
  readonly events: number;
  readonly listeners: number;
  /** Listeners whose rebuilt state differs from the one that served; who had events during the rebuild is not compared. */
  readonly different: number;
  readonly seconds: number;
}

export interface DoctorReport {
  readonly healthy: boolean;
  readonly checks: readonly {
    readonly name: string;
    readonly outcome: 'ok' | 'warning' | 'error';
    readonly detail: string;
    readonly remedy: string;
  }[];
}

export interface RetrievalScores {
  readonly recall20: number;
  readonly ndcg20: number;
}
export interface RetrievalReport {
  readonly listeners: number;
  readonly hiddenPairs: number;
  readonly popularity: RetrievalScores;
  readonly recommended: RetrievalScores;
}

export interface PlatformStatus {
  readonly version: string;
  readonly items: number;
  readonly listeners: number;
  readonly events: number;
  readonly decisions: number;
  readonly epochs: Readonly<Record<string, string>>;
  /** Listeners whose plays count in no popularity and train nothing. */
  readonly traffic: TrafficCounts;
  readonly ready: boolean;
  /** The learner's and compactor's last work, in words. */
  readonly background: Readonly<Record<string, string>>;
}

export interface PlatformService
  extends AlertService,
    CampaignService,
    ConfigurationService,
    DataService,
    EvaluationService,
    ExaminationService,
    InsteadService,
    ModelService,
    Rankings,
    SwitchService,
    Trust {
  /** Upserts each valid item; a bad one never sinks the rest. On disk when the promise resolves. */
  upsertItems(rows: readonly unknown[]): Promise<readonly ItemFate[]>;
  getItem(id: string): Item | undefined;
  /** True when there was such an item. */
  deleteItem(id: string): Promise<boolean>;
  searchItems(query: {
    readonly text: string;
    readonly kind?: string | undefined;
    readonly limit: number;
  }): readonly Item[];

  putListener(id: string, profile: ListenerProfile): Promise<StoredListener>;
  /** Many at once, in one transaction: what imports use. The rows are valid already; on disk when it resolves. */
  putListeners(
    rows: readonly { readonly id: string; readonly profile: ListenerProfile }[],
  ): Promise<readonly StoredListener[]>;
  getListener(id: string): ListenerSummary | undefined;
  /** By id, ascending, after `cursor`. */
  listListeners(query: { readonly prefix: string; readonly limit: number; readonly cursor?: string | undefined }): {
    readonly listeners: readonly StoredListener[];
    readonly nextCursor: string | null;
  };

  /** Fates in the order of the rows; resolves only when every accepted event is on disk and folded into its listener's state. */
  ingest(rows: readonly unknown[]): Promise<readonly EventFate[]>;

  /** The page as JSON bytes (see PageSchema). Never fails for a listener that is unknown: that is a cold start. */
  home(listenerId: string, query: HomeQuery): Promise<Uint8Array>;

  /** The decoded record of a decision as JSON-ready data; throws DECISION_NOT_FOUND. */
  decision(decisionId: string): Promise<Readonly<Record<string, unknown>>>;
  replay(decisionId: string, options: { readonly verify: boolean }): Promise<ReplayReport>;
  /** Newest first; only those with ids smaller than `before`. */
  recentDecisions(limit: number, before?: string): Promise<readonly string[]>;

  /** Fits embeddings, counters and the reward model on what is there, in the background; resolves when they serve. */
  fit(options: { readonly onProgress?: (stage: string, share: number) => void }): Promise<void>;
  rebuildState(options: { readonly onProgress?: (share: number) => void }): Promise<RebuildReport>;
  evaluateRetrieval(options: {
    readonly onProgress?: (stage: string, share: number) => void;
  }): Promise<RetrievalReport>;
  /** Hides pairs from everything but `evaluateRetrieval`: kept beside the data, never in the log. */
  putHoldout(pairs: readonly { readonly listenerId: string; readonly itemId: string }[]): Promise<void>;
  /** Looks over the data directory, in the background; changes nothing. */
  doctor(options?: { readonly onProgress?: (stage: string, share: number) => void }): Promise<DoctorReport>;
  /** Moves sealed log segments to the lake; resolves with how many. */
  compact(): Promise<number>;

  /** Figures, exposure, a listener in words, the last minutes. */
  readonly insights: Insights;
  readonly playlists: PlaylistService;

  status(): PlatformStatus;
  /** Prometheus text. */
  metrics(): Promise<string>;
  close(): Promise<void>;
}
