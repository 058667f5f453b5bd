/** What the client's tests talk to: a small real HTTP server, and a clock that stands until it is told. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { ClientClock } from './system.ts';

export interface Asked {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly json?: unknown;
  readonly headers?: Record<string, string>;
}

export interface SmallServer {
  readonly address: string;
  readonly asked: Asked[];
  close(): Promise<void>;
}

/** `answer` says what each request gets; null cuts the connection. */
export async function startSmallServer(answer: (asked: Asked) => Answer | null): Promise<SmallServer> {
  const asked: Asked[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const heard = { method, url, headers, body: Buffer.concat(chunks).toString() };
      asked.push(heard);
      const given = answer(heard);
      if (given === null) {
        response.socket?.destroy();
        return;
      }
      response.writeHead(given.status, { 'content-type': 'application/json', ...given.headers });
      response.end(given.json === undefined ? '' : JSON.stringify(given.json));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

export interface StandingClock extends ClientClock {
  /** Moves on, and runs what is due on the way, in order. */
  advance(ms: number): void;
  /** How long until what is due next; undefined where nothing is. */
  nextInMs(): number | undefined;
}

export function standingClock(startMs: number): StandingClock {
  let nowMs = startMs;
  const due = new Set<{ readonly atMs: number; readonly run: () => void }>();
  const next = () => [...due].sort((a, b) => a.atMs - b.atMs)[0];
  return {
    nowMs: () => nowMs,
    after(ms, run) {
      const timer = { atMs: nowMs + ms, run };
      due.add(timer);
      return () => void due.delete(timer);
    },
    nextInMs() {
      const first = next();
      return first === undefined ? undefined : first.atMs - nowMs;
    },
    advance(ms) {
      const endMs = nowMs + ms;
      for (let first = next(); first !== undefined && first.atMs <= endMs; first = next()) {
        due.delete(first);
        nowMs = first.atMs;
        first.run();
      }
      nowMs = endMs;
    },
  };
}

/** A storage as browsers have it, with room for so many entries. */
export function smallStorage(room = Number.POSITIVE_INFINITY): Storage {
  const entries = new Map<string, string>();
  return {
    get length() {
      return entries.size;
    },
    key: (index) => [...entries.keys()][index] ?? null,
    getItem: (name) => entries.get(name) ?? null,
    setItem(name, text) {
      if (!entries.has(name) && entries.size >= room) throw new Error('QuotaExceededError');
      entries.set(name, text);
    },
    removeItem: (name) => void entries.delete(name),
    clear: () => entries.clear(),
  };
}
