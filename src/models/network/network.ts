/**
 * A wide-and-deep network (Cheng et al. 2016) over the encoder's columns and hashed slots, with what it knows of its own
 * error. See `NetworkParameters` for the formula, `LastLayerPosterior` for the uncertainty.
 *
 * Everything that is summed over rows is summed in one fixed order, on one thread: the same examples and the same generator
 * give the same bytes, on every machine.
 */
import { createRng, requireRange, ShelfwiseError } from '../../base/index.ts';
import { type Epoch, type EpochContent, sealEpoch } from '../../domain/index.ts';
import type { EncoderShape, FeatureBatch } from '../../features/index.ts';
import { NETWORK_CHUNK_ROWS, type Network, type NetworkTrainer } from '../../kernels/index.ts';
import type {
  Contribution,
  Examples,
  FitReport,
  OnlineLearner,
  OnlineRewardModelFamily,
  RewardModel,
  ScoreScale,
  Uncertainty,
} from '../contract.ts';
import { checkRows, checkValidation } from '../examples.ts';
import { PrecisionFactor } from '../glm/precision-factor.ts';
import { exportNetwork } from '../onnx/export-network.ts';
import { breathe } from '../pace.ts';
import { logit, sigmoid } from '../sigmoid.ts';
import { networkFromState, networkToState } from './learner-state.ts';
import { type NetworkFitOptions, type NetworkObjective, type NetworkOptions, networkOptions } from './options.ts';
import {
  NETWORK_FAMILY,
  type NetworkParameters,
  networkOf,
  parametersFromEpoch,
  parametersOf,
  parametersToEpoch,
} from './parameters.ts';
import { LastLayerPosterior } from './posterior.ts';
import { NetworkPredictor } from './predictor.ts';
import { ADAM_EPSILON, BatchLearner, freshNetwork, knowBuckets, rowsThatCount, train } from './training.ts';

/** Rows of a step of `update` at most. */
const ONLINE_ROWS = 32;
/** Of the hidden weights of a model that has learnt nothing. */
const FRESH_SEED = 1;

export interface NetworkLearner extends OnlineLearner<NetworkFitOptions> {
  readonly options: Readonly<NetworkOptions>;
  /** What serving reads of it now, for whoever writes it down in another format. */
  parameters(): NetworkParameters;
}

export interface NetworkModel extends RewardModel {
  parameters(): NetworkParameters;
}

export const networkModel = {
  family: NETWORK_FAMILY,

  fresh(encoder: EncoderShape, options: Partial<NetworkOptions> = {}): NetworkLearner {
    const resolved = networkOptions(options);
    const network = freshNetwork(encoder, resolved, [], createRng(FRESH_SEED));
    network.outputBias = resolved.objective === 'logLoss' ? logit(resolved.baseRate) : resolved.baseRate;
    const factor = PrecisionFactor.ofPrior(network.lastWidth + 1, resolved.priorPrecision);
    return new Learning(encoder, resolved, network, factor, 1);
  },

  /** The model for serving: what the epoch's bytes say, and nothing that changes. */
  fromEpoch(epoch: Epoch, encoder: EncoderShape): NetworkModel {
    return new Served(encoder, parametersFromEpoch(epoch, encoder), epoch);
  },

  /** A learner as `learnerState` left it: its further updates give the same bytes as if it had never stopped. */
  restore(state: EpochContent, encoder: EncoderShape): NetworkLearner {
    const { options, network, factor, noiseVariance } = networkFromState(state, encoder);
    return new Learning(encoder, options, network, factor, noiseVariance);
  },
} satisfies OnlineRewardModelFamily<Partial<NetworkOptions>, NetworkLearner>;

/** What a model that is served and one that learns have in common. */
abstract class Scoring {
  readonly family = NETWORK_FAMILY;
  readonly encoderHash: string;
  protected readonly encoder: EncoderShape;
  protected readonly objective: NetworkObjective;
  protected predictor: NetworkPredictor;
  protected posterior: LastLayerPosterior;

  constructor(encoder: EncoderShape, objective: NetworkObjective, network: Network, factor: PrecisionFactor) {
    this.encoder = encoder;
    this.encoderHash = encoder.hash;
    this.objective = objective;
    this.predictor = new NetworkPredictor(network, objective);
    this.posterior = new LastLayerPosterior(network, objective, factor);
  }

  get scale(): ScoreScale {
    return this.objective === 'logLoss' ? 'probability' : 'value';
  }

  get bias(): number {
    return this.predictor.bias;
  }

  get uncertainty(): Uncertainty {
    return this.posterior;
  }

  predict(batch: FeatureBatch, rows: number, out: Float64Array): void {
    this.predictor.predict(batch, rows, out);
  }

  contributions(batch: FeatureBatch, row: number): readonly Contribution[] {
    return this.predictor.contributions(this.encoder, batch, row);
  }
}

class Served extends Scoring implements NetworkModel {
  readonly hash: string;
  private readonly content: EpochContent;
  private readonly natural: NetworkParameters;

  constructor(encoder: EncoderShape, parameters: NetworkParameters, epoch: Epoch) {
    const size = parameters.outputWeights.length + 1;
    super(
      encoder,
      parameters.objective,
      networkOf(parameters, encoder),
      new PrecisionFactor(size, parameters.precision),
    );
    this.hash = epoch.hash;
    this.natural = parameters;
    this.content = epoch;
  }

