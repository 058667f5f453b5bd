import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IncomingEvent, Item } from '../domain/index.ts';
import { toInstant, toList } from './columns.ts';
import { type BadRow, createImportReport, type ImportSource, readEventFiles, readItemFiles } from './index.ts';
import { MAX_LINE_BYTES } from './text-lines.ts';

let dir = '';
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'shelfwise-exchange-'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

function write(name: string, content: string | Uint8Array): string {
  const file = join(dir, name);
  writeFileSync(file, content);
  return file;
}

async function readAll(source: ImportSource) {
  const items: Item[] = [];
  const events: IncomingEvent[] = [];
  const bad: BadRow[] = [];
  let rowsRead = 0;
  let share = 0;
  let largest = 0;
  for await (const batch of source.batches()) {
    items.push(...(batch.items ?? []));
    events.push(...(batch.events ?? []));
    bad.push(...batch.bad);
    rowsRead += batch.rowsRead;
    expect(batch.share).toBeGreaterThanOrEqual(share);
    share = batch.share;
    largest = Math.max(largest, batch.items?.length ?? 0, batch.events?.length ?? 0);
  }
  return { items, events, bad, rowsRead, share, largest };
}

describe('CSV', () => {
  it('reads quotes, CRLF, a byte order mark, snake_case headers and lists', async () => {
    const file = write(
      'quotes.csv',
      '\uFEFFid,kind,title,creators,genres,released_at,duration_ms,explicit\r\n' +
        't1,track,"Rain, ""again""",a1=Ada Hale|a2=Ruben Vance,rock;indie pop,2024-03-01,215000,yes\r\n' +
        't2,track,"two\r\nlines",,,1709251200,1,false\r\n',
    );
    const { items, bad, rowsRead } = await readAll(readItemFiles([file]));
    expect(items).toEqual([
      {
        id: 't1',
        kind: 'track',
        title: 'Rain, "again"',
        creators: [
          { id: 'a1', name: 'Ada Hale' },
          { id: 'a2', name: 'Ruben Vance' },
        ],
        genres: ['rock', 'indie pop'],
        releasedAt: '2024-03-01T00:00:00.000Z',
        durationMs: 215000,
        explicit: true,
      },
    ]);
    expect(rowsRead).toBe(2);
    expect(bad).toHaveLength(1); // a title holds no line break
    expect(bad[0].reason).toContain('title');
  });

  it('counts rows of a wrong width, a stray quote and an unknown kind, and reads the rest', async () => {
    const file = write(
      'bad.csv',
      'id,kind,title\na,artist,One\nb,artist\nc,artist,x"y\nd,film,Four\n,artist,Five\ne,artist,Six\n',
    );
    const { items, bad } = await readAll(readItemFiles([file]));
    expect(items.map((item) => item.id)).toEqual(['a', 'e']);
    expect(bad.map((row) => row.row).sort()).toEqual([3, 4, 5, 6]);
    expect(bad.every((row) => row.file === file && row.reason.length > 5)).toBe(true);
  });

  it('reads .tsv and .csv.gz', async () => {
    const tsv = write('plain.tsv', 'id\tkind\ttitle\na\tartist\tOne\n');
    const gz = write('packed.csv.gz', gzipSync('id,kind,title\nb,artist,Two\n'));
    const { items, share } = await readAll(readItemFiles([tsv, gz]));
    expect(items.map((item) => item.title)).toEqual(['One', 'Two']);
    expect(share).toBe(1);
  });

  it('keeps what a truncated gzip still holds and says where it broke off', async () => {
    const packed = gzipSync(
      `id,kind,title\n${Array.from({ length: 5000 }, (_, i) => `a${i},artist,Name ${i * 7919}\n`).join('')}`,
    );
    const file = write('cut.csv.gz', packed.subarray(0, packed.length / 2));
    const { items, bad } = await readAll(readItemFiles([file]));
    expect(items.length).toBeLessThan(5000);
    expect(bad.some((row) => row.reason.includes('cannot be read further'))).toBe(true);
  });

  it('ends with a bad row at a quote that never closes', async () => {
    const file = write('open.csv', `id,kind,title\na,artist,One\nb,artist,"${'x\n'.repeat(1000)}`);
    const { items, bad } = await readAll(readItemFiles([file]));
    expect(items).toHaveLength(1);
    expect(bad.length).toBeGreaterThan(0);
  });
});

