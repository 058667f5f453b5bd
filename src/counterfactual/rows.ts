/**
 * What the estimators take: logged decisions as chunks of typed columns, streamed, so that memory does not grow with the log.
 * Weights are made before (see `weights/`); an estimator never sees a propensity.
 */
import { ShelfwiseError } from '../base/index.ts';
import type { Nuisance } from './estimator.ts';

const NUISANCES: readonly Nuisance[] = ['model', 'crossFitted', 'mrdr'];

/** What a reward model says of the logged rows. */
export interface ModelColumns {
  /** Row → q̂(x, a) of the logged action, in units of the reward. */
  readonly predicted: Float64Array;
  /** Row → Σ_a π_e(a | x) q̂(x, a), in units of the reward. */
  readonly expected: Float64Array;
}

/**
 * A chunk of logged decisions, a typed array a column. A row is one drawn action (a card, a position of a slate); a decision
 * has one row or more, and never straddles chunks.
 */
export interface EvaluationRows {
  readonly rows: number;
  readonly decisions: number;
  /** Row → decision of this chunk: 0 at first, then the same or one more than before. */
  readonly decisionOf: Uint32Array;
  /** Decision → listener, the same number in every chunk: what is resampled together. */
  readonly listenerOf: Uint32Array;
  /** Row → position within its decision's slate (0 for plain logs): what self-normalisation by position groups by. */
  readonly positionOf: Uint16Array;
  /** Row → w = π_e / π_b of the row's action, >= 0, at whatever rung, marginalisation or mixture it was built. */
  readonly weights: Float64Array;
  /** Row → reward, in any unit; the estimates are in the same. */
  readonly rewards: Float64Array;
  /** Row → 1 where the policy under evaluation takes exactly the logged action with certainty, else 0: what replay matches. */
  readonly matches: Uint8Array;
  /** May weights be below 0? Those of the pseudo-inverse are; only `ipw` and `snipw` without λ mean anything then. @default false */
  readonly signed?: boolean | undefined;
  /**
   * Row → 1 for what was logged, 0 for a place that its slate lacks. Such rows keep the mean weight at 1 where policies fill slates with
   * different numbers of cards; they are no evidence of overlap. @default every row was logged
   */
  readonly isCard?: Uint8Array | undefined;
  /**
   * Decision → a number of mean 0 whatever the policy that goes with the noise of its estimate (`WeighedPage.control`): estimators with
   * a reward model take as much of it as makes their error least. In every chunk or in none. @default none
   */
  readonly control?: Float64Array | undefined;
  /** Undefined without a reward model; then the estimators that need one are left out. */
  readonly model: ModelColumns | undefined;
  /** Of the same rows, by models of other fits: what `cross-fitted-dr` and `mrdr` stand on. In every chunk or in none. @default none */
  readonly nuisances?: { readonly [K in Exclude<Nuisance, 'model'>]?: ModelColumns | undefined } | undefined;
}

/** The columns of a model; undefined where the rows have none. */
export function modelOf(rows: Pick<EvaluationRows, 'model' | 'nuisances'>, nuisance: Nuisance = 'model') {
  return nuisance === 'model' ? rows.model : rows.nuisances?.[nuisance];
}

/** Which models' columns the rows have. */
export function modelsOf(rows: Pick<EvaluationRows, 'model' | 'nuisances'>): readonly Nuisance[] {
  return NUISANCES.filter((nuisance) => modelOf(rows, nuisance) !== undefined);
}

/** Chunks of a log in its order. Each iteration reads the log anew where the source says so; one iteration is one pass. */
export type DecisionSource = AsyncIterable<EvaluationRows>;

/** What `evaluationRows` needs; columns that are left out have the value of a plain log of strangers. */
export interface RowColumns {
  readonly weights: Float64Array;
  readonly rewards: Float64Array;
  /** @default each row is a decision of its own */
  readonly decisionOf?: Uint32Array | undefined;
  /** @default each decision is of a listener of its own */
  readonly listenerOf?: Uint32Array | undefined;
  /** @default 0 */
  readonly positionOf?: Uint16Array | undefined;
  /** @default 0: nothing matches */
  readonly matches?: Uint8Array | undefined;
  /** @default false */
  readonly signed?: boolean | undefined;
  /** @default 1 */
  readonly isCard?: Uint8Array | undefined;
  /** @default none */
  readonly control?: Float64Array | undefined;
  readonly model?: ModelColumns | undefined;
  /** @default none */
  readonly nuisances?: EvaluationRows['nuisances'];
}

