/**
 * What a line of Vowpal Wabbit's data tells: a decision of a logged bandit, and what came of it. One shape for its three
 * kinds of problem:
 *
 * | kind | slots | cost |
 * | --- | --- | --- |
 * | `cb`, contextual bandit | one | the slot's |
 * | `ccb`, conditional contextual bandit | several, in order; an action chosen in one is not to be had in the next | each slot's own |
 * | `slates` | several, each with actions of its own | one of the whole: `globalCost` |
 *
 * Costs are negated rewards: lower is better. Actions are counted from 0 here, whatever the file counts from.
 */

export const EVENT_KINDS = ['cb', 'ccb', 'slates'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** A JSON object as it stood in the file: features by namespace, with `_tag`, `_id` and the like. */
export type JsonObject = Readonly<Record<string, unknown>>;

export interface BanditSlot {
  /** '' where the file gives none. */
  readonly id: string;
  /** Of the slot, without `_id` and `_inc`. */
  readonly features: JsonObject;
  /** The only actions that may be chosen here; null: all of them. */
  readonly included: readonly number[] | null;
  /**
   * Actions in the order shown, the chosen one first; empty when nothing is known to have been chosen. Places after the
   * first are an order by score: they were not drawn.
   */
  readonly ranking: readonly number[];
  /** Probabilities of the first of `ranking`, as many as the file gives (0 to all): doubles, as written. */
  readonly probabilities: readonly number[];
  /** The probability that the choice is learnt with, as the file states it; null when the choice has no label. */
  readonly probability: number | null;
  /** Null when it has no label, or the kind is `slates`. */
  readonly cost: number | null;
  /** Before a joiner rewrote it; null where the file does not say. */
  readonly originalCost: number | null;
  /** Raw observations, as they stood. */
  readonly observations: readonly unknown[];
}

export interface BanditEvent {
  readonly kind: EventKind;
  /** '' where the file gives none. */
  readonly eventId: string;
  /** As written, ISO 8601 for those who write it; '' where the file gives none. */
  readonly timestamp: string;
  /** Features of the context, without actions and slots. */
  readonly shared: JsonObject;
  /** Features of each action; of `slates` with the slot that it belongs to. */
  readonly actions: readonly JsonObject[];
  readonly slots: readonly BanditSlot[];
  /** Of `slates`; null otherwise, and without a label. */
  readonly globalCost: number | null;
  /** Share of events like this that were dropped before they were logged, [0, 1): it counts 1 / (1 - dropped) times. */
  readonly dropped: number;
  /** Logged, and not to be learnt from. */
  readonly skipLearn: boolean;
  /** What else stood on the line, as it stood. */
  readonly rest: JsonObject;
}

/** Of how many events one is the remainder. */
export function eventWeight(event: Pick<BanditEvent, 'dropped'>): number {
  return 1 / (1 - event.dropped);
}

/** Is any cost known? */
export function isLabelled(event: BanditEvent): boolean {
  return event.globalCost !== null || event.slots.some(({ cost }) => cost !== null);
}

/** What became of the lines of a file. They add up to `lines`, but that an event of a text format is many of them. */
export interface VwCounts {
  /** Lines read; blank ones too. */
  lines: number;
  events: number;
  /** Of `events`. */
  labelled: number;
  /** Of `events`: those that are not to be learnt from. */
  skipLearn: number;
  /** Σ 1 / (1 - dropped) over `events`. */
  weight: number;
  /** Lines that are no events by design: checkpoints, observations that no joiner has joined. */
  ignored: number;
  /** Events without any action. */
  withoutActions: number;
  bad: number;
}

export function noCounts(): VwCounts {
  return { lines: 0, events: 0, labelled: 0, skipLearn: 0, weight: 0, ignored: 0, withoutActions: 0, bad: 0 };
}

export function countEvent(counts: VwCounts, event: BanditEvent): void {
  counts.events++;
  counts.weight += eventWeight(event);
  if (isLabelled(event)) counts.labelled++;
  if (event.skipLearn) counts.skipLearn++;
}
