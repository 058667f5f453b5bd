import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseText } from '../metadata/index.ts';
import { gather } from '../statistics/statistics-testing.ts';
import { cellNumber, cellRank } from './cell-types.ts';
import type { Chunk } from './columns.ts';
import { type CsvOptions, inferCsvTypes, readCsvChunks } from './csv.ts';
import { csvRows } from './csv-rows.ts';
import { readExamples } from './index.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'csv-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function fileOf(content: string | Uint8Array, name = 'a.csv'): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

/** Examples as lists, null where missing. */
function listsOf({ columns, rows }: Chunk): Record<string, unknown[]> {
  const lists = columns.map((column) => {
    const { offsets, valid } = column.levels[0];
    const values = column.kind === 'INT' || column.kind === 'FLOAT' || column.kind === 'STRING' ? column.values : [];
    const list = Array.from({ length: rows }, (_, i) =>
      valid?.[i] === 0 ? null : Array.from(values as ArrayLike<unknown>).slice(offsets[i], offsets[i + 1]),
    );
    return [`${column.name}:${column.kind}`, list];
  });
  return Object.fromEntries(lists);
}

async function read(content: string, options: Partial<CsvOptions> = {}): Promise<Record<string, unknown[]>[]> {
  return (await gather(readCsvChunks(fileOf(content), options))).map(listsOf);
}

describe('the type of a cell', () => {
  it.each([
    ['', 0],
    ['7', 1],
    ['-007', 1],
    [' +1_000 ', 1],
    ['9223372036854775807', 1],
    ['-9223372036854775808', 1],
    ['9223372036854775808', 3],
    ['1_', 3],
    ['1.', 2],
    ['.5', 2],
    ['1e5', 2],
    ['1_0.5e1_0', 2],
    ['nan', 2],
    ['-Infinity', 2],
    [' ', 3],
    ['.', 3],
    ['0x10', 3],
    ['e5', 3],
    ['infinit', 3],
    ['True', 3],
  ])('%j has rank %i, as Python reads it', (cell, rank) => {
    expect(cellRank(cell)).toBe(rank);
  });

  it('and its number', () => {
    const cells = ['7', ' +1_000 ', '.5', '1e5', '1_0.5e1_0', '-inf', 'Infinity', ' -infinity '];
    expect(cells.map(cellNumber)).toEqual([7, 1000, 0.5, 1e5, 10.5e10, -Infinity, Infinity, -Infinity]);
    expect(cellNumber('+NaN')).toBeNaN();
  });
});

describe('rows of CSV', () => {
  it.each([
    [
      'a,b\n1,2\n',
      [
        ['a', 'b'],
        ['1', '2'],
      ],
    ],
    [
      'a,b\r\n1,\r\n',
      [
        ['a', 'b'],
        ['1', ''],
      ],
    ],
    [
      'a,b\n,2',
      [
        ['a', 'b'],
        ['', '2'],
      ],
    ],
    [
      'a,b\n1,',
      [
        ['a', 'b'],
        ['1', ''],
      ],
    ],
    ['a\n\n1\n', [['a'], [], ['1']]],
    ['"x,y","say ""hi""",z\n', [['x,y', 'say "hi"', 'z']]],
    ['"two\nlines",1\n', [['two\nlines', '1']]],
    ['"two\r\n\r\nlines"\r\n1\r\n', [['two\r\n\r\nlines'], ['1']]],
    ['""\n', [['']]],
    ['"a"b,c\n', [['ab', 'c']]],
    ['a"b"\n', [['a"b"']]],
    ['"open\nto the end', [['open\nto the end']]],
    ['\ufeffa\n', [['a']]],
    ['', []],
  ])('%j', async (content, rows) => {
    expect(await gather(csvRows(fileOf(content)))).toEqual(rows);
  });

  it('come through gzip and over the bounds of what is read at once', async () => {
    const lines = Array.from({ length: 60_000 }, (_, i) => `${i},"é ""${i}""\n",x`);
    const file = fileOf(gzipSync(`${lines.join('\n')}\n`), 'a.csv.gz');
    const rows = await gather(csvRows(file));
    expect(rows).toHaveLength(60_000);
    expect(rows.every((row, i) => row[0] === String(i) && row[1] === `é "${i}"\n` && row[2] === 'x')).toBe(true);
  });

  it('keep bytes that are not UTF-8', async () => {
    const file = fileOf(Uint8Array.of(0x61, 0xff, 0x0a));
    expect(await gather(csvRows(file))).toEqual([['a\udcff']]);
  });
});

