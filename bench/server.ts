/** The process under measurement: the platform with its real HTTP server, and an echo of stored bytes as the baseline. */
import { readdirSync, readFileSync } from 'node:fs';
import { monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { fastify } from 'fastify';
import { collectRarely, helpersGiveWay, systemClock } from '../src/base/index.ts';
import { openPlatform } from '../src/platform/index.ts';
import { createServer } from '../src/server/index.ts';
import { openEventLog } from '../src/store/index.ts';

export interface ServerSettings {
  readonly dataDir: string;
  readonly injectSyncDelayMs: number;
  /** Most candidates of one shelf; the product's own limit where undefined. */
  readonly candidatesPerShelf?: number | undefined;
  /** Shelves that are switched off. */
  readonly withoutShelves?: readonly string[];
  /** Bytes that /echo answers. */
  readonly echoBytes: number;
}

const settings = JSON.parse(process.argv[2]) as ServerSettings;
// As `shelfwise up` does.
collectRarely();
helpersGiveWay();
const platform = await openPlatform({
  dataDir: settings.dataDir,
  pageLifetimeMs: 0,
  injectSyncDelayMs: settings.injectSyncDelayMs,
  ...(settings.candidatesPerShelf === undefined ? {} : { home: { candidatesPerShelf: settings.candidatesPerShelf } }),
});
// Switches are kept over a restart: all others are on again.
const off = new Set((settings.withoutShelves ?? []).map((shelf) => `shelf:${shelf}`));
await platform.setSwitches(platform.listSwitches().map(({ target }) => ({ target, on: !off.has(target) })));
const app = await createServer({ platform, keys: (secret) => platform.verifyKey(secret), clock: systemClock });
await app.listen({ port: 0, host: '127.0.0.1' });

// The baseline: the same process and HTTP library, answering bytes that stand ready.
let echo = Buffer.alloc(settings.echoBytes, 'x');
const bare = fastify({ bodyLimit: 16 * 1024 * 1024 });
bare.get('/echo', (_request, reply) => reply.header('content-type', 'application/json').send(echo));
// What any durable endpoint for JSON costs at least: read, parse, append the bytes as they came, sync, answer a fate an event.
const floorLog = openEventLog({ dir: `${settings.dataDir}-floor`, injectSyncDelayMs: settings.injectSyncDelayMs });
bare.post('/floor', async (request) => {
  const { events } = request.body as { events: readonly { eventId: string }[] };
  for (const event of events) floorLog.append(Buffer.from(JSON.stringify(event)));
  await floorLog.sync();
  return { fates: events.map(({ eventId }) => ({ eventId, fate: 'accepted' })) };
});
await bare.listen({ port: 0, host: '127.0.0.1' });
process.send?.({ type: 'ready', port: portOf(app), echoPort: portOf(bare), key: platform.adminKey });

function portOf(instance: { server: { address(): unknown } }): number {
  return (instance.server.address() as { port: number }).port;
}

/** CPU microseconds by name of thread, those of the same name together; empty where the system does not tell. */
function threadCpuUs(): Record<string, number> {
  const of: Record<string, number> = {};
  if (process.platform !== 'linux') return of;
  for (const id of readdirSync('/proc/self/task')) {
    const stat = statOf(id);
    if (stat === '') continue;
    const nameEnd = stat.lastIndexOf(')');
    const name = stat.slice(stat.indexOf('(') + 1, nameEnd);
    // utime and stime, in the hundredths of a second of USER_HZ.
    const [user, system] = stat
      .slice(nameEnd + 2)
      .split(' ')
      .slice(11, 13);
    of[name] = (of[name] ?? 0) + 10_000 * (Number(user) + Number(system));
  }
  return of;
}

/** '' of a thread that has ended since. */
function statOf(id: string): string {
  try {
    return readFileSync(`/proc/self/task/${id}/stat`, 'utf8');
  } catch {
    return '';
  }
}

const loopDelay = monitorEventLoopDelay({ resolution: 1 });
loopDelay.enable();
let longestGcMs = 0;
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) longestGcMs = Math.max(longestGcMs, duration);
}).observe({ entryTypes: ['gc'] });

process.on('message', async (message: { type: string; bytes?: number }) => {
  if (message.type === 'cpu') {
    process.send?.({
      type: 'cpu',
      usage: process.cpuUsage(),
      threadCpuUs: threadCpuUs(),
      rssBytes: process.memoryUsage.rss(),
      loopDelayP99Ms: loopDelay.percentile(99) / 1e6,
      loopDelayMaxMs: loopDelay.max / 1e6,
      longestGcMs,
    });
    loopDelay.reset();
    longestGcMs = 0;
  }
  if (message.type === 'echo') {
    echo = Buffer.alloc(message.bytes ?? 0, 'x');
    process.send?.({ type: 'echo' });
  }
  if (message.type === 'metrics') process.send?.({ type: 'metrics', text: await platform.metrics() });
  if (message.type === 'stop') {
    await bare.close();
    await app.close();
    await floorLog.close();
    await platform.close();
    process.exit(0);
  }
});
