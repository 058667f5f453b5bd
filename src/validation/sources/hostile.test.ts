/** Files as they should not be: right answers, or errors with a code and what to do. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRng, ShelfwiseError } from '../../base/index.ts';
import { openWarehouse } from '../../store/index.ts';
import type { DatasetFeatureStatistics } from '../metadata/index.ts';
import { inferSchema } from '../schema/index.ts';
import { DatasetStatistics } from '../statistics/index.ts';
import { readExamples } from './index.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'hostile-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const FULL = { label: 'label', crossFeatures: 'all', semanticDomains: true } as const;

async function statisticsOf(file: string, options = {}): Promise<DatasetFeatureStatistics> {
  const statistics = new DatasetStatistics(options);
  for await (const chunk of readExamples(file)) statistics.add(chunk);
  return statistics.extract();
}

function fileOf(name: string, content: string | Uint8Array): string {
  const file = join(folder, name);
  writeFileSync(file, content);
  return file;
}

/** Its statistics, or the code of the catalogue that it is refused with. Anything else fails. */
async function fate(file: string): Promise<string> {
  try {
    await statisticsOf(file, FULL);
    return 'read';
  } catch (error) {
    if (!(error instanceof ShelfwiseError)) throw error;
    expect(error.remedy.length).toBeGreaterThan(10);
    return error.code;
  }
}

describe('Parquet', () => {
  it('that is cut off anywhere is refused by name', async () => {
    const whole = join(folder, 'whole.parquet');
    const warehouse = await openWarehouse({ threads: 1 });
    await warehouse.copyToParquet("SELECT i, i::VARCHAR || ' text' AS t, i % 2 AS label FROM range(5000) t(i)", whole);
    warehouse.close();
    const bytes = readFileSync(whole);
    for (const share of [0, 0.0001, 0.3, 0.9, 0.9999]) {
      const file = fileOf('cut.parquet', bytes.subarray(0, Math.floor(bytes.length * share)));
      await expect(statisticsOf(file)).rejects.toMatchObject({
        code: 'STATISTICS_COLUMN_MISMATCH',
        message: expect.stringContaining('cut.parquet as parquet'),
      });
    }
    const rng = createRng(3);
    for (let run = 0; run < 5; run++) {
      const changed = Buffer.from(bytes);
      for (let i = 0; i < 4; i++)
        changed[Math.floor(rng.uniform() * bytes.length)] ^= 1 << Math.floor(rng.uniform() * 8);
      expect(['read', 'STATISTICS_COLUMN_MISMATCH']).toContain(await fate(fileOf('changed.parquet', changed)));
    }
  });
});

describe('CSV', () => {
  it('of any bytes is read or refused', async () => {
    const cell = fc.constantFrom(
      '1',
      '-2.5',
      'nan',
      '',
      '"',
      '""',
      '"a,b"',
      '"open',
      'x"y',
      'é',
      '\u0000',
      '\r',
      '1e400',
      '9'.repeat(30),
    );
    const text = fc
      .array(fc.array(cell, { maxLength: 4 }), { maxLength: 6 })
      .map((rows) => rows.map((row) => row.join(',')).join('\n'));
    await fc.assert(
      fc.asyncProperty(text, async (content) => {
        const found = await fate(fileOf('any.csv', `label,a\n${content}`));
        expect(['read', 'STATISTICS_COLUMN_MISMATCH']).toContain(found);
      }),
      { numRuns: 40 },
    );
  });

  it('with a quote that is never closed is refused before it fills the memory, with the row', async () => {
    const lines = Array.from({ length: 20 }, () => `${'x'.repeat(1 << 20)},1\n`).join('');
    const error = statisticsOf(fileOf('open.csv', `a,b\n1,"${lines}`));
    await expect(error).rejects.toMatchObject({
      code: 'STATISTICS_COLUMN_MISMATCH',
      message: expect.stringContaining('open.csv'),
    });
    await expect(statisticsOf(fileOf('short.csv', 'a,b\n1,"2\n3,4\n5,6\n'))).resolves.toMatchObject({ numExamples: 1 });
    await expect(statisticsOf(fileOf('odd.csv', 'a,b\n1,2\n3,"4"x,5\n'))).rejects.toMatchObject({
      details: { row: 3 },
    });
  });

  it('of mixed types has the widest, and says which cell a schema did not expect', async () => {
    const { features } = await statisticsOf(fileOf('mixed.csv', 'a,b,c\n1,1,1\n2.5,x,\n,3,99999999999999999999\n'));
    expect(features!.map(({ type }) => type)).toEqual(['FLOAT', 'STRING', 'STRING']);
    const { features: later } = await statisticsOf(fileOf('late.csv', `a\n${'1\n'.repeat(5000)}x\n`));
    expect(later![0]).toMatchObject({ type: 'STRING', stringStats: { unique: 2 } });
  });

  it('that is no gzip, or cut off within, is refused by name', async () => {
    const packed = gzipSync(`a\n${'1234\n'.repeat(50_000)}`);
    for (const content of [packed.subarray(0, packed.length / 2), Buffer.from('a\n1\n')])
      await expect(statisticsOf(fileOf('cut.csv.gz', content))).rejects.toMatchObject({
        code: 'STATISTICS_COLUMN_MISMATCH',
        message: expect.stringContaining('cut.csv.gz'),
      });
  });
});

