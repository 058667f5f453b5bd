/**
 * A person's own streaming history (account data and extended form, a folder or the ZIP as it was sent) as a catalogue and plays.
 *
 * Items are named by what they are called, not by their URI: the two forms, and the many issues of one recording, then meet
 * in one item. The id of a play is a hash of listener, minute, names and length, so that a second import doubles nothing, nor does
 * the other form of the same time.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { contentHash, messageOf, ShelfwiseError } from '../base/index.ts';
import type { IncomingEvent, Item } from '../domain/index.ts';
import { RowProblem } from './columns.ts';
import { BATCH_ROWS, type BadRow, type ImportSource, type ReadBatch } from './source.ts';
import { type HistoryPlay, historyPlayOf } from './streaming-rows.ts';
import { openZip, type ZipArchive } from './zip.ts';

export interface StreamingHistoryOptions {
  /** Whose it is, on the platform. */
  readonly listenerId: string;
  /** Plays older than ten years are not taken by the platform, and are left out. */
  readonly nowMs: number;
}

const HISTORY_FILE = /^(StreamingHistory(_(music|podcast))?_?\d+|endsong_\d+|Streaming_History_Audio_.*)\.json$/i;
const SESSION_GAP_MS = 1_800_000;
const OLDEST_MS = 3652 * 86_400_000;
const MINUTE_MS = 60_000;

/** @throws `OPTION_INVALID` for what cannot be read, or holds no history. */
export async function readStreamingHistory(path: string, options: StreamingHistoryOptions): Promise<ImportSource> {
  const files = historyFiles(path);
  const notes: string[] = [];
  async function* batches(): AsyncGenerator<ReadBatch> {
    notes.length = 0;
    const opened = historyFiles(path);
    try {
      yield* readAll(opened.files, options, notes);
    } finally {
      opened.close();
    }
  }
  files.close();
  const count = files.files.length;
  return {
    describe: `Streaming history of ${options.listenerId} (${count} ${count === 1 ? 'file' : 'files'})`,
    notes,
    batches,
  };
}

interface HistoryFile {
  readonly name: string;
  readonly bytes: number;
  read(): Buffer;
}

