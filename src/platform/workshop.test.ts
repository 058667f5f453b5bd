import { afterEach, describe, expect, it } from 'vitest';
import { manualClock } from '../base/index.ts';
import { newDir, open, removeDirs, START_MS } from './platform-testing.ts';
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
});
