/**
 * The last quarter of an hour, second by second: counts, and times by stage in logarithmic buckets. All memory is taken at
 * the beginning (1.9 MB); noting a value is an index and an increment, so that the serving thread may do it.
 */
import type { Clock } from '../../base/index.ts';
import { LIVE_SECONDS, LIVE_STAGES, type LiveInsights, type LiveStage } from '../../domain/index.ts';
import type { StageTrace } from '../../mixer/index.ts';

/** Bucket b holds times up to FIRST_MS · GROWTH^b; the last also all that is longer (15 s). */
const FIRST_MS = 0.01;
const GROWTH = 1.15;
const BUCKETS = 104;
const PER_LOG = 1 / Math.log(GROWTH);

const COUNTS = ['requests', 'failed', 'homes', 'decided', 'degraded', 'events'] as const;
const REQUESTS = 0;
const FAILED = 1;
const HOMES = 2;
const DECIDED = 3;
const DEGRADED = 4;
const EVENTS = 5;

/** Stages of the pipeline that are told by themselves; sources and filters are told as sums. */
const OWN_STAGES: Readonly<Record<string, LiveStage>> = {
  state: 'state',
  taste: 'taste',
  view: 'view',
  'score-and-draw': 'score-and-draw',
};

export interface Live {
  /** An HTTP request was answered. */
  noteRequest(status: number, ms: number): void;
  /** A page was sent; `decided` when its decision was made for it. */
  noteHome(ms: number, decided: boolean, degraded: boolean): void;
  /** What the stages of a decision took. */
  noteStages(stages: readonly StageTrace[], totalMs: number): void;
  noteIngest(ms: number, accepted: number): void;
  /** Seconds after `since` (epoch seconds) that are over; the quarter of an hour when absent. */
  report(since: number | undefined): Omit<LiveInsights, 'epochs' | 'background'>;
}

