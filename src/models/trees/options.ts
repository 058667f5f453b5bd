/** How trees are grown. */
import { requireRange, requireWhole, resolveOptions, ShelfwiseError } from '../../base/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import type { Examples, FitOptions, ScoreScale } from '../contract.ts';

/**
 * - `logLoss`: log loss of a probability; scores are probabilities.
 * - `squaredError`: scores are expected values.
 * - `pairwise`: log loss of which of two rows of one query has the higher label; scores rank.
 * - `lambdaMart`: the same, each pair weighted by what swapping it would change of the query's NDCG; scores rank.
 */
export type TreesObjective = 'logLoss' | 'squaredError' | 'pairwise' | 'lambdaMart';

export interface TreesOptions {
  /** @default 'logLoss' */
  readonly objective: TreesObjective;
  /** Rounds of boosting at most: one tree each. @default 100 */
  readonly trees: number;
  /** Share of each tree's correction that is taken. Smaller wants more trees and generalises better. @default 0.1 */
  readonly learningRate: number;
  /** Splits between root and leaf at most. @default 6 */
  readonly maxDepth: number;
  /** Leaves of a tree at most: the leaf with the largest gain is split first. @default 64, all that depth 6 allows */
  readonly maxLeaves: number;
  /** Least sum of hessians in a leaf (rows' weights, for log loss times p (1 - p)). @default 1 */
  readonly minChildWeight: number;
  /** Penalty on leaf values² / 2. @default 1 */
  readonly lambda: number;
  /** Least gain of a split, in the units of twice the summed loss. @default 0 */
  readonly gamma: number;
  /** Share of the rows that each tree is grown from, drawn anew. @default 1 */
  readonly rowShare: number;
  /** Share of the features that each tree may ask, drawn anew. @default 1 */
  readonly featureShare: number;
  /** Bins of a dense column at most, 2 to 255; missing values have one more. @default 255 */
  readonly maxBins: number;
  /** Categories of a slot that are kept, the heaviest by weight, at most 255; all others count as missing. @default 255 */
  readonly maxCategories: number;
  /** Hessian of the evidence that a category is as its node is: draws rare categories to the mean. @default 10 */
  readonly categorySmoothing: number;
  /** Added to lambda when a split by category is judged: there are so many of them. @default 10 */
  readonly categoryLambda: number;
  /** Categories on the smaller side of a split at most. @default 32 */
  readonly maxCategoriesASide: number;
  /** By the name of a dense column: 1 where scores must not fall as it rises, -1 where they must not rise. @default {} */
  readonly monotone: Readonly<Record<string, 1 | -1>>;
  /** Rounds without a lower loss on the validation rows after which the fit stops. @default 20 */
  readonly patience: number;
  /** `lambdaMart`: only pairs with one of this many best rows are learnt from, and NDCG is of these. @default 30 */
  readonly truncation: number;
  /** What a model that has learnt nothing predicts: a probability or value; a rank is then 0. @default 0.1 */
  readonly baseRate: number;
}

export interface TreesFitOptions extends FitOptions {
  /** Threads that grow the trees, this one among them. The model does not depend on it, byte for byte. @default 1 */
  readonly threads?: number;
  /**
   * Of ranking objectives: the query of each row. Rows of one query are compared with each other, in whatever order they
   * stand.
   */
  readonly queries?: Uint32Array;
  /** The same for the validation rows. */
  readonly validationQueries?: Uint32Array;
}

const DEFAULTS: TreesOptions = {
  objective: 'logLoss',
  trees: 100,
  learningRate: 0.1,
  maxDepth: 6,
  maxLeaves: 64,
  minChildWeight: 1,
  lambda: 1,
  gamma: 0,
  rowShare: 1,
  featureShare: 1,
  maxBins: 255,
  maxCategories: 255,
  categorySmoothing: 10,
  categoryLambda: 10,
  maxCategoriesASide: 32,
  monotone: {},
  patience: 20,
  truncation: 30,
  baseRate: 0.1,
};

