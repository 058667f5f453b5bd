/**
 * A thousand decisions of every kind replay bit for bit, after a restart and after the epochs have moved on; and one byte
 * altered, in a record or in an epoch, is found.
 */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ByteWriter, createRng, HOUR_MS, type Rng } from '../src/base/index.ts';
import {
  type DecisionRecord,
  type DecisionVersions,
  decodeDecision,
  EMPTY_COUNTERS,
  type Epoch,
  encodeDecision,
  type Page,
  type RecordedRow,
  type RecordedShelf,
  readCatalog,
  readCounters,
  readEmbedding,
} from '../src/domain/index.ts';
import { createEncoder, type Encoder, homeFeatures } from '../src/features/index.ts';
import { createDecider, isAudited, type ReplayEpochs, tunablesOf } from '../src/home/index.ts';
import { loadModel } from '../src/models/index.ts';
import { type PlatformStatus, type ReplayReport, replayRecord } from '../src/platform/index.ts';
import {
  dataDirPaths,
  type EpochStore,
  type OnlineStore,
  openEpochStore,
  openLmdbStore,
  readLogSegments,
} from '../src/store/index.ts';
import {
  playOf,
  type ServerProcess,
  type SmallWorld,
  shelfwise,
  smallWorld,
  startServer,
  temporaryDir,
} from './support.ts';

const DECISIONS = 1000;
const AUDITED = 10;
const OPTIONS = { popularityHoldout: 0.1, learnEveryMs: 1500, stateFlushMs: 200 };
const DEVICES = ['phone', 'desktop', 'tablet', 'tv', 'car', 'speaker', 'web'] as const;
const PATIENCE_MS = 600_000;

let small: SmallWorld;
let server: ServerProcess;
/** Decisions made, with the page that each was answered with. */
const pages = new Map<string, Page>();
const epochsSeen = new Set<string>();

async function inParallel<T>(work: Iterable<T>, each: (one: T) => Promise<void>): Promise<void> {
  const queue = [...work];
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) await each(next);
    }),
  );
}

async function decide(listenerId: string, query: string): Promise<Page> {
  const page = await server.home(listenerId, query);
  pages.set(page.decisionId, page);
  return page;
}

/** A visit: a Home, what the listener did with it, and the Home after that, with the rows that were seen in their place. */
async function visit(listenerId: string, rng: Rng, round: number): Promise<void> {
  const device = DEVICES[rng.below(DEVICES.length)];
  const session = `session-${listenerId}-${round}`;
  const page = await decide(listenerId, `device=${device}&session=${session}`);
  const impressions = page.shelves.slice(0, 3).map(({ rank }) => ({
    eventId: `${page.decisionId}-${rank}`,
    listenerId,
    type: 'impression',
    occurredAt: new Date().toISOString(),
    sessionId: session,
    device,
    reference: { decisionId: page.decisionId, shelfRank: rank },
  }));
  const reactions = small.world.respond(listenerId, page, rng, Date.now() - 6 * HOUR_MS, {
    device,
    sessionId: session,
  });
  const select = {
    eventId: `${page.decisionId}-select`,
    listenerId,
    type: 'select',
    occurredAt: new Date().toISOString(),
    itemId: page.shelves[0].cards[0].id,
    sessionId: session,
    device,
  };
  const answer = await server.send([...impressions, ...reactions, select]);
  expect(answer.rejected).toBe(0);
  await decide(listenerId, `device=${device}&session=${session}`);
}

async function noteEpochs(): Promise<void> {
  for (const hash of Object.values((await server.get<PlatformStatus>('/v1/status')).epochs)) epochsSeen.add(hash);
}

async function growCatalogue(from: number): Promise<void> {
  const items = Array.from({ length: 20 }, (_, i) => ({
    id: `new-${from + i}`,
    kind: 'track',
    title: `New ${from + i}`,
  }));
  await server.call('PUT', '/v1/items', { items });
}

beforeAll(async () => {
  small = await smallWorld('replay');
  server = await startServer(small.dataDir, OPTIONS);
  const ids = [...small.world.listeners()].map(({ id }) => id);
  const rng = createRng(31);
  const audited = () => [...pages.keys()].filter(isAudited).length;
  for (let round = 0; pages.size < DECISIONS || audited() < AUDITED; round++) {
    await noteEpochs();
    await inParallel(ids.slice(0, 110), (id) => visit(id, rng, round));
    await inParallel(ids, async (id) => {
      const device = DEVICES[rng.below(DEVICES.length)];
      await decide(
        id,
        `device=${device}&${['fresh=true', 'market=DE', 'tier=free', 'at=2026-01-05T07:00:00Z'][rng.below(4)]}`,
      );
    });
    await inParallel(
      Array.from({ length: 20 }, (_, i) => `cold-${round}-${i}`),
      async (id) => {
        if (id.endsWith('7'))
          await server.call('PUT', `/v1/listeners/${id}`, { market: 'SE', onboardingPicks: ['artist-3'] });
        await decide(id, 'device=phone');
      },
    );
    await growCatalogue(round * 20);
    if (round === 1) await server.post('/v1/admin/fit');
  }
  await noteEpochs();
  await server.stop();
}, PATIENCE_MS);
afterAll(() => server?.kill());

