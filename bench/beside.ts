/**
 * Homes a second beside another checkout of this repository: both servers stand, and short bursts of the same load go to one and then to
 * the other, in turns. A machine whose speed changes by a half from minute to minute tells nothing by one run of each.
 */
import { pathToFileURL } from 'node:url';
import { listenerId, type MeasuredServer, preparedDir, startServer } from './harness.ts';
import { httpRequest, round, runLoad } from './load.ts';
import type { BenchSettings } from './settings.ts';

interface Side {
  readonly server: MeasuredServer;
  readonly perSecond: number[];
  readonly cpuUs: number[];
}

const CONNECTIONS = 8;
/** Listeners that are asked for, of those that there are: each once before anything is measured. */
const ASKED = 4000;
/** Bursts that are thrown away. */
const WARM_UPS = 2;

export async function benchBeside({
  items,
  listeners,
  seconds,
  candidatesPerShelf,
  withoutShelves,
  other,
  rounds,
}: BenchSettings): Promise<Record<string, unknown>> {
  if (other === undefined)
    throw new Error('beside: --other takes the path of another checkout, with its dependencies installed');
  // Servers run as they run by themselves, not as the process does that generates load.
  process.execArgv = [];
  const theirs = (await import(pathToFileURL(`${other}/bench/harness.ts`).href)) as {
    preparedDir(items: number, listeners: number): Promise<string>;
    startServer(settings: { readonly dataDir: string }): Promise<MeasuredServer>;
  };
  const ours = await startServer({ dataDir: await preparedDir(items, listeners), candidatesPerShelf, withoutShelves });
  try {
    const their = await theirs.startServer({ dataDir: await theirs.preparedDir(items, listeners) });
    try {
      return await compared(ours, their, { listeners, seconds, rounds });
    } finally {
      await their.stop();
    }
  } finally {
    await ours.stop();
  }
}

async function compared(
  ours: MeasuredServer,
  theirs: MeasuredServer,
  { listeners, seconds, rounds }: Pick<BenchSettings, 'listeners' | 'seconds' | 'rounds'>,
): Promise<Record<string, unknown>> {
  const sides: readonly Side[] = [ours, theirs].map((server) => ({ server, perSecond: [], cpuUs: [] }));
  const homeOf =
    ({ key }: MeasuredServer) =>
    (n: number): Buffer =>
      httpRequest(
        'GET',
        `/v1/listeners/${listenerId(n % Math.min(ASKED, listeners), listeners)}/home?device=desktop`,
        key,
      );
  const burst = async ({ server, perSecond, cpuUs }: Side): Promise<void> => {
    const before = await server.usage();
    const load = await runLoad({ port: server.port, connections: CONNECTIONS, seconds, request: homeOf(server) });
    const after = await server.usage();
    if (load.failures > 0) throw new Error(`${load.failures} of ${load.requests} requests failed`);
    perSecond.push(load.perSecond);
    cpuUs.push((after.cpuUs - before.cpuUs) / load.requests);
    await settled(server);
  };

  for (const { server } of sides) {
    await runLoad({
      port: server.port,
      connections: CONNECTIONS,
      seconds: 600,
      request: homeOf(server),
      requests: Math.min(ASKED, listeners),
    });
    await settled(server);
  }
  for (let k = 0; k < WARM_UPS; k++) for (const side of sides) await burst(side);
  for (const side of sides) {
    side.perSecond.length = 0;
    side.cpuUs.length = 0;
  }
  for (let k = 0; k < rounds; k++) {
    for (const side of k % 2 === 0 ? sides : [...sides].reverse()) await burst(side);
    const [a, b] = sides.map(({ perSecond }) => Math.round(perSecond[k]));
    process.stderr.write(`round ${k + 1} of ${rounds}: ${a} and ${b} pages/s, ${round(a / b)}\n`);
  }

  const logs = sides[0].perSecond.map((rate, k) => Math.log(rate / sides[1].perSecond[k]));
  const mean = meanOf(logs);
  const error = Math.sqrt(logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (logs.length - 1) / logs.length);
  const [own, other] = await Promise.all(sides.map(summaryOf));
  return {
    own,
    other,
    /** Geometric mean of the rounds' ratios, and its interval of 95% by the normal approximation of its logarithm. */
    ratio: round(Math.exp(mean)),
    ratioLow: round(Math.exp(mean - 1.96 * error)),
    ratioHigh: round(Math.exp(mean + 1.96 * error)),
    ratioOfTotals: round(meanOf(sides[0].perSecond) / meanOf(sides[1].perSecond)),
  };
}

/** Earlier versions have nothing behind serving that would have to settle. */
async function settled(server: Partial<Pick<MeasuredServer, 'settle'>>): Promise<void> {
  await server.settle?.();
}

async function summaryOf({ server, perSecond, cpuUs }: Side): Promise<Record<string, number>> {
  const metrics = await server.metrics();
  const read = (name: string): number => Number(new RegExp(`^${name} (\\S+)`, 'm').exec(metrics)?.[1] ?? Number.NaN);
  const decided = read('shelfwise_homes_decided');
  return {
    pagesPerSecond: round(meanOf(perSecond)),
    serverCpuUsPerPage: round(meanOf(cpuUs)),
    candidatesPerPage: round(read('shelfwise_home_candidates') / decided),
    shelvesPerPage: round(read('shelfwise_home_shelves') / decided),
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}
