/**
 * What is told of trained models: the registry's nouns, as HTTP, CLI and Studio see them.
 *
 * All figures are weighted by the examples' weights (see `weights.ts`) and measured on rows that the model has not learnt
 * from, unless they say otherwise.
 */

export const CALIBRATIONS = ['none', 'isotonic', 'platt'] as const;
export type CalibrationId = (typeof CALIBRATIONS)[number];

export const WEIGHTINGS = ['uniform', 'none'] as const;
export type Weighting = (typeof WEIGHTINGS)[number];

export const POSITIONS = ['none', 'regression-em', 'pal'] as const;
export type PositionId = (typeof POSITIONS)[number];

/** Options of a family: what its own documentation lists. */
export type FamilyOptions = Readonly<Record<string, number | string | boolean | readonly (number | string)[]>>;

/** A model as it is asked for: by the configuration, by `shelfwise train`, by the API. */
export interface ModelSpec {
  /** `logistic`, `trees`, `network`, `fm`, … */
  readonly family: string;
  /** The family's own. @default {} */
  readonly options?: FamilyOptions | undefined;
  /** Members of a bootstrap ensemble; 1: the model alone. @default 1 */
  readonly ensemble?: number | undefined;
  /** Fitted on the tuning rows. @default 'none' */
  readonly calibration?: CalibrationId | undefined;
}

/** A model as it was asked for, complete. */
export interface ResolvedSpec {
  readonly family: string;
  readonly options: FamilyOptions;
  readonly ensemble: number;
  readonly calibration: CalibrationId;
}

/** How examples are gathered, weighted and split. */
export interface TrainingOptions {
  /**
   * Which decisions: `all`, the last `30d` (or `12h`), or `FROM..TO` by UTC dates or times, either end open.
   * @default '90d'
   */
  readonly examples: string;
  /**
   * `uniform`: a card's row weighs as the uniform choice over the same unmasked cards would have shown it, (1/n)/p at its
   * rank, clipped, and scaled to a mean of 1. `none`: every row weighs 1, and the model knows best what was shown most.
   * @default 'uniform'
   */
  readonly weighting: Weighting;
  /** Highest weight before scaling, at least 1. Lower: less variance, more bias towards what was shown. @default 10 */
  readonly weightClip: number;
  /**
   * How choices are parted from the places in which they were made (docs/position-bias.md). `none`: they are taken at their word.
   * `regression-em`: any family whose scores are probabilities, fitted up to 40 times. `pal`: families that learn online,
   * jointly with the curves. Both learn from decisions alone, serve scores that are free of position, and do not learn on.
   * @default 'none'
   */
  readonly position: PositionId;
  /** Only decisions whose rewards are final, 24 hours after they were served. @default false */
  readonly matured: boolean;
  /** Share of the decisions, the last in time, that only measure, (0, 0.9]. @default 0.2 */
  readonly validationShare: number;
  /** Share of listeners, by hash, whose rows only tune: early stopping and calibration, [0, 0.9]. @default 0.1 */
  readonly tuningShare: number;
  /** With fewer rows of decisions than this, rows from the listening history are added. 0: never. @default 2,000 */
  readonly historyBelow: number;
  /** Most rows; beyond it decisions are sampled evenly, by hash. @default 1,000,000 */
  readonly maxRows: number;
  /** Of everything random: the same log and seed give the same model, byte for byte. @default 1 */
  readonly seed: number;
}

export interface TrainRequest extends ModelSpec, Partial<TrainingOptions> {
  /** Serve it when it is done. @default false */
  readonly promote?: boolean | undefined;
}

/**
 * How good scores are on some rows. Of a model that is free of position, log loss and calibration are of the choice that it
 * expects at the row's place (θ · score), area and NDCG of the score. NaN is told as null: one class is missing, or there are no rows. */
export interface Quality {
  /** Mean log loss, nats. */
  readonly logLoss: number | null;
  /** Area under the receiver operating characteristic. */
  readonly auc: number | null;
  /** Expected calibration error: mean |predicted - observed| over ten bins of equal weight. */
  readonly ece: number | null;
  /** Mean prediction over mean label; 1 is calibrated in the large. */
  readonly calibration: number | null;
  /** Normalised discounted cumulative gain of a shelf's seen cards, mean over shelves with a reward and a miss. */
  readonly ndcg: number | null;
}

/** The rows of one slice, and how good each model is on them. */
export interface SliceQuality {
  /** `all`, `tier`, `market`, `device`, `listener` (new or known), `shelf`, `training` (listeners seen in it or not), `source`. */
  readonly slice: string;
  /** Its value: `premium`, `SE`, …; '' where there is none. */
  readonly of: string;
  readonly rows: number;
  readonly shelves: number;
  /** Weighted mean label. */
  readonly rate: number | null;
  readonly model: Quality;
  /** The constant rate of the training rows. */
  readonly constant: Quality;
  /** The model that served when this one was trained; null where none did. */
  readonly serving: Quality | null;
}

export interface ReliabilityBin {
  /** The least and greatest prediction. */
  readonly low: number;
  readonly high: number;
  readonly rows: number;
  readonly weight: number;
  /** Weighted. */
  readonly meanPredicted: number;
  readonly meanObserved: number;
  /** 95% interval of the observed rate (Wilson 1927). */
  readonly interval: readonly [number, number];
}

