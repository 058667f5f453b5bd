import { describe, expect, expectTypeOf, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { LogDiagnostics } from './diagnostics/log-diagnostics.ts';
import type { MeanWeight } from './diagnostics/weights.ts';
import { evaluate } from './evaluate.ts';
import { evaluationRows, sourceOf } from './rows.ts';
import { type Evidence, type Judged, judge, judged } from './verdict.ts';

const GOOD_MEAN: MeanWeight = {
  mean: 1.001,
  standardError: 0.01,
  z: 0.1,
  corrected: 0.1,
  groups: 5000,
  effectiveGroups: 2000,
};
const GOOD: Evidence = {
  weights: { rows: 10_000, effectiveSize: 4000, largest: 12, largestShare: 0.001 },
  meanWeight: GOOD_MEAN,
  missingMass: { audited: 500, mean: 0.001, upper: 0.004 },
  propensities: [{ passed: true, tested: 12, groups: [{ group: 'shelf 1', outcome: 'right' }] }],
  clippedMass: 0.01,
  slices: [
    { slice: 'SE', rows: 900, meanWeight: 1, effectiveSize: 300, overlap: 0.7, zeroShare: 0, missing: undefined },
  ],
  drift: [
    {
      context: 'device',
      drift: { totalVariation: 0.05, jensenShannon: 0.01, expectedTotalVariation: 0.02, pValue: 0.2 },
    },
  ],
};
const weights = (of: Partial<Evidence['weights']>): Evidence => ({ ...GOOD, weights: { ...GOOD.weights, ...of } });
const mean = (of: Partial<MeanWeight>): Evidence => ({ ...GOOD, meanWeight: { ...GOOD_MEAN, ...of } });

describe('a verdict', () => {
  it('is trustworthy of good evidence, and of what little was measured if that is good', () => {
    expect(judge(GOOD)).toEqual({ verdict: 'trustworthy', reasons: [] });
    expect(judge({ weights: GOOD.weights })).toEqual({ verdict: 'trustworthy', reasons: [] });
  });

  const wrong = { passed: false, tested: 12, groups: [{ group: 'shelf 7', outcome: 'wrong' as const }] };
  const noSlice = { ...GOOD.slices![0], effectiveSize: 3 };
  const moved = { totalVariation: 0.3, jensenShannon: 0.1, expectedTotalVariation: 0.02, pValue: 0 };
  it.each<[string, string, Evidence]>([
    ['EFFECTIVE_SIZE', 'weak', weights({ effectiveSize: 199 })],
    ['EFFECTIVE_SIZE', 'refused', weights({ effectiveSize: 29 })],
    ['EFFECTIVE_SIZE', 'refused', weights({ effectiveSize: Number.NaN })],
    ['EFFECTIVE_SHARE', 'weak', weights({ rows: 100_000, effectiveSize: 1999 })],
    ['EFFECTIVE_LISTENERS', 'weak', mean({ effectiveGroups: 99 })],
    ['EFFECTIVE_LISTENERS', 'refused', mean({ effectiveGroups: 9 })],
    ['LARGEST_WEIGHT', 'weak', weights({ largestShare: 0.06 })],
    ['LARGEST_WEIGHT', 'refused', weights({ largestShare: 0.96 })],
    ['NO_DECISIONS', 'refused', weights({ rows: 0 })],
    ['MEAN_WEIGHT', 'refused', mean({ mean: 0.8, corrected: -20 })],
    ['MEAN_WEIGHT', 'weak', mean({ mean: 1.02, corrected: 3.5 })],
    ['MISSING_MASS', 'refused', { ...GOOD, missingMass: { audited: 500, mean: 0.051, upper: 0.06 } }],
    ['MISSING_MASS', 'weak', { ...GOOD, missingMass: { audited: 9, mean: 0, upper: 0.1 } }],
    ['PROPENSITIES', 'refused', { ...GOOD, propensities: [wrong] }],
    ['CLIPPED_MASS', 'weak', { ...GOOD, clippedMass: 0.2 }],
    ['SLICE_SUPPORT', 'weak', { ...GOOD, slices: [noSlice] }],
    [
      'MISSING_MASS',
      'weak',
      { ...GOOD, slices: [{ ...GOOD.slices![0], missing: { audited: 50, mean: 0.3, upper: 0.4 } }] },
    ],
    ['DRIFT', 'weak', { ...GOOD, drift: [{ context: 'device', drift: moved }] }],
  ])('has %s as a reason to be %s', (code, severity, evidence) => {
    const { verdict, reasons } = judge(evidence);
    expect(verdict).toBe(severity);
    expect(reasons.map((reason) => [reason.code, reason.severity])).toEqual([[code, severity]]);
    expect(reasons[0].sentence).toMatch(/^[A-Z1-9].*\.$/i);
    expect(reasons[0].remedy).not.toBe('');
  });

  it('tells refusals first, and names the groups that are wrong', () => {
    const { reasons } = judge({ ...weights({ effectiveSize: 100 }), propensities: [wrong] });
    expect(reasons.map(({ code }) => code)).toEqual(['PROPENSITIES', 'EFFECTIVE_SIZE']);
    expect(reasons[0].sentence).toContain('shelf 7');
  });

  it('takes other thresholds, and no others’ names', () => {
    expect(judge(weights({ effectiveSize: 100 }), { weakEffectiveShare: 0, weakEffectiveSize: 50 }).verdict).toBe(
      'trustworthy',
    );
    expect(() => judge(GOOD, { weakEss: 50 } as never)).toThrow(/option is not valid/);
    expect(() => judge(GOOD, { weakEffectiveSize: -1 })).toThrow(/option is not valid/);
  });
});

describe('a refused result', () => {
  it('is not computed, and is no result by type', () => {
    let isComputed = false;
    const compute = (): number => {
      isComputed = true;
      return 0.3;
    };
    const refused = judged(judge(weights({ rows: 0 })), compute);
    expect(isComputed).toBe(false);
    expect('result' in refused).toBe(false);
    const shown = judged(judge(GOOD), compute);
    expect(shown).toMatchObject({ verdict: 'trustworthy', result: 0.3 });
    if (shown.verdict === 'refused') expectTypeOf(shown.result).toEqualTypeOf<undefined>();
    else expectTypeOf(shown.result).toEqualTypeOf<number>();
    expectTypeOf<Judged<number>['result']>().toEqualTypeOf<number | undefined>();
  });
});

describe('evidence of a log', () => {
  const evidenceOf = async (weightOf: (u: number) => number, rows: number) => {
    const rng = createRng(2);
    const weights = Float64Array.from({ length: rows }, () => weightOf(rng.uniform()));
    const rewards = Float64Array.from({ length: rows }, () => rng.below(2));
    const diagnostics = new LogDiagnostics([2]);
    await evaluate(sourceOf(evaluationRows({ weights, rewards })), { interval: 'normal', observers: [diagnostics] });
    return diagnostics.evidence(2);
  };

  it('is taken while it is evaluated', async () => {
    const evidence = await evidenceOf((u) => (u < 0.5 ? 0.5 : 1.5), 4000);
    expect(evidence).toMatchObject({
      clippedMass: 0,
      weights: { rows: 4000, largest: 1.5 },
      meanWeight: { groups: 4000 },
    });
    expect(judge(evidence).verdict).toBe('trustworthy');
  });

  it('refuses where propensities were a fifth too small', async () => {
    const { verdict, reasons } = judge(await evidenceOf((u) => (u < 0.5 ? 0.625 : 1.875), 4000));
    expect([verdict, reasons[0].code]).toEqual(['refused', 'MEAN_WEIGHT']);
  });
});
