/** The learner's checkpoint: its place in the logs, its counters, ledger and model, in one value of the online store. */
import { deserialize, serialize } from 'node:v8';
import type { EpochContent } from '../domain/index.ts';
import type { LogPosition, OnlineStore } from '../store/index.ts';
import { type ProgressCard, ProgressiveValidation, type StoredProgress } from './progressive.ts';
import { positionOf } from './states.ts';
import type { Workspace } from './workspace.ts';

const TABLE = 'learner';
const KEY = 'checkpoint';
const PLACE_KEY = 'place';
const CARD_KEY = 'card';

export interface Checkpoint {
  /** Log positions as numbers; -1: from the log's start. */
  readonly eventsFrom: number;
  readonly decisionsFrom: number;
  readonly counters: Uint8Array;
  readonly attribution: Uint8Array | undefined;
  /** The learner behind the model that serves; null where that does not learn online. */
  readonly model: EpochContent | null;
  /** The registered model that serves, or that the learner has gone on from; '' where it is none of these. */
  readonly parent: string;
  /** Rewards of decisions that the model has learnt from since it was fitted; 0: it is as it was fitted. */
  readonly learnt: number;
  /** The model that was promoted with this learner, until it has learnt or was fitted anew: it is to serve. @default '' */
  readonly promoted?: string;
  /** How well it predicted what it has learnt since; undefined where it has not. */
  readonly progress?: StoredProgress | undefined;
}

/** The part of a checkpoint that is small enough to be read often. */
export interface LearnerPlace {
  readonly events: LogPosition;
  readonly decisions: LogPosition;
  readonly parent: string;
  readonly learnsOnline: boolean;
  readonly learnt: number;
  readonly promoted: string;
}

export async function writeLearner(workspace: Workspace, checkpoint: Checkpoint): Promise<void> {
  const { eventsFrom, decisionsFrom, parent, learnt, promoted = '' } = checkpoint;
  const learnsOnline = checkpoint.model !== null;
  const place: StoredPlace = { eventsFrom, decisionsFrom, parent, learnt, learnsOnline, promoted };
  await workspace.store.transaction((write) => {
    write.put(TABLE, KEY, serialize(checkpoint));
    write.put(TABLE, PLACE_KEY, Buffer.from(JSON.stringify(place)));
    const card = checkpoint.progress === undefined ? undefined : new ProgressiveValidation(checkpoint.progress).card();
    write.put(TABLE, CARD_KEY, Buffer.from(JSON.stringify(card ?? null)));
  });
}

/** What progressive validation tells of the model that learns online; undefined where it has not learnt enough. */
export function learnerCard(store: OnlineStore): ProgressCard | undefined {
  const bytes = store.get(TABLE, CARD_KEY);
  return bytes === undefined
    ? undefined
    : ((JSON.parse(Buffer.from(bytes).toString()) as ProgressCard | null) ?? undefined);
}

export function readLearner(workspace: Workspace): Checkpoint | undefined {
  const bytes = workspace.store.get(TABLE, KEY);
  if (bytes === undefined) return undefined;
  const stored = deserialize(bytes) as Checkpoint;
  // Before there was a registry, nothing had a parent.
  return { ...stored, parent: stored.parent ?? '' };
}

type StoredPlace = Pick<Checkpoint, 'eventsFrom' | 'decisionsFrom' | 'parent' | 'learnt'> &
  Pick<LearnerPlace, 'learnsOnline' | 'promoted'>;

/** Where the learner will read on in both logs, and what it teaches; undefined before the first fit. */
export function learnerPlace(store: OnlineStore): LearnerPlace | undefined {
  const bytes = store.get(TABLE, PLACE_KEY);
  if (bytes === undefined) return undefined;
  const stored = JSON.parse(Buffer.from(bytes).toString()) as Partial<StoredPlace>;
  const { eventsFrom = 0, decisionsFrom = 0, parent = '', learnsOnline = true, learnt = 0, promoted = '' } = stored;
  return {
    events: positionOf(Math.max(0, eventsFrom)),
    decisions: positionOf(Math.max(0, decisionsFrom)),
    parent,
    learnsOnline,
    learnt,
    promoted,
  };
}