function historyFiles(path: string): { readonly files: readonly HistoryFile[]; close(): void } {
  let isFolder: boolean;
  try {
    isFolder = statSync(path).isDirectory();
  } catch (error) {
    throw new ShelfwiseError('OPTION_INVALID', `${path} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  let archive: ZipArchive | undefined;
  let files: HistoryFile[];
  if (isFolder) {
    files = readdirSync(path, { recursive: true, encoding: 'utf8' }).map((name) => ({
      name,
      bytes: statSync(join(path, name)).size,
      read: () => readFileSync(join(path, name)),
    }));
  } else {
    archive = openZip(path);
    files = [...archive.entries];
  }
  files = files
    .filter(({ name }) => HISTORY_FILE.test(basename(name.replaceAll('\\', '/'))))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  if (files.length === 0) {
    archive?.close();
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `${path} holds no StreamingHistory….json, endsong_….json or Streaming_History_Audio_….json: is it the folder or the ZIP of the export?`,
    );
  }
  return { files, close: () => archive?.close() };
}

/** Of the bar, while files are read; the rest while what was read is sent. */
const READING_SHARE = 0.3;

async function* readAll(
  files: readonly HistoryFile[],
  options: StreamingHistoryOptions,
  notes: string[],
): AsyncGenerator<ReadBatch> {
  const plays: HistoryPlay[] = [];
  const passedOver = new Map<string, number>();
  const passOver = (why: string): void => void passedOver.set(why, (passedOver.get(why) ?? 0) + 1);
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 1);
  let doneBytes = 0;
  for (const file of files) {
    const bad: BadRow[] = [];
    let rowsRead = 0;
    for (const row of rowsOf(file, bad)) {
      rowsRead++;
      try {
        const play = historyPlayOf(row);
        if (typeof play === 'string') passOver(play);
        else if (play.endMs < options.nowMs - OLDEST_MS) passOver('old');
        else plays.push(play);
      } catch (error) {
        if (!(error instanceof RowProblem)) throw error;
        bad.push({ file: file.name, row: rowsRead, reason: error.message });
      }
    }
    doneBytes += file.bytes;
    yield { rowsRead: Math.max(rowsRead, bad.length), share: (READING_SHARE * doneBytes) / totalBytes, bad };
  }

  const kept = withoutTwice(plays, passOver);
  kept.sort((a, b) => a.endMs - b.endMs);
  const catalogue = catalogueOf(kept);
  const steps = Math.max(1, catalogue.items.length + kept.length);
  let done = 0;
  const progress = (count: number) => {
    done += count;
    return { rowsRead: 0, share: READING_SHARE + ((1 - READING_SHARE) * done) / steps, bad: [] };
  };
  for (let at = 0; at < catalogue.items.length; at += BATCH_ROWS) {
    const items = catalogue.items.slice(at, at + BATCH_ROWS);
    yield { items, ...progress(items.length) };
  }
  const market = kept.findLast(({ country }) => country !== '')?.country;
  yield {
    listeners: [{ id: options.listenerId, profile: market === undefined ? {} : { market } }],
    ...progress(0),
  };
  let events: IncomingEvent[] = [];
  let counted = 0;
  for (const event of eventsOf(kept, catalogue, options.listenerId)) {
    events.push(event);
    if (event.type === 'play') counted++;
    if (events.length < BATCH_ROWS) continue;
    yield { events, ...progress(counted) };
    events = [];
    counted = 0;
  }
  yield { events, ...progress(counted) };
  for (const [why, count] of passedOver) notes.push(`${count} rows ${PASSED_OVER[why] ?? why}.`);
}

const PASSED_OVER: Readonly<Record<string, string>> = {
  incognito: 'of private sessions were left out',
  audiobook: 'of audiobooks were left out',
  old: 'older than ten years were left out',
  twice: 'of the account data lie in the time of the extended history, which says more, and were left out',
};

/** Files hold one JSON array each; one that does not read is one bad row, and the others go on. */
function rowsOf(file: HistoryFile, bad: BadRow[]): readonly unknown[] {
  try {
    const rows: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(file.read()));
    if (Array.isArray(rows)) return rows;
    bad.push({ file: file.name, row: 1, reason: 'the file is not a JSON array' });
  } catch (error) {
    bad.push({ file: file.name, row: 1, reason: `the file cannot be read: ${messageOf(error)}` });
  }
  return [];
}

/** Where both forms tell of the same time, the extended one is taken. */
function withoutTwice(plays: readonly HistoryPlay[], passOver: (why: string) => void): HistoryPlay[] {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const { extended, endMs } of plays) {
    if (!extended) continue;
    from = Math.min(from, Math.floor(endMs / MINUTE_MS) * MINUTE_MS);
    to = Math.max(to, endMs);
  }
  return plays.filter(({ extended, endMs }) => {
    const twice = !extended && endMs >= from && endMs <= to;
    if (twice) passOver('twice');
    return !twice;
  });
}

interface Catalogue {
  readonly items: readonly Item[];
  idOf(play: HistoryPlay): string;
}

interface KnownItem {
  readonly item: Item;
  /** Of plays to the end; without any, of lengths that came twice (chance hardly hits the same millisecond again). */
  completeMs: number;
  readonly lengths: Map<number, number>;
}

/** Names are the same whatever their case and their spaces. */
function named(kind: string, ...names: readonly string[]): string {
  const plain = names.map((name) => name.normalize('NFKC').toLowerCase().replaceAll(/\s+/g, ' ')).join('\u0000');
  return `${kind}:${contentHash(plain).slice(0, 20)}`;
}

function catalogueOf(plays: readonly HistoryPlay[]): Catalogue {
  const wider = new Map<string, Item>();
  const known = new Map<string, KnownItem>();
  const ids = new Map<string, string>();
  const idOf = ({ spoken, creator, title }: HistoryPlay): string => {
    const key = `${spoken ? 'e' : 't'}\u0000${creator}\u0000${title}`;
    let id = ids.get(key);
    if (id === undefined) {
      id = named(spoken ? 'episode' : 'track', creator, title);
      ids.set(key, id);
    }
    return id;
  };
  const widen = (item: Item): string => {
    if (!wider.has(item.id)) wider.set(item.id, item);
    return item.id;
  };
  // The newest row of an item says what it is called now.
  for (const play of plays.toReversed()) {
    const id = idOf(play);
    let entry = known.get(id);
    if (entry === undefined || (entry.item.parentId === undefined && play.album !== '')) {
      const item = play.spoken ? episodeOf(id, play, widen) : trackOf(id, play, widen);
      entry = { item, completeMs: entry?.completeMs ?? 0, lengths: entry?.lengths ?? new Map() };
      known.set(id, entry);
    }
    if (play.complete) entry.completeMs = Math.max(entry.completeMs, play.playedMs);
    else entry.lengths.set(play.playedMs, (entry.lengths.get(play.playedMs) ?? 0) + 1);
  }
  const items = [...wider.values()];
  for (const entry of known.values()) {
    const durationMs = durationOf(entry);
    items.push(durationMs === 0 ? entry.item : { ...entry.item, durationMs });
  }
  return { items, idOf };
}

function trackOf(id: string, { creator, title, album, uri }: HistoryPlay, widen: (item: Item) => string): Item {
  const artistId = widen({ id: named('artist', creator), kind: 'artist', title: creator });
  const creators = [{ id: artistId, name: creator }];
  const parentId =
    album === ''
      ? undefined
      : widen({ id: named('album', creator, album), kind: 'album', title: album, creators, parentId: artistId });
  return {
    id,
    kind: 'track',
    title,
    creators,
    ...(parentId === undefined ? {} : { parentId }),
    ...(uri === '' ? {} : { attributes: { uri } }),
  };
}

function episodeOf(id: string, { creator, title, uri }: HistoryPlay, widen: (item: Item) => string): Item {
  const parentId = widen({ id: named('show', creator), kind: 'show', title: creator });
  return { id, kind: 'episode', title, parentId, ...(uri === '' ? {} : { attributes: { uri } }) };
}

const SHORTEST_MS = 30_000;

/** 0 where nothing tells. A duration that is too short would cut plays: the longest play bounds it from below. */
function durationOf({ completeMs, lengths }: KnownItem): number {
  let longest = completeMs;
  let repeated = 0;
  for (const [ms, times] of lengths) {
    longest = Math.max(longest, ms);
    if (times > 1) repeated = Math.max(repeated, ms);
  }
  const told = completeMs > 0 ? completeMs : repeated;
  return told >= SHORTEST_MS && told >= longest ? told : 0;
}

function* eventsOf(plays: readonly HistoryPlay[], catalogue: Catalogue, listenerId: string): Generator<IncomingEvent> {
  let sessionId = '';
  let lastEndMs = Number.NEGATIVE_INFINITY;
  for (const play of plays) {
    const itemId = catalogue.idOf(play);
    if (play.endMs - play.playedMs - lastEndMs > SESSION_GAP_MS) {
      sessionId = `history:${new Date(play.endMs).toISOString().slice(0, 16)}`;
    }
    lastEndMs = play.endMs;
    const minute = Math.floor(play.endMs / MINUTE_MS);
    const eventId = `history:${contentHash(`${listenerId}\u0000${minute}\u0000${itemId}\u0000${play.playedMs}`)}`;
    const said = {
      listenerId,
      occurredAt: new Date(play.endMs).toISOString(),
      itemId,
      sessionId,
      ...(play.device === undefined ? {} : { device: play.device }),
      ...(play.spoken ? { containerId: named('show', play.creator) } : {}),
    };
    yield { eventId, type: 'play', playedMs: play.playedMs, ...said };
    if (play.skipped) yield { eventId: `${eventId}:skip`, type: 'skip', ...said };
  }
}
