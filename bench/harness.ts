/** Starts the server under measurement in a process of its own and asks it for its CPU time. */
import { type ChildProcess, fork } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openPlatform } from '../src/platform/index.ts';
import { createDemoWorld } from '../src/simulation/index.ts';
import { round } from './load.ts';
import type { ServerSettings } from './server.ts';

export interface MeasuredServer {
  readonly port: number;
  /** Answers stored bytes at /echo. */
  readonly echoPort: number;
  readonly key: string;
  /** CPU microseconds (user + system) since its start, resident bytes, and what held up its event loop since it was last asked. */
  usage(): Promise<Usage>;
  setEcho(bytes: number): Promise<void>;
  metrics(): Promise<string>;
  /**
   * Resolves when insights have counted what is in the logs, and the day's data was examined for the first time, which is done a minute
   * after the start: what is measured next does not pay for what was before. Throws where the examination failed.
   */
  settle(): Promise<void>;
  stop(): Promise<void>;
}

export interface Usage {
  readonly cpuUs: number;
  /** The same by name of thread. */
  readonly threadCpuUs: Readonly<Record<string, number>>;
  readonly rssBytes: number;
  /** Delays of a timer of 1 ms beyond its time. */
  readonly loopDelayP99Ms: number;
  readonly loopDelayMaxMs: number;
  readonly longestGcMs: number;
}

/** What each thread took between two moments, of those that took something. @param count of requests, or of what else it is told by */
export function threadCpuUs(before: Usage, after: Usage, count: number): Record<string, number> {
  const of = Object.entries(after.threadCpuUs).map(
    ([name, us]) => [name, round((us - (before.threadCpuUs[name] ?? 0)) / count)] as const,
  );
  return Object.fromEntries(of.filter(([, us]) => us > 0));
}

const SETTLING_MS = 300_000;
/** What is said of an examination that is through. */
const EXAMINED = /^\d+ data sets/;
const COMPILE_CACHE = fileURLToPath(new URL('../node_modules/.cache/shelfwise', import.meta.url));

export async function startServer(
  settings: Partial<ServerSettings> & { readonly dataDir: string },
): Promise<MeasuredServer> {
  const full: ServerSettings = { injectSyncDelayMs: 0, echoBytes: 100, ...settings };
  const child = fork(fileURLToPath(new URL('./server.ts', import.meta.url)), [JSON.stringify(full)], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    // As `bin/shelfwise up` runs, not as the load generator does.
    execArgv: [],
    env: { ...process.env, NODE_COMPILE_CACHE: COMPILE_CACHE },
  });
  const ready = await message<{ port: number; echoPort: number; key: string }>(child, 'ready');
  const ask = async (question: string): Promise<unknown> => {
    const headers = { authorization: `Bearer ${ready.key}` };
    const answer = await fetch(`http://127.0.0.1:${ready.port}${question}`, { headers });
    if (!answer.ok) throw new Error(`${question} was answered with ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  const settle = async (): Promise<void> => {
    const giveUpMs = performance.now() + SETTLING_MS;
    while (performance.now() < giveUpMs) {
      const { catchingUp } = (await ask('/v1/insights/shelves?days=1')) as { catchingUp: boolean };
      const { background } = (await ask('/v1/status')) as { background: Readonly<Record<string, string>> };
      const { data = '' } = background;
      if (data.startsWith('failed')) throw new Error(`the day's data was not examined: ${data}`);
      if (!catchingUp && EXAMINED.test(data)) return;
      await pause(100);
    }
    throw new Error(`insights are still behind, or the day's data is still examined, after ${SETTLING_MS / 1000} s`);
  };
  // Threads behind serving begin at the first question, or after some seconds: their start is not what is measured.
  await ask('/v1/data/sets?limit=1');
  await ask('/v1/insights/shelves?days=1');
  return {
    port: ready.port,
    echoPort: ready.echoPort,
    key: ready.key,
    async usage() {
      child.send({ type: 'cpu' });
      const { usage, ...rest } = await message<{ usage: NodeJS.CpuUsage } & Omit<Usage, 'cpuUs'>>(child, 'cpu');
      return { cpuUs: usage.user + usage.system, ...rest };
    },
    async setEcho(bytes) {
      child.send({ type: 'echo', bytes });
      await message(child, 'echo');
    },
    async metrics() {
      child.send({ type: 'metrics' });
      return (await message<{ text: string }>(child, 'metrics')).text;
    },
    settle,
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.send({ type: 'stop' });
      }),
  };
}

function message<T>(child: ChildProcess, type: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`the server ended with ${code}`));
    const onMessage = (received: { type: string }): void => {
      if (received.type !== type) return;
      child.off('message', onMessage);
      child.off('exit', onExit);
      resolve(received as T);
    };
    child.on('message', onMessage);
    child.on('exit', onExit);
  });
}

const ROOT = fileURLToPath(new URL('./.data/', import.meta.url));

export function freshDir(name: string): string {
  const dir = `${ROOT}${name}`;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(ROOT, { recursive: true });
  return dir;
}

const END_MS = Date.UTC(2026, 10, 1);

/** A data directory with a demo world of this size: a copy, so that no run begins with what those before it have left. */
export async function preparedDir(items: number, listeners: number): Promise<string> {
  const world = await preparedWorld(items, listeners);
  const dir = freshDir('home');
  cpSync(world, dir, { recursive: true });
  return dir;
}

/** Imported and fitted once, kept between runs. */
export async function preparedWorld(items: number, listeners: number): Promise<string> {
  const dir = `${ROOT}world-${items}-${listeners}`;
  const marker = `${dir}.ready`;
  if (existsSync(marker)) return dir;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(ROOT, { recursive: true });
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  say(`preparing ${items} items, ${listeners} listeners (once)`);
  const world = createDemoWorld({ seed: 1, items, listeners, days: 30, endMs: END_MS });
  const platform = await openPlatform({ dataDir: dir, learnEveryMs: 0 });
  await inEnvelopes(world.items(), (rows) => platform.upsertItems(rows));
  await inEnvelopes(world.listeners(), (rows) => platform.putListeners(rows));
  const events = await inEnvelopes(world.history(), (rows) => platform.ingest(rows));
  say(`${events} events in; fitting`);
  await platform.fit({});
  // What threads behind serving make of a history they make of it once, and not while something is measured.
  say('fitted; counting');
  await platform.insights.shelves(1);
  await platform.examineData({});
  await platform.close();
  writeFileSync(marker, '');
  return dir;
}

async function inEnvelopes<T>(rows: Iterable<T>, send: (rows: readonly T[]) => Promise<unknown>): Promise<number> {
  let count = 0;
  let envelope: T[] = [];
  for (const row of rows) {
    envelope.push(row);
    if (envelope.length < 1000) continue;
    await send(envelope);
    count += envelope.length;
    envelope = [];
  }
  if (envelope.length > 0) await send(envelope);
  return count + envelope.length;
}

/** Steps through all listeners in a scattered order: 7919 is prime to the numbers of listeners that benches use. */
export function listenerId(n: number, listeners: number): string {
  const width = listeners >= 10_000 ? 5 : 4;
  return `listener-${String(((n * 7919) % listeners) + 1).padStart(width, '0')}`;
}