export interface FeatureImportance {
  /** A column or slot of the encoder. */
  readonly name: string;
  /** Mean |contribution| to the logit over a sample of validation rows. */
  readonly contribution: number;
}

/** Decisions that gave no rows, and why. */
export interface LeftOut {
  readonly degraded: number;
  /** Nobody was known, or nobody is to be counted: marks `unprofiled` and `flagged`. */
  readonly marked: number;
  /** Of features of another version. */
  readonly otherEncoder: number;
  /** Erased, damaged, or of epochs that are gone. */
  readonly unreadable: number;
  /** Nothing of them was seen (or nothing that the app said it rendered). */
  readonly unseen: number;
  readonly sampled: number;
}

/** θ by surface, beside the first place: of the shelves on a page and of the cards in a row, given that the row was seen. */
export type ExaminationTable = Readonly<
  Record<string, { readonly shelf: readonly number[]; readonly card: readonly number[] }>
>;

/** What a model was made of: enough to make it again. */
export interface ModelLineage {
  readonly spec: ResolvedSpec;
  readonly training: TrainingOptions;
  /** What was learnt of places beside the model; null where they were not looked at (`position: 'none'`). */
  readonly examination: ExaminationTable | null;
  /** First and last time of the decisions that gave rows; 0 where none did. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Where the validation rows begin. */
  readonly validationFromMs: number;
  readonly decisions: number;
  readonly listeners: number;
  readonly rows: { readonly train: number; readonly tune: number; readonly validate: number; readonly history: number };
  /** Weighted mean label of the training rows. */
  readonly rate: number;
  /** Share of the training rows whose weight was clipped, and their effective number (Σw)²/Σw². */
  readonly clipped: number;
  readonly effectiveRows: number;
  readonly leftOut: LeftOut;
  readonly encoder: string;
  /** The model that served then; '' where none did. */
  readonly parent: string;
  readonly version: string;
  readonly seconds: number;
}

export interface ModelSummary {
  readonly hash: string;
  readonly family: string;
  readonly createdAtMs: number;
  readonly origin: 'trained' | 'imported' | 'history' | 'online';
  readonly serves: boolean;
  /** Since when it serves, or until when it last did; null where it never served. */
  readonly servedAtMs: number | null;
  /** Does it (as the one that serves) go on learning from every reward? */
  readonly learnsOnline: boolean;
  /** For `online`: the model that it has gone on from, '' where that is not known. */
  readonly parent: string;
  /** Can it serve here? False for a model of features of another version. */
  readonly usable: boolean;
  readonly lineage: ModelLineage | null;
  /** Over all validation rows; null where it was not measured. */
  readonly quality: SliceQuality | null;
}

export interface ModelDetail extends ModelSummary {
  readonly slices: readonly SliceQuality[];
  /** Ten bins of equal weight over the validation rows, by prediction ascending; and of the model that served then. */
  readonly reliability: readonly ReliabilityBin[];
  readonly servingReliability: readonly ReliabilityBin[];
  /** Most important first, 50 at most. */
  readonly importance: readonly FeatureImportance[];
  /** Can it be written as ONNX? */
  readonly exportable: boolean;
}

export interface TrainedModel extends ModelDetail {
  /** It serves now. */
  readonly promoted: boolean;
}

export interface Promotion {
  readonly hash: string;
  readonly family: string;
  /** What served before; '' where nothing did. */
  readonly before: string;
  readonly learnsOnline: boolean;
}

export interface ModelService {
  /** That can be trained. */
  modelFamilies(): readonly string[];
  /** What is registered, and what serves: newest first. */
  listModels(): Promise<readonly ModelSummary[]>;
  getModel(hash: string): Promise<ModelDetail | undefined>;
  /** The hash of what a rollback would serve; '' where there is nothing. */
  rollbackTarget(): Promise<string>;
  /**
   * Trains beside serving, in a thread of its own; on the medium and registered when it resolves. One at a time. Throws
   * JOB_RUNNING, OPTION_INVALID, EXAMPLES_INVALID (there is too little to learn from).
   */
  trainModel(
    request: TrainRequest,
    run?: { readonly onProgress?: (stage: string, share: number) => void; readonly signal?: AbortSignal },
  ): Promise<TrainedModel>;
  /** Serves it from the next request on. Throws MODEL_NOT_FOUND, MODEL_ENCODER_MISMATCH; POLICY_EVIDENCE where it lacks what the policy needs. */
  promoteModel(hash: string): Promise<Promotion>;
  /** Serves again what served before the last promotion. Throws MODEL_NOT_FOUND where nothing did. */
  rollbackModel(): Promise<Promotion>;
  /** Throws MODEL_NOT_FOUND; MODEL_NOT_EXPORTABLE. */
  exportModel(hash: string): Promise<Uint8Array>;
  /**
   * Registers a model that was trained elsewhere, its inputs bound to columns and slots as docs/training.md tells; one that
   * was exported here binds itself. Throws ONNX_INVALID, ONNX_BINDING, ONNX_OPERATOR, ONNX_RUNTIME, MODEL_ENCODER_MISMATCH.
   */
  importModel(file: { readonly onnx: Uint8Array; readonly binding?: unknown }): Promise<ModelDetail>;
}
