import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { createRng } from '../base/index.ts';
import { crashLog, eventLogLaws, memoryDiskDroppingUnsynced } from '../testing/index.ts';
import {
  checkLog,
  comparePositions,
  type Disk,
  type EventLog,
  nodeDisk,
  openEventLog,
  readLogSegments,
} from './index.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'shelfwise-log-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));
const freshDir = (): string => fs.mkdtempSync(path.join(root, 'd'));

const texts = (log: EventLog): string[] =>
  Array.from(log.entries(log.start()), ({ payload }) => Buffer.from(payload).toString());

describe('laws, on the machine’s disk', () => {
  const create = () => {
    const dir = freshDir();
    return { open: () => openEventLog({ dir, segmentBytes: 16 * 1024, flushEveryMs: 5 }) };
  };
  for (const law of eventLogLaws(create)) test(law.name, law.run);
});

describe('laws, on the disk double', () => {
  const create = () => {
    const disk = memoryDiskDroppingUnsynced(createRng(3));
    return { open: () => openEventLog({ dir: '/log', disk, segmentBytes: 8 * 1024, flushEveryMs: 5 }) };
  };
  for (const law of eventLogLaws(create)) test(law.name, law.run);
});

describe('crashes', () => {
  test('a thousand crashes of a disk that drops, reorders and tears unsynced writes lose and double nothing', async () => {
    const report = await crashLog({ crashes: 1000, seed: 7 });
    expect(report).toMatchObject({ crashes: 1000, lost: 0, doubled: 0, altered: 0, undead: 0 });
    expect(report.acked).toBeGreaterThan(10_000);
    expect(report.cutBytes).toBeGreaterThan(0);
    expect(report.refused).toBeGreaterThan(1000);
  });

  test('cutting the last segment anywhere leaves the entries before the cut, and the log goes on', async () => {
    const dir = freshDir();
    const log = openEventLog({ dir });
    const starts: number[] = [];
    for (let i = 0; i < 20; i++) {
      starts.push(log.append(Buffer.from(`entry ${i}`)).offset);
      if (i % 5 === 4) await log.sync();
    }
    await log.sync();
    const file = path.join(dir, '00000001.log');
    const whole = fs.readFileSync(file);
    await log.close();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 32, max: whole.length }), async (cut) => {
        const copy = freshDir();
        fs.writeFileSync(path.join(copy, '00000001.log'), whole.subarray(0, cut));
        const kept = starts.filter((start, i) => start + 8 + `entry ${i}`.length <= cut).length;
        const torn = openEventLog({ dir: copy });
        expect(texts(torn)).toEqual(Array.from({ length: kept }, (_, i) => `entry ${i}`));
        expect(torn.recovery.cutBytes).toBeLessThan(40);
        torn.append(Buffer.from('after'));
        await torn.close();
        const again = openEventLog({ dir: copy });
        expect(texts(again).at(-1)).toBe('after');
        expect(again.recovery).toEqual({ cutBytes: 0, cutSegment: null });
        await again.close();
      }),
      { numRuns: 60 },
    );
  });

  test('a torn tail is cut and reported; zeros that a file system left count as torn', async () => {
    const dir = freshDir();
    const log = openEventLog({ dir });
    log.append(Buffer.from('whole'));
    await log.close();
    fs.appendFileSync(path.join(dir, '00000001.log'), Buffer.alloc(100));
    expect(checkLog(dir)).toMatchObject({ entries: 1, tornBytes: 100, damage: [] });
    const again = openEventLog({ dir });
    expect(again.recovery).toEqual({ cutBytes: 100, cutSegment: 1 });
    expect(texts(again)).toEqual(['whole']);
    await again.close();
  });
});

