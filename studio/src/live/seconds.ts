/** Seconds as they come from the platform, put together to the last quarter of an hour, and thinned for drawing. */
import type { LiveInsights, LiveStage } from '../../../src/server/contract.ts';

/** Seconds that the platform keeps. */
export const KEPT = 900;

export interface Second {
  readonly atS: number;
  readonly requests: number;
  readonly homes: number;
  readonly events: number;
  readonly decided: number;
  readonly degraded: number;
  readonly failed: number;
  /** Null in a second without any. */
  readonly stages: Readonly<Record<LiveStage, Latency | null>>;
}

export interface Latency {
  readonly count: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** The columns of an answer as rows. */
export function secondsOf(live: LiveInsights): Second[] {
  return live.seconds.map((atS, i) => {
    const stages = live.stages.map(({ stage, count, p50Ms, p95Ms, p99Ms }) => {
      const [p50, p95, p99] = [p50Ms[i], p95Ms[i], p99Ms[i]];
      const latency: Latency | null =
        p50 === null || p50 === undefined || p95 === null || p95 === undefined || p99 === null || p99 === undefined
          ? null
          : { count: count[i] ?? 0, p50Ms: p50, p95Ms: p95, p99Ms: p99 };
      return [stage, latency] as const;
    });
    return {
      atS,
      requests: live.requests[i] ?? 0,
      homes: live.homes[i] ?? 0,
      events: live.events[i] ?? 0,
      decided: live.decided[i] ?? 0,
      degraded: live.degraded[i] ?? 0,
      failed: live.failed[i] ?? 0,
      stages: Object.fromEntries(stages) as Record<LiveStage, Latency | null>,
    };
  });
}

/** What was known, with what is new: each second once, ascending, the newest quarter of an hour. */
export function joined(known: readonly Second[], fresh: readonly Second[]): Second[] {
  const first = fresh[0];
  if (first === undefined) return [...known];
  return [...known.filter(({ atS }) => atS < first.atS), ...fresh].slice(-KEPT);
}

/** Rates are means over the step, latencies means of the seconds' quantiles, weighted by how many each second had. */
export interface Point {
  readonly atMs: number;
  readonly requests: number;
  readonly homes: number;
  readonly events: number;
  /** Shares; null where there was nothing to take one of. */
  readonly degraded: number | null;
  readonly failed: number | null;
  readonly stages: Readonly<Record<LiveStage, Latency | null>>;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);

function latencyOf(latencies: readonly (Latency | null)[]): Latency | null {
  const some = latencies.filter((latency) => latency !== null);
  const count = sum(some.map((latency) => latency.count));
  if (count === 0) return null;
  const mean = (of: (latency: Latency) => number) => sum(some.map((latency) => of(latency) * latency.count)) / count;
  return { count, p50Ms: mean((l) => l.p50Ms), p95Ms: mean((l) => l.p95Ms), p99Ms: mean((l) => l.p99Ms) };
}

/** @param stepS seconds a point; steps begin at multiples of it, so that points do not change as time goes on */
export function pointsOf(seconds: readonly Second[], stepS: number, stages: readonly LiveStage[]): Point[] {
  const steps = new Map<number, Second[]>();
  for (const second of seconds) {
    const step = Math.floor(second.atS / stepS) * stepS;
    const list = steps.get(step);
    if (list === undefined) steps.set(step, [second]);
    else list.push(second);
  }
  return [...steps].map(([step, list]) => {
    const total = (of: (second: Second) => number) => sum(list.map(of));
    const share = (part: number, whole: number) => (whole === 0 ? null : part / whole);
    const decided = total((s) => s.decided);
    const requests = total((s) => s.requests);
    return {
      atMs: (step + stepS / 2) * 1000,
      requests: requests / list.length,
      homes: total((s) => s.homes) / list.length,
      events: total((s) => s.events) / list.length,
      degraded: share(
        total((s) => s.degraded),
        decided,
      ),
      failed: share(
        total((s) => s.failed),
        requests,
      ),
      stages: Object.fromEntries(
        stages.map((stage) => [stage, latencyOf(list.map((second) => second.stages[stage]))]),
      ) as Record<LiveStage, Latency | null>,
    };
  });
}