describe('chunks of CSV', () => {
  it('have the widest type of the cells, and nothing where cells are empty', async () => {
    const chunks = await read('i,f,s,n,t\n1,1,x,,9\n,2.5,3,,\n-3,nan,,,y\n');
    expect(chunks).toEqual([
      {
        'i:INT': [[1], null, [-3]],
        'f:FLOAT': [[1], [2.5], [Number.NaN]],
        's:STRING': [['x'], ['3'], null],
        'n:NULL': [null, null, null],
        't:STRING': [['9'], null, ['y']],
      },
    ]);
  });

  it('keep FLOAT as 32 bits unless told otherwise', async () => {
    expect(await read('f\n0.1\n')).toEqual([{ 'f:FLOAT': [[Math.fround(0.1)]] }]);
    expect(await read('f\n0.1\n', { floatBits: 64 })).toEqual([{ 'f:FLOAT': [[0.1]] }]);
  });

  it('take empty cells for FLOAT when told so, but not a column of nothing else', async () => {
    const file = fileOf('a,b\n1,\n,\n');
    expect([...(await inferCsvTypes([file], { emptyCells: 'FLOAT' })).values()]).toEqual(['FLOAT', 'UNKNOWN']);
    expect([...(await inferCsvTypes([file])).values()]).toEqual(['INT', 'UNKNOWN']);
  });

  it('have the types of all the files of a dataset', async () => {
    const files = [fileOf('a,b\n1,\n'), fileOf('a,b\n2.5,\n', 'b.csv')];
    const types = await inferCsvTypes(files);
    expect([...types]).toEqual([
      ['a', 'FLOAT'],
      ['b', 'UNKNOWN'],
    ]);
    expect((await gather(readExamples(files))).map(listsOf)).toEqual([
      { 'a:FLOAT': [[1]], 'b:NULL': [null] },
      { 'a:FLOAT': [[2.5]], 'b:NULL': [null] },
    ]);
  });

  it('skip blank lines, or have them as examples without values', async () => {
    expect(await read('a,b\n1,2\n\n')).toEqual([{ 'a:INT': [[1]], 'b:INT': [[2]] }]);
    expect(await read('a,b\n1,2\n\n', { skipBlankLines: false })).toEqual([
      { 'a:INT': [[1], null], 'b:INT': [[2], null] },
    ]);
  });

  it('divide multivalent cells, of the widest type of their parts', async () => {
    const chunks = await read('a,b\n1|2,x|y\n,z\n3.5,\n', { multivalentColumns: ['a', 'b'] });
    expect(chunks).toEqual([{ 'a:FLOAT': [[1, 2], null, [3.5]], 'b:STRING': [['x', 'y'], ['z'], null] }]);
  });

  it('have the types of a schema, and only its columns', async () => {
    const schema = parseText('Schema', 'feature { name: "a" type: BYTES } feature { name: "c" type: INT }');
    expect(await read('a,b,c\n1,2,3\n', { schema })).toEqual([{ 'a:STRING': [['1']], 'c:INT': [[3]] }]);
    await expect(read('c\nx\n', { schema })).rejects.toMatchObject({ code: 'STATISTICS_COLUMN_MISMATCH' });
  });

  it('hold so many examples each, and take names from the options', async () => {
    const chunks = await read('1\n2\n3\n', { columnNames: ['a'], chunkRows: 2 });
    expect(chunks).toEqual([{ 'a:INT': [[1], [2]] }, { 'a:INT': [[3]] }]);
  });

  it('refuse a row of another number of cells, and say which', async () => {
    await expect(read('a,b\n1,2\n1\n')).rejects.toMatchObject({
      code: 'STATISTICS_COLUMN_MISMATCH',
      details: { row: 3 },
    });
  });
});
