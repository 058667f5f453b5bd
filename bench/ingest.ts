/** Events a second, acknowledged only after the sync: one an envelope from 64 connections, and envelopes of 500. */
import { closeSync, fdatasyncSync, openSync, writeSync } from 'node:fs';
import { freshDir, startServer, threadCpuUs } from './harness.ts';
import { httpRequest, type LoadResult, round, runLoad } from './load.ts';
import type { BenchSettings } from './settings.ts';

const LISTENERS = 20_000;
const ITEMS = 5_000;

export async function benchIngest({ seconds }: BenchSettings): Promise<Record<string, unknown>> {
  const fast = await measure(seconds, 0);
  const slow = await measure(seconds, 2);
  return { ...fast, with2msInjected: slow, rawAppends: rawAppends() };
}

async function measure(seconds: number, injectSyncDelayMs: number): Promise<Record<string, unknown>> {
  const server = await startServer({ dataDir: freshDir(`ingest-${injectSyncDelayMs}`), injectSyncDelayMs });
  try {
    const { port, key } = server;
    const run = Date.now().toString(36);
    for (let at = 0; at < LISTENERS; at += 1000) {
      const listeners = Array.from({ length: 1000 }, (_, i) => ({ id: `l${at + i}`, profile: {} }));
      await fetch(`http://127.0.0.1:${port}/v1/listeners`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ listeners }),
      });
    }
    await runLoad({ port, connections: 64, seconds: 2, request: (n) => envelope(key, `w${run}`, n, 1) });
    const single = await withCpu(server, 1, () =>
      runLoad({ port, connections: 64, seconds, request: (n) => envelope(key, `s${run}`, n, 1) }),
    );
    const ready = Array.from({ length: 400 }, (_, n) => envelope(key, `b${run}`, n, 500));
    const floorReady = Array.from({ length: 100 }, (_, n) => envelope(key, `b${run}`, n, 500, '/floor'));
    // Each envelope has events of its own: they are made between two rounds, so that making them is not measured.
    const batched = await withCpu(server, 500, () =>
      runLoad({ port, connections: 4, seconds, request: (n) => renamed(ready[n % ready.length], n) }),
    );
    const floor = {
      single: await withCpu(server, 1, () =>
        runLoad({
          port: server.echoPort,
          connections: 64,
          seconds: Math.max(2, seconds / 2),
          request: (n) => envelope(key, `s${run}`, n, 1, '/floor'),
        }),
      ),
      batchedBy500: await withCpu(server, 500, () =>
        runLoad({
          port: server.echoPort,
          connections: 4,
          seconds: Math.max(2, seconds / 2),
          request: (n) => renamed(floorReady[n % floorReady.length], n),
        }),
      ),
    };
    const echoRequest = httpRequest('GET', '/echo', key);
    const echo = await withCpu(server, 1, () =>
      runLoad({
        port: server.echoPort,
        connections: 64,
        seconds: Math.max(2, seconds / 2),
        request: () => echoRequest,
      }),
    );
    const metrics = await server.metrics();
    const sync = Number(/^shelfwise_log_events_sync_seconds (\S+)/m.exec(metrics)?.[1] ?? Number.NaN);
    return { injectSyncDelayMs, fsyncP50Us: round(sync * 1e6), single, batchedBy500: batched, floor, echo };
  } finally {
    await server.stop();
  }
}

async function withCpu(
  server: Awaited<ReturnType<typeof startServer>>,
  eventsPerRequest: number,
  run: () => Promise<LoadResult>,
): Promise<Record<string, unknown>> {
  await server.settle();
  const before = await server.usage();
  const result = await run();
  const after = await server.usage();
  return {
    eventsPerSecond: round(result.perSecond * eventsPerRequest),
    serverCpuUsPerEvent: round((after.cpuUs - before.cpuUs) / result.requests / eventsPerRequest),
    threadCpuUsPerEvent: threadCpuUs(before, after, result.requests * eventsPerRequest),
    ...result,
  };
}

const OCCURRED = new Date().toISOString();

function envelope(key: string, run: string, n: number, size: number, path = '/v1/events'): Buffer {
  const events = Array.from({ length: size }, (_, i) => {
    const id = n * size + i;
    return {
      eventId: `${run}-00000000-${id}`,
      type: 'play',
      listenerId: `l${(id * 7919) % LISTENERS}`,
      occurredAt: OCCURRED,
      sessionId: `s${id % 1000}`,
      device: 'phone',
      itemId: `track:${(id * 104729) % ITEMS}`,
      playedMs: 180_000,
      durationMs: 200_000,
    };
  });
  return httpRequest('POST', path, key, JSON.stringify({ events }));
}

/** The same envelope with other event ids: eight digits in each id are overwritten in place. */
function renamed(request: Buffer, n: number): Buffer {
  const copy = Buffer.from(request);
  const digits = String(n).padStart(8, '0');
  const marker = '"eventId":"';
  for (let at = copy.indexOf(marker); at >= 0; at = copy.indexOf(marker, at + 1)) {
    copy.write(digits, copy.indexOf('-', at) + 1, 'latin1');
  }
  return copy;
}

/** The floor under it all: 150-byte entries written and synced by the hundred, no server. */
function rawAppends(): Record<string, unknown> {
  const file = `${freshDir('raw-appends')}.bin`;
  const fd = openSync(file, 'w');
  const block = Buffer.alloc(150 * 64, 1);
  const latencies: number[] = [];
  const startMs = performance.now();
  let entries = 0;
  while (performance.now() - startMs < 2000) {
    writeSync(fd, block);
    const syncMs = performance.now();
    fdatasyncSync(fd);
    latencies.push(performance.now() - syncMs);
    entries += 64;
  }
  const seconds = (performance.now() - startMs) / 1000;
  closeSync(fd);
  latencies.sort((a, b) => a - b);
  return {
    entriesPerSecond: Math.round(entries / seconds),
    entriesPerSync: 64,
    fsyncP50Us: round((latencies[latencies.length >> 1] ?? 0) * 1000),
  };
}
