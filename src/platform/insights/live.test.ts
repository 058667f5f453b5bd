import { describe, expect, it } from 'vitest';
import { createRng, manualClock } from '../../base/index.ts';
import { LIVE_SECONDS, LIVE_STAGES } from '../../domain/index.ts';
import { createLive } from './live.ts';

const START_S = 1_800_000_000;
const live = () => {
  const clock = manualClock(START_S * 1000);
  return { clock, live: createLive(clock, (stage) => stage === 'hidden') };
};

describe('the last quarter of an hour', () => {
  it('gives each second that is over its counts, and none that is not', () => {
    const { clock, live: meter } = live();
    meter.noteRequest(200, 3);
    meter.noteRequest(503, 3);
    meter.noteHome(2, true, true);
    meter.noteHome(0.2, false, false);
    meter.noteIngest(1, 40);
    expect(meter.report(undefined).seconds).toEqual([]);
    clock.advance(1000);
    meter.noteRequest(200, 3);
    expect(meter.report(undefined)).toMatchObject({
      seconds: [START_S],
      requests: [2],
      failed: [1],
      homes: [2],
      decided: [1],
      degraded: [1],
      events: [40],
    });
    clock.advance(2000);
    expect(meter.report(undefined)).toMatchObject({
      seconds: [START_S, START_S + 1, START_S + 2],
      requests: [2, 1, 0],
    });
    expect(meter.report(START_S + 1)).toMatchObject({ seconds: [START_S + 2], requests: [0] });
    expect(meter.report(START_S + 99).seconds).toEqual([]);
  });

  it('forgets what is older than its ring, also when nothing came for longer', () => {
    const { clock, live: meter } = live();
    meter.noteRequest(200, 1);
    clock.advance((LIVE_SECONDS - 2) * 1000);
    meter.noteRequest(200, 1);
    clock.advance(1000);
    const full = meter.report(undefined);
    expect(full.seconds).toHaveLength(LIVE_SECONDS - 1);
    expect(full.requests.reduce((sum, n) => sum + n)).toBe(2);
    clock.advance(3 * LIVE_SECONDS * 1000);
    const later = meter.report(undefined);
    expect(later.seconds).toHaveLength(LIVE_SECONDS - 1);
    expect(later.requests.every((n) => n === 0)).toBe(true);
    expect(later.lastMinute.stages.every(({ count, p50Ms }) => count === 0 && p50Ms === null)).toBe(true);
  });

  it('reads quantiles from its buckets at most 7% off, over 10 µs to 10 s', () => {
    const { clock, live: meter } = live();
    const rng = createRng(9);
    const times = Array.from({ length: 5000 }, () => 0.011 * 900_000 ** rng.uniform());
    for (const ms of times) meter.noteHome(ms, true, false);
    clock.advance(1000);
    times.sort((a, b) => a - b);
    const { stages, lastMinute } = meter.report(undefined);
    const home = stages[LIVE_STAGES.indexOf('home')];
    for (const [read, q] of [
      [home.p50Ms[0], 0.5],
      [home.p95Ms[0], 0.95],
      [home.p99Ms[0], 0.99],
      [lastMinute.stages[LIVE_STAGES.indexOf('home')].p99Ms, 0.99],
    ] as const) {
      expect(Math.abs((read ?? 0) / times[Math.ceil(q * times.length) - 1] - 1)).toBeLessThan(0.075);
    }
  });

  it('tells sources and filters as sums, and what no stage took as record and rendering', () => {
    const { clock, live: meter } = live();
    const stage = (name: string, ms: number) => ({ stage: name, ms, outcome: 'ok' as const, error: '' });
    meter.noteStages(
      [stage('state', 1), stage('popular', 2), stage('more-like', 2), stage('hidden', 3), stage('score-and-draw', 10)],
      20,
    );
    clock.advance(1000);
    const { stages } = meter.report(undefined);
    const p50 = Object.fromEntries(stages.map(({ stage: name, p50Ms }) => [name, p50Ms[0]]));
    expect(p50.state).toBeCloseTo(1, 0);
    expect(Math.abs((p50.sources ?? 0) / 4 - 1)).toBeLessThan(0.075);
    expect(Math.abs((p50.filters ?? 0) / 3 - 1)).toBeLessThan(0.075);
    expect(Math.abs((p50['score-and-draw'] ?? 0) / 10 - 1)).toBeLessThan(0.075);
    expect(Math.abs((p50['record-and-render'] ?? 0) / 2 - 1)).toBeLessThan(0.075);
    expect(p50.taste).toBeNull();
  });

  it('goes on in its second when the clock is set back', () => {
    const { clock, live: meter } = live();
    clock.advance(5000);
    meter.noteRequest(200, 1);
    clock.advance(-3000);
    meter.noteRequest(200, 1);
    clock.advance(4000);
    expect(meter.report(START_S + 4)).toMatchObject({ seconds: [START_S + 5], requests: [2] });
  });
});
