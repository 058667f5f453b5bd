/** The front door of configuration files: `import { defineConfig } from 'shelfwise/config'`. */
import type { Surface } from '../../domain/index.ts';
import type { HomeTunables, PlaylistSettings, SurfaceTunables } from '../../home/index.ts';
import type { PlatformOptions } from '../config.ts';
import type { CalibrationId, FamilyOptions, TrainingOptions } from '../training/report.ts';
import type { AlertSettings } from '../validation/alert-settings.ts';

/** Where `shelfwise up` listens and keeps its data. Read at the start. */
export interface ServerSettings {
  /** @default '127.0.0.1' */
  readonly host: string;
  /** 0 for any free one. @default 7878 */
  readonly port: number;
  /** Against the file's folder. @default '.shelfwise' */
  readonly dataDir: string;
  /** Origins whose pages may call the API from a browser. @default none */
  readonly corsOrigins: readonly string[];
}

/** What stands in a section of its own, or is none of a file's business. */
type Elsewhere = 'dataDir' | 'clock' | 'logger' | 'home' | 'playlists' | 'configuration' | 'alerts' | 'environment';
/** Read at the start. */
export type PlatformSettings = Omit<PlatformOptions, Elsewhere>;

/** Tunables of Home but for the policy, which has its own section; surfaces and their limits may be given in part. */
export type HomeSettings = Partial<Omit<HomeTunables, 'policy' | 'policyOptions' | 'switchedOff' | 'surfaces'>> & {
  readonly surfaces?: Readonly<Partial<Record<Surface, Partial<SurfaceTunables>>>>;
};

/** Everything is optional: what is not said keeps its default. */
export interface ShelfwiseConfig {
  readonly server?: Partial<ServerSettings>;
  readonly platform?: Partial<PlatformSettings>;
  readonly playlists?: Partial<PlaylistSettings>;
  /** Who is told of what. Read at the start. */
  readonly alerts?: Partial<AlertSettings>;
  /** What changes pages, but for the policy; takes effect while the platform runs, as all that follows does. */
  readonly home?: HomeSettings;
  /** The policy by its id, with its options beside it. */
  readonly policy?: { readonly id: string } & FamilyOptions;
  /** The reward model: its family, with its options beside it. Without it, what is promoted serves. */
  readonly model?: {
    readonly family: string;
    /** Members of a bootstrap ensemble. @default 1 */
    readonly ensemble?: number;
    /** @default 'none' */
    readonly calibration?: CalibrationId;
  } & FamilyOptions;
  /** Defaults of every training. */
  readonly training?: Partial<TrainingOptions>;
}

/** Gives the configuration as it is: for the types. */
export function defineConfig(config: ShelfwiseConfig): ShelfwiseConfig {
  return config;
}