describe('damage', () => {
  const threeSegments = async (): Promise<string> => {
    const dir = freshDir();
    const log = openEventLog({ dir });
    for (let segment = 0; segment < 3; segment++) {
      for (let i = 0; i < 30; i++) {
        log.append(Buffer.from(`segment ${segment} entry ${i}`));
        if (i % 10 === 9) await log.sync();
      }
      if (segment < 2) await log.seal();
    }
    await log.close();
    return dir;
  };
  const flip = (file: string, offset: number): void => {
    const bytes = fs.readFileSync(file);
    bytes[offset] ^= 4;
    fs.writeFileSync(file, bytes);
  };

  test('any flipped bit of what had been synced is found, wherever it is', async () => {
    const dir = await threeSegments();
    const names = fs.readdirSync(dir);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: 2 }), fc.double({ min: 0, max: 1, noNaN: true }), async (segment, share) => {
        const copy = freshDir();
        fs.cpSync(dir, copy, { recursive: true });
        const file = path.join(copy, names[segment]);
        const size = fs.statSync(file).size;
        // The mark that closing wrote is the last 16 bytes: there is nothing after it to tell damage from a torn tail.
        flip(file, Math.floor(share * (size - 17)));
        expect(checkLog(copy).damage.length + checkLog(copy).tornBytes).toBeGreaterThan(0);
        const readAll = async (): Promise<void> => {
          const log = openEventLog({ dir: copy });
          try {
            for (const _entry of log.entries(log.start()));
          } finally {
            await log.close();
          }
        };
        await expect(readAll()).rejects.toMatchObject({ code: 'LOG_CORRUPT' });
      }),
      { numRuns: 60 },
    );
  });

  test('a missing segment, a shortened one and a lost tail of a complete one are damage', async () => {
    const missing = await threeSegments();
    fs.rmSync(path.join(missing, '00000002.log'));
    expect(() => openEventLog({ dir: missing })).toThrow(/00000002\.log is missing/);
    expect(checkLog(missing).damage).toHaveLength(1);
    const shortened = await threeSegments();
    fs.truncateSync(path.join(shortened, '00000002.log'), 200);
    expect(() => openEventLog({ dir: shortened })).toThrow(/200 are there/);
  });

  test('an entry that imitates frames and marks is an entry', async () => {
    const dir = freshDir();
    const log = openEventLog({ dir });
    log.append(Buffer.from('real'));
    await log.close();
    const imitation = fs.readFileSync(path.join(dir, '00000001.log'));
    const again = openEventLog({ dir });
    again.append(imitation);
    await again.sync();
    fs.appendFileSync(path.join(dir, '00000001.log'), imitation);
    await again.close();
    const third = openEventLog({ dir });
    expect(Array.from(third.entries(third.start()), ({ payload }) => payload.length)).toEqual([4, imitation.length]);
    await third.close();
  });

  test('a segment of a later format is refused, not cut', async () => {
    const dir = freshDir();
    await openEventLog({ dir }).close();
    const file = path.join(dir, '00000001.log');
    const { encodeHeader } = await import('./log-format.ts');
    const { crc32 } = await import('node:zlib');
    const header = encodeHeader({ segment: 1, salt: 1, previousBytes: 0 });
    header.writeUInt32LE(3, 8);
    header.writeUInt32LE(crc32(header.subarray(0, 28)), 28);
    fs.writeFileSync(file, header);
    expect(() => openEventLog({ dir })).toThrow(expect.objectContaining({ code: 'DATA_DIR_VERSION' }));
  });
});

