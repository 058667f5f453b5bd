/**
 * kill -9 of a real server process in the midst of its work, again and again on one data directory: what was acknowledged
 * is there exactly once, in the log, in the ids that are known and in the listeners' states.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../src/base/index.ts';
import { decodeEvent, type IncomingEvent } from '../src/domain/index.ts';
import type { PlatformStatus } from '../src/platform/index.ts';
import type { EventsAnswer, ListenerSummary, RebuildReport } from '../src/server/index.ts';
import {
  dataDirPaths,
  openEventLog,
  openLake,
  openMetadata,
  openWarehouse,
  type Stream,
  streamEntries,
} from '../src/store/index.ts';
import { envelopes, playOf, type ServerOptions, type ServerProcess, smallWorld, startServer } from './support.ts';

const KILLS = 20;
/** Some rounds as shipped; some with small segments that fill and are moved to the lake, and states flushed all the time. */
const SHIPPED: ServerOptions = {};
const BUSY: ServerOptions = { segmentBytes: 32_768, stateFlushMs: 20, recordFlushMs: 10, learnEveryMs: 300 };
const SINGLE_SENDERS = 8;
const ENVELOPE_SENDERS = 2;
const HOME_READERS = 2;
const LISTENERS = 12;

const rng = createRng(20);
let dataDir: string;
let items: string[];
/** Every event ever sent, by id; and the ids whose acknowledgement arrived. */
const sent = new Map<string, IncomingEvent>();
const acknowledged = new Set<string>();
let worldEvents: number;

beforeAll(async () => {
  const { world, dataDir: copy } = await smallWorld('kill');
  dataDir = copy;
  items = [...world.items()].filter(({ kind }) => kind === 'track').map(({ id }) => id);
  worldEvents = [...world.history()].length;
});

function newEvent(): IncomingEvent {
  const event = playOf(`kill-${sent.size}`, `mortal-${rng.below(LISTENERS)}`, items[rng.below(items.length)]);
  sent.set(event.eventId, event);
  return event;
}

interface Round {
  readonly acked: number;
  readonly homes: number;
  readonly unexpected: readonly string[];
}

/** Works from many sides until `acks` events were acknowledged, as many Homes as readers were served and a moment has passed; then kills. */
async function loadUntilKilled(server: ServerProcess, acks: number, compacting: boolean): Promise<Round> {
  const unexpected: string[] = [];
  let acked = 0;
  let homes = 0;
  let dead = false;
  let enough: () => void = () => {};
  const reached = new Promise<void>((resolve) => {
    enough = resolve;
  });
  const count = (events: number, pages: number): void => {
    acked += events;
    homes += pages;
    if (acked >= acks && homes >= HOME_READERS) enough();
  };
  const until = async (work: () => Promise<void>): Promise<void> => {
    while (!dead) {
      try {
        await work();
      } catch (error) {
        // `fetch failed`: the connection broke with the process. Anything else, or anything before it, is a finding.
        if (!dead || !(error instanceof TypeError)) unexpected.push(String(error));
        enough();
        return;
      }
    }
  };
  const send = async (size: number): Promise<void> => {
    const events = Array.from({ length: size }, newEvent);
    const answer: EventsAnswer = await server.send(events);
    for (const { eventId, fate } of answer.fates) {
      if (fate === 'accepted') acknowledged.add(eventId);
      else unexpected.push(`${eventId} was ${fate}`);
    }
    count(answer.accepted, 0);
  };
  const senders = [
    ...Array.from({ length: SINGLE_SENDERS }, () => until(() => send(1))),
    ...Array.from({ length: ENVELOPE_SENDERS }, () => until(() => send(5 + rng.below(60)))),
    ...Array.from({ length: HOME_READERS }, () =>
      until(async () => {
        const page = await server.home(`mortal-${rng.below(LISTENERS)}`, 'fresh=true');
        if (page.shelves.length === 0) unexpected.push('an empty Home');
        count(0, 1);
      }),
    ),
    ...(compacting ? [until(async () => void (await server.post('/v1/admin/compact')))] : []),
  ];
  await reached;
  await new Promise((resolve) => setTimeout(resolve, rng.below(40)));
  dead = true;
  await server.kill();
  await Promise.all(senders);
  return { acked, homes, unexpected };
}

