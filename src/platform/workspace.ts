/** What jobs of the workshop work with: their own handles on the stores of a data directory, and its history. */
import { decodeEvent, type FeedbackEvent, type ListenerProfile } from '../domain/index.ts';
import { createEncoder, type Encoder, homeFeatures } from '../features/index.ts';
import {
  type DataDirPaths,
  dataDirPaths,
  type EpochStore,
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
  /** As the store has them now. */
  vocabularies(): StoredVocabularies;
}

export function openWorkspace(dir: string): Workspace {
  const paths = dataDirPaths(dir);
  const store = openLmdbStore({ dir: paths.online });
  return {
    paths,
    store,
    epochs: openEpochStore({ dir: paths.epochs }),
    metadata: openMetadata({ file: paths.metadata }),
    encoder: createEncoder(homeFeatures),
    vocabularies: () => loadVocabularies(store),
  };
}

/** All events before `end`, from the first ever: what was compacted to the lake, then the log's. */
export async function* pastEvents(
  workspace: Pick<Workspace, 'paths' | 'metadata'>,
  end: LogPosition,
): AsyncGenerator<{
  /** As a number, see `positionNumber`. */
  readonly position: number;
  readonly event: FeedbackEvent;
}> {
  const { paths, metadata } = workspace;
  const lake = openLake({ dir: paths.lake });
  let warehouse: Promise<Warehouse> | undefined;
  const stream: Stream = {
    name: EVENTS,
    log: logUpTo(paths.log(EVENTS), end),
    lake,
    metadata,
    warehouse: () => (warehouse ??= openWarehouse()),
  };
  try {
    for await (const { position, payload } of streamEntries(stream)) {
      yield { position: positionNumber(position), event: decodeEvent(payload) };
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
