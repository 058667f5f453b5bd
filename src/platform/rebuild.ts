/** Rebuilding states: the whole log is folded anew into a fresh table, compared with the one that serves, and swapped in. */
import { type Clock, ShelfwiseError } from '../base/index.ts';
import { foldEvent, STATE_VERSION, statesEqual } from '../signals/index.ts';
import type { LogPosition } from '../store/index.ts';
import type { PlatformLogger } from './config.ts';
import { storedIdCount } from './id-runs.ts';
import type { RebuildReport } from './service.ts';
import type { StateTables } from './state-tables.ts';
import { createStates, positionNumber, readStoredState, unlessCorrupt } from './states.ts';
import type { Job, JobResults, OnProgress, Workshop } from './workshop.ts';
import { pastEvents, type Workspace } from './workspace.ts';

/** Throws JOB_RUNNING while another rebuild is under way. */
export type Rebuild = (onProgress?: (share: number) => void) => Promise<RebuildReport>;

export function createRebuild(dependencies: {
  readonly tables: StateTables;
  readonly workshop: Workshop;
  /** Everything up to the position is in the store, with the names in it. */
  readonly flushed: () => Promise<{ readonly eventsEnd: LogPosition }>;
  /** Does `change` while no flush is under way, and flushes at once. */
  readonly flushWith: (change: () => void) => Promise<void>;
  /** Folds what the log has from the position on. */
  readonly recover: (from: LogPosition) => number;
  readonly clock: Clock;
}): Rebuild {
  const { tables, workshop, flushed, clock } = dependencies;
  let running = false;
  const inItsTurn: Rebuild = (onProgress) =>
    workshop.turn(async (run) => {
      const startMs = clock.monotonicMs();
      const { eventsEnd } = await flushed();
      const job = {
        kind: 'rebuild',
        eventsEnd,
        fromTable: tables.name(),
        toTable: await tables.prepareOther(),
      } as const;
      const counts = await run(job, onProgress === undefined ? undefined : (_stage, share) => onProgress(share));
      // One step to whoever reads: what came in meanwhile is folded into the new states before they serve. The flush that
      // stores what was folded notes the table too, and it alone: one that had begun would note it with a later place.
      await dependencies.flushWith(() => {
        tables.swap();
        dependencies.recover(eventsEnd);
      });
      await tables.dropOther();
      return { version: tables.version(), ...counts, seconds: (clock.monotonicMs() - startMs) / 1000 };
    });
  return async (onProgress) => {
    if (running) throw new ShelfwiseError('JOB_RUNNING', 'the states are being rebuilt already');
    running = true;
    try {
      return await inItsTurn(onProgress);
    } finally {
      running = false;
    }
  };
}

/** What another version of the fold has written does not decode: it is folded anew while Homes are served without it. */
export async function rebuildOutdated(dependencies: {
  readonly tables: Pick<StateTables, 'fold' | 'isOutdated'>;
  readonly rebuild: Rebuild;
  readonly report: (text: string) => void;
  readonly logger: PlatformLogger;
}): Promise<void> {
  const { tables, rebuild, report, logger } = dependencies;
  if (!tables.isOutdated()) return;
  const fold = tables.fold();
  const why = `the stored states are of version ${fold}, this is ${STATE_VERSION}`;
  const say = (share: number): void =>
    report(`${why}: rebuilding, ${Math.round(100 * share)}%; Homes are degraded until then`);
  say(0);
  logger.warn({ stored: fold, version: STATE_VERSION }, `${why}; they are rebuilt, and Homes are degraded until then`);
  const { events, listeners, seconds } = await rebuild(say);
  report(`states are of version ${STATE_VERSION}: ${events} events of ${listeners} listeners`);
  logger.info({ events, listeners, seconds }, 'the states are rebuilt and serve');
}

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
  onProgress('fold', 0);
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
