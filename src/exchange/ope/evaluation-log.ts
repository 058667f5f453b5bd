/**
 * The platform's own decisions as a log for evaluation: what `shelfwise export ope` writes and `ope estimate --format shelfwise` reads. JSON
 * Lines, plain or gzipped: a header, a line a decision in the order of the log, and an end, without which a file broke off.
 *
 * A decision holds the exact probability of every step of its page, under the policy that logged and under each policy that was asked for, so
 * that every rung of the ladder of weights can be made of it; and what the page had earned when its rewards were final. It names no item, no
 * time and no listener: listeners are numbered in the file as they come, for intervals that resample them.
 */

export const EVALUATION_LOG_VERSION = 1;

export interface LoggedPolicy {
  readonly name: string;
  readonly policy: string;
  /** All that it draws by, completed. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Hash of the model that it scores with; '': each decision's own. */
  readonly model: string;
}

export interface EvaluationLogHeader {
  readonly shelfwise: 'evaluation log';
  readonly version: number;
  /** Whose probabilities the lines hold, beside those of the policy that logged. */
  readonly policies: readonly LoggedPolicy[];
  /** Of `predicted`, `expected` and `control`; null without one. */
  readonly rewardModel: { readonly kind: string; readonly family: string; readonly rows: number } | null;
  readonly span: string;
}

/** Null: not drawn, but declared or kept. */
export type LoggedChance = number | null;

export interface LoggedRow {
  /** p(shelf | what stands above), of the policy that logged; in (0, 1]. */
  readonly shelf: LoggedChance;
  /** p(card | what stands before it), left to right. */
  readonly cards: readonly LoggedChance[];
  /** Ranks of the cards that earned, from 0: a reward each. */
  readonly earned: readonly number[];
  /** Kept from an earlier decision, which has its rewards. @default false */
  readonly carried?: true;
  /** q̂ of the cards, where there is a reward model; not of carried ones. */
  readonly predicted?: readonly number[];
}

/** What another policy would have made of the same steps. */
export interface LoggedAlternative {
  /** π of each row's shelf and of its cards; 1 where it was not drawn. */
  readonly shelves: readonly number[];
  readonly cards: readonly (readonly number[])[];
  /** Share of its choices that it would make where the log had no chance of them; null where nothing was drawn. */
  readonly missing: number | null;
  /** Σ_a π(a) q̂(a) at each card's step, by row, and the control of each rung (prefix, above, row, item). With a reward model. */
  readonly expected?: readonly (readonly number[])[];
  readonly control?: readonly [number, number, number, number];
}

export interface EvaluationLogDecision {
  /** A number of this file. */
  readonly listener: number;
  /** Rows and cards a row that a page may have. */
  readonly places: readonly [rows: number, cards: number];
  readonly rows: readonly LoggedRow[];
  /** In the order of the header. */
  readonly policies: readonly LoggedAlternative[];
}

export interface EvaluationLogEnd {
  readonly end: true;
  readonly decisions: number;
  readonly listeners: number;
  /** Decisions of the span that are no part of it, by reason. */
  readonly leftOut: Readonly<Record<string, number>>;
}
