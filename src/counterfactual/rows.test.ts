import { describe, expect, it } from 'vitest';
import { checkRows, evaluationRows, requirePropensity } from './rows.ts';

const weights = Float64Array.of(1, 0.5, 2);
const rewards = Float64Array.of(0, 1, 1);

describe('rows of a log', () => {
  it('are by default decisions of strangers, each on its own', () => {
    const chunk = evaluationRows({ weights, rewards });
    expect([...chunk.decisionOf]).toEqual([0, 1, 2]);
    expect([...chunk.listenerOf]).toEqual([0, 1, 2]);
    expect(chunk.decisions).toBe(3);
    expect(evaluationRows({ weights: new Float64Array(0), rewards: new Float64Array(0) }).decisions).toBe(0);
  });

  it.each([
    ['a negative weight', { weights: Float64Array.of(1, -1, 1), rewards }, /row 1 has weight -1/],
    ['a weight that is no number', { weights: Float64Array.of(1, 1, Number.NaN), rewards }, /row 2 has weight NaN/],
    ['an endless weight', { weights: Float64Array.of(Number.POSITIVE_INFINITY, 1, 1), rewards }, /row 0 has weight/],
    ['a reward that is no number', { weights, rewards: Float64Array.of(0, Number.NaN, 0) }, /row 1 has reward NaN/],
    ['a missing reward', { weights, rewards: Float64Array.of(0) }, /rewards has 1 entries for 3 rows/],
    ['a decision left out', { weights, rewards, decisionOf: Uint32Array.of(0, 2, 2) }, /row 1 is of decision 2/],
    ['a decision that comes back', { weights, rewards, decisionOf: Uint32Array.of(0, 1, 0) }, /row 2 is of decision 0/],
    [
      'a prediction that is no number',
      { weights, rewards, model: { predicted: rewards, expected: Float64Array.of(0, 0, Number.NaN) } },
      /row 2 has expected NaN/,
    ],
  ])('are refused with row and column for %s', (_, columns, message) => {
    expect(() => evaluationRows(columns)).toThrow(message);
    expect(() => evaluationRows(columns)).toThrow(expect.objectContaining({ code: 'OPE_ROW_INVALID' }));
  });

  it('are counted over the whole log', () => {
    const chunk = { ...evaluationRows({ weights, rewards }), rewards: Float64Array.of(0, Number.NaN, 0) };
    expect(() => checkRows(chunk, 1000)).toThrow(/row 1001 /);
  });
});

describe('a propensity', () => {
  it.each([0, -0.1, 1.0000001, Number.NaN, Number.POSITIVE_INFINITY])('of %s is refused', (propensity) => {
    expect(() => requirePropensity(propensity, 812)).toThrow(`row 812 has propensity ${propensity}`);
    expect(() => requirePropensity(propensity, 812)).toThrow(expect.objectContaining({ code: 'OPE_PROPENSITY_RANGE' }));
  });

  it('of (0, 1] passes', () => {
    for (const propensity of [5e-324, 0.5, 1]) requirePropensity(propensity, 0);
  });
});
