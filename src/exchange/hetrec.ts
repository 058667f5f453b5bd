/**
 * HetRec 2011 Last.fm 2K (Cantador, Brusilovsky, Kuflik, RecSys 2011; grouplens.org/datasets/hetrec-2011): artists, tags and
 * play counts of about 1,900 listeners. It has no play times, markets, tiers or images that still answer: a seeded history is
 * made (see hetrec-history.ts), the others stay unset.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { hash32, messageOf, requireRange, resolveOptions, ShelfwiseError } from '../base/index.ts';
import { DEVICES, type IncomingEvent, type Item } from '../domain/index.ts';
import { inventHistory, type ListenerCounts } from './hetrec-history.ts';
import { BATCH_ROWS, type BadRow, type HoldoutPair, type ImportSource, type ReadBatch } from './source.ts';

export interface HetrecOptions {
  /** Share of each listener's artists that is hidden: emitted as holdout, never as events. @default 0 */
  readonly holdoutShare?: number | undefined;
  /** Which pairs are hidden. @default 7 */
  readonly holdoutSeed?: number | undefined;
  /** Of the history that is made up. @default 1 */
  readonly seed?: number | undefined;
}

const DEFAULTS = { holdoutShare: 0, holdoutSeed: 7, seed: 1 };

const MAX_GENRES = 8;

/** Tags that say how somebody feels or what they own, not what the music is. */
const NOT_GENRES = new Set(
  (
    'seen live|awesome|beautiful|sexy|love|amazing|favorites|favourites|favorite|favourite|cool|sad|happy|epic|<3|sweet|' +
    'favorite songs|favourite songs|favorite artists|favourite artists|favorite bands|favourite bands|love at first listen|' +
    'best|good|great|perfect|fun|hot|my music|albums i own|all|guilty pleasure|guilty pleasures|under 2000 listeners|' +
    'love it|i love it|loved|to check out|check out|spotify|lastfm|last.fm|want to see live|fucking awesome|wow|nice|' +
    'legend|genius|gorgeous|hottie|overrated|crap|shit|brilliant|addictive|catchy|masterpiece|the best|my favorites|cute|' +
    'female|male|artist|artists|band|bands|music|songs|other|misc|radio|cover|covers|remix|live|00s|10s'
  ).split('|'),
);

interface Table {
  readonly file: string;
  /** Data rows with the number of their line. */
  readonly rows: readonly { readonly line: number; readonly cells: readonly string[] }[];
  readonly bad: BadRow[];
}

/**
 * Reads `artists`, `tags`, `user_artists` and `user_taggedartists` (.dat or .tsv, plain or .gz) from `dir`.
 * Items are `artist:ID`, listeners keep the number that the data gives them. The order is: items, listeners, events by time,
 * holdout. Event ids depend on listener, artist and count alone, so that a second import doubles nothing.
 * @throws `OPTION_INVALID` for a missing file, an unreadable one or an option out of range.
 */