describe('JSON Lines', () => {
  it('of any values is read or refused', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ a: fc.jsonValue({ maxDepth: 2 }), label: fc.constantFrom(0, 1, null) }), { maxLength: 5 }),
        async (rows) => {
          const found = await fate(fileOf('any.jsonl', rows.map((row) => `${JSON.stringify(row)}\n`).join('')));
          expect(['read', 'STATISTICS_COLUMN_MISMATCH']).toContain(found);
        },
      ),
      { numRuns: 12 },
    );
  });
});

describe('files of hardly anything', () => {
  it.each([
    ['empty.csv', '', 'read'],
    ['header.csv', 'a,b\n', 'read'],
    ['empty.jsonl', '', 'read'],
    ['empty.parquet', '', 'STATISTICS_COLUMN_MISMATCH'],
    ['empty.arrow', '', 'STATISTICS_COLUMN_MISMATCH'],
    ['blank.csv', '\n\n\n', 'read'],
  ])('%s', async (name, content, expected) => {
    expect(await fate(fileOf(name, content))).toBe(expected);
  });

  it('have statistics of no examples', async () => {
    expect(await statisticsOf(fileOf('none.csv', 'a,b\n'), FULL)).toEqual({ numExamples: 0, features: [] });
  });

  it('have columns that are missing throughout, of which a schema asks nothing', async () => {
    const dataset = await statisticsOf(fileOf('missing.csv', 'label,a\n1,\n0,\n'), FULL);
    const a = dataset.features!.find(({ path }) => path!.step![0] === 'a')!;
    expect(a).toMatchObject({ type: 'STRING', stringStats: { commonStats: { numNonMissing: 0, numMissing: 2 } } });
    const feature = inferSchema({ datasets: [dataset] }).feature!.find(({ name }) => name === 'a');
    expect(feature).toEqual({ name: 'a', type: 'BYTES', presence: { minCount: 0 } });
  });
});

describe('ten thousand columns', () => {
  it('are each summarised, with the label’s information, in bounded memory', async () => {
    const count = 10_000;
    const names = Array.from({ length: count }, (_, i) => `f${i}`);
    const rows = Array.from({ length: 12 }, (_, row) =>
      names.map((_name, i) => (i === 0 ? row % 2 : (row * (i + 1)) % 7)).join(','),
    );
    const before = process.memoryUsage().rss;
    const { features } = await statisticsOf(fileOf('wide.csv', `${names.join(',')}\n${rows.join('\n')}\n`), {
      label: 'f0',
    });
    expect(features).toHaveLength(count);
    expect(features![9_999]).toMatchObject({ type: 'INT', numStats: { max: 6, commonStats: { numNonMissing: 12 } } });
    expect(process.memoryUsage().rss - before).toBeLessThan(600e6);
  });
});
