/** The files of `fixtures` are written by pyarrow 10.0.1 with `fixtures/arrow.py`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng, ShelfwiseError } from '../../base/index.ts';
import { gather } from '../statistics/statistics-testing.ts';
import { readArrowChunks } from './arrow.ts';
import type { Column } from './columns.ts';
import { readExamples } from './index.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'arrow-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Kind, lists of each level, values (of fields for records). */
function shape(column: Column): unknown[] {
  const lists = column.levels.map(({ offsets, valid }) =>
    Array.from({ length: offsets.length - 1 }, (_, i) => (valid?.[i] === 0 ? null : offsets[i + 1] - offsets[i])),
  );
  if (column.kind === 'NULL') return [column.kind, lists];
  if (column.kind !== 'STRUCT') return [column.kind, lists, [...column.values]];
  return [column.kind, lists, Object.fromEntries(column.fields.map((field) => [field.name, shape(field)]))];
}

const ONE_MISSING = [[1, null, 1, 1, 1]];
const THIRD_MISSING = [[1, 1, null, 1, 1]];
const DAYS = ['2026-11-28', '1969-12-31', '2000-02-29', '0001-01-01'];

const FIRST_BATCH = {
  i8: ['INT', ONE_MISSING, [1, -3, 4, 127]],
  u64: ['INT', THIRD_MISSING, [0, 2 ** 64, 5, 1]],
  i64: ['INT', THIRD_MISSING, [-(2 ** 63), 2 ** 53 + 2, 0, 9]],
  half: ['FLOAT', [[1, 1, 1, 1, 1]], [0.5, -2, 65504, 2 ** -24, Infinity]],
  single: ['FLOAT', ONE_MISSING, [Math.fround(0.1), Number.NaN, 1, 2]],
  double: ['FLOAT', ONE_MISSING, [0.1, 1e300, 1, 2]],
  flag: ['INT', ONE_MISSING, [1, 0, 1, 1]],
  text: ['STRING', ONE_MISSING, ['a', '', 'é', 'a longer one than twelve bytes']],
  large: ['STRING', ONE_MISSING, ['a', '', 'é', 'b']],
  bytes: ['STRING', ONE_MISSING, ['\udcff', '', 'x', 'y']],
  fixed: ['STRING', ONE_MISSING, ['ab', 'cd', 'ef', 'gh']],
  word: ['STRING', ONE_MISSING, ['x', 'y', 'x', 'x']],
  decimal: ['FLOAT', ONE_MISSING, [1.25, -9999999999999.99, 0, 1]],
  date: ['STRING', ONE_MISSING, DAYS],
  date64: ['STRING', ONE_MISSING, DAYS],
  time: ['STRING', ONE_MISSING, ['03:40:00.5', '00:00:00', '23:59:59.999999', '12:00:00']],
  at: [
    'STRING',
    ONE_MISSING,
    ['2026-11-28 03:40:00.5', '1969-12-31 23:59:59.75', '2000-01-01 00:00:00', '1970-01-01 00:00:00'],
  ],
  utc: [
    'STRING',
    ONE_MISSING,
    ['2026-11-28 03:40:00+00', '1970-01-01 00:00:00+00', '1970-01-01 00:00:00+00', '1970-01-01 00:00:00+00'],
  ],
  lasting: ['INT', ONE_MISSING, [1000, 3, 4, 5]],
  list: ['INT', [[2, null, 0, 1, 1]], [1, 2, 3, 4]],
  nested: ['INT', [[2, null, 0, 2, 1], [1, 2, null, 0, 1]], [1, 2, 3, 4]], // biome-ignore format: a level each
  pair: ['FLOAT', [[2, null, 2, 2, 2]], [1, 2, 3, 4, 5, 6, 7, 8]],
  record: [
    'STRUCT',
    ONE_MISSING,
    { x: ['INT', [[1, null, 1, 1]], [1, 2, 3]], y: ['STRING', [[1, 1, null, 1]], ['a', 'b', 'c']] },
  ],
  map: [
    'STRUCT',
    [[1, null, 0, 2, 1]],
    { key: ['STRING', [[1, 1, 1, 1]], ['k', 'a', 'b', 'c']], value: ['INT', [[1, 1, 1, null]], [1, 2, 3]] },
  ],
  nothing: ['NULL', [[null, null, null, null, null]]],
};

describe('Arrow', () => {
  it.each(['file.arrow', 'lz4.feather', 'zstd.arrows'])('is read type by type, slices and all: %s', async (name) => {
    const [first, second, ...more] = await gather(readExamples(join(FIXTURES, name)));
    expect(more).toEqual([]);
    expect(Object.fromEntries(first.columns.map((column) => [column.name, shape(column)]))).toEqual(FIRST_BATCH);
    expect(second.rows).toBe(2);
    const values = second.columns.map((column) => ('values' in column ? [...column.values] : []));
    expect(values.slice(0, 3)).toEqual([[4, 127], [5, 1], [0, 9]]); // biome-ignore format: a column each
  });

  it('that is cut off anywhere is refused, and said to be', async () => {
    for (const name of ['file.arrow', 'zstd.arrows']) {
      const bytes = readFileSync(join(FIXTURES, name));
      for (let length = 0; length < bytes.length - 8; length += 107) {
        const file = join(folder, name);
        writeFileSync(file, bytes.subarray(0, length));
        await expect(gather(readArrowChunks(file))).rejects.toMatchObject({ code: 'STATISTICS_COLUMN_MISMATCH' });
      }
    }
  });

  it('with any bytes changed is read or refused, and nothing else', async () => {
    const rng = createRng(2);
    for (const name of ['file.arrow', 'lz4.feather', 'zstd.arrows']) {
      const bytes = readFileSync(join(FIXTURES, name));
      for (let run = 0; run < 40; run++) {
        const changed = Buffer.from(bytes);
        for (let i = 0; i < 3; i++) changed[Math.floor(rng.uniform() * bytes.length)] = Math.floor(rng.uniform() * 256);
        const file = join(folder, name);
        writeFileSync(file, changed);
        const error: unknown = await gather(readArrowChunks(file)).catch((reason: unknown) => reason);
        expect(Array.isArray(error) || error instanceof ShelfwiseError).toBe(true);
      }
    }
  });

  it('is not there, or is something else', async () => {
    await expect(gather(readArrowChunks(join(folder, 'nowhere.arrow')))).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
    writeFileSync(join(folder, 'text.arrow'), 'a,b\n1,2\n');
    await expect(gather(readArrowChunks(join(folder, 'text.arrow')))).rejects.toMatchObject({
      code: 'STATISTICS_COLUMN_MISMATCH',
    });
  });
});
