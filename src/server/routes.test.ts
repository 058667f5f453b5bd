import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CATALOGUE } from '../base/index.ts';
import type { Page } from '../domain/index.ts';
import { type Call, callerOf, type HttpAnswer } from '../testing/index.ts';
import {
  closeServer,
  type EventsAnswer,
  type ItemsAnswer,
  type ListenerList,
  type ListenersAnswer,
  listen,
  MAX_ROWS,
} from './index.ts';
import { openTestServer, type TestServer } from './open-test-server.ts';

const open = async (options?: Parameters<typeof openTestServer>[0]): Promise<TestServer & { readonly call: Call }> => {
  const opened = await openTestServer(options);
  return { ...opened, call: callerOf(opened.app, opened.platform.adminKey) };
};
let server: Awaited<ReturnType<typeof open>>;
beforeAll(async () => {
  server = await open();
});
afterAll(() => server.app.close());

const item = (id: string) => ({ id, kind: 'track', title: `Title ${id}` });
const event = (eventId: string, more: object = {}) => ({
  eventId,
  listenerId: 'l1',
  type: 'play',
  occurredAt: '2026-11-24T11:00:00Z',
  itemId: 'i1',
  playedMs: 60_000,
  ...more,
});

function expectProblem(answer: HttpAnswer, code: keyof typeof CATALOGUE, pointer?: string): void {
  expect({ status: answer.status, type: answer.type, code: answer.problem.code }).toEqual({
    status: CATALOGUE[code].status,
    type: 'application/problem+json; charset=utf-8',
    code,
  });
  expect(answer.problem).toMatchObject({ title: CATALOGUE[code].message, remedy: CATALOGUE[code].remedy });
  if (pointer !== undefined) expect(answer.problem.errors.map((error) => error.pointer)).toContain(pointer);
}

describe('items', () => {
  it('gives every item a fate and lets no bad one sink the rest', async () => {
    const answer = await server.call({
      method: 'PUT',
      url: '/v1/items',
      payload: { items: [item('i1'), { id: 5 }, 7] },
    });
    expect(answer.status).toBe(200);
    const { created, rejected, fates } = answer.json as ItemsAnswer;
    expect({ created, rejected }).toEqual({ created: 1, rejected: 2 });
    expect(fates.map(({ fate }) => fate)).toEqual(['created', 'rejected', 'rejected']);
  });

  it('finds, gets and deletes them', async () => {
    await server.call({ method: 'PUT', url: '/v1/items', payload: { items: [item('a/b ü'), item('gone')] } });
    expect((await server.call({ url: '/v1/items?search=title&kind=track&limit=1' })).json).toMatchObject({
      items: [{ kind: 'track' }],
    });
    expect((await server.call({ url: `/v1/items/${encodeURIComponent('a/b ü')}` })).json).toMatchObject({
      id: 'a/b ü',
    });
    expect((await server.call({ method: 'DELETE', url: '/v1/items/gone' })).json).toEqual({ deleted: true });
    expectProblem(await server.call({ method: 'DELETE', url: '/v1/items/gone' }), 'ITEM_NOT_FOUND');
    expectProblem(await server.call({ url: '/v1/items/gone' }), 'ITEM_NOT_FOUND');
  });

  it('refuses envelopes that are not envelopes, with pointers', async () => {
    const put = (payload: object) => server.call({ method: 'PUT', url: '/v1/items', payload });
    expectProblem(await put({ items: [], extra: 1 }), 'REQUEST_INVALID', '/extra');
    expectProblem(await put({ items: 'x' }), 'REQUEST_INVALID', '/items');
    expectProblem(await put([]), 'REQUEST_INVALID', '');
    expectProblem(await put({ items: new Array(MAX_ROWS + 1).fill(1) }), 'REQUEST_INVALID', '/items');
  });

  it('refuses queries that it does not understand', async () => {
    expectProblem(await server.call({ url: '/v1/items?limit=ten' }), 'REQUEST_INVALID', '/limit');
    expectProblem(await server.call({ url: '/v1/items?limit=1000000' }), 'REQUEST_INVALID', '/limit');
    expectProblem(await server.call({ url: '/v1/items?kind=song' }), 'REQUEST_INVALID', '/kind');
    expectProblem(await server.call({ url: '/v1/items?sarch=x' }), 'REQUEST_INVALID', '/sarch');
    expectProblem(await server.call({ url: '/v1/items?search=a&search=b' }), 'REQUEST_INVALID', '/search');
  });
});

