import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chiSquareTail, createRng } from '../../base/index.ts';
import { judgePropensityLog } from '../../testing/index.ts';
import { PropensityCalibration } from './propensity-calibration.ts';
import { PropensityFrequencies } from './propensity-frequencies.ts';

describe('propensities that are logged wrongly', () => {
  // Hundreds of logs: scripts/ope-propensities.ts.
  it.each(['shelf', 'cards'] as const)(
    'by 20% on one shelf (%s) are found in 20,000 draws, and right ones are not',
    (fault) => {
      for (let log = 0; log < 4; log++) {
        const clean = judgePropensityLog({ seed: 100 + log, draws: 20_000, fault: 'none', factor: 1 });
        const faulty = judgePropensityLog({ seed: 200 + log, draws: 20_000, fault, factor: log % 2 === 0 ? 0.8 : 1.2 });
        for (const kind of ['frequencies', 'calibration'] as const) {
          expect(clean[kind].passed).toBe(true);
          expect(faulty[kind]).toEqual({ passed: false, found: true });
        }
      }
    },
  );
});

describe('frequencies', () => {
  it('have the z of naive sums over all trials', () => {
    const outcomes = fc.array(fc.option(fc.double({ min: 0.1, max: 20, noNaN: true }), { nil: 0 }), {
      minLength: 3,
      maxLength: 80,
    });
    fc.assert(
      fc.property(outcomes, (x) => {
        const test = new PropensityFrequencies(['one']);
        test.addTrials(0, x.length);
        for (const value of x) if (value > 0) test.observe(0, value);
        const [group] = test.report().groups;
        const mean = x.reduce((a, b) => a + b, 0) / x.length;
        const variance = x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / x.length;
        expect(group.mean).toBeCloseTo(mean, 10);
        if (variance > 1e-6) expect(group.z).toBeCloseTo((Math.sqrt(x.length) * (mean - 1)) / Math.sqrt(variance), 6);
      }),
    );
  });

  it('say of a group what factor its propensities were logged with', () => {
    const test = new PropensityFrequencies(['position 1']);
    const rng = createRng(4);
    test.addTrials(0, 5000);
    // Drawn with 0.4 and 0.6, logged as 0.32 and 0.48.
    for (let i = 0; i < 5000; i++) test.observe(0, 1 / (2 * (rng.uniform() < 0.4 ? 0.32 : 0.48)));
    expect(test.report().groups[0]).toMatchObject({ mean: expect.closeTo(1.25, 1), outcome: 'wrong' });
  });

  it('leave untested what was hardly drawn, and say so', () => {
    const test = new PropensityFrequencies(['seldom', 'never', 'forced']);
    test.addTrials(0, 1000);
    test.addTrials(1, 1000);
    test.addTrials(2, 1000);
    for (let i = 0; i < 5; i++) test.observe(0, 300);
    for (let i = 0; i < 1000; i++) test.observe(2, 1);
    const report = test.report();
    expect(report.groups.map(({ outcome }) => outcome)).toEqual(['untested', 'untested', 'right']);
    expect(report).toMatchObject({ passed: true, tested: 1 });
  });

  it('refuse what is no inverse of a probability', () => {
    const test = new PropensityFrequencies(['one']);
    expect(() => test.observe(0, Number.POSITIVE_INFINITY)).toThrow(/does not lie in/);
    expect(() => test.observe(1, 1)).toThrow();
    expect(() => new PropensityFrequencies([], { familyError: 0 })).toThrow(/option is not valid/);
  });
});

describe('calibration', () => {
  it('of one distribution that is drawn again and again is Pearson’s chi-square', () => {
    const p = [0.005, 0.04, 0.155, 0.3, 0.5];
    const rng = createRng(6);
    const counts = new Array<number>(5).fill(0);
    const test = new PropensityCalibration(['all']);
    for (let i = 0; i < 3000; i++) {
      let u = rng.uniform();
      let k = 0;
      while (k < 4 && u >= p[k]) u -= p[k++];
      counts[k]++;
      test.add(p, new Uint8Array(5), k);
    }
    const pearson = p.reduce((sum, share, k) => sum + (counts[k] - 3000 * share) ** 2 / (3000 * share), 0);
    const [group] = test.report().groups;
    expect(group.chiSquare).toBeCloseTo(pearson, 6);
    expect(group.degreesOfFreedom).toBe(4);
    // Every action is of the group: its total cannot be off.
    expect(group.z).toBe(0);
    expect(group.pValue).toBeCloseTo(Math.min(1, 2 * chiSquareTail(pearson, 4)), 9);
    expect(group.bins.map(({ chosen }) => chosen)).toEqual(counts);
  });

  it('sees a shape that is wrong where the total is right', () => {
    const rng = createRng(7);
    const test = new PropensityCalibration(['flat']);
    for (let i = 0; i < 2000; i++) test.add([0.9, 0.1], [0, 0], rng.uniform() < 0.75 ? 0 : 1);
    expect(test.report()).toMatchObject({ passed: false, tested: 1 });
  });

  it('has uniform p values when propensities are right', () => {
    const rng = createRng(8);
    let small = 0;
    for (let log = 0; log < 300; log++) {
      const test = new PropensityCalibration(['a', 'b']);
      for (let i = 0; i < 400; i++) {
        const x = rng.uniform();
        const p = [0.05 + 0.3 * x, 0.25 - 0.2 * x, 0.3 - 0.2 * x, 0.4 + 0.1 * x];
        let u = rng.uniform();
        let k = 0;
        while (k < 3 && u >= p[k]) u -= p[k++];
        test.add(p, [0, 0, 1, 1], k);
      }
      for (const { pValue } of test.report().groups) if (pValue < 0.1) small++;
    }
    expect(small).toBeGreaterThan(20);
    expect(small).toBeLessThan(80);
  });

  it('refuses probabilities that are none, and is as before after it', () => {
    const [test, same] = [new PropensityCalibration(['a']), new PropensityCalibration(['a'])];
    expect(() => test.add([0.5, 1.5], [0, 0], 0)).toThrow(/does not lie in/);
    expect(() => test.add([0.5, 0, 0.5], [0, 0, 0], 1)).toThrow(/does not lie in/);
    for (const one of [test, same]) for (let i = 0; i < 20; i++) one.add([0.5, 0.5], [0, 0], i % 2);
    expect(test.report()).toEqual(same.report());
  });
});
