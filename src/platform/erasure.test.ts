import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { HOUR_MS, type ManualClock, manualClock, SECOND_MS } from '../base/index.ts';
import { decodeEvent } from '../domain/index.ts';
import {
  dataDirPaths,
  erasureCommitment,
  erasureDigest,
  openEventLog,
  openLake,
  openLmdbStore,
  openMetadata,
  openWarehouse,
  streamEntries,
} from '../store/index.ts';
import { silentLogger } from './config.ts';
import type { Adapters, Platform } from './open.ts';
import { fittedDir, home, LISTENERS, newDir, open, playFirstCard, removeDirs, START_MS } from './platform-testing.ts';
import type { BegunErasure, ErasureStatus } from './trust.ts';

afterAll(removeDirs);

const ANN = 'l3';
const BOB = 'l4';

/** Steps at segments are alike: the last of each of these kinds, when all others have been done. */
function lastOfEachKind(steps: readonly string[], kinds: readonly string[]): number[] {
  const kindOf = (step: string): string => step.replace(/ \d+$/, '');
  return kinds.map((kind) => steps.findLastIndex((step) => kindOf(step) === kind));
}

async function done(platform: Platform, id: string): Promise<ErasureStatus> {
  for (;;) {
    const status = await platform.erasure(id);
    if (status === undefined) throw new Error(`there is no erasure ${id}`);
    if (status.state === 'done') return status;
    if (status.trouble !== null) throw new Error(status.trouble);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function erase(platform: Platform, listenerId: string): Promise<BegunErasure> {
  const begun = await platform.eraseListener(listenerId, 'test');
  if (begun === undefined) throw new Error(`${listenerId} is not known`);
  return begun;
}

async function keyOf(platform: Platform, listenerId: string): Promise<{ key: string; decisionId: string }> {
  const { decisionId } = await home(platform, listenerId);
  const { listenerKey } = (await platform.decision(decisionId)) as { listenerKey: string };
  return { key: listenerKey, decisionId };
}

const play = (eventId: string, listenerId: string, item: number, clock: ManualClock) => ({
  eventId,
  type: 'play',
  listenerId,
  itemId: `artist:${item}`,
  occurredAt: new Date(clock.nowMs()).toISOString(),
  playedMs: 200_000,
  durationMs: 200_000,
});

/** Decisions and feedback of both; logs sealed and moved to the lake, then more in the logs. */
async function lived(platform: Platform, clock: ManualClock): Promise<void> {
  for (let round = 0; round < 2; round++) {
    for (const listener of [ANN, BOB, 'l5']) {
      clock.advance(60 * SECOND_MS);
      await playFirstCard(platform, listener, await home(platform, listener), clock);
      for (let more = 0; more < 5; more++) await home(platform, listener);
    }
    await platform.learn();
    if (round === 0) {
      clock.advance(27 * HOUR_MS);
      await platform.learn();
      await platform.compact();
    }
  }
}

/** Homes may need neither disk nor timer: others must have their turn. */
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

interface Found {
  readonly eventsOf: Map<string, string[]>;
  readonly positions: readonly string[];
  readonly decisions: Map<string, number>;
  readonly mentions: readonly string[];
}

/** What a closed directory holds: events by listener key in their order, decisions by key, and every place that names the key. */
async function look(dir: string, key: string): Promise<Found> {
  const paths = dataDirPaths(dir);
  const [metadata, lake, warehouse] = [
    openMetadata({ file: paths.metadata }),
    openLake({ dir: paths.lake }),
    await openWarehouse({ threads: 1 }),
  ];
  const eventsOf = new Map<string, string[]>();
  const positions: string[] = [];
  const log = openEventLog({ dir: paths.log('events') });
  for await (const { payload, position } of streamEntries({
    name: 'events',
    log,
    lake,
    metadata,
    warehouse: async () => warehouse,
  })) {
    const event = decodeEvent(payload);
    eventsOf.set(event.listenerKey, [...(eventsOf.get(event.listenerKey) ?? []), event.eventId]);
    positions.push(`${position.segment}:${position.offset}`);
  }
  await log.close();
  const decisions = new Map<string, number>();
  const files = lake.list('decisions').map((file) => `'${lake.pathOf(file)}'`);
  if (files.length > 0) {
    const rows = await warehouse.query<{ listener_key: string; n: number }>(
      `SELECT listener_key, count(*)::INTEGER AS n FROM read_parquet([${files.join(', ')}]) GROUP BY 1`,
    );
    for (const { listener_key, n } of rows) decisions.set(listener_key, n);
  }
  const mentions: string[] = [];
  const names = readdirSync(dir, { recursive: true, withFileTypes: true });
  for (const entry of names) {
    if (!entry.isFile() || entry.parentPath.endsWith('online')) continue;
    if (readFileSync(join(entry.parentPath, entry.name)).includes(key)) mentions.push(entry.name);
  }
  const store = openLmdbStore({ dir: paths.online });
  for (const table of store.tables())
    for (const entry of store.range(table, {}))
      if (entry.key.includes(key) || Buffer.from(entry.value).includes(key)) mentions.push(`${table} ${entry.key}`);
  await store.close();
  await metadata.close();
  await lake.close();
  warehouse.close();
  return { eventsOf, positions, decisions, mentions };
}

describe('an erased listener', () => {
  it('is gone from everything, with proof, and nobody else is', async () => {
    const dir = await fittedDir();
    const clock = manualClock(START_MS);
    let platform = await open(dir, clock);
    await lived(platform, clock);
    const [ann, bob] = [await keyOf(platform, ANN), await keyOf(platform, BOB)];
    await platform.putHoldout([
      { listenerId: ANN, itemId: 'artist:1' },
      { listenerId: BOB, itemId: 'artist:2' },
    ]);
    await platform.close();
    const before = await look(dir, ann.key);
    expect(before.mentions.length).toBeGreaterThan(3);
    expect(before.decisions.get(ann.key)).toBeGreaterThan(0);

    platform = await open(dir, clock);
    const bobBefore = platform.getListener(BOB);
    const begun = await erase(platform, ANN);
    expect(begun.dropped).toMatchObject({ mapping: 1, secret: 1, states: 1, hiddenPairs: 1 });
    // At once, whatever of the logs is left.
    expect(platform.getListener(ANN)).toBeUndefined();
    await expect(platform.decision(ann.decisionId)).rejects.toMatchObject({ code: 'DECISION_ERASED' });
    await expect(platform.replay(ann.decisionId, { verify: true })).rejects.toMatchObject({ code: 'DECISION_ERASED' });
    const status = await done(platform, begun.id);
    expect(status.verification).toMatchObject({ occurrences: 0 });
    for (const searched of ['fileBytes', 'lakeRows', 'storeEntries', 'metadataRows'])
      expect(status.verification?.[searched]).toBeGreaterThan(0);
    expect(status.rewritten.logSegments).toBeGreaterThan(0);
    expect(status.rewritten.lakeFiles).toBeGreaterThan(0);
    const events = before.eventsOf.get(ann.key)?.length ?? 0;
    // Events, and records and servings in lake and log.
    expect(status.rewritten.rows).toBeGreaterThanOrEqual(events + (before.decisions.get(ann.key) ?? 0));
    await expect(platform.replay(ann.decisionId, { verify: true })).rejects.toMatchObject({ code: 'DECISION_ERASED' });
    await expect(platform.decision(ann.decisionId)).rejects.toMatchObject({ code: 'DECISION_ERASED' });
    expect(await platform.recentDecisions(1000)).not.toContain(ann.decisionId);
    expect(await platform.recentDecisions(1000)).toContain(bob.decisionId);
    expect(await platform.replay(bob.decisionId, { verify: true })).toMatchObject({ equal: true });
    expect(platform.getListener(BOB)).toEqual(bobBefore);
    expect(await platform.rebuildState({})).toMatchObject({ different: 0, listeners: LISTENERS - 1 });
    expect((await platform.doctor()).healthy).toBe(true);
    await platform.learn();
    // Whoever comes by that id is somebody new.
    expect((await home(platform, ANN)).decisionId).not.toBe('');
    expect((await keyOf(platform, ANN)).key).not.toBe(ann.key);
    expect(platform.getListener(ANN)).toMatchObject({ totalPlays: 0 });
    await platform.close();

    const after = await look(dir, ann.key);
    expect(after.mentions).toEqual([]);
    before.eventsOf.delete(ann.key);
    expect(after.eventsOf).toEqual(before.eventsOf);
    before.decisions.delete(ann.key);
    expect(after.decisions).toEqual(before.decisions);
    expect(before.positions).toEqual(expect.arrayContaining([...after.positions]));
    expect(readFileSync(dataDirPaths(dir).holdout, 'utf8')).toBe(JSON.stringify([[BOB, 'artist:2']]));

    // The proof: the receipt and the id make the commitment, and the report is a link of the chain.
    expect(erasureCommitment(begun.receipt ?? '', ANN)).toBe(status.commitment);
    const { proof } = status;
    if (proof === null) throw new Error('an erasure that is done has a proof');
    const { id, requestedAtMs, requestedBy, doneAtMs, commitment, dropped, rewritten, verification } = status;
    expect(
      erasureDigest(proof.previousDigest, {
        sequence: proof.sequence,
        id,
        requestedAtMs,
        requestedBy,
        doneAtMs,
        commitment,
        dropped,
        rewritten,
        verification,
      }),
    ).toBe(proof.digest);
  });

  it('twice is one erasure while it is under way, and nobody after it; who is unknown cannot be erased', async () => {
    const dir = await fittedDir();
    let hold = true;
    const onErasureStep = async (step: string): Promise<void> => {
      while (hold && step === 'seal events') await new Promise((resolve) => setTimeout(resolve, 10));
    };
    const clock = manualClock(START_MS);
    const platform = await open(dir, clock, {}, { online: openLmdbStore, onErasureStep });
    expect(await platform.eraseListener('nobody', 'test')).toBeUndefined();
    const begun = await erase(platform, ANN);
    expect(begun.receipt).toMatch(/^[0-9a-f]{32}$/);
    expect(await platform.eraseListener(ANN, 'test')).toMatchObject({ id: begun.id, receipt: null });
    hold = false;
    await done(platform, begun.id);
    expect(await platform.eraseListener(ANN, 'test')).toBeUndefined();
    clock.advance(1);
    const second = await erase(platform, BOB);
    await done(platform, second.id);
    const [bob, ann] = await platform.erasures(10);
    expect([ann.id, bob.id]).toEqual([begun.id, second.id]);
    expect(bob.proof?.previousDigest).toBe(ann.proof?.digest);
    await platform.close();
  });

  it('is one of many, asked for one after another while the first are under way', async () => {
    const troubles: unknown[] = [];
    const logger = { ...silentLogger, error: (details: unknown) => troubles.push(details) };
    const clock = manualClock(START_MS);
    const platform = await open(await fittedDir(), clock, { logger });
    const ids: string[] = [];
    for (let i = 0; i < LISTENERS; i++) {
      clock.advance(1);
      ids.push((await erase(platform, `l${i}`)).id);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    const proofs = await Promise.all(ids.map(async (id) => (await done(platform, id)).proof));
    expect(proofs.map((proof) => proof?.sequence)).toEqual(ids.map((_, i) => i + 1));
    expect(troubles).toEqual([]);
    expect(platform.status().listeners).toBe(0);
    await platform.close();
  });

  it('while they listen: what came before is gone, what comes after is somebody new’s, and nothing fails', async () => {
    const dir = await fittedDir();
    const clock = manualClock(START_MS);
    const platform = await open(dir, clock, { segmentBytes: 128 * 1024 });
    const { key } = await keyOf(platform, ANN);
    let sending = true;
    let sent = 0;
    const rejected: unknown[] = [];
    const sender = async (name: string): Promise<void> => {
      for (let i = 0; sending; i++) {
        const fates = await platform.ingest([
          play(`${name}-${i}`, ANN, 3, clock),
          play(`bob-${name}-${i}`, BOB, 4, clock),
        ]);
        sent += fates.filter(({ fate }) => fate === 'accepted').length;
        rejected.push(...fates.filter(({ fate }) => fate !== 'accepted'));
        await turn();
      }
    };
    const reader = async (): Promise<void> => {
      while (sending) {
        await home(platform, ANN);
        await turn();
      }
    };
    const compactor = async (): Promise<void> => {
      while (sending) {
        await platform.compact();
        await turn();
      }
    };
    const work = [sender('a'), sender('b'), reader(), reader(), compactor()];
    await new Promise((resolve) => setTimeout(resolve, 100));
    const begun = await erase(platform, ANN);
    const status = await done(platform, begun.id);
    sending = false;
    await Promise.all(work);
    expect(sent).toBeGreaterThan(10);
    // The one that was on its way in that very moment may be told to come again.
    expect(rejected.length).toBeLessThanOrEqual(2);
    expect(status.verification).toMatchObject({ occurrences: 0 });
    expect(platform.getListener(ANN)?.totalPlays).toBeGreaterThan(0);
    const { key: next } = await keyOf(platform, ANN);
    expect(next).not.toBe(key);
    expect(await platform.rebuildState({})).toMatchObject({ different: 0 });
    await platform.close();
    const found = await look(dir, key);
    expect(found.mentions).toEqual([]);
    expect(found.eventsOf.get(key)).toBeUndefined();
    expect(found.eventsOf.get(next)?.length).toBeGreaterThan(0);
  });

  it('is erased as one who was erased without a stop, wherever it is cut off', async () => {
    const template = newDir();
    const clock = manualClock(START_MS);
    const tiny = { segmentBytes: 4096 };
    const first = await open(template, clock, tiny);
    await first.upsertItems(
      Array.from({ length: 9 }, (_, i) => ({ id: `artist:${i}`, kind: 'artist', title: `Artist ${i}` })),
    );
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 8; i++) {
        await first.ingest([ANN, BOB, 'l5'].map((who) => play(`${who} ${round} ${i}`, who, i % 9, clock)));
        if (i % 4 === 0) for (const who of [ANN, BOB]) await home(first, who);
      }
      if (round === 1) break;
      clock.advance(27 * HOUR_MS);
      await home(first, BOB);
      await first.compact();
    }
    const { key, decisionId } = await keyOf(first, ANN);
    await first.close();
    const copyOf = (): string => {
      const dir = newDir();
      cpSync(template, dir, { recursive: true });
      return dir;
    };
    const run = async (dir: string, stopAt: number, steps: string[]): Promise<ErasureStatus | undefined> => {
      const now = manualClock(clock.nowMs());
      const adapters: Adapters = {
        online: openLmdbStore,
        onErasureStep: (step) => {
          if (steps.push(step) > stopAt) throw new Error('cut off');
        },
      };
      const platform = await open(dir, now, tiny, adapters);
      const begun = await platform.eraseListener(ANN, 'test').catch(() => undefined);
      while (steps.length <= stopAt && (await platform.erasure(begun?.id ?? ''))?.state !== 'done')
        await new Promise((resolve) => setTimeout(resolve, 5));
      const status = begun === undefined ? undefined : await platform.erasure(begun.id);
      // Nothing of theirs is served, nor comes back, in the time between.
      if (steps[0] === 'drop' && stopAt > 0) expect(platform.getListener(ANN)).toBeUndefined();
      await platform.close();
      return status;
    };
    const straightSteps: string[] = [];
    const straight = copyOf();
    const expected = await run(straight, Number.POSITIVE_INFINITY, straightSteps);
    expect(expected?.state).toBe('done');
    const found = await look(straight, key);
    expect(straightSteps.filter((step) => step.startsWith('swapped'))).not.toEqual([]);
    const risky = ['drop', 'swap events', 'swapped decisions', 'lake', 'finish'];
    for (const stopAt of lastOfEachKind(straightSteps, risky)) {
      const dir = copyOf();
      await run(dir, stopAt, []);
      // As it is found after the stop: it goes on by itself.
      const platform = await open(dir, manualClock(clock.nowMs()), tiny);
      const [{ id }] = await platform.erasures(1);
      const status = await done(platform, id);
      expect([straightSteps[stopAt], status.rewritten]).toEqual([straightSteps[stopAt], expected?.rewritten]);
      expect(platform.getListener(ANN)).toBeUndefined();
      await expect(platform.decision(decisionId)).rejects.toMatchObject({ code: 'DECISION_ERASED' });
      await platform.close();
      const after = await look(dir, key);
      expect([straightSteps[stopAt], after]).toEqual([straightSteps[stopAt], found]);
    }
  }, 240_000);
});