describe('listeners', () => {
  it('stores one and tells what is known of them', async () => {
    const put = await server.call({
      method: 'PUT',
      url: '/v1/listeners/l9',
      payload: { tier: 'premium', market: 'SE' },
    });
    expect(put.json).toMatchObject({ id: 'l9', profile: { tier: 'premium', market: 'SE' } });
    expect((await server.call({ url: '/v1/listeners/l9' })).json).toMatchObject({ id: 'l9', totalPlays: 0 });
    expectProblem(await server.call({ url: '/v1/listeners/nobody' }), 'LISTENER_NOT_FOUND');
  });

  it('refuses profiles that are not valid, with pointers', async () => {
    const put = (payload: object) => server.call({ method: 'PUT', url: '/v1/listeners/l9', payload });
    expectProblem(await put({ market: 'Sweden' }), 'REQUEST_INVALID', '/market');
    expectProblem(await put({ ageBand: '12' }), 'REQUEST_INVALID', '/ageBand');
    expectProblem(await put({ name: 'Ann' }), 'REQUEST_INVALID', '/name');
    expectProblem(await put({ onboardingPicks: ['ok', '\u0007'] }), 'REQUEST_INVALID', '/onboardingPicks/1');
  });

  it('stores many, each with a fate', async () => {
    const listeners = [
      { id: 'm1', profile: { market: 'DE' } },
      { id: 'm2' },
      { id: 'm3', profile: { market: 'x' } },
      null,
    ];
    const answer = await server.call({ method: 'POST', url: '/v1/listeners', payload: { listeners } });
    const { stored, rejected, fates } = answer.json as ListenersAnswer;
    expect({ stored, rejected }).toEqual({ stored: 2, rejected: 2 });
    expect(fates[2]).toMatchObject({ id: 'm3', fate: 'rejected', code: 'REQUEST_INVALID' });
    expect((await server.call({ url: '/v1/listeners/m1' })).status).toBe(200);
    expectProblem(await server.call({ url: '/v1/listeners/m3' }), 'LISTENER_NOT_FOUND');
  });

  it('lists them in pages', async () => {
    const listeners = Array.from({ length: 5 }, (_, i) => ({ id: `page-${i}` }));
    await server.call({ method: 'POST', url: '/v1/listeners', payload: { listeners } });
    const seen: string[] = [];
    let cursor = '';
    for (let pages = 0; pages < 5; pages++) {
      const { json } = await server.call({ url: `/v1/listeners?prefix=page-&limit=2${cursor}` });
      const list = json as ListenerList;
      seen.push(...list.listeners.map(({ id }) => id));
      if (list.nextCursor === null) break;
      cursor = `&cursor=${encodeURIComponent(list.nextCursor)}`;
    }
    expect(seen).toEqual(listeners.map(({ id }) => id));
  });
});

