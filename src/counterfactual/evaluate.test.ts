import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { evaluate } from './evaluate.ts';
import { intervalsByListener } from './intervals/by-listener.ts';
import { resampleSums } from './intervals/resample.ts';
import { type EvaluationRows, evaluationRows, sourceOf } from './rows.ts';
import { evaluateStudies, plainStudy } from './study.ts';

/** A plain log with a model; listener i has decisions i, i + listeners, … */
function log(decisions: number, listeners: number, seed = 1): EvaluationRows {
  const rng = createRng(seed);
  const column = (draw: () => number) => Float64Array.from({ length: decisions }, draw);
  return evaluationRows({
    weights: column(() => rng.exponential()),
    rewards: column(() => rng.below(2)),
    matches: Uint8Array.from({ length: decisions }, () => rng.below(2)),
    listenerOf: Uint32Array.from({ length: decisions }, (_, decision) => (decision % listeners) * 977),
    model: { predicted: column(() => rng.uniform()), expected: column(() => rng.uniform()) },
  });
}

describe('evaluation', () => {
  it('gives each interval kind that there is, all about the same', async () => {
    const rows = log(3000, 300);
    const kinds = ['normal', 'student-t', 'percentile', 'bca'] as const;
    const widths: number[] = [];
    for (const interval of kinds) {
      const { estimates } = await evaluate(sourceOf(rows), {
        interval,
        estimators: ['ipw', 'snipw', 'sndr'],
        tune: [],
      });
      for (const {
        value,
        interval: { lower, upper },
        standardError,
      } of Object.values(estimates)) {
        expect(lower).toBeLessThan(value);
        expect(upper).toBeGreaterThan(value);
        expect((upper - lower) / standardError).toBeGreaterThan(3.5);
        expect((upper - lower) / standardError).toBeLessThan(4.4);
      }
      widths.push(estimates['ipw'].interval.upper - estimates['ipw'].interval.lower);
    }
    expect(Math.max(...widths) / Math.min(...widths)).toBeLessThan(1.15);
  });

  it('is the same for the same seed, and resamples listeners, not rows', async () => {
    const rows = log(2000, 2000);
    const repeated = evaluationRows({
      weights: Float64Array.from([...rows.weights, ...rows.weights]),
      rewards: Float64Array.from([...rows.rewards, ...rows.rewards]),
      listenerOf: Uint32Array.from([...rows.listenerOf, ...rows.listenerOf]),
    });
    const options = { estimators: ['ipw'], tune: [], seed: 7 };
    const [a, b, twice] = await Promise.all(
      [rows, rows, repeated].map(async (chunk) => (await evaluate(sourceOf(chunk), options)).estimates['ipw']),
    );
    expect(a).toEqual(b);
    // Each listener twice over tells nothing more: by rows the interval would be narrower by √2.
    expect(twice.value).toBeCloseTo(a.value, 12);
    expect(twice.standardError).toBeCloseTo(a.standardError, 12);
    expect(twice.interval.lower).toBeCloseTo(a.interval.lower, 12);
  });

  it('bounds its groups of listeners: those beyond share one, and the estimate stays', async () => {
    const rows = log(5000, 1000);
    const all = await evaluate(sourceOf(rows), { interval: 'student-t' });
    const few = await evaluate(sourceOf(rows), { interval: 'student-t', listenerGroups: 64 });
    expect(all.groups.groups).toBeGreaterThan(990);
    expect(few.groups.groups).toBe(64);
    for (const [name, { value, standardError }] of Object.entries(all.estimates)) {
      expect(few.estimates[name].value).toBeCloseTo(value, 12);
      expect(few.estimates[name].standardError / standardError).toBeGreaterThan(0.65);
      expect(few.estimates[name].standardError / standardError).toBeLessThan(1.4);
    }
  });

  it('normalises position by position, deeper ones together, also when they come late', async () => {
    const decisionOf = Uint32Array.of(0, 1, 1, 2, 2, 2);
    const positionOf = Uint16Array.of(0, 0, 1, 0, 1, 2);
    const weights = Float64Array.of(1, 2, 0.5, 3, 1.5, 4);
    const rewards = Float64Array.of(1, 0, 1, 1, 1, 0.5);
    const whole = evaluationRows({ decisionOf, positionOf, weights, rewards });
    const first = evaluationRows({
      weights: weights.subarray(0, 1),
      rewards: rewards.subarray(0, 1),
      listenerOf: Uint32Array.of(0),
    });
    const rest = evaluationRows({
      decisionOf: decisionOf.subarray(1).map((decision) => decision - 1),
      positionOf: positionOf.subarray(1),
      weights: weights.subarray(1),
      rewards: rewards.subarray(1),
      listenerOf: Uint32Array.of(1, 2),
    });
    const options = { estimators: ['snipw-position'], tune: [], interval: 'normal' } as const;
    const wanted = ((1 + 3) / ((1 + 2 + 3) / 3) + (0.5 + 1.5) / ((0.5 + 1.5) / 2) + 2 / 4) / 3;
    for (const source of [sourceOf(whole), sourceOf(first, rest)]) {
      const { estimates } = await evaluate(source, options);
      expect(estimates['snipw-position'].value).toBeCloseTo(wanted, 12);
    }
    const two = await evaluate(sourceOf(whole), { ...options, positions: 2 });
    const deep = ((1 + 3) / ((1 + 2 + 3) / 3) + (0.5 + 1.5 + 2) / ((0.5 + 1.5 + 4) / 3)) / 3;
    expect(two.estimates['snipw-position'].value).toBeCloseTo(deep, 12);
  });

  it('leaves out what needs a model where there is none, and refuses it when asked for by name', async () => {
    const rows = { ...log(50, 50), model: undefined };
    const { estimates, tuning } = await evaluate(sourceOf(rows), { interval: 'normal' });
    expect(Object.keys(estimates)).not.toContain('dr');
    expect(Object.keys(tuning).every((key) => /^(sg-)?ipw/.test(key))).toBe(true);
    await expect(evaluate(sourceOf(rows), { estimators: ['dr'] })).rejects.toThrow(/has no reward model/);
    await expect(evaluate(sourceOf(log(50, 50), rows), {})).rejects.toThrow(/the chunk at row 50 has no reward model/);
  });

  it('shows every chunk to its observers, and says what it cannot do', async () => {
    let rows = 0;
    await evaluate(sourceOf(log(50, 50), log(20, 20)), {
      interval: 'normal',
      observers: [{ add: (chunk) => (rows += chunk.rows) }],
    });
    expect(rows).toBe(70);
    const source = sourceOf(log(5, 5));
    await expect(evaluate(source, { tune: ['snipw'] })).rejects.toThrow(/snipw has no lambda to tune; ipw, dr/);
    await expect(evaluate(source, { listenerGroups: 1000 })).rejects.toThrow(/listenerGroups/);
    await expect(evaluate(source, { subGaussianLambdas: [2] })).rejects.toThrow(/subGaussianLambdas is 2/);
    await expect(evaluate(source, { estimators: ['none'] })).rejects.toThrow(/there is no estimator none/);
    await expect(evaluate(source, { lambda: [1] } as object)).rejects.toThrow(/no option "lambda"/);
  });

  it('of an empty log has no numbers and no error', async () => {
    const { estimates, decisions, lowerBounds } = await evaluate(sourceOf());
    expect(decisions).toBe(0);
    expect(estimates['ipw'].value).toBeNaN();
    expect(lowerBounds).toEqual({});
  });

  it('keeps what is behind each number, for other intervals of the same groups', async () => {
    const { settings, groups, estimates } = await evaluate(sourceOf(log(500, 100)), { seed: 3 });
    const one = settings.get('dr(lambda=3.0)');
    if (one === undefined) throw new Error('dr(lambda=3.0) is missing');
    const again = intervalsByListener(groups, resampleSums(groups, 1000, createRng(3)), one.functional);
    expect(again.bca).toEqual(estimates['dr(lambda=3.0)'].interval);
    expect(one.moments.mean).toBeCloseTo(again.value, 12);
  });
});

describe('studies', () => {
  it('report under the names of their files', async () => {
    const rows = log(100, 100);
    const study = plainStudy(sourceOf(rows), ['model'], { 'rm(best)': 'rm' });
    const { estimates } = await evaluateStudies([study], { interval: 'normal' });
    expect(Object.keys(estimates)).toContain('rm(best)');
    expect(Object.keys(estimates)).not.toContain('rm');
    const some = await evaluateStudies([study], { estimators: ['rm(best)', 'dr(lambda=7)'], interval: 'normal' });
    expect(Object.keys(some.estimates)).toEqual(['rm(best)', 'dr(lambda=7)']);
    await expect(evaluateStudies([study, { ...study, name: 'b' }], { estimators: ['x'] })).rejects.toThrow(
      /no estimate x/,
    );
  });
});
