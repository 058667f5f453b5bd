import { afterAll, expect, it } from 'vitest';
import { type ManualClock, manualClock } from '../../base/index.ts';
import { followsHash, type GroupOfLists, LIST_GROUPS } from '../../home/index.ts';
import { emptyState } from '../../signals/index.ts';
import { openLmdbStore } from '../../store/index.ts';
import { newDir, removeDirs } from '../platform-testing.ts';
import { createKeptPlaylists } from './keeping.ts';
import { type Asker, createMaking, type Making } from './making.ts';

/** Of a group. */
const STEPS = 12;
/** A rest after such a step takes a tenth of a second: all of a listener's take four, unless somebody waits. */
const STEP_MS = 50;
const FAR_MS = 1e12;

afterAll(removeDirs);

function* groupOf(clock: ManualClock): Generator<undefined, GroupOfLists> {
  for (let k = 0; k < STEPS; k++) {
    clock.advance(STEP_MS);
    yield;
  }
  return { fromMs: 0, untilMs: FAR_MS, madeAtMs: 0, follows: followsHash(emptyState()), lists: [] };
}

function newMaking() {
  const clock = manualClock(0);
  const fail = (error: string): void => {
    throw new Error(error);
  };
  const store = openLmdbStore({ dir: newDir() });
  const kept = createKeptPlaylists(store, () => true, fail);
  const making = createMaking({
    kept,
    vocabularies: { items: { lookup: () => -1 } } as never,
    settings: {} as never,
    clock,
    onTrouble: fail,
    stepsOf: () => groupOf(clock),
  });
  return { clock, making, kept, close: () => kept.settle().then(() => store.close()) };
}

function askerOf(listenerKey: string): Asker {
  return {
    listenerKey,
    profile: { onboardingPicks: [] },
    entry: { state: emptyState(), tasteVersion: 0 },
    atMs: 0,
    rights: () => ({ atMs: 0 }),
    epochs: {},
  } as unknown as Asker;
}

/** Uses the allowance up, so that the listener waits in the queue; resolves when their playlists are being made. */
async function queued(making: Making, clock: ManualClock, asker: Asker): Promise<void> {
  await making.current(askerOf('a'.repeat(32)));
  const before = making.counts.madeMs;
  expect(making.beforeHome(asker)).toBeUndefined();
  clock.advance(60_000);
  await expect.poll(() => making.counts.madeMs, { timeout: 10_000, interval: 5 }).toBeGreaterThan(before);
}

it('rests between the steps that nobody waits for, and goes on at once when somebody does', async () => {
  const { clock, making, close } = newMaking();
  const asker = askerOf('b'.repeat(32));
  await queued(making, clock, asker);
  const begunMs = performance.now();
  const waiting = making.counts.made;
  await new Promise((resolve) => setTimeout(resolve, 350));
  // Three rests of a tenth of a second, and what the timers are late by.
  expect(making.counts.made).toBe(waiting);
  await making.current(asker);
  expect(making.counts.made).toBe(2 * LIST_GROUPS.length);
  expect(performance.now() - begunMs).toBeLessThan(2500);
  await close();
}, 30_000);

it('gives up what nobody waits for when it is stopped, and finishes what somebody does', async () => {
  const { clock, making, kept, close } = newMaking();
  const [queue, wanted] = [askerOf('b'.repeat(32)), askerOf('c'.repeat(32))];
  await queued(making, clock, queue);
  const answer = making.current(wanted);
  await making.stop();
  const { madeMs } = making.counts;
  expect(kept.get(queue.listenerKey)).toEqual({});
  expect(Object.keys(await answer).sort()).toEqual([...LIST_GROUPS].sort());
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(making.counts.madeMs).toBe(madeMs);
  await close();
}, 30_000);