export function createLive(
  clock: Clock,
  /** Names of the stages that are filters; all others that are not their own are sources. */
  isFilter: (stage: string) => boolean,
): Live {
  const counts = new Uint32Array(LIVE_SECONDS * COUNTS.length);
  const buckets = new Uint16Array(LIVE_SECONDS * LIVE_STAGES.length * BUCKETS);
  const startedS = Math.floor(clock.nowMs() / 1000);
  /** Seconds up to this one have their slot: those in between without traffic are cleared. */
  let currentS = startedS;
  const kindOf = new Map<string, LiveStage>();
  const index = Object.fromEntries(LIVE_STAGES.map((stage, i) => [stage, i])) as Record<LiveStage, number>;
  const slotOf = (second: number): number => second % LIVE_SECONDS;

  /** The slot of now. A clock that was set back goes on in the second that it was in. */
  const turn = (): number => {
    const nowS = Math.floor(clock.nowMs() / 1000);
    if (nowS > currentS) {
      for (let second = Math.max(currentS + 1, nowS - LIVE_SECONDS + 1); second <= nowS; second++) {
        const slot = slotOf(second);
        counts.fill(0, slot * COUNTS.length, (slot + 1) * COUNTS.length);
        buckets.fill(0, slot * LIVE_STAGES.length * BUCKETS, (slot + 1) * LIVE_STAGES.length * BUCKETS);
      }
      currentS = nowS;
    }
    return slotOf(currentS);
  };
  const add = (slot: number, stage: number, ms: number): void => {
    const bucket = ms <= FIRST_MS ? 0 : Math.ceil(Math.log(ms / FIRST_MS) * PER_LOG);
    const at = (slot * LIVE_STAGES.length + stage) * BUCKETS + (bucket < BUCKETS ? bucket : BUCKETS - 1);
    if (buckets[at] < 0xffff) buckets[at]++;
  };

  const merged = new Float64Array(BUCKETS);
  /** The middle (by logarithm) of the bucket that holds the quantile; null where nothing was noted. */
  const quantile = (total: number, q: number): number | null => {
    if (total === 0) return null;
    const wanted = Math.max(1, Math.ceil(q * total));
    let below = 0;
    for (let b = 0; b < BUCKETS; b++) {
      below += merged[b];
      if (below >= wanted) return Math.round(FIRST_MS * GROWTH ** (b - 0.5) * 10_000) / 10_000;
    }
    return null;
  };
  const merge = (fromS: number, toS: number, stage: number): number => {
    merged.fill(0);
    let total = 0;
    for (let second = fromS; second <= toS; second++) {
      const at = (slotOf(second) * LIVE_STAGES.length + stage) * BUCKETS;
      for (let b = 0; b < BUCKETS; b++) {
        merged[b] += buckets[at + b];
        total += buckets[at + b];
      }
    }
    return total;
  };

  return {
    noteRequest(status, ms) {
      const slot = turn();
      counts[slot * COUNTS.length + REQUESTS]++;
      if (status >= 500) counts[slot * COUNTS.length + FAILED]++;
      add(slot, index.http, ms);
    },
    noteHome(ms, decided, degraded) {
      const slot = turn();
      counts[slot * COUNTS.length + HOMES]++;
      if (decided) counts[slot * COUNTS.length + DECIDED]++;
      if (degraded) counts[slot * COUNTS.length + DEGRADED]++;
      add(slot, index.home, ms);
    },
    noteStages(stages, totalMs) {
      const slot = turn();
      let sources = 0;
      let filters = 0;
      let known = 0;
      for (let i = 0; i < stages.length; i++) {
        const { stage, ms } = stages[i];
        known += ms;
        let kind = kindOf.get(stage);
        if (kind === undefined) {
          kind = OWN_STAGES[stage] ?? (isFilter(stage) ? 'filters' : 'sources');
          kindOf.set(stage, kind);
        }
        if (kind === 'sources') sources += ms;
        else if (kind === 'filters') filters += ms;
        else add(slot, index[kind], ms);
      }
      add(slot, index.sources, sources);
      add(slot, index.filters, filters);
      add(slot, index['record-and-render'], totalMs > known ? totalMs - known : 0);
    },
    noteIngest(ms, accepted) {
      const slot = turn();
      counts[slot * COUNTS.length + EVENTS] += accepted;
      add(slot, index.ingest, ms);
    },
    report(since) {
      turn();
      const lastS = currentS - 1;
      const oldest = Math.max(startedS, currentS - LIVE_SECONDS + 1);
      const fromS = Math.max(oldest, since === undefined ? oldest : since + 1);
      const seconds: number[] = [];
      for (let second = fromS; second <= lastS; second++) seconds.push(second);
      const columnOf = (column: number): number[] =>
        seconds.map((second) => counts[slotOf(second) * COUNTS.length + column]);
      const minuteFrom = Math.max(oldest, lastS - 59);
      const minute = Math.max(1, lastS - minuteFrom + 1);
      const inMinute = (column: number): number => {
        let sum = 0;
        for (let second = minuteFrom; second <= lastS; second++) sum += counts[slotOf(second) * COUNTS.length + column];
        return sum;
      };
      const share = (part: number, whole: number): number | null =>
        inMinute(whole) === 0 ? null : inMinute(part) / inMinute(whole);
      return {
        nowMs: clock.nowMs(),
        seconds,
        requests: columnOf(REQUESTS),
        failed: columnOf(FAILED),
        homes: columnOf(HOMES),
        decided: columnOf(DECIDED),
        degraded: columnOf(DEGRADED),
        events: columnOf(EVENTS),
        stages: LIVE_STAGES.map((stage, s) => {
          const row = { count: [] as number[], p50Ms: [] as Ms[], p95Ms: [] as Ms[], p99Ms: [] as Ms[] };
          for (const second of seconds) {
            const total = merge(second, second, s);
            row.count.push(total);
            row.p50Ms.push(quantile(total, 0.5));
            row.p95Ms.push(quantile(total, 0.95));
            row.p99Ms.push(quantile(total, 0.99));
          }
          return { stage, ...row };
        }),
        lastMinute: {
          requestsPerSecond: inMinute(REQUESTS) / minute,
          homesPerSecond: inMinute(HOMES) / minute,
          eventsPerSecond: inMinute(EVENTS) / minute,
          failedShare: share(FAILED, REQUESTS),
          degradedShare: share(DEGRADED, DECIDED),
          stages: LIVE_STAGES.map((stage, s) => {
            const count = merge(minuteFrom, lastS, s);
            return {
              stage,
              count,
              p50Ms: quantile(count, 0.5),
              p95Ms: quantile(count, 0.95),
              p99Ms: quantile(count, 0.99),
            };
          }),
        },
      };
    },
  };
}

type Ms = number | null;
