import { existsSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterAll, describe, expect, it } from 'vitest';
import { selfCheck } from './index.ts';
import { resolveSelfCheck } from './options.ts';
import { placeFactors, RANKS } from './truth.ts';

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
  listeners: 50,
  days: 3,
  decisions: 300,
  seeds: 12,
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
    expect(report).toMatchObject({ contexts: 300, seeds: 12, estimator: 'dr', rung: 'above' });
    expect(report.listeners).toBeGreaterThan(30);
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
      expect(logs).toBe(12);
      expect(truthError).toBeLessThan(0.02 * truthOneStep);
      expect(Math.abs(bias ?? Number.NaN)).toBeLessThan(4 * (biasError ?? Number.NaN) + 0.02);
    }
  }, 60_000);

  it('stops where it is told to, and leaves nothing behind', async () => {
    const stop = new AbortController();
    const reason = new Error('stopped');
    const stopped = selfCheck(
      { ...SMALL, policies: [{ policy: 'softmax' }] },
      { ...run(stop.signal), onProgress: (stage) => stage === 'history' && stop.abort(reason) },
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
    const scored = new Float64Array(RANKS * RANKS);
    const earned = new Float64Array(RANKS * RANKS);
    for (let r = 0; r < 8; r++) {
      for (let j = 0; j < 10; j++) {
        scored[r * RANKS + j] = 1e6 * (1 + r / 20) * (1 + j / 10);
        earned[r * RANKS + j] = 0.4 * 0.9 ** r * 0.8 ** j * scored[r * RANKS + j];
      }
    }
    const factors = placeFactors(earned, scored);
    for (let r = 0; r < 8; r++)
      for (let j = 0; j < 10; j++) expect(factors[r * RANKS + j] / (0.4 * 0.9 ** r * 0.8 ** j)).toBeCloseTo(1, 2);
  });
});
