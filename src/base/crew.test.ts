import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { type Crew, startCrew } from './crew.ts';

const dir = mkdtempSync(join(tmpdir(), 'shelfwise-crew-'));
const here = pathToFileURL(join(dir, 'starter.ts')).href;
const crewModule = JSON.stringify(new URL('./crew.ts', import.meta.url).href);
const errorsModule = JSON.stringify(new URL('./errors.ts', import.meta.url).href);
writeFileSync(
  join(dir, 'work.ts'),
  `import { joinCrew } from ${crewModule};
   import { ShelfwiseError } from ${errorsModule};
   joinCrew((factor) => async (task, onProgress) => {
     if (task === 'end') process.exit(3);
     if (task === 'fail') throw new ShelfwiseError('OPTION_INVALID', 'no such task');
     onProgress(0.5);
     return factor * task;
   });`,
);
writeFileSync(join(dir, 'broken.ts'), `throw new Error('it does not even load');`);
afterAll(() => rmSync(dir, { recursive: true, force: true }));

type Task = number | 'end' | 'fail';

async function withCrew<T>(name: string, count: number, use: (crew: Crew<Task, number>) => Promise<T>): Promise<T> {
  const crew = startCrew<Task, number>(name, here, { name: 'test', count, equipment: 10 });
  try {
    return await use(crew);
  } finally {
    await crew.close();
  }
}
const { signal } = new AbortController();

describe('a crew', () => {
  it.each([1, 3])('of %d does every task once, and tells how far each is', async (count) => {
    const replies: number[] = [];
    const progress: number[] = [];
    await withCrew('work', count, (crew) =>
      crew.run([1, 2, 3, 4, 5, 6, 7], {
        onReply: (reply, index) => {
          replies[index] = reply;
        },
        onProgress: (share, index) => {
          progress[index] = share;
        },
        signal,
      }),
    );
    expect(replies).toEqual([10, 20, 30, 40, 50, 60, 70]);
    expect(progress).toEqual(Array(7).fill(0.5));
  });

  it('throws what a task threw, of the same code', async () => {
    const run = withCrew('work', 2, (crew) => crew.run([1, 'fail', 2], { onReply: () => {}, signal }));
    await expect(run).rejects.toMatchObject({
      code: 'OPTION_INVALID',
      message: expect.stringContaining('no such task'),
    });
  });

  it('says that a thread ended, also to who asks it later', async () => {
    await withCrew('work', 1, async (crew) => {
      for (let i = 0; i < 2; i++) await expect(crew.tell('end', signal)).rejects.toMatchObject({ code: 'BUG' });
    });
  });

  it('outlives threads that do not even load until they are asked', async () => {
    await withCrew('broken', 2, async (crew) => {
      await new Promise((resolve) => setTimeout(resolve, 300));
      await expect(crew.tell(1, signal)).rejects.toThrow('it does not even load');
    });
  });

  it('stops when it is told to, with the reason', async () => {
    const stop = new AbortController();
    const run = withCrew('work', 2, (crew) =>
      crew.run([1, 2, 3, 4], { onReply: () => stop.abort(new Error('enough')), signal: stop.signal }),
    );
    await expect(run).rejects.toThrow('enough');
  });
});
