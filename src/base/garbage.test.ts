import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';

/** Keeps 300 MB of array buffers, and tells how often all of the heap was looked through meanwhile. */
const KEEPS_BUFFERS = `
  import { PerformanceObserver, constants } from 'node:perf_hooks';
  import { setTimeout as pause } from 'node:timers/promises';
  let major = 0;
  const observer = new PerformanceObserver((list) => {
    for (const { detail } of list.getEntries()) if (detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR) major++;
  });
  observer.observe({ entryTypes: ['gc'] });
  const live = Array.from({ length: 100_000 }, (_, n) => ({ n, text: String(n) }));
  const kept = [];
  for (let n = 0; n < 300; n++) {
    kept.push(new Uint8Array(1024 * 1024).fill(n));
    await pause(2);
  }
  await pause(50);
  console.log(major, live.length + kept.length);
`;

const collections = (before: string): number => {
  const script = `${before}\n${KEEPS_BUFFERS}`;
  const output = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
  return Number(output.split(' ')[0]);
};

it('does not look through the heap once for every 64 MB of array buffers', () => {
  const rarely = `import { collectRarely } from '${new URL('./garbage.ts', import.meta.url).href}'; collectRarely();`;
  const byItself = collections('');
  expect(byItself).toBeGreaterThanOrEqual(3);
  expect(collections(rarely)).toBeLessThan(byItself - 1);
}, 30_000);
