/**
 * A bootstrap ensemble as serving reads it: models of one family, each fitted to the rows as a bootstrap counted them.
 *
 *   score = mean of the members' scores;   deviation = their standard deviation (over the members: divided by J)
 *   the m-th draw = the member that seed and m name, of J equally likely ones
 *
 * so that deviations are exactly those of the draws. The spread stands for the sampling error of the fit (Efron 1979; as a
 * posterior Eckles and Kaptein 2014), not for what the family cannot express: members agree where all of them are wrong.
 */
import { noise, type Seed, ShelfwiseError } from '../../base/index.ts';
import { type Epoch, type EpochContent, sealEpoch } from '../../domain/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import type { Contribution, RewardModel, ScoreScale, Uncertainty } from '../contract.ts';
import { exportEnsemble } from '../onnx/export-composite.ts';
import { logit, sigmoid } from '../sigmoid.ts';
import { type LoadModel, nestedArrays, nestedEpoch } from './nested.ts';

export const ENSEMBLE_FAMILY = 'ensemble';
const FORMAT = 1;
const DRAW = 0x64726177;

export interface EnsembleModel extends RewardModel {
  /** Members: 1 to 1,000. */
  readonly size: number;
  /** The j-th: a model of its own, for policies that let members vote. */
  member(j: number): RewardModel;
  /** The member that is the m-th draw of `uncertainty.draw`. */
  drawn(seed: Seed, m: number): number;
  readonly uncertainty: Uncertainty;
}

export function isEnsemble(model: RewardModel): model is EnsembleModel {
  return model.family === ENSEMBLE_FAMILY;
}

/** For `loadModel`. */
export const ensembleModels = {
  family: ENSEMBLE_FAMILY,
  fromEpoch(epoch: Epoch, encoder: EncoderShape, load: LoadModel): EnsembleModel {
    const { meta } = epoch;
    if (meta.family !== ENSEMBLE_FAMILY || meta.format !== FORMAT || !Array.isArray(meta.members)) {
      throw new ShelfwiseError('EPOCH_CORRUPT', `${epoch.hash} is no ensemble that this version reads`);
    }
    if (meta.members.length === 0) throw new ShelfwiseError('EPOCH_CORRUPT', `the ensemble ${epoch.hash} is empty`);
    return new Ensemble(meta.members.map((member, j) => load(nestedEpoch(epoch, `${j}`, member), encoder)));
  },
};

export class Ensemble<M extends RewardModel = RewardModel> implements EnsembleModel {
  readonly family = ENSEMBLE_FAMILY;
  readonly encoderHash: string;
  readonly uncertainty: Uncertainty;
  readonly sensitivities?: NonNullable<RewardModel['sensitivities']>;
  readonly toOnnx?: () => Uint8Array;
  /** As the epoch says that it was loaded from. */
  readonly learned: number = 0;
  protected members: readonly M[];
  /** '' when the members have changed since it was computed. */
  protected knownHash = '';
  private scores = new Float64Array(1024);
  private means = new Float64Array(1024);
  private chosen = new Uint32Array(64);

  constructor(members: readonly M[]) {
    this.members = members;
    this.encoderHash = members[0].encoderHash;
    this.uncertainty = {
      deviations: (batch, rows, out) => this.deviations(batch, rows, out),
      draw: (batch, rows, seed, draws, out) => this.draw(batch, rows, seed, draws, out),
    };
    if (members.every(({ toOnnx }) => toOnnx !== undefined)) this.toOnnx = () => exportEnsemble(this, this.members);
    if (members.every(({ sensitivities }) => sensitivities !== undefined)) {
      this.sensitivities = (batch, rows, out) =>
        this.mean(rows, out, (member, each) => member.sensitivities?.(batch, rows, each));
    }
  }

  get size(): number {
    return this.members.length;
  }

  get scale(): ScoreScale {
    return this.members[0].scale ?? 'probability';
  }

  get hash(): string {
    if (this.knownHash === '') this.knownHash = sealEpoch(this.toEpoch()).hash;
    return this.knownHash;
  }

  member(j: number): M {
    return this.members[j];
  }

  drawn(seed: Seed, m: number): number {
    return Math.floor(noise(seed, DRAW, m, 0) * this.members.length);
  }

