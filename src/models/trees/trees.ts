/**
 * Boosted trees over the encoder's columns and slots: the reward model for interactions that nobody declared.
 *
 * Dense columns are cut at quantiles; a missing value goes the way that served the training rows best. A slot is a category:
 * its heaviest buckets are told apart, the others count as missing. The model is what its node arrays say, in float32, so that
 * it can be written as any other library's trees. It has no uncertainty of its own.
 */
import type { Epoch, EpochContent, Json } from '../../domain/index.ts';
import { sealEpoch } from '../../domain/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import { createTreeScorer, type TreeScorer } from '../../kernels/index.ts';
import type {
  Contribution,
  Examples,
  FitReport,
  Learner,
  RewardModel,
  RewardModelFamily,
  ScoreScale,
} from '../contract.ts';
import { exportTrees } from '../onnx/export-trees.ts';
import { logit, sigmoids } from '../sigmoid.ts';
import {
  ensembleFromEpoch,
  ensembleToEpoch,
  noTrees,
  TREES_FAMILY,
  TreeDecisions,
  type TreeEnsemble,
} from './ensemble.ts';
import { fitTrees } from './fit.ts';
import { resolveTreesOptions, scaleOf, type TreesFitOptions, type TreesOptions } from './options.ts';
import { addContributions, expectedMargin } from './shap.ts';

/** What a feature did for the trees. */
export interface FeatureImportance {
  /** A name of the encoder's `denseNames` or `sparseNames`. */
  readonly name: string;
  /** Sum of the gains of its splits, in units of twice the training loss. */
  readonly gain: number;
  /** Nodes that ask it. */
  readonly splits: number;
}

/** Trees that can be read: by an exporter, by a chart. */
export interface TreesModel extends RewardModel {
  readonly scale: ScoreScale;
  /** The nodes. Not to be written to. */
  readonly ensemble: TreeEnsemble;
  /** One entry a column and a slot, in the encoder's order. */
  importance(): readonly FeatureImportance[];
}

export interface TreesLearner extends TreesModel, Learner<TreesFitOptions> {
  readonly scale: ScoreScale;
  readonly options: Readonly<TreesOptions>;
}

export const treesModel = {
  family: TREES_FAMILY,

  /** Throws `OPTION_INVALID`. */
  fresh(encoder: EncoderShape, options: Partial<TreesOptions> = {}): TreesLearner {
    const resolved = resolveTreesOptions(encoder, options);
    const scale = scaleOf(resolved.objective);
    const base = { probability: logit(resolved.baseRate), value: resolved.baseRate, rank: 0 }[scale];
    return new LearningTrees(encoder, resolved, noTrees(encoder, scale, base));
  },

  fromEpoch(epoch: Epoch, encoder: EncoderShape): TreesModel {
    const { kind, meta, arrays } = epoch;
    return new ServedTrees(encoder, ensembleFromEpoch(epoch, encoder), { kind, meta, arrays }, epoch.hash);
  },
} satisfies RewardModelFamily<Partial<TreesOptions>, TreesLearner>;

/** Reads one ensemble. */
class TreesReader {
  readonly ensemble: TreeEnsemble;
  readonly bias: number;
  private readonly encoder: EncoderShape;
  private readonly decisions: TreeDecisions;
  /** Made when it is first asked: what is only trained or stored needs none. */
  private scorer: TreeScorer | undefined;

  constructor(encoder: EncoderShape, ensemble: TreeEnsemble) {
    this.encoder = encoder;
    this.ensemble = ensemble;
    this.decisions = new TreeDecisions(ensemble);
    this.bias = ensemble.base + expectedMargin(ensemble);
  }

  predict(batch: FeatureBatch, rows: number, out: Float64Array): void {
    this.requireRows(batch, rows, out.length);
    this.scorer ??= createTreeScorer(this.ensemble);
    this.scorer.score(batch.dense, batch.sparse, rows, this.ensemble.base, out);
    if (this.ensemble.scale === 'probability') sigmoids(out, rows);
  }

  contributions(batch: FeatureBatch, row: number): readonly Contribution[] {
    this.requireRows(batch, row + 1, row + 1);
    const { denseNames, sparseNames } = this.encoder;
    const phi = new Float64Array(denseNames.length + sparseNames.length);
    addContributions(this.ensemble, this.decisions, batch, row, phi);
    return [...denseNames, ...sparseNames].map((name, f) => ({ name, contribution: phi[f] }));
  }