export async function readHetrecLastfm(dir: string, options: HetrecOptions & { nowMs: number }): Promise<ImportSource> {
  const { nowMs, ...given } = options;
  const { holdoutShare, holdoutSeed, seed } = resolveOptions('hetrec-lastfm', given, DEFAULTS);
  requireRange('hetrec-lastfm', 'holdoutShare', holdoutShare, 0, 0.9);

  const artists = readTable(dir, 'artists', 4);
  const tags = readTable(dir, 'tags', 2);
  const plays = readTable(dir, 'user_artists', 3);
  const tagged = readTable(dir, 'user_taggedartists', 3);
  const items = itemsOf(artists, genresByArtist(tags, tagged));
  const known = new Set(items.map((item) => item.id));
  const listeners = countsByListener(plays, known);
  const { kept, hidden } = hide(listeners, holdoutShare, holdoutSeed);
  const pairs = listeners.reduce((sum, listener) => sum + listener.artistIds.length, 0);
  const bad = [artists, tags, plays, tagged].flatMap((table) => table.bad);
  const totalRows = [artists, tags, plays, tagged].reduce((sum, t) => sum + t.rows.length + t.bad.length, 0);

  const notes = [
    'The data has no play times: a seeded history of about 120 days was made from the play counts (1 to about 30 plays a pair).',
    "The data has no markets, tiers or languages: listeners have none, and popularity is the world's.",
    'The image addresses in the data no longer answer: artists have no image.',
  ];
  if (hidden.length > 0) notes.push(`${hidden.length} of ${pairs} pairs are hidden (seed ${holdoutSeed}).`);

  async function* batches(): AsyncGenerator<ReadBatch> {
    const history = sortedHistory(kept, seed, nowMs);
    const steps = items.length + listeners.length + history.count + hidden.length;
    let done = 0;
    let reported = 0;
    let badLeft: readonly BadRow[] = bad;
    const progress = (count: number): { rowsRead: number; share: number; bad: readonly BadRow[] } => {
      done += count;
      const target = Math.round((totalRows * done) / steps);
      const rowsRead = target - reported;
      reported = target;
      const bad = badLeft;
      badLeft = [];
      return { rowsRead, share: done / steps, bad };
    };
    for (let at = 0; at < items.length; at += BATCH_ROWS) {
      const batch = items.slice(at, at + BATCH_ROWS);
      yield { items: batch, ...progress(batch.length) };
    }
    for (let at = 0; at < listeners.length; at += BATCH_ROWS) {
      const batch = listeners.slice(at, at + BATCH_ROWS);
      yield {
        listeners: batch.map(({ listenerId }) => ({ id: String(listenerId), profile: {} })),
        ...progress(batch.length),
      };
    }
    for (let at = 0; at < history.count; at += BATCH_ROWS) {
      const events: IncomingEvent[] = [];
      for (let i = at; i < Math.min(history.count, at + BATCH_ROWS); i++) events.push(history.event(i));
      yield { events, ...progress(events.length) };
    }
    for (let at = 0; at < hidden.length; at += BATCH_ROWS) {
      const holdout = hidden.slice(at, at + BATCH_ROWS);
      yield { holdout, ...progress(holdout.length) };
    }
  }
  return {
    describe: `HetRec 2011 Last.fm 2K: ${items.length} artists, ${listeners.length} listeners, ${pairs} play counts (play times are made up)`,
    totalRows,
    notes,
    batches,
  };
}

