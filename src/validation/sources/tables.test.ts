import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWarehouse } from '../../store/index.ts';
import { gather } from '../statistics/statistics-testing.ts';
import type { Column } from './columns.ts';
import { readExamples, readQueryChunks } from './index.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'tables-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Kind, depth, missing elements and values of a column over its chunks; of its fields for records. */
function shape(parts: readonly Column[]): unknown[] {
  const [{ kind, levels }] = parts;
  const absent = ({ levels: [{ valid }] }: Column) => valid?.reduce((sum, there) => sum + 1 - there, 0) ?? 0;
  const head = [kind, levels.length, parts.reduce((sum, part) => sum + absent(part), 0)];
  if (kind === 'NULL') return head;
  if (kind !== 'STRUCT') return [...head, parts.flatMap((part) => ('values' in part ? [...part.values] : []))];
  const fields = parts.map((part) => ('fields' in part ? part.fields : []));
  const shapes = fields[0].map(({ name }, i) => [name, shape(fields.map((field) => field[i]))]);
  return [...head, Object.fromEntries(shapes)];
}

async function shapes(file: string): Promise<Record<string, unknown>> {
  const chunks = await gather(readExamples(file));
  const columns = chunks[0].columns.map(({ name }, i) => [name, shape(chunks.map((chunk) => chunk.columns[i]))]);
  return Object.fromEntries(columns);
}

describe('JSON Lines', () => {
  const LINES = [
    { i: 1, f: 1, s: '2020-01-02T03:04:05Z', l: [1, 2], ll: [[1], [2, 3]], b: true, r: { x: 'a' }, rs: [{ y: 1 }] },
    { i: null, f: 2.5, s: null, l: [], ll: null, b: false, r: null, rs: [{ y: 2 }, {}] },
    { i: 3, f: 7, s: '2021-01-02T03:04:05Z', l: null, ll: [], b: true, r: {}, rs: [] },
  ];

  it.each(['a.jsonl', 'a.ndjson.gz'])('have the widest types of all lines, and texts as written: %s', async (name) => {
    const file = join(folder, name);
    const text = LINES.map((line) => JSON.stringify(line)).join('\n');
    writeFileSync(file, name.endsWith('.gz') ? gzipSync(text) : text);
    expect(await shapes(file)).toEqual({
      i: ['INT', 1, 1, [1, 3]],
      f: ['FLOAT', 1, 0, [1, 2.5, 7]],
      s: ['STRING', 1, 1, ['2020-01-02T03:04:05Z', '2021-01-02T03:04:05Z']],
      l: ['INT', 1, 1, [1, 2]],
      ll: ['INT', 2, 1, [1, 2, 3]],
      b: ['INT', 1, 0, [1, 0, 1]],
      r: ['STRUCT', 1, 1, { x: ['STRING', 1, 1, ['a']] }],
      rs: ['STRUCT', 1, 0, { y: ['INT', 1, 1, [1, 2]] }],
    });
  });

  it('that are none are refused', async () => {
    const file = join(folder, 'broken.jsonl');
    writeFileSync(file, '{"a": 1}\n{"a": \n');
    await expect(gather(readExamples(file))).rejects.toMatchObject({ code: 'STATISTICS_COLUMN_MISMATCH' });
  });
});

describe('Parquet', () => {
  it('has its own types, in chunks', async () => {
    const file = join(folder, 'a.parquet');
    const warehouse = await openWarehouse({ threads: 1 });
    const columns = [
      'i AS whole',
      'i::FLOAT / 2 AS single',
      '(i / 4)::DECIMAL(10, 2) AS fixed',
      "DATE '2020-01-01' + i::INTEGER AS day",
      "CASE WHEN i % 2 = 0 THEN 'é' END AS word",
      "'\\xFF'::BLOB AS bytes",
      "MAP {'k': i} AS map",
    ];
    await warehouse.copyToParquet(`SELECT ${columns.join(', ')} FROM range(5000) t(i)`, file);
    warehouse.close();
    const chunks = await gather(readExamples(file));
    expect(chunks.reduce((sum, { rows }) => sum + rows, 0)).toBe(5000);
    const kinds = chunks[1].columns.map(({ name, kind }) => `${name} ${kind}`);
    expect(kinds).toEqual([
      'whole INT',
      'single FLOAT',
      'fixed FLOAT',
      'day STRING',
      'word STRING',
      'bytes STRING',
      'map STRUCT',
    ]);
    const firsts = chunks[0].columns.slice(0, 6).map((column) => ('values' in column ? column.values[1] : undefined));
    expect(firsts).toEqual([1, 0.5, 0.25, '2020-01-02', 'é', '\udcff']);
    expect('values' in chunks[0].columns[1] && chunks[0].columns[1].values).toBeInstanceOf(Float32Array);
  });

  it('that is not there, or is none, is refused', async () => {
    expect(() => readExamples('a.xls')).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    await expect(gather(readExamples(join(folder, 'no.parquet')))).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    writeFileSync(join(folder, 'no.parquet'), 'none');
    await expect(gather(readExamples(join(folder, 'no.parquet')))).rejects.toMatchObject({
      code: 'STATISTICS_COLUMN_MISMATCH',
    });
  });
});