async function fatesOf(server: ServerProcess, ids: Iterable<string>): Promise<Map<string, string>> {
  const fates = new Map<string, string>();
  for (const envelope of envelopes(ids)) {
    const answer = await server.send(envelope.map((id) => sent.get(id)));
    for (const { eventId, fate } of answer.fates) fates.set(eventId, fate);
  }
  return fates;
}

/** How often each event id stands in the stream of events: lake and log together. */
async function occurrences(): Promise<Map<string, number>> {
  const paths = dataDirPaths(dataDir);
  const [log, lake] = [openEventLog({ dir: paths.log('events') }), openLake({ dir: paths.lake })];
  const [metadata, warehouse] = [openMetadata({ file: paths.metadata }), await openWarehouse()];
  const stream: Stream = { name: 'events', log, lake, metadata, warehouse: async () => warehouse };
  const counts = new Map<string, number>();
  for await (const { payload } of streamEntries(stream)) {
    const { eventId } = decodeEvent(payload);
    counts.set(eventId, (counts.get(eventId) ?? 0) + 1);
  }
  warehouse.close();
  await lake.close();
  await metadata.close();
  await log.close();
  return counts;
}

/** Twenty starts of a process take half a minute on a quiet machine, and minutes on a busy one. */
const PATIENCE_MS = 900_000;

describe('kill -9 of a serving platform', () => {
  const lost = new Set<string>();
  let server: ServerProcess;
  afterAll(() => server?.kill());

  it(
    `loses and doubles no acknowledged event in ${KILLS} kills, compaction and learning going on`,
    async () => {
      let homes = 0;
      let ofRound: string[] = [];
      for (let kill = 0; kill <= KILLS; kill++) {
        const busy = kill % 4 !== 0;
        server = await startServer(dataDir, busy ? BUSY : SHIPPED);
        const fates = await fatesOf(server, ofRound);
        for (const id of ofRound) {
          // What was under way may or may not have reached the disk; it is taken now, and stays once.
          if (acknowledged.has(id) && fates.get(id) !== 'duplicate') lost.add(id);
          expect(['accepted', 'duplicate']).toContain(fates.get(id));
        }
        if (kill === KILLS) break;
        const before = sent.size;
        const round = await loadUntilKilled(server, 20 + rng.below(200), busy && kill % 2 === 1);
        expect(round.unexpected).toEqual([]);
        homes += round.homes;
        ofRound = [...sent.keys()].slice(before);
      }
      expect(lost.size).toBe(0);
      expect(acknowledged.size).toBeGreaterThan(KILLS * 20);
      expect(homes).toBeGreaterThanOrEqual(KILLS * HOME_READERS);
    },
    PATIENCE_MS,
  );

  it('has every event once in the listeners’ states, which equal a rebuild from the log', async () => {
    const plays = new Map<string, number>();
    for (const { listenerId } of sent.values()) plays.set(listenerId, (plays.get(listenerId) ?? 0) + 1);
    for (const [listenerId, count] of plays) {
      const { totalPlays } = await server.get<ListenerSummary>(`/v1/listeners/${listenerId}`);
      expect({ listenerId, totalPlays }).toEqual({ listenerId, totalPlays: count });
    }
    const fates = await fatesOf(server, sent.keys());
    expect([...fates.values()].filter((fate) => fate !== 'duplicate')).toEqual([]);
    const rebuilt = await server.post<RebuildReport>('/v1/admin/rebuild-state');
    expect(rebuilt).toMatchObject({ events: worldEvents + sent.size, different: 0 });
    const status = await server.get<PlatformStatus>('/v1/status');
    expect(status.events).toBe(worldEvents + sent.size);
    await server.stop();
  });

  it('has every event once in the log and the lake', async () => {
    const counts = await occurrences();
    const missing = [...acknowledged].filter((id) => !counts.has(id));
    const doubled = [...counts].filter(([, count]) => count > 1);
    console.log({ kills: KILLS, acked: acknowledged.size, lost: missing.length, doubled: doubled.length });
    expect(missing).toEqual([]);
    expect(doubled).toEqual([]);
    expect(counts.size).toBe(worldEvents + sent.size);
  });
});
