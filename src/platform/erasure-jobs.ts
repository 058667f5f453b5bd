/**
 * What the workshop does of an erasure: it prepares segments of the logs without the listeners' entries, rewrites files of
 * the lake, forgets them in the learner's checkpoint, and at the end searches everything for what may be left.
 */
import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { decodeDecision, decodeEvent, decodeServing } from '../domain/index.ts';
import { createAttribution } from '../signals/index.ts';
import {
  type Lake,
  LOG_FILES,
  openLake,
  openWarehouse,
  prepareErasure,
  searchFile,
  type Warehouse,
} from '../store/index.ts';
import { readLearner, writeLearner } from './checkpoint.ts';
import { ENTRY_DECISION, recordBytesOf, writeErased } from './decisions.ts';
import { hiddenPairs } from './hidden-pairs.ts';
import { LISTENERS_TABLE } from './listeners.ts';
import type { Job, JobResults } from './workshop.ts';
import { DECISIONS, EVENTS, type Workspace } from './workspace.ts';

/** Whom an erasure is about. */
export interface Erasing {
  readonly erasure: string;
  readonly key: string;
}

export const STREAMS = [EVENTS, DECISIONS] as const;
export type StreamName = (typeof STREAMS)[number];

/** Decisions noted as erased in one transaction. */
const IDS_AT_ONCE = 1000;

/** Prepares one sealed segment; the serving thread, which owns the log, puts it in place. */
export async function eraseSegmentJob(
  { paths, metadata, store, ending }: Workspace,
  { stream, segment, erasing }: Extract<Job, { kind: 'erase-segment' }>,
): Promise<JobResults['erase-segment']> {
  const dir = paths.log(stream);
  const file = join(dir, `${String(segment).padStart(8, '0')}.log`);
  let mentioned = false;
  for (const { key } of erasing) {
    ending.check();
    mentioned ||= (await searchFile(file, Buffer.from(key, 'latin1'))).found > 0;
  }
  if (!mentioned) return { prepared: null };

  const erasureOf = new Map(erasing.map(({ erasure, key }) => [key, erasure]));
  const entries = new Map<string, number>();
  const decisionIds: string[] = [];
  const prepared = prepareErasure(dir, segment, (payload) => {
    const { listenerKey, decisionId } = whose(stream, payload);
    const erasure = erasureOf.get(listenerKey);
    if (erasure === undefined) return false;
    entries.set(erasure, (entries.get(erasure) ?? 0) + 1);
    if (decisionId !== undefined) decisionIds.push(decisionId);
    return true;
  });
  for (const [erasure, count] of entries)
    await metadata.erasures.noteFile(erasure, `${LOG_FILES}${stream}/${segment}`, count);
  for (let at = 0; at < decisionIds.length; at += IDS_AT_ONCE)
    await store.transaction((write) => writeErased(write, decisionIds.slice(at, at + IDS_AT_ONCE)));
  return { prepared: prepared?.file ?? null };
}

function whose(stream: StreamName, payload: Uint8Array): { listenerKey: string; decisionId?: string } {
  if (stream === EVENTS) return { listenerKey: decodeEvent(payload).listenerKey };
  if (payload[0] !== ENTRY_DECISION) return { listenerKey: decodeServing(payload.subarray(1)).listenerKey };
  const { listenerKey, decisionId } = decodeDecision(recordBytesOf(payload));
  return { listenerKey, decisionId };
}

