/**
 * A disk that is really full, under a real server process: events are refused with 507 and Homes still served; once there
 * is room, events are accepted again. The file system is one of the test's own; a machine that does not allow to mount one
 * skips, and says so.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { closeSync, cpSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DoctorReport, EventsAnswer, ListenerSummary, Problem, RebuildReport } from '../src/server/index.ts';
import { openLmdbStore } from '../src/store/index.ts';
import { playOf, type ServerProcess, smallWorld, startServer, temporaryDir } from './support.ts';

interface Volume {
  /** Where the data directory is put. */
  readonly dir: string;
  fill(server: ServerProcess): void;
  free(server: ServerProcess): void;
  end(): void;
}

const ROOM_BYTES = 64 * 1024 * 1024;

function mountTmpfs(): Volume | undefined {
  const dir = temporaryDir('volume');
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${ROOM_BYTES}`, 'tmpfs', dir]);
  if (mounted.status !== 0) return undefined;
  const filler = join(dir, 'filler');
  return {
    dir,
    fill() {
      const file = openSync(filler, 'w');
      for (const bytes of [1024 * 1024, 4096]) writeUntilFull(file, Buffer.alloc(bytes));
      closeSync(file);
    },
    free: () => rmSync(filler),
    end: () => void execFileSync('umount', ['-l', dir]),
  };
}

function writeUntilFull(file: number, bytes: Buffer): void {
  try {
    for (;;) writeSync(file, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

describe('a file system without a free block', () => {
  let volume: Volume | undefined;
  let dataDir: string;
  let items: string[];
  let server: ServerProcess;

  beforeAll(async () => {
    volume = mountTmpfs();
    if (volume === undefined) return;
    const { world, dataDir: copy } = await smallWorld('full');
    dataDir = join(volume.dir, 'data');
    cpSync(copy, dataDir, { recursive: true });
    items = [...world.items()].filter(({ kind: of }) => of === 'track').map(({ id }) => id);
  });
  afterAll(async () => {
    await server?.kill();
    volume?.end();
  });

  it('refuses events with 507 while it serves Homes, and takes them once there is room', async (test) => {
    if (volume === undefined) {
      test.skip("This machine does not allow a file system of one's own to be mounted.");
      return;
    }
    const eventsOf = (from: number, count: number) =>
      Array.from({ length: count }, (_, i) => playOf(`full-${from + i}`, `squeezed-${i % 5}`, items[(from + i) % 200]));
    server = await startServer(dataDir, { stateFlushMs: 100, recordFlushMs: 20, learnEveryMs: 700 });
    const before = eventsOf(0, 50);
    expect(await server.send(before)).toMatchObject({ accepted: 50 });
    const early = await server.home('squeezed-1');
    await pause(300);

    volume.fill(server);
    const refused = new Map<string, object>();
    const taken = new Map<string, object>();
    let sent = 50;
    for (let envelope = 0; envelope < 60; envelope++) {
      const events = eventsOf(sent, envelope % 3 === 0 ? 1 : 40);
      sent += events.length;
      const answer = await server.call<EventsAnswer & Problem>('POST', '/v1/events', { events });
      if (answer.status === 507) {
        expect(answer.type).toBe('application/problem+json; charset=utf-8');
        expect(answer.json).toMatchObject({
          code: 'LOG_FULL',
          status: 507,
          remedy: expect.stringContaining('Free space'),
        });
        for (const event of events) refused.set(event.eventId, event);
        continue;
      }
      expect(answer.status).toBe(200);
      for (const [i, fate] of answer.json.fates.entries()) {
        if (fate.fate === 'rejected') expect(fate.code).toBe('LOG_FULL');
        (fate.fate === 'accepted' ? taken : refused).set(events[i].eventId, events[i]);
      }
    }
    expect(refused.size).toBeGreaterThan(500);

    // The flushes of states and records, and the learner, fail meanwhile; nobody who asks for a Home notices.
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 10; i++) {
        const page = await server.home(`listener-00${10 + i}`, 'fresh=true&explain=true');
        expect(page.shelves.length).toBeGreaterThanOrEqual(6);
        expect(page.degraded).toBe(false);
        const again = await server.home(`listener-00${10 + i}`);
        expect(again.shelves.length).toBeGreaterThanOrEqual(6);
      }
      const stranger = await server.home(`never-seen-${round}`);
      expect(stranger.shelves.length).toBeGreaterThan(0);
      await pause(250);
    }
    expect((await server.call('GET', '/readyz')).status).toBe(200);
    const sick = await server.post<DoctorReport>('/v1/admin/doctor');
    expect(sick.checks.find(({ name }) => name === 'log of events')).toMatchObject({ outcome: 'error' });
    const put = await server.call<Problem>('PUT', '/v1/listeners/new-one', { market: 'SE' });
    if (put.status !== 200) expect(put).toMatchObject({ status: 507, json: { code: 'STORE_FULL' } });

    volume.free(server);
    const accepted = await server.send([...refused.values()].slice(0, 1000));
    expect(accepted).toMatchObject({ accepted: Math.min(1000, refused.size), duplicates: 0, rejected: 0 });
    for (const rest of [...refused.values()].slice(1000)) await server.send([rest]);
    expect(await server.send([...before, ...taken.values()])).toMatchObject({ duplicates: 50 + taken.size });
    await server.send([playOf('after', 'squeezed-1', items[500])]);
    const page = await server.home('squeezed-1');
    expect(page.shelves.find(({ kind: of }) => of === 'recently-played')?.cards[0].id).toBe(items[500]);

    await pause(400);
    await server.kill();
    server = await startServer(dataDir);
    const all = [...before, ...taken.values(), ...refused.values()];
    expect(all.length).toBe(sent);
    for (let from = 0; from < all.length; from += 1000) {
      const slice = all.slice(from, from + 1000);
      expect(await server.send(slice)).toMatchObject({ duplicates: slice.length });
    }
    const plays = await Promise.all(
      [0, 1, 2, 3, 4].map(async (i) => (await server.get<ListenerSummary>(`/v1/listeners/squeezed-${i}`)).totalPlays),
    );
    expect(plays.reduce((sum, count) => sum + count, 0)).toBe(sent + 1);
    expect(await server.post<RebuildReport>('/v1/admin/rebuild-state')).toMatchObject({ different: 0 });
    expect(await server.post<DoctorReport>('/v1/admin/doctor')).toMatchObject({ healthy: true });
    expect(await server.post(`/v1/decisions/${early.decisionId}/replay`, { verify: true })).toMatchObject({
      equal: true,
    });
    console.log({ refused: refused.size, taken: taken.size });
  });

  it('never ends the process that writes to the online store', async (test) => {
    const small = mountTmpfs();
    if (small === undefined) {
      test.skip("This machine does not allow a file system of one's own to be mounted.");
      return;
    }
    const store = openLmdbStore({ dir: join(small.dir, 'online') });
    const fates = { stored: 0, refused: 0 };
    // Values of more than a page, and room that runs out in the middle of the work.
    for (let round = 0; round < 200; round++) {
      const writes = Array.from({ length: 4 }, (_, t) =>
        store.transaction((write) => {
          for (let i = 0; i < (round * 7 + t * 13) % 60; i++)
            write.put(['a', 'b', 'c'][i % 3], `${round}-${t}-${i}`, Buffer.alloc((i * 197) % 6000, i));
        }),
      );
      for (const write of await Promise.allSettled(writes)) {
        // Refused before LMDB met the end of the disk: that would damage its memory.
        if (write.status === 'rejected')
          expect(write.reason).toMatchObject({
            code: 'STORE_FULL',
            message: expect.stringContaining('bytes are free'),
          });
        fates[write.status === 'fulfilled' ? 'stored' : 'refused']++;
      }
    }
    expect(Math.min(fates.stored, fates.refused)).toBeGreaterThan(20);
    expect(store.get('a', '1-0-0')).toBeDefined();
    await store.close();
    small.end();
  });
});
