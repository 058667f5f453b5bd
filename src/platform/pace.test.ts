import { expect, it } from 'vitest';
import { manualClock } from '../base/index.ts';
import { createPace } from './pace.ts';

it('asks for a rest after some milliseconds of work, and counts anew after it', async () => {
  const clock = manualClock(0);
  const pace = createPace(clock, () => false);
  clock.advance(3);
  expect(pace.isDue).toBe(false);
  clock.advance(1);
  expect(pace.isDue).toBe(true);
  await pace.rest();
  expect(pace.isDue).toBe(false);
});

it('does not take the time before it began for work', async () => {
  const clock = manualClock(0);
  const pace = createPace(clock, () => false);
  clock.advance(5000);
  pace.begin();
  expect(pace.isDue).toBe(false);
  clock.advance(4);
  expect(pace.isDue).toBe(true);
});

/** A pace, and what a rest after so much work takes in milliseconds. */
function restingPace(workedMs: number) {
  const clock = manualClock(0);
  const waiting = { isAwaited: false };
  const pace = createPace(clock, () => waiting.isAwaited);
  const restMs = async (): Promise<number> => {
    clock.advance(workedMs);
    const startMs = performance.now();
    await pace.rest();
    return performance.now() - startMs;
  };
  return { pace, waiting, restMs };
}

it('rests for twice as long as it worked, and not while somebody waits', async () => {
  const { waiting, restMs } = restingPace(50);
  expect(await restMs()).toBeGreaterThan(95);
  waiting.isAwaited = true;
  expect(await restMs()).toBeLessThan(95);
});

it('rests no longer than a tenth of a second, and not on when somebody waits', async () => {
  const { pace, waiting, restMs } = restingPace(60_000);
  expect(await restMs()).toBeLessThan(1000);
  const resting = restMs();
  waiting.isAwaited = true;
  pace.hurry();
  expect(await resting).toBeLessThan(95);
  expect(await restMs()).toBeLessThan(95);
});
