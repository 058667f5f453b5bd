/** Folds the whole log anew into a fresh table of states, and compares it with the one that serves. */
import { foldEvent, statesEqual } from '../signals/index.ts';
import { storedIdCount } from './id-runs.ts';
import { createStates, positionNumber, readStoredState, unlessCorrupt } from './states.ts';
import type { Job, JobResults, OnProgress } from './workshop.ts';
import { pastEvents, type Workspace } from './workspace.ts';

/** Relative difference of decayed sums that the order of arrival may cause. */
const TOLERANCE = 1e-6;
const FLUSH_EVERY = 500_000;
/** Every name has its number already: the platform wrote them before the job began. */
const NO_NAMES = () => () => {};

export async function rebuildJob(
  workspace: Workspace,
  job: Extract<Job, { kind: 'rebuild' }>,
  onProgress: OnProgress,
): Promise<JobResults['rebuild']> {
  const { store } = workspace;
  const vocabularies = workspace.vocabularies();
  const states = createStates(store, job.toTable, 50_000);
  const seen = new Set<string>();
  const expected = Math.max(1, storedIdCount(store));
  let events = 0;
  for await (const { position, event } of pastEvents(workspace, job.eventsEnd)) {
    const entry = states.get(event.listenerKey);
    const item = event.itemId === '' ? -1 : vocabularies.items.number(event.itemId);
    const container = event.containerId === '' ? -1 : vocabularies.items.number(event.containerId);
    foldEvent(entry.state, event, item, container);
    entry.applied = position + 1;
    states.touch(event.listenerKey);
    seen.add(event.listenerKey);
    if (++events % 20_000 === 0) onProgress('fold', Math.min(0.9, (0.9 * events) / expected));
    if (events % FLUSH_EVERY === 0) await states.flush(NO_NAMES, () => {});
  }
  await states.flush(NO_NAMES, () => {});

  const end = positionNumber(job.eventsEnd);
  let different = 0;
  for (const key of seen) {
    const before = unlessCorrupt(() => readStoredState(store, job.fromTable, key));
    const after = readStoredState(store, job.toTable, key);
    // What the platform has stored meanwhile holds events that are not in the new state yet.
    if (before !== undefined && before.applied > end) continue;
    if (before === undefined || after === undefined || !statesEqual(before.state, after.state, TOLERANCE)) different++;
  }
  onProgress('compare', 1);
  return { events, listeners: seen.size, different };
}
