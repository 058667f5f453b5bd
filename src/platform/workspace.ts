/** What jobs of the workshop work with: their own handles on the stores of a data directory, and its history. */
import { decodeEvent, type FeedbackEvent, type ListenerProfile } from '../domain/index.ts';
import { createEncoder, type Encoder, homeFeatures } from '../features/index.ts';
import {
  type DataDirPaths,
  dataDirPaths,
  type EpochStore,
  type LogPosition,
  lakeFiles,
  type Metadata,
  type OnlineStore,
  openEpochStore,
  openLake,
  openLmdbStore,
  openMetadata,
  openWarehouse,
  readLogSegments,
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

export interface PastEntry {
  /** As a number, see `positionNumber`. */
  readonly position: number;
  readonly payload: Uint8Array;
}

const LAKE_ROWS = 20_000;

/** A stream from its beginning: what was compacted to the lake, then the log up to `end`. */
export async function* history(
  workspace: Pick<Workspace, 'paths' | 'metadata'>,
  stream: string,
  end: LogPosition,
): AsyncGenerator<PastEntry> {
  const files = await lakeFiles(stream, workspace.metadata);
  let after = -1;
  if (files.length > 0) {
    const lake = openLake({ dir: workspace.paths.lake });
    const warehouse = await openWarehouse();
    try {
      for (const file of files) {
        const path = lake.pathOf(file);
        for (let offset = 0; ; offset += LAKE_ROWS) {
          const rows = await warehouse.query<{ segment: number; offset: number; payload: Uint8Array }>(
            `SELECT segment, "offset", payload FROM read_parquet($path) ORDER BY segment, "offset" LIMIT ${LAKE_ROWS} OFFSET ${offset}`,
            { path },
          );
          for (const row of rows) {
            const position = positionNumber({ segment: Number(row.segment), offset: Number(row.offset) });
            if (position > after) after = position;
            yield { position, payload: row.payload };
          }
          if (rows.length < LAKE_ROWS) break;
        }
      }
    } finally {
      await warehouse.close();
      await lake.close();
    }
  }
  for (const { position, payload } of readLogSegments(workspace.paths.log(stream), undefined, end)) {
    const number = positionNumber(position);
    // A segment may be in the lake and not yet dropped from the log.
    if (number > after) yield { position: number, payload };
  }
}

export async function* pastEvents(
  workspace: Pick<Workspace, 'paths' | 'metadata'>,
  end: LogPosition,
): AsyncGenerator<{ readonly position: number; readonly event: FeedbackEvent }> {
  for await (const { position, payload } of history(workspace, EVENTS, end))
    yield { position, event: decodeEvent(payload) };
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
