import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Call, callerOf, sendHostileRequests } from '../testing/index.ts';
import { listen } from './index.ts';
import { openTestServer, type TestServer } from './open-test-server.ts';

const open = async (options?: Parameters<typeof openTestServer>[0]): Promise<TestServer & { readonly call: Call }> => {
  const opened = await openTestServer(options);
  return { ...opened, call: callerOf(opened.app, opened.platform.adminKey) };
};
let server: Awaited<ReturnType<typeof open>>;
beforeAll(async () => {
  server = await open({ bodyLimitBytes: 1024 * 1024 });
});
afterAll(() => server.app.close());

const json = { 'content-type': 'application/json' };

describe('bodies that are not what they say', () => {
  const post = (payload: string | Buffer, headers: Record<string, string> = json) =>
    server.call({ method: 'POST', url: '/v1/events', payload, headers });

  it('refuses JSON that is malformed, cut off, or not UTF-8 with 400', async () => {
    for (const body of ['{', '{"events":[', 'NaN', '{"events":[NaN]}', '{"events":[1e]}', '\u0000', "{'events':[]}"]) {
      const answer = await post(body);
      expect([answer.status, answer.problem.code]).toEqual([400, 'REQUEST_MALFORMED']);
    }
    const latin1 = await post(Buffer.from('{"events":["\xfc"]}', 'latin1'));
    expect([latin1.status, latin1.problem.detail]).toEqual([400, 'The body is not valid JSON: it is not UTF-8']);
  });

  it('refuses keys that reach for prototypes', async () => {
    const answer = await post('{"events":[{"__proto__":{"admin":true}}]}');
    expect(answer.problem.code).toBe('REQUEST_MALFORMED');
  });

  it('refuses an empty body where one is needed with 422, other media types with 415, too much with 413', async () => {
    expect((await post('')).status).toBe(422);
    expect((await post('{}', { 'content-type': 'text/plain' })).problem.code).toBe('REQUEST_MEDIA_TYPE');
    expect((await post('<a/>', { 'content-type': 'application/xml' })).status).toBe(415);
    const large = await post(JSON.stringify({ events: ['x'.repeat(1024 * 1024)] }));
    expect([large.status, large.problem.code]).toEqual([413, 'REQUEST_TOO_LARGE']);
  });
});

describe('a body that is too large', () => {
  const MIB = 1024 * 1024;
  let port: number;
  let own: Awaited<ReturnType<typeof open>>;
  beforeAll(async () => {
    own = await open({ bodyLimitBytes: MIB });
    port = Number(new URL(await listen(own.app, { port: 0, madeKeys: 0 })).port);
  });
  afterAll(() => own.app.close());

  const head = (more: string) =>
    `POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n` +
    `Authorization: Bearer ${own.platform.adminKey}\r\n${more}\r\n\r\n`;

  /** As clients do that write everything before they read: what they get, and how much they could write. */
  const upload = (bytes: number, chunked: boolean) =>
    new Promise<{ text: string; sent: number; error?: string }>((resolve) => {
      const spaces = Buffer.alloc(MIB, ' ');
      const chunk = chunked ? Buffer.from(`${MIB.toString(16)}\r\n${spaces}\r\n`) : spaces;
      let sent = 0;
      let text = '';
      const socket = connect(port, '127.0.0.1').pause();
      socket.on('data', (received) => {
        text += received.toString();
      });
      socket.on('error', (error) => resolve({ text, sent, error: error.message }));
      socket.on('close', () => resolve({ text, sent }));
      const write = (): void => {
        if (sent < bytes) {
          sent += MIB;
          socket.write(chunk, (error) => error ?? write());
          return;
        }
        if (chunked) socket.write('0\r\n\r\n');
        socket.resume();
      };
      socket.write(head(chunked ? 'Transfer-Encoding: chunked' : `Content-Length: ${bytes}`), write);
    });

  it.each([
    ['of a length that it tells', false],
    ['in chunks', true],
  ])('is answered with a problem that its client can read after it has sent everything: %s', async (_name, chunked) => {
    const { text, sent, error } = await upload(24 * MIB, chunked);
    expect([error, sent]).toEqual([undefined, 24 * MIB]);
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    const body = text.slice(text.indexOf('\r\n\r\n') + 4);
    expect(JSON.parse(body)).toMatchObject({ code: 'REQUEST_TOO_LARGE', status: 413 });
  });

  it('is answered at once to a client that reads while it sends', async () => {
    const socket = connect(port, '127.0.0.1', () => socket.write(head(`Content-Length: ${24 * MIB}`)));
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
    const fetched = await fetch(`http://127.0.0.1:${port}/v1/events`, {
      method: 'POST',
      headers: { ...json, authorization: `Bearer ${own.platform.adminKey}` },
      body: ' '.repeat(24 * MIB),
    });
    expect([fetched.status, ((await fetched.json()) as { code: string }).code]).toEqual([413, 'REQUEST_TOO_LARGE']);
  });

  it('is read no further than a bound', async () => {
    const { sent } = await upload(512 * MIB, true);
    expect(sent).toBeGreaterThan(60 * MIB);
    expect(sent).toBeLessThan(128 * MIB);
  });

  it('leaves the server as it was', async () => {
    const ask = `GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`;
    const socket = connect(port, '127.0.0.1', () => socket.write(ask));
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toMatch(/^HTTP\/1\.1 200 /);
    expect(own.logged).toEqual([]);
  });
});

