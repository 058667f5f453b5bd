/** How far the insights may read, and with what: asked of the serving thread before each question. */
import type { Clock } from '../../base/index.ts';
import type { EventLog } from '../../store/index.ts';
import type { Epochs } from '../epochs.ts';
import type { StateTables } from '../state-tables.ts';
import type { Ends } from './questions.ts';

export function createFrontier(dependencies: {
  readonly events: EventLog;
  readonly decisionLog: EventLog;
  readonly epochs: Pick<Epochs, 'serving'>;
  readonly stateTables: Pick<StateTables, 'name'>;
  readonly clock: Clock;
}): () => Promise<Ends> {
  const { events, decisionLog, epochs, stateTables, clock } = dependencies;
  return async () => {
    // Events first: whatever they refer to was decided before, and is in what the decisions' log syncs next.
    const eventsEnd = events.durableEnd();
    if (!decisionLog.full) await decisionLog.sync().catch(() => undefined);
    return {
      events: eventsEnd,
      decisions: decisionLog.durableEnd(),
      catalogHash: epochs.serving().catalog.hash,
      stateTable: stateTables.name(),
      nowMs: clock.nowMs(),
    };
  };
}