/** Forgets the listeners in the learner's checkpoint, and rewrites the files of the lake that hold rows of theirs. */
export async function eraseLakeJob(
  workspace: Workspace,
  { erasing }: Extract<Job, { kind: 'erase-lake' }>,
): Promise<JobResults['erase-lake']> {
  const keys = erasing.map(({ key }) => key);
  const checkpoint = readLearner(workspace);
  if (checkpoint?.attribution !== undefined) {
    const attribution = createAttribution({ decision: () => undefined, restore: checkpoint.attribution });
    if (attribution.forget(new Set(keys)) > 0)
      await writeLearner(workspace, { ...checkpoint, attribution: attribution.encode() });
  }
  const lake = openLake({ dir: workspace.paths.lake });
  const warehouse = await openWarehouse({ threads: 1, memoryBytes: SEARCH_BYTES });
  try {
    let files = 0;
    for (const stream of STREAMS) files += await eraseStream(workspace, { lake, warehouse }, stream, erasing, keys);
    return { files };
  } finally {
    warehouse.close();
    await lake.close();
  }
}

interface LakeInHand {
  readonly lake: Lake;
  readonly warehouse: Pick<Warehouse, 'query'>;
}

const SEARCH_BYTES = 256 * 1024 * 1024;

async function eraseStream(
  { metadata, store, ending }: Workspace,
  inHand: LakeInHand,
  stream: StreamName,
  erasing: readonly Erasing[],
  keys: readonly string[],
): Promise<number> {
  const { lake } = inHand;
  const erasureOf = new Map(erasing.map(({ erasure, key }) => [key, erasure]));
  const byFile = new Map<string, { readonly key: string; readonly rows: number }[]>();
  // Also files that a compaction which was cut off has left.
  for (const { file, value, rows } of await lake.countRows(lake.list(stream), LISTENER_COLUMN, keys)) {
    byFile.set(file, [...(byFile.get(file) ?? []), { key: value, rows }]);
  }
  for (const [file, counts] of byFile) {
    ending.check();
    for (const { key, rows } of counts) await metadata.erasures.noteFile(erasureOf.get(key) ?? '', file, rows);
    if (stream === DECISIONS) {
      const ids = await decisionIdsIn(inHand, file, keys);
      for (let at = 0; at < ids.length; at += IDS_AT_ONCE)
        await store.transaction((write) => writeErased(write, ids.slice(at, at + IDS_AT_ONCE)));
    }
    await lake.removeRows(file, LISTENER_COLUMN, keys);
  }
  if (byFile.size > 0) await recount(inHand, metadata, stream, new Set(byFile.keys()));
  return byFile.size;
}

const LISTENER_COLUMN = 'listener_key';

async function decisionIdsIn(
  { lake, warehouse }: LakeInHand,
  file: string,
  keys: readonly string[],
): Promise<string[]> {
  const rows = await warehouse.query<{ id: string }>(
    `SELECT decision_id AS id FROM read_parquet('${quoted(lake.pathOf(file))}')
     WHERE entry = 'decision' AND listener_key IN (${keys.map((key) => `'${quoted(key)}'`).join(', ')})`,
  );
  return rows.map(({ id }) => id);
}

/** What is recorded of a segment's files says how many rows they have. */
async function recount(
  { lake, warehouse }: LakeInHand,
  metadata: Workspace['metadata'],
  stream: StreamName,
  changed: ReadonlySet<string>,
): Promise<void> {
  for (const { segment, files } of await metadata.compactions.list(stream)) {
    if (!files.some((file) => changed.has(file))) continue;
    const list = files.map((file) => `'${quoted(lake.pathOf(file))}'`).join(', ');
    const [{ rows }] = await warehouse.query<{ rows: number }>(
      `SELECT count(*)::INTEGER AS rows FROM read_parquet([${list}])`,
    );
    await metadata.compactions.recount(stream, segment, rows);
  }
}

const quoted = (text: string): string => text.replaceAll("'", "''");

/** Files of the lake that one query searches. */
const FILES_AT_ONCE = 100;

/**
 * Searches everything for the key, and what is kept by their id for the id: the bytes of both logs, the segment that is written included; every row of the lake,
 * what is in its payload included; every entry of every table of the online store; the metadata; and the files beside them.
 */