describe('JSON Lines', () => {
  it('reads events, skips blank lines, and counts lines that are no JSON, no object, no UTF-8 or too long', async () => {
    const good = {
      eventId: 'e1',
      type: 'play',
      listenerId: 'l',
      itemId: 't',
      occurredAt: '2026-01-01T00:00:00Z',
      playedMs: 1,
    };
    const file = write(
      'events.jsonl',
      Buffer.concat([
        Buffer.from(`${JSON.stringify(good)}\n\n{oops\n[1]\n`),
        Buffer.from([0x7b, 0xff, 0xfe, 0x7d, 0x0a]),
        Buffer.from(`"${'x'.repeat(MAX_LINE_BYTES + 10)}"\n`),
        Buffer.from(JSON.stringify({ ...good, eventId: 'e2' })), // no newline at the end
      ]),
    );
    const { events, bad } = await readAll(readEventFiles([file]));
    expect(events.map((event) => event.eventId)).toEqual(['e1', 'e2']);
    expect(bad.map((row) => row.row)).toEqual([3, 4, 5, 6]);
  });

  it('takes batches of at most 1,000 and sums their rows', async () => {
    const lines = Array.from({ length: 2500 }, (_, i) =>
      JSON.stringify({ id: `a${i}`, kind: 'artist', title: `N${i}` }),
    );
    const { items, largest, rowsRead } = await readAll(readItemFiles([write('many.ndjson', lines.join('\n'))]));
    expect(items).toHaveLength(2500);
    expect(largest).toBe(1000);
    expect(rowsRead).toBe(2500);
  });
});

describe('Parquet', () => {
  it('reads typed columns, lists and structs', async () => {
    const file = join(dir, 'items.parquet');
    const database = await DuckDBInstance.create(':memory:');
    const connection = await database.connect();
    await connection.run(
      `COPY (SELECT 't' || i AS id, 'track' AS kind, 'Title ' || i AS title, [{'id': 'a1', 'name': 'Ada'}] AS creators, ['rock'] AS genres,
        TIMESTAMP '2024-03-01 10:00:00' AS released_at, (1000 + i)::BIGINT AS duration_ms FROM range(2300) t(i)) TO '${file}'`,
    );
    connection.closeSync();
    database.closeSync();
    const { items, bad, largest } = await readAll(readItemFiles([file]));
    expect(bad).toEqual([]);
    expect(items).toHaveLength(2300);
    expect(largest).toBe(1000);
    expect(items[7]).toEqual({
      id: 't7',
      kind: 'track',
      title: 'Title 7',
      creators: [{ id: 'a1', name: 'Ada' }],
      genres: ['rock'],
      releasedAt: '2024-03-01T10:00:00.000Z',
      durationMs: 1007,
    });
  });

  it('reports a file that is none as one bad row', async () => {
    const { bad, items } = await readAll(readItemFiles([write('fake.parquet', 'PAR1 not really')]));
    expect(items).toEqual([]);
    expect(bad).toHaveLength(1);
    expect(bad[0].reason).toContain('Parquet');
  });
});

