/**
 * The demo world as data of a platform: its history up to a day, taken in and fitted as `shelfwise up --demo` does; and the Homes that
 * its listeners ask for on the day after, decided and recorded by the product itself.
 */
import { createRng, DAY_MS, type ManualClock, MINUTE_MS, manualClock, type Rng } from '../../base/index.ts';
import { DEVICES, type Device, type IncomingEvent } from '../../domain/index.ts';
import type { HomeTunables } from '../../home/index.ts';
import { openPlatform, type Platform } from '../../platform/index.ts';
import { historyBatches } from '../history-batches.ts';
import { createDemoWorld, type DemoWorld } from '../world.ts';
import type { SelfCheckOptions } from './options.ts';

/** The days that a closed loop runs on: tastes go on drifting through them. */
export const LOOP_DAYS = 3;
/** Past sessions of these days say who comes back, when, and with which device. */
const VISIT_DAYS = 28;
const ENVELOPE = 1000;
/** One segment holds the log of a self-check: nothing of it is compacted while it runs. */
const SEGMENT_BYTES = 2 ** 30;

export interface CheckedWorld {
  readonly world: DemoWorld;
  /** Where its history ends and the visits begin. */
  readonly nowMs: number;
  /** In the order of time, from `nowMs` on. */
  readonly visits: readonly Visit[];
}

export interface Visit {
  readonly listenerId: string;
  readonly device: Device;
  readonly atMs: number;
}

export type OnProgress = (stage: string, share: number) => void;

/** The world ends when its loop does; its own history after `nowMs` is not used. */
export function worldOf({ items, listeners, days, seed }: SelfCheckOptions, endMs: number): DemoWorld {
  return createDemoWorld({ seed, items, listeners, days: days + LOOP_DAYS, endMs });
}

export function openAt(dataDir: string, clock: ManualClock, home: Partial<HomeTunables> = {}): Promise<Platform> {
  return openPlatform({
    dataDir,
    clock,
    home,
    learnEveryMs: 0,
    insightsEveryMs: 0,
    pageLifetimeMs: 0,
    popularityHoldout: 0,
    segmentBytes: SEGMENT_BYTES,
  });
}

/** Fills an empty data directory and fits it. */
export async function fillWorld(
  dataDir: string,
  options: SelfCheckOptions,
  endMs: number,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<CheckedWorld> {
  const world = worldOf(options, endMs);
  const nowMs = endMs - LOOP_DAYS * DAY_MS;
  const startMs = endMs - world.days * DAY_MS;
  const platform = await openAt(dataDir, manualClock(nowMs));
  const { batches, close } = historyBatches(
    { seed: options.seed, items: options.items, listeners: options.listeners, days: world.days, endMs },
    ENVELOPE,
  );
  const sessions = new Sessions(nowMs - VISIT_DAYS * DAY_MS);
  try {
    onProgress('catalogue', 0);
    for (const rows of envelopes(world.items())) await platform.upsertItems(rows);
    for (const rows of envelopes(world.listeners())) await platform.putListeners(rows);
    for (const { id, ...body } of world.campaigns()) await platform.putCampaign(id, body);
    for await (const events of batches) {
      signal.throwIfAborted();
      const past = events.filter(({ occurredAt }) => Date.parse(occurredAt) < nowMs);
      sessions.add(past);
      if (past.length > 0) await platform.ingest(past);
      onProgress('history', (Date.parse(events[events.length - 1].occurredAt) - startMs) / (nowMs - startMs));
      if (past.length < events.length) break;
    }
    await platform.fit({ onProgress: (_stage, share) => onProgress('fit', share) });
    signal.throwIfAborted();
  } finally {
    await close();
    await platform.close();
  }
  const visits = sessions.visits(world, nowMs, options.contexts, createRng(options.seed).fork(1));
  return { world, nowMs, visits };
}

/** Sessions of the last days: the day after looks as one of them. */
class Sessions {
  readonly #fromMs: number;
  readonly #starts = new Map<string, Visit>();

  constructor(fromMs: number) {
    this.#fromMs = fromMs;
  }

  add(events: readonly IncomingEvent[]): void {
    for (const { sessionId = '', listenerId, occurredAt, device } of events) {
      const atMs = Date.parse(occurredAt);
      if (atMs < this.#fromMs || sessionId === '') continue;
      const key = `${listenerId} ${sessionId}`;
      if (!this.#starts.has(key)) this.#starts.set(key, { listenerId, device: device ?? 'phone', atMs });
    }
  }

  /**
   * So many visits of the day from `nowMs`: each listener without a past once, the others as past sessions that are drawn with
   * replacement say, at their time of day give or take ten minutes.
   */
  visits(world: DemoWorld, nowMs: number, count: number, rng: Rng): readonly Visit[] {
    const past = [...this.#starts.values()];
    const known = new Set(past.map(({ listenerId }) => listenerId));
    const visits: Visit[] = [];
    for (const { id } of world.listeners()) {
      if (known.has(id) || visits.length >= count) continue;
      const atMs = nowMs + tick(rng.uniform() * DAY_MS);
      visits.push({ listenerId: id, device: DEVICES[rng.below(DEVICES.length)], atMs });
    }
    while (visits.length < count && past.length > 0) {
      const { listenerId, device, atMs } = past[rng.below(past.length)];
      const jitterMs = (2 * rng.uniform() - 1) * 10 * MINUTE_MS;
      const offsetMs = (((atMs + jitterMs - nowMs) % DAY_MS) + DAY_MS) % DAY_MS;
      visits.push({ listenerId, device, atMs: nowMs + tick(offsetMs) });
    }
    return visits.sort((a, b) => a.atMs - b.atMs);
  }
}

/** Asks for the Homes of all visits; each record has the visit's number as its session. */
export async function decideVisits(
  dataDir: string,
  { nowMs, visits }: CheckedWorld,
  home: Partial<HomeTunables>,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<void> {
  const clock = manualClock(nowMs);
  const platform = await openAt(dataDir, clock, home);
  try {
    let number = 0;
    while (number < visits.length) {
      signal.throwIfAborted();
      onProgress('contexts', number / visits.length);
      const { atMs } = visits[number];
      clock.set(atMs);
      const together: Promise<unknown>[] = [];
      for (; number < visits.length && visits[number].atMs === atMs && together.length < MOST_TOGETHER; number++) {
        const { listenerId, device } = visits[number];
        const query = { device, explain: false, fresh: true, sessionId: String(number) };
        together.push(platform.home(listenerId, query));
      }
      await Promise.all(together);
    }
  } finally {
    await platform.close();
  }
}

/** Visits of the same five minutes are at once: a platform writes for many what it would write for one. */
const TICK_MS = 5 * MINUTE_MS;
const MOST_TOGETHER = 64;

function tick(ms: number): number {
  return Math.floor(ms / TICK_MS) * TICK_MS;
}

function* envelopes<T>(rows: Iterable<T>): Iterable<readonly T[]> {
  let envelope: T[] = [];
  for (const row of rows) {
    envelope.push(row);
    if (envelope.length < ENVELOPE) continue;
    yield envelope;
    envelope = [];
  }
  if (envelope.length > 0) yield envelope;
}