export async function verifyErasureJob(
  { paths, metadata, store, ending }: Workspace,
  { listener: { id, key } }: Extract<Job, { kind: 'verify-erasure' }>,
): Promise<JobResults['verify-erasure']> {
  const needle = Buffer.from(key, 'latin1');
  const places: string[] = [];
  const foundIn = (place: string, count: number): void => {
    if (count > 0) places.push(place);
    occurrences += count;
  };
  let occurrences = 0;
  let fileBytes = 0;
  const root = dirname(paths.metadata);
  const search = async (file: string): Promise<void> => {
    ending.check();
    const searched = await searchFile(file, needle).catch((error: NodeJS.ErrnoException) => {
      // What data validation has replaced or forgotten meanwhile: a file that is gone holds nothing.
      if (error.code === 'ENOENT' && file.startsWith(paths.validation)) return { bytes: 0, found: 0 };
      throw error;
    });
    const { bytes, found } = searched;
    fileBytes += bytes;
    foundIn(basename(file), found);
  };
  for (const stream of STREAMS) {
    for (const name of readdirSync(paths.log(stream)).sort()) await search(join(paths.log(stream), name));
  }
  for (const entry of readdirSync(root, { withFileTypes: true })) {
    if (entry.isFile() && !entry.name.startsWith(basename(paths.metadata))) await search(join(root, entry.name));
  }
  // Statistics of many: they hold nobody's key, and here it is seen that they do not.
  for (const file of filesWithin(paths.validation)) await search(file);

  const lake = openLake({ dir: paths.lake });
  const warehouse = await openWarehouse({ threads: 1, memoryBytes: SEARCH_BYTES });
  let lakeRows = 0;
  for (const stream of STREAMS) {
    const files = lake.list(stream);
    for (let at = 0; at < files.length; at += FILES_AT_ONCE) {
      ending.check();
      const list = files.slice(at, at + FILES_AT_ONCE).map((file) => `'${quoted(lake.pathOf(file))}'`);
      const [{ rows, found }] = await warehouse.query<{ rows: number; found: number }>(
        `SELECT count(*)::INTEGER AS rows,
                count(*) FILTER (WHERE listener_key = '${quoted(key)}' OR contains(payload::VARCHAR, '${quoted(key)}'))::INTEGER AS found
         FROM read_parquet([${list.join(', ')}], union_by_name = true)`,
      );
      lakeRows += rows;
      foundIn(`lake ${stream}`, found);
    }
  }
  warehouse.close();
  await lake.close();

  // By their id they are known to the app alone, and where rankings and hidden pairs wait for it; unless it has come back.
  const isSomebodyNew = store.get(LISTENERS_TABLE, id) !== undefined;
  if (!isSomebodyNew) foundIn('hidden pairs', hiddenPairs(paths.holdout).filter(([owner]) => owner === id).length);
  let storeEntries = 0;
  for (const table of store.tables()) {
    for (const entry of store.range(table, {})) {
      storeEntries++;
      const bytes = Buffer.from(entry.value.buffer, entry.value.byteOffset, entry.value.byteLength);
      if (!isSomebodyNew && namesListener(bytes, id)) foundIn(`table ${table}`, 1);
      if (entry.key.includes(key) || bytes.includes(needle)) foundIn(`table ${table}`, 1);
      if (storeEntries % 1000 === 0) ending.check();
    }
  }
  const { rows: metadataRows, found } = await metadata.mentions(key);
  foundIn('metadata', found);
  return { searched: { fileBytes, lakeRows, storeEntries, metadataRows, occurrences }, places: [...new Set(places)] };
}

function filesWithin(dir: string): readonly string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** Is it a JSON object that says whose it is, and says this one? */
function namesListener(value: Buffer, id: string): boolean {
  if (value[0] !== OPENING_BRACE || !value.includes(`"listenerId":${JSON.stringify(id)}`)) return false;
  return (JSON.parse(value.toString()) as { listenerId?: unknown }).listenerId === id;
}

const OPENING_BRACE = '{'.charCodeAt(0);
