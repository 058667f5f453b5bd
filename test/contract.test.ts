/**
 * The contract over real HTTP: every route, with what is good and what is bad, answered by a real server process on a small
 * world. Each answer must match what /openapi.json says of its route, status and media type; none is 5xx.
 */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decodeEvent, type IncomingEvent, type Item, type Page } from '../src/domain/index.ts';
import type {
  CreatedKey,
  EventFate,
  EventsAnswer,
  ItemsAnswer,
  ListenerList,
  ListenerSummary,
  PlatformStatus,
} from '../src/server/index.ts';
import { dataDirPaths, readLogSegments } from '../src/store/index.ts';
import {
  ask,
  closeContract,
  declaredTags,
  openContract,
  operations,
  refused,
  refusedBodies,
  restartServer,
  server,
  small,
  statusesOf,
} from './contract/asking.ts';
import { dataKeepsTheContract } from './contract/data.ts';
import { enginesKeepTheContract } from './contract/engines.ts';
import { insightsKeepTheContract } from './contract/insights.ts';
import { modelsKeepTheContract } from './contract/models.ts';
import { offersKeepTheContract } from './contract/offers.ts';
import { trustKeepsTheContract } from './contract/trust.ts';
import { playOf } from './support.ts';

const MINUTE_MS = 60_000;
/** The schema knows a part of what is no time. */
const A_TIME = 'EVENT_INVALID|EVENT_TIME_INVALID';
/** Probes of load balancers, and pictures, bring parameters of their own. */
const LENIENT = ['getHealth', 'getReadiness', 'getCover'];
const LONG_ID = 'x'.repeat(10_240);

async function fateOf(event: unknown): Promise<EventFate> {
  const answer = await ask<EventsAnswer>('POST', '/v1/events', { events: [event] });
  expect(answer.status).toBe(200);
  return answer.json.fates[0];
}

let made = 0;
function eventOf(more: Record<string, unknown> = {}): IncomingEvent {
  return { ...playOf(`contract-${made++}`, 'somebody', 'track-00001'), ...more };
}

beforeAll(openContract);
afterAll(closeContract);

