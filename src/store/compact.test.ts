import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { HOUR_MS } from '../base/index.ts';
import {
  compact,
  type EventLog,
  type LogPosition,
  lakeFiles,
  logUpTo,
  openEventLog,
  openLake,
  openMetadata,
  openWarehouse,
  type RowDecoder,
  type Stream,
  streamEntries,
  streamEntry,
} from './index.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'shelfwise-compact-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));
const freshDir = (): string => fs.mkdtempSync(path.join(root, 'd'));

const START_MS = Date.UTC(2026, 10, 24, 22, 30);
const decoder: RowDecoder = {
  columns: { name: 'text', plays: 'i32', rated: 'boolean', score: 'f64', missing: 'text' },
  decode: (payload) => {
    const row = JSON.parse(Buffer.from(payload).toString()) as { i: number };
    return {
      atMs: START_MS + row.i * (HOUR_MS / 10),
      columns: { name: `ü'"${row.i}`, plays: row.i, rated: row.i % 2 === 0, score: row.i / 3, missing: null },
    };
  },
};

async function filledLog(dir: string, entries = 90): Promise<EventLog> {
  const log = openEventLog({ dir });
  for (let i = 0; i < entries; i++) {
    log.append(Buffer.from(JSON.stringify({ i })));
    if (i % 30 === 29) await log.seal();
  }
  await log.close();
  return openEventLog({ dir });
}

async function rowsOf(files: readonly string[], lakeDir: string): Promise<Record<string, unknown>[]> {
  const warehouse = await openWarehouse();
  const list = files.map((file) => `'${path.join(lakeDir, file)}'`).join(', ');
  const rows = await warehouse.query<Record<string, unknown>>(
    `SELECT * FROM read_parquet([${list}], hive_partitioning = true) ORDER BY plays`,
  );
  warehouse.close();
  return rows;
}

describe('compaction', () => {
  test('moves the sealed segments to a file an hour, every row once, and drops them', async () => {
    const dir = freshDir();
    const log = await filledLog(path.join(dir, 'log'));
    log.append(Buffer.from(JSON.stringify({ i: 1000 })));
    await log.sync();
    const lake = openLake({ dir: path.join(dir, 'lake') });
    const metadata = openMetadata({ file: path.join(dir, 'metadata.sqlite') });
    const steps: string[] = [];
    const report = await compact(log, 'events', lake, metadata, decoder, { onStep: (step) => steps.push(step) });
    expect(report).toMatchObject({ segments: 3, rows: 90 });
    expect(log.segments().map(({ segment }) => segment)).toEqual([4]);
    const files = await lakeFiles('events', metadata);
    expect(files).toEqual(report.files);
    expect(files[0]).toBe('events/day=2026-11-24/hour=22/segment-00000001.parquet');
    expect(files.at(-1)).toBe('events/day=2026-11-25/hour=07/segment-00000003.parquet');
    expect(lake.list('events')).toEqual([...files].sort());
    const rows = await rowsOf(files, lake.dir);
    expect(rows.map((row) => row['plays'])).toEqual(Array.from({ length: 90 }, (_, i) => i));
    const row = rows[31];
    expect(row).toMatchObject({ name: 'ü\'"31', rated: false, score: 31 / 3, missing: null, segment: 2 });
    expect(row['at_ms']).toBe(START_MS + 3.1 * HOUR_MS);
    expect(Buffer.from(row['payload'] as Uint8Array).toString()).toBe('{"i":31}');
    expect(await compact(log, 'events', lake, metadata, decoder)).toMatchObject({ segments: 0, rows: 0 });
    await log.close();
    await metadata.close();
    await lake.close();
  });

  test('gives the same lake wherever it is cut off, however often, and doubles no row', async () => {
    const dir = freshDir();
    await (await filledLog(path.join(dir, 'log'), 60)).close();
    const steps: string[] = [];
    const copyOf = (): string => {
      const copy = freshDir();
      fs.cpSync(dir, copy, { recursive: true });
      return copy;
    };
    const straight = copyOf();
    const run = async (copy: string, stopAt: number): Promise<boolean> => {
      const log = openEventLog({ dir: path.join(copy, 'log') });
      const lake = openLake({ dir: path.join(copy, 'lake') });
      const metadata = openMetadata({ file: path.join(copy, 'metadata.sqlite') });
      let step = 0;
      try {
        await compact(log, 'events', lake, metadata, decoder, {
          onStep: (name) => {
            if (copy === straight) steps.push(name);
            if (step++ === stopAt) throw new Error('cut off');
          },
        });
        return true;
      } catch (error) {
        expect(String(error)).toContain('cut off');
        return false;
      } finally {
        await log.close();
        await metadata.close();
        await lake.close();
      }
    };
    const outcome = async (copy: string): Promise<unknown> => {
      const metadata = openMetadata({ file: path.join(copy, 'metadata.sqlite') });
      const files = await lakeFiles('events', metadata);
      await metadata.close();
      const rows = await rowsOf(files, path.join(copy, 'lake'));
      return { files, rows, onDisk: openLake({ dir: path.join(copy, 'lake') }).list('events') };
    };
    await run(straight, Number.POSITIVE_INFINITY);
    const expected = await outcome(straight);
    for (let stopAt = 0; stopAt < steps.length; stopAt++) {
      const copy = copyOf();
      expect(await run(copy, stopAt), steps[stopAt]).toBe(false);
      // Again and again, a little further each time.
      if (stopAt % 4 === 0) await run(copy, Math.floor(stopAt / 2));
      await run(copy, Number.POSITIVE_INFINITY);
      expect(await outcome(copy), steps[stopAt]).toEqual(expected);
    }
  });

  test('removes files that an earlier attempt with another decoder left', async () => {
    const dir = freshDir();
    const log = await filledLog(path.join(dir, 'log'));
    const lake = openLake({ dir: path.join(dir, 'lake') });
    const metadata = openMetadata({ file: path.join(dir, 'metadata.sqlite') });
    const early: RowDecoder = { ...decoder, decode: (payload) => ({ ...decoder.decode(payload), atMs: 0 }) };
    const stop = (step: string): void => {
      if (step === 'record 1') throw new Error('cut off');
    };
    await expect(compact(log, 'events', lake, metadata, early, { onStep: stop })).rejects.toThrow('cut off');
    expect(lake.list('events')).toEqual(['events/day=1970-01-01/hour=00/segment-00000001.parquet']);
    await compact(log, 'events', lake, metadata, decoder);
    expect(lake.list('events')).toEqual([...(await lakeFiles('events', metadata))].sort());
    await log.close();
    await metadata.close();
    await lake.close();
  });
});