  parameters(): NetworkParameters {
    return this.natural;
  }

  toOnnx(): Uint8Array {
    return exportNetwork(this.encoder, this, this.natural);
  }

  toEpoch(): EpochContent {
    const { kind, meta, arrays } = this.content;
    return { kind, meta, arrays };
  }
}

class Learning extends Scoring implements NetworkLearner {
  readonly options: Readonly<NetworkOptions>;
  private network: NetworkTrainer;
  private factor: PrecisionFactor;
  private noiseVariance: number;
  private learner: BatchLearner;
  /** '' when something was learnt since it was computed. */
  private knownHash = '';

  constructor(
    encoder: EncoderShape,
    options: Readonly<NetworkOptions>,
    network: NetworkTrainer,
    factor: PrecisionFactor,
    noiseVariance: number,
  ) {
    super(encoder, options.objective, network, factor);
    this.options = options;
    this.network = network;
    this.factor = factor;
    this.noiseVariance = noiseVariance;
    this.learner = new BatchLearner(network, options);
  }

  get hash(): string {
    if (this.knownHash === '') this.knownHash = sealEpoch(this.toEpoch()).hash;
    return this.knownHash;
  }

  parameters(): NetworkParameters {
    return parametersOf(this.network, this.objective, this.factor.packed.slice());
  }

  toEpoch(): EpochContent {
    return parametersToEpoch(this.parameters(), this.encoder);
  }

  toOnnx(): Uint8Array {
    return exportNetwork(this.encoder, this, this.parameters());
  }

  learnerState(): EpochContent {
    return networkToState(this.encoder, this.options, this.network, this.factor, this.noiseVariance);
  }

  async fit(examples: Examples, given: NetworkFitOptions): Promise<FitReport> {
    const { rng, validation, signal, onProgress, negativeRate = 1 } = given;
    signal?.throwIfAborted();
    const options =
      given.epochs === undefined
        ? this.options
        : networkOptions({ ...this.options, epochs: given.epochs, leastSteps: 0 });
    requireRange('networkModel.fit', 'negativeRate', negativeRate, 1e-6, 1);
    if (negativeRate !== 1 && options.objective !== 'logLoss') {
      throw new ShelfwiseError('OPTION_INVALID', 'networkModel.fit: negativeRate shifts a logit; a value has none');
    }
    const sums = checkRows(this.encoder, examples);
    if (!(sums.total > 0)) throw new ShelfwiseError('EXAMPLES_INVALID', 'no row has a positive weight');
    if (validation !== undefined) checkValidation(this.encoder, validation);
    // A network of its own throughout: nothing of this model changes before the end.
    const trained = await train(this.encoder, examples, options, sums, {
      rng,
      validation,
      async pause(share) {
        onProgress?.(share);
        await breathe();
        signal?.throwIfAborted();
      },
    });
    const { network, factor, noiseVariance, passes, loss, validationLoss } = trained;
    network.outputBias += Math.log(negativeRate);
    this.network = network;
    this.factor = factor;
    this.noiseVariance = noiseVariance;
    this.learner = new BatchLearner(network, this.options);
    this.predictor = new NetworkPredictor(network, this.objective);
    this.posterior = new LastLayerPosterior(network, this.objective, factor);
    this.knownHash = '';
    onProgress?.(1);
    return { rows: examples.rows, passes, logLoss: loss, ...(validationLoss === undefined ? {} : { validationLoss }) };
  }

  /**
   * One step of AdamW for each 32 rows, and the precision of the last layer grows by what the rows say, by the features as
   * they are after the step.
   */
  update(batch: FeatureBatch, labels: Float32Array, weights: Float32Array, rows: number): void {
    const { network, learner, options } = this;
    const examples: Examples = { batch, labels, weights, rows };
    checkRows(this.encoder, examples);
    const order = rowsThatCount(examples);
    if (order.length === 0) return;
    knowBuckets(network, examples, order);
    for (let from = 0; from < order.length; from += ONLINE_ROWS) {
      const count = Math.min(ONLINE_ROWS, order.length - from);
      learner.add(examples, order, from, count, 1 / count, network.moments.steps);
      network.step({ rate: options.onlineRate, epsilon: ADAM_EPSILON, decay: 0 });
    }
    this.addInformation(examples, order);
    this.predictor.changed();
    this.posterior.changed();
    this.knownHash = '';
  }

  private addInformation({ batch, weights }: Examples, order: Uint32Array): void {
    const { network, factor, noiseVariance } = this;
    const width = network.lastWidth;
    const features = new Float64Array(width + 1);
    features[width] = 1;
    for (let from = 0; from < order.length; from += NETWORK_CHUNK_ROWS) {
      const count = Math.min(NETWORK_CHUNK_ROWS, order.length - from);
      network.loadChosen(batch.dense, batch.sparse, order, from, count);
      network.forward(count);
      for (let i = 0; i < count; i++) {
        const p = sigmoid(network.logits[i]);
        const curvature = this.objective === 'logLoss' ? p * (1 - p) : 1 / noiseVariance;
        for (let k = 0; k < width; k++) features[k] = network.lastUnit(i, k);
        factor.add(features, weights[order[from + i]] * curvature);
      }
    }
  }
}