  importance(): readonly FeatureImportance[] {
    const { features, gains } = this.ensemble;
    const { denseNames, sparseNames } = this.encoder;
    const gain = new Float64Array(denseNames.length + sparseNames.length);
    const splits = new Uint32Array(gain.length);
    features.forEach((feature, n) => {
      if (feature < 0) return;
      gain[feature] += gains[n];
      splits[feature]++;
    });
    return [...denseNames, ...sparseNames].map((name, f) => ({ name, gain: gain[f], splits: splits[f] }));
  }

  private requireRows(batch: FeatureBatch, rows: number, room: number): void {
    const { denseWidth, sparseWidth } = this.encoder;
    if (batch.denseWidth === denseWidth && batch.sparseWidth === sparseWidth && rows <= batch.rows && rows <= room)
      return;
    throw new RangeError(
      `${rows} rows of ${denseWidth} + ${sparseWidth} columns wanted; the batch has ${batch.rows} of ${batch.denseWidth} + ${batch.sparseWidth}, there is room for ${room}`,
    );
  }
}

class ServedTrees implements TreesModel {
  readonly family = TREES_FAMILY;
  readonly hash: string;
  readonly encoderHash: string;
  readonly scale: ScoreScale;
  readonly bias: number;
  readonly ensemble: TreeEnsemble;
  private readonly encoder: EncoderShape;
  private readonly reader: TreesReader;
  private readonly content: EpochContent;

  constructor(encoder: EncoderShape, ensemble: TreeEnsemble, content: EpochContent, hash: string) {
    this.hash = hash;
    this.encoder = encoder;
    this.encoderHash = encoder.hash;
    this.scale = ensemble.scale;
    this.ensemble = ensemble;
    this.reader = new TreesReader(encoder, ensemble);
    this.bias = this.reader.bias;
    this.content = content;
  }

  predict(batch: FeatureBatch, rows: number, out: Float64Array): void {
    this.reader.predict(batch, rows, out);
  }

  contributions(batch: FeatureBatch, row: number): readonly Contribution[] {
    return this.reader.contributions(batch, row);
  }

  importance(): readonly FeatureImportance[] {
    return this.reader.importance();
  }

  toEpoch(): EpochContent {
    return this.content;
  }

  toOnnx(): Uint8Array {
    return exportTrees(this.encoder, this, this.ensemble);
  }
}

class LearningTrees implements TreesLearner {
  readonly family = TREES_FAMILY;
  readonly encoderHash: string;
  readonly options: Readonly<TreesOptions>;
  readonly scale: ScoreScale;
  private readonly encoder: EncoderShape;
  private reader: TreesReader;
  /** '' when the trees have changed since it was computed. */
  private knownHash = '';

  constructor(encoder: EncoderShape, options: Readonly<TreesOptions>, ensemble: TreeEnsemble) {
    this.encoder = encoder;
    this.encoderHash = encoder.hash;
    this.options = options;
    this.scale = ensemble.scale;
    this.reader = new TreesReader(encoder, ensemble);
  }

  get bias(): number {
    return this.reader.bias;
  }

  get ensemble(): TreeEnsemble {
    return this.reader.ensemble;
  }

  get hash(): string {
    if (this.knownHash === '') this.knownHash = sealEpoch(this.toEpoch()).hash;
    return this.knownHash;
  }

  predict(batch: FeatureBatch, rows: number, out: Float64Array): void {
    this.reader.predict(batch, rows, out);
  }

  contributions(batch: FeatureBatch, row: number): readonly Contribution[] {
    return this.reader.contributions(batch, row);
  }

  importance(): readonly FeatureImportance[] {
    return this.reader.importance();
  }

  toEpoch(): EpochContent {
    return ensembleToEpoch(this.ensemble, this.encoder, this.options as unknown as Readonly<Record<string, Json>>);
  }

  toOnnx(): Uint8Array {
    return exportTrees(this.encoder, this, this.ensemble);
  }

  async fit(examples: Examples, options: TreesFitOptions): Promise<FitReport> {
    const { trees, report } = await fitTrees(this.encoder, examples, this.options, options);
    this.reader = new TreesReader(this.encoder, trees);
    this.knownHash = '';
    return report;
  }
}