describe('a stream whole', () => {
  test('gives every entry once and in order before, during and after compaction, and each at its position', async () => {
    const dir = freshDir();
    const log = await filledLog(path.join(dir, 'log'));
    for (let i = 90; i < 100; i++) log.append(Buffer.from(JSON.stringify({ i })));
    await log.sync();
    const lake = openLake({ dir: path.join(dir, 'lake') });
    const metadata = openMetadata({ file: path.join(dir, 'metadata.sqlite') });
    const warehouse = await openWarehouse({ threads: 1 });
    const stream = { name: 'events', log, lake, metadata, warehouse: async () => warehouse };
    const numbers = async (from?: LogPosition, of: Stream = stream): Promise<number[]> => {
      const found: number[] = [];
      for await (const { payload } of streamEntries(of, from)) found.push(numberOf(payload));
      return found;
    };
    const numberOf = (payload: Uint8Array): number => (JSON.parse(Buffer.from(payload).toString()) as { i: number }).i;
    const all = Array.from({ length: 100 }, (_, i) => i);
    const positions = Array.from(log.entries(log.start()));
    /** As another thread reads it, which knows of the log what its owner told it: up to any entry. */
    const upToEach = async (): Promise<void> => {
      for (const i of [0, 1, 29, 30, 31, 44, 45, 89, 90, 99]) {
        const bounded = { ...stream, log: logUpTo(path.join(dir, 'log'), positions[i].position) };
        expect(await numbers(undefined, bounded)).toEqual(all.slice(0, i));
        expect(await numbers(positions[20].position, bounded)).toEqual(all.slice(20, i));
      }
    };
    expect(await numbers()).toEqual(all);
    await upToEach();
    const stop = (step: string): void => {
      if (step === 'drop 2') throw new Error('cut off');
    };
    await expect(compact(log, 'events', lake, metadata, decoder, { onStep: stop })).rejects.toThrow('cut off');
    expect(await numbers()).toEqual(all);
    await upToEach();
    const slow: number[] = [];
    for await (const { payload } of streamEntries(stream)) {
      slow.push(numberOf(payload));
      if (slow.length === 45) await compact(log, 'events', lake, metadata, decoder);
    }
    expect(slow).toEqual(all);
    expect(log.segments()).toHaveLength(1);
    expect(await numbers()).toEqual(all);
    await upToEach();
    for (const i of [0, 29, 30, 44, 89, 90, 99]) {
      expect(await numbers(positions[i].position)).toEqual(all.slice(i));
      expect(await numbers(positions[i].next)).toEqual(all.slice(i + 1));
      expect(numberOf(await streamEntry(stream, positions[i].position))).toBe(i);
    }
    await expect(streamEntry(stream, { segment: 1, offset: 33 })).rejects.toMatchObject({ code: 'LOG_POSITION_GONE' });
    await log.close();
    await metadata.close();
    warehouse.close();
    await lake.close();
  });
});

