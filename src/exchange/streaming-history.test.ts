import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { afterAll, describe, expect, it } from 'vitest';
import { EventSchema, type IncomingEvent, type Item, ItemSchema, parseEvent } from '../domain/index.ts';
import { readStreamingHistory } from './index.ts';
import type { ReadBatch } from './source.ts';
import { deviceOf } from './streaming-rows.ts';

const folder = mkdtempSync(join(tmpdir(), 'shelfwise-history-'));
afterAll(() => rmSync(folder, { recursive: true }));
let folders = 0;
const NOW_MS = Date.parse('2026-11-24T12:00:00Z');

/** Rows made from the description of the formats; no person's. */
const extended = (more: Record<string, unknown> = {}) => ({
  ts: '2026-11-20T19:04:05Z',
  username: 'a-person',
  platform: 'iOS 17.0 (iPhone14,5)',
  ms_played: 200_000,
  conn_country: 'SE',
  ip_addr_decrypted: '192.0.2.7',
  user_agent_decrypted: 'unknown',
  master_metadata_track_name: 'Paper Boats',
  master_metadata_album_artist_name: 'The Lanterns',
  master_metadata_album_album_name: 'Harbour',
  spotify_track_uri: 'spotify:track:0000000000000000000001',
  episode_name: null,
  episode_show_name: null,
  spotify_episode_uri: null,
  reason_start: 'clickrow',
  reason_end: 'trackdone',
  shuffle: false,
  skipped: false,
  offline: false,
  offline_timestamp: 0,
  incognito_mode: false,
  ...more,
});
const episode = (more: Record<string, unknown> = {}) =>
  extended({
    master_metadata_track_name: null,
    master_metadata_album_artist_name: null,
    master_metadata_album_album_name: null,
    spotify_track_uri: null,
    episode_name: 'On tides',
    episode_show_name: 'Sea Talk',
    spotify_episode_uri: 'spotify:episode:0000000000000000000002',
    ms_played: 1_500_000,
    ...more,
  });
const account = (more: Record<string, unknown> = {}) => ({
  endTime: '2026-11-20 19:04',
  artistName: 'The Lanterns',
  trackName: 'Paper Boats',
  msPlayed: 200_000,
  ...more,
});

function folderOf(files: Readonly<Record<string, unknown>>): string {
  const dir = join(folder, String(folders++));
  for (const [name, rows] of Object.entries(files)) {
    mkdirSync(join(dir, name, '..'), { recursive: true });
    writeFileSync(join(dir, name), typeof rows === 'string' ? rows : JSON.stringify(rows));
  }
  return dir;
}

async function read(path: string, listenerId = 'ann') {
  const source = await readStreamingHistory(path, { listenerId, nowMs: NOW_MS });
  const batches: ReadBatch[] = [];
  for await (const batch of source.batches()) batches.push(batch);
  const all = <T>(of: (batch: ReadBatch) => readonly T[] | undefined): T[] =>
    batches.flatMap((batch) => [...(of(batch) ?? [])]);
  const items = all(({ items }) => items);
  const events = all(({ events }) => events);
  const itemCheck = Compile(ItemSchema);
  const eventCheck = Compile(EventSchema);
  for (const item of items) expect(itemCheck.Errors(item)).toEqual([]);
  for (const event of events) {
    expect(eventCheck.Errors(event)).toEqual([]);
    expect(parseEvent(event, 'key', NOW_MS)).toBeTypeOf('object');
  }
  return {
    items,
    events,
    listeners: all(({ listeners }) => listeners),
    bad: all(({ bad }) => bad),
    rows: batches.reduce((sum, { rowsRead }) => sum + rowsRead, 0),
    shares: batches.map(({ share }) => share),
    notes: source.notes,
    describe: source.describe,
  };
}
const titled = (items: readonly Item[], kind: string) =>
  items.filter((item) => item.kind === kind).map(({ title }) => title);
const idsOf = (events: readonly IncomingEvent[]) => events.map(({ eventId }) => eventId).sort();

