/** What the tests that cross rooms share: a small world in a data directory, server processes to start, stop and kill. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { inject, vi } from 'vitest';
import type { IncomingEvent, Page } from '../src/domain/index.ts';
import { openPlatform, type PlatformOptions } from '../src/platform/index.ts';
import type { EventsAnswer } from '../src/server/index.ts';
import { createDemoWorld, type DemoWorld } from '../src/simulation/index.ts';

const SERVE = fileURLToPath(new URL('./serve.ts', import.meta.url));
const LAUNCHER = fileURLToPath(new URL('../bin/shelfwise', import.meta.url));

/** Rows of one envelope at most. */
export const ENVELOPE = 1000;

export function temporaryDir(name: string): string {
  return mkdtempSync(join(inject('runDir'), `${name}-`));
}

export function* envelopes<Row>(rows: Iterable<Row>, size = ENVELOPE): Generator<Row[]> {
  let envelope: Row[] = [];
  for (const row of rows) {
    envelope.push(row);
    if (envelope.length < size) continue;
    yield envelope;
    envelope = [];
  }
  if (envelope.length > 0) yield envelope;
}

// ---- the small world

export interface SmallWorld {
  readonly world: DemoWorld;
  /** A copy of its own for each call: nobody else opens it. */
  readonly dataDir: string;
}

/** 1,500 items, 150 listeners, 20 days: imported and fitted once a run, by the first test that asks; others wait for it. */
export async function smallWorld(name: string): Promise<SmallWorld> {
  const template = join(inject('runDir'), 'world');
  const noteFile = join(inject('runDir'), 'world.json');
  const worldUntil = (endMs: number): DemoWorld =>
    createDemoWorld({ seed: 5, items: 1500, listeners: 150, days: 20, endMs });
  if (mkdirSync(template, { recursive: true }) !== undefined) {
    const endMs = Date.now();
    const world = worldUntil(endMs);
    const platform = await openPlatform({ dataDir: template, learnEveryMs: 0 });
    for (const items of envelopes(world.items())) await platform.upsertItems(items);
    for (const listeners of envelopes(world.listeners())) await platform.putListeners(listeners);
    for (const events of envelopes(world.history())) await platform.ingest(events);
    await platform.fit({});
    await platform.close();
    writeFileSync(`${noteFile}.part`, JSON.stringify({ endMs }));
    renameSync(`${noteFile}.part`, noteFile);
  }
  await vi.waitUntil(() => existsSync(noteFile), { timeout: 120_000, interval: 100 });
  const { endMs } = JSON.parse(readFileSync(noteFile, 'utf8')) as { endMs: number };
  const dataDir = temporaryDir(name);
  cpSync(template, dataDir, { recursive: true });
  return { world: worldUntil(endMs), dataDir };
}

// ---- server processes

export interface Answer<T> {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  readonly json: T;
}

export interface ServerProcess {
  readonly pid: number;
  readonly address: string;
  readonly key: string;
  /** Rejects only when the connection breaks; problems are answers. `body` is sent as JSON, a string or bytes as they are. */
  call<T = unknown>(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer<T>>;
  /** The answer's JSON; throws when its status is not 200. */
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown): Promise<T>;
  home(listenerId: string, query?: string): Promise<Page>;
  send(events: readonly unknown[]): Promise<EventsAnswer>;
  /** What it wrote to standard error. */
  readonly logged: () => string;
  /** Resolves with the exit code once it has ended by itself, or by SIGTERM. */
  stop(): Promise<number | null>;
  /** kill -9 */
  kill(): Promise<void>;
}

export type ServerOptions = Partial<Omit<PlatformOptions, 'dataDir' | 'clock' | 'logger'>>;

interface Listening {
  readonly address: string;
  readonly key: string;
  readonly pid: number;
}

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a platform with its server; `through` is a command that runs it, such as strace. Resolves when it listens. */
export async function startServer(
  dataDir: string,
  options: ServerOptions = {},
  through: readonly string[] = [],
): Promise<ServerProcess> {
  const [command, ...args] = [...through, process.execPath, SERVE, JSON.stringify({ ...options, dataDir })];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let said = '';
  let complained = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complained += chunk.toString();
  });
  const closed = once(child, 'close').then(() => running.delete(child));
  const { address, key, pid } = await new Promise<Listening>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`the server ended with ${code}: ${complained}`)));
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('\n')) resolve(JSON.parse(said) as Listening);
    });
  });

  /** A connection that breaks because the process ended says how it ended. */
  const request = async (url: string, init: RequestInit): Promise<Response> => {
    try {
      return await fetch(url, init);
    } catch (error) {
      await new Promise((resolve) => setTimeout(resolve, 50));
      if (!running.has(child) && child.signalCode !== 'SIGKILL')
        throw new Error(`the server ended with ${child.exitCode ?? child.signalCode}: ${complained.slice(-4000)}`);
      throw error;
    }
  };
  const call = async <T>(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Answer<T>> => {
    const raw = typeof body === 'string' || body instanceof Uint8Array;
    const response = await request(address + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: raw ? (body as string) : JSON.stringify(body) }),
    });
    const text = await response.text();
    const type = response.headers.get('content-type') ?? '';
    const json = (/[/+]json(;|$)/.test(type) && text !== '' ? JSON.parse(text) : undefined) as T;
    return { status: response.status, type, text, json };
  };
  const good = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const answer = await call<T>(method, path, body);
    if (answer.status !== 200) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    return answer.json;
  };
  const end = async (signal: 'SIGTERM' | 'SIGKILL'): Promise<number | null> => {
    // Not `child`, which may be the command that it runs through.
    if (running.has(child)) process.kill(pid, signal);
    await closed;
    return child.exitCode;
  };
  return {
    pid,
    address,
    key,
    call,
    get: (path) => good('GET', path),
    post: (path, body) => good('POST', path, body),
    home: (listenerId, query = '') => good('GET', `/v1/listeners/${encodeURIComponent(listenerId)}/home?${query}`),
    send: (events) => good('POST', '/v1/events', { events }),
    logged: () => complained,
    stop: () => end('SIGTERM'),
    async kill() {
      await end('SIGKILL');
    },
  };
}

/** `bin/shelfwise` with these arguments. */
export async function shelfwise(
  ...args: readonly string[]
): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }> {
  const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => {
    out += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  running.delete(child);
  return { code, out, err };
}

// ---- events

/** A counted play, now unless `at` says otherwise. */
export function playOf(
  eventId: string,
  listenerId: string,
  itemId: string,
  more: Partial<IncomingEvent> = {},
): IncomingEvent {
  return {
    eventId,
    listenerId,
    type: 'play',
    occurredAt: new Date().toISOString(),
    itemId,
    playedMs: 170_000,
    durationMs: 180_000,
    device: 'phone',
    ...more,
  };
}

/** All cards of a page, row by row. */
export function cardIds(page: Page): string[] {
  return page.shelves.flatMap((shelf) => shelf.cards.map(({ id }) => id));
}
