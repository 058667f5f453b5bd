import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import { FAMILY_IDS } from '../../models/index.ts';
import { type ContextualLog, checkLog, foldsByListener, partByListener, rowsOfLog } from './contextual-log.ts';
import { type CrossFitOptions, crossFit, expectedUnder, rewardWeights } from './cross-fit.ts';
import { fitActionRewards } from './reward-fit.ts';

const ACTIONS = 3;

/** Truth of the log below: which action is right hangs on the sign of the first column. */
function truth(context: ArrayLike<number>, action: number): number {
  return [0.3, 0.5 + 0.35 * Math.sign(context[0]), 0.5 - 0.35 * Math.sign(context[0])][action];
}

function simulatedLog(rows: number, seed: number, reward: (chance: number, uniform: number) => number): ContextualLog {
  const rng = createRng(seed);
  const contexts = Float64Array.from({ length: 2 * rows }, () => rng.normal());
  const taken = new Uint32Array(rows);
  const propensities = new Float64Array(rows);
  for (let i = 0; i < rows; i++) {
    taken[i] = rng.uniform() < 0.5 ? 0 : 1 + rng.below(2);
    propensities[i] = taken[i] === 0 ? 0.5 : 0.25;
  }
  const rewards = Float64Array.from(taken, (a, i) =>
    reward(truth(contexts.subarray(2 * i, 2 * i + 2), a), rng.uniform()),
  );
  const listeners = Uint32Array.from({ length: rows }, () => 7 * rng.below(Math.ceil(rows / 5)));
  return { rows, actions: ACTIONS, contextWidth: 2, contexts, taken, rewards, propensities, listeners };
}

const clicks = (chance: number, uniform: number): number => Number(uniform < chance);
const uniformTarget = (rows: number): Float64Array => new Float64Array(rows * ACTIONS).fill(1 / ACTIONS);

describe('a contextual log', () => {
  it('is refused with the row that makes it useless', () => {
    const log = simulatedLog(20, 1, clicks);
    for (const p of [0, -0.1, 1.5, Number.NaN]) {
      const propensities = log.propensities.with(7, p);
      expect(() => checkLog({ ...log, propensities })).toThrow(new RegExp(`row 7 has propensity ${p}`));
    }
    expect(() => checkLog({ ...log, taken: log.taken.with(3, 9) })).toThrow(/row 3 took action 9 of 3/);
    expect(() => checkLog({ ...log, rewards: log.rewards.with(2, Number.NaN) })).toThrow(/row 2 has reward NaN/);
    expect(() => checkLog({ ...log, contexts: log.contexts.with(5, Infinity) })).toThrow(/row 2 has Infinity/);
    expect(() => checkLog({ ...log, rewards: log.rewards.subarray(1) })).toThrow(/rewards of 19/);
    expect(() => checkLog(log)).not.toThrow();
  });

  it('is parted by listener: none is in two folds, and folds are of about the same size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 40, max: 300 }), fc.integer({ min: 2, max: 7 }), fc.nat(), (rows, folds, seed) => {
        const log = simulatedLog(rows, 2, clicks);
        const foldOf = foldsByListener(log, folds, createRng(seed));
        const listeners = log.listeners as Uint32Array;
        const foldOfListener = new Map<number, number>();
        for (let i = 0; i < rows; i++) {
          expect(foldOfListener.get(listeners[i]) ?? foldOf[i]).toBe(foldOf[i]);
          foldOfListener.set(listeners[i], foldOf[i]);
        }
        const sizes = new Uint32Array(folds);
        for (const fold of foldOfListener.values()) sizes[fold]++;
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        expect(foldsByListener(log, folds, createRng(seed))).toEqual(foldOf);
      }),
      { numRuns: 30 },
    );
  });

  it('is held out by listener, every row in one part', () => {
    const log = simulatedLog(500, 3, clicks);
    const { rest, part } = partByListener(log, 0.2, createRng(1));
    expect([...rest, ...part].sort((a, b) => a - b)).toEqual(Array.from({ length: 500 }, (_, i) => i));
    const held = new Set(rowsOfLog(log, part).listeners);
    expect([...(rowsOfLog(log, rest).listeners as Uint32Array)].some((listener) => held.has(listener))).toBe(false);
    expect(part.length).toBeGreaterThan(60);
    expect(part.length).toBeLessThan(140);
  });
});

