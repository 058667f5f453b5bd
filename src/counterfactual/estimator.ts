/**
 * The contract of an estimator. Every one has the form
 *
 *     V̂ = mean_d(base_d) + mean_d(Σ_rows w̃ · residual) / normaliser
 *
 * over decisions d, with base = Σ_rows Σ_a π_e(a|x) q̂(x, a) and residual = r - q̂(x, a) where it uses a reward model, else 0 and r.
 * So an estimator is what it makes of a row's weight, w̃, and what it normalises by. Other rungs of a slate, embeddings and
 * mixtures of loggers change the weight before (see `weights/`), not the estimator.
 */

/**
 * What w̃ is divided by. `none`: 1. `all`: the mean w̃ of all rows. `position`: for each position of the slate, the mean w̃ of the
 * rows there. Normalised estimates are consistent, biased by O(1/n), and stay within the range of the rewards (`all`, plain logs).
 */
export type Normalisation = 'none' | 'all' | 'position';

/** Which grid an estimator's λ is tuned on: `lambda` in [0, ∞], `subGaussian` in [0, 1]; null when it has none. */
export type HyperParameter = 'lambda' | 'subGaussian';

/**
 * Which reward model's columns of a log: `model` however it was fitted, `crossFitted` by models that have not seen the row's listener, `mrdr`
 * with the weights π(a|x) (1 - p) / p². A log may have several.
 */
export type Nuisance = 'model' | 'crossFitted' | 'mrdr';

export interface Estimator {
  /** The name in reports and options, as Open Bandit Pipeline has it. */
  readonly id: string;
  /** The name for people. */
  readonly label: string;
  readonly usesModel: boolean;
  /** Which, where it uses one. @default 'model' */
  readonly nuisance?: Nuisance | undefined;
  readonly normalises: Normalisation;
  readonly hyperparameter: HyperParameter | null;
  /** The λ that is meant when none is given: the estimator without its regularisation. NaN when it has none. */
  readonly neutralLambda: number;
  /** Which end of its grid comes first where the two tie: as Open Bandit Pipeline orders it. */
  readonly gridOrder: 'ascending' | 'descending';
  /** Writes w̃ of the first `rows` rows to `out`. Weights are finite and >= 0; `matches` is 0 or 1. */
  transform(weights: Float64Array, matches: Uint8Array, rows: number, lambda: number, out: Float64Array): void;
}

/** An estimator at one λ: what one number of an evaluation is of. */
export interface EstimatorSetting {
  readonly estimator: Estimator;
  /** NaN for an estimator without λ. */
  readonly lambda: number;
}
