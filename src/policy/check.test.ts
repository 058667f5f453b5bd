import { describe, expect, it } from 'vitest';
import { noiseRace, noiseStream } from '../base/index.ts';
import { type Chooser, checkPolicy, checkSampler } from './check.ts';
import { greedy, POLICY_VARIANTS, plackettLuce, policyOf, popularity, uniform } from './index.ts';

const DRAWS = 16_000;

describe('policy check', () => {
  for (const policy of [
    plackettLuce(),
    plackettLuce({ shelfEpsilon: 0, cardEpsilon: 0 }),
    uniform(),
    greedy(),
    popularity(),
  ]) {
    it(`finds the propensities true: ${policy.id} ${JSON.stringify(policy.options)}`, () => {
      const report = checkPolicy({ policy, draws: DRAWS, seed: 1 });
      expect(report.sumError).toBeLessThanOrEqual(1e-12);
      expect(Math.abs(report.meanWeight - 1)).toBeLessThanOrEqual(3 * report.meanWeightSe);
      expect(report.meanWeightSe).toBeLessThan(0.03);
      expect(report.chi2p).toBeGreaterThan(0.001);
      expect(report.degreesOfFreedom).toBeGreaterThan(500);
      expect(report.pageMass).toBeCloseTo(1, 12);
      expect(report.replayed).toBe(DRAWS / 8);
      expect(report.replayMismatches).toBe(0);
    });
  }

  for (const [id, options] of POLICY_VARIANTS) {
    it(`sums to 1 over all pages and walks them again, whatever evidence it needs: ${id} ${JSON.stringify(options)}`, () => {
      const report = checkPolicy({ policy: policyOf(id, options), draws: 400, seed: 3 });
      expect(report.sumError).toBeLessThanOrEqual(1e-12);
      expect(report.pageMass).toBeCloseTo(1, 12);
      expect(report.pages).toBeGreaterThan(1);
      expect(report.replayMismatches).toBe(0);
      expect(report.chi2p).toBeGreaterThan(1e-6);
    });
  }

  it('gives the same figures for the same arguments', () => {
    const check = () => checkPolicy({ policy: plackettLuce(), draws: 500, seed: 9 });
    expect(check()).toEqual(check());
  });

  it('refuses to check without draws', () => {
    expect(() => checkPolicy({ policy: uniform(), draws: 0, seed: 1 })).toThrow(/draws is 0/);
  });
});

describe('a wrong sampler is found out', () => {
  const policy = plackettLuce({ cardEpsilon: 0.2, shelfEpsilon: 0.2 });
  const wrong: readonly (readonly [name: string, choose: Chooser])[] = [
    [
      'one whose noise is reused at every rank',
      ({ kind, shelf, probabilities, labels, count }, problem, seed) =>
        noiseRace(
          probabilities,
          labels,
          count,

          kind === 'shelf' ? noiseStream(seed, 0, 0) : noiseStream(seed, problem.shelves[shelf].key, 1),
        ),
    ],
    [
      'one that is a little bolder than it says',
      ({ pageRank, cardRank, probabilities, labels, count }, _problem, seed) => {
        const bolder = probabilities.slice(0, count).map((p) => p ** 1.1);
        return noiseRace(bolder, labels, count, noiseStream(seed, pageRank, 1 + cardRank));
      },
    ],
    [
      'one whose cards share the noise of their item, whatever the shelf',
      ({ cardRank, probabilities, labels, count }, _problem, seed) =>
        noiseRace(probabilities, labels, count, noiseStream(seed, 0, 1 + cardRank)),
    ],
  ];
  for (const [name, choose] of wrong) {
    it(name, () => {
      const report = checkSampler({ policy, draws: DRAWS, seed: 2, choose });
      expect(report.chi2p).toBeLessThan(1e-6);
    });
  }

  it('also by the mean weight, when it favours what scores high', () => {
    const choose: Chooser = ({ pageRank, cardRank, probabilities, labels, count }, _problem, seed) => {
      const bolder = probabilities.slice(0, count).map((p) => p ** 1.2);
      return noiseRace(bolder, labels, count, noiseStream(seed, pageRank, 1 + cardRank));
    };
    const { meanWeight, meanWeightSe } = checkSampler({ policy, draws: DRAWS, seed: 2, choose });
    expect(Math.abs(meanWeight - 1)).toBeGreaterThan(3 * meanWeightSe);
  });
});