describe('replay', () => {
  it(
    `is equal for ${DECISIONS} decisions of every kind after a restart, the epochs having moved on`,
    async () => {
      server = await startServer(small.dataDir, OPTIONS);
      await growCatalogue(10_000);
      const plays = Array.from({ length: 300 }, (_, i) =>
        playOf(`late-${i}`, `listener-00${10 + (i % 40)}`, `new-${i % 20}`),
      );
      expect(await server.send(plays)).toMatchObject({ accepted: plays.length });
      await server.post('/v1/admin/fit');
      const now = (await server.get<PlatformStatus>('/v1/status')).epochs;
      for (const kind of ['catalog', 'counters', 'embedding', 'model']) expect(epochsSeen).not.toContain(now[kind]);

      const reports: ReplayReport[] = [];
      await inParallel(pages.keys(), async (id) => {
        reports.push(await server.post<ReplayReport>(`/v1/decisions/${id}/replay`, { verify: true }));
      });
      expect(reports.filter(({ equal, recomputed }) => !(equal && recomputed))).toEqual([]);
      const all = [...pages.values()];
      const figures = {
        decisions: reports.length,
        equal: reports.filter(({ equal }) => equal).length,
        audited: reports.filter(({ audited }) => audited).length,
        steps: reports.reduce((sum, { steps }) => sum + steps, 0),
        carried: all.filter(({ shelves }) => shelves.some(({ carried }) => carried)).length,
        popularity: all.filter(({ policy }) => policy === 'popularity').length,
        epochs: epochsSeen.size,
      };
      console.log(figures);
      expect(figures.decisions).toBeGreaterThanOrEqual(DECISIONS);
      expect(figures.audited).toBeGreaterThanOrEqual(AUDITED);
      expect(figures.carried).toBeGreaterThan(50);
      expect(figures.popularity).toBeGreaterThan(20);
      expect(figures.epochs).toBeGreaterThan(6);
      await server.stop();
    },
    PATIENCE_MS,
  );
});

// ---- alterations

interface Bench {
  readonly store: OnlineStore;
  /** Replays a decision from these bytes instead of its own. */
  replay(id: string, bytes: Uint8Array): Promise<ReplayReport>;
  readonly records: ReadonlyMap<string, Uint8Array>;
}

function openBench(dataDir: string): Bench {
  const paths = dataDirPaths(dataDir);
  const store = openLmdbStore({ dir: paths.online });
  const records = new Map<string, Uint8Array>();
  const ENTRY_DECISION = 1;
  for (const { payload } of readLogSegments(paths.log('decisions'))) {
    if (payload[0] !== ENTRY_DECISION) continue;
    const bytes = Uint8Array.from(payload.subarray(1));
    records.set(decodeDecision(bytes).decisionId, bytes);
  }
  const secretOf = (key: string): KeyObject | undefined => {
    const secret = store.get('listener-secrets', key);
    return secret === undefined ? undefined : createSecretKey(secret);
  };
  const decider = createDecider(createEncoder(homeFeatures));
  const epochs = readerOf(openEpochStore({ dir: paths.epochs }), decider.encoder);
  return {
    store,
    records,
    replay: (id, bytes) => replayRecord(id, async () => bytes, secretOf, epochs, decider),
  };
}

function readerOf(epochs: EpochStore, encoder: Encoder): (versions: DecisionVersions) => ReplayEpochs {
  const kept = new Map<string, unknown>();
  const read = <T>(hash: string, parse: (epoch: Epoch) => T): T => {
    if (!kept.has(hash)) kept.set(hash, parse(epochs.get(hash)));
    return kept.get(hash) as T;
  };
  return ({ catalog, counters, embedding, model, tunables }) => ({
    catalog: read(catalog, readCatalog),
    counters: counters === '' ? EMPTY_COUNTERS : read(counters, readCounters),
    embedding: embedding === '' ? undefined : read(embedding, readEmbedding),
    model: model === '' ? undefined : read(model, (epoch) => loadModel(epoch, encoder)),
    tunables: read(tunables, tunablesOf),
  });
}

/** The bytes of a record with these fields changed, and a digest that matches them. */
function resealed(record: DecisionRecord, change: Partial<DecisionRecord>): Uint8Array {
  const writer = new ByteWriter(64 * 1024);
  encodeDecision({ ...record, ...change }, writer);
  return writer.finish();
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const copy = Uint8Array.from(bytes);
  copy[at] ^= 1 << (at % 8);
  return copy;
}