function readTable(dir: string, name: string, minCells: number): Table {
  const candidates = ['.dat', '.tsv', '.dat.gz', '.tsv.gz'].map((extension) => join(dir, name + extension));
  const file = candidates.find((candidate) => existsSync(candidate));
  if (file === undefined) {
    throw new ShelfwiseError(
      'OPTION_INVALID',
      `${dir} has no ${name}.dat (or .tsv, or .gz): is it the folder of hetrec2011-lastfm-2k?`,
    );
  }
  let bytes: Buffer;
  try {
    const raw = readFileSync(file);
    bytes = file.endsWith('.gz') ? gunzipSync(raw) : raw;
  } catch (error) {
    throw new ShelfwiseError('OPTION_INVALID', `${file} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const rows: { line: number; cells: string[] }[] = [];
  const bad: BadRow[] = [];
  let line = 0;
  for (let start = 0; start < bytes.length; ) {
    let end = bytes.indexOf(10, start);
    if (end < 0) end = bytes.length;
    line++;
    const text = decode(bytes.subarray(start, end)).replace(/\r$/, '');
    start = end + 1;
    if (line === 1 || text === '') continue; // the header
    const cells = text.split('\t');
    if (cells.length >= minCells) rows.push({ line, cells });
    else bad.push({ file, row: line, reason: `the row has ${cells.length} fields, wanted ${minCells}` });
  }
  return { file, rows, bad };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });
const latin1 = new TextDecoder('windows-1252');

/** UTF-8 where the line is UTF-8, else Latin-1: tags.dat is the latter. */
function decode(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch {
    return latin1.decode(bytes); // the other encoding, not a failure
  }
}

function integer(cell: string): number {
  return /^\d{1,15}$/.test(cell) ? Number(cell) : Number.NaN;
}

function clean(text: string): string {
  return text
    .replaceAll(/[\u0000-\u001f\u007f]/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** Up to eight genres an artist: tags that two listeners gave, or the most given one; most given first. */
function genresByArtist(tags: Table, tagged: Table): Map<number, string[]> {
  const nameById = new Map<number, string>();
  for (const { line, cells } of tags.rows) {
    const id = integer(cells[0]);
    const name = clean(cells[1]).toLowerCase();
    if (Number.isNaN(id)) tags.bad.push({ file: tags.file, row: line, reason: `tagID is not a number: ${cells[0]}` });
    else if (name !== '' && name.length <= 100 && !NOT_GENRES.has(name)) nameById.set(id, name);
  }
  const usersByTagByArtist = new Map<number, Map<string, number>>();
  const seen = new Set<string>();
  for (const { line, cells } of tagged.rows) {
    const user = integer(cells[0]);
    const artist = integer(cells[1]);
    const tag = integer(cells[2]);
    if (Number.isNaN(user + artist + tag)) {
      tagged.bad.push({ file: tagged.file, row: line, reason: 'userID, artistID or tagID is not a number' });
      continue;
    }
    const name = nameById.get(tag);
    if (name === undefined) continue;
    const key = `${user} ${artist} ${name}`;
    if (seen.has(key)) continue;
    seen.add(key);
    let users = usersByTagByArtist.get(artist);
    if (users === undefined) {
      users = new Map();
      usersByTagByArtist.set(artist, users);
    }
    users.set(name, (users.get(name) ?? 0) + 1);
  }
  const genres = new Map<number, string[]>();
  for (const [artist, users] of usersByTagByArtist) {
    const sorted = [...users].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
    const chosen = sorted.filter(([, count], rank) => count >= 2 || rank === 0).slice(0, MAX_GENRES);
    genres.set(
      artist,
      chosen.map(([name]) => name),
    );
  }
  return genres;
}

function itemsOf(artists: Table, genres: ReadonlyMap<number, string[]>): Item[] {
  const items: Item[] = [];
  const seen = new Set<number>();
  for (const { line, cells } of artists.rows) {
    const id = integer(cells[0]);
    const title = clean(cells[1]);
    let reason = '';
    if (Number.isNaN(id)) reason = `id is not a number: ${cells[0]}`;
    else if (title === '' || title.length > 500) reason = `artist ${id} has no usable name`;
    else if (seen.has(id)) reason = `artist ${id} stands there twice`;
    if (reason !== '') {
      artists.bad.push({ file: artists.file, row: line, reason });
      continue;
    }
    seen.add(id);
    const item: Item = { id: `artist:${id}`, kind: 'artist', title, attributes: { source: 'hetrec2011-lastfm-2k' } };
    const own = genres.get(id);
    if (own !== undefined && own.length > 0) item.genres = own;
    items.push(item);
  }
  return items;
}

function countsByListener(plays: Table, knownItems: ReadonlySet<string>): ListenerCounts[] {
  const byListener = new Map<number, Map<number, number>>();
  for (const { line, cells } of plays.rows) {
    const [listener, artist, weight] = [integer(cells[0]), integer(cells[1]), integer(cells[2])];
    let reason = '';
    if (Number.isNaN(listener + artist + weight)) reason = 'userID, artistID or weight is not a whole number';
    else if (weight === 0) reason = 'the weight is 0';
    else if (!knownItems.has(`artist:${artist}`)) reason = `artist ${artist} is not in the artists file`;
    let counts = byListener.get(listener);
    if (reason === '' && counts?.has(artist)) reason = `the pair (${listener}, ${artist}) stands there twice`;
    if (reason !== '') {
      plays.bad.push({ file: plays.file, row: line, reason });
      continue;
    }
    if (counts === undefined) {
      counts = new Map();
      byListener.set(listener, counts);
    }
    counts.set(artist, weight);
  }
  return [...byListener]
    .sort(([a], [b]) => a - b)
    .map(([listenerId, counts]) => {
      const sorted = [...counts].sort(([a, x], [b, y]) => y - x || a - b);
      return { listenerId, artistIds: sorted.map(([id]) => id), weights: sorted.map(([, weight]) => weight) };
    });
}

/** Hides round(share · n) of a listener's n artists, those with the lowest hash; at least one stays. */
function hide(
  listeners: readonly ListenerCounts[],
  share: number,
  seed: number,
): { kept: ListenerCounts[]; hidden: HoldoutPair[] } {
  const kept: ListenerCounts[] = [];
  const hidden: HoldoutPair[] = [];
  for (const { listenerId, artistIds, weights } of listeners) {
    const count = Math.min(artistIds.length - 1, Math.round(share * artistIds.length));
    const lots = artistIds.map((id) => ({ id, lot: hash32(`${listenerId}:${id}`, seed) }));
    lots.sort((a, b) => a.lot - b.lot || a.id - b.id);
    const out = new Set(lots.slice(0, count).map(({ id }) => id));
    for (const id of artistIds)
      if (out.has(id)) hidden.push({ listenerId: String(listenerId), itemId: `artist:${id}` });
    kept.push({
      listenerId,
      artistIds: artistIds.filter((id) => !out.has(id)),
      weights: weights.filter((_, i) => !out.has(artistIds[i])),
    });
  }
  return { kept, hidden };
}

/** All plays of all listeners in columns, by time. */
function sortedHistory(
  listeners: readonly ListenerCounts[],
  seed: number,
  nowMs: number,
): { count: number; event(rank: number): IncomingEvent } {
  let capacity = 1 << 18;
  let count = 0;
  let startedAtMs = new Float64Array(capacity);
  /** Listener's index, artist id, play, session, duration and played time in milliseconds, device. */
  let rows = new Uint32Array(capacity * ROW_WORDS);
  for (const [index, listener] of listeners.entries()) {
    inventHistory(listener, seed, nowMs, (artist, play, session, atMs, durationMs, playedMs, device) => {
      if (count === capacity) {
        capacity *= 2;
        const largerTimes = new Float64Array(capacity);
        largerTimes.set(startedAtMs);
        startedAtMs = largerTimes;
        const largerRows = new Uint32Array(capacity * ROW_WORDS);
        largerRows.set(rows);
        rows = largerRows;
      }
      startedAtMs[count] = atMs;
      rows.set([index, artist, play, session, durationMs, playedMs, DEVICES.indexOf(device)], count * ROW_WORDS);
      count++;
    });
  }
  const order = new Uint32Array(count);
  for (let i = 0; i < count; i++) order[i] = i;
  order.sort((a, b) => startedAtMs[a] - startedAtMs[b] || a - b);
  return {
    count,
    event(rank) {
      const at = order[rank] * ROW_WORDS;
      const listenerId = String(listeners[rows[at]].listenerId);
      return {
        eventId: `hetrec:${listenerId}:${rows[at + 1]}:${rows[at + 2]}`,
        type: 'play',
        listenerId,
        itemId: `artist:${rows[at + 1]}`,
        occurredAt: new Date(startedAtMs[order[rank]]).toISOString(),
        sessionId: `hetrec:${listenerId}:${rows[at + 3]}`,
        device: DEVICES[rows[at + 6]],
        playedMs: rows[at + 5],
        durationMs: rows[at + 4],
      };
    },
  };
}

const ROW_WORDS = 7;
