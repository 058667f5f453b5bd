import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { fastify } from 'fastify';
import { afterAll, describe, expect, it } from 'vitest';
import { manualClock, ShelfwiseError } from '../base/index.ts';
import type { ApiScope, RateLimit, VerifiedKey } from '../platform/index.ts';
import { createGuard, isLoopback } from './access.ts';
import { createServer, listen } from './index.ts';
import { openTestServer } from './open-test-server.ts';
import { declareAccess, openToAll } from './route.ts';
import { TokenBucket } from './token-bucket.ts';

const keyOf = (name: string, limit: RateLimit | null = null): VerifiedKey => ({
  name,
  scopes: ['serve'],
  limit,
  use: { requests: 0, limited: 0, lastUsedAtMs: 0 },
  diesAtMs: Number.POSITIVE_INFINITY,
});

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function studioFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'shelfwise-studio-'));
  folders.push(folder);
  mkdirSync(join(folder, 'assets'));
  writeFileSync(join(folder, 'index.html'), '<html><head><title>Studio</title></head><body></body></html>');
  writeFileSync(join(folder, 'assets', 'app-1a2b.js'), 'let a = 1;');
  return folder;
}

describe('keys', () => {
  it('are needed by every route of the API, before its body is read', async () => {
    const server = await openTestServer();
    const { paths } = server.app.swagger() as unknown as { paths: Record<string, Record<string, object>> };
    let checked = 0;
    for (const [path, methods] of Object.entries(paths)) {
      if (!path.startsWith('/v1/')) continue;
      for (const method of Object.keys(methods)) {
        const answer = await server.app.inject({
          method: method.toUpperCase() as 'GET',
          url: path.replace(/\{(id|name)\}/, 'x'),
          ...(method === 'get' ? {} : { payload: '{' }),
          headers: { 'content-type': 'application/json' },
        });
        expect([path, method, answer.statusCode]).toEqual([path, method, 401]);
        expect(answer.headers['www-authenticate']).toBe('Bearer');
        checked++;
      }
    }
    expect(checked).toBeGreaterThanOrEqual(20);
    await server.app.close();
  });

  it('are taken from the Authorization header and from nowhere else', async () => {
    const { app, platform } = await openTestServer();
    const status = async (authorization?: string, url = '/v1/status') =>
      (await app.inject({ url, headers: authorization === undefined ? {} : { authorization } })).statusCode;
    expect(await status(`Bearer ${platform.adminKey}`)).toBe(200);
    expect(await status(`bearer   ${platform.adminKey}`)).toBe(200);
    expect(await status(platform.adminKey)).toBe(401);
    expect(await status(`Basic ${platform.adminKey}`)).toBe(401);
    expect(await status(`Bearer ${platform.adminKey}x`)).toBe(401);
    expect(await status(`Bearer ${'x'.repeat(5000)}`)).toBe(401);
    expect(await status(undefined, `/v1/status?key=${platform.adminKey}`)).toBe(401);
    await app.close();
  });

  it('are looked up once in a few seconds, and stop working soon after they are gone', () => {
    const clock = manualClock(0);
    let lookUps = 0;
    let there = true;
    const guard = createGuard(() => {
      lookUps++;
      return there ? keyOf('a') : null;
    }, clock);
    for (let i = 0; i < 100; i++) guard.check('Bearer k', 'serve');
    expect(lookUps).toBe(1);
    there = false;
    clock.advance(5001);
    expect(() => guard.check('Bearer k', 'serve')).toThrow(ShelfwiseError);
    expect(lookUps).toBe(2);
  });

  it('stop working at once when one is told to be gone', () => {
    let there = true;
    const guard = createGuard(() => (there ? keyOf('a') : null), manualClock(0));
    guard.check('Bearer k', 'serve');
    there = false;
    guard.forget();
    expect(() => guard.check('Bearer k', 'serve')).toThrow(ShelfwiseError);
  });
});

