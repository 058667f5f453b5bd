import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { legacyRandom } from './legacy-random.ts';
import { syntheticSource } from './synthetic.ts';

const REAL = join(
  process.env.SHELFWISE_DATA_DIR ?? join(import.meta.dirname, '../../../../shared/data'),
  'obp/synthetic_binary_logistic.json',
);
const hasReal = existsSync(REAL);
if (!hasReal)
  console.info(`skipped: the test on Open Bandit Pipeline's own rows wants ${REAL} (set SHELFWISE_DATA_DIR)`);

describe("numpy's legacy generator", () => {
  it('draws what numpy draws', () => {
    // numpy.random.RandomState(5489).randint(0, 2**32, dtype='uint32') is the reference stream of MT19937.
    const random = legacyRandom(5489);
    expect([random.uint32(), random.uint32(), random.uint32()]).toEqual([3499211612, 581869302, 3890346734]);
    // RandomState(12345).normal(size=4), RandomState(0).permutation(10)
    const normals = legacyRandom(12345);
    for (const normal of [-0.20470765948471295, 0.47894333805754824, -0.5194387150567381, -0.55573030434749]) {
      expect(normals.normal()).toBeCloseTo(normal, 14);
    }
    expect([...legacyRandom(0).permutation(10)]).toEqual([2, 8, 4, 9, 1, 6, 7, 3, 0, 5]);
  });

  it('draws chances that are kept', () => {
    const random = legacyRandom(3);
    for (const p of [0.03, 0.5, 0.9]) {
      let sum = 0;
      for (let i = 0; i < 20_000; i++) sum += random.bernoulli(p);
      expect(Math.abs(sum / 20_000 - p)).toBeLessThan(4 * Math.sqrt((p * (1 - p)) / 20_000));
    }
  });
});

describe('synthetic logs', () => {
  it.runIf(hasReal)("are the library's own rows", () => {
    const golden = JSON.parse(readFileSync(REAL, 'utf8'));
    const { n_rounds, n_actions, dim_context, random_state, beta } = golden.params;
    const source = syntheticSource({
      actions: n_actions,
      contextWidth: dim_context,
      behaviour: 'linear',
      zScore: 'meanOverDeviation',
      beta,
      seed: random_state,
    });
    const log = source.next(n_rounds);
    const close = (ours: Float64Array, theirs: readonly number[]) => {
      expect(ours.length).toBe(theirs.length);
      for (let k = 0; k < theirs.length; k++) expect(Math.abs(ours[k] - theirs[k])).toBeLessThan(1e-12);
    };
    close(log.contexts, golden.context.flat());
    close(log.truth, golden.expected_reward.flat());
    close(log.logging, golden.pi_b.flat());
    close(log.propensities, golden.pscore);
    expect([...log.taken]).toEqual(golden.action);
    expect([...log.rewards]).toEqual(golden.reward);
  });

  it('prefer what is worth little where beta is below 0', () => {
    const log = syntheticSource({ actions: 10, contextWidth: 3, beta: -3, seed: 7 }).next(2000);
    let uniform = 0;
    let logged = 0;
    for (let k = 0; k < log.truth.length; k++) {
      uniform += log.truth[k] / 10;
      logged += log.logging[k] * log.truth[k];
    }
    expect(logged).toBeLessThan(0.9 * uniform);
  });

  it('go on from log to log, and are functions of the seed; rewards may be of any degree', () => {
    const of = (seed: number) => {
      const source = syntheticSource({ actions: 3, contextWidth: 2, degree: 3, beta: 1, seed });
      return [source.next(50), source.next(50)];
    };
    expect(of(1)).toEqual(of(1));
    expect(of(1)[0].contexts).not.toEqual(of(1)[1].contexts);
    expect(of(2)[0].truth).not.toEqual(of(1)[0].truth);
    expect(of(1)[0].truth.every((q) => q >= 0 && q <= 1)).toBe(true);
  });
});