describe('the extended history', () => {
  it('gives tracks with artist and album, episodes with their show, and plays with what was told of them', async () => {
    const { items, events, listeners, bad, rows } = await read(
      folderOf({ 'Streaming_History_Audio_2026_0.json': [extended(), episode({ ts: '2026-11-21T07:30:00Z' })] }),
    );
    const byKind = Object.fromEntries(items.map((item) => [item.kind, item]));
    expect(Object.keys(byKind).sort()).toEqual(['album', 'artist', 'episode', 'show', 'track']);
    expect(byKind['track']).toMatchObject({
      title: 'Paper Boats',
      creators: [{ id: byKind['artist'].id, name: 'The Lanterns' }],
      parentId: byKind['album'].id,
      durationMs: 200_000,
      attributes: { uri: 'spotify:track:0000000000000000000001' },
    });
    expect(byKind['album']).toMatchObject({ title: 'Harbour', parentId: byKind['artist'].id });
    expect(byKind['episode']).toMatchObject({ title: 'On tides', parentId: byKind['show'].id });
    expect(events).toMatchObject([
      {
        type: 'play',
        itemId: byKind['track'].id,
        playedMs: 200_000,
        occurredAt: '2026-11-20T19:04:05.000Z',
        device: 'phone',
      },
      { type: 'play', itemId: byKind['episode'].id, containerId: byKind['show'].id, playedMs: 1_500_000 },
    ]);
    expect([listeners, bad, rows]).toEqual([[{ id: 'ann', profile: { market: 'SE' } }], [], 2]);
  });

  it('tells skips from what says so, and in old rows from what was left for the next at once', async () => {
    const { events } = await read(
      folderOf({
        'endsong_0.json': [
          extended({ ts: '2026-11-20T19:00:00Z', ms_played: 90_000, skipped: true, reason_end: 'fwdbtn' }),
          extended({ ts: '2026-11-20T19:10:00Z', ms_played: 4000, skipped: null, reason_end: 'fwdbtn' }),
          extended({ ts: '2026-11-20T19:20:00Z', ms_played: 150_000, skipped: null, reason_end: 'fwdbtn' }),
          extended({ ts: '2026-11-20T19:30:00Z' }),
        ],
      }),
    );
    expect(events.map(({ type, occurredAt }) => `${type} ${occurredAt.slice(11, 16)}`)).toEqual([
      'play 19:00',
      'skip 19:00',
      'play 19:10',
      'skip 19:10',
      'play 19:20',
      'play 19:30',
    ]);
  });

  it('leaves out private sessions, and never carries what tells of the person', async () => {
    const result = await read(folderOf({ 'endsong_0.json': [extended({ incognito_mode: true }), extended()] }));
    expect(result.events).toHaveLength(1);
    expect(result.notes).toEqual(['1 rows of private sessions were left out.']);
    for (const secret of ['a-person', '192.0.2.7', 'iPhone14']) expect(JSON.stringify(result)).not.toContain(secret);
  });

  it('leaves out what is older than the platform takes', async () => {
    const { events, notes } = await read(
      folderOf({ 'endsong_0.json': [extended({ ts: '2014-01-01T00:00:00Z' }), extended()] }),
    );
    expect([events.length, notes]).toEqual([1, ['1 rows older than ten years were left out.']]);
  });
});

describe('account data', () => {
  it('gives tracks and episodes by their names', async () => {
    const { items, events } = await read(
      folderOf({
        'MyData/StreamingHistory_music_0.json': [account()],
        'MyData/StreamingHistory_podcast_0.json': [
          { endTime: '2026-11-20 20:00', podcastName: 'Sea Talk', episodeName: 'On tides', msPlayed: 60_000 },
        ],
        'MyData/Playlist1.json': { playlists: [] },
      }),
    );
    expect([titled(items, 'track'), titled(items, 'artist'), titled(items, 'show'), titled(items, 'episode')]).toEqual([
      ['Paper Boats'],
      ['The Lanterns'],
      ['Sea Talk'],
      ['On tides'],
    ]);
    expect(events.map(({ occurredAt }) => occurredAt)).toEqual([
      '2026-11-20T19:04:00.000Z',
      '2026-11-20T20:00:00.000Z',
    ]);
  });

  it('takes a length for the duration only where it came twice and nothing was longer', async () => {
    const durations = async (...lengths: number[]) => {
      const rows = lengths.map((msPlayed, i) => account({ msPlayed, endTime: `2026-11-20 1${i}:00` }));
      const { items } = await read(folderOf({ 'StreamingHistory0.json': rows }));
      return items.find(({ kind }) => kind === 'track')?.durationMs;
    };
    expect(await durations(200_000, 200_000, 50_000)).toBe(200_000);
    expect(await durations(200_000, 190_000)).toBeUndefined();
    expect(await durations(100_000, 100_000, 200_000)).toBeUndefined();
    expect(await durations(0, 0)).toBeUndefined();
  });
});

