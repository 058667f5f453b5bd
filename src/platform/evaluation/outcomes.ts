/**
 * Past decisions with what they finally earned, in the order of the log. Both streams are read in step with each other and
 * joined by the attribution that serving learns by; what is held in memory is what one day and a few hours of decisions need.
 */
import { HOUR_MS, MINUTE_MS } from '../../base/index.ts';
import type { Catalog, DecisionRecord, FeedbackEvent } from '../../domain/index.ts';
import { createAttribution, type DecisionFacts, type MaturedDecision, REWARD_WINDOW_MS } from '../../signals/index.ts';
import { factsOf, forgetBefore, loggedMs } from '../training/rewards.ts';
import type { Span } from '../training/span.ts';

export interface OutcomeSource {
  /** Records of a span, as they were logged; asked twice, since a decision is read again when its rewards are known. */
  readonly decisions: (span: Span) => AsyncIterable<DecisionRecord>;
  /** All events, as they came in. */
  readonly events: () => AsyncIterable<FeedbackEvent>;
  readonly catalog: Catalog;
  readonly itemName: (item: number) => string;
  readonly isFlagged: (listenerKey: string) => boolean;
}

export interface Outcome {
  readonly record: DecisionRecord;
  /** Cards that earned; all others, seen or not, earned 0. */
  readonly rewarded: MaturedDecision['rewarded'];
}

/** What was read so far; counted up while it is read. */
export interface OutcomeCounts {
  /** Of the span. */
  decisions: number;
  /** Served less than 24 hours ago: something may still be earned. */
  immature: number;
  /** The app never said that it showed the page: a prefetch is no visit. */
  unrendered: number;
}

/** An app's clock may run ahead of ours by so much: a decision is known before what refers to it. */
const CLOCK_SLACK_MS = 10 * MINUTE_MS;
/** Events of an app that was without a network are waited for, of the log's own time. */
const LATE_MS = 6 * HOUR_MS;
const SETTLE_EVERY_MS = 5 * MINUTE_MS;
/** A row that was carried may be credited to a decision that is as old as a reward may be. */
const AROUND_MS = REWARD_WINDOW_MS + 2 * HOUR_MS;
const MAX_DECISIONS = 1_000_000;

/** From when to when decisions are read for a span: what was carried into its days, or out of them, is credited across their borders. */
export function aroundOf({ fromMs, toMs }: Span): Span {
  return { fromMs: fromMs - AROUND_MS, toMs: toMs + AROUND_MS };
}

/** Decisions of the span that have matured and were rendered. @param counts its figures are added to */
export async function* maturedOutcomes(
  source: OutcomeSource,
  span: Span,
  nowMs: number,
  counts: OutcomeCounts,
): AsyncGenerator<Outcome> {
  const facts = new Map<string, DecisionFacts>();
  const finals = new Map<string, MaturedDecision>();
  const attribution = createAttribution({
    decision: (id) => facts.get(id),
    isBot: source.isFlagged,
    maxDecisions: MAX_DECISIONS,
  });
  const settle = (atMs: number): void => {
    attribution.advance(atMs);
    for (const final of attribution.matured(atMs)) {
      if (final.servedAtMs >= span.fromMs && final.servedAtMs < span.toMs) finals.set(final.decisionId, final);
    }
  };

  const around = aroundOf(span);
  const known = source.decisions(around)[Symbol.asyncIterator]();
  const events = source.events()[Symbol.asyncIterator]();
  try {
    let next = await known.next();
    let settledMs = Number.NEGATIVE_INFINITY;
    let ended = false;
    const readUpTo = async (atMs: number): Promise<void> => {
      while (next.done !== true && loggedMs(next.value) <= atMs) {
        const record = next.value;
        facts.set(record.decisionId, factsOf(record, source, facts));
        const loggedAtMs = loggedMs(record);
        if (loggedAtMs - settledMs >= SETTLE_EVERY_MS) {
          settledMs = loggedAtMs;
          settle(settledMs - LATE_MS);
          forgetBefore(facts, settledMs - LATE_MS - AROUND_MS);
        }
        next = await known.next();
      }
    };
    /** Reads until rewards of decisions served a day before `untilMs` are final. */
    const settleUpTo = async (untilMs: number): Promise<void> => {
      while (!ended && settledMs - LATE_MS < untilMs) {
        const { done, value: event } = await events.next();
        if (done === true) {
          await readUpTo(Number.POSITIVE_INFINITY);
          settle(nowMs);
          ended = true;
        } else if (
          event.decisionId !== '' &&
          event.occurredAtMs >= around.fromMs &&
          !source.isFlagged(event.listenerKey)
        ) {
          await readUpTo(event.occurredAtMs + CLOCK_SLACK_MS);
          attribution.add(event);
        }
      }
    };

    for await (const record of source.decisions(span)) {
      counts.decisions++;
      if (record.atMs + REWARD_WINDOW_MS > nowMs) {
        counts.immature++;
        continue;
      }
      await settleUpTo(Math.max(record.atMs, loggedMs(record)) + REWARD_WINDOW_MS);
      const final = finals.get(record.decisionId);
      finals.delete(record.decisionId);
      if (final?.rendered === true) yield { record, rewarded: final.rewarded };
      else counts.unrendered++;
    }
  } finally {
    await known.return?.(undefined);
    await events.return?.(undefined);
  }
}
