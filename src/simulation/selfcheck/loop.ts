/**
 * The closed loop: a policy serves for days, and lives with what it shows. Each page is answered by its listener, the events are taken
 * in, the model learns every simulated quarter of a day, and three things move that a one-step estimate holds still: what a listener just had is
 * wanted less, tastes drift, and the product's own rules rest cards that were seen and passed over.
 */
import { createRng, DAY_MS, HOUR_MS, manualClock } from '../../base/index.ts';
import type { Page } from '../../domain/index.ts';
import type { HomeTunables } from '../../home/index.ts';
import { type CheckedWorld, LOOP_DAYS, type OnProgress, openAt, type Visit } from './data.ts';
import type { ClosedLoop } from './report.ts';

const LEARN_EVERY_MS = 6 * HOUR_MS;
/** A card that earned is wanted by this factor at once; the wish is back half the way after so long. */
const SATED = 0.5;
const SATED_HALF_LIFE_MS = DAY_MS;

/** @param dataDir a copy of the world's, of its own; @param seed of visits and responses: the same for every policy */
export async function closedLoop(
  dataDir: string,
  { world, nowMs, visits }: CheckedWorld,
  home: Partial<HomeTunables>,
  { visits: count, seed }: { readonly visits: number; readonly seed: number },
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<Omit<ClosedLoop, 'liftVsLogging'>> {
  const rng = createRng(seed).fork(3);
  const clock = manualClock(nowMs);
  const platform = await openAt(dataDir, clock, home);
  const hunger = new Hunger();
  const sums = new Map<string, { value: number; visits: number }>();
  const values: number[] = [];
  let learnedMs = nowMs;
  try {
    for (const [number, { listenerId, device, atMs }] of loopVisits(visits, count, nowMs, seed).entries()) {
      clock.set(atMs);
      if (atMs - learnedMs >= LEARN_EVERY_MS) {
        await platform.learn();
        learnedMs = atMs;
      }
      const bytes = await platform.home(listenerId, { device, explain: false, fresh: true });
      const page = JSON.parse(Buffer.from(bytes).toString()) as Page;
      const appetite = (itemId: string): number => hunger.of(listenerId, itemId, atMs);
      let value = 0;
      for (const { rank, cards } of page.shelves)
        for (const card of cards)
          value +=
            world.examination(device, rank, card.rank) *
            world.expectedReward(listenerId, card.id, { atMs }) *
            appetite(card.id);
      values.push(value);
      const own = sums.get(listenerId) ?? { value: 0, visits: 0 };
      own.value += value;
      own.visits++;
      sums.set(listenerId, own);
      const events = world.respond(listenerId, page, rng.fork(number), atMs, { device, appetite });
      await platform.ingest(events);
      for (const { type, itemId, containerId } of events)
        if (type === 'play') hunger.feed(listenerId, containerId ?? itemId ?? '', atMs);
      if (number % 32 > 0) continue;
      signal.throwIfAborted();
      onProgress('closed loop', number / count);
    }
  } finally {
    await platform.close();
  }
  const mean = meanOf(values);
  // Of a ratio of sums by listener, linearised.
  let squares = 0;
  for (const { value, visits: own } of sums.values()) squares += (value - mean * own) ** 2;
  const listeners = sums.size;
  const third = Math.max(1, Math.floor(values.length / 3));
  return {
    value: mean,
    standardError: Math.sqrt((squares * listeners) / Math.max(1, listeners - 1)) / values.length,
    visits: values.length,
    early: meanOf(values.slice(0, third)),
    late: meanOf(values.slice(-third)),
  };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of the day's visitors some, so few that they come once a day or oftener, on each day of the loop. */
function loopVisits(visits: readonly Visit[], count: number, nowMs: number, seed: number): readonly Visit[] {
  const rng = createRng(seed).fork(4);
  const byListener = new Map<string, Visit[]>();
  for (const visit of visits) byListener.set(visit.listenerId, [...(byListener.get(visit.listenerId) ?? []), visit]);
  const listeners = [...byListener.keys()];
  const chosen: Visit[] = [];
  while (chosen.length < count && listeners.length > 0) {
    const at = rng.below(listeners.length);
    const [own] = [byListener.get(listeners[at]) ?? []];
    listeners[at] = listeners[listeners.length - 1];
    listeners.pop();
    for (let day = 0; day < LOOP_DAYS; day++) {
      for (const visit of own.slice(0, MOST_A_DAY)) {
        const atMs = nowMs + day * DAY_MS + ((visit.atMs - nowMs) % DAY_MS);
        if (chosen.length < count) chosen.push({ ...visit, atMs });
      }
    }
  }
  return chosen.sort((a, b) => a.atMs - b.atMs);
}
const MOST_A_DAY = 3;

/** What listeners have had of late. */
class Hunger {
  readonly #had = new Map<string, { sated: number; atMs: number }>();

  /** Factor on the wish, (0, 1]. */
  of(listenerId: string, itemId: string, atMs: number): number {
    const had = this.#had.get(`${listenerId} ${itemId}`);
    return had === undefined ? 1 : 1 - had.sated * 2 ** ((had.atMs - atMs) / SATED_HALF_LIFE_MS);
  }

  feed(listenerId: string, itemId: string, atMs: number): void {
    const left = this.of(listenerId, itemId, atMs) * SATED;
    this.#had.set(`${listenerId} ${itemId}`, { sated: 1 - left, atMs });
  }
}