describe('times', () => {
  it('refuses a Home at a date-time that is no number, or far away, with 422', async () => {
    for (const at of [
      '2016-12-31T23:59:60Z',
      '2026-01-01T00:00:00%2B01:00%5BEurope/Paris%5D',
      '1969-12-31T23:59:59Z',
      '2201-01-01T00:00:00Z',
    ]) {
      const answer = await server.call({ url: `/v1/listeners/x/home?at=${at}` });
      expect([answer.status, answer.problem.code]).toEqual([422, 'REQUEST_INVALID']);
      expect(answer.problem.detail).toContain('/at');
    }
  });
});

describe('half a surrogate pair', () => {
  it('is refused in bodies, where JSON can write it, and in paths, where UTF-8 cannot', async () => {
    const bodies = [
      ['POST', '/v1/listeners', '{"listeners":[{"id":"\\ud800"}]}'],
      [
        'POST',
        '/v1/events',
        '{"events":[{"eventId":"\\ud800","listenerId":"x","type":"like","itemId":"i","occurredAt":"2026-01-01T00:00:00Z"}]}',
      ],
      ['PUT', '/v1/items', '{"items":[{"id":"\\udc00","kind":"track","title":"T"}]}'],
    ] as const;
    for (const [method, url, payload] of bodies) {
      const answer = await server.call({ method, url, payload, headers: json });
      expect(JSON.parse(answer.text)).toMatchObject({ fates: [{ fate: 'rejected' }] });
    }
    const profile = await server.call({
      method: 'PUT',
      url: '/v1/listeners/x',
      payload: '{"onboardingPicks":["\\ud800"]}',
      headers: json,
    });
    expect([profile.status, profile.problem.code]).toEqual([422, 'REQUEST_INVALID']);
    for (const id of ['%ED%A0%80', 'a%ED%B0%80']) {
      for (const url of [`/v1/items/${id}`, `/v1/listeners/${id}/home`]) {
        expect((await server.call({ url })).status).toBe(422);
      }
    }
    expect((await server.call({ url: '/v1/listeners/%F0%9F%8E%A7/home' })).status).toBe(200);
  });
});

describe('paths', () => {
  it('refuses ids of 10 kB and ids with control characters by name', async () => {
    for (const id of ['a'.repeat(10 * 1024), '%00'.repeat(10 * 1024), '%0A', '%7F', '', '%C2%80'.slice(0, 0)]) {
      const answer = await server.call({ url: `/v1/listeners/${id}/home` });
      expect([answer.status, answer.problem.code]).toEqual([422, 'REQUEST_INVALID']);
      expect(answer.text.length).toBeLessThan(2000);
    }
  });

  it('refuses what is not percent-encoding', async () => {
    for (const id of ['%', '%zz', '%E0%A4', '%FF']) {
      const answer = await server.call({ url: `/v1/items/${id}` });
      expect([answer.status, answer.problem.code]).toEqual([422, 'REQUEST_INVALID']);
    }
  });

  it('tells an unknown route from a method that a route does not take', async () => {
    const unknown = await server.call({ url: '/v1/nothing' });
    expect([unknown.status, unknown.problem.code]).toEqual([404, 'ROUTE_NOT_FOUND']);
    for (const [method, url, allow] of [
      ['DELETE', '/v1/events', 'POST'],
      ['POST', '/v1/items', 'GET, HEAD, PUT'],
      ['PATCH', '/v1/listeners/x', 'DELETE, GET, HEAD, PUT'],
      ['POST', '/v1/listeners/x/home', 'GET'],
      ['PUT', '/healthz', 'GET, HEAD'],
    ] as const) {
      const answer = await server.call({ method, url, payload: 'not json', headers: json });
      expect([url, answer.status, answer.problem.code, answer.headers['allow']]).toEqual([
        url,
        405,
        'METHOD_NOT_ALLOWED',
        allow,
      ]);
    }
  });
});

describe('bytes that are not HTTP', () => {
  it('answers with a problem and closes', async () => {
    const own = await open();
    const address = new URL(await listen(own.app, { port: 0, madeKeys: 0 }));
    const exchange = (text: string) =>
      new Promise<string>((resolve, reject) => {
        const socket = connect(Number(address.port), address.hostname, () => socket.write(text));
        let received = '';
        socket.on('data', (chunk) => {
          received += chunk.toString();
        });
        socket.on('close', () => resolve(received));
        socket.on('error', reject);
      });
    const nonsense = await exchange('hello\r\n\r\n');
    expect(nonsense).toMatch(/^HTTP\/1\.1 400 /);
    expect(nonsense).toContain('application/problem+json');
    const huge = await exchange(`GET /${'a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`);
    expect(huge).toMatch(/^HTTP\/1\.1 431 /);
    await own.app.close();
  });
});

describe('on every route', () => {
  it('never answers 5xx to what a caller sends, and every refusal is a problem with a remedy', async () => {
    await sendHostileRequests(server.call, { runs: 1500 });
    expect(server.logged).toEqual([]);
  });
});