describe('a full disk', () => {
  const open = (disk: Disk): EventLog =>
    openEventLog({ dir: '/log', disk, segmentBytes: 64 * 1024, flushEveryMs: 10_000 });

  test('turns appends and syncs away, keeps what was durable, and works again when there is room', async () => {
    const disk = memoryDiskDroppingUnsynced(createRng(1));
    const log = open(disk);
    log.append(Buffer.from('before'));
    await log.sync();
    const end = log.durableEnd();
    disk.setCapacity(disk.usedBytes() + 50);
    log.append(Buffer.alloc(100));
    const first = log.sync();
    log.append(Buffer.alloc(100));
    const second = log.sync();
    await expect(first).rejects.toMatchObject({ code: 'LOG_FULL', status: 507 });
    await expect(second).rejects.toMatchObject({ code: 'LOG_FULL' });
    expect(log.full).toBe(true);
    expect(log.end()).toEqual(end);
    expect(disk.usedBytes()).toBe(end.offset);
    expect(() => log.append(Buffer.alloc(100))).toThrow(expect.objectContaining({ code: 'LOG_FULL' }));
    expect(texts(log)).toEqual(['before']);
    disk.setCapacity(100_000);
    log.append(Buffer.from('after'));
    expect(log.full).toBe(false);
    await log.sync();
    expect(texts(log)).toEqual(['before', 'after']);
    const later = open(disk.crash());
    expect(texts(later)).toEqual(['before', 'after']);
  });

  test('takes a whole commit back when its second segment finds no room', async () => {
    const disk = memoryDiskDroppingUnsynced(createRng(1));
    const log = open(disk);
    log.append(Buffer.from('before'));
    await log.sync();
    for (let i = 0; i < 10; i++) log.append(Buffer.alloc(10_000, i));
    disk.setCapacity(66_000);
    await expect(log.sync()).rejects.toMatchObject({ code: 'LOG_FULL' });
    expect(texts(log)).toEqual(['before']);
    expect(disk.list('/log')).toEqual(['00000001.log']);
    disk.setCapacity(1e6);
    for (let i = 0; i < 10; i++) log.append(Buffer.alloc(10_000, i));
    await log.sync();
    const later = open(disk.crash());
    expect(texts(later)).toHaveLength(11);
  });

  test('an error of the medium is told from a full disk', async () => {
    const disk = memoryDiskDroppingUnsynced(createRng(1));
    const log = open(disk);
    disk.failSyncs(1, 'EIO');
    log.append(Buffer.from('x'));
    await expect(log.sync()).rejects.toMatchObject({ code: 'LOG_WRITE_FAILED', status: 503 });
    disk.failSyncs(0, 'EIO');
    log.append(Buffer.from('y'));
    await log.sync();
    expect(texts(log)).toEqual(['y']);
  });
});

describe('processes that end badly', () => {
  const header = `import { openEventLog } from ${JSON.stringify(new URL('./log.ts', import.meta.url).href)};`;
  const spawnWriter = (source: string, wrap = 'exec "$0" --input-type=module -e "$1"') =>
    spawn('sh', ['-c', wrap, process.execPath, header + source], { stdio: ['ignore', 'pipe', 'inherit'] });

  test('what was acknowledged before kill -9 is there once, and the log goes on', async () => {
    const dir = freshDir();
    let next = 0;
    for (let kill = 0; kill < 4; kill++) {
      const child = spawnWriter(`
        const log = openEventLog({ dir: ${JSON.stringify(dir)}, segmentBytes: 32768 });
        let next = ${next};
        const writer = async () => {
          for (;;) {
            const mine = Array.from({ length: 7 }, () => next++);
            for (const i of mine) log.append(Buffer.from(String(i)));
            await log.sync();
            process.stdout.write(mine.join(' ') + ' ');
          }
        };
        for (let i = 0; i < 8; i++) void writer();`);
      let output = '';
      await new Promise<void>((resolve) => {
        child.stdout.on('data', (chunk: Buffer) => {
          if (output === '') setTimeout(() => child.kill('SIGKILL'), 30 + 10 * kill);
          output += chunk.toString();
        });
        child.on('close', () => resolve());
      });
      const log = openEventLog({ dir });
      const there = texts(log).map(Number);
      expect(new Set(there).size).toBe(there.length);
      const acknowledged = output.split(' ').slice(0, -1).map(Number);
      expect(acknowledged.length).toBeGreaterThan(0);
      const found = new Set(there);
      expect(acknowledged.filter((i) => !found.has(i))).toEqual([]);
      next = Math.max(...there) + 1000;
      await log.close();
    }
  });

  test.runIf(process.platform === 'linux')(
    'a disk that takes no more turns entries away, and the process lives on',
    async () => {
      const dir = freshDir();
      // A limit on the size of files: the nearest to a full disk without one.
      const child = spawnWriter(
        `
      const log = openEventLog({ dir: ${JSON.stringify(dir)}, flushEveryMs: 100000 });
      const codes = new Map();
      let acknowledged = 0;
      for (let i = 0; i < 1000; i++) {
        try {
          log.append(Buffer.alloc(1000));
          if (i % 10 === 0) await log.sync();
        } catch (error) {
          codes.set(error.code, (codes.get(error.code) ?? 0) + 1);
        }
      }
      process.stdout.write(JSON.stringify({ codes: [...codes.keys()], entries: [...log.entries(log.start())].length }));`,
        `trap '' XFSZ; ulimit -f 300; exec "$0" --input-type=module -e "$1"`,
      );
      let output = '';
      child.stdout.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
      await new Promise((resolve) => child.once('close', resolve));
      const { codes, entries } = JSON.parse(output) as { codes: string[]; entries: number };
      expect(codes).toEqual(['LOG_FULL']);
      expect(entries).toBeGreaterThan(100);
      const log = openEventLog({ dir });
      expect(texts(log).length).toBe(entries);
      await log.close();
    },
  );
});

