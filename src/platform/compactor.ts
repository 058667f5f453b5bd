/** When the logs are compacted, and how far: what neither a restart nor the learner will read from them again goes to the lake. */
import { type Clock, HOUR_MS } from '../base/index.ts';
import type { EventLog, Lake, Metadata, OnlineStore } from '../store/index.ts';
import { learnerPlace } from './checkpoint.ts';
import { compactStream } from './compaction.ts';
import type { Flushing } from './flushing.ts';
import type { StateTables } from './state-tables.ts';
import type { Workshop } from './workshop.ts';
import { DECISIONS, EVENTS } from './workspace.ts';

const SEAL_AFTER_MS = HOUR_MS;
/** Rewards are credited to a decision for 24 hours, and the learner reads its record from the log. */
const DECISIONS_STAY_MS = 26 * HOUR_MS;

export interface Compactor {
  /** @returns how many segments were moved */
  compact(): Promise<number>;
  /** Compacts what has its age, and clears away the table of states that a rebuild has left. */
  tidy(): Promise<void>;
}

export function createCompactor(dependencies: {
  readonly store: OnlineStore;
  readonly metadata: Metadata;
  readonly events: EventLog;
  readonly decisionLog: EventLog;
  readonly lake: Lake;
  readonly workshop: Workshop;
  readonly flushing: Pick<Flushing, 'flush' | 'flushedEnds'>;
  readonly stateTables: Pick<StateTables, 'dropOther'>;
  readonly clock: Clock;
  readonly report: (text: string) => void;
}): Compactor {
  const { store, metadata, events, decisionLog, lake, workshop, flushing, stateTables, clock } = dependencies;

  const compact = (): Promise<number> =>
    workshop.turn(async () => {
      const { eventsEnd, decisionsEnd } = await flushing.flushedEnds();
      const learner = learnerPlace(store);
      const eventLimit = {
        segment: Math.min(eventsEnd.segment, learner?.events.segment ?? eventsEnd.segment),
        newestMs: Number.POSITIVE_INFINITY,
      };
      const decisionLimit = {
        segment: Math.min(decisionsEnd.segment, learner?.decisions.segment ?? decisionsEnd.segment),
        newestMs: clock.nowMs() - DECISIONS_STAY_MS,
      };
      const moved =
        (await compactStream(EVENTS, events, lake, metadata, eventLimit)) +
        (await compactStream(DECISIONS, decisionLog, lake, metadata, decisionLimit));
      dependencies.report(`${moved} segments moved to the lake`);
      return moved;
    });

  let sealedAtMs = clock.nowMs();
  return {
    compact,
    async tidy() {
      // A quiet log never fills its segment: it is sealed by age.
      if (clock.nowMs() - sealedAtMs >= SEAL_AFTER_MS) {
        sealedAtMs = clock.nowMs();
        await events.seal();
        await decisionLog.seal();
      }
      await compact();
      // A rebuild that was cut off after its swap has left the table that served before.
      await workshop.turn(async () => {
        await flushing.flush();
        await stateTables.dropOther();
      });
    },
  };
}