describe('a limited key', () => {
  it('gets its burst, then as many a second as it may, and is told how long to wait', () => {
    const clock = manualClock(1_000_000);
    const key = keyOf('a', { requestsPerSecond: 2, burst: 3 });
    const guard = createGuard((secret) => (secret === 'other' ? keyOf('b') : key), clock);
    const taken = (secret = 'k') => {
      try {
        guard.check(`Bearer ${secret}`, 'serve');
        return 0;
      } catch (error) {
        if (!(error instanceof ShelfwiseError) || error.code !== 'RATE_LIMITED') throw error;
        return error.details['retryAfterS'];
      }
    };
    expect([taken(), taken(), taken(), taken()]).toEqual([0, 0, 0, 1]);
    // Another secret of the key shares its bucket; another key has its own.
    expect([taken('rotated'), taken('other')]).toEqual([1, 0]);
    clock.advance(500);
    expect([taken(), taken()]).toEqual([0, 1]);
    guard.forget();
    expect(taken()).toBe(1);
    clock.advance(60_000);
    expect([taken(), taken(), taken(), taken()]).toEqual([0, 0, 0, 1]);
    expect(key.use).toEqual({ requests: 12, limited: 5, lastUsedAtMs: clock.nowMs() });
  });

  it('is never let through more often than its limit says, whenever its requests come', () => {
    const limits = fc.record({
      requestsPerSecond: fc.double({ min: 0.1, max: 1000, noNaN: true }),
      burst: fc.integer({ min: 1, max: 50 }),
    });
    fc.assert(
      fc.property(
        limits,
        fc.array(fc.double({ min: 0, max: 5000, noNaN: true }), { maxLength: 200 }),
        (limit, waits) => {
          let nowMs = 0;
          let allowed = 0;
          const bucket = new TokenBucket(limit, nowMs);
          for (const waitMs of waits) {
            nowMs += waitMs;
            const retryMs = bucket.take(nowMs);
            if (retryMs === 0) allowed++;
            // Who waits as long as they were told to gets through.
            else {
              nowMs += retryMs + 1e-6;
              expect(bucket.take(nowMs)).toBe(0);
              allowed++;
            }
            expect(allowed).toBeLessThanOrEqual(limit.burst + (nowMs * limit.requestsPerSecond) / 1000 + 1e-6);
          }
        },
      ),
      { seed: 1 },
    );
  });

  it('is answered 429 with Retry-After', async () => {
    const { app, platform } = await openTestServer();
    const secret = await platform.createKey('slow', ['serve'], { requestsPerSecond: 0.1, burst: 1 });
    const ask = () => app.inject({ url: '/v1/items', headers: { authorization: `Bearer ${secret}` } });
    expect((await ask()).statusCode).toBe(200);
    const refused = await ask();
    expect([refused.statusCode, refused.headers['retry-after']]).toEqual([429, '10']);
    expect(refused.json()).toMatchObject({ code: 'RATE_LIMITED' });
    await app.close();
  });

  it('with a secret that dies is not remembered beyond its death', () => {
    const clock = manualClock(1_000_000);
    const key = { ...keyOf('a'), diesAtMs: clock.nowMs() + 1000 };
    const guard = createGuard(() => (clock.nowMs() < key.diesAtMs ? key : null), clock);
    guard.check('Bearer k', 'serve');
    clock.advance(999);
    guard.check('Bearer k', 'serve');
    clock.advance(1);
    expect(() => guard.check('Bearer k', 'serve')).toThrow(ShelfwiseError);
  });
});

describe('scopes', () => {
  it('asks for `explain` beside `serve` where a Home is to be explained', async () => {
    const { app, platform } = await openTestServer();
    const status = async (scopes: readonly ApiScope[], url: string) => {
      const secret = await platform.createKey(scopes.join('-'), scopes);
      return (await app.inject({ url, headers: { authorization: `Bearer ${secret}` } })).statusCode;
    };
    expect(await status(['serve'], '/v1/listeners/x/home?explain=false')).toBe(200);
    expect(await status(['serve'], '/v1/listeners/x/home?explain=true')).toBe(403);
    expect(await status(['explain'], '/v1/listeners/x/home?explain=true')).toBe(403);
    expect(await status(['serve'], '/v1/listeners/x/home?policy=greedy')).toBe(403);
    expect(await status(['serve', 'explain'], '/v1/listeners/x/home?policy=greedy')).toBe(200);
    expect(await status(['serve', 'explain'], '/v1/listeners/x/home?explain=true')).toBe(200);
    expect(await status(['admin'], '/v1/listeners/x/home?explain=true')).toBe(200);
    await app.close();
  });

  it('are named by every route: one that names none does not come into being', () => {
    const app = fastify();
    declareAccess(app);
    expect(() => app.get('/v1/new', { handler: async () => ({}) })).toThrow('names no scope');
    expect(() => app.get('/v1/open', { onRequest: openToAll, handler: async () => ({}) })).not.toThrow();
  });
});

