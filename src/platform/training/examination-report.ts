/** What is told of examination: how likely places are looked at, by surface, and whether that is to be trusted. */
import type { Surface } from '../../domain/index.ts';
import type { OnProgress } from '../workshop.ts';
import type { LeftOut } from './report.ts';

/** docs/position-bias.md tells what each takes for granted. */
export const EXAMINATION_METHODS = ['position-based', 'harvest', 'cascade', 'dcm'] as const;
export type ExaminationMethod = (typeof EXAMINATION_METHODS)[number];

export interface ExaminationOptions {
  /** @default 'position-based' */
  readonly method: ExaminationMethod;
  /** Which decisions: `all`, the last `30d` (or `12h`), or `FROM..TO`. @default '90d' */
  readonly examples: string;
  /** Most cards that were seen; beyond it decisions are sampled evenly, by hash. @default 1,000,000 */
  readonly maxRows: number;
}

export interface ExaminationRank {
  /** From 0. */
  readonly rank: number;
  /** Cards that stood there on pages that were rendered, and how many of them earned. */
  readonly views: number;
  readonly clicks: number;
  /** Click rate beside that of the first rank: what the curve would be if what stood where had not been chosen. Null where nothing is known. */
  readonly naive: number | null;
  /** θ beside the first rank. */
  readonly examination: number | null;
}

export interface ExaminationCurve {
  readonly ranks: readonly ExaminationRank[];
  /** Share of the views that are of cards which stood at several of these ranks: they alone tell a place's part from the card's. */
  readonly overlap: number | null;
  /** There is enough of everything, as far as a log can tell. */
  readonly trusted: boolean;
  /** Why not. */
  readonly doubts: readonly string[];
}

export interface SurfaceExamination {
  readonly surface: Surface;
  readonly pages: number;
  /** By the rank of the card in its row. */
  readonly card: ExaminationCurve;
  /** By the rank of the shelf on the page; null for methods that walk along a row. */
  readonly shelf: ExaminationCurve | null;
}

export interface ExaminationReport {
  readonly method: ExaminationMethod;
  readonly examples: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly pages: number;
  readonly listeners: number;
  /** Of all of these, as of a training's decisions. */
  readonly leftOut: LeftOut;
  readonly surfaces: readonly SurfaceExamination[];
  /** Some surface's curve of cards is to be trusted. */
  readonly trusted: boolean;
  /** For the configuration file: `home.surfaces`, of surfaces whose curve of cards is to be trusted. */
  readonly configuration: Readonly<Partial<Record<Surface, { readonly examination: readonly number[] }>>>;
  readonly seconds: number;
}

export interface ExaminationService {
  /**
   * Estimates examination from logged decisions and what they earned, beside serving, in a thread of its own; changes nothing.
   * Throws JOB_RUNNING (a training or another estimate), OPTION_INVALID, EXAMPLES_INVALID (there is too little to tell).
   */
  estimateExamination(
    request: Partial<ExaminationOptions>,
    run?: { readonly onProgress?: OnProgress; readonly signal?: AbortSignal },
  ): Promise<ExaminationReport>;
}
