import { describe, expect, it } from 'vitest';
import type { ComparedPolicy, ComparedSlice } from '../../../src/server/contract.ts';
import { earnedOf, rangeOf, referencesOf, rowsOf } from './plot-rows.ts';

function policyOf(name: string, value: number | null, half = 0.1, verdict: ComparedPolicy['verdict'] = 'trustworthy') {
  return {
    name,
    value,
    interval: value === null ? null : [value - half, value + half],
    verdict,
    rung: 'above',
    assumptionCost: null,
    liftOverServed: null,
    liftOverPopularity: null,
    differenceToServed: null,
    essShare: 1,
    weights: {
      cards: 1,
      essShare: 1,
      pageEssShare: 1,
      listeners: 1,
      meanWeight: 1,
      maxWeight: 1,
      differing: 0,
      missing: 0,
    },
    reasons: [],
  } satisfies ComparedPolicy as ComparedPolicy;
}
const sliceOf = (
  policies: readonly ComparedPolicy[],
  popularity: ComparedSlice['popularity'] = null,
): ComparedSlice => ({
  dimension: '',
  name: '',
  decisions: 10,
  listeners: 5,
  served: { value: 1, interval: [0.9, 1.1] },
  popularity,
  policies,
});

describe('rows of a plot', () => {
  it('show no number of what is refused, whatever stands in the report', () => {
    const rows = rowsOf([policyOf('a', 2, 0.1, 'refused'), policyOf('b', 1.2)], earnedOf);
    expect(rows.map(({ figure }) => figure?.value ?? null)).toEqual([null, 1.2]);
  });

  it('stand beside the line of what served, and that of popularity where it is known', () => {
    const known = { value: 0.6, interval: [0.5, 0.7], decisions: 40, listeners: 20 } as const;
    expect(referencesOf(sliceOf([])).map(({ name }) => name)).toEqual(['served 1.00']);
    expect(referencesOf(sliceOf([], { ...known, from: 'log' })).map(({ name, anchor }) => [name, anchor])).toEqual([
      ['served 1.00', 'start'],
      ['popularity 0.60', 'end'],
    ]);
    expect(referencesOf(sliceOf([], { ...known, from: 'hold-out' }))[1]?.name).toBe('popularity 0.60, of the hold-out');
  });

  it('span all that is on show, but no end that would dwarf the rest', () => {
    const near = rowsOf([policyOf('a', 1.2), policyOf('b', 0.9, 0.2, 'weak')], earnedOf);
    const [from, to] = rangeOf(near, referencesOf(sliceOf([])));
    expect(from).toBeLessThan(0.7);
    expect(to).toBeGreaterThan(1.3);
    const wide = rowsOf([policyOf('a', 1.2), policyOf('b', 0.9, 500, 'weak')], earnedOf);
    expect(rangeOf(wide, referencesOf(sliceOf([])))[1]).toBeLessThan(5);
    expect(rangeOf([], [])).toEqual([0, 1]);
  });
});
