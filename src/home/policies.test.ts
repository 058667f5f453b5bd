import { describe, expect, it } from 'vitest';
import { POLICY_IDS, POLICY_VARIANTS, policyOf } from '../policy/index.ts';
import { policyUnder, resolveTunables, tunablesEpoch, tunablesOf } from './tunables.ts';

describe('the policy of the tunables', () => {
  it('is any of them, with its own options, and is stored with them', () => {
    for (const [policy, policyOptions] of POLICY_VARIANTS) {
      if (policy === 'plackett-luce') continue;
      const tunables = resolveTunables({ policy, policyOptions });
      expect(policyUnder(policy, tunables).hash).toBe(policyOf(policy, policyOptions).hash);
      expect(tunablesOf(JSON.parse(JSON.stringify(tunablesEpoch(tunables))))).toEqual(tunables);
    }
  });

  it('has its options to itself: another that is asked for beside it has its defaults', () => {
    const tunables = resolveTunables({ policy: 'thompson', policyOptions: { draws: 32 } });
    expect(policyUnder('thompson', tunables).needs.draws).toBe(32);
    expect(policyUnder('top-two-thompson', tunables).needs.draws).toBe(128);
    expect(policyUnder('popularity', tunables).hash).toBe(policyOf('popularity').hash);
  });

  it('explores more in a cold start, where it has a share or a temperature', () => {
    const cold = (policy: (typeof POLICY_IDS)[number], policyOptions = {}) =>
      policyUnder(policy, resolveTunables({ policy, policyOptions }), true).options;
    expect(cold('linucb')).toMatchObject({ epsilon: 0.15, alpha: 1 });
    expect(cold('linucb', { epsilon: 0.5 })).toMatchObject({ epsilon: 0.5 });
    expect(cold('softmax')).toMatchObject({ epsilon: 0.15, temperature: 0.1 });
    expect(cold('greedy')).toEqual({});
  });

  it('is refused by name where an option is unknown, out of range or of another kind', () => {
    const refused = (policy: string, policyOptions: object, why: RegExp) =>
      expect(() => resolveTunables({ policy, policyOptions } as never)).toThrow(why);
    refused('squarecb', { gamma: 1 }, /no option "gamma"/);
    refused('squarecb', { gammaExponent: 3 }, /gammaExponent/);
    refused('squarecb', { gammaScale: '10' }, /gammaScale is "10"; give a number/);
    refused('regcb', { variant: 'both' }, /variant/);
    refused('greedy', { epsilon: 0.1 }, /no option "epsilon"/);
    refused('plackett-luce', { cardEpsilon: 0.1 }, /set shelfTemperature/);
    refused('squarecb', [], /policyOptions must be an object/);
    refused('sofmax', {}, /must be one of/);
  });

  it('of tunables stored before there were others is Plackett-Luce as it was, hash and all', () => {
    const { policyOptions: _options, ...before } = resolveTunables();
    const stored = { ...tunablesEpoch(resolveTunables()), meta: { home: JSON.parse(JSON.stringify(before)) } };
    const policy = policyUnder('plackett-luce', tunablesOf(stored));
    expect(policy.options).toEqual({
      shelfTemperature: 0.35,
      shelfEpsilon: 0.05,
      cardTemperature: 0.06,
      cardEpsilon: 0.05,
    });
    expect(POLICY_IDS).toContain(policy.id);
  });
});