describe('both forms together', () => {
  it('meet in the same items and the same plays, whichever came first', async () => {
    const [one, other] = [
      await read(folderOf({ 'StreamingHistory0.json': [account()] })),
      await read(folderOf({ 'endsong_0.json': [extended()] })),
    ];
    expect(idsOf(one.events)).toEqual(idsOf(other.events));
    const trackOf = (items: readonly Item[]) => items.find(({ kind }) => kind === 'track')?.id;
    expect(trackOf(one.items)).toBe(trackOf(other.items));
  });

  it('count once where their times overlap: what says more is taken', async () => {
    const { events, notes } = await read(
      folderOf({
        'StreamingHistory0.json': [account({ msPlayed: 199_999 }), account({ endTime: '2026-11-22 08:00' })],
        'endsong_0.json': [
          extended({ ts: '2026-11-19T00:00:00Z' }),
          extended(),
          extended({ ts: '2026-11-21T00:00:00Z' }),
        ],
      }),
    );
    expect(events).toHaveLength(4);
    expect(notes).toEqual([expect.stringMatching(/^1 rows of the account data lie in the time/)]);
  });

  it('give each listener ids of their own', async () => {
    const dir = folderOf({ 'endsong_0.json': [extended()] });
    expect(idsOf((await read(dir, 'ann')).events)).not.toEqual(idsOf((await read(dir, 'bob')).events));
  });
});

describe('rows and files that are not what they should be', () => {
  it('are counted with where and why, and never stop the others', async () => {
    const good = extended({ ts: '2026-11-20T10:00:00Z' });
    const { bad, events, rows } = await read(
      folderOf({
        'endsong_0.json': [
          good,
          null,
          [],
          'x',
          {},
          extended({ ts: 'yesterday' }),
          extended({ ms_played: -1 }),
          extended({ ms_played: null }),
          extended({ master_metadata_track_name: null }),
          extended({ master_metadata_album_artist_name: '' }),
        ],
        'endsong_1.json': '[{"ts":',
        'endsong_2.json': { not: 'an array' },
        'endsong_3.json': [],
        'StreamingHistory0.json': [account({ endTime: 17 }), account({ artistName: undefined })],
      }),
    );
    expect([events.length, bad.length, rows]).toEqual([1, 13, 14]);
    expect(bad.map(({ file, row, reason }) => `${file}:${row} ${reason.slice(0, 42)}`)).toContain(
      'endsong_0.json:6 ts is not a time: yesterday',
    );
    expect(bad.find(({ file }) => file === 'endsong_1.json')?.reason).toMatch(/^the file cannot be read/);
  });

  it('are refused at once where there is no history at all', async () => {
    for (const path of [folderOf({ 'Playlist1.json': {} }), join(folder, 'nowhere')]) {
      await expect(read(path)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    }
  });

  it('take names of any kind', async () => {
    const name = fc.string({ unit: 'binary', minLength: 1, maxLength: 600 });
    await fc.assert(
      fc.asyncProperty(name, name, name, async (track, artist, album) => {
        const row = extended({
          master_metadata_track_name: track,
          master_metadata_album_artist_name: artist,
          master_metadata_album_album_name: album,
        });
        const { events, bad } = await read(folderOf({ 'endsong_0.json': [row] }));
        expect(events.length + bad.length).toBe(1);
      }),
      { numRuns: 60, seed: 11 },
    );
  });
});

describe('sessions', () => {
  it('end after half an hour without anything, counted to the beginning of the next play', async () => {
    const at = (ts: string, ms_played: number) => extended({ ts, ms_played, master_metadata_track_name: ts });
    const { events } = await read(
      folderOf({
        'endsong_0.json': [
          at('2026-11-20T10:00:00Z', 200_000),
          at('2026-11-20T10:32:00Z', 200_000),
          at('2026-11-20T11:05:00Z', 200_000),
        ],
      }),
    );
    const sessions = events.map(({ sessionId }) => sessionId);
    expect(new Set(sessions).size).toBe(1);
    const { events: apart } = await read(
      folderOf({ 'endsong_0.json': [at('2026-11-20T10:00:00Z', 60_000), at('2026-11-20T10:32:00Z', 60_000)] }),
    );
    expect(new Set(apart.map(({ sessionId }) => sessionId)).size).toBe(2);
  });
});

describe('platforms', () => {
  it.each([
    ['iOS 17.0 (iPhone14,5)', 'phone'],
    ['Android OS 12 API 31 (samsung, SM-G991B)', 'phone'],
    ['android', 'phone'],
    ['iOS 16.1 (iPad8,1)', 'tablet'],
    ['Windows 10 (10.0.19045; x64)', 'desktop'],
    ['OS X 12.6.0 [arm 2]', 'desktop'],
    ['web_player windows 10;chrome 108.0.0.0;desktop', 'web'],
    ['WebPlayer (websocket RFC6455)', 'web'],
    ['Partner google cast_tv;Chromecast;;tpapi', 'tv'],
    ['Partner playstation_ps4 Sony;PS4', 'tv'],
    ['Partner spotify web_player', 'web'],
    ['Partner sonos_imx6 Sonos;Play1', 'speaker'],
    ['Partner amazon_salmon Amazon;Echo_Dot', 'speaker'],
    ['Android Auto', 'car'],
    ['something else', undefined],
    ['', undefined],
  ])('%s is %s', (platform, device) => {
    expect(deviceOf(platform)).toBe(device);
  });
});

describe('a ZIP as it was sent', () => {
  const files = {
    'my_data/endsong_0.json': [extended()],
    'my_data/StreamingHistory0.json': [account({ endTime: '2026-11-01 10:00' })],
  };

  it.each([true, false])('reads like the folder (deflated: %s)', async (deflated) => {
    const zip = join(folder, `export-${deflated}.zip`);
    writeFileSync(zip, zipOf(files, deflated));
    const [fromZip, fromFolder] = [await read(zip), await read(folderOf(files))];
    expect(fromZip.events).toEqual(fromFolder.events);
    expect(fromZip.items).toEqual(fromFolder.items);
  });

  it('counts an entry that is damaged as a bad row, and refuses what is no archive', async () => {
    const bytes = zipOf(files, true);
    bytes[bytes.indexOf('endsong_0.json') + 20] ^= 0xff;
    const zip = join(folder, 'damaged.zip');
    writeFileSync(zip, bytes);
    const { bad, events } = await read(zip);
    expect([bad.length, events.length]).toEqual([1, 1]);
    for (const content of [
      Buffer.from('PK'),
      Buffer.alloc(0),
      Buffer.alloc(5000, 7),
      bytes.subarray(0, bytes.length - 30),
    ]) {
      writeFileSync(join(folder, 'none.zip'), content);
      await expect(read(join(folder, 'none.zip'))).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    }
  });

  it('is never a crash, whatever bytes are changed', async () => {
    const good = zipOf(files, true);
    await fc.assert(
      fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, flip) => {
        const bytes = Buffer.from(good);
        bytes[at] ^= flip;
        const zip = join(folder, 'flipped.zip');
        writeFileSync(zip, bytes);
        await read(zip).catch((error: unknown) => expect(error).toMatchObject({ code: 'OPTION_INVALID' }));
      }),
      { numRuns: 200, seed: 5 },
    );
  });
});

