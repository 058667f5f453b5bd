import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openWarehouse } from '../../store/index.ts';
import { type Summary, summariseFiles } from './index.ts';
import { type GivenSummaryOptions, summaryOptions } from './options.ts';
import { planColumns } from './plan.ts';
import { summariseByThreads } from './threads.ts';

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

/** However little there is. */
const byThreads = (threads: number, given: GivenSummaryOptions): Promise<Summary | undefined> =>
  summariseByThreads(files, summaryOptions({ threads, ...given }), 0);

/** The threads that are started meanwhile; `look` meets each before it has said anything. */
async function startedBy<T>(work: () => Promise<T>, look: (thread: Worker, index: number) => void = () => {}) {
  let started = 0;
  const onWorker = (thread: Worker): void => look(thread, started++);
  process.on('worker', onWorker);
  try {
    return { result: await work(), started };
  } finally {
    process.off('worker', onWorker);
  }
}

describe('the summary of files', () => {
  it('has the same figures on any number of threads, to the bit', async () => {
    const slices = [{ parity: undefined }];
    const told: number[] = [];
    const one = await summarise(1, { slices });
    const onExamples = (examples: number) => told.push(examples);
    const { result: many, started } = await startedBy(() => summarise(3, { slices, onExamples }));
    expect(started).toBe(3);
    expect(many.list).toEqual(one.list);
    expect([...many.columns]).toEqual([...one.columns]);
    expect(one.list.datasets?.map(({ name }) => name)).toEqual(['All Examples', 'parity_even', 'parity_odd']);
    expect(told.at(-1)).toBe(ROWS);
  }, 60_000);

  it.each<[string, GivenSummaryOptions['statistics']]>([
    ['weights of single features', { weightFeatures: { text: 'weight', wave: 'single' } }],
    ['weights of what is no feature', { features: ['text', 'number'], weightFeatures: { wave: 'weight' } }],
    ['features that are wanted', { features: ['wave', 'text', 'nowhere'], crossFeatures: [['number', 'wave']] }],
    ['no features at all', { features: [], weightFeature: 'weight' }],
  ])(
    'is the same on three threads: %s',
    async (_, more) => {
      const statistics = { histogramFeatures: [], ...more };
      const { result: many, started } = await startedBy(() => byThreads(3, { statistics }));
      const one = await summarise(1, { statistics });
      expect(many?.list).toEqual(one.list);
      expect([...(many?.columns ?? [])]).toEqual([...one.columns]);
      expect(started).toBe(more?.features ? Math.max(1, more.features.length) : 3);
    },
    60_000,
  );

  it('starts no threads for few values of the features that are wanted', async () => {
    const statistics = { features: ['wave'], histogramFeatures: [] };
    const { started } = await startedBy(() => summarise(3, { statistics }));
    expect(started).toBe(0);
  }, 60_000);

  it('ends with what a hearer threw, once no thread reads', async () => {
    let heard = 0;
    const onExamples = (): void => {
      heard++;
      throw new Error('the terminal is gone');
    };
    await expect(summarise(2, { onExamples })).rejects.toThrow('the terminal is gone');
    expect(heard).toBe(1);
    await expect(summarise(1, { onExamples })).rejects.toThrow('the terminal is gone');
  }, 60_000);

  it('ends with how a thread died, once no other reads', async () => {
    // In place of its last word the cheapest thread has died, while the other has all the rest to read.
    const die = (thread: Worker, index: number): void => {
      const emit = thread.emit.bind(thread) as (event: string, ...args: unknown[]) => boolean;
      if (index === 1)
        thread.emit = ((event: string, ...args: [{ kind?: string } | undefined]) =>
          event === 'message' && args[0]?.kind === 'reply'
            ? emit('error', new Error('out of memory'))
            : emit(event, ...args)) as Worker['emit'];
    };
    const statistics = { features: ['text', 'parity'] };
    const run = startedBy(() => byThreads(2, { statistics }), die);
    await expect(run).rejects.toThrow('out of memory');
  }, 60_000);

  it('ends between two files when it is stopped while it looks what they are', async () => {
    const signal = AbortSignal.abort(new Error('enough'));
    const unread = join(folder, 'nowhere.parquet');
    await expect(summariseFiles([files[0], unread], { threads: 2, signal })).rejects.toThrow('enough');
  });

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
      { columns: ['a'], features: ['a'], weightFeatures: {}, pairs: false },
    ]);
    const wanted = planColumns({ rows: 100, columns }, [], { features: ['e', 'a'], weightFeature: 'f' }, 8);
    expect(wanted.map(({ columns, features }) => [columns, features])).toEqual([
      [['a', 'f'], ['a']],
      [['e', 'f'], ['e']],
    ]);
  });
});