describe('events', () => {
  it('gives fates in the order of the events; one bad event sinks nothing', async () => {
    const events = [event('e1'), event('e2', { playedMs: -1 }), event('e1'), 'nonsense', event('e3', { bogus: true })];
    const answer = await server.call({ method: 'POST', url: '/v1/events', payload: { events } });
    expect(answer.status).toBe(200);
    const { accepted, duplicates, rejected, fates } = answer.json as EventsAnswer;
    expect({ accepted, duplicates, rejected }).toEqual({ accepted: 1, duplicates: 1, rejected: 3 });
    expect(fates.map(({ fate }) => fate)).toEqual(['accepted', 'rejected', 'duplicate', 'rejected', 'rejected']);
    expect(fates[1]).toMatchObject({ eventId: 'e2', code: 'EVENT_INVALID', remedy: expect.any(String) });
  });

  it('answers valid JSON for ids that need escaping', async () => {
    const answer = await server.call({
      method: 'POST',
      url: '/v1/events',
      payload: { events: [event('q"\\ü\u2028')] },
    });
    expect(answer.json).toMatchObject({ fates: [{ eventId: 'q"\\ü\u2028', fate: 'accepted' }] });
  });

  it('takes an empty envelope', async () => {
    const answer = await server.call({ method: 'POST', url: '/v1/events', payload: { events: [] } });
    expect(answer.json).toEqual({ accepted: 0, duplicates: 0, private: 0, rejected: 0, fates: [] });
  });

  it('refuses with 507 on a full disk, tells the operator, and still serves Homes', async () => {
    const full = await open();
    full.platform.fillDisk();
    const answer = await full.call({ method: 'POST', url: '/v1/events', payload: { events: [event('e9')] } });
    expectProblem(answer, 'LOG_FULL');
    expect(full.logged).toEqual([CATALOGUE.LOG_FULL.message]);
    expect((await full.call({ url: '/v1/listeners/l1/home' })).status).toBe(200);
    await full.app.close();
  });
});

describe('Home', () => {
  it('answers the bytes of the platform as they are', async () => {
    const bytes = Buffer.from('{ "decisionId" :  "ä" }\n');
    const own = await open();
    const { app } = await open({ platform: { ...own.platform, home: async () => new Uint8Array(bytes) } });
    const answer = await app.inject({
      url: '/v1/listeners/x/home',
      headers: { authorization: `Bearer ${own.platform.adminKey}` },
    });
    expect(answer.rawPayload.equals(bytes)).toBe(true);
    expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(answer.headers['cache-control']).toBe('no-store');
    await Promise.all([app.close(), own.app.close()]);
  });

  it('serves a cold start to a listener that nobody knows', async () => {
    const answer = await server.call({
      url: '/v1/listeners/never-seen/home?device=tv&market=SE&tier=free&explain=true',
    });
    expect((answer.json as Page).decisionId).toMatch(/^[0-9A-HJKMNP-TV-Z]{26}$/);
  });

  it('hands every parameter to the platform', async () => {
    const asked: unknown[] = [];
    const own = await open();
    const { app } = await open({
      platform: {
        ...own.platform,
        home: async (...query) => {
          asked.push(query);
          return Buffer.from('{}');
        },
      },
    });
    const headers = { authorization: `Bearer ${own.platform.adminKey}` };
    await app.inject({
      url: '/v1/listeners/a%20b/home?device=car&market=GB&tier=premium&at=2026-01-02T03:04:05Z&explain=1&session=s1&fresh=true&policy=greedy',
      headers,
    });
    await app.inject({ url: '/v1/listeners/x/home', headers });
    expect(asked).toEqual([
      [
        'a b',
        {
          device: 'car',
          market: 'GB',
          tier: 'premium',
          atMs: Date.parse('2026-01-02T03:04:05Z'),
          explain: true,
          sessionId: 's1',
          fresh: true,
          policyId: 'greedy',
        },
      ],
      ['x', { device: 'phone', explain: false, fresh: false }],
    ]);
    await Promise.all([app.close(), own.app.close()]);
  });

  it('refuses what it does not understand', async () => {
    const home = (query: string) => server.call({ url: `/v1/listeners/x/home?${query}` });
    expectProblem(await home('device=fridge'), 'REQUEST_INVALID', '/device');
    expectProblem(await home('policy=luck'), 'REQUEST_INVALID', '/policy');
    expectProblem(await home('market=usa'), 'REQUEST_INVALID', '/market');
    expectProblem(await home('at=yesterday'), 'REQUEST_INVALID', '/at');
    expectProblem(await home('at=2026-02-31T99:00:00Z'), 'REQUEST_INVALID', '/at');
    expectProblem(await home('explain=perhaps'), 'REQUEST_INVALID', '/explain');
    expectProblem(await home('key=secret'), 'REQUEST_INVALID', '/key');
  });

  it('makes no decision for HEAD', async () => {
    const answer = await server.call({ method: 'HEAD', url: '/v1/listeners/x/home' });
    expect(answer.status).toBe(405);
  });
});

