import { request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough } from 'node:stream';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { MINUTE_MS } from '../base/index.ts';
import { drained } from './jobs.ts';
import { openTestServer, type TestServer } from './open-test-server.ts';

describe('parts of an answer', () => {
  const { signal } = new AbortController();
  const full = (): PassThrough => {
    const stream = new PassThrough({ highWaterMark: 8 });
    while (stream.write('12345678'));
    return stream;
  };

  it('wait for who reads, and not for ever', async () => {
    const read = full();
    const taken = drained(read, 60_000, signal);
    read.resume();
    await taken;
    await expect(drained(full(), 20, signal)).rejects.toMatchObject({ code: 'ANSWER_NOT_TAKEN', status: 408 });
    const gone = new AbortController();
    const waiting = drained(full(), 60_000, gone.signal);
    gone.abort();
    await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  });

  describe('of a job', () => {
    let server: TestServer | undefined;
    afterEach(async () => {
      vi.useRealTimers();
      await server?.app.close();
    });

    it('end it where nobody takes them for five minutes', async () => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      server = await openTestServer();
      const { app, platform } = server;
      const part = JSON.stringify('x'.repeat(1 << 20));
      let ended: unknown;
      let waits = 0;
      platform.exportEvaluationLog = async (_request, { onLines }) => {
        try {
          for (;;) {
            waits++;
            await onLines([part]);
          }
        } catch (error) {
          ended = error;
          throw error;
        }
      };
      await app.listen({ port: 0, host: '127.0.0.1' });
      const { port } = app.server.address() as AddressInfo;
      const headers = { authorization: `Bearer ${platform.adminKey}`, 'content-type': 'application/json' };
      const asked = request({ port, method: 'POST', path: '/v1/evaluation/log', headers });
      asked.on('response', (response) => response.pause());
      asked.on('error', () => undefined);
      asked.end('{}');
      // Until what lies between is full.
      let before = -1;
      while (waits < 2 || waits !== before) {
        before = waits;
        await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      }
      vi.advanceTimersByTime(5 * MINUTE_MS);
      await vi.waitFor(() => expect(ended).toMatchObject({ code: 'ANSWER_NOT_TAKEN' }));
      asked.destroy();
    });
  });
});
