import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, type ManualClock, manualClock } from '../../base/index.ts';
import type { Item, Page } from '../../domain/index.ts';
import { openLmdbStore } from '../../store/index.ts';
import type { Platform } from '../open.ts';
import { newDir, open, removeDirs } from '../platform-testing.ts';
import { PLAYLISTS_TABLE } from './index.ts';

/** A Tuesday. */
const START_MS = Date.UTC(2026, 10, 17, 12);
const GENRES = 3;
const ARTISTS = 14;
const TRACKS = 8;
const DISCOVERY = 'generated:weekly-discovery';
const MIX = 'generated:daily-mix-1';

function* musicOf(): Generator<Item> {
  for (let g = 0; g < GENRES; g++) {
    for (let a = 0; a < ARTISTS; a++) {
      const creators = [{ id: `a${g}.${a}`, name: `Artist ${g}.${a}` }];
      yield { id: `a${g}.${a}`, kind: 'artist', title: `Artist ${g}.${a}` };
      for (let k = 0; k < TRACKS; k++)
        yield {
          id: `t${g}.${a}.${k}`,
          kind: 'track',
          title: `T ${g}.${a}.${k}`,
          creators,
          genres: [`g${g}`],
          durationMs: 200_000,
        };
    }
  }
}

let serial = 0;
const play = (listenerId: string, itemId: string, atMs: number) => ({
  eventId: `e${serial++}`,
  type: 'play',
  listenerId,
  itemId,
  occurredAt: new Date(atMs).toISOString(),
  playedMs: 190_000,
  durationMs: 200_000,
});

/** Thirty listeners who each play some of the tracks of one or two genres. */
async function fill(platform: Platform): Promise<void> {
  await platform.upsertItems([...musicOf()]);
  for (let l = 0; l < 30; l++) {
    const events = [];
    for (const genre of l % 2 === 0 ? [l % GENRES] : [l % GENRES, (l + 1) % GENRES]) {
      for (let n = 0; n < 36; n++) {
        const track = `t${genre}.${(n * 5 + l) % ARTISTS}.${(n * 3 + l) % TRACKS}`;
        events.push(play(`l${l}`, track, START_MS - (1 + n) * 5 * HOUR_MS));
      }
    }
    await platform.ingest(events);
  }
  await platform.fit({});
}

const dir = newDir();
let clock: ManualClock;
let platform: Platform;
beforeAll(async () => {
  clock = manualClock(START_MS);
  platform = await open(dir, clock);
  await fill(platform);
}, 60_000);
beforeEach(() => {
  clock.set(START_MS);
});
afterAll(async () => {
  await platform.close();
  removeDirs();
});

const tracksOf = async (playlist: string, listener: string, atMs?: number): Promise<string[]> =>
  (await platform.playlists.getPlaylist(playlist, listener, { atMs })).tracks.map(({ id }) => id);
const reopen = async (): Promise<void> => {
  await platform.close();
  platform = await open(dir, clock);
};

