import { describe, expect, it } from 'vitest';
import type { ComparedPolicy } from '../../../src/server/contract.ts';
import {
  assumedText,
  boundsText,
  leftOutTexts,
  liftText,
  pageWeightText,
  shareText,
  verdictText,
  weightText,
} from './words.ts';

const policy: ComparedPolicy = {
  name: 'warm',
  value: 1.3267,
  interval: [1.21, 1.4501],
  rung: 'above',
  assumptionCost: null,
  liftOverServed: { value: 0.082, interval: [0.012, 0.15] },
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

describe('what is assumed', () => {
  it('says what it costs, of nobody who is refused', () => {
    const cost = (value: number, more: Partial<ComparedPolicy> = {}): ComparedPolicy => ({
      ...policy,
      assumptionCost: { value, interval: [value - 0.01, value + 0.01] },
      ...more,
    });
    const all = [
      cost(0.0312),
      cost(-0.02, { name: 'cool' }),
      cost(0.4, { name: 'greedy', verdict: 'refused' }),
      { ...policy, name: 'again' },
    ];
    expect(assumedText('x holds', all)).toBe(
      'That x holds. The reward model says how far values are off by it, a decision: warm by +0.031, cool by −0.020. Intervals over what served and over popularity allow for it. How far it puts again off is not known, and no interval allows for it.',
    );
    const served = { ...policy, weights: { ...policy.weights, differing: 0 } };
    const whole = { ...policy, rung: 'prefix' } as const;
    expect(assumedText('x holds', [served, whole, cost(0)])).toBe('That x holds.');
  });
});

describe('a verdict in words', () => {
  it('says more, less, or that it is not to be told', () => {
    expect(verdictText(policy)).toBe(
      'Would have earned 1.33 a decision (1.21 to 1.45): more than what served (+8.2\u00a0%, from +1.2\u00a0% to +15\u00a0%).',
    );
    const of = (value: number, interval: [number | null, number | null]) =>
      verdictText({ ...policy, liftOverServed: { value, interval } });
    expect(of(-0.05, [-0.1, -0.01])).toContain('less than what served (−5.0\u00a0%');
    expect(of(0.01, [-0.1, 0.1])).toContain('not to be told from what served');
    expect(of(0.01, [null, 0.1])).toContain('from … to +10\u00a0%');
    expect(of(0, [0, 0])).toContain('exactly what served');
  });

  it('shows no number of what is refused', () => {
    const refused = { ...policy, verdict: 'refused', value: null, interval: null, liftOverServed: null } as const;
    expect(verdictText(refused)).toBe('These decisions cannot tell what it would have earned.');
    expect(verdictText({ ...policy, verdict: 'refused' })).not.toMatch(/\d/);
  });
});

describe('figures in words', () => {
  it('keep their sign and their size', () => {
    expect([liftText(0.00001), liftText(-0.123), liftText(2)]).toEqual(['0\u00a0%', '−12\u00a0%', '+200\u00a0%']);
    expect(boundsText([null, 2], String)).toBe('… to 2');
    expect([shareText(0.0351), shareText(0.0002941)]).toEqual(['3.5 %', '1 in 3,400']);
    expect([weightText(16_500), weightText(4.2), weightText(0.00312)]).toEqual(['16,500', '4.2', '0.0031']);
  });

  it('say what was left out, most first', () => {
    expect(leftOutTexts({ immature: 3, unmet: 0, holdOut: 1200 })).toEqual([
      '1,200 of the popularity hold-out',
      '3 younger than a day: what they earn is not known yet',
    ]);
  });

  it('say how likely a page is to another policy', () => {
    expect(pageWeightText(0, 'greedy')).toBe('greedy would never have shown this very page.');
    expect(pageWeightText(1, 'x')).toBe('x would have shown this very page as often.');
    expect(pageWeightText(0.004, 'x')).toBe('x would have shown this very page 250 times as seldom.');
    expect(pageWeightText(2e9, 'x')).toContain('2·10^9 times as often');
  });
});
