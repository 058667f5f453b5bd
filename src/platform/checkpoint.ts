/** The learner's checkpoint: its place in the logs, its counters, ledger and model, in one value of the online store. */
import { deserialize, serialize } from 'node:v8';
import type { EpochContent } from '../domain/index.ts';
import type { Workspace } from './workspace.ts';

const TABLE = 'learner';
const KEY = 'checkpoint';

export interface Checkpoint {
  /** Log positions as numbers; -1: from the log's start. */
  readonly eventsFrom: number;
  readonly decisionsFrom: number;
  readonly counters: Uint8Array;
  readonly attribution: Uint8Array | undefined;
  readonly model: EpochContent;
}

export async function writeLearner(workspace: Workspace, checkpoint: Checkpoint): Promise<void> {
  await workspace.store.transaction((write) => write.put(TABLE, KEY, serialize(checkpoint)));
}

export function readLearner(workspace: Workspace): Checkpoint | undefined {
  const bytes = workspace.store.get(TABLE, KEY);
  return bytes === undefined ? undefined : (deserialize(bytes) as Checkpoint);
}
