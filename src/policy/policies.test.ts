import { describe, expect, it } from 'vitest';
import { policyLaws } from '../testing/index.ts';
import {
  greedy,
  POLICY_IDS,
  POLICY_VARIANTS,
  type Policy,
  plackettLuce,
  policyOf,
  popularity,
  stepEvidence,
  uniform,
} from './index.ts';

/** Their laws are run with more options than variants have. */
const SCORES_ALONE = ['plackett-luce', 'uniform', 'greedy', 'popularity'];

const policies: readonly (readonly [name: string, policy: Policy])[] = [
  ['plackett-luce', plackettLuce()],
  ['plackett-luce without a floor', plackettLuce({ shelfEpsilon: 0, cardEpsilon: 0 })],
  ['plackett-luce, cold', plackettLuce({ shelfTemperature: 1e-9, cardTemperature: 1e-9, cardEpsilon: 0 })],
  ['plackett-luce, hot', plackettLuce({ shelfTemperature: 1e9, cardTemperature: 1e9 })],
  ['plackett-luce, all floor', plackettLuce({ shelfEpsilon: 1, cardEpsilon: 1 })],
  ['uniform', uniform()],
  ['greedy', greedy()],
  ['popularity', popularity()],
  ...POLICY_VARIANTS.filter(([id]) => !SCORES_ALONE.includes(id)).map(
    ([id, options]) => [`${id} ${JSON.stringify(options)}`, policyOf(id, options)] as const,
  ),
];

for (const [name, policy] of policies) {
  describe(`laws of ${name}`, () => {
    for (const law of policyLaws(policy)) it(law.name, law.run);
  });
}

describe('policies', () => {
  const distribution = (policy: Policy, scores: number[]) => {
    const out = new Float64Array(scores.length);
    const listed = Float64Array.from(scores);
    policy.card(listed, scores.length, out, stepEvidence(listed));
    return [...out];
  };

  it('plackett-luce mixes the softmax with a uniform share', () => {
    const policy = plackettLuce({ cardTemperature: 0.5, cardEpsilon: 0.2 });
    const [first, second] = distribution(policy, [1, 0]);
    expect(first).toBeCloseTo(0.8 / (1 + Math.exp(-2)) + 0.1, 15);
    expect(second).toBeCloseTo(0.8 / (1 + Math.exp(2)) + 0.1, 15);
  });

  it('shelves and cards have temperatures and shares of their own', () => {
    const policy = plackettLuce({ shelfTemperature: 1e-9, shelfEpsilon: 0, cardTemperature: 1e9, cardEpsilon: 0 });
    const out = new Float64Array(2);
    const values = Float64Array.of(1, 0);
    policy.shelf(values, 2, out, stepEvidence(values));
    expect([...out]).toEqual([1, 0]);
    policy.card(values, 2, out, stepEvidence(values));
    expect(out[0]).toBeCloseTo(0.5, 6);
  });

  it('greedy shares the mass among exactly equal scores only', () => {
    expect(distribution(greedy(), [0.3, 0.3, 0.3 - 1e-16, 0.1])).toEqual([1 / 2, 1 / 2, 0, 0]);
    expect(distribution(greedy(), [0, -0])).toEqual([1 / 2, 1 / 2]);
  });

  it('popularity is greedy under its own name and hash', () => {
    expect(popularity().id).toBe('popularity');
    expect(popularity().hash).not.toBe(greedy().hash);
    expect(distribution(popularity(), [900, 12000, 3])).toEqual([0, 1, 0]);
  });

  it('the hash tells options apart, and nothing else', () => {
    expect(plackettLuce({ cardEpsilon: 0.05 }).hash).toBe(plackettLuce({}).hash);
    expect(plackettLuce({ cardEpsilon: 0.06 }).hash).not.toBe(plackettLuce({}).hash);
  });

  it('are found by id, with their options', () => {
    for (const id of POLICY_IDS) expect(policyOf(id).id).toBe(id);
    expect(policyOf('plackett-luce', { cardEpsilon: 0.5 }).options.cardEpsilon).toBe(0.5);
    expect(() => policyOf('sofmax')).toThrow(/there are plackett-luce/);
    expect(() => policyOf('uniform', { temperature: 1 })).toThrow(/no option "temperature"/);
    expect(() => policyOf('plackett-luce', { temperature: 1 })).toThrow(/cardTemperature/);
  });

  it('refuse options out of range', () => {
    for (const bad of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => plackettLuce({ cardTemperature: bad })).toThrow(/cardTemperature/);
    }
    for (const bad of [-0.1, 1.1, Number.NaN])
      expect(() => plackettLuce({ shelfEpsilon: bad })).toThrow(/shelfEpsilon/);
  });
});