describe('a query', () => {
  const textsIn = async (sql: string, options = {}): Promise<unknown[]> => {
    const chunks = await gather(readQueryChunks(sql, options));
    return chunks.flatMap(({ columns: [column] }) => ('values' in column ? [...column.values] : []));
  };

  it('has the types of what it selects, over files and attached databases', async () => {
    const warehouse = await openWarehouse({ threads: 1 });
    await warehouse.query(`ATTACH '${join(folder, 'events.duckdb')}' AS made`);
    await warehouse.query("CREATE TABLE made.plays AS SELECT i, 'de' AS market FROM range(3000) t(i)");
    await warehouse.query('DETACH made');
    await warehouse.copyToParquet('SELECT i AS item FROM range(2) t(i)', join(folder, 'items.parquet'));
    warehouse.close();
    const sql =
      "SELECT p.i, market, i % 2 = 0 AS even FROM lake.plays p JOIN 'items.parquet' ON item = p.i ORDER BY 1; ";
    const chunks = await gather(readQueryChunks(sql, { attach: { lake: 'events.duckdb' }, folder }));
    expect(Object.fromEntries(chunks[0].columns.map((column) => [column.name, shape([column])]))).toEqual({
      i: ['INT', 1, 0, [0, 1]],
      market: ['STRING', 1, 0, ['de', 'de']],
      even: ['INT', 1, 0, [1, 0]],
    });
    expect(
      await textsIn('SELECT count(*) FROM lake.plays -- all of them', { attach: { lake: 'events.duckdb' }, folder }),
    ).toEqual([3000]);
  });

  it('reads texts of every length and repetition as they are, gaps and all', async () => {
    const words = "['', 'a', 'twelve bytes', 'thirteen byte', 'é', 'twelve é chars', 'one that is quite long', NULL]";
    const sql = `SELECT list_extract(${words}, 1 + (i * 7919 % 8)::INTEGER) || repeat('!', (i // 4096)::INTEGER) FROM range(9000) t(i)`;
    const all = ['', 'a', 'twelve bytes', 'thirteen byte', 'é', 'twelve é chars', 'one that is quite long', null];
    const expected = Array.from({ length: 9000 }, (_, i) => {
      const word = all[(i * 7919) % 8];
      return word === null ? [] : [word + '!'.repeat(Math.floor(i / 4096))];
    });
    expect(await textsIn(sql)).toEqual(expected.flat());
    const unique = await textsIn("SELECT 'a text that is its own ' || i FROM range(270000) t(i)");
    expect(new Set(unique).size).toBe(270_000);
    expect(unique[269_999]).toBe('a text that is its own 269999');
    const long = await textsIn("SELECT repeat('long ', 2500) || i % 7000 FROM range(8000) t(i)");
    expect(new Set(long).size).toBe(7000);
    expect(long[7999]).toBe(`${'long '.repeat(2500)}999`);
  });

  it.each([
    ['BIGINT', '9007199254740993', 9007199254740992],
    ['BIGINT', '-9223372036854775808', -(2 ** 63)],
    ['UBIGINT', '18446744073709551615', 2 ** 64],
    ['TINYINT', '-128', -128],
    ['USMALLINT', '65535', 65535],
    ['INTEGER', '-2147483648', -(2 ** 31)],
    ['UINTEGER', '4294967295', 2 ** 32 - 1],
    ['BOOLEAN', 'true', 1],
    ['FLOAT', '0.1', Math.fround(0.1)],
    ['DOUBLE', "'-inf'", -Infinity],
    ['HUGEINT', '170141183460469231731687303715884105727', 2 ** 127],
    ['DATE', "'2020-02-29'", '2020-02-29'],
    ['TIMESTAMP', "'2020-02-29 01:02:03.5'", '2020-02-29 01:02:03.5'],
  ])('reads %s %s', async (type, literal, expected) => {
    expect(await textsIn(`SELECT CAST(${literal} AS ${type}) AS x`)).toEqual([expected]);
  });

  it('that cannot be run, or a database that is not there, is refused with the reason', async () => {
    const refused = (sql: string, options = {}) => expect(gather(readQueryChunks(sql, options))).rejects;
    await refused('SELECT no_such_column FROM range(3)').toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('no_such_column'),
    });
    await refused('SELECT').toMatchObject({ code: 'OPTION_INVALID' });
    await refused("SELECT error('half way') FROM range(5) t(i) WHERE i > 3").toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('half way'),
    });
    await refused('SELECT 1', { attach: { lake: join(folder, 'nowhere.duckdb') } }).toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('cannot be attached as lake'),
    });
    // No part of a connection string is printed: it holds passwords.
    for (const connection of ['duckdb:/nowhere/password=hunter2', "duckdb:/nowhere/host=db password='hunter2'"]) {
      const error = await textsIn('SELECT 1', { attach: { lake: connection } }).catch((thrown: Error) => thrown);
      expect((error as Error).message).toMatch(/^.*a database of type duckdb cannot be attached as lake: /);
      expect(inspect(error)).not.toMatch(/hunter2|nowhere/);
    }
  });
});