/** Every single change of one kind of thing in a record. */
function* alterations(record: DecisionRecord): Generator<readonly [string, Partial<DecisionRecord>]> {
  for (let i = 0; i < record.seed.length; i++) yield [`seed byte ${i}`, { seed: flipped(record.seed, i) }];
  for (let i = 0; i < record.listenerState.length; i += 7)
    yield [`state byte ${i}`, { listenerState: flipped(record.listenerState, i) }];
  for (const [s, shelf] of record.shelves.entries()) {
    const withShelf = (changed: Partial<RecordedShelf>) => ({
      shelves: record.shelves.map((other, o) => (o === s ? { ...other, ...changed } : other)),
    });
    for (let c = 0; c < shelf.items.length; c++) {
      const items = shelf.items.slice();
      items[c] += 1;
      yield [`${shelf.shelfId} ${shelf.order} candidate ${c} of ${shelf.items.length}`, withShelf({ items })];
    }
    const fewer = { items: shelf.items.slice(0, -1), sources: shelf.sources.slice(0, -1) };
    yield [`${shelf.shelfId} ${shelf.order} without its last candidate of ${shelf.items.length}`, withShelf(fewer)];
    const sources = shelf.sources.slice();
    sources[0] ^= 1;
    yield [`${shelf.shelfId} sources`, withShelf({ sources })];
    yield [`${shelf.shelfId} pinned`, withShelf({ pinnedRank: shelf.pinnedRank + 1 })];
    yield [`${shelf.shelfId} maxCards`, withShelf({ maxCards: shelf.maxCards + 1 })];
    yield [`${shelf.shelfId} minCards`, withShelf({ minCards: shelf.minCards + 1 })];
  }
  for (const [r, row] of record.rows.entries()) {
    const withRow = (changed: Partial<RecordedRow>) => ({
      rows: record.rows.map((other, o) => (o === r ? { ...other, ...changed } : other)),
    });
    if (!row.forced) yield [`row ${r} propensity`, withRow({ propensity: next(row.propensity) })];
    for (const [c, card] of row.cards.entries()) {
      if (card.forced) continue;
      const cards = row.cards.map((other, o) => (o === c ? { ...other, propensity: next(other.propensity) } : other));
      yield [`row ${r} card ${c} propensity`, withRow({ cards })];
    }
    yield [`row ${r} without its last card`, withRow({ cards: row.cards.slice(0, -1) })];
  }
  yield ['time', { atMs: record.atMs + 1 }];
  yield ['policy', { policyId: record.policyId === 'popularity' ? 'greedy' : 'popularity' }];
  yield ['market', { market: 'XX' }];
  yield ['tier', { tier: 'other' }];
  yield ['language', { language: 'xx' }];
  yield ['session', { sessionId: 'other' }];
  yield ['device', { device: record.device === 'tv' ? 'phone' : 'tv' }];
  yield ['degraded', { degraded: !record.degraded }];
  yield ['removals', { removals: [] }];
  yield ['failures', { failedSources: ['x'] }];
}

/** The next number that a double can hold. */
function next(number: number): number {
  const bits = new BigInt64Array(1);
  const doubles = new Float64Array(bits.buffer);
  doubles[0] = number;
  bits[0] -= 1n;
  return doubles[0];
}

describe('an altered record', () => {
  let bench: Bench;
  let sample: string[];
  beforeAll(() => {
    bench = openBench(small.dataDir);
    const ids = [...pages.keys()];
    const firstOf = (wanted: (page: Page) => boolean) => ids.filter((id) => wanted(pages.get(id)!)).slice(0, 2);
    sample = [
      ...new Set([
        ...ids.filter(isAudited).slice(0, 2),
        ...firstOf(({ policy }) => policy === 'popularity'),
        ...firstOf(({ shelves }) => shelves.some(({ carried }) => carried)),
        ...firstOf(({ shelves }) => shelves.length >= 8),
        ...firstOf(({ shelves }) => shelves.length <= 3),
      ]),
    ];
  });
  afterAll(() => bench.store.close());

  it('is found out, whichever byte it was', async () => {
    let bytesAltered = 0;
    let bytesThere = 0;
    for (const id of sample.slice(0, 4)) {
      const bytes = bench.records.get(id) as Uint8Array;
      expect(await bench.replay(id, bytes)).toMatchObject({ equal: true, recomputed: true });
      const step = isAudited(id) ? 101 : 7;
      bytesThere += bytes.length / step;
      for (let at = 0; at < bytes.length; at += step) {
        const report = await bench.replay(id, flipped(bytes, at));
        if (report.equal || report.firstDifference === null) throw new Error(`${id}: byte ${at} of ${bytes.length}`);
        bytesAltered++;
      }
    }
    // How long records are differs from run to run; each is looked at to its end.
    expect(sample.length).toBeGreaterThanOrEqual(4);
    expect(bytesAltered).toBeGreaterThanOrEqual(Math.floor(bytesThere));
  });

  it('is found out even if its digest was made to match: seed, state, candidates, propensities, and all else', async () => {
    const missed: string[] = [];
    let altered = 0;
    for (const id of sample) {
      const bytes = bench.records.get(id) as Uint8Array;
      const record = decodeDecision(bytes);
      expect(Buffer.compare(resealed(record, {}), bytes)).toBe(0);
      for (const [what, change] of alterations(record)) {
        altered++;
        const report = await bench.replay(id, resealed(record, change));
        if (report.equal || report.firstDifference === null) missed.push(`${id}: ${what}`);
      }
    }
    console.log({ records: sample.length, altered, missed: missed.length });
    expect(missed).toEqual([]);
  });

  it('is not taken for another decision’s', async () => {
    const [one, other] = sample;
    const report = await bench.replay(one, bench.records.get(other) as Uint8Array);
    expect(report).toMatchObject({ equal: false, firstDifference: `the record is of decision ${other}` });
  });
});