  predict(batch: FeatureBatch, rows: number, out: Float64Array): void {
    if (rows > out.length) throw new RangeError(`${rows} rows wanted; there is room for ${out.length}`);
    this.mean(rows, out, (member, each) => member.predict(batch, rows, each));
  }

  private mean(rows: number, out: Float64Array, ask: (member: M, each: Float64Array) => void): void {
    const { members } = this;
    const scores = this.room(rows);
    out.fill(0, 0, rows);
    for (let j = 0; j < members.length; j++) {
      ask(members[j], scores);
      for (let r = 0; r < rows; r++) out[r] += scores[r];
    }
    for (let r = 0; r < rows; r++) out[r] /= members.length;
  }

  private deviations(batch: FeatureBatch, rows: number, out: Float64Array): void {
    const { members } = this;
    const scores = this.room(rows);
    const { means } = this;
    means.fill(0, 0, rows);
    out.fill(0, 0, rows);
    for (let j = 0; j < members.length; j++) {
      members[j].predict(batch, rows, scores);
      for (let r = 0; r < rows; r++) {
        const difference = scores[r] - means[r];
        means[r] += difference / (j + 1);
        out[r] += difference * (scores[r] - means[r]);
      }
    }
    for (let r = 0; r < rows; r++) out[r] = Math.sqrt(out[r] / members.length);
  }

  private draw(batch: FeatureBatch, rows: number, seed: Seed, draws: number, out: Float64Array): void {
    if (rows * draws > out.length) {
      throw new RangeError(`${rows} rows of ${draws} draws wanted; there is room for ${out.length}`);
    }
    if (draws > this.chosen.length) this.chosen = new Uint32Array(2 * draws);
    const { members, chosen } = this;
    const scores = this.room(rows);
    for (let m = 0; m < draws; m++) chosen[m] = this.drawn(seed, m);
    for (let j = 0; j < members.length; j++) {
      let asked = false;
      for (let m = 0; m < draws; m++) {
        if (chosen[m] !== j) continue;
        if (!asked) members[j].predict(batch, rows, scores);
        asked = true;
        for (let r = 0; r < rows; r++) out[r * draws + m] = scores[r];
      }
    }
  }

  private room(rows: number): Float64Array {
    if (rows > this.scores.length) {
      this.scores = new Float64Array(2 * rows);
      this.means = new Float64Array(2 * rows);
    }
    return this.scores;
  }

  /** The logit of the mean probability of a row without any contribution: not the mean of the logits. */
  get bias(): number {
    const { members } = this;
    const ofProbability = this.scale === 'probability';
    const mean = members.reduce((sum, { bias }) => sum + (ofProbability ? sigmoid(bias) : bias), 0) / members.length;
    return ofProbability ? logit(mean) : mean;
  }

  /**
   * The means of the members' contributions. Where scores are probabilities the logit of their mean is not the mean of their
   * logits; what lies between is shared out in the proportion of the mean absolute contributions.
   */
  contributions(batch: FeatureBatch, row: number): readonly Contribution[] {
    const { members } = this;
    const all = members.map((member) => member.contributions(batch, row));
    const means = all[0].map((_, k) => all.reduce((sum, each) => sum + each[k].contribution, 0) / members.length);
    const sizes = all[0].map((_, k) => all.reduce((sum, each) => sum + Math.abs(each[k].contribution), 0));
    const size = sizes.reduce((a, b) => a + b, 0);
    let gap = 0;
    if (this.scale === 'probability' && size > 0) {
      const p = members.reduce((sum, { bias }, j) => {
        return sum + sigmoid(all[j].reduce((z, { contribution }) => z + contribution, bias));
      }, 0);
      gap = logit(p / members.length) - means.reduce((a, b) => a + b, this.bias);
    }
    return all[0].map(({ name }, k) => ({ name, contribution: means[k] + (size > 0 ? (gap * sizes[k]) / size : 0) }));
  }

  toEpoch(): EpochContent {
    const contents = this.members.map((member) => member.toEpoch());
    return {
      kind: 'model',
      meta: {
        family: ENSEMBLE_FAMILY,
        format: FORMAT,
        encoder: this.encoderHash,
        members: contents.map(({ meta }) => meta),
        ...(this.learned > 0 ? { learned: this.learned } : {}),
      },
      arrays: Object.assign({}, ...contents.map((content, j) => nestedArrays(`${j}`, content))),
    };
  }
}
