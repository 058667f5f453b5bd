/**
 * What a crash may leave at the end of the log, and what it may not: a torn tail is cut off and reported, and nothing
 * acknowledged is lost; damage before it is refused, with the file and the byte.
 */
import { appendFileSync, cpSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { createRng } from '../src/base/index.ts';
import { openPlatform } from '../src/platform/index.ts';
import type { DoctorReport } from '../src/server/index.ts';
import { dataDirPaths } from '../src/store/index.ts';
import { playOf, shelfwise, smallWorld, startServer, temporaryDir } from './support.ts';

const ACKNOWLEDGED = Array.from({ length: 40 }, (_, i) => playOf(`kept-${i}`, `reader-${i % 4}`, `item-${i}`));
const UNACKNOWLEDGED = Array.from({ length: 30 }, (_, i) => playOf(`torn-${i}`, `reader-${i % 4}`, `item-${i}`));

/** A data directory after kill -9, with a tail in its log of events that was written and never acknowledged. */
let killed: string;
/** Bytes of the last segment that hold what was acknowledged. */
let acknowledgedBytes: number;

function lastSegment(dataDir: string, stream = 'events'): string {
  const log = dataDirPaths(dataDir).log(stream);
  return join(log, readdirSync(log).sort().at(-1) ?? '');
}

function copyOf(dataDir: string): string {
  const copy = temporaryDir('torn');
  cpSync(dataDir, copy, { recursive: true });
  return copy;
}

beforeAll(async () => {
  killed = (await smallWorld('torn')).dataDir;
  // Syncs take long: there is time to kill between the write of events and their acknowledgement.
  const server = await startServer(killed, { injectSyncDelayMs: 1500, recordFlushMs: 60_000, learnEveryMs: 0 });
  await server.send(ACKNOWLEDGED);
  acknowledgedBytes = statSync(lastSegment(killed)).size;
  let answered = false;
  const unanswered = server.send(UNACKNOWLEDGED).then(
    () => {
      answered = true;
    },
    () => undefined,
  );
  while (statSync(lastSegment(killed)).size === acknowledgedBytes)
    await new Promise((resolve) => setTimeout(resolve, 5));
  await server.kill();
  await unanswered;
  expect(answered).toBe(false);
});

/** Opens the directory; gives what was reported of each stream's recovery, the fates of all events, and what doctor says. */
async function reopen(dataDir: string) {
  const reports: Record<string, unknown>[] = [];
  const logger = {
    info: () => undefined,
    warn: (details: Record<string, unknown>, message: string) => void reports.push({ ...details, message }),
    error: () => undefined,
  };
  const platform = await openPlatform({ dataDir, logger, learnEveryMs: 0 });
  try {
    const doctor: DoctorReport = await platform.doctor();
    const kept = await platform.ingest(ACKNOWLEDGED);
    const torn = await platform.ingest(UNACKNOWLEDGED);
    const plays = [0, 1, 2, 3].reduce((sum, i) => sum + (platform.getListener(`reader-${i}`)?.totalPlays ?? 0), 0);
    return { reports, doctor, kept: kept.map(({ fate }) => fate), torn: torn.map(({ fate }) => fate), plays };
  } finally {
    await platform.close();
  }
}

const allOf = (fate: string, count: number) => new Array<string>(count).fill(fate);

describe('a torn tail', () => {
  it('wherever it was torn, is cut off and reported; what was acknowledged stays, what was not may come again', async () => {
    const size = statSync(lastSegment(killed)).size;
    expect(size).toBeGreaterThan(acknowledgedBytes + 1000);
    const rng = createRng(7);
    const cuts = [acknowledgedBytes, acknowledgedBytes + 1, acknowledgedBytes + 15, size - 1, size];
    for (let i = 0; i < 4; i++) cuts.push(acknowledgedBytes + rng.below(size - acknowledgedBytes));
    for (const cut of cuts) {
      const dataDir = copyOf(killed);
      truncateSync(lastSegment(dataDir), cut);
      const { reports, doctor, kept, torn, plays } = await reopen(dataDir);
      expect(kept).toEqual(allOf('duplicate', ACKNOWLEDGED.length));
      const whole = torn.filter((fate) => fate === 'duplicate').length;
      // A prefix of the events survived whole; the first that did not was cut off, and every one after it.
      expect(torn).toEqual([...allOf('duplicate', whole), ...allOf('accepted', UNACKNOWLEDGED.length - whole)]);
      expect(plays).toBe(ACKNOWLEDGED.length + UNACKNOWLEDGED.length);
      const reported = reports.find(({ stream }) => stream === 'events');
      const cutBytes = Number(reported?.['cutBytes'] ?? 0);
      if (cut > acknowledgedBytes && cut < size) expect(cutBytes === 0 ? whole : 1).toBeGreaterThan(0);
      if (cutBytes > 0) {
        expect(reported).toMatchObject({ cutSegment: 1, message: expect.stringContaining('torn tail was cut') });
        expect(doctor.checks.find(({ name }) => name === 'log of events')?.detail).toContain(
          `${cutBytes} bytes of an unacknowledged tail were cut`,
        );
      }
      expect(doctor.healthy).toBe(true);
    }
  });

  it('of garbage, zeros or an old block is cut off, of both logs', async () => {
    // The envelope may have been killed between two of its writes: what of it stood on disk stays there.
    const whole = (await reopen(copyOf(killed))).torn.filter((fate) => fate === 'duplicate').length;
    expect(whole).toBeGreaterThan(0);
    const rng = createRng(8);
    const garbage = Uint8Array.from({ length: 5000 }, () => rng.below(256));
    const old = readFileSync(lastSegment(killed)).subarray(32, 4096);
    for (const tail of [garbage, new Uint8Array(4096), old, garbage.subarray(0, 3)]) {
      const dataDir = copyOf(killed);
      appendFileSync(lastSegment(dataDir), tail);
      appendFileSync(lastSegment(dataDir, 'decisions'), tail);
      const { reports, kept, torn, plays } = await reopen(dataDir);
      expect(kept).toEqual(allOf('duplicate', ACKNOWLEDGED.length));
      expect(torn).toEqual([...allOf('duplicate', whole), ...allOf('accepted', UNACKNOWLEDGED.length - whole)]);
      expect(plays).toBe(ACKNOWLEDGED.length + UNACKNOWLEDGED.length);
      expect(reports.map(({ stream, cutBytes }) => [stream, cutBytes])).toEqual([
        ['events', tail.length],
        ['decisions', tail.length],
      ]);
    }
  });
});

describe('damage before the tail', () => {
  it('is refused, naming the file and the byte, and doctor says it', async () => {
    const dataDir = copyOf(killed);
    const file = lastSegment(dataDir);
    const bytes = readFileSync(file);
    const at = 40_000;
    bytes[at] ^= 0x10;
    writeFileSync(file, bytes);

    const refusal = await openPlatform({ dataDir }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).toMatchObject({ code: 'LOG_CORRUPT', message: expect.stringContaining(`${file} at byte `) });
    const place = Number(/at byte (\d+)/.exec(String(refusal))?.[1]);
    expect(place).toBeGreaterThan(at - 500);
    expect(place).toBeLessThanOrEqual(at);

    const { code, out } = await shelfwise('doctor', '--data', dataDir, '--json');
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      healthy: false,
      checks: [
        {
          outcome: 'error',
          detail: expect.stringContaining(`${file} at byte ${place}: `),
          remedy: expect.stringContaining('backup'),
        },
      ],
    });
    expect(readFileSync(file)).toEqual(bytes);
  });

  it('that happens under a running platform is found by doctor', async () => {
    const dataDir = copyOf(killed);
    const server = await startServer(dataDir, { learnEveryMs: 0 });
    const file = lastSegment(dataDir);
    const bytes = readFileSync(file);
    bytes[40_000] ^= 1;
    writeFileSync(file, bytes);
    const { code, out } = await shelfwise('doctor', '--data', dataDir, '--json');
    await server.kill();
    expect(code).toBe(1);
    const report = JSON.parse(out) as DoctorReport;
    expect(report.checks.find(({ name }) => name === 'log of events')).toMatchObject({
      outcome: 'error',
      detail: expect.stringContaining(`${file} at byte `),
      remedy: expect.stringContaining('backup'),
    });
  });
});