describe('events', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['an id of 10 kB', { eventId: LONG_ID }, 'EVENT_INVALID'],
    ['an empty id', { eventId: '' }, 'EVENT_INVALID'],
    ['an id with a control character', { eventId: 'a\u0007b' }, 'EVENT_INVALID'],
    ['a lone surrogate in an id', { itemId: 'a\ud800' }, 'EVENT_INVALID'],
    ['a listener of 10 kB', { listenerId: LONG_ID }, 'EVENT_INVALID'],
    ['an item of 10 kB', { itemId: LONG_ID }, 'EVENT_INVALID'],
    ['no listener', { listenerId: undefined }, 'EVENT_INVALID'],
    ['an unknown field', { colour: 'red' }, 'EVENT_INVALID'],
    ['a type that there is not', { type: 'stare' }, 'EVENT_INVALID'],
    ['a device that there is not', { device: 'fridge' }, 'EVENT_INVALID'],
    ['a negative duration', { durationMs: -1 }, 'EVENT_INVALID'],
    ['a negative playback', { playedMs: -5 }, 'EVENT_INVALID'],
    ['a playback that is text', { playedMs: '170000' }, 'EVENT_INVALID'],
    ['a playback that is null, as JSON has NaN', { playedMs: Number.NaN }, 'EVENT_INVALID'],
    ['a reference that is none', { reference: { decisionId: 'nonsense' } }, 'EVENT_INVALID'],
    ['a rank that is negative', { reference: { decisionId: '0'.repeat(26), shelfRank: -1 } }, 'EVENT_INVALID'],
    ['a time that is none', { occurredAt: 'yesterday' }, A_TIME],
    ['a time without a zone', { occurredAt: '2026-11-24T12:00:00' }, A_TIME],
    ['a day that there is not', { occurredAt: '2026-02-30T12:00:00Z' }, A_TIME],
    ['a leap second', { occurredAt: '2016-12-31T23:59:60Z' }, A_TIME],
    [
      'a time more than 10 minutes ahead',
      { occurredAt: new Date(Date.now() + 12 * MINUTE_MS).toISOString() },
      'EVENT_TIME_FUTURE',
    ],
    ['a time more than 10 years ago', { occurredAt: '2012-01-01T00:00:00Z' }, 'EVENT_TIME_TOO_OLD'],
    ['a play without its length', { playedMs: undefined }, 'EVENT_PLAYED_MISSING'],
    ['a like of nothing', { type: 'like', itemId: undefined }, 'EVENT_ITEM_MISSING'],
    ['an impression of nothing', { type: 'impression' }, 'EVENT_REFERENCE_MISSING'],
  ])('with %s are rejected with a code and a remedy', async (_what, more, code) => {
    const fate = await fateOf(eventOf(more));
    expect(fate).toMatchObject({ fate: 'rejected', code: expect.stringMatching(`^(${code})$`) });
    expect('remedy' in fate && fate.remedy.length).toBeGreaterThan(10);
    expect(JSON.stringify(fate).length).toBeLessThan(1500);
  });

  it('that are no objects are rejected, and numbers that JSON reads as infinite', async () => {
    const events = [null, 7, 'text', [], {}, true];
    const answer = await ask<EventsAnswer>('POST', '/v1/events', { events });
    expect(answer.json).toMatchObject({ accepted: 0, rejected: events.length });
    const raw = JSON.stringify({ events: [eventOf({ playedMs: 12345 })] }).replace('12345', '1e999');
    expect((await ask<EventsAnswer>('POST', '/v1/events', raw)).json).toMatchObject({ accepted: 0, rejected: 1 });
  });

  it('that are bad never sink their envelope, whatever is beside them', async () => {
    const events = Array.from({ length: 200 }, (_, i) => (i % 3 === 0 ? { ...eventOf(), playedMs: -1 } : eventOf()));
    const { json } = await ask<EventsAnswer>('POST', '/v1/events', { events });
    expect(json).toMatchObject({ accepted: 133, duplicates: 0, rejected: 67 });
    expect(json.fates.map(({ eventId }) => eventId)).toEqual(events.map(({ eventId }) => eventId));
    expect(json.fates.map(({ fate }) => fate === 'rejected')).toEqual(events.map((_, i) => i % 3 === 0));
  });

  it('count once: in one envelope, in another, at once from many sides, and after a restart', async () => {
    const once = eventOf({ listenerId: 'counted' });
    const { json } = await ask<EventsAnswer>('POST', '/v1/events', { events: [once, once, { ...once, playedMs: 1 }] });
    expect(json.fates.map(({ fate }) => fate)).toEqual(['accepted', 'duplicate', 'duplicate']);
    expect(await fateOf(once)).toMatchObject({ fate: 'duplicate' });
    const raced = eventOf({ listenerId: 'counted' });
    const fates = await Promise.all(Array.from({ length: 20 }, () => fateOf(raced)));
    expect(fates.filter(({ fate }) => fate === 'accepted')).toHaveLength(1);
    // The same id of another listener is another event.
    expect(await fateOf({ ...once, listenerId: 'counted-too' })).toMatchObject({ fate: 'accepted' });

    await restartServer();
    expect(await fateOf(once)).toMatchObject({ fate: 'duplicate' });
    expect(await fateOf(raced)).toMatchObject({ fate: 'duplicate' });
    const { json: listener } = await ask<ListenerSummary>('GET', '/v1/listeners/counted');
    expect(listener.totalPlays).toBe(2);
  });

  it('of a client whose clock is a little fast count as now', async () => {
    const ahead = Date.now() + 9 * MINUTE_MS;
    expect(await fateOf(eventOf({ listenerId: 'fast', occurredAt: new Date(ahead).toISOString() }))).toMatchObject({
      fate: 'accepted',
    });
    const { json } = await ask<ListenerSummary>('GET', '/v1/listeners/fast');
    expect(json.lastEventAtMs).toBeLessThanOrEqual(Date.now());
    expect(json.lastEventAtMs).toBeGreaterThan(ahead - 10 * MINUTE_MS);
  });

  it('of an item that nobody knows yet are kept, and shown once the item arrives', async () => {
    const [known] = [...small().world.items()].filter(({ kind, explicit, markets, tiers }) => {
      return kind === 'album' && explicit !== true && markets === undefined && tiers === undefined;
    });
    for (const itemId of [known.id, 'comes-later']) {
      expect(await fateOf(eventOf({ listenerId: 'early', itemId }))).toMatchObject({ fate: 'accepted' });
    }
    const before = (await ask<Page>('GET', '/v1/listeners/early/home?fresh=true')).json;
    expect(before.shelves.flatMap(({ cards }) => cards.map(({ id }) => id))).not.toContain('comes-later');
    expect((await ask('GET', '/metrics')).text).toMatch(/shelfwise_events_unknown_item [1-9]/);

    const item: Item = { id: 'comes-later', kind: 'album', title: 'Better late' };
    expect((await ask<ItemsAnswer>('PUT', '/v1/items', { items: [item] })).json).toMatchObject({ created: 1 });
    let card: unknown;
    for (const untilMs = Date.now() + 60_000; card === undefined && Date.now() < untilMs; ) {
      const { json } = await ask<Page>('GET', '/v1/listeners/early/home?fresh=true');
      card = json.shelves.flatMap(({ cards }) => cards).find(({ id }) => id === 'comes-later');
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(card).toMatchObject({ kind: 'album', title: 'Better late' });
    expect((await ask<ListenerSummary>('GET', '/v1/listeners/early')).json.topItems).toContainEqual({
      id: 'comes-later',
      title: 'Better late',
      plays: 1,
    });
  });

  it('of a play longer than its item count as the item’s length', async () => {
    const long = eventOf({ listenerId: 'long', itemId: 'no-such-track', playedMs: 500_000, durationMs: 180_000 });
    const track = [...small().world.items()].find(
      ({ kind, durationMs }) => kind === 'track' && durationMs !== undefined,
    );
    const untold = eventOf({ listenerId: 'long', itemId: track?.id, playedMs: 86_000_000, durationMs: undefined });
    expect(await fateOf(long)).toMatchObject({ fate: 'accepted' });
    expect(await fateOf(untold)).toMatchObject({ fate: 'accepted' });
    const played = new Map<string, number>();
    for (const { payload } of readLogSegments(dataDirPaths(small().dataDir).log('events'))) {
      const { eventId, playedMs } = decodeEvent(payload);
      played.set(eventId, playedMs);
    }
    expect([played.get(long.eventId), played.get(untold.eventId)]).toEqual([180_000, track?.durationMs]);
  });
});