describe('decisions', () => {
  it('lists, shows and replays them', async () => {
    const page = (await server.call({ url: '/v1/listeners/x/home' })).json as Page;
    const { json } = await server.call({ url: '/v1/decisions?limit=1' });
    expect(json).toEqual({ decisions: [page.decisionId] });
    expect((await server.call({ url: `/v1/decisions/${page.decisionId}` })).json).toMatchObject({
      decisionId: page.decisionId,
    });
    const replay = await server.call({
      method: 'POST',
      url: `/v1/decisions/${page.decisionId}/replay`,
      payload: { verify: true },
    });
    expect(replay.json).toMatchObject({ recomputed: true, equal: true, firstDifference: null });
  });

  it('replays one without a body as with an empty one, and takes nothing else for none', async () => {
    const page = (await server.call({ url: '/v1/listeners/x/home' })).json as Page;
    const call = { method: 'POST', url: `/v1/decisions/${page.decisionId}/replay` } as const;
    const headers = { 'content-type': 'application/json' };
    const expected = (await server.call({ ...call, payload: {} })).json;
    expect(expected).toMatchObject({ equal: true });
    expect((await server.call(call)).json).toEqual(expected);
    expect((await server.call({ ...call, payload: '', headers })).json).toEqual(expected);
    for (const payload of ['null', '[]', '"verify"', '{"verify":1}']) {
      expectProblem(await server.call({ ...call, payload, headers }), 'REQUEST_INVALID');
    }
  });

  it('asks one under another policy', async () => {
    const page = (await server.call({ url: '/v1/listeners/x/home' })).json as Page;
    const call = { method: 'POST', url: `/v1/decisions/${page.decisionId}/instead` } as const;
    const payload = { policy: { policy: 'greedy', options: {} }, draw: 'probable' };
    const { json } = await server.call({ ...call, payload });
    expect(json).toMatchObject({ decisionId: page.decisionId, policy: 'greedy', draw: 'probable', whyNot: null });
    for (const wrong of [
      { ...payload, draw: 'guess' },
      { ...payload, again: -1 },
      { draw: 'sampled', more: 1 },
    ]) {
      expectProblem(await server.call({ ...call, payload: wrong }), 'REQUEST_INVALID');
    }
    const other = { ...call, url: '/v1/decisions/01KDVDNA00000000000000000Z/instead', payload };
    expectProblem(await server.call(other), 'DECISION_NOT_FOUND');
    expect((await server.call({ url: '/v1/evaluation/policies' })).json).toMatchObject({
      policies: [{ id: 'softmax', options: [{ name: 'temperature', value: 0.05, choices: [] }], serves: true }],
    });
  });

  it('tells a decision that is not there from an id that is none', async () => {
    expectProblem(await server.call({ url: '/v1/decisions/01KDVDNA00000000000000000Z' }), 'DECISION_NOT_FOUND');
    expectProblem(await server.call({ url: '/v1/decisions/nonsense' }), 'REQUEST_INVALID', '/id');
  });
});