describe('cross-fitted rewards', () => {
  const log = simulatedLog(3000, 4, clicks);
  const error = (all: Float64Array): number => {
    let sum = 0;
    for (let i = 0; i < log.rows; i++) {
      for (let a = 0; a < ACTIONS; a++) {
        sum += Math.abs(all[i * ACTIONS + a] - truth(log.contexts.subarray(2 * i, 2 * i + 2), a));
      }
    }
    return sum / (log.rows * ACTIONS);
  };

  it.each(FAMILY_IDS)('come near the truth: %s', async (family) => {
    const { all, predicted } = await crossFit(log, undefined, { family, form: 'perAction' }, createRng(5));
    // A straight line through a step is off by about this much.
    expect(error(all)).toBeLessThan(family === 'linear' ? 0.15 : 0.13);
    expect(predicted[17]).toBe(all[17 * ACTIONS + log.taken[17]]);
  });

  it('of one model for all actions find what depends on the context where the family can', async () => {
    const of = async (family: string) => error((await crossFit(log, undefined, { family }, createRng(5))).all);
    expect(await of('trees')).toBeLessThan(0.1);
    // A linear family has one slope for all actions.
    expect(await of('logistic')).toBeGreaterThan(0.2);
  });

  it('read the features of actions in place of their numbers', async () => {
    const actionFeatures = { width: 2, features: Float64Array.of(0, 0, 1, 0, 0, 1) };
    const { all } = await crossFit({ ...log, actionFeatures }, undefined, { family: 'trees' }, createRng(5));
    expect(error(all)).toBeLessThan(0.1);
  });

  it('do not hang on what the rows of their own fold were rewarded with', async () => {
    const options: Partial<CrossFitOptions> = { folds: 4, form: 'perAction' };
    const one = await crossFit(log, undefined, options, createRng(6));
    const rewards = log.rewards.map((reward, i) => (one.foldOf[i] === 2 ? 1 - reward : reward));
    const other = await crossFit({ ...log, rewards }, undefined, options, createRng(6));
    expect(other.foldOf).toEqual(one.foldOf);
    let moved = 0;
    for (let i = 0; i < log.rows; i++) {
      if (one.foldOf[i] === 2) expect(other.predicted[i]).toBe(one.predicted[i]);
      else if (other.predicted[i] !== one.predicted[i]) moved++;
    }
    expect(moved).toBeGreaterThan(log.rows / 2);
  });

  it('are on the scale of the rewards, also beyond [0, 1]', async () => {
    const euros = { ...log, rewards: log.rewards.map((reward) => 40 * reward - 10) };
    for (const family of ['linear', 'logistic', 'trees']) {
      const options: Partial<CrossFitOptions> = { family, form: 'perAction' };
      const plain = (await crossFit(log, undefined, options, createRng(7))).all;
      const scaled = (await crossFit(euros, undefined, options, createRng(7))).all;
      for (let k = 0; k < 300; k++) expect(scaled[k]).toBeCloseTo(40 * plain[k] - 10, 3);
    }
  });

  it('weigh rows as they are told, by the formulas of the papers', () => {
    const target = Float64Array.from({ length: log.rows * ACTIONS }, (_, k) => [0.2, 0.7, 0.1][k % ACTIONS]);
    const of = (weighting: 'normal' | 'importance' | 'mrdr') => rewardWeights(log, target, weighting);
    for (const [i, a] of log.taken.subarray(0, 50).entries()) {
      const [chance, p] = [[0.2, 0.7, 0.1][a], log.propensities[i]];
      expect(of('normal')[i]).toBe(1);
      expect(of('importance')[i]).toBeCloseTo(chance / p, 12);
      expect(of('mrdr')[i]).toBeCloseTo((chance * (1 - p)) / (p * p), 12);
    }
    expect(() => rewardWeights(log, undefined, 'mrdr')).toThrow(/needs the target/);
  });

  it('of a misspecified model fit where the target policy acts', async () => {
    // Rewards of action 0 bend in the second column; a straight line must choose where to be right.
    const bent = simulatedLog(4000, 8, () => 0);
    for (let i = 0; i < bent.rows; i++) bent.rewards[i] = bent.contexts[2 * i + 1] ** 2;
    const target = new Float64Array(bent.rows * ACTIONS);
    const isFar = (i: number): boolean => bent.contexts[2 * i + 1] > 1;
    for (let i = 0; i < bent.rows; i++) target[i * ACTIONS + (isFar(i) ? 0 : 1)] = 1;
    const errorFar = async (weighting: 'normal' | 'importance') => {
      const options: Partial<CrossFitOptions> = { family: 'linear', weighting, form: 'perAction' };
      const { all } = await crossFit(bent, target, options, createRng(9));
      let sum = 0;
      for (let i = 0; i < bent.rows; i++) if (isFar(i)) sum += (all[i * ACTIONS] - bent.rewards[i]) ** 2;
      return sum;
    };
    expect(await errorFar('importance')).toBeLessThan(0.5 * (await errorFar('normal')));
  });

  it('give the same bits under the same seed, and refuse a target that is no distribution', async () => {
    const once = (seed: number) => crossFit(log, undefined, { family: 'trees' }, createRng(seed));
    expect((await once(3)).all).toEqual((await once(3)).all);
    expect((await once(4)).all).not.toEqual((await once(3)).all);
    const target = uniformTarget(log.rows);
    target[4] = 0.9;
    await expect(crossFit(log, target, {}, createRng(1))).rejects.toThrow(/target probabilities of row 1/);
  });

  it('make the doubly robust estimate right on average', async () => {
    const rows = 500;
    const target = Float64Array.from({ length: rows * ACTIONS }, (_, k) => [0.1, 0.8, 0.1][k % ACTIONS]);
    const errors: number[] = [];
    for (let seed = 0; seed < 40; seed++) {
      const one = simulatedLog(rows, 100 + seed, clicks);
      const { all, predicted } = await crossFit(one, target, { family: 'linear', form: 'perAction' }, createRng(seed));
      const expected = expectedUnder(target, all, rows);
      let sum = 0;
      for (let i = 0; i < rows; i++) {
        const w = target[i * ACTIONS + one.taken[i]] / one.propensities[i];
        sum += expected[i] + w * (one.rewards[i] - predicted[i]);
        for (let a = 0; a < ACTIONS; a++) {
          sum -= target[i * ACTIONS + a] * truth(one.contexts.subarray(2 * i, 2 * i + 2), a);
        }
      }
      errors.push(sum / rows);
    }
    const mean = errors.reduce((sum, x) => sum + x, 0) / errors.length;
    const deviation = Math.sqrt(errors.reduce((sum, x) => sum + (x - mean) ** 2, 0) / (errors.length - 1));
    expect(Math.abs(mean)).toBeLessThan((3 * deviation) / Math.sqrt(errors.length));
  });
});

describe('models an action', () => {
  it('take an action without rows for the mean of all, and one with few for one like the others', async () => {
    const space = {
      rows: 4,
      actions: 3,
      contextWidth: 1,
      contexts: Float64Array.of(0, 1, 2, 3),
      actionFeatures: undefined,
    };
    const samples = {
      rows: Uint32Array.of(0, 1, 2, 3),
      actions: Uint32Array.of(0, 0, 0, 1),
      rewards: Float64Array.of(0, 1, 0, 1),
      weights: new Float64Array(4).fill(1),
    };
    const q = await fitActionRewards(space, samples, { form: 'perAction' }, createRng(1));
    const out = new Float64Array(3);
    q.predict(Float64Array.of(1.5), 1, out);
    expect(out[2]).toBeCloseTo(0.5, 12);
    expect(out[1]).toBeGreaterThan(0.6);
    expect(out[1]).toBeLessThan(0.9);
    const none = { ...samples, weights: new Float64Array(4) };
    await expect(fitActionRewards(space, none, { form: 'shared' }, createRng(1))).rejects.toThrow(/positive weight/);
  });
});