describe('progress', () => {
  it('never falls, ends at 1, and the rows add up', async () => {
    const rows = Array.from({ length: 2500 }, (_, i) =>
      extended({
        ts: new Date(NOW_MS - (2500 - i) * 400_000).toISOString().slice(0, 19).concat('Z'),
        master_metadata_track_name: `T${i % 90}`,
      }),
    );
    const {
      shares,
      rows: count,
      events,
    } = await read(
      folderOf({
        'Streaming_History_Audio_2026_0.json': rows.slice(0, 1500),
        'Streaming_History_Audio_2026_1.json': rows.slice(1500),
      }),
    );
    expect([count, events.length]).toEqual([2500, 2500]);
    expect([...shares].sort((a, b) => a - b)).toEqual(shares);
    expect(shares.at(-1)).toBeCloseTo(1, 9);
  });
});

/** A ZIP as archivers write it: local headers, data, directory, end. */
function zipOf(files: Readonly<Record<string, unknown>>, deflated: boolean): Buffer {
  const locals: Buffer[] = [];
  const centrals: Buffer[] = [];
  let at = 0;
  for (const [name, rows] of Object.entries(files)) {
    const content = Buffer.from(JSON.stringify(rows));
    const data = deflated ? deflateRawSync(content) : content;
    const fields = Buffer.alloc(26);
    fields.writeUInt16LE(20, 0);
    fields.writeUInt16LE(deflated ? 8 : 0, 4);
    fields.writeUInt32LE(crc32(content), 10);
    fields.writeUInt32LE(data.length, 14);
    fields.writeUInt32LE(content.length, 18);
    fields.writeUInt16LE(name.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, Buffer.from(name), data]);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE(at, 10);
    centrals.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields, tail, Buffer.from(name)]));
    locals.push(local);
    at += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(centrals.length, 4);
  end.writeUInt16LE(centrals.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...locals, directory, Buffer.from('PK\x05\x06', 'latin1'), end]);
}
