/** A person alone with their own streaming history: imported by the command line, fitted, and a Home that makes sense over HTTP. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DAY_MS } from '../src/base/index.ts';
import type { Item, Page } from '../src/domain/index.ts';
import { type ServerProcess, shelfwise, startServer, temporaryDir } from './support.ts';

interface LoadedReport {
  readonly read: { readonly events: number };
  readonly fitSeconds: number;
}

const SCENES = 4;
const ARTISTS = 15;
const TRACKS = 8;
const NOW_MS = Date.now();

/**
 * Two years of one person: every session keeps to one scene, of which there are four with fifteen artists each. What was loved
 * in the first year (scene 0) was not played in the last two months.
 */
function history(): { rows: object[]; plays: number } {
  const rows: object[] = [];
  let plays = 0;
  for (let session = 0; session < 240; session++) {
    const startMs = NOW_MS - 2 * DAY_MS - (240 - session) * 3 * DAY_MS;
    const isLate = NOW_MS - startMs < 60 * DAY_MS;
    const scene = isLate ? 1 + (session % (SCENES - 1)) : session % SCENES;
    for (let k = 0; k < 14; k++) {
      const artist = (session * 7 + k * k) % ARTISTS;
      const skipped = k % 7 === 6;
      rows.push({
        ts: new Date(startMs + k * 240_000).toISOString().replace(/\.\d+Z$/, 'Z'),
        platform: k % 2 === 0 ? 'iOS 17.0 (iPhone14,5)' : 'OS X 12.6.0 [arm 2]',
        ms_played: skipped ? 8000 : 200_000,
        conn_country: 'SE',
        master_metadata_track_name: `Song ${(session + k) % TRACKS} of ${scene}.${artist}`,
        master_metadata_album_artist_name: `Artist ${scene}.${artist}`,
        master_metadata_album_album_name: `Album of ${scene}.${artist}`,
        spotify_track_uri: `spotify:track:${scene}${artist}`,
        reason_end: skipped ? 'fwdbtn' : 'trackdone',
        skipped,
        incognito_mode: false,
      });
      plays++;
    }
  }
  return { rows, plays };
}

const dataDir = join(temporaryDir('own-history'), 'data');
const dir = temporaryDir('export');
const { rows, plays } = history();
let server: ServerProcess;
let first: LoadedReport;

beforeAll(async () => {
  mkdirSync(join(dir, 'MyData'));
  writeFileSync(
    join(dir, 'MyData', 'Streaming_History_Audio_2025-2026_0.json'),
    JSON.stringify([...rows, { ts: 'bad' }]),
  );
  const { code, out, err } = await shelfwise('import', 'streaming-history', dir, '--data', dataDir, '--json');
  expect([code, err.includes('error')]).toEqual([1, false]);
  first = JSON.parse(out) as LoadedReport;
  server = await startServer(dataDir);
});
afterAll(async () => {
  await server?.stop();
});

describe('the import', () => {
  it('counts what it read, what was bad, and what came of it', () => {
    const skips = rows.filter((row) => (row as { skipped: boolean }).skipped).length;
    expect(first).toMatchObject({
      rowsRead: plays + 1,
      badRows: 1,
      rejected: 0,
      listenerId: 'you',
      read: { listeners: 1, events: plays + skips },
      events: { accepted: plays + skips },
    });
    expect(first.fitSeconds).toBeGreaterThan(0);
  });

  it('doubles nothing when it is run again, leaves the profile as it is, and says where the Home is', async () => {
    await server.call('PUT', '/v1/listeners/you', { market: 'NO', language: 'sv' });
    const { code, out, err } = await shelfwise('import', 'streaming-history', dir, '--data', dataDir, '--no-fit');
    expect(code).toBe(1);
    expect(err).toContain('Streaming history of you (1 file)');
    expect(out).toContain(`events: ${first.read.events} duplicate`);
    expect(out).toContain(`Your Home: shelfwise home you --data ${dataDir}`);
    expect(await server.get('/v1/listeners/you')).toMatchObject({ profile: { market: 'NO', language: 'sv' } });
    await server.call('PUT', '/v1/listeners/you', { market: 'SE' });
  });
});

describe('the Home of one person', () => {
  const sceneOf = (title: string) => /(\d)\.\d+/.exec(title)?.[1];
  /** Rows are drawn: several pages show all that may come. */
  const pages = async (): Promise<Page[]> => {
    const all: Page[] = [];
    for (let i = 0; i < 12; i++) all.push(await server.home('you', 'fresh=true'));
    return all;
  };

  it('has what was played last, most, and long ago, and more of the kind, none of it degraded', async () => {
    const shown = new Map<string, Page['shelves'][number][]>();
    for (const page of await pages()) {
      expect(page.degraded).toBe(false);
      for (const shelf of page.shelves) shown.set(shelf.kind, [...(shown.get(shelf.kind) ?? []), shelf]);
    }
    for (const kind of ['recently-played', 'heavy-rotation', 'jump-back-in', 'more-like']) {
      expect([kind, (shown.get(kind)?.length ?? 0) > 0]).toEqual([kind, true]);
    }
    // Of the last two months nothing is of scene 0, and what is loved and missed is of it alone, or of what rests as long.
    for (const { cards } of shown.get('recently-played') ?? []) {
      for (const { title } of cards) expect(sceneOf(title)).not.toBe('0');
    }
    const missed = (shown.get('jump-back-in') ?? []).flatMap(({ cards }) => cards.map(({ title }) => sceneOf(title)));
    expect(missed).toContain('0');
  });

  it('knows what goes together from what was played in one sitting: more like X is of the scene of X', async () => {
    let alike = 0;
    let all = 0;
    for (const page of await pages()) {
      for (const shelf of page.shelves.filter(({ kind }) => kind === 'more-like')) {
        const seed = (await server.get<Item>(`/v1/items/${encodeURIComponent(shelf.cards[0].id)}`)).title;
        const scene = sceneOf(shelf.title) ?? sceneOf(seed);
        for (const { title } of shelf.cards) {
          all++;
          if (sceneOf(title) === scene) alike++;
        }
      }
    }
    // By chance it were a quarter.
    expect(all).toBeGreaterThan(40);
    expect(alike / all).toBeGreaterThan(0.9);
  });
});
