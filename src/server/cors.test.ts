import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createServer } from './index.ts';
import { openTestServer, type TestServer } from './open-test-server.ts';

const APP = 'https://app.example';
let server: TestServer;
beforeAll(async () => {
  server = await openTestServer({ corsOrigins: [APP, 'http://localhost:5173'] });
});
afterAll(() => server.app.close());

const ask = (method: 'GET' | 'OPTIONS' | 'POST', url: string, headers: Record<string, string>, payload?: string) =>
  server.app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
const preflight = (origin: string, url = '/v1/events') =>
  ask('OPTIONS', url, {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  });

describe('requests of other origins', () => {
  it('are allowed for those on the list: the question ahead is answered, and the answer may be read', async () => {
    for (const origin of [APP, 'http://localhost:5173']) {
      const asked = await preflight(origin);
      expect([asked.statusCode, asked.body]).toEqual([204, '']);
      expect(asked.headers).toMatchObject({
        'access-control-allow-origin': origin,
        'access-control-allow-headers': expect.stringContaining('authorization'),
        'access-control-allow-methods': expect.stringContaining('POST'),
        vary: 'Origin',
      });
      const headers = { origin, authorization: `Bearer ${server.platform.adminKey}` };
      const answered = await ask('GET', '/v1/status', headers);
      expect([answered.statusCode, answered.headers['access-control-allow-origin']]).toEqual([200, origin]);
      expect(answered.headers['access-control-expose-headers']).toBe('retry-after');
    }
  });

  it('may read problems too, or an app could not tell a wrong key from no network', async () => {
    const refused = await ask('GET', '/v1/status', { origin: APP });
    expect([refused.statusCode, refused.headers['access-control-allow-origin']]).toEqual([401, APP]);
  });

  it('are not allowed for any other, however much alike, and never with credentials', async () => {
    for (const origin of ['https://app.example.evil', 'http://app.example', 'https://app.example:444', 'null', 'x']) {
      const asked = await preflight(origin);
      expect([origin, asked.statusCode, asked.headers['access-control-allow-origin']]).toEqual([
        origin,
        405,
        undefined,
      ]);
      expect(asked.headers.vary).toBe('Origin');
    }
    expect((await preflight(APP)).headers['access-control-allow-credentials']).toBeUndefined();
  });

  it('leave OPTIONS of other kinds as they were', async () => {
    const plain = await ask('OPTIONS', '/v1/events', { origin: APP });
    expect([plain.statusCode, plain.headers.allow]).toEqual([405, 'POST']);
  });

  it('are none of this server’s business without a list', async () => {
    const { app } = await openTestServer();
    const asked = await app.inject({ url: '/healthz', headers: { origin: APP } });
    expect([asked.headers.vary, asked.headers['access-control-allow-origin']]).toEqual([undefined, undefined]);
    await app.close();
  });

  it('are allowed by whole origins only', async () => {
    const { platform, app } = await openTestServer();
    for (const origin of ['*', 'app.example', 'https://app.example/', 'https://app.example/home', 'null', '']) {
      const made = createServer({ platform, keys: () => null, corsOrigins: [origin] });
      await expect(made).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    }
    await app.close();
  });
});

describe('a beacon', () => {
  const event = (eventId: string) => ({
    eventId,
    listenerId: 'l',
    type: 'like',
    itemId: 'a',
    occurredAt: '2026-11-24T11:00:00Z',
  });
  const send = (body: unknown, headers: Record<string, string> = {}) =>
    ask('POST', '/v1/events/beacon', { 'content-type': 'text/plain;charset=UTF-8', ...headers }, JSON.stringify(body));

  it('brings its key in its body, as text, from any origin', async () => {
    const key = server.platform.adminKey;
    const answer = await send({ key, events: [event('b1'), { eventId: 'bad' }] }, { origin: 'https://else.example' });
    expect(answer.statusCode).toBe(200);
    expect(answer.json()).toMatchObject({ accepted: 1, rejected: 1, fates: [{ eventId: 'b1' }, { eventId: 'bad' }] });
    expect((await send({ key, events: [event('b1')] })).json()).toMatchObject({ duplicates: 1 });
  });

  it('may have its key in the header too, as JSON or as text', async () => {
    const authorization = `Bearer ${server.platform.adminKey}`;
    expect((await send({ events: [event('b2')] }, { authorization })).statusCode).toBe(200);
    const json = { authorization, 'content-type': 'application/json' };
    expect((await send({ events: [event('b3')] }, json)).statusCode).toBe(200);
  });

  it('takes nothing without a key, with a wrong one, or with one that may not send events', async () => {
    const secret = await server.platform.createKey('reader', ['serve']);
    for (const [key, status] of [
      [undefined, 401],
      ['wrong', 401],
      ['two words', 401],
      [secret, 403],
    ] as const) {
      expect([key, (await send({ key, events: [event('b4')] })).statusCode]).toEqual([key, status]);
    }
    const json = { 'content-type': 'application/json' };
    expect((await send({ key: server.platform.adminKey, events: [event('b4')] }, json)).statusCode).toBe(401);
    const again = await send({ key: server.platform.adminKey, events: [event('b4')] });
    expect(again.json()).toMatchObject({ accepted: 1 });
  });

  it('is no way in for text elsewhere, and no longer than browsers make it', async () => {
    const authorization = `Bearer ${server.platform.adminKey}`;
    const text = { 'content-type': 'text/plain', authorization };
    expect((await ask('POST', '/v1/events', text, JSON.stringify({ events: [] }))).statusCode).toBe(415);
    expect((await send({ key: 'k', events: ['x'.repeat(65 * 1024)] })).statusCode).toBe(413);
    for (const body of ['', '{', 'null', '[]']) {
      const answer = await ask('POST', '/v1/events/beacon', { 'content-type': 'text/plain' }, body);
      expect([body, [400, 422].includes(answer.statusCode)]).toEqual([body, true]);
    }
  });
});
