/**
 * What reward models and learners read: logged decisions of one action each out of a finite set, a typed array a column.
 *
 *   (x_i, a_i, r_i, p_i),  i < rows,   a_i ~ π_b(· | x_i),   p_i = π_b(a_i | x_i),   r_i the reward of a_i alone
 */
import { type Rng, ShelfwiseError, shuffledOrder } from '../../base/index.ts';

/** Features of the actions themselves. */
export interface ActionFeatures {
  readonly width: number;
  /** actions x width, row-major, finite. */
  readonly features: Float64Array;
}

export interface ContextualLog {
  readonly rows: number;
  /** K, at least 2: actions are 0 .. K - 1, and all of them could have been taken in every row. */
  readonly actions: number;
  readonly contextWidth: number;
  /** rows x contextWidth, row-major, finite. */
  readonly contexts: Float64Array;
  /** rows: the action that was taken. */
  readonly taken: Uint32Array;
  /** rows: finite, of any unit. */
  readonly rewards: Float64Array;
  /** rows: p_i = π_b(a_i | x_i), in (0, 1]. */
  readonly propensities: Float64Array;
  /** rows: who the decision was for; what folds and holdouts keep together. Absent: every row is of a listener of its own. */
  readonly listeners?: Uint32Array | undefined;
  /** Absent: an action is told from the others by its number alone. */
  readonly actionFeatures?: ActionFeatures | undefined;
}

function invalid(particulars: string): never {
  throw new ShelfwiseError('EXAMPLES_INVALID', particulars);
}

/** Rounding of a stored probability above 1 that is let pass. */
const ROUNDING = 1e-9;

/**
 * Throws `EXAMPLES_INVALID` for columns of other lengths than they should have, for actions that there are not, and for what is
 * not finite; `OPE_PROPENSITY_RANGE` for a propensity outside (0, 1]: weights are divided by it.
 */
export function checkLog(log: ContextualLog): void {
  const { rows, actions, contextWidth, contexts, taken, rewards, propensities, listeners, actionFeatures } = log;
  if (!(rows >= 1)) invalid('the log has no row');
  if (!(actions >= 2)) invalid(`the log has ${actions} actions; a choice is between at least 2`);
  const lengths = { contexts: contexts.length / Math.max(1, contextWidth), taken: taken.length };
  const columns = { ...lengths, rewards: rewards.length, propensities: propensities.length };
  for (const [name, length] of Object.entries({ ...columns, listeners: listeners?.length ?? rows })) {
    const isWhole = name === 'contexts' && contextWidth === 0 ? length === 0 : length === rows;
    if (!isWhole) invalid(`the log has ${rows} rows, and ${name} of ${length}`);
  }
  if (actionFeatures !== undefined && actionFeatures.features.length !== actions * actionFeatures.width) {
    invalid(
      `there are ${actionFeatures.features.length} features of ${actions} actions of ${actionFeatures.width} each`,
    );
  }
  for (let r = 0; r < rows; r++) {
    if (taken[r] >= actions) invalid(`row ${r} took action ${taken[r]} of ${actions}`);
    if (!Number.isFinite(rewards[r])) invalid(`row ${r} has reward ${rewards[r]}`);
    const p = propensities[r];
    if (!(p > 0 && p <= 1 + ROUNDING)) throw new ShelfwiseError('OPE_PROPENSITY_RANGE', `row ${r} has propensity ${p}`);
  }
  for (let k = 0; k < contexts.length; k++) {
    if (!Number.isFinite(contexts[k])) invalid(`row ${Math.floor(k / contextWidth)} has ${contexts[k]} in its context`);
  }
  for (const feature of actionFeatures?.features ?? []) {
    if (!Number.isFinite(feature)) invalid(`an action has ${feature} among its features`);
  }
}

/** Throws `EXAMPLES_INVALID` unless `target` is a distribution over the actions in each row of the log. */
export function checkTarget({ rows, actions }: ContextualLog, target: Float64Array): void {
  if (target.length !== rows * actions) {
    invalid(`a target distribution of ${target.length} entries for ${rows} rows of ${actions} actions`);
  }
  for (let r = 0; r < rows; r++) {
    let mass = 0;
    for (let a = 0; a < actions; a++) {
      const p = target[r * actions + a];
      if (!(p >= 0)) invalid(`row ${r} has the target probability ${p}`);
      mass += p;
    }
    if (!(Math.abs(mass - 1) <= 1e-6)) invalid(`the target probabilities of row ${r} sum to ${mass}`);
  }
}

/** The named rows of the log, in their order. */
export function rowsOfLog(log: ContextualLog, rows: Uint32Array): ContextualLog {
  const { contextWidth, contexts, listeners } = log;
  const kept = new Float64Array(rows.length * contextWidth);
  for (let k = 0; k < rows.length; k++) {
    const at = rows[k] * contextWidth;
    kept.set(contexts.subarray(at, at + contextWidth), k * contextWidth);
  }
  return {
    ...log,
    rows: rows.length,
    contexts: kept,
    taken: Uint32Array.from(rows, (row) => log.taken[row]),
    rewards: Float64Array.from(rows, (row) => log.rewards[row]),
    propensities: Float64Array.from(rows, (row) => log.propensities[row]),
    listeners: listeners === undefined ? undefined : Uint32Array.from(rows, (row) => listeners[row]),
  };
}

/**
 * out[i] = fold of row i, 0 .. folds - 1: listeners are shuffled and dealt out, so that folds differ by one listener at most
 * and none is in two. The same generator state gives the same folds.
 */
export function foldsByListener({ rows, listeners }: ContextualLog, folds: number, rng: Rng): Uint8Array {
  const numberOf = new Map<number, number>();
  if (listeners !== undefined) {
    for (const listener of listeners) if (!numberOf.has(listener)) numberOf.set(listener, numberOf.size);
  }
  const count = listeners === undefined ? rows : numberOf.size;
  if (count < folds) {
    invalid(`${count} listeners cannot be parted into ${folds} folds; give more of them, or fewer folds`);
  }
  const foldOf = new Uint8Array(count);
  for (const [place, listener] of shuffledOrder(count, rng).entries()) foldOf[listener] = place % folds;
  return Uint8Array.from({ length: rows }, (_, r) =>
    listeners === undefined ? foldOf[r] : foldOf[numberOf.get(listeners[r]) as number],
  );
}

/** The log in two parts of different listeners: about `share` of them in the second. */
export function partByListener(
  log: ContextualLog,
  share: number,
  rng: Rng,
): { readonly rest: Uint32Array; readonly part: Uint32Array } {
  const parts = Math.max(2, Math.min(255, Math.round(1 / share)));
  const foldOf = foldsByListener(log, parts, rng);
  const rest: number[] = [];
  const part: number[] = [];
  for (let r = 0; r < log.rows; r++) (foldOf[r] === 0 ? part : rest).push(r);
  return { rest: Uint32Array.from(rest), part: Uint32Array.from(part) };
}
