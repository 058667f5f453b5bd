/** The server that this room's tests talk to, over the platform in memory. */
import type { FastifyInstance, InjectOptions } from 'fastify';
import { manualClock } from '../base/index.ts';
import { createFakePlatform, type FakePlatform } from './fake-platform.ts';
import { createServer, type Problem, type ServerOptions } from './index.ts';

export interface TestServer {
  readonly app: FastifyInstance;
  readonly platform: FakePlatform;
  readonly logged: string[];
  /** A request with the platform's own key. */
  call(options: InjectOptions): Promise<TestAnswer>;
}

export interface TestAnswer {
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  readonly json: unknown;
  readonly problem: Problem;
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
  return {
    app,
    platform,
    logged,
    call: callerOf(app, platform.adminKey),
  };
}

/** Sends requests with this key, without a network. */
export function callerOf(app: FastifyInstance, key: string): (options: InjectOptions) => Promise<TestAnswer> {
  return async ({ headers, ...rest }) => {
    const response = await app.inject({ headers: { authorization: `Bearer ${key}`, ...headers }, ...rest });
    const type = String(response.headers['content-type'] ?? '');
    const json: unknown = /[/+]json(;|$)/.test(type) && response.body !== '' ? JSON.parse(response.body) : undefined;
    return {
      status: response.statusCode,
      type,
      headers: response.headers,
      text: response.body,
      json,
      problem: json as Problem,
    };
  };
}
