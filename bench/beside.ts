/**
 * Homes a second beside another checkout of this repository: both servers stand, and short bursts of the same load go to one and then to
 * the other, in turns. A machine whose speed changes by a half from minute to minute tells nothing by one run of each. Nor does one start
 * of each: the order in which a process was compiled and where its memory lies stay with it, and both are started anew some times.
 */
import { pathToFileURL } from 'node:url';
import { studentTQuantile } from '../src/base/index.ts';
import { listenerId, type MeasuredServer, preparedDir, startServer } from './harness.ts';
import { httpRequest, round, runLoad } from './load.ts';
import type { BenchSettings } from './settings.ts';

interface Side {
  readonly server: MeasuredServer;
  readonly perSecond: number[];
  readonly cpuUs: number[];
}

/** Of one start of both servers. */
interface Start {
  readonly own: SideFigures;
  readonly other: SideFigures;
  /** Of each round, the natural logarithm of our pages a second over theirs. */
  readonly logs: readonly number[];
}

interface SideFigures {
  readonly pagesPerSecond: number;
  readonly serverCpuUsPerPage: number;
  readonly candidatesPerPage: number;
  readonly shelvesPerPage: number;
}

interface Bench {
  preparedDir(items: number, listeners: number): Promise<string>;
  startServer(settings: Parameters<typeof startServer>[0]): Promise<MeasuredServer>;
}

const CONNECTIONS = 8;
/** Listeners that are asked for, of those that there are: each once before anything is measured. */
const ASKED = 4000;
/** Bursts that are thrown away. */
const WARM_UPS = 2;

export async function benchBeside(settings: BenchSettings): Promise<Record<string, unknown>> {
  const { items, listeners, seconds, candidatesPerShelf, withoutShelves, other, rounds } = settings;
  if (other === undefined)
    throw new Error('beside: --other takes the path of another checkout, with its dependencies installed');
  if (!(settings.starts >= 2 || (settings.starts === 1 && rounds >= 2)))
    throw new Error('beside: an interval needs two --starts, or two --rounds of one');
  // Servers run as they run by themselves, not as the process does that generates load.
  process.execArgv = [];
  const theirs = (await import(pathToFileURL(`${other}/bench/harness.ts`).href)) as Bench;
  const open = {
    own: async () => startServer({ dataDir: await preparedDir(items, listeners), candidatesPerShelf, withoutShelves }),
    other: async () => theirs.startServer({ dataDir: await theirs.preparedDir(items, listeners) }),
  };

  const starts: Start[] = [];
  for (let k = 0; k < settings.starts; k++) {
    const isOursFirst = k % 2 === 0;
    const first = await (isOursFirst ? open.own : open.other)();
    try {
      const second = await (isOursFirst ? open.other : open.own)();
      try {
        const [own, their] = isOursFirst ? [first, second] : [second, first];
        starts.push(await oneStart(own, their, { listeners, seconds, rounds }));
      } finally {
        await second.stop();
      }
    } finally {
      await first.stop();
    }
    const of = starts[k];
    process.stderr.write(
      `start ${k + 1} of ${settings.starts}: ${of.own.pagesPerSecond} and ${of.other.pagesPerSecond} pages/s, ${round(Math.exp(meanOf(of.logs)))}\n`,
    );
  }

  const ofStarts = starts.map(({ logs }) => meanOf(logs));
  return {
    own: meanFigures(starts.map(({ own }) => own)),
    other: meanFigures(starts.map((start) => start.other)),
    ratioOfStarts: ofStarts.map((log) => round(Math.exp(log))),
    ...ratioOf(ofStarts.length > 1 ? ofStarts : starts[0].logs),
    ratioOfTotals: round(
      meanOf(starts.map(({ own }) => own.pagesPerSecond)) / meanOf(starts.map((start) => start.other.pagesPerSecond)),
    ),
  };
}

/** The geometric mean of ratios, and its interval of 95% by Student's t of their logarithms: over starts; over rounds where there is one start. */
function ratioOf(logs: readonly number[]): Record<'ratio' | 'ratioLow' | 'ratioHigh', number> {
  const mean = meanOf(logs);
  const variance = logs.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (logs.length - 1);
  const reach = studentTQuantile(0.975, logs.length - 1) * Math.sqrt(variance / logs.length);
  return {
    ratio: round(Math.exp(mean)),
    ratioLow: round(Math.exp(mean - reach)),
    ratioHigh: round(Math.exp(mean + reach)),
  };
}

async function oneStart(
  ours: MeasuredServer,
  theirs: MeasuredServer,
  { listeners, seconds, rounds }: Pick<BenchSettings, 'listeners' | 'seconds' | 'rounds'>,
): Promise<Start> {
  const [own, other] = [ours, theirs].map((server): Side => ({ server, perSecond: [], cpuUs: [] }));
  const sides = [own, other];
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
    for (const side of k % 2 === 0 ? sides : [other, own]) await burst(side);
    const [a, b] = sides.map(({ perSecond }) => Math.round(perSecond[k]));
    process.stderr.write(`  round ${k + 1} of ${rounds}: ${a} and ${b} pages/s, ${round(a / b)}\n`);
  }
  return {
    own: await figuresOf(own),
    other: await figuresOf(other),
    logs: own.perSecond.map((rate, k) => Math.log(rate / other.perSecond[k])),
  };
}

/** Earlier versions have nothing behind serving that would have to settle. */
async function settled(server: Partial<Pick<MeasuredServer, 'settle'>>): Promise<void> {
  await server.settle?.();
}

async function figuresOf({ server, perSecond, cpuUs }: Side): Promise<SideFigures> {
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

function meanFigures(of: readonly SideFigures[]): SideFigures {
  return {
    pagesPerSecond: round(meanOf(of.map(({ pagesPerSecond }) => pagesPerSecond))),
    serverCpuUsPerPage: round(meanOf(of.map(({ serverCpuUsPerPage }) => serverCpuUsPerPage))),
    candidatesPerPage: round(meanOf(of.map(({ candidatesPerPage }) => candidatesPerPage))),
    shelvesPerPage: round(meanOf(of.map(({ shelvesPerPage }) => shelvesPerPage))),
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, x) => sum + x, 0) / values.length;
}