describe('readers beside the owner', () => {
  test('another thread reads up to a position that it is given, while the owner appends', async () => {
    const dir = freshDir();
    const log = openEventLog({ dir, segmentBytes: 4096 });
    for (let i = 0; i < 500; i++) log.append(Buffer.from(`entry ${i}`));
    await log.sync();
    const to = log.durableEnd();
    const source = `
      import { parentPort, workerData } from 'node:worker_threads';
      import { readLogSegments } from ${JSON.stringify(new URL('./log-reader.ts', import.meta.url).href)};
      let count = 0;
      for (const { payload } of readLogSegments(workerData.dir, undefined, workerData.to)) {
        if (Buffer.from(payload).toString() !== 'entry ' + count) throw new Error('entry ' + count);
        count += 1;
      }
      parentPort.postMessage(count);`;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
      workerData: { dir, to },
    });
    const count = new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    for (let i = 0; i < 500; i++) log.append(Buffer.from('later'));
    await log.sync();
    expect(await count).toBe(500);
    expect([...readLogSegments(dir)].length).toBe(1000);
    expect([...readLogSegments(dir, to)].length).toBe(500);
    await log.close();
  });
});

test('an injected delay is added to every sync and shows in its percentiles', async () => {
  const log = openEventLog({ dir: freshDir(), injectSyncDelayMs: 5 });
  for (let i = 0; i < 3; i++) {
    log.append(Buffer.from('x'));
    await log.sync();
  }
  expect(log.fsyncP50Us()).toBeGreaterThan(4500);
  await log.close();
});

test('positions are ordered by segment, then by offset', () => {
  expect(comparePositions({ segment: 1, offset: 9 }, { segment: 2, offset: 1 })).toBeLessThan(0);
  expect(comparePositions({ segment: 2, offset: 9 }, { segment: 2, offset: 1 })).toBeGreaterThan(0);
  expect(comparePositions({ segment: 2, offset: 9 }, { segment: 2, offset: 9 })).toBe(0);
});

test('an entry waits for fdatasync: the sync of the disk is asked for before the promise resolves', async () => {
  const calls: string[] = [];
  const real = nodeDisk();
  const disk: Disk = {
    ...real,
    open: (file, mode) => {
      const handle = real.open(file, mode);
      return {
        write: (bytes, length, position) => handle.write(bytes, length, position),
        read: (into, offset, length, position) => handle.read(into, offset, length, position),
        size: () => handle.size(),
        truncate: (bytes) => handle.truncate(bytes),
        syncNow: () => handle.syncNow(),
        close: () => handle.close(),
        datasync: async () => {
          await handle.datasync();
          calls.push('synced');
        },
      };
    },
  };
  const log = openEventLog({ dir: freshDir(), disk });
  log.append(Buffer.from('x'));
  await log.sync().then(() => calls.push('acknowledged'));
  expect(calls).toEqual(['synced', 'acknowledged']);
  await log.close();
});
