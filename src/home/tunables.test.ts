import { describe, expect, it } from 'vitest';
import { sealEpoch } from '../domain/index.ts';
import { checkPolicy } from '../policy/index.ts';
import { policyLaws } from '../testing/index.ts';
import {
  DEFAULT_TUNABLES,
  examinationOf,
  type HomeTunables,
  isCold,
  policyUnder,
  resolveTunables,
  tunablesEpoch,
  tunablesOf,
} from './tunables.ts';

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

describe('examination by card rank', () => {
  const { desktop } = DEFAULT_TUNABLES.surfaces;
  const withExamination = (examination: unknown): Partial<HomeTunables> => ({
    surfaces: { ...DEFAULT_TUNABLES.surfaces, desktop: { ...desktop, examination: examination as number[] } },
  });

  it('is what was given, the last one repeated, in place of the decay', () => {
    const { surfaces } = resolveTunables(withExamination([1, 0.5, 0.7]));
    expect([...examinationOf({ ...surfaces.desktop, cards: 5 })]).toEqual([1, 0.5, 0.7, 0.7, 0.7]);
    expect([...examinationOf({ ...surfaces.desktop, cards: 2 })]).toEqual([1, 0.5]);
    expect([...examinationOf({ ...surfaces.phone, cards: 3 })]).toEqual([1, 0.8, 0.8 ** 2]);
  });

  it('is part of the epoch, and makes another of it; without it the epoch is what it was before there was any', () => {
    const given = resolveTunables(withExamination([1, 0.5]));
    expect(tunablesOf(tunablesEpoch(given))).toEqual(given);
    const hash = (of: HomeTunables): string => sealEpoch(tunablesEpoch(of)).hash;
    expect(hash(given)).not.toBe(hash(tunables));
    expect(JSON.stringify(tunablesEpoch(tunables))).not.toContain('"examination"');
    expect(hash(resolveTunables(withExamination(undefined)))).toBe(hash(tunables));
  });

  it('is refused with what would be right', () => {
    const refusal = (examination: unknown) => () => resolveTunables(withExamination(examination));
    expect(refusal([])).toThrow(/surfaces.desktop.examination is empty; it must be a list/);
    expect(refusal('1')).toThrow(/examination is "1"; it must be a list/);
    expect(refusal(Array(21).fill(1))).toThrow(/has 21 entries; it must have at most 20/);
    expect(refusal([1, 0])).toThrow(/has 0 at card rank 1; each must lie in \(0, 1\]/);
    expect(refusal([1, 1.1])).toThrow(/has 1.1 at card rank 1/);
    expect(refusal([Number.NaN])).toThrow(/has NaN at card rank 0/);
    expect(refusal([1, '0.5'])).toThrow(/has "0.5" at card rank 1/);
  });
});
