import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ShelfwiseError } from '../base/index.ts';
import type { AuditEntry } from '../platform/index.ts';
import { createServer } from './index.ts';
import { NOW_MS, openTestServer, type TestServer } from './open-test-server.ts';

describe('the audit trail', () => {
  let server: TestServer;
  beforeEach(async () => {
    server = await openTestServer();
  });
  afterEach(() => server.app.close());

  const ask = (method: string, url: string, payload?: object, key = server.platform.adminKey, app = server.app) =>
    app.inject({
      method: method as 'GET',
      url,
      headers: { authorization: `Bearer ${key}` },
      ...(payload === undefined ? {} : { payload }),
    });
  const trail = async (query = ''): Promise<{ entries: AuditEntry[]; nextCursor: string | null }> =>
    (await ask('GET', `/v1/audit${query}`)).json();
  const told = ({ actor, route, object, outcome }: AuditEntry) => [actor, route, object, outcome];

  it('names who did what to which object and how it ended, newest first, and no secret', async () => {
    const made = await ask('POST', '/v1/keys', { name: 'ops', scopes: ['admin'] });
    const { secret } = made.json() as { secret: string };
    await ask('POST', '/v1/keys/ops/rotate', {}, secret);
    await ask('DELETE', '/v1/keys/none', undefined, secret);
    await ask('POST', '/v1/admin/compact');
    const { entries } = await trail();
    expect(entries.map(told)).toEqual([
      ['admin', 'POST /v1/admin/compact', '', 'done'],
      ['ops', 'DELETE /v1/keys/:name', 'none', 'KEY_NOT_FOUND'],
      ['ops', 'POST /v1/keys/:name/rotate', 'ops', 'done'],
      ['admin', 'POST /v1/keys', 'ops', 'done'],
    ]);
    expect(entries[0]).toMatchObject({ atMs: NOW_MS, endedAtMs: NOW_MS });
    expect(JSON.stringify(entries)).not.toContain(secret);
    expect(JSON.stringify(entries)).not.toContain(server.platform.adminKey);
  });

  it('holds nothing of reading, of what was refused before it began, or of other scopes', async () => {
    await ask('GET', '/v1/keys');
    await ask('POST', '/v1/keys', { name: 'x y' });
    await ask('POST', '/v1/keys', { name: 'ops', scopes: ['admin'] }, 'no key');
    await ask('PUT', '/v1/items', { items: [] });
    expect((await trail()).entries).toEqual([]);
  });

  it('comes in pages, since a time, and about one listener', async () => {
    for (let i = 0; i < 5; i++) await ask('POST', '/v1/keys', { name: `k${i}`, scopes: ['serve'] });
    const first = await trail('?limit=2');
    expect(first.entries.map(({ object }) => object)).toEqual(['k4', 'k3']);
    const second = await trail(`?limit=3&cursor=${first.nextCursor}`);
    expect(second.entries.map(({ object }) => object)).toEqual(['k2', 'k1', 'k0']);
    expect(second.nextCursor).toBeNull();
    expect((await trail(`?since=${new Date(NOW_MS).toISOString()}`)).entries).toHaveLength(5);
    expect((await trail(`?since=${new Date(NOW_MS + 1).toISOString()}`)).entries).toEqual([]);
    expect((await trail('?listener=ann')).entries).toEqual([]);
    for (const query of ['?since=yesterday', '?cursor=x', '?limit=0'])
      expect([query, (await ask('GET', `/v1/audit${query}`)).statusCode]).toEqual([query, 422]);
  });

  it('comes first: what cannot be noted does not happen', async () => {
    const app = await createServer({
      platform: {
        ...server.platform,
        beginAction: async () => {
          throw new ShelfwiseError('STORE_FULL');
        },
      },
      keys: (secret) => server.platform.verifyKey(secret),
    });
    const answer = await ask('POST', '/v1/keys', { name: 'ops', scopes: ['admin'] }, server.platform.adminKey, app);
    expect(answer.statusCode).toBe(507);
    expect(server.platform.listKeys()).toEqual([]);
    await app.close();
  });

  it('keeps an entry of an action whose end could not be noted, and the action is answered', async () => {
    const logged: string[] = [];
    const app = await createServer({
      platform: {
        ...server.platform,
        endAction: async () => {
          throw new ShelfwiseError('STORE_FULL');
        },
      },
      keys: (secret) => server.platform.verifyKey(secret),
      logger: { error: (_details, message) => logged.push(message) },
    });
    const answer = await ask('POST', '/v1/keys', { name: 'ops', scopes: ['admin'] }, server.platform.adminKey, app);
    expect(answer.statusCode).toBe(200);
    expect((await trail()).entries.map(told)).toEqual([['admin', 'POST /v1/keys', 'ops', 'begun']]);
    expect(logged).toHaveLength(1);
    await app.close();
  });

  it('tells how a job ended that tells its progress', async () => {
    server.platform.failFit(new ShelfwiseError('STORE_FULL'));
    const answer = await server.app.inject({
      method: 'POST',
      url: '/v1/admin/fit',
      headers: { authorization: `Bearer ${server.platform.adminKey}`, accept: 'application/x-ndjson' },
    });
    expect(answer.statusCode).toBe(200);
    await expect
      .poll(async () => (await trail()).entries.map(told))
      .toEqual([['admin', 'POST /v1/admin/fit', '', 'STORE_FULL']]);
  });
});
