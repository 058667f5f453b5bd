/** What a network is made and trained with. */
import { requireRange, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import type { FitOptions } from '../contract.ts';

/** What is minimised: log loss of a probability, or squared error of an expected value. */
export type NetworkObjective = 'logLoss' | 'squaredError';

export interface NetworkOptions {
  /** Also what the score is: a probability, or a value. @default 'logLoss' */
  readonly objective: NetworkObjective;
  /** Units of each hidden layer, one to four layers. Time of scoring grows with their products. @default [48, 24] */
  readonly hidden: readonly number[];
  /** Floats that stand for a slot's bucket before the first layer, a multiple of 4. @default 4 */
  readonly embeddingSize: number;
  /** Rows of the table of embeddings at most; where the encoder has more buckets, they are hashed into these. @default 65536 */
  readonly embeddingRows: number;
  /** Passes over the rows; fewer where validation rows stop them. @default 10 */
  readonly epochs: number;
  /**
   * Steps at least, where validation rows say when it is enough: few rows are passed over more often for them, up to 100
   * times. Without validation rows nothing would stop a network from learning few rows by heart. @default 10000
   */
  readonly leastSteps: number;
  /** Rows of one step. @default 64 */
  readonly batchRows: number;
  /** Largest step size of Adam: it grows to it over `warmUp`, then falls along a half cosine to 0. @default 0.003 */
  readonly rate: number;
  /** Share of all steps. @default 0.05 */
  readonly warmUp: number;
  /** Share of each weight that a step takes away, as a multiple of its size (AdamW). @default 0.01 */
  readonly weightDecay: number;
  /** Probability with which a hidden unit is left out of a row of training. @default 0 */
  readonly dropout: number;
  /** Epochs without a better validation loss after which training stops. @default 6 */
  readonly patience: number;
  /** Precision of the prior of the last layer's weights, of which the posterior is made. @default 1 */
  readonly priorPrecision: number;
  /** Step size of `update`. @default 0.0005 */
  readonly onlineRate: number;
  /** What a model that has learnt nothing predicts. @default 0.1 */
  readonly baseRate: number;
}

const DEFAULTS: NetworkOptions = {
  objective: 'logLoss',
  hidden: [48, 24],
  embeddingSize: 4,
  embeddingRows: 1 << 16,
  epochs: 10,
  leastSteps: 10_000,
  batchRows: 64,
  rate: 0.003,
  warmUp: 0.05,
  weightDecay: 0.01,
  dropout: 0,
  patience: 6,
  priorPrecision: 1,
  onlineRate: 0.0005,
  baseRate: 0.1,
};

export interface NetworkFitOptions extends FitOptions {
  /** Instead of the model's own, and not more of them for few rows. */
  readonly epochs?: number;
}

const OWNER = 'networkModel';

/** Throws `OPTION_INVALID`. */
export function networkOptions(given: Partial<NetworkOptions>): Readonly<NetworkOptions> {
  const options = resolveOptions(OWNER, given, DEFAULTS);
  const range = (name: keyof NetworkOptions, low: number, high: number): void =>
    requireRange(OWNER, name, options[name] as number, low, high);
  range('embeddingSize', 4, 64);
  range('embeddingRows', 2, 1 << 24);
  range('epochs', 1, 10_000);
  range('leastSteps', 0, 1e9);
  range('batchRows', 1, 1 << 16);
  range('rate', 1e-7, 1);
  range('warmUp', 0, 1);
  range('weightDecay', 0, 10);
  range('dropout', 0, 0.9);
  range('patience', 1, 10_000);
  range('priorPrecision', 1e-6, 1e9);
  range('onlineRate', 0, 1);
  range('baseRate', 1e-6, 1 - 1e-6);
  const whole = [options.embeddingSize / 4, options.embeddingRows, options.epochs, options.batchRows];
  if (!whole.every(Number.isInteger)) {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `${OWNER}: sizes and counts are integers, embeddingSize a multiple of 4`,
    );
  }
  const { hidden, objective } = options;
  const widths =
    Array.isArray(hidden) && hidden.every((units) => Number.isInteger(units) && units >= 1 && units <= 1024);
  if (!widths || hidden.length < 1 || hidden.length > 4) {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `${OWNER}: hidden is ${String(hidden)}; one to four widths of 1 to 1024`,
    );
  }
  if (objective !== 'logLoss' && objective !== 'squaredError') {
    throw new ShelfwiseError('OPTION_INVALID', `${OWNER}: objective is ${String(objective)}; logLoss or squaredError`);
  }
  return options;
}

const MOST_PASSES = 100;

/** Passes over `batches` batches. */
export function passesFor(
  { epochs, leastSteps }: Readonly<NetworkOptions>,
  batches: number,
  validated: boolean,
): number {
  return validated ? Math.max(epochs, Math.min(MOST_PASSES, Math.ceil(leastSteps / batches))) : epochs;
}

/** The step size at step `step` of `steps`: linear up to `rate`, then half a cosine down (Loshchilov & Hutter 2017). */
export function scheduledRate({ rate, warmUp }: Readonly<NetworkOptions>, step: number, steps: number): number {
  const warm = Math.round(warmUp * steps);
  if (step < warm) return (rate * (step + 1)) / warm;
  return (rate * (1 + Math.cos((Math.PI * (step - warm)) / Math.max(1, steps - warm)))) / 2;
}