describe('generated playlists', () => {
  it('stand for their week though plays of them arrive and the platform is opened anew, and are others in the next', async () => {
    const first = await tracksOf(DISCOVERY, 'l1');
    expect(first.length).toBeGreaterThan(8);
    for (const day of [0, 1, 3]) {
      clock.set(START_MS + day * DAY_MS);
      await platform.ingest(first.slice(day, day + 2).map((track) => play('l1', track, clock.nowMs())));
      expect(await tracksOf(DISCOVERY, 'l1')).toEqual(first);
    }
    await reopen();
    const sunday = Date.UTC(2026, 10, 22, 23, 59, 59);
    clock.set(sunday);
    expect(await tracksOf(DISCOVERY, 'l1')).toEqual(first);
    // Looking ahead changes nothing.
    const ahead = await tracksOf(DISCOVERY, 'l1', sunday + HOUR_MS);
    expect(ahead.filter((track) => first.includes(track))).toEqual([]);
    expect(await tracksOf(DISCOVERY, 'l1')).toEqual(first);
    clock.set(sunday + 1000);
    const second = await tracksOf(DISCOVERY, 'l1');
    expect(second.filter((track) => first.includes(track))).toEqual([]);
    expect(await tracksOf(DISCOVERY, 'l1')).toEqual(second);
  });

  it('stand for the day of their listener, which does not turn while they listen', async () => {
    const { validFrom, validUntil } = await platform.playlists.getPlaylist(MIX, 'l2', {});
    expect(Date.parse(validUntil) - Date.parse(validFrom)).toBe(DAY_MS);
    const today = await tracksOf(MIX, 'l2');
    clock.set(Date.parse(validUntil) - 1);
    await platform.ingest([play('l2', 't1.3.3', clock.nowMs())]);
    expect(await tracksOf(MIX, 'l2')).toEqual(today);
    clock.advance(1);
    expect(await tracksOf(MIX, 'l2')).not.toEqual(today);
  });

  it('are made once, however many ask at the same time', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => tracksOf(MIX, 'l4')));
    for (const answer of answers) expect(answer).toEqual(answers[0]);
    const metrics = await platform.metrics();
    const made = Number(/shelfwise_playlists_made (\d+)/.exec(metrics)?.[1]);
    await tracksOf(DISCOVERY, 'l4');
    await tracksOf(MIX, 'l4');
    expect(await platform.metrics()).toContain(`shelfwise_playlists_made ${made}\n`);
  });

  it('stand on the Home of now and are kept; a Home of another time and one in private keep nothing', async () => {
    const keysKept = async (): Promise<number> => {
      await platform.close();
      const store = openLmdbStore({ dir: `${dir}/online` });
      const count = store.count(PLAYLISTS_TABLE);
      await store.close();
      platform = await open(dir, clock);
      return count;
    };
    const home = async (more: object): Promise<Page> => {
      const bytes = await platform.home('l6', { device: 'desktop', explain: false, fresh: true, ...more });
      return JSON.parse(Buffer.from(bytes).toString()) as Page;
    };
    const cardsOf = ({ shelves }: Page) => shelves.find(({ kind }) => kind === 'made-for-you')?.cards ?? [];
    const before = await keysKept();
    expect(cardsOf(await home({ isPrivate: true })).length).toBeGreaterThan(0);
    expect(cardsOf(await home({ atMs: START_MS + 30 * DAY_MS })).length).toBeGreaterThan(0);
    expect(cardsOf(await home({ profiling: false }))).toEqual([]);
    expect(await keysKept()).toBe(before);
    const cards = cardsOf(await home({}));
    expect(await keysKept()).toBe(before + 1);
    const titles = new Map((await platform.playlists.listPlaylists('l6', {})).map(({ id, title }) => [id, title]));
    for (const { id, title } of cards) expect(titles.get(id)).toBe(title);
  });

  it('are made for where a listener lives and read where they are', async () => {
    const track = (await tracksOf(DISCOVERY, 'l8'))[0];
    const item = platform.getItem(track) as Item;
    await platform.upsertItems([{ ...item, markets: ['SE'] }]);
    const travelling = await platform.playlists.getPlaylist(DISCOVERY, 'l8', { market: 'SE' });
    expect(travelling.tracks.map(({ id }) => id)).toContain(track);
    expect(await tracksOf(DISCOVERY, 'l8')).not.toContain(track);
    await platform.upsertItems([item]);
    expect((await tracksOf(DISCOVERY, 'l8'))[0]).toBe(track);
  });

  it('of a listener with a first few plays come as soon as there is enough', async () => {
    await platform.putListener('beginner', {});
    expect(await platform.playlists.listPlaylists('beginner', {})).toEqual([]);
    await platform.ingest([0, 1, 2].map((n) => play('beginner', `t0.${n}.0`, START_MS - n * HOUR_MS)));
    expect((await platform.playlists.listPlaylists('beginner', {})).map(({ id }) => id)).toEqual([DISCOVERY]);
  });
});