describe('lake and warehouse', () => {
  test('a file is replaced whole; names cannot leave the lake; unequal columns are refused', async () => {
    const lake = openLake({ dir: freshDir() });
    await lake.writeParquet('a/b.parquet', { x: { type: 'i32', values: [1, 2] } });
    await lake.writeParquet('a/b.parquet', {
      x: { type: 'i64', values: [2 ** 40, null] },
      v: { type: 'f32', values: new Float32Array([0.5, 1.5]) },
      b: { type: 'bytes', values: [new Uint8Array([0, 255]), null] },
    });
    const warehouse = await openWarehouse({ threads: 1 });
    const rows = await warehouse.query('SELECT x, v, b FROM read_parquet($1) ORDER BY x', [lake.pathOf('a/b.parquet')]);
    expect(rows).toEqual([
      { x: 2 ** 40, v: 0.5, b: Buffer.from([0, 255]) },
      { x: null, v: 1.5, b: null },
    ]);
    expect(await warehouse.query('SELECT $n::INTEGER + 1 AS m, 9007199254740993::BIGINT AS big', { n: 41 })).toEqual([
      { m: 42, big: 9007199254740993n },
    ]);
    for (const file of ['../x.parquet', '/x.parquet', 'a//x.parquet', '.']) expect(() => lake.pathOf(file)).toThrow();
    await expect(
      lake.writeParquet('c.parquet', { x: { type: 'i32', values: [1] }, y: { type: 'i32', values: [] } }),
    ).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await expect(warehouse.query('SELECT nothing')).rejects.toThrow();
    lake.remove('a/b.parquet');
    lake.remove('a/b.parquet');
    expect(lake.list('a')).toEqual([]);
    expect(fs.readdirSync(path.join(lake.dir, 'a'))).toEqual([]);
    warehouse.close();
    await lake.close();
  });

  test('files of more rows than one vector are written whole', async () => {
    const lake = openLake({ dir: freshDir() });
    const values = Float64Array.from({ length: 10_000 }, (_, i) => i);
    await lake.writeParquet('n.parquet', { n: { type: 'f64', values } });
    const warehouse = await openWarehouse();
    const [row] = await warehouse.query<{ n: number; s: number }>(
      `SELECT count(*) AS n, sum(n) AS s FROM '${lake.pathOf('n.parquet')}'`,
    );
    expect(row).toEqual({ n: 10_000, s: (10_000 * 9999) / 2 });
    warehouse.close();
    await lake.close();
  });

  test('rows of some are removed from files, the others stay as they were, and again changes nothing', async () => {
    const lake = openLake({ dir: freshDir() });
    const names = ['events/day=2026-11-24/hour=22/a.parquet', 'events/day=2026-11-24/hour=23/b.parquet'];
    for (const [i, name] of names.entries()) {
      await lake.writeParquet(name, {
        who: { type: 'text', values: ['ann', "o'bob", null, 'ann', 'eve'] },
        n: { type: 'i64', values: [1, 2, 3, 4, 5].map((n) => n + 10 * i) },
        v: { type: 'f32', values: [0.5, 1.5, 2.5, 3.5, 4.5] },
        b: { type: 'bytes', values: [1, 2, 3, 4, 5].map((n) => new Uint8Array([0, n, 255])) },
        yes: { type: 'boolean', values: [true, false, null, true, false] },
      });
    }
    const warehouse = await openWarehouse({ threads: 1 });
    const read = (name: string) =>
      warehouse.query(`SELECT * FROM read_parquet('${lake.pathOf(name)}', hive_partitioning = false)`);
    const types = (name: string) => warehouse.query(`DESCRIBE SELECT * FROM '${lake.pathOf(name)}'`);
    const [rows, columns] = [await read(names[1]), await types(names[1])];
    expect(await lake.countRows(names, 'who', ['ann', "o'bob"])).toEqual([
      { file: names[0], value: 'ann', rows: 2 },
      { file: names[0], value: "o'bob", rows: 1 },
      { file: names[1], value: 'ann', rows: 2 },
      { file: names[1], value: "o'bob", rows: 1 },
    ]);
    for (let again = 0; again < 2; again++) {
      await lake.removeRows(names[1], 'who', ['ann', "o'bob"]);
      expect(await read(names[1])).toEqual([rows[2], rows[4]]);
      expect(await types(names[1])).toEqual(columns);
    }
    await lake.removeRows(names[1], 'who', ['eve']);
    expect(await read(names[1])).toEqual([rows[2]]);
    expect(await lake.countRows(names, 'who', ['ann'])).toEqual([{ file: names[0], value: 'ann', rows: 2 }]);
    expect(await lake.countRows([], 'who', ['ann'])).toEqual([]);
    expect(lake.list('events')).toEqual(names);
    expect(fs.readdirSync(path.dirname(lake.pathOf(names[1])))).toEqual(['b.parquet']);
    warehouse.close();
    await lake.close();
  });

  test('a file whose rows are all removed stays, empty, and is read like any other', async () => {
    const lake = openLake({ dir: freshDir() });
    await lake.writeParquet('x.parquet', { who: { type: 'text', values: ['ann', 'ann'] } });
    await lake.removeRows('x.parquet', 'who', ['ann']);
    const warehouse = await openWarehouse({ threads: 1 });
    expect(await warehouse.query(`SELECT who FROM '${lake.pathOf('x.parquet')}'`)).toEqual([]);
    warehouse.close();
    await lake.close();
  });
});
