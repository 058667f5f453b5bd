import { describe, expect, it } from 'vitest';
import type { LiveInsights } from '../../../src/server/contract.ts';
import { joined, KEPT, pointsOf, type Second, secondsOf } from './seconds.ts';

const second = (atS: number, more: Partial<Second> = {}): Second => ({
  atS,
  requests: 0,
  homes: 0,
  events: 0,
  decided: 0,
  degraded: 0,
  failed: 0,
  stages: { home: null } as Second['stages'],
  ...more,
});

describe('seconds of the live page', () => {
  it('turn columns into rows, with no latency where there was nothing', () => {
    const live = {
      seconds: [7, 8],
      requests: [3, 0],
      homes: [1, 0],
      events: [5, 0],
      decided: [1, 0],
      degraded: [1, 0],
      failed: [0, 0],
      stages: [{ stage: 'home', count: [1, 0], p50Ms: [2, null], p95Ms: [3, null], p99Ms: [4, null] }],
    } as unknown as LiveInsights;
    expect(secondsOf(live)).toEqual([
      second(7, {
        requests: 3,
        homes: 1,
        events: 5,
        decided: 1,
        degraded: 1,
        stages: { home: { count: 1, p50Ms: 2, p95Ms: 3, p99Ms: 4 } } as Second['stages'],
      }),
      second(8),
    ]);
  });

  it('are joined without gaps or repetitions, and the oldest go', () => {
    const known = Array.from({ length: KEPT }, (_, i) => second(i));
    const fresh = [second(KEPT - 1, { requests: 9 }), second(KEPT)];
    const all = joined(known, fresh);
    expect(all).toHaveLength(KEPT);
    expect(all.map(({ atS }) => atS)).toEqual(Array.from({ length: KEPT }, (_, i) => i + 1));
    expect(all.at(-2)?.requests).toBe(9);
    expect(joined(known, [])).toEqual(known);
  });

  it('become points at fixed steps: mean rates, shares of the whole, latencies weighted by their count', () => {
    const latency = (count: number, ms: number) =>
      ({ home: { count, p50Ms: ms, p95Ms: ms, p99Ms: ms } }) as unknown as Second['stages'];
    const points = pointsOf(
      [
        second(10, { requests: 4, decided: 3, degraded: 1, stages: latency(1, 10) }),
        second(11, { requests: 2, decided: 1, degraded: 0, stages: latency(3, 2) }),
        second(15, { requests: 1 }),
      ],
      5,
      ['home'],
    );
    expect(points).toHaveLength(2);
    expect(points[0]).toMatchObject({ atMs: 12_500, requests: 3, degraded: 0.25, failed: 0 });
    expect(points[0]?.stages.home).toEqual({ count: 4, p50Ms: 4, p95Ms: 4, p99Ms: 4 });
    expect(points[1]).toMatchObject({ atMs: 17_500, requests: 1, degraded: null });
    expect(points[1]?.stages.home).toBeNull();
  });
});