describe('events of a page that is left', () => {
  it('are taken with the key in the header or, as text, in the body; and refused without', async () => {
    const path = '/v1/events/beacon';
    const { secret } = (await ask<CreatedKey>('POST', '/v1/keys', { name: 'beacon', scopes: ['ingest'] })).json;
    const text = { 'content-type': 'text/plain' };
    expect((await ask<EventsAnswer>('POST', path, { events: [eventOf(), {}] })).json).toMatchObject({
      accepted: 1,
      rejected: 1,
    });
    // No authorization of any kind: `server.call` brings one.
    const sent = await fetch(`${server().address}${path}`, {
      method: 'POST',
      headers: text,
      body: JSON.stringify({ key: secret, events: [eventOf()] }),
    });
    expect([sent.status, await sent.json()]).toEqual([200, expect.objectContaining({ accepted: 1 })]);
    await refusedBodies('POST', path, [undefined, [], { events: 'all' }, { events: [], colour: 'red' }], {
      status: 422,
    });
    await refusedBodies('POST', path, [{ events: [], key: 'x'.repeat(70_000) }], { code: 'REQUEST_TOO_LARGE' });
    expect((await ask('POST', path, { events: [] }, { authorization: 'Bearer x' })).problem).toMatchObject({
      status: 401,
    });
    expect((await ask('DELETE', '/v1/keys/beacon')).status).toBe(200);
  });
});

