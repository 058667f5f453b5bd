import { describe, expect, it } from 'vitest';
import { estimatorLaws } from '../../testing/index.ts';
import type { Estimator } from '../estimator.ts';
import { ALL_ESTIMATES, ESTIMATORS, nameOf, settingOf } from './index.ts';

/** What no model error or weight makes wrong where nothing is regularised. */
const UNBIASED = [
  'ipw',
  'snipw',
  'snipw-position',
  'b-ipw',
  'dr',
  'cross-fitted-dr',
  'mrdr',
  'sndr',
  'switch-dr(lambda=inf)',
  'dr-os',
  'sg-ipw',
  'sg-dr',
];
const names = new Set([
  ...ALL_ESTIMATES,
  ...UNBIASED,
  ...ESTIMATORS.map(({ id }) => id),
  'sg-ipw(lambda=1.0)',
  'b-ipw(lambda=2.5)',
  'mrdr(lambda=3.0)',
]);

describe.each([...names])('%s', (name) => {
  const setting = settingOf(name);
  const { neutralLambda, id } = setting.estimator;
  const isNeutral = Number.isNaN(neutralLambda) || setting.lambda === neutralLambda;
  for (const law of estimatorLaws({ setting, unbiased: isNeutral && id !== 'rm' && id !== 'dm' })) {
    it(law.name, law.run);
  }
});

describe('names', () => {
  it('mean settings, and settings have names', () => {
    for (const name of names) {
      const setting = settingOf(name);
      expect(settingOf(nameOf(setting))).toEqual(setting);
    }
    expect(nameOf(settingOf('dr(lambda=3)'))).toBe('dr(lambda=3.0)');
    expect(nameOf(settingOf('dr(lambda=inf)'))).toBe('dr');
    expect(nameOf(settingOf('sg-dr'))).toBe('sg-dr(lambda=0.0)');
  });

  it.each([
    ['drr', /there is no estimator drr; there are rm, ipw/],
    ['snipw(lambda=1)', /snipw has no lambda/],
    ['ipw(lambda=-1)', /must lie in \[0, Infinity\]/],
    ['ipw(lambda=x)', /is NaN/],
    ['sg-ipw(lambda=1.5)', /must lie in \[0, 1\]/],
  ])('that mean none are refused: %s', (name, message) => {
    expect(() => settingOf(name)).toThrow(message);
  });
});

describe('the laws', () => {
  const sound = settingOf('ipw').estimator;
  const by =
    (change: (weight: number) => number): Estimator['transform'] =>
    (weights, _, rows, __, out) =>
      out.set(weights.subarray(0, rows).map(change));
  const broken: readonly (readonly [string, Partial<Estimator>, string])[] = [
    ['too large a weight', { transform: by((x) => 1.01 * x) }, 'just as its'],
    ['writing beyond its rows', { transform: (w, _, __, ___, out) => out.set(w) }, 'nothing else'],
    ['changing its input', { transform: (w, _, n, __, out) => out.set(w.fill(1).subarray(0, n)) }, 'nothing else'],
    ['an endless weight', { transform: by((x) => x * x) }, 'stay finite'],
    ['counting what the policy never does', { transform: (_, __, n, ___, out) => out.fill(1, 0, n) }, 'counts nothing'],
    [
      'normalising what has no mean of 1',
      {
        normalises: 'all',
        transform: by((x) => Math.sqrt(x)),
      },
      'just as its',
    ],
  ];

  it.each(broken)('notice %s', async (_, change, law) => {
    const setting = { estimator: { ...sound, ...change }, lambda: Number.POSITIVE_INFINITY };
    const failed: string[] = [];
    for (const { name, run } of estimatorLaws({ setting, unbiased: true })) {
      await run().catch(() => failed.push(name));
    }
    expect(failed.join('; ')).toContain(law);
  });
});
