/** Against bounds and bootstrap intervals that Open Bandit Pipeline computed; its files are no part of this repository. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bootstrapMean } from './bootstrap.ts';
import { bernsteinLowerBound, hoeffdingLowerBound, studentTLowerBound } from './bounded.ts';

const ROOT = join(process.env.SHELFWISE_DATA_DIR ?? join(import.meta.dirname, '../../../../shared/data'), 'obp');
const hasReal = existsSync(ROOT);
if (!hasReal) console.info(`skipped: the tests on reference bounds want ${ROOT} (set SHELFWISE_DATA_DIR)`);

interface Fixture {
  readonly action: readonly number[];
  readonly reward: readonly number[];
  readonly pscore: readonly number[];
  /** Round → action → probability. */
  readonly action_dist: readonly (readonly number[])[];
  readonly lower_bounds: Readonly<Record<string, number>>;
  readonly 'bootstrap_ipw(seed 12345, legacy RandomState.choice)': Readonly<Record<string, number>>;
}

/** Draws of numpy's legacy RandomState(seed).choice: MT19937 (Matsumoto and Nishimura 1998), masked rejection. */
function legacyChoice(seed: number): (n: number) => number {
  const state = new Uint32Array(624);
  state[0] = seed;
  for (let i = 1; i < 624; i++) state[i] = Math.imul(1812433253, state[i - 1] ^ (state[i - 1] >>> 30)) + i;
  let at = 624;
  const draw = (): number => {
    if (at === 624) {
      for (let i = 0; i < 624; i++) {
        const y = (state[i] & 0x80000000) | (state[(i + 1) % 624] & 0x7fffffff);
        state[i] = state[(i + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
      }
      at = 0;
    }
    let y = state[at++];
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    return (y ^ (y >>> 18)) >>> 0;
  };
  return (n) => {
    const mask = 2 ** (32 - Math.clz32(n - 1)) - 1;
    for (;;) {
      const value = (draw() & mask) >>> 0;
      if (value < n) return value;
    }
  };
}

describe.skipIf(!hasReal).each(['synthetic_binary_logistic', 'synthetic_contextfree'])('of %s', (name) => {
  const read = (): Fixture => JSON.parse(readFileSync(join(ROOT, `${name}.json`), 'utf8')) as Fixture;
  const terms = ({ action, reward, pscore, action_dist: target }: Fixture): number[] =>
    reward.map((r, i) => (target[i][action[i]] / pscore[i]) * r);

  it('bounds of inverse propensity from below are the same to 1e-12', () => {
    const fixture = read();
    const x = terms(fixture);
    const mean = x.reduce((a, b) => a + b, 0) / x.length;
    const variance = x.reduce((sum, v) => sum + (v - mean) ** 2, 0) / x.length;
    const moments = { count: x.length, mean, variance };
    const largest = Math.max(...x);
    const wanted = fixture.lower_bounds;
    expect(hoeffdingLowerBound(moments, largest)).toBeCloseTo(wanted['hoeffding(delta=.05)'], 12);
    expect(bernsteinLowerBound(moments, largest)).toBeCloseTo(wanted['bernstein(delta=.05)'], 12);
    expect(studentTLowerBound(moments)).toBeCloseTo(wanted['student_t(delta=.05)'], 12);
  });

  it('the bootstrap is the same to 1e-12 by the same draws', () => {
    const fixture = read();
    const wanted = fixture['bootstrap_ipw(seed 12345, legacy RandomState.choice)'];
    const { mean, lower, upper } = bootstrapMean(terms(fixture), 10_000, legacyChoice(12345));
    expect(mean).toBeCloseTo(wanted['mean'], 12);
    expect(lower).toBeCloseTo(wanted['95.0% CI (lower)'], 12);
    expect(upper).toBeCloseTo(wanted['95.0% CI (upper)'], 12);
  });
});
