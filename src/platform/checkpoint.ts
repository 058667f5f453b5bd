/** The learner's checkpoint: its place in the logs, its counters, ledger and model, in one value of the online store. */
import { deserialize, serialize } from 'node:v8';
import type { EpochContent } from '../domain/index.ts';
import type { LogPosition, OnlineStore } from '../store/index.ts';
import { positionOf } from './states.ts';
import type { Workspace } from './workspace.ts';

const TABLE = 'learner';
const KEY = 'checkpoint';
/** The checkpoint's place alone, small enough to be read often. */
const PLACE_KEY = 'place';

export interface Checkpoint {
  /** Log positions as numbers; -1: from the log's start. */
  readonly eventsFrom: number;
  readonly decisionsFrom: number;
  readonly counters: Uint8Array;
  readonly attribution: Uint8Array | undefined;
  readonly model: EpochContent;
  /** Rewards of decisions that the model has learnt from; 0: it knows the history only. */
  readonly learnt: number;
}

export async function writeLearner(workspace: Workspace, checkpoint: Checkpoint): Promise<void> {
  const { eventsFrom, decisionsFrom } = checkpoint;
  await workspace.store.transaction((write) => {
    write.put(TABLE, KEY, serialize(checkpoint));
    write.put(TABLE, PLACE_KEY, Buffer.from(JSON.stringify({ eventsFrom, decisionsFrom })));
  });
}

export function readLearner(workspace: Workspace): Checkpoint | undefined {
  const bytes = workspace.store.get(TABLE, KEY);
  return bytes === undefined ? undefined : (deserialize(bytes) as Checkpoint);
}

/** Where the learner will read on in both logs; undefined before the first fit. */
export function learnerPlace(
  store: OnlineStore,
): { readonly events: LogPosition; readonly decisions: LogPosition } | undefined {
  const bytes = store.get(TABLE, PLACE_KEY);
  if (bytes === undefined) return undefined;
  const { eventsFrom, decisionsFrom } = JSON.parse(Buffer.from(bytes).toString()) as Pick<
    Checkpoint,
    'eventsFrom' | 'decisionsFrom'
  >;
  return { events: positionOf(Math.max(0, eventsFrom)), decisions: positionOf(Math.max(0, decisionsFrom)) };
}
