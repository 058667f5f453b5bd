/**
 * When the catalogue's columns are built: soon after an item changed, once for a burst, and with every fit. That they are
 * behind is noted with the change itself, so that a restart builds them.
 */
import { messageOf } from '../base/index.ts';
import type { OnlineStore, StoreWriter } from '../store/index.ts';
import type { Catalogue } from './catalogue.ts';
import type { PlatformLogger } from './config.ts';
import type { Epochs } from './epochs.ts';
import type { Workshop } from './workshop.ts';

const TABLE = 'platform';
/** Present while items have changed that the catalogue's epoch does not show. */
const BEHIND = 'catalog-behind';
const DELAY_MS = 400;

/** Notes, in the transaction that changes items, that the columns are behind. */
export function noteColumnsBehind(write: StoreWriter): void {
  write.put(TABLE, BEHIND, Buffer.from('1'));
}

export interface Columns {
  /** Builds them soon, but not at every change of a burst. */
  schedule(): void;
  /** The same, where the last stop has left them behind. */
  scheduleIfBehind(): void;
  /** Runs what builds them; when it fails, they are still due, also after a restart. */
  catchUp(build: () => Promise<void>): Promise<void>;
  stop(): void;
}

export function createColumns(dependencies: {
  readonly store: OnlineStore;
  readonly workshop: Workshop;
  readonly catalogue: Pick<Catalogue, 'beginColumns'>;
  readonly epochs: Pick<Epochs, 'publish'>;
  readonly report: (text: string) => void;
  readonly logger: PlatformLogger;
}): Columns {
  const { store, workshop, catalogue, epochs, logger } = dependencies;
  let timer: NodeJS.Timeout | undefined;
  let due = false;
  let stopped = false;

  const schedule = (): void => {
    due = true;
    timer ??= setTimeout(() => {
      timer = undefined;
      publish().catch((error: unknown) => {
        if (!stopped) logger.error({ error: messageOf(error) }, "the catalogue's epoch could not be built");
      });
    }, DELAY_MS).unref();
  };
  const catchUp = async (build: () => Promise<void>): Promise<void> => {
    due = false;
    try {
      await build();
    } catch (error) {
      due = true;
      throw error;
    }
    if (!due) await store.transaction((write) => write.remove(TABLE, BEHIND));
  };
  const publish = async (): Promise<void> => {
    if (!due || stopped) return;
    await catchUp(() =>
      workshop.turn(async (run) => {
        const columnsServe = catalogue.beginColumns();
        const { epochs: built } = await run({ kind: 'catalog' });
        await epochs.publish(built);
        columnsServe();
        dependencies.report(`published ${built[0].hash}`);
      }),
    );
  };

  return {
    schedule,
    scheduleIfBehind() {
      if (store.get(TABLE, BEHIND) !== undefined) schedule();
    },
    catchUp,
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
