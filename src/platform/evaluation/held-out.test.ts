import { describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import { HeldOut, unpairedLift } from './held-out.ts';

const OPTIONS = { level: 0.95, resamples: 400, seed: 1 };

describe('the popularity hold-out', () => {
  it('earns the mean of its decisions, with an interval by listener', () => {
    const rng = createRng(3);
    const heldOut = new HeldOut();
    let [decisions, earned] = [0, 0];
    for (let listener = 0; listener < 200; listener++) {
      const rate = listener % 2 === 0 ? 0.2 : 0.8;
      for (let visit = 0; visit < 1 + (listener % 5); visit++) {
        const own = Number(rng.uniform() < rate);
        heldOut.add('', `l${listener}`, own);
        decisions++;
        earned += own;
      }
    }
    const figure = heldOut.figure('', OPTIONS);
    expect(figure).toMatchObject({ decisions, groups: 200 });
    expect(figure?.value).toBeCloseTo(earned / decisions, 12);
    // Visits of one listener are alike: wider than if each stood alone.
    expect(figure?.standardError).toBeGreaterThan(Math.sqrt(0.25 / decisions));
    expect(figure?.bca.lower).toBeLessThan(0.5);
    expect(figure?.bca.upper).toBeGreaterThan(0.5);
  });

  it('says nothing of a handful of listeners, or of a slice that it has nobody of', () => {
    const heldOut = new HeldOut();
    for (let listener = 0; listener < 9; listener++) heldOut.add('tier free', `l${listener}`, 1);
    expect(heldOut.figure('tier free', OPTIONS)).toBeUndefined();
    expect(heldOut.figure('tier premium', OPTIONS)).toBeUndefined();
  });

  it('is what a lift is taken over without pairs: the errors of both add up', () => {
    const rng = createRng(8);
    const lift = unpairedLift({ value: 1.2, standardError: 0.05 }, { value: 1, standardError: 0.04 }, 0.95);
    const draws = Array.from({ length: 20_000 }, () => (1.2 + 0.05 * rng.normal()) / (1 + 0.04 * rng.normal()) - 1);
    const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length;
    const deviation = Math.sqrt(draws.reduce((sum, draw) => sum + (draw - mean) ** 2, 0) / draws.length);
    expect(lift?.value).toBeCloseTo(0.2, 12);
    expect(((lift?.interval.upper ?? 0) - 0.2) / 1.96 / deviation).toBeCloseTo(1, 1);
    expect(unpairedLift({ value: 1, standardError: 0 }, { value: 0, standardError: 0 }, 0.95)).toBeUndefined();
  });
});
