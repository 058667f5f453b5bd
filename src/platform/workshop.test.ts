import { afterEach, describe, expect, it } from 'vitest';
import { manualClock, type ShelfwiseError } from '../base/index.ts';
import { dataDirPaths, openLmdbStore } from '../store/index.ts';
import { fill, newDir, open, removeDirs, START_MS } from './platform-testing.ts';
import { createWorkshop } from './workshop.ts';

afterEach(removeDirs);

describe('the workshop', () => {
  it('gives one turn after another, whatever became of those before, and none once it is closed', async () => {
    const workshop = createWorkshop({ dir: newDir() });
    const order: string[] = [];
    const pause = () => new Promise((resolve) => setTimeout(resolve, 5));
    const first = workshop.turn(async () => {
      order.push('first begins');
      await pause();
      order.push('first ends');
      throw new Error('first fails');
    });
    const second = workshop.turn(async () => {
      order.push('second begins');
      await pause();
      order.push('second ends');
      return 2;
    });
    await expect(first).rejects.toThrow('first fails');
    const third = workshop.turn(async () => order.push('third'));
    const closed = workshop.close();
    expect(await second).toBe(2);
    await expect(third).rejects.toMatchObject({ code: 'NOT_READY' });
    await closed;
    await expect(workshop.turn(async () => 4)).rejects.toMatchObject({ code: 'NOT_READY' });
    expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
  });

  it('runs a job within a turn, in a thread that a failed job does not end', async () => {
    const dir = newDir();
    await (await open(dir, manualClock(START_MS))).close();
    const workshop = createWorkshop({ dir });
    const [missing, built] = await Promise.allSettled([
      workshop.turn((run) =>
        run({ kind: 'evaluate', nowMs: START_MS, stateTable: 'states-1', embeddingHash: 'none', holdoutFile: '' }),
      ),
      workshop.turn((run) => run({ kind: 'catalog' })),
    ]);
    expect(missing).toMatchObject({ status: 'rejected', reason: { code: 'EPOCH_NOT_FOUND' } });
    expect(built).toMatchObject({ status: 'fulfilled', value: { epochs: [{ kind: 'catalog' }] } });
    await workshop.close();
  });

  it('ends by itself wherever its job is, and the store of the directory goes on working', async () => {
    const clock = manualClock(START_MS);
    const dir = newDir();
    const platform = await open(dir, clock);
    await fill(platform, clock);
    await platform.close();
    const store = openLmdbStore({ dir: dataDirPaths(dir).online });
    const outcomes = new Set<string>();
    // While the thread starts, while it works, and when it waits for the next job.
    for (const afterMs of [0, 100, 300, 500, 700, 1200]) {
      const workshop = createWorkshop({ dir });
      const job = workshop.turn(async (run) => {
        for (let round = 0; round < 30; round++) await run({ kind: 'catalog' });
        return 'done';
      });
      const outcome = job.catch((error: ShelfwiseError) => error.code);
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      await workshop.close();
      outcomes.add(await outcome);
      await store.transaction((write) => write.put('platform', `closed-${afterMs}`, Buffer.from('1')));
    }
    expect(outcomes).toContain('NOT_READY');
    await store.close();
  });
});
