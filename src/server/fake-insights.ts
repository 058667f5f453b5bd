/** Insights of the platform in memory: of listeners and items that it holds, with nothing counted yet. */
import { type Clock, ShelfwiseError } from '../base/index.ts';
import { EPOCH_KINDS, type Item, type ItemRef, LIVE_STAGES } from '../domain/index.ts';
import type { Insights, StoredListener } from '../platform/index.ts';

export function createFakeInsights(world: {
  readonly clock: Clock;
  readonly items: ReadonlyMap<string, Item>;
  readonly listeners: ReadonlyMap<string, StoredListener>;
  readonly plays: ReadonlyMap<string, number>;
}): Insights {
  const { clock, items, listeners, plays } = world;
  let requests = 0;
  const listenerOf = (id: string): StoredListener => {
    const listener = listeners.get(id);
    if (listener === undefined) throw new ShelfwiseError('LISTENER_NOT_FOUND', id);
    return listener;
  };
  const refOf = (id: string): ItemRef => {
    const item = items.get(id);
    if (item === undefined) throw new ShelfwiseError('ITEM_NOT_FOUND', id);
    return { id, kind: item.kind, title: item.title, subtitle: '', image: item.image ?? '' };
  };
  const today = (): string => new Date(clock.nowMs()).toISOString().slice(0, 10);
  const nothing = { shown: 0, seen: 0, chosen: 0 };
  const quantiles = { p50Ms: null, p95Ms: null, p99Ms: null };
  return {
    listenerState: (id) => ({
      ...listenerOf(id),
      words: [`Has played ${plays.get(id) ?? 0} times.`],
      totals: {
        plays: plays.get(id) ?? 0,
        skips: 0,
        recentPlays: 0,
        tenureDays: 0,
        firstEventAtMs: null,
        lastEventAtMs: null,
      },
      genres: [],
      artists: [],
      hours: new Array<number>(24).fill(0),
      devices: [],
      mostPlayed: [],
      recents: [],
      likes: [],
      follows: [],
      hides: [],
      session: null,
    }),
    timeline: async (id) => ({ events: listenerOf(id) && [], nextCursor: null }),
    decisionsOf: async (id) => ({ decisions: listenerOf(id) && [], nextCursor: null }),
    shelves: async () => ({
      sinceMs: null,
      upToMs: null,
      catchingUp: false,
      days: [today()],
      homes: { decided: 0, served: 0, rendered: 0, degraded: 0 },
      homesTotal: { decided: 0, served: 0, rendered: 0, degraded: 0 },
      shelves: [],
    }),
    exposure: async (id) => ({
      item: refOf(id),
      ...nothing,
      listeners: { count: 0, exact: true },
      meanRank: null,
      byShelf: [],
      days: [today()],
      byDay: [nothing],
      sinceMs: null,
      catchingUp: false,
    }),
    neighbours: (id) => ({ item: refOf(id), embedding: null, neighbours: [] }),
    relatives: (id) => ({ item: refOf(id), parent: null, creators: [], children: [], childCount: 0 }),
    live: () => ({
      nowMs: clock.nowMs(),
      seconds: [],
      requests: [],
      failed: [],
      homes: [],
      decided: [],
      degraded: [],
      events: [],
      stages: LIVE_STAGES.map((stage) => ({ stage, count: [], p50Ms: [], p95Ms: [], p99Ms: [] })),
      lastMinute: {
        requestsPerSecond: requests / 60,
        homesPerSecond: 0,
        eventsPerSecond: 0,
        failedShare: null,
        degradedShare: null,
        stages: LIVE_STAGES.map((stage) => ({ stage, count: 0, ...quantiles })),
      },
      epochs: EPOCH_KINDS.map((kind) => ({ kind, hash: '', publishedAtMs: null })),
      background: {},
    }),
    noteRequest: () => {
      requests++;
    },
    forget: () => undefined,
  };
}