const OBJECTIVES: readonly string[] = ['logLoss', 'squaredError', 'pairwise', 'lambdaMart'];
const OWNER = 'treesModel';

/** Throws `OPTION_INVALID`. */
export function resolveTreesOptions(encoder: EncoderShape, given: Partial<TreesOptions>): Readonly<TreesOptions> {
  const options = resolveOptions(OWNER, given, DEFAULTS);
  if (!OBJECTIVES.includes(options.objective)) {
    throw new ShelfwiseError('OPTION_INVALID', `${OWNER}: objective is one of ${OBJECTIVES.join(', ')}`);
  }
  requireWhole(OWNER, 'trees', options.trees, 1, 100_000);
  requireRange(OWNER, 'learningRate', options.learningRate, 1e-4, 1);
  requireWhole(OWNER, 'maxDepth', options.maxDepth, 1, 32);
  requireWhole(OWNER, 'maxLeaves', options.maxLeaves, 2, 4096);
  requireRange(OWNER, 'minChildWeight', options.minChildWeight, 0, 1e12);
  requireRange(OWNER, 'lambda', options.lambda, 0, 1e12);
  requireRange(OWNER, 'gamma', options.gamma, 0, 1e12);
  requireRange(OWNER, 'rowShare', options.rowShare, 0.01, 1);
  requireRange(OWNER, 'featureShare', options.featureShare, 0.01, 1);
  requireWhole(OWNER, 'maxBins', options.maxBins, 2, 255);
  requireWhole(OWNER, 'maxCategories', options.maxCategories, 1, 255);
  requireRange(OWNER, 'categorySmoothing', options.categorySmoothing, 0, 1e12);
  requireRange(OWNER, 'categoryLambda', options.categoryLambda, 0, 1e12);
  requireWhole(OWNER, 'maxCategoriesASide', options.maxCategoriesASide, 1, 255);
  requireWhole(OWNER, 'patience', options.patience, 1, 100_000);
  requireWhole(OWNER, 'truncation', options.truncation, 1, 1e6);
  if (options.objective === 'logLoss') requireRange(OWNER, 'baseRate', options.baseRate, 1e-6, 1 - 1e-6);
  else requireRange(OWNER, 'baseRate', options.baseRate, -1e9, 1e9);
  const { monotone } = options;
  if (typeof monotone !== 'object' || monotone === null) {
    throw new ShelfwiseError('OPTION_INVALID', `${OWNER}: monotone names columns, each with 1 or -1`);
  }
  for (const [name, direction] of Object.entries(monotone)) {
    if (!encoder.denseNames.includes(name)) {
      throw new ShelfwiseError('OPTION_INVALID', `${OWNER}: monotone names "${name}", which is no dense column`);
    }
    if (direction !== 1 && direction !== -1) {
      throw new ShelfwiseError('OPTION_INVALID', `${OWNER}: monotone of "${name}" is ${direction}; it must be 1 or -1`);
    }
  }
  return options;
}

export function isRanking(objective: TreesObjective): boolean {
  return objective === 'pairwise' || objective === 'lambdaMart';
}

export function scaleOf(objective: TreesObjective): ScoreScale {
  if (objective === 'logLoss') return 'probability';
  return objective === 'squaredError' ? 'value' : 'rank';
}

/** Throws `OPTION_INVALID` where a ranking objective lacks its queries, `EXAMPLES_INVALID` where they are too few. */
export function requireQueries(
  objective: TreesObjective,
  examples: Examples,
  queries: Uint32Array | undefined,
  name: 'queries' | 'validationQueries',
): void {
  if (!isRanking(objective)) return;
  if (queries === undefined) {
    throw new ShelfwiseError('OPTION_INVALID', `${OWNER}.fit: the objective ${objective} wants ${name}`);
  }
  if (queries.length < examples.rows) {
    throw new ShelfwiseError('EXAMPLES_INVALID', `${name} are of ${queries.length} rows, of ${examples.rows}`);
  }
}
