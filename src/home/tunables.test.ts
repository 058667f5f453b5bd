import { describe, expect, it } from 'vitest';
import { checkPolicy } from '../policy/index.ts';
import { policyLaws } from '../testing/index.ts';
import { isCold, policyUnder, resolveTunables, tunablesEpoch, tunablesOf } from './tunables.ts';

const tunables = resolveTunables();

describe('the policy of a cold start', () => {
  const cold = policyUnder('plackett-luce', tunables, true);
  for (const { name, run } of policyLaws(cold)) it(name, run);

  it('draws with the propensities that it says', () => {
    const report = checkPolicy({ policy: cold, draws: 8000, seed: 2 });
    expect(Math.abs(report.meanWeight - 1)).toBeLessThanOrEqual(3 * report.meanWeightSe);
    expect(report.chi2p).toBeGreaterThan(0.001);
    expect(report.replayMismatches).toBe(0);
  });

  it('is hotter, and at least so uniform, as the tunables say; a policy without temperatures is itself', () => {
    const warm = policyUnder('plackett-luce', tunables);
    expect(cold.options['cardTemperature']).toBe(2 * Number(warm.options['cardTemperature']));
    expect(cold.options['shelfTemperature']).toBe(2 * Number(warm.options['shelfTemperature']));
    expect(cold.options).toMatchObject({ cardEpsilon: 0.15, shelfEpsilon: 0.15 });
    const uniform = resolveTunables({ cardEpsilon: 0.4 });
    expect(policyUnder('plackett-luce', uniform, true).options['cardEpsilon']).toBe(0.4);
    expect(policyUnder('popularity', tunables, true).hash).toBe(policyUnder('popularity', tunables).hash);
  });

  it('is for who has fewer tastes than the tunables say, by the view alone', () => {
    const view = (items: number, liked: number) => ({ items: new Uint32Array(items), liked: new Uint32Array(liked) });
    expect(isCold(view(3, 1), tunables)).toBe(true);
    expect(isCold(view(3, 2), tunables)).toBe(false);
    expect(isCold(view(0, 0), resolveTunables({ coldStartTastes: 0 }))).toBe(false);
  });
});

describe('stored tunables', () => {
  it('give back what was stored, under the same hash', () => {
    const off = resolveTunables({ switchedOff: ['shelf:popular'] });
    expect(tunablesOf(tunablesEpoch(off))).toEqual(off);
  });

  it('of before there were cold starts and fatigue mean none: their decisions replay as they were drawn', () => {
    const epoch = tunablesEpoch(tunables);
    const {
      coldStartTemperature: _t,
      coldStartEpsilon: _e,
      coldStartTastes: _n,
      fatigueCardVisits: _cv,
      fatigueCardRestDays: _cd,
      fatigueShelfVisits: _sv,
      fatigueShelfRestDays: _sd,
      switchedOff: _off,
      ...before
    } = tunables;
    const old = tunablesOf({ ...epoch, meta: { home: JSON.parse(JSON.stringify(before)) } });
    expect(isCold({ items: new Uint32Array(0), liked: new Uint32Array(0) }, old)).toBe(false);
    expect(old).toMatchObject({ fatigueCardRestDays: 0, fatigueShelfRestDays: 0, switchedOff: [] });
  });
});

describe('tunables', () => {
  it('are refused out of range, by name', () => {
    for (const wrong of [
      { fatigueCardVisits: 9 },
      { fatigueShelfVisits: 0 },
      { fatigueCardRestDays: -1 },
      { coldStartEpsilon: 1.1 },
      { coldStartTemperature: 0 },
      { switchedOff: ['popular'] },
    ]) {
      expect(() => resolveTunables(wrong)).toThrow(new RegExp(Object.keys(wrong)[0]));
    }
  });
});
