import { describe, expect, it } from 'vitest';
import { manualClock, systemClock } from '../base/index.ts';
import { type Pipeline, runPipeline } from './index.ts';

interface Query {
  listener: string;
  state?: number;
}
interface Batch {
  name: string;
  items: number[];
}

function pipeline(changes: Partial<Pipeline<Query, Batch, number[]>> = {}): Pipeline<Query, Batch, number[]> {
  return {
    hydrateQuery: [],
    sources: [{ name: 'numbers', onFailure: 'open', run: () => [{ name: 'numbers', items: [1, 2, 3, 4] }] }],
    filters: [],
    hydrators: [],
    scorers: [],
    selector: { name: 'all', run: (_query, batches) => batches.flatMap((batch) => batch.items) },
    sideEffects: [],
    size: (batch) => batch.items.length,
    label: (batch) => batch.name,
    ...changes,
  };
}

const keepAll = (_query: Query, batch: Batch) => ({ kept: batch, removed: [] });

function raise(message: string): never {
  throw new Error(message);
}

const run = (p: Pipeline<Query, Batch, number[]>) => runPipeline(p, { listener: 'a' }, systemClock);

describe('runPipeline', () => {
  it('accounts for every candidate that a filter takes away', async () => {
    const { selection, trace } = await run(
      pipeline({
        filters: [
          {
            name: 'even',
            onFailure: 'closed',
            run: (_query, batch) => ({
              kept: { ...batch, items: batch.items.filter((x) => x % 2 === 0) },
              removed: [{ reason: 'odd', count: 2 }],
            }),
          },
        ],
      }),
    );
    expect(selection).toEqual([2, 4]);
    expect(trace.proposed).toEqual([{ batch: 'numbers', count: 4 }]);
    expect(trace.removals).toEqual([{ batch: 'numbers', filter: 'even', reason: 'odd', count: 2 }]);
  });

  it('refuses a filter that lets candidates vanish', async () => {
    const vanishing = pipeline({
      filters: [
        {
          name: 'thief',
          onFailure: 'closed',
          run: (_query, batch) => ({ kept: { ...batch, items: [1] }, removed: [] }),
        },
      ],
    });
    await expect(run(vanishing)).rejects.toThrow(/thief was given 4 candidates and accounts for 1/);
  });

  it('does not run a filter on a query that it does not apply to, and says that it was there', async () => {
    const asked: string[] = [];
    const { selection, trace } = await run(
      pipeline({
        filters: [
          {
            name: 'idle',
            onFailure: 'closed',
            appliesTo: ({ listener }) => listener === 'somebody else',
            run: (_query, batch) => {
              asked.push(batch.name);
              return { kept: { ...batch, items: [] }, removed: [{ reason: 'idle', count: batch.items.length }] };
            },
          },
          {
            name: 'broken',
            onFailure: 'open',
            appliesTo: () => {
              throw new Error('who is asking');
            },
            run: (_query, batch) => ({ kept: batch, removed: [] }),
          },
        ],
      }),
    );
    expect(asked).toEqual([]);
    expect(selection.length).toBeGreaterThan(0);
    expect(trace.stages.find(({ stage }) => stage === 'idle')).toMatchObject({ outcome: 'ok' });
    expect(trace.failures).toEqual(['broken']);
    const closed = { name: 'rights', onFailure: 'closed', appliesTo: () => raise('no rights'), run: keepAll } as const;
    await expect(run(pipeline({ filters: [closed] }))).rejects.toThrow('no rights');
  });

  it('keeps the batch on which a filter fails open, and filters the others', async () => {
    const { selection, trace } = await run(
      pipeline({
        sources: ['one', 'two', 'three'].map((name, i) => ({
          name,
          onFailure: 'open',
          run: () => [{ name, items: [i] }],
        })),
        filters: [
          {
            name: 'shaky',
            onFailure: 'open',
            run: (_query, batch) =>
              batch.name === 'two'
                ? raise('not this one')
                : { kept: { ...batch, items: [] }, removed: [{ reason: 'shaky', count: 1 }] },
          },
        ],
      }),
    );
    expect(selection).toEqual([1]);
    expect(trace.failures).toEqual(['shaky']);
  });

  it('tells of a failure whose error has no text, and of no removals by a filter that miscounts', async () => {
    const { selection, trace } = await run(
      pipeline({
        filters: [
          { name: 'wordless', onFailure: 'open', run: () => raise('') },
          {
            name: 'miscounting',
            onFailure: 'open',
            run: (_query, batch) => ({ kept: batch, removed: [{ reason: 'counted wrongly', count: 1 }] }),
          },
        ],
      }),
    );
    expect(selection).toEqual([1, 2, 3, 4]);
    expect(trace.failures).toEqual(['wordless', 'miscounting']);
    expect(trace.stages.find(({ stage }) => stage === 'wordless')).toMatchObject({ outcome: 'failed', error: '' });
    expect(trace.removals).toEqual([]);
  });

  it('goes on without a source that fails open, and says so', async () => {
    const { selection, trace } = await run(
      pipeline({
        sources: [
          {
            name: 'broken',
            onFailure: 'open',
            run: () => {
              throw new Error('index is gone');
            },
          },
          { name: 'fine', onFailure: 'open', run: async () => [{ name: 'fine', items: [7] }] },
        ],
      }),
    );
    expect(selection).toEqual([7]);
    expect(trace.failures).toEqual(['broken']);
    expect(trace.stages.find((stage) => stage.stage === 'broken')).toMatchObject({
      outcome: 'failed',
      error: 'index is gone',
    });
  });

  it('fails the request when a stage that fails closed fails', async () => {
    const closed = pipeline({
      hydrateQuery: [
        {
          name: 'rights',
          onFailure: 'closed',
          run: async () => {
            throw new Error('no rights');
          },
        },
      ],
    });
    await expect(run(closed)).rejects.toThrow('no rights');
  });

  it('fails the request, and nothing else, when a later source fails closed while an earlier one waits', async () => {
    const failing = pipeline({
      sources: [
        {
          name: 'slow',
          onFailure: 'open',
          run: () => new Promise((resolve) => setTimeout(() => resolve([{ name: 'slow', items: [9] }]), 20)),
        },
        {
          name: 'rights',
          onFailure: 'closed',
          run: async () => {
            throw new Error('no rights');
          },
        },
      ],
    });
    await expect(run(failing)).rejects.toThrow('no rights');
  });

  it('gives a waiting source no more than its deadline', async () => {
    const { selection, trace } = await run(
      pipeline({
        sources: [
          {
            name: 'slow',
            onFailure: 'open',
            deadlineMs: 5,
            run: () => new Promise((resolve) => setTimeout(() => resolve([{ name: 'slow', items: [9] }]), 200)),
          },
          { name: 'fast', onFailure: 'open', run: () => [{ name: 'fast', items: [1] }] },
        ],
      }),
    );
    expect(selection).toEqual([1]);
    expect(trace.failures).toEqual(['slow']);
  });

  it('keeps the order of the sources whichever answers first', async () => {
    const { selection } = await run(
      pipeline({
        sources: [
          {
            name: 'late',
            onFailure: 'open',
            run: () => new Promise((resolve) => setTimeout(() => resolve([{ name: 'late', items: [1] }]), 10)),
          },
          { name: 'early', onFailure: 'open', run: () => [{ name: 'early', items: [2] }] },
        ],
      }),
    );
    expect(selection).toEqual([1, 2]);
  });

  it('runs query hydrators before sources and side effects after the selection', async () => {
    const order: string[] = [];
    const clock = manualClock(0);
    await runPipeline(
      pipeline({
        hydrateQuery: [
          {
            name: 'state',
            onFailure: 'closed',
            run: (query) => {
              query.state = 5;
              order.push('state');
            },
          },
        ],
        sources: [
          {
            name: 'source',
            onFailure: 'closed',
            run: (query) => {
              order.push(`source sees ${query.state}`);
              return [{ name: 'source', items: [1] }];
            },
          },
        ],
        sideEffects: [
          {
            name: 'record',
            onFailure: 'open',
            run: (_query, selection) => void order.push(`record ${selection.join()}`),
          },
        ],
      }),
      { listener: 'a' },
      clock,
    );
    expect(order).toEqual(['state', 'source sees 5', 'record 1']);
  });
});