describe('columns', () => {
  it('follows --map, in preference to equal names', async () => {
    const file = write('log.csv', 'user,song,ts,ms,type\nu1,s1,1700000000,31000,ignored\n');
    const map = { listenerId: 'user', itemId: 'song', occurredAt: 'ts', playedMs: 'ms', type: 'type' };
    const wrongType = await readAll(readEventFiles([file], { map }));
    expect(wrongType.bad[0].reason).toContain('type');
    const { type: _, ...rest } = map;
    const plays = write('plays.csv', 'user,song,ts,ms\nu1,s1,1700000000,31000\n');
    const { events } = await readAll(readEventFiles([plays], { map: rest }));
    expect(events).toEqual([
      {
        eventId: expect.stringMatching(/^row:[0-9a-f]{32}$/),
        type: 'play',
        listenerId: 'u1',
        itemId: 's1',
        occurredAt: '2023-11-14T22:13:20.000Z',
        playedMs: 31000,
      },
    ]);
  });

  it('names the columns that exist when the map names one that does not', async () => {
    const csv = write('columns.csv', 'id,kind,name\na,artist,One\n');
    const lines = write('columns.jsonl', '{"id":"a","kind":"artist","name":"One"}\n');
    for (const file of [csv, lines]) {
      const source = readItemFiles([file], { map: { title: 'titel' } });
      await expect(readAll(source)).rejects.toMatchObject({
        code: 'OPTION_INVALID',
        message: expect.stringContaining('id, kind, name'),
      });
    }
  });

  it('refuses unknown fields, missing files and unknown formats at once', () => {
    const file = write('x.csv', 'id\n');
    expect(() => readItemFiles([file], { map: { colour: 'id' } })).toThrow(/colour.*title/s);
    expect(() => readItemFiles([join(dir, 'absent.csv')])).toThrow(/absent/);
    expect(() => readItemFiles([write('x.xlsx', '')])).toThrow(/\.parquet/);
    expect(() => readItemFiles([dir])).toThrow();
  });

  it('maps free attributes and tells which columns it ignored', async () => {
    const file = write('attributes.csv', 'id,kind,title,bpm,colour\na,track,One,120,red\n');
    const source = readItemFiles([file], { map: { 'attributes.tempo': 'bpm' } });
    const { items } = await readAll(source);
    expect(items[0].attributes).toEqual({ tempo: '120' });
    expect(source.notes.join()).toContain('colour');
  });

  it('gives the same event ids on a second reading and different ones to equal rows', async () => {
    const row = '{"listenerId":"l","itemId":"t","occurredAt":"2026-01-01T00:00:00Z","playedMs":5}\n';
    const source = readEventFiles([write('again.jsonl', row + row)]);
    const first = await readAll(source);
    const second = await readAll(source);
    expect(second.events).toEqual(first.events);
    expect(new Set(first.events.map((event) => event.eventId)).size).toBe(2);
  });

  it('reads any instant back from ISO, seconds, milliseconds and text', () => {
    fc.assert(
      fc.property(fc.integer({ min: 978_307_200, max: 4_102_444_800 }), (seconds) => {
        const iso = new Date(seconds * 1000).toISOString();
        for (const form of [
          iso,
          seconds,
          seconds * 1000,
          String(seconds),
          BigInt(seconds),
          new Date(seconds * 1000),
          iso.slice(0, 19).replace('T', ' '),
        ]) {
          expect(toInstant('t', form)).toBe(iso);
        }
      }),
      { numRuns: 200 },
    );
    expect(toInstant('t', '2024-03-01 10:00:00+02:00')).toBe('2024-03-01T08:00:00.000Z');
    for (const wrong of ['yesterday', '', '2024-13-01', Number.NaN, 'Infinity', {}, '01/02/2024']) {
      expect(() => toInstant('t', wrong)).toThrow('not a time');
    }
  });

  it('reads lists from arrays, JSON and divided text', () => {
    expect(toList('g', ['a', 'b'])).toEqual(['a', 'b']);
    expect(toList('g', '["a","b"]')).toEqual(['a', 'b']);
    expect(toList('g', 'a | b;c')).toEqual(['a', 'b', 'c']);
    expect(() => toList('g', '[a')).toThrow('JSON');
  });
});

describe('the report', () => {
  it('counts everything and samples at most 100 bad rows and 20 of one reason', () => {
    const report = createImportReport('a test');
    for (let i = 0; i < 50; i++) {
      const bad = Array.from({ length: 10 }, (_, k) => ({
        file: 'f',
        row: 10 * i + k,
        reason: k === 0 ? `reason ${String.fromCharCode(97 + (i % 26))}` : `playedMs is not a number: ${k}`,
      }));
      report.addBatch({ rowsRead: 12, share: 1, bad, events: [] });
    }
    report.addFates('events', [
      { fate: 'accepted', eventId: 'e1' },
      { fate: 'rejected', eventId: 'e2', code: 'EVENT_TIME_FUTURE', message: 'no' },
    ]);
    const made = report.report(['a note']);
    expect(made).toMatchObject({
      badRows: 500,
      rowsRead: 600,
      rejected: 1,
      events: { accepted: 1, rejected: 1 },
      notes: ['a note'],
    });
    expect(made.badRowSample.length).toBeLessThanOrEqual(100);
    expect(made.badRowSample.filter((row) => row.reason.startsWith('playedMs'))).toHaveLength(20);
    expect(made.badRowSample.some((row) => row.reason === 'reason z')).toBe(true);
    expect(made.rejectedSample[0].id).toBe('e2');
    expect(() => JSON.stringify(made)).not.toThrow();
  });
});
