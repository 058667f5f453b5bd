import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWarehouse } from '../../store/index.ts';
import { type Summary, summariseFiles } from './index.ts';
import { planColumns } from './plan.ts';

const ROWS = 640_000;
const STATISTICS = { label: 'number', crossFeatures: 'all', weightFeature: 'weight', trackedValues: 500 } as const;

let folder: string;
let files: string[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'summary-'));
  files = ['a', 'b'].map((name) => join(folder, `${name}.parquet`));
  const warehouse = await openWarehouse({ threads: 2 });
  const columns = [
    'hash(i) % 1000 / 8 AS number',
    '1 + i % 3 AS weight',
    "'text ' || hash(i) % 2000 AS text",
    'CASE WHEN i % 5 > 0 THEN i END AS gaps',
    "CASE WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END AS parity",
    "CASE WHEN i % 1000 = 0 THEN {'inner': i, 'words': ['a', 'b']} END AS record",
    'sin(i) AS wave',
    'i::FLOAT AS single',
  ];
  for (const [shard, file] of files.entries())
    await warehouse.copyToParquet(
      `SELECT ${columns.join(', ')} FROM range(${shard * 1000}, ${shard === 0 ? 1000 : ROWS}) t(i)`,
      file,
    );
  warehouse.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const summarise = (threads: number, more = {}): Promise<Summary> =>
  summariseFiles(files, { statistics: STATISTICS, threads, ...more });

describe('the summary of files', () => {
  it('has the same figures on any number of threads, to the bit', async () => {
    const slices = [{ parity: undefined }];
    const told: number[] = [];
    const one = await summarise(1, { slices });
    const many = await summarise(3, { slices, onExamples: (examples: number) => told.push(examples) });
    expect(many.list).toEqual(one.list);
    expect([...many.columns]).toEqual([...one.columns]);
    expect(one.list.datasets?.map(({ name }) => name)).toEqual(['All Examples', 'parity_even', 'parity_odd']);
    expect(told.at(-1)).toBe(ROWS);
  }, 60_000);

  it('ends with what a thread found wrong, or with why it was stopped', async () => {
    await expect(summarise(2, { statistics: { weightFeature: 'gaps' } })).rejects.toMatchObject({
      code: 'STATISTICS_COLUMN_MISMATCH',
      message: expect.stringContaining('gaps'),
    });
    const stopping = new AbortController();
    const onExamples = (): void => stopping.abort(new Error('enough'));
    await expect(summarise(2, { signal: stopping.signal, onExamples })).rejects.toThrow('enough');
    await expect(summarise(1, { signal: stopping.signal })).rejects.toThrow('enough');
    await expect(summarise(0)).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  }, 60_000);
});

describe('the plan of columns', () => {
  it('gives each column to one task, with what weighs, labels, slices and pairs it', () => {
    const columns = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({
      name,
      type: name < 'c' ? 'VARCHAR' : 'DOUBLE',
      bytes: 800,
    }));
    const options = { weightFeatures: { a: 'd' }, label: 'e', crossFeatures: 'all' } as const;
    const tasks = planColumns({ rows: 100, columns }, [{ b: undefined }], options, 2);
    expect(tasks.flatMap(({ features }) => features).sort()).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
    expect(tasks.filter(({ pairs }) => pairs)).toHaveLength(1);
    for (const { columns, features, pairs } of tasks) {
      expect(columns).toEqual(expect.arrayContaining([...features, 'b', 'e']));
      if (features.includes('a')) expect(columns).toContain('d');
      if (pairs) expect(columns).toEqual(expect.arrayContaining(['c', 'd', 'e', 'f']));
    }
    expect(planColumns({ rows: 100, columns: columns.slice(0, 1) }, [], {}, 8)).toEqual([
      { columns: ['a'], features: ['a'], pairs: false },
    ]);
  });
});