describe('an altered epoch', () => {
  /** Flips one bit of one byte of a chunk of the epoch, in a copy of the data directory. */
  function withAlteredChunk(hash: string): string {
    const copy = temporaryDir('altered');
    cpSync(small.dataDir, copy, { recursive: true });
    const { epochs } = dataDirPaths(copy);
    const manifest = readFileSync(join(epochs, `${hash}.json`), 'utf8');
    const chunk = /"chunks":\["([0-9a-f]{32})"/.exec(manifest)?.[1] as string;
    const file = join(epochs, 'chunks', chunk.slice(0, 2), `${chunk}.bin`);
    const bytes = readFileSync(file);
    writeFileSync(file, flipped(bytes, bytes.length >> 1));
    return copy;
  }

  it(
    'makes its decisions unequal, and `shelfwise replay ID --verify` exits 1, whether it serves still or no longer',
    async () => {
      server = await startServer(small.dataDir, { learnEveryMs: 0 });
      const page = await server.home('listener-0020', 'fresh=true');
      const { epochs: serving } = await server.get<PlatformStatus>('/v1/status');
      await server.stop();
      const bench = openBench(small.dataDir);
      const old = [...pages.keys()][0];
      const { versions } = decodeDecision(bench.records.get(old) as Uint8Array);
      await bench.store.close();

      const cases = [
        [old, versions.counters],
        [old, versions.model],
        [page.decisionId, serving['catalog']],
        [page.decisionId, serving['embedding']],
      ] as const;
      for (const [id, hash] of cases) {
        const { code, out } = await shelfwise('replay', id, '--verify', '--json', '--data', withAlteredChunk(hash));
        expect({ hash, code, report: JSON.parse(out) }).toMatchObject({
          hash,
          code: 1,
          report: { decisionId: id, equal: false, firstDifference: expect.stringContaining(hash) },
        });
      }
    },
    PATIENCE_MS,
  );
});

describe('a byte altered in the log of decisions', () => {
  it(
    'of the seed, the state or a candidate: `shelfwise replay ID --verify` says that it is not equal, and exits 1',
    async () => {
      const id = [...pages.keys()].at(-1) as string;
      const sound = await shelfwise('replay', id, '--verify', '--json', '--data', small.dataDir);
      expect({ code: sound.code, report: JSON.parse(sound.out) }).toMatchObject({ code: 0, report: { equal: true } });

      const bench = openBench(small.dataDir);
      const record = bench.records.get(id) as Uint8Array;
      await bench.store.close();
      const { seed, listenerState } = decodeDecision(record);
      const stateAt = Buffer.from(record).indexOf(listenerState);
      const places = {
        seed: Buffer.from(record).indexOf(seed) + 13,
        state: stateAt + 40,
        // Candidates follow the state: some way into the first shelves.
        candidate: stateAt + listenerState.length + 60,
      };
      for (const [what, at] of Object.entries(places)) {
        const copy = temporaryDir('altered');
        cpSync(small.dataDir, copy, { recursive: true });
        const log = dataDirPaths(copy).log('decisions');
        const file = join(log, readdirSync(log).sort().at(-1) as string);
        const bytes = readFileSync(file);
        writeFileSync(file, flipped(bytes, bytes.indexOf(record) + at));
        const { code, out } = await shelfwise('replay', id, '--verify', '--json', '--data', copy);
        expect({ what, code, report: JSON.parse(out) }).toMatchObject({
          what,
          code: 1,
          report: { decisionId: id, equal: false, firstDifference: expect.any(String) },
        });
      }
    },
    PATIENCE_MS,
  );
});