describe('the address', () => {
  it('beyond this machine needs keys that were made', async () => {
    const { app } = await openTestServer();
    await expect(listen(app, { host: '0.0.0.0', port: 0, madeKeys: 0 })).rejects.toMatchObject({
      code: 'BIND_REFUSED',
    });
    await app.close();
  });

  it('beyond this machine opens metrics and the document to keys only', async () => {
    const { app, platform } = await openTestServer();
    expect((await app.inject('/metrics')).statusCode).toBe(200);
    const { port } = new URL(await listen(app, { host: '0.0.0.0', port: 0, madeKeys: 1 }));
    const status = async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(`http://127.0.0.1:${port}${path}`, { headers })).status;
    expect(await status('/healthz')).toBe(200);
    expect(await status('/metrics')).toBe(401);
    expect(await status('/openapi.json')).toBe(401);
    expect(await status('/metrics', { authorization: `Bearer ${platform.adminKey}` })).toBe(200);
    await app.close();
  });

  it('says so when another process has it', async () => {
    const [first, second] = [await openTestServer(), await openTestServer()];
    const { port } = new URL(await listen(first.app, { port: 0, madeKeys: 0 }));
    await expect(listen(second.app, { port: Number(port), madeKeys: 0 })).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
    });
    await Promise.all([first.app.close(), second.app.close()]);
  });

  it('of this machine is known in its several forms', () => {
    for (const host of ['127.0.0.1', '127.8.8.8', 'localhost', '::1', '[::1]', '::ffff:127.0.0.1']) {
      expect([host, isLoopback(host)]).toEqual([host, true]);
    }
    for (const host of ['0.0.0.0', '::', '10.0.0.1', 'localhost.evil.example', '127.0.0.1.evil.example', '']) {
      expect([host, isLoopback(host)]).toEqual([host, false]);
    }
  });
});

describe('the web page', () => {
  it('never holds a key, whoever asks: a proxy on this machine looks like its owner', async () => {
    const studioDir = studioFolder();
    const { app, platform } = await openTestServer({ studioDir });
    const built = readFileSync(join(studioDir, 'index.html'), 'utf8');
    for (const host of ['localhost:7878', '127.0.0.1', '[::1]:7878', 'shelfwise.example']) {
      for (const url of ['/', '/index.html', '/listeners/7', `/?key=${platform.adminKey}`]) {
        for (const authorization of [undefined, `Bearer ${platform.adminKey}`]) {
          const headers = { host, accept: 'text/html', ...(authorization === undefined ? {} : { authorization }) };
          const answer = await app.inject({ url, headers, remoteAddress: '127.0.0.1' });
          expect([host, url, answer.body]).toEqual([host, url, built]);
          expect(JSON.stringify(answer.headers)).not.toContain(platform.adminKey);
        }
      }
    }
    await app.close();
  });

  it('is the answer to addresses inside it, and to nothing of the API', async () => {
    const { app } = await openTestServer({ studioDir: studioFolder() });
    const html = { accept: 'text/html,*/*' };
    const get = (url: string, headers: Record<string, string> = html) => app.inject({ url, headers });
    expect((await get('/listeners/7')).body).toContain('<title>Studio</title>');
    expect((await get('/listeners/7')).headers['content-security-policy']).toContain("default-src 'self'");
    expect((await get('/v1/nothing')).statusCode).toBe(404);
    expect((await get('/listeners/7', { accept: 'application/json' })).statusCode).toBe(404);
    expect((await get('/assets/gone.js')).statusCode).toBe(404);
    expect((await app.inject({ method: 'POST', url: '/listeners/7', headers: html })).statusCode).toBe(404);
    await app.close();
  });

  it('has assets that may be kept for ever, and gives no file outside its folder', async () => {
    const { app } = await openTestServer({ studioDir: studioFolder() });
    const asset = await app.inject('/assets/app-1a2b.js');
    expect([asset.statusCode, asset.headers['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    for (const url of ['/../package.json', '/..%2f..%2fetc%2fpasswd', '/assets/%2e%2e/%2e%2e/x', '/.env']) {
      const answer = await app.inject(url);
      expect([url, answer.statusCode]).toEqual([url, 404]);
    }
    await app.close();
  });

  it('says how to build it where it is not built', async () => {
    const { platform, app: other } = await openTestServer();
    const app = await createServer({ platform, keys: () => null, studioDir: undefined });
    expect((await app.inject('/')).body).toContain('npm run build:studio');
    await Promise.all([app.close(), other.close()]);
  });
});
