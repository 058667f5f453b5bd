import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { selfCheck } from './index.ts';
import { resolveSelfCheck } from './options.ts';
import { fitPlaces, newPageSums, placeMeans, RANKS } from './reward-model.ts';

const END_MS = Date.UTC(2026, 10, 4, 12);
const run = (signal = new AbortController().signal) => ({
  onProgress: () => {},
  signal,
  endMs: END_MS,
  monotonicMs: () => performance.now(),
});
const leftBehind = (): string[] =>
  existsSync(tmpdir())
    ? readdirSync(tmpdir()).filter((name) => name.startsWith(`shelfwise-selfcheck-${process.pid}-`))
    : [];
afterAll(() => expect(leftBehind()).toEqual([]));

const SMALL = {
  items: 500,
  listeners: 40,
  days: 2,
  decisions: 160,
  seeds: 8,
  resamples: 200,
  truthDraws: 4,
  loopVisits: 0,
  threads: 2,
} as const;

describe('a self-check', () => {
  it('finds the truth of a policy that is the logging policy exactly, and of another within the error of its logs', async () => {
    const report = await selfCheck(
      {
        ...SMALL,
        policies: [
          { name: 'same', policy: 'plackett-luce' },
          { name: 'softmax', policy: 'softmax' },
        ],
        estimators: ['dr', 'ipw'],
        rungs: ['above', 'item'],
      },
      run(),
    );
    expect(report).toMatchObject({ contexts: 160, seeds: 8, estimator: 'dr', rung: 'above' });
    expect(report.listeners).toBeGreaterThan(20);
    const [same, softmax] = report.policies;
    expect(same).toMatchObject({
      truthOneStep: report.logging.truthOneStep,
      differingSeen: 0,
      elsewhereSeen: 0,
      missing: 0,
    });
    for (const way of same.ways) {
      expect(way).toMatchObject({ essShare: 1, meanWeight: 1, maxWeight: 1 });
      expect(way.liftVsLogging).toMatchObject({ truth: 0, median: 0, coverage: 1 });
    }
    expect(softmax.differingSeen).toBeGreaterThan(0.2);
    expect(softmax.ways.map(({ estimator, rung }) => `${estimator} ${rung}`)).toEqual([
      'dr above',
      'ipw above',
      'dr item',
      'ipw item',
    ]);
    for (const { bias, biasError, logs, truthOneStep, truthError } of softmax.ways) {
      expect(logs).toBe(8);
      expect(truthError).toBeLessThan(0.03 * truthOneStep);
      expect(Math.abs(bias ?? Number.NaN)).toBeLessThan(4 * (biasError ?? Number.NaN) + 0.02);
    }
  }, 60_000);

  it('stops where it is told to, and leaves nothing behind', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped');
    const stopped = selfCheck(
      { ...SMALL, policies: [{ policy: 'softmax' }] },
      { ...run(stop.signal), onProgress: (stage) => stage === 'catalogue' && stop.abort(reason) },
    );
    await expect(stopped).rejects.toBe(reason);
  }, 30_000);

  it('refuses what it cannot do before it does anything', async () => {
    const refused = (given: Parameters<typeof selfCheck>[0]) =>
      expect(selfCheck({ ...SMALL, ...given }, run())).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await refused({ policies: [] });
    await refused({ policies: [{ policy: 'served' }] });
    await refused({ policies: [{ policy: 'nothing' }] });
    await refused({ policies: [{ policy: 'thompson' }] });
    await refused({ policies: [{ policy: 'greedy', composition: { diversity: 0.5 } }] });
    await refused({ policies: [{ policy: 'greedy', model: 'serving' }] });
    expect(() => resolveSelfCheck({ estimators: ['nothing'] }, 1)).toThrow(/nothing/);
  });
});

describe('the reward model of a self-check', () => {
  it('earns at each place what was earned there', () => {
    const sums = newPageSums();
    const pages = 1e6;
    const scoreAt = (r: number, j: number): number => (1 + r / 20) * (1 + j / 10);
    const earnedAt = (r: number, j: number): number => 0.1 * 0.9 ** r * 0.8 ** j * scoreAt(r, j);
    for (let r = 0; r < 3; r++) {
      sums.kindRows[(r % 2) * RANKS + r] = pages;
      for (let j = 0; j < 4; j++) {
        sums.shown[r * RANKS + j] = pages;
        sums.scored[r * RANKS + j] = pages * scoreAt(r, j);
        sums.earned[r * RANKS + j] = pages * earnedAt(r, j);
        sums.kindEarned[r % 2] += pages * earnedAt(r, j);
      }
    }
    const model = fitPlaces(sums);
    for (let r = 0; r < 3; r++)
      for (let j = 0; j < 4; j++) expect(model.factors[r * RANKS + j] * scoreAt(r, j)).toBeCloseTo(earnedAt(r, j), 4);
    const means = placeMeans(model, Uint8Array.of(0, 1, 7));
    const rowAt = (r: number): number => [0, 1, 2, 3].reduce((sum, j) => sum + earnedAt(r, j), 0);
    expect(means.row(0, 0)).toBeCloseTo(rowAt(0), 4);
    expect(means.row(1, 1)).toBeCloseTo(rowAt(1), 4);
    // A kind that no page has shown is drawn all the way to what its rank earns.
    expect(means.row(2, 1)).toBeCloseTo(rowAt(1), 9);
    expect(means.right(1, 2)).toBeCloseTo(earnedAt(1, 3), 9);
    expect(means.below(0)).toBeCloseTo(rowAt(1) + rowAt(2), 9);
    expect(means.below(2)).toBe(0);
  });
});
