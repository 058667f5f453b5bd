/** What jobs of the workshop work with: their own handles on the stores of a data directory, and its history. */
import { decodeEvent, type FeedbackEvent, type ListenerProfile } from '../domain/index.ts';
import { createEncoder, type Encoder, homeFeatures } from '../features/index.ts';
import {
  type DataDirPaths,
  dataDirPaths,
  type EpochStore,
  type LogEntry,
  type LogPosition,
  logUpTo,
  type Metadata,
  type OnlineStore,
  openEpochStore,
  openLake,
  openLmdbStore,
  openMetadata,
  openWarehouse,
  type Stream,
  streamEntries,
  type Warehouse,
} from '../store/index.ts';
import { type Ending, untilEnding } from './ending.ts';
import { positionNumber } from './states.ts';
import { loadVocabularies, type StoredVocabularies } from './vocabularies.ts';

export const EVENTS = 'events';
export const DECISIONS = 'decisions';

export interface Workspace {
  readonly paths: DataDirPaths;
  readonly store: OnlineStore;
  readonly epochs: EpochStore;
  readonly metadata: Metadata;
  readonly encoder: Encoder;
  readonly ending: Ending;
  /** As the store has them now. */
  vocabularies(): StoredVocabularies;
  close(): Promise<void>;
}

export function openWorkspace(dir: string, ending: Ending): Workspace {
  const paths = dataDirPaths(dir);
  const store = untilEnding(openLmdbStore({ dir: paths.online }), ending);
  const metadata = openMetadata({ file: paths.metadata });
  return {
    paths,
    store,
    epochs: openEpochStore({ dir: paths.epochs }),
    metadata,
    encoder: createEncoder(homeFeatures),
    ending,
    vocabularies: () => loadVocabularies(store),
    async close() {
      await metadata.close();
      await store.close();
    },
  };
}

/** All events before `end`, from the first ever unless a place is given: what was compacted to the lake, then the log's. */
export async function* pastEvents(
  workspace: Pick<Workspace, 'paths' | 'metadata' | 'ending'>,
  end: LogPosition,
  from?: LogPosition,
): AsyncGenerator<{
  /** As a number, see `positionNumber`. */
  readonly position: number;
  readonly event: FeedbackEvent;
}> {
  for await (const { position, payload } of pastEntries(workspace, EVENTS, end, from)) {
    yield { position: positionNumber(position), event: decodeEvent(payload) };
  }
}

/** Entries of a stream before `end`, in the log's order, wherever they are by now; from the first ever unless a place is given. */
export async function* pastEntries(
  { paths, metadata, ending }: Pick<Workspace, 'paths' | 'metadata' | 'ending'>,
  name: typeof EVENTS | typeof DECISIONS,
  end: LogPosition,
  from?: LogPosition,
): AsyncGenerator<LogEntry> {
  const lake = openLake({ dir: paths.lake });
  let warehouse: Promise<Warehouse> | undefined;
  const stream: Stream = {
    name,
    log: logUpTo(paths.log(name), end),
    lake,
    metadata,
    warehouse: () => (warehouse ??= openWarehouse()),
  };
  try {
    for await (const entry of streamEntries(stream, from)) {
      ending.check();
      yield entry;
    }
  } finally {
    (await warehouse)?.close();
    await lake.close();
  }
}

/** Profile by listener key. */
export function profilesByKey(store: OnlineStore): Map<string, ListenerProfile> {
  const profiles = new Map<string, ListenerProfile>();
  for (const { value } of store.range('listeners', {})) {
    const { key, profile } = JSON.parse(Buffer.from(value).toString()) as { key: string; profile: ListenerProfile };
    profiles.set(key, profile);
  }
  return profiles;
}
