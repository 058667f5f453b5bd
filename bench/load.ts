/**
 * A load generator small enough not to be what is measured: raw keep-alive connections, one request at a time on each, the
 * answer's length from its header. It shares the machine with the server: figures are quoted with the server's own CPU time.
 * Its process has a small young generation and no helpers to collect it (`GENERATOR_FLAGS`): with V8's own, it sent nothing for 10 to
 * 20 ms once a second, then all that was due, and the latencies of that queue were told as the server's.
 */
import { connect, type Socket } from 'node:net';

/** How Node runs the process that generates load. */
export const GENERATOR_FLAGS: readonly string[] = ['--max-semi-space-size=1', '--single-threaded-gc'];

export interface LoadResult {
  readonly requests: number;
  readonly failures: number;
  readonly seconds: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly bytesPerAnswer: number;
}

export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly seconds: number;
  /** The n-th request, as it goes over the wire. */
  readonly request: (n: number) => Buffer;
  /** Requests a second, sent when they are due whether or not earlier ones were answered (latency counts from then); as fast as answers come when absent. */
  readonly rate?: number;
  /** Ends after so many requests, or after `seconds`, whichever comes first. */
  readonly requests?: number;
}

export function httpRequest(method: string, path: string, key: string, body = ''): Buffer {
  const head =
    `${method} ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\n` +
    (body === '' ? '\r\n' : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`);
  return Buffer.from(head + body);
}

export async function runLoad(load: Load): Promise<LoadResult> {
  const latencies: number[] = [];
  let sent = 0;
  let failures = 0;
  let bytes = 0;
  const startMs = performance.now();
  const endMs = startMs + load.seconds * 1000;
  /** When the next request is due, in open-loop runs. */
  const dueMs = (n: number): number => (load.rate === undefined ? 0 : startMs + (1000 * n) / load.rate);

  const worker = async (): Promise<void> => {
    const client = await openClient(load.port);
    try {
      for (;;) {
        const n = sent++;
        const due = dueMs(n);
        const now = performance.now();
        if (Math.max(now, due) >= endMs || n >= (load.requests ?? Number.POSITIVE_INFINITY)) return;
        if (due > now) await pause(due - now);
        const from = load.rate === undefined ? performance.now() : due;
        const answer = await client.send(load.request(n));
        latencies.push(performance.now() - from);
        bytes += answer.bytes;
        if (answer.status !== 200) failures++;
      }
    } finally {
      client.close();
    }
  };
  await Promise.all(Array.from({ length: load.connections }, worker));
  const seconds = (performance.now() - startMs) / 1000;
  latencies.sort((a, b) => a - b);
  const quantile = (q: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(q * latencies.length))] ?? 0;
  return {
    requests: latencies.length,
    failures,
    seconds: round(seconds),
    perSecond: round(latencies.length / seconds),
    p50Ms: round(quantile(0.5)),
    p99Ms: round(quantile(0.99)),
    maxMs: round(quantile(1)),
    bytesPerAnswer: Math.round(bytes / Math.max(1, latencies.length)),
  };
}

export interface Answer {
  readonly status: number;
  readonly bytes: number;
  /** Of the body. */
  text(): string;
}

interface Client {
  send(request: Buffer): Promise<Answer>;
  close(): void;
}

export function openClient(port: number): Promise<Client> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let held: Buffer[] = [];
    let heldBytes = 0;
    let wanted = -1;
    let bodyStart = 0;
    let status = 0;
    let settle: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;
    const fail = (error: Error): void => {
      settle?.reject(error);
      settle = undefined;
      reject(error);
    };
    socket.on('error', fail);
    socket.on('close', () => fail(new Error('the connection was closed')));
    socket.on('data', (chunk) => {
      held.push(chunk);
      heldBytes += chunk.length;
      if (wanted < 0) {
        const head = held.length === 1 ? chunk : Buffer.concat(held);
        held = [head];
        const end = head.indexOf('\r\n\r\n');
        if (end < 0) return;
        const text = head.toString('latin1', 0, end);
        status = Number(text.slice(9, 12));
        const length = /content-length: (\d+)/i.exec(text);
        bodyStart = end + 4;
        wanted = bodyStart + (length === null ? 0 : Number(length[1]));
      }
      if (heldBytes < wanted) return;
      const chunks = held;
      const from = bodyStart;
      const answer: Answer = { status, bytes: wanted, text: () => Buffer.concat(chunks).toString('utf8', from) };
      held = [];
      heldBytes = 0;
      wanted = -1;
      const done = settle;
      settle = undefined;
      done?.resolve(answer);
    });
    socket.on('connect', () =>
      resolve({
        send: (request) =>
          new Promise((done, failed) => {
            settle = { resolve: done, reject: failed };
            socket.write(request);
          }),
        close: () => {
          socket.removeAllListeners('close');
          socket.destroy();
        },
      }),
    );
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

export function round(x: number): number {
  return Math.round(x * 1000) / 1000;
}
