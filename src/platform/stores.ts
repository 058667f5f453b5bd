/** The stores of a data directory, as the process that owns it has them open: opened in one order, closed in one order. */
import { chmodSync } from 'node:fs';
import {
  type DataDir,
  type EpochStore,
  type EventLog,
  type Lake,
  type LogPosition,
  type Metadata,
  type OnlineStore,
  openEpochStore,
  openEventLog,
  openLake,
  openMetadata,
  openWarehouse,
  streamEntry,
  type Warehouse,
} from '../store/index.ts';
import type { ResolvedPlatformOptions } from './config.ts';
import { DECISIONS, EVENTS } from './workspace.ts';

export interface Stores {
  /** The online store. */
  readonly store: OnlineStore;
  readonly metadata: Metadata;
  readonly events: EventLog;
  readonly decisionLog: EventLog;
  readonly epochStore: EpochStore;
  readonly lake: Lake;
  /** An entry of the stream of decisions, wherever it is by now: in the log or in the lake. */
  readDecision(position: LogPosition): Promise<Uint8Array>;
  /** Logs first, so that nothing more comes; all are closed, also when one fails, and the first failure rejects. */
  close(): Promise<void>;
}

export async function openStores(
  { dir, paths }: DataDir,
  openOnline: (options: { readonly dir: string }) => OnlineStore,
  options: ResolvedPlatformOptions,
): Promise<Stores> {
  const { clock } = options;
  const opened: { close(): Promise<void> | void }[] = [];
  const keep = <T extends { close(): Promise<void> | void }>(part: T): T => {
    opened.push(part);
    return part;
  };
  try {
    // Keys of the API and of listeners are in here.
    chmodSync(dir, 0o700);
    const store = keep(openOnline({ dir: paths.online }));
    const metadata = keep(openMetadata({ file: paths.metadata, clock }));
    const { segmentBytes, injectSyncDelayMs, recordFlushMs } = options;
    const events = keep(openEventLog({ dir: paths.log(EVENTS), segmentBytes, clock, injectSyncDelayMs }));
    const decisionLog = keep(
      openEventLog({ dir: paths.log(DECISIONS), segmentBytes, clock, flushEveryMs: recordFlushMs }),
    );
    reportRecovery(events, EVENTS, options);
    reportRecovery(decisionLog, DECISIONS, options);
    const epochStore = openEpochStore({ dir: paths.epochs });
    const lake = keep(openLake({ dir: paths.lake }));
    /** Opened when something of the lake is first read. */
    let warehouse: Promise<Warehouse> | undefined;
    const stream = {
      name: DECISIONS,
      log: decisionLog,
      lake,
      metadata,
      warehouse: (): Promise<Warehouse> => (warehouse ??= openWarehouse()),
    };
    return {
      store,
      metadata,
      events,
      decisionLog,
      epochStore,
      lake,
      readDecision: (position) => streamEntry(stream, position),
      close: () =>
        inOrder([
          () => events.close(),
          () => decisionLog.close(),
          async () => (await warehouse)?.close(),
          () => lake.close(),
          () => metadata.close(),
          () => store.close(),
        ]),
    };
  } catch (error) {
    for (const part of opened.reverse()) await part.close();
    throw error;
  }
}

/** Does every step, also after one that fails. Rejects with the first failure when all are done. */
export async function inOrder(steps: readonly (() => Promise<unknown> | unknown)[]): Promise<void> {
  const troubles: unknown[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      troubles.push(error);
    }
  }
  if (troubles.length > 0) throw troubles[0];
}

function reportRecovery(log: EventLog, stream: string, { logger }: ResolvedPlatformOptions): void {
  if (log.recovery.cutBytes === 0) return;
  logger.warn(
    { stream, ...log.recovery },
    'the log ended in the middle of an entry that was never acknowledged; the torn tail was cut',
  );
}
