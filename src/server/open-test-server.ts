/** The server that this room's tests talk to, over the platform in memory. */
import type { FastifyInstance } from 'fastify';
import { manualClock } from '../base/index.ts';
import { createFakePlatform, type FakePlatform } from './fake-platform.ts';
import { createServer, type ServerOptions } from './index.ts';

export interface TestServer {
  readonly app: FastifyInstance;
  readonly platform: FakePlatform;
  readonly logged: string[];
}

export const NOW_MS = Date.parse('2026-11-24T12:00:00Z');

export async function openTestServer(options: Partial<ServerOptions> = {}): Promise<TestServer> {
  const clock = manualClock(NOW_MS);
  const platform = createFakePlatform(clock);
  const logged: string[] = [];
  const app = await createServer({
    platform,
    keys: (secret) => platform.verifyKey(secret),
    covers: (id) => platform.coverOf(id),
    clock,
    logger: { error: (_details, message) => logged.push(message) },
    ...options,
  });
  return { app, platform, logged };
}
