/**
 * What Vowpal Wabbit's explorations wrote for its own tests are distributions of the structure that their formulas give, and
 * where a formula is one of our policies', that policy gives the same numbers. The suite's files are no part of this repository.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { policyOf, projectMinimum, stepEvidence } from '../policy/index.ts';

const ROOT = join(
  process.env.SHELFWISE_DATA_DIR ?? join(import.meta.dirname, '../../../shared/data'),
  'vw/test/pred-sets/ref',
);
const hasReal = existsSync(ROOT);
if (!hasReal) console.info(`skipped: the tests on Vowpal Wabbit's predictions want ${ROOT} (set SHELFWISE_DATA_DIR)`);

/** Probabilities by action, one list an event. */
function distributionsOf(file: string): readonly Float64Array[] {
  return readFileSync(join(ROOT, file), 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const pairs = line.split(',').map((pair) => pair.split(':').map(Number));
      const out = new Float64Array(pairs.length).fill(Number.NaN);
      for (const [action, p] of pairs) out[action] = p;
      return out;
    });
}

/** They are printed with six digits. */
const PRINTED = 1e-6;

/** Levels from the highest down, with how many actions have each. */
function levelsOf(p: Float64Array): readonly (readonly [number, number])[] {
  const levels: [number, number][] = [];
  for (const one of [...p].sort((a, b) => b - a)) {
    const last = levels.at(-1);
    if (last !== undefined && Math.abs(last[0] - one) <= PRINTED) last[1]++;
    else levels.push([one, 1]);
  }
  return levels;
}

/** What our policy gives for scores that have these actions at the top, alike. */
function ofPolicy(id: string, options: Record<string, number>, n: number, best: readonly number[]): Float64Array {
  const scores = new Float64Array(n);
  for (const action of best) scores[action] = 1;
  const out = new Float64Array(n);
  policyOf(id, options).card(scores, n, out, stepEvidence(scores));
  return out;
}

function highestOf(p: Float64Array): readonly number[] {
  const most = Math.max(...p);
  return [...p.keys()].filter((action) => Math.abs(p[action] - most) <= PRINTED);
}

function expectClose(p: Float64Array, q: Float64Array): void {
  expect(p.length).toBe(q.length);
  for (let a = 0; a < p.length; a++) expect(Math.abs(p[a] - q[a])).toBeLessThanOrEqual(2 * PRINTED);
}

describe.skipIf(!hasReal)("Vowpal Wabbit's explorations", () => {
  const files = hasReal ? readdirSync(ROOT).filter((name) => /^cbe_adf_.*\.predict$/.test(name)) : [];

  it.each(files)('%s holds distributions over the actions of each event', (file) => {
    const lines = distributionsOf(file);
    expect(lines.length).toBeGreaterThan(0);
    for (const p of lines) {
      // NaN: an action was left out or named twice.
      for (const one of p) expect(one).toBeGreaterThanOrEqual(0);
      const sum = p.reduce((total, one) => total + one, 0);
      expect(Math.abs(sum - 1)).toBeLessThanOrEqual(PRINTED * p.length);
    }
  });

  it.each([
    ['cbe_adf_epsilon.predict', 0.1],
    ['cbe_adf_nonewline.predict', 0.1],
    ['cbe_adf_dsjson_chain_hash.predict', 0.2],
  ])('%s: epsilon-greedy has two levels, those of our policy', (file, epsilon) => {
    for (const p of distributionsOf(file)) {
      expect(levelsOf(p).length).toBeLessThanOrEqual(2);
      expectClose(p, ofPolicy('epsilon-greedy', { epsilon }, p.length, highestOf(p)));
    }
  });

  it('explore-first is uniform twice, and greedy from then on', () => {
    const [first, second, third] = distributionsOf('cbe_adf_first.predict');
    expectClose(first, ofPolicy('uniform', {}, first.length, []));
    expectClose(second, ofPolicy('uniform', {}, second.length, []));
    expectClose(third, ofPolicy('greedy', {}, third.length, highestOf(third)));
  });

  it('softmax has odds that costs within [0, 1] allow at its temperature, and starts even', () => {
    const lines = distributionsOf('cbe_adf_softmax.predict');
    for (const p of lines) expect(Math.log(Math.max(...p) / Math.min(...p))).toBeLessThanOrEqual(1 + PRINTED);
    expectClose(lines[0], ofPolicy('softmax', { temperature: 1 }, lines[0].length, []));
  });

  it('bagging gives multiples of a share of its replicas, ties shared', () => {
    for (const p of distributionsOf('cbe_adf_bag.predict')) {
      for (const one of p) {
        // Three replicas, each of which may share among up to all actions.
        const shares = [1, 2, 3].map((ties) => one * 3 * ties);
        expect(shares.some((share) => Math.abs(share - Math.round(share)) < 1e-5)).toBe(true);
      }
    }
  });

  it.each([
    ['cbe_adf_cover_e_fixed.predict', 0.5],
    ['cbe_adf_cover_dr.predict', 0.05],
    ['cbe_adf_synthcover.predict', 0.01],
  ])('%s keeps the minimum that our projection keeps', (file, epsilon) => {
    for (const p of distributionsOf(file)) {
      for (const one of p) expect(one).toBeGreaterThanOrEqual(epsilon / p.length - PRINTED);
      // Projected again it stays as it is.
      const again = p.slice();
      projectMinimum(again, p.length, epsilon);
      const sum = p.reduce((total, one) => total + one, 0);
      for (let a = 0; a < p.length; a++)
        expect(Math.abs(again[a] - p[a])).toBeLessThanOrEqual(Math.abs(sum - 1) + PRINTED);
    }
  });

  it('random network distillation leaves every action a chance', () => {
    for (const p of distributionsOf('cbe_adf_rnd.predict')) for (const one of p) expect(one).toBeGreaterThan(0);
  });

  it('SquareCB leaves to none but the best more than an even share, and to none less than the floor', () => {
    const lines = distributionsOf('squarecb_pred_epsilon.predict');
    for (const p of lines) {
      const n = p.length;
      const [best, ...others] = [...p].sort((one, other) => other - one);
      for (const one of others) {
        expect(one).toBeLessThanOrEqual(1 / n + PRINTED);
        expect(one).toBeGreaterThanOrEqual(0.2 / n - PRINTED);
      }
      expect(best).toBeGreaterThanOrEqual(1 / n - PRINTED);
    }
    // What is learnt most decidedly comes down to the floor: as of ours, with gaps of 1 and a large gamma.
    const decided = lines.find((p) => [...p].filter((one) => one <= 0.2 / p.length + PRINTED).length === p.length - 1);
    if (decided === undefined) throw new Error('no event was decided');
    const scores = Float64Array.from(decided, (_, action) => (action === highestOf(decided)[0] ? 1 : 0));
    const out = new Float64Array(decided.length);
    const ours = policyOf('squarecb', { gammaScale: 1e9, epsilon: 0.2, floor: 'project' });
    ours.card(scores, decided.length, out, stepEvidence(scores));
    expectClose(decided, out);
  });

  it('RegCB is uniform over what is not eliminated', () => {
    for (const p of distributionsOf('regcb_pred.predict')) {
      const levels = levelsOf(p).filter(([level]) => level > PRINTED);
      expect(levels).toHaveLength(1);
      expect(Math.abs(levels[0][0] - 1 / levels[0][1])).toBeLessThanOrEqual(PRINTED);
    }
  });
});