describe('bodies', () => {
  it.each<[string, number, string, unknown, Record<string, string>?]>([
    ['malformed JSON', 400, 'REQUEST_MALFORMED', '{"events":['],
    ['NaN', 400, 'REQUEST_MALFORMED', '{"events":[{"playedMs":NaN}]}'],
    ['Infinity', 400, 'REQUEST_MALFORMED', '{"events":[{"playedMs":Infinity}]}'],
    ['text that is not UTF-8', 400, 'REQUEST_MALFORMED', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
    ['a key that reaches for prototypes', 400, 'REQUEST_MALFORMED', '{"__proto__":{"admin":true},"events":[]}'],
    ['nothing', 422, 'REQUEST_INVALID', undefined],
    ['an array', 422, 'REQUEST_INVALID', '[]'],
    ['an unknown field', 422, 'REQUEST_INVALID', { events: [], colour: 'red' }],
    ['rows that are no array', 422, 'REQUEST_INVALID', { events: { 0: {} } }],
    ['1,001 rows', 422, 'REQUEST_INVALID', { events: new Array(1001).fill({}) }],
    ['a form', 415, 'REQUEST_MEDIA_TYPE', 'events=1', { 'content-type': 'application/x-www-form-urlencoded' }],
  ])('of %s are refused with %i %s', async (_what, status, code, body, headers) => {
    const { problem } = await ask('POST', '/v1/events', body, headers);
    expect(problem).toMatchObject({ type: `urn:shelfwise:error:${code}`, status, code });
    expect(problem.remedy.length).toBeGreaterThan(10);
  });
});

it('a body that is too large is refused as soon as its length is known', async () => {
  const { hostname, port } = new URL(server().address);
  const socket = connect(Number(port), hostname);
  socket.write(
    `POST /v1/events HTTP/1.1\r\nHost: ${hostname}\r\nAuthorization: Bearer ${server().key}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${17 * 1024 * 1024}\r\n\r\n{"events":[`,
  );
  let text = '';
  for await (const chunk of socket) {
    text += chunk;
    if (text.includes('}')) break;
  }
  const [head, body] = text.split('\r\n\r\n');
  expect(head).toMatch(/^HTTP\/1\.1 413 /);
  expect(head).toContain('application/problem+json');
  expect(JSON.parse(body)).toMatchObject({ status: 413, code: 'REQUEST_TOO_LARGE' });
});

describe('items', () => {
  it('are judged one by one, and found again', async () => {
    const good: Item = {
      id: 'contract item/with ü "quotes"',
      kind: 'track',
      title: 'Zanzibar Übermorgen',
      creators: [{ id: 'artist-00001', name: 'Some One' }],
      genres: ['jazz'],
      releasedAt: '2026-01-01T00:00:00Z',
      durationMs: 200_000,
      attributes: { bpm: 120, mood: 'calm', live: false },
    };
    const bad = [
      { ...good, id: LONG_ID },
      { ...good, id: 'a\u0000' },
      { ...good, id: 'b', kind: 'opera' },
      { ...good, id: 'c', title: '' },
      { ...good, id: 'd', durationMs: -1 },
      { ...good, id: 'e', markets: ['Sweden'] },
      { ...good, id: 'f', colour: 'red' },
      { ...good, id: 'g', releasedAt: 'last year' },
      null,
    ];
    const { json } = await ask<ItemsAnswer>('PUT', '/v1/items', { items: [bad[0], good, ...bad.slice(1)] });
    expect(json).toMatchObject({ created: 1, updated: 0, unchanged: 0, rejected: bad.length });
    expect(json.fates[1]).toEqual({ id: good.id, fate: 'created' });
    for (const fate of json.fates.filter((_, i) => i !== 1))
      expect(fate).toMatchObject({ fate: 'rejected', code: expect.any(String), remedy: expect.any(String) });
    for (const body of [{ items: 'all' }, { items: [], colour: 'red' }, { items: new Array(1001).fill(good) }, []])
      expect((await ask('PUT', '/v1/items', body)).problem).toMatchObject({ status: 422, code: 'REQUEST_INVALID' });
    expect((await ask<ItemsAnswer>('PUT', '/v1/items', { items: [good] })).json).toMatchObject({ unchanged: 1 });
    const changed = { ...good, title: 'Zanzibar Heute' };
    expect((await ask<ItemsAnswer>('PUT', '/v1/items', { items: [changed] })).json).toMatchObject({ updated: 1 });

    const path = `/v1/items/${encodeURIComponent(good.id)}`;
    expect((await ask('GET', path)).json).toEqual(changed);
    expect((await ask('GET', '/v1/items?search=zanzibar%20heu&kind=track&limit=5')).json).toEqual({ items: [changed] });
    expect((await ask('GET', '/v1/items?search=zanzibar&kind=album')).json).toEqual({ items: [] });
    expect((await ask('DELETE', path)).json).toEqual({ deleted: true });
    expect((await ask('DELETE', path)).problem).toMatchObject({ status: 404, code: 'ITEM_NOT_FOUND' });
    expect((await ask('GET', path)).problem).toMatchObject({ status: 404, code: 'ITEM_NOT_FOUND' });
    expect((await ask('GET', '/v1/items?search=zanzibar')).json).toEqual({ items: [] });
  });

  it.each([
    ['/v1/items?limit=0'],
    ['/v1/items?limit=201'],
    ['/v1/items?limit=many'],
    ['/v1/items?kind=opera'],
    ['/v1/items?colour=red'],
    [`/v1/items?search=${'x'.repeat(501)}`],
    [`/v1/items/${LONG_ID}`],
    ['/v1/items/%00'],
    ['/v1/items/%ff'],
  ])('GET %s is refused with the place of what is wrong', async (path) => {
    expect((await ask('GET', path)).problem).toMatchObject({ status: 422, code: 'REQUEST_INVALID' });
  });
});

describe('listeners', () => {
  it('are stored, found, and listed by prefix in pages', async () => {
    const listeners = Array.from({ length: 23 }, (_, i) => ({ id: `paged/${i}`, profile: { market: 'SE' } }));
    const bad = [{ id: LONG_ID }, { id: 'x', profile: { market: 'Sweden' } }, { profile: {} }, 7];
    const posted = await ask('POST', '/v1/listeners', { listeners: [...bad, ...listeners] });
    expect(posted.json).toMatchObject({ stored: 23, rejected: bad.length });
    expect((await ask('POST', '/v1/listeners', { listeners: {} })).problem).toMatchObject({ status: 422 });
    const pages: string[][] = [];
    for (let cursor: string | null = ''; cursor !== null; ) {
      const after: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { json } = await ask<ListenerList>('GET', `/v1/listeners?prefix=paged/&limit=10${after}`);
      pages.push(json.listeners.map(({ id }) => id));
      cursor = json.nextCursor;
    }
    expect(pages.map(({ length }) => length)).toEqual([10, 10, 3]);
    expect(pages.flat()).toEqual(listeners.map(({ id }) => id).sort());
    expect((await ask('GET', '/v1/listeners?prefix=nobody-at-all')).json).toEqual({ listeners: [], nextCursor: null });

    const put = await ask('PUT', '/v1/listeners/paged%2F3', { tier: 'premium', language: 'pt-BR', ageBand: '25-34' });
    expect(put.json).toMatchObject({ id: 'paged/3', profile: { tier: 'premium', language: 'pt-BR' } });
    expect((await ask('GET', '/v1/listeners/paged%2F3')).json).toMatchObject({
      profile: { tier: 'premium' },
      totalPlays: 0,
      lastEventAtMs: null,
    });
    expect((await ask('GET', '/v1/listeners/nobody-at-all')).problem).toMatchObject({ code: 'LISTENER_NOT_FOUND' });
    for (const profile of [{ market: 'sweden' }, { tier: 'Gold!' }, { ageBand: 'old' }, { colour: 'red' }, [], 7])
      expect((await ask('PUT', '/v1/listeners/x', profile)).problem).toMatchObject({ status: 422 });
    for (const query of ['limit=0', 'limit=1001', `prefix=${'x'.repeat(201)}`, 'colour=red'])
      expect((await ask('GET', `/v1/listeners?${query}`)).problem).toMatchObject({ status: 422 });
  });
});

describe('Homes and decisions', () => {
  it('are answered for anybody: the known, the unknown, with every parameter', async () => {
    for (const device of ['phone', 'desktop', 'tablet', 'tv', 'car', 'speaker', 'web']) {
      const query = `device=${device}&market=DE&tier=premium&explain=true&session=s1&at=2026-11-01T08:30:00%2B01:00`;
      const { json } = await ask<Page>('GET', `/v1/listeners/listener-0003/home?${query}`);
      expect(json.shelves.length).toBeGreaterThan(0);
      expect(Object.keys(json.explain ?? {}).length).toBeGreaterThan(0);
    }
    const stranger = await ask<Page>('GET', `/v1/listeners/${encodeURIComponent('ничья 🎵/?#')}/home`);
    expect(stranger.json).toMatchObject({ degraded: false });
    expect(stranger.json.shelves.length).toBeGreaterThan(0);
    for (const query of [
      'device=fridge',
      'market=Sweden',
      'tier=A!',
      'at=now',
      'at=2026-02-30T00:00:00Z',
      'explain=maybe',
      'colour=red',
      `session=${LONG_ID}`,
    ])
      expect((await ask('GET', `/v1/listeners/listener-0003/home?${query}`)).problem).toMatchObject({ status: 422 });
    expect((await ask('GET', `/v1/listeners/${LONG_ID}/home`)).problem).toMatchObject({ status: 422 });
    expect((await ask('GET', '/v1/listeners/%01/home')).problem).toMatchObject({ status: 422 });
  });

  it('come in parts, of a chip, by another policy, without profiling, and of a private session', async () => {
    const path = '/v1/listeners/listener-0002/home';
    const first = (await ask<Page>('GET', `${path}?limit=2&filter=music&device=desktop`)).json;
    expect(first.shelves).toHaveLength(2);
    const rest = await ask<Page>('GET', `${path}?filter=music&device=desktop&cursor=${first.nextCursor}`);
    expect([rest.json.decisionId, rest.json.nextCursor]).toEqual([first.decisionId, undefined]);
    const ofNone = `${path}?cursor=${'0'.repeat(26)}-2`;
    expect((await ask('GET', ofNone)).problem).toMatchObject({ code: 'CURSOR_EXPIRED' });

    expect((await ask<Page>('GET', `${path}?profiling=off`)).json.shelves.length).toBeGreaterThan(0);
    const other = (await ask<Page>('GET', `${path}?policy=popularity&private=true&explain=true`)).json;
    expect(other.policy).toBe('popularity');
    for (const decisionId of [other.decisionId, (await ask<Page>('GET', `${path}?private=true`)).json.decisionId])
      expect((await ask('GET', `/v1/decisions/${decisionId}`)).problem).toMatchObject({ code: 'DECISION_NOT_FOUND' });
    const told = { ...eventOf({ listenerId: 'listener-0002' }), private: true };
    expect(await fateOf(told)).toEqual({ eventId: told.eventId, fate: 'private' });
    for (const query of [
      'limit=0',
      'limit=25',
      'cursor=x',
      'filter=films',
      'policy=best',
      'private=maybe',
      'profiling=no',
    ])
      await refused('GET', [`${path}?${query}`], { status: 422, code: 'REQUEST_INVALID' });
  });

  it('are listed, shown and replayed', async () => {
    const { json: page } = await ask<Page>('GET', '/v1/listeners/listener-0004/home?fresh=true');
    const { json: list } = await ask<{ decisions: string[] }>('GET', '/v1/decisions?limit=3');
    expect(list.decisions[0]).toBe(page.decisionId);
    expect((await ask('GET', `/v1/decisions/${page.decisionId}`)).json).toMatchObject({ decisionId: page.decisionId });
    for (const body of [undefined, {}, { verify: true }]) {
      const { json } = await ask('POST', `/v1/decisions/${page.decisionId}/replay`, body);
      expect(json).toMatchObject({ decisionId: page.decisionId, recomputed: true, equal: true, firstDifference: null });
    }
    const none = '0'.repeat(26);
    for (const [method, path, body] of [
      ['GET', `/v1/decisions/${none}`, undefined],
      ['POST', `/v1/decisions/${none}/replay`, {}],
    ] as const)
      expect((await ask(method, path, body)).problem).toMatchObject({ status: 404, code: 'DECISION_NOT_FOUND' });
    for (const path of ['/v1/decisions/nonsense', '/v1/decisions?limit=0', '/v1/decisions?limit=10001'])
      expect((await ask('GET', path)).problem).toMatchObject({ status: 422 });
    expect((await ask('POST', `/v1/decisions/${page.decisionId}/replay`, { verify: 'yes' })).status).toBe(422);
  });
});

describe('access', () => {
  it('needs a key with the scope; keys are made, listed and revoked', async () => {
    for (const authorization of ['', 'Bearer nonsense', 'Basic eDp4', `Bearer ${'x'.repeat(5000)}`])
      expect((await ask('GET', '/v1/status', undefined, { authorization })).problem).toMatchObject({
        status: 401,
        code: 'UNAUTHORISED',
      });
    const { json } = await ask<{ secret: string }>('POST', '/v1/keys', { name: 'phone-app', scopes: ['serve'] });
    const authorization = `Bearer ${json.secret}`;
    expect((await ask('GET', '/v1/listeners/listener-0001/home', undefined, { authorization })).status).toBe(200);
    for (const [method, path] of [
      ['GET', '/v1/status'],
      ['POST', '/v1/admin/doctor'],
      ['DELETE', '/v1/items/x'],
      ['GET', '/v1/listeners'],
    ])
      expect((await ask(method, path, undefined, { authorization })).problem).toMatchObject({ status: 403 });
    expect((await ask('GET', '/v1/keys')).json).toMatchObject({ keys: [{ name: 'phone-app', scopes: ['serve'] }] });
    for (const body of [
      {},
      { name: '', scopes: ['serve'] },
      { name: 'x', scopes: [] },
      { name: 'x', scopes: ['all'] },
      { name: 'a b', scopes: ['serve'] },
    ])
      expect((await ask('POST', '/v1/keys', body)).problem).toMatchObject({ status: 422 });
    expect((await ask('DELETE', '/v1/keys/phone-app')).status).toBe(200);
    expect((await ask('DELETE', '/v1/keys/phone-app')).status).toBe(404);
  });

  it('of routes and methods that there are not is refused as such', async () => {
    expect((await ask('GET', '/v1/nothing')).problem).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' });
    expect((await ask('PATCH', '/v1/items')).problem).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    expect((await ask('DELETE', '/v1/events')).problem).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
  });
});

trustKeepsTheContract();
offersKeepTheContract();
enginesKeepTheContract();
insightsKeepTheContract();
modelsKeepTheContract();
dataKeepsTheContract();

describe('operations', () => {
  it('hide pairs and evaluate retrieval on them', async () => {
    expect((await ask('POST', '/v1/admin/evaluate-retrieval')).problem).toMatchObject({ status: 400 });
    const pairs = [...small().world.history()]
      .filter(({ type }) => type === 'play')
      .slice(-300)
      .map(({ listenerId, itemId }) => ({ listenerId, itemId }));
    expect((await ask('POST', '/v1/admin/holdout', { pairs })).json).toEqual({ hidden: 300 });
    expect((await ask('POST', '/v1/admin/evaluate-retrieval')).json).toMatchObject({ hiddenPairs: expect.any(Number) });
    for (const body of [{}, { pairs: [{}] }, { pairs: 'all' }])
      expect((await ask('POST', '/v1/admin/holdout', body)).problem).toMatchObject({ status: 422 });
  });

  it('fit, rebuild, compact and examine, and tell their progress to those who ask', async () => {
    expect((await ask('POST', '/v1/admin/fit')).json).toMatchObject({ fitted: true });
    expect((await ask('POST', '/v1/admin/rebuild-state')).json).toMatchObject({ different: 0 });
    expect((await ask('POST', '/v1/admin/compact')).json).toEqual({ segments: expect.any(Number) });
    const streamed = await ask('POST', '/v1/admin/doctor', undefined, { accept: 'application/x-ndjson' });
    const last = JSON.parse(streamed.text.trim().split('\n').at(-1) ?? '') as { result: unknown };
    expect(last.result).toMatchObject({ healthy: true });
    expect((await ask('POST', '/v1/admin/doctor')).json).toMatchObject({ healthy: true });
  });

  it('switch shelves and policies, and list the switches', async () => {
    const off = { switches: [{ target: 'shelf:more-like', on: false }] };
    expect((await ask('PUT', '/v1/switches', off)).json).toMatchObject({
      switches: expect.arrayContaining(off.switches),
    });
    const back = { switches: [{ target: 'shelf:more-like', on: true }] };
    expect((await ask('PUT', '/v1/switches', back)).status).toBe(200);
    expect((await ask('GET', '/v1/switches')).json).toMatchObject({ switches: expect.arrayContaining(back.switches) });
    const unknown = { switches: [{ target: 'shelf:none', on: false }] };
    expect(await ask('PUT', '/v1/switches', unknown)).toMatchObject({ status: 404, json: { code: 'SWITCH_UNKNOWN' } });
    expect((await ask('GET', '/v1/switches?on=true')).status).toBe(422);
  });

  it('answer how the platform is', async () => {
    expect((await ask('GET', '/healthz')).json).toEqual({ status: 'ok' });
    expect((await ask('GET', '/readyz')).json).toEqual({ status: 'ready' });
    const { json } = await ask<PlatformStatus>('GET', '/v1/status');
    expect(json).toMatchObject({ ready: true, items: expect.any(Number) });
    expect((await ask('GET', '/metrics')).text).toMatch(/^# HELP /m);
    expect((await ask('GET', '/openapi.json')).status).toBe(200);
  });

  it('have all been answered here, well and, where that can be, badly', () => {
    const ids = operations().map(({ operationId }) => operationId);
    expect(ids.filter((id) => !statusesOf(id).some((status) => status < 300))).toEqual([]);
    const neverRefused = ids.filter((id) => !statusesOf(id).some((status) => status >= 400));
    expect(neverRefused.sort()).toEqual(
      ['compact', 'fit', 'getHealth', 'getMetrics', 'getOpenApi', 'getReadiness', 'listKeys', 'rebuildState'].sort(),
    );
  });

  it('refuse who brings no key, a key without the scope, and a parameter that there is not', async () => {
    const secrets = new Map<string, string>();
    for (const scope of ['ingest', 'serve']) {
      const body = { name: `only-${scope}`, scopes: [scope] };
      secrets.set(scope, (await ask<CreatedKey>('POST', '/v1/keys', body)).json.secret);
    }
    for (const { method, path, operationId, security, tags, requestBody } of operations()) {
      for (const tag of tags) expect(declaredTags()).toContain(tag);
      // Names that the contract lists are looked at before anything else.
      const one = path.replace('/schemas/{name}', '/schemas/play').replaceAll(/\{[^}]+\}/g, '0'.repeat(26));
      // What misses its body is refused for that.
      if (requestBody?.required !== true && !LENIENT.includes(operationId)) {
        const { problem } = await ask(method, `${one}?colour=red`);
        expect([operationId, problem]).toEqual([operationId, expect.objectContaining({ code: 'REQUEST_INVALID' })]);
        expect([operationId, JSON.stringify(problem.errors)]).toEqual([operationId, expect.stringContaining('colour')]);
      }
      if (security.length === 0 || security.some((way) => Object.keys(way).length === 0)) continue;
      const [scope] = Object.values(security[0])[0];
      const statusWith = async (authorization: string) => [
        operationId,
        (await ask(method, one, undefined, { authorization })).status,
      ];
      expect(await statusWith('')).toEqual([operationId, 401]);
      const other = secrets.get(scope === 'serve' ? 'ingest' : 'serve');
      expect(await statusWith(`Bearer ${other}`)).toEqual([operationId, 403]);
    }
    // An alert that the log tells begins with its severity in brackets.
    expect(server().logged()).not.toMatch(/^error (?!\[)/m);
  });
});
