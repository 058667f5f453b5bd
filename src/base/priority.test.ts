import { execFileSync } from 'node:child_process';
import { getPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';

/** What a thread that begins like this says, and the niceness of this one after it. */
function thread(source: string): Promise<{ readonly said: number; readonly own: number }> {
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
  return new Promise((resolve, reject) => {
    worker.once('message', (said: number) => resolve({ said, own: getPriority() }));
    worker.once('error', reject);
  });
}

const BEGINNING = `
  import { getPriority, setPriority } from 'node:os';
  import { parentPort } from 'node:worker_threads';
  import { giveWay } from '${new URL('./priority.ts', import.meta.url).href}';`;

describe.runIf(process.platform === 'linux')('a thread that gives way', () => {
  const before = getPriority();

  it('is nicer than the others of its process by five, however nice that is, and leaves them as they are', async () => {
    for (const [nice, then] of [
      [before, before + 5],
      [10, 15],
      [17, 19],
      [19, 19],
    ] as const) {
      if (nice < before) continue;
      const { said, own } = await thread(
        `${BEGINNING} setPriority(${nice}); giveWay(); parentPort.postMessage(getPriority());`,
      );
      expect({ nice, said, own }).toEqual({ nice, said: Math.min(19, then), own: before });
    }
  });

  it('has threads that do so too', async () => {
    const inner = `data:text/javascript,${encodeURIComponent("import { getPriority } from 'node:os'; import { parentPort } from 'node:worker_threads'; parentPort.postMessage(getPriority());")}`;
    const { said } = await thread(
      `${BEGINNING} import { Worker } from 'node:worker_threads'; giveWay();
       new Worker(new URL('${inner.replaceAll("'", '%27')}')).once('message', (nice) => parentPort.postMessage(nice));`,
    );
    expect(said).toBe(Math.min(19, before + 5));
  });
});

describe.runIf(process.platform === 'linux')('helpers of V8', () => {
  it('give way by five, and no other thread does', () => {
    const source = `
      import { readdirSync, readFileSync } from 'node:fs';
      import { getPriority } from 'node:os';
      import { helpersGiveWay } from '${new URL('./priority.ts', import.meta.url).href}';
      helpersGiveWay();
      const of = (name) => readdirSync('/proc/self/task')
        .filter((id) => readFileSync('/proc/self/task/' + id + '/comm', 'utf8').startsWith('V8Worker') === (name === 'helpers'))
        .map((id) => getPriority(Number(id)));
      console.log(JSON.stringify({ helpers: of('helpers'), others: of('others') }));`;
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', source], { encoding: 'utf8' });
    const { helpers, others } = JSON.parse(out) as { helpers: number[]; others: number[] };
    const own = getPriority();
    expect(helpers.length).toBeGreaterThan(0);
    expect(new Set(helpers)).toEqual(new Set([Math.min(19, own + 5)]));
    expect(new Set(others)).toEqual(new Set([own]));
  });
});
