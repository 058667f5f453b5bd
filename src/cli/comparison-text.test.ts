import { describe, expect, it } from 'vitest';
import type { ComparedPolicy, ComparisonReport } from '../server/index.ts';
import { comparisonText } from './comparison-text.ts';

const policy: ComparedPolicy = {
  name: 'warm',
  value: 1.3,
  interval: [1.2, 1.4],
  rung: 'above',
  assumptionCost: null,
  liftOverServed: { value: 0.08, interval: [0.01, 0.15] },
  liftOverPopularity: null,
  differenceToServed: null,
  essShare: 0.5,
  weights: {
    cards: 1000,
    essShare: 0.5,
    pageEssShare: 0.1,
    listeners: 100,
    meanWeight: 1,
    maxWeight: 4,
    differing: 0.5,
    missing: 0,
  },
  verdict: 'trustworthy',
  reasons: [],
};
const rewardModel = { kind: 'cross-fitted', family: 'logistic', rows: 9 } as const;

function textOf(own: Partial<ComparedPolicy>, more: Partial<ComparisonReport> = {}): string {
  const served = { value: 1.2, interval: [1.1, 1.3] } as const;
  const one = { dimension: '', name: '', decisions: 9, listeners: 9, served, popularity: null } as const;
  return comparisonText({
    span: 'all',
    fromMs: 0,
    toMs: 1,
    estimator: 'dr',
    rung: 'above',
    assumption: 'a holds',
    level: 0.95,
    decisions: 9,
    listeners: 9,
    cards: 9,
    leftOut: {},
    rewardModel,
    overall: { ...one, policies: [{ ...policy, ...own }] },
    histograms: [],
    slices: [],
    others: [],
    meaning: 'A meaning.',
    seconds: 1,
    ...more,
  });
}

describe('a comparison in print', () => {
  it('says what a rung takes for granted, or that it is not known and why', () => {
    expect(textOf({ assumptionCost: { value: 0.02, interval: [0.01, 0.03] } })).toMatch(
      /granted: \+0\.0200 a decision by the reward model; lifts allow for it/,
    );
    expect(textOf({})).toMatch(/is not known \(too few decisions to draw it on\); lifts do not allow for it/);
    expect(textOf({}, { rewardModel: null })).toMatch(/is not known \(no reward model\); lifts do not allow for it/);
    for (const own of [
      { rung: 'prefix' },
      { verdict: 'refused' },
      { weights: { ...policy.weights, differing: 0 } },
      { assumptionCost: { value: 0, interval: [0, 0] } },
    ] as const)
      expect(textOf(own)).not.toMatch(/granted/);
  });
});