describe('administration', () => {
  it('answers long jobs when they are done', async () => {
    expect((await server.call({ method: 'POST', url: '/v1/admin/fit' })).json).toMatchObject({ fitted: true });
    expect((await server.call({ method: 'POST', url: '/v1/admin/rebuild-state' })).json).toMatchObject({ version: 2 });
    expect((await server.call({ method: 'POST', url: '/v1/admin/evaluate-retrieval' })).json).toMatchObject({
      recommended: { recall20: 0.25 },
    });
    expect((await server.call({ method: 'POST', url: '/v1/admin/doctor' })).json).toMatchObject({ healthy: true });
    expect((await server.call({ method: 'POST', url: '/v1/admin/compact' })).json).toEqual({ segments: 0 });
  });

  it('streams their progress to those who ask, and the problem as the last line', async () => {
    const own = await open();
    const runFit = () =>
      own.call({ method: 'POST', url: '/v1/admin/fit', headers: { accept: 'application/x-ndjson' } });
    const lines = (answer: HttpAnswer) =>
      answer.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as object);
    const good = await runFit();
    expect(good.type).toBe('application/x-ndjson');
    expect(lines(good)).toEqual([
      { progress: { stage: 'embedding', share: 0.5 } },
      { progress: { stage: 'embedding', share: 1 } },
      { result: { fitted: true, seconds: 0 } },
    ]);
    own.platform.failFit(new Error('secret inside'));
    const bad = await runFit();
    expect(lines(bad).at(-1)).toMatchObject({ problem: { code: 'BUG', status: 500 } });
    expect(bad.text).not.toContain('secret inside');
    expect(own.logged).toHaveLength(1);
    await own.app.close();
  });

  it('are cut off when the server closes and they do not end', async () => {
    const own = await open();
    const stuck = await open({ platform: { ...own.platform, fit: () => new Promise(() => undefined) } });
    const address = await listen(stuck.app, { port: 0, madeKeys: 0 });
    const headers = { authorization: `Bearer ${own.platform.adminKey}`, accept: 'application/x-ndjson' };
    const response = await fetch(`${address}/v1/admin/fit`, { method: 'POST', headers });
    await closeServer(stuck.app, 50);
    await expect(response.text()).rejects.toThrow();
    await own.app.close();
  });

  it('hides pairs, and refuses pairs that are none without listing every one', async () => {
    const put = (pairs: unknown) => server.call({ method: 'POST', url: '/v1/admin/holdout', payload: { pairs } });
    expect((await put([{ listenerId: 'l', itemId: 'i' }])).json).toEqual({ hidden: 1 });
    const many = await put(new Array(10_000).fill({ listenerId: '' }));
    expectProblem(many, 'REQUEST_INVALID');
    expect(many.problem.errors.length).toBeLessThanOrEqual(20);
    const tooMany = await put(new Array(500_000).fill(0));
    expectProblem(tooMany, 'REQUEST_INVALID', '/pairs');
  });

  it('makes keys that work within their scopes, and lists them without their secrets', async () => {
    const create = (payload: object) => server.call({ method: 'POST', url: '/v1/keys', payload });
    const { secret } = (await create({ name: 'phone', scopes: ['serve'] })).json as { secret: string };
    const listed = await server.call({ url: '/v1/keys' });
    expect(listed.json).toMatchObject({ keys: [{ name: 'phone', scopes: ['serve'], limit: null, secrets: 1 }] });
    expect(listed.text).not.toContain(secret);
    const headers = { authorization: `Bearer ${secret}` };
    expect((await server.call({ url: '/v1/listeners/x/home', headers })).status).toBe(200);
    const refused = await server.call({ url: '/v1/status', headers });
    expectProblem(refused, 'FORBIDDEN');
    expect(refused.problem.detail).toContain('explain');
    expectProblem(await create({ name: 'phone', scopes: ['serve'] }), 'REQUEST_INVALID', '/name');
    expectProblem(await create({ name: 'x y', scopes: ['root'] }), 'REQUEST_INVALID', '/scopes/0');
  });

  it('revokes keys: at once, by name, and never its own', async () => {
    const own = await open();
    const { secret } = (await own.call({ method: 'POST', url: '/v1/keys', payload: { name: 'tv', scopes: ['serve'] } }))
      .json as { secret: string };
    const headers = { authorization: `Bearer ${secret}` };
    expect((await own.call({ url: '/v1/listeners/x/home', headers })).status).toBe(200);
    const revoke = (name: string) => own.call({ method: 'DELETE', url: `/v1/keys/${name}` });
    expectProblem(await own.call({ method: 'DELETE', url: '/v1/keys/tv', headers }), 'FORBIDDEN');
    expect((await revoke('tv')).json).toEqual({ revoked: true });
    expectProblem(await own.call({ url: '/v1/listeners/x/home', headers }), 'UNAUTHORISED');
    expect((await own.call({ url: '/v1/keys' })).json).toEqual({ keys: [] });
    expectProblem(await revoke('tv'), 'KEY_NOT_FOUND');
    expectProblem(await revoke('platform'), 'KEY_NOT_FOUND');
    expectProblem(await revoke('x%20y'), 'REQUEST_INVALID', '/name');
    expect((await own.call({ url: '/v1/status' })).status).toBe(200);
    await own.app.close();
  });
});

