/** Homes a second, their latency at half that load, and the same server answering stored bytes of the same size. */
import { listenerId, preparedDir, startServer, threadCpuUs } from './harness.ts';
import { httpRequest, round, runLoad } from './load.ts';
import type { BenchSettings } from './settings.ts';

export async function benchHome({
  items,
  listeners,
  seconds,
  candidatesPerShelf,
  withoutShelves,
}: BenchSettings): Promise<Record<string, unknown>> {
  const dataDir = await preparedDir(items, listeners);
  const server = await startServer({ dataDir, candidatesPerShelf, withoutShelves });
  try {
    const { port, key } = server;
    const home = (n: number): Buffer =>
      httpRequest('GET', `/v1/listeners/${listenerId(n, listeners)}/home?device=desktop`, key);
    const connections = 8;
    // Every listener once: the first visit folds the listener in and searches; later ones find that kept.
    const firstVisits = await runLoad({ port, connections, seconds: 600, request: home, requests: listeners });

    await server.settle();
    const before = await server.usage();
    const full = await runLoad({ port, connections, seconds, request: home });
    const after = await server.usage();
    const cpuUs = (after.cpuUs - before.cpuUs) / full.requests;

    await server.setEcho(full.bytesPerAnswer);
    const echoRequest = httpRequest('GET', '/echo', key);
    const echoBefore = await server.usage();
    const echo = await runLoad({
      port: server.echoPort,
      connections,
      seconds: Math.max(3, seconds / 2),
      request: () => echoRequest,
    });
    const echoAfter = await server.usage();
    const echoCpuUs = (echoAfter.cpuUs - echoBefore.cpuUs) / echo.requests;

    await server.settle();
    await server.usage();
    const half = await runLoad({ port, connections: 64, seconds, request: home, rate: full.perSecond / 2 });
    const { loopDelayP99Ms, loopDelayMaxMs, longestGcMs } = await server.usage();
    const metrics = await server.metrics();
    return {
      firstVisits,
      pagesPerSecond: full.perSecond,
      pagesPerCpuSecond: round(1e6 / cpuUs),
      serverCpuUsPerPage: round(cpuUs),
      threadCpuUsPerPage: threadCpuUs(before, after, full.requests),
      full,
      halfLoad: {
        ...half,
        loopDelayP99Ms: round(loopDelayP99Ms),
        loopDelayMaxMs: round(loopDelayMaxMs),
        longestGcMs: round(longestGcMs),
      },
      echo: { ...echo, serverCpuUsPerRequest: round(echoCpuUs) },
      ratioToEcho: round(full.perSecond / echo.perSecond),
      cpuRatioToEcho: round(cpuUs / echoCpuUs),
      rssMiB: Math.round(after.rssBytes / 1024 / 1024),
      candidatesPerPage: ratio(metrics, 'shelfwise_home_candidates'),
      shelvesPerPage: ratio(metrics, 'shelfwise_home_shelves'),
      recordBytesPerPage: Math.round(ratio(metrics, 'shelfwise_home_record_bytes')),
    };
  } finally {
    await server.stop();
  }
}

/** Mean of a total that is counted beside the decisions. */
function ratio(metrics: string, name: string): number {
  const read = (metric: string): number =>
    Number(new RegExp(`^${metric} (\\S+)`, 'm').exec(metrics)?.[1] ?? Number.NaN);
  return round(read(name) / read('shelfwise_homes_decided'));
}
