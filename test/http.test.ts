/** The HTTP contract on the real platform: what the server's own tests show on one in memory must hold here too. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Item, type Page, PageSchema } from '../src/domain/index.ts';
import { openPlatform, type Platform } from '../src/platform/index.ts';
import { createServer, type EventsAnswer, type ItemsAnswer, type ListenerList } from '../src/server/index.ts';
import { type Call, callerOf, type HttpAnswer, sendHostileRequests } from '../src/testing/index.ts';

const dataDir = mkdtempSync(join(tmpdir(), 'shelfwise-http-'));
const logged: string[] = [];
let platform: Platform;
let call: Call;
let close: () => Promise<void>;

beforeAll(async () => {
  platform = await openPlatform({ dataDir });
  const app = await createServer({
    platform,
    keys: (secret) => platform.verifyKey(secret),
    logger: { error: (details, message) => logged.push(`${message} ${JSON.stringify(details)}`) },
  });
  call = callerOf(app, platform.adminKey);
  close = async () => {
    await app.close();
    await platform.close();
  };
});
afterAll(async () => {
  await close();
  rmSync(dataDir, { recursive: true });
});

const GENRES = ['jazz', 'folk', 'techno'];
const items: Item[] = Array.from({ length: 120 }, (_, i): Item => {
  const artist = i % 20;
  return {
    id: `track-${i}`,
    kind: 'track',
    title: `Song ${i}`,
    creators: [{ id: `artist-${artist}`, name: `Artist ${artist}` }],
    genres: [GENRES[artist % GENRES.length]],
    durationMs: 180_000,
  };
});
const play = (listener: number, track: number, minutesAgo: number) => ({
  eventId: `play-${listener}-${track}-${minutesAgo}`,
  listenerId: `listener-${listener}`,
  type: 'play',
  occurredAt: new Date(Date.now() - minutesAgo * 60_000).toISOString(),
  itemId: `track-${track}`,
  playedMs: 170_000,
  durationMs: 180_000,
  device: 'phone',
});

const judge = Compile(PageSchema);
async function home(listener: string, query = 'explain=true'): Promise<Page> {
  const answer = await call({ url: `/v1/listeners/${encodeURIComponent(listener)}/home?${query}` });
  expect([answer.status, answer.type]).toEqual([200, 'application/json; charset=utf-8']);
  expect(judge.Errors(answer.json)).toEqual([]);
  return answer.json as Page;
}

describe('the API on the real platform', () => {
  it('takes a catalogue, listeners and their events, and answers Homes that its own schema describes', async () => {
    const put = await call({ method: 'PUT', url: '/v1/items', payload: { items: [...items, { id: 'bad' }] } });
    expect(put.json as ItemsAnswer).toMatchObject({ created: 120, rejected: 1 });
    expect((await call({ method: 'PUT', url: '/v1/items', payload: { items } })).json).toMatchObject({
      unchanged: 120,
    });
    const listeners = Array.from({ length: 30 }, (_, i) => ({ id: `listener-${i}`, profile: { market: 'SE' } }));
    expect((await call({ method: 'POST', url: '/v1/listeners', payload: { listeners } })).json).toMatchObject({
      stored: 30,
    });

    const events = listeners.flatMap((_, i) =>
      Array.from({ length: 12 }, (_, n) => play(i, (i * 7 + n * 5) % 120, 1 + n * 60)),
    );
    const post = await call({ method: 'POST', url: '/v1/events', payload: { events } });
    expect(post.json as EventsAnswer).toMatchObject({ accepted: events.length, rejected: 0 });
    expect((await call({ method: 'POST', url: '/v1/events', payload: { events } })).json).toMatchObject({
      duplicates: events.length,
    });
    expect((await call({ method: 'POST', url: '/v1/admin/fit' })).status).toBe(200);

    const page = await home('listener-3');
    expect(page.degraded).toBe(false);
    expect(page.shelves.length).toBeGreaterThan(0);
    const stranger = await home('nobody has seen me');
    expect(stranger.shelves.length).toBeGreaterThan(0);
  });

  it('finds and lists what it was given', async () => {
    expect((await call({ url: '/v1/items?search=song%2011&limit=3' })).json).toMatchObject({
      items: [{ kind: 'track' }, {}, {}],
    });
    expect((await call({ url: '/v1/listeners/listener-3' })).json).toMatchObject({ id: 'listener-3', totalPlays: 12 });
    const all: string[] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const query: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const list = (await call({ url: `/v1/listeners?limit=7${query}` })).json as ListenerList;
      all.push(...list.listeners.map(({ id }) => id));
      cursor = list.nextCursor;
    }
    expect(all.filter((id) => id.startsWith('listener-'))).toHaveLength(30);
    expect(new Set(all).size).toBe(all.length);
  });

  it('shows an acknowledged event in the next Home, and replays both decisions', async () => {
    const before = await home('listener-5');
    const event = {
      ...play(5, 119, 0),
      eventId: 'click',
      reference: { decisionId: before.decisionId, shelfRank: 0, cardRank: 0 },
    };
    expect((await call({ method: 'POST', url: '/v1/events', payload: { events: [event] } })).json).toMatchObject({
      accepted: 1,
    });
    const after = await home('listener-5');
    expect(after.decisionId).not.toBe(before.decisionId);
    for (const { decisionId } of [before, after]) {
      const replay = await call({
        method: 'POST',
        url: `/v1/decisions/${decisionId}/replay`,
        payload: { verify: true },
      });
      expect(replay.json).toMatchObject({ decisionId, recomputed: true, equal: true, firstDifference: null });
      expect((await call({ url: `/v1/decisions/${decisionId}` })).status).toBe(200);
    }
    expect((await call({ url: '/v1/decisions?limit=1' })).json).toEqual({ decisions: [after.decisionId] });
  });

  it('does its jobs', async () => {
    const jobs: [string, (answer: HttpAnswer) => void][] = [
      ['doctor', ({ json }) => expect(json).toMatchObject({ healthy: true })],
      ['rebuild-state', ({ json }) => expect(json).toMatchObject({ different: 0 })],
      ['compact', ({ json }) => expect(json).toMatchObject({ segments: expect.any(Number) })],
    ];
    for (const [name, check] of jobs) {
      const answer = await call({ method: 'POST', url: `/v1/admin/${name}` });
      expect([name, answer.status]).toEqual([name, 200]);
      check(answer);
    }
    expect((await call({ url: '/metrics' })).text).toMatch(/^# HELP /m);
  });

  it('makes keys that work until they are revoked', async () => {
    const { json } = await call({ method: 'POST', url: '/v1/keys', payload: { name: 'phone', scopes: ['serve'] } });
    const headers = { authorization: `Bearer ${(json as { secret: string }).secret}` };
    expect((await call({ url: '/v1/listeners/listener-1/home', headers })).status).toBe(200);
    expect((await call({ url: '/v1/status', headers })).status).toBe(403);
    expect((await call({ method: 'DELETE', url: '/v1/keys/phone' })).json).toEqual({ revoked: true });
    expect((await call({ url: '/v1/listeners/listener-1/home', headers })).status).toBe(401);
    expect((await call({ method: 'DELETE', url: '/v1/keys/phone' })).status).toBe(404);
  });

  it('never answers 5xx to what a caller sends', async () => {
    await sendHostileRequests(call, { runs: 1000 });
    expect(logged).toEqual([]);
    const page = await home('listener-3');
    expect(page.shelves.length).toBeGreaterThan(0);
  });
});