describe('operations', () => {
  it('tells health, readiness and status', async () => {
    const own = await open();
    expect((await own.app.inject('/healthz')).statusCode).toBe(200);
    expect((await own.app.inject('/readyz')).statusCode).toBe(200);
    own.platform.setReady(false);
    expect((await own.app.inject('/healthz')).statusCode).toBe(200);
    expect((await own.app.inject('/readyz')).statusCode).toBe(503);
    expect((await own.call({ url: '/v1/status' })).json).toMatchObject({ ready: false, version: '0.0.0' });
    await own.app.close();
  });

  it('adds its own counts to the platform’s metrics', async () => {
    const own = await open();
    await own.call({ url: '/v1/listeners/x/home' });
    await own.call({ url: '/v1/listeners/x/home?device=no' });
    const { text, type } = await own.call({ url: '/metrics' });
    expect(type).toContain('version=0.0.4');
    expect(text).toContain('shelfwise_fake 1\n');
    const labels = 'method="GET",route="/v1/listeners/:id/home"';
    expect(text).toContain(`shelfwise_http_requests_total{${labels},class="2xx"} 1\n`);
    expect(text).toContain(`shelfwise_http_requests_total{${labels},class="4xx"} 1\n`);
    expect(text).toContain(`shelfwise_http_request_seconds_count{${labels}} 2\n`);
    expect(text).toMatch(/_bucket\{method="GET",route="\/v1\/listeners\/:id\/home",le="\+Inf"\} 2\n/);
    await own.app.close();
  });

  it('serves covers without a key and as pictures that run nothing', async () => {
    await server.call({ method: 'PUT', url: '/v1/items', payload: { items: [item('c.1/2')] } });
    const answer = await server.app.inject(`/covers/${encodeURIComponent('c.1/2')}.svg`);
    expect(answer.statusCode).toBe(200);
    expect(answer.headers['content-type']).toContain('image/svg+xml');
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'");
    expect((await server.app.inject('/covers/none.svg')).statusCode).toBe(404);
    expect((await server.app.inject('/covers/none.png')).statusCode).toBe(422);
  });

  it('never tells of the inside when it fails, and tells its operator', async () => {
    const own = await open();
    const failing = await open({
      platform: {
        ...own.platform,
        getItem: () => {
          throw new TypeError('password in here');
        },
      },
    });
    const answer = await failing.call({ url: '/v1/items/x' });
    expectProblem(answer, 'BUG');
    expect(answer.text).not.toContain('password');
    expect(failing.logged).toEqual([CATALOGUE.BUG.message]);
    await Promise.all([own.app.close(), failing.app.close()]);
  });
});