/** One chunk from its columns, checked as `checkRows` does. */
export function evaluationRows(columns: RowColumns): EvaluationRows {
  const rows = columns.weights.length;
  const decisionOf = columns.decisionOf ?? Uint32Array.from({ length: rows }, (_, row) => row);
  const decisions = decisionOf.length === 0 ? 0 : decisionOf[decisionOf.length - 1] + 1;
  const chunk: EvaluationRows = {
    rows,
    decisions,
    decisionOf,
    listenerOf: columns.listenerOf ?? Uint32Array.from({ length: decisions }, (_, decision) => decision),
    positionOf: columns.positionOf ?? new Uint16Array(rows),
    weights: columns.weights,
    rewards: columns.rewards,
    matches: columns.matches ?? new Uint8Array(rows),
    signed: columns.signed,
    isCard: columns.isCard,
    control: columns.control,
    model: columns.model,
    nuisances: columns.nuisances,
  };
  checkRows(chunk, 0);
  return chunk;
}

/** A source of chunks that are in memory; it can be read any number of times. */
export function sourceOf(...chunks: readonly EvaluationRows[]): DecisionSource {
  return {
    async *[Symbol.asyncIterator]() {
      yield* chunks;
    },
  };
}

/**
 * Throws `OPE_ROW_INVALID` with the row (from 0 over the log; `firstRow` is the chunk's first) and the column, unless every weight is
 * finite and >= 0, every reward and prediction finite, and decisions are numbered as `EvaluationRows` says.
 */
export function checkRows(chunk: EvaluationRows, firstRow: number): void {
  const { rows, decisions, decisionOf, weights, rewards, isCard, control } = chunk;
  const models = NUISANCES.flatMap((nuisance) => modelOf(chunk, nuisance) ?? []);
  const columns: readonly (readonly [string, ArrayLike<number>])[] = [
    ['decisionOf', decisionOf],
    ['positionOf', chunk.positionOf],
    ['weights', weights],
    ['rewards', rewards],
    ['matches', chunk.matches],
    ...(isCard === undefined ? [] : ([['isCard', isCard]] as const)),
    ...models.flatMap(
      ({ predicted, expected }) =>
        [
          ['predicted', predicted],
          ['expected', expected],
        ] as const,
    ),
  ];
  for (const [name, column] of columns) {
    if (column.length < rows) throw invalid(`${name} has ${column.length} entries for ${rows} rows`, firstRow);
  }
  if (chunk.listenerOf.length < decisions) {
    throw invalid(`listenerOf has ${chunk.listenerOf.length} entries for ${decisions} decisions`, firstRow);
  }
  if (control !== undefined) {
    if (control.length < decisions)
      throw invalid(`control has ${control.length} entries for ${decisions} decisions`, firstRow);
    for (let decision = 0; decision < decisions; decision++) {
      if (!Number.isFinite(control[decision]))
        throw invalid(`decision ${decision} of its chunk has control ${control[decision]}`, firstRow);
    }
  }
  const least = chunk.signed === true ? -Number.MAX_VALUE : 0;
  let previous = -1;
  for (let row = 0; row < rows; row++) {
    const decision = decisionOf[row];
    if (decision !== previous && decision !== previous + 1) {
      throw invalid(`row ${firstRow + row} is of decision ${decision} of its chunk after ${previous}`, firstRow + row);
    }
    previous = decision;
    if (!(weights[row] >= least && weights[row] < Number.POSITIVE_INFINITY)) {
      throw invalid(`row ${firstRow + row} has weight ${weights[row]}`, firstRow + row);
    }
    if (!Number.isFinite(rewards[row])) {
      throw invalid(`row ${firstRow + row} has reward ${rewards[row]}`, firstRow + row);
    }
  }
  if (previous + 1 !== decisions) {
    throw invalid(`the chunk's rows are of ${previous + 1} decisions and it says ${decisions}`, firstRow);
  }
  for (const { predicted, expected } of models) {
    for (let row = 0; row < rows; row++) {
      if (!Number.isFinite(predicted[row]) || !Number.isFinite(expected[row])) {
        const which = Number.isFinite(predicted[row]) ? `expected ${expected[row]}` : `predicted ${predicted[row]}`;
        throw invalid(`row ${firstRow + row} has ${which}`, firstRow + row);
      }
    }
  }
}

function invalid(text: string, row: number): ShelfwiseError {
  return new ShelfwiseError('OPE_ROW_INVALID', text, { details: { row } });
}

/** Throws `OPE_PROPENSITY_RANGE` with the row (as people count it: of the log, from 0) unless 0 < propensity <= 1. */
export function requirePropensity(propensity: number, row: number, column = 'propensity'): void {
  if (propensity > 0 && propensity <= 1) return;
  throw new ShelfwiseError('OPE_PROPENSITY_RANGE', `row ${row} has ${column} ${propensity}`, {
    details: { row, column, propensity },
  });
}
