/** Weights against enumerations: every thing that could be logged, as often as its probability says. */
import { describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import { settingOf } from '../estimators/index.ts';
import { estimatesOf, evaluate } from '../evaluate.ts';
import { type EvaluationRows, evaluationRows, sourceOf } from '../rows.ts';
import { pseudoInverseRows, pseudoInverseWeights, wholeSlates } from '../slates/pseudo-inverse.ts';
import { chooseDimensions, clusterWeights, marginalWeights, posteriorWeights } from './embeddings.ts';
import { concatenated, mixturePropensities, weightedByVariance } from './loggers.ts';
import { cascadeWeights, chooseLookBacks, jointWeights, ratioWeights, withLookBacks } from './slates.ts';

async function estimate(name: string, ...chunks: EvaluationRows[]): Promise<number> {
  return (await estimatesOf(sourceOf(...chunks), [settingOf(name)]))[0];
}

const decisionOf = Uint32Array.of(0, 0, 0, 1, 1, 2);
const ratios = Float64Array.of(2, 3, 5, 7, 11, 13);

describe('weights of slates', () => {
  it('are products over the beginning, over the whole, and over a window', () => {
    expect([...cascadeWeights(ratios, decisionOf)]).toEqual([2, 6, 30, 7, 77, 13]);
    expect([...jointWeights(ratios, decisionOf)]).toEqual([30, 30, 30, 77, 77, 13]);
    expect([...cascadeWeights(ratios, decisionOf, 0)]).toEqual([...ratios]);
    expect([...cascadeWeights(ratios, decisionOf, 1)]).toEqual([2, 6, 15, 7, 77, 13]);
  });

  it('refuse probabilities that are none, with their row', () => {
    expect(() => ratioWeights([0.5, 0.5], [0.5, 0], 100)).toThrow(/row 101 has propensity 0/);
    expect(() => ratioWeights([0.5, -0.5], [0.5, 1], 100)).toThrow(/row 101 has a target propensity of -0.5/);
  });

  it('look back as far as the effective sample allows, as its definition says', async () => {
    const rng = createRng(8);
    const [slates, places] = [400, 5];
    const own = Float64Array.from({ length: slates * places }, () => Math.exp(1.2 * rng.normal()));
    const decisions = Uint32Array.from(own, (_, row) => Math.floor(row / places));
    const chunk = evaluationRows({
      weights: own,
      rewards: own.map(() => rng.below(2)),
      decisionOf: decisions,
      positionOf: Uint16Array.from(own, (_, row) => row % places),
    });
    const leastEffectiveShare = 0.03;
    const wanted = Array.from({ length: places }, (_, place) => {
      let before = Number.POSITIVE_INFINITY;
      for (let back = 0; back <= place; back++) {
        const weights = Array.from({ length: slates }, (_, slate) => {
          let product = 1;
          for (let l = place - back; l <= place; l++) product *= own[slate * places + l];
          return product;
        });
        const sum = weights.reduce((total, weight) => total + weight, 0);
        const effective = sum ** 2 / weights.reduce((total, weight) => total + weight ** 2, 0);
        if (back > 0 && (effective / slates < leastEffectiveShare || effective > before)) return back - 1;
        before = effective;
      }
      return place;
    });
    const chosen = await chooseLookBacks(sourceOf(chunk), { leastEffectiveShare });
    expect(chosen).toEqual(wanted);
    expect(new Set(chosen).size).toBeGreaterThan(1);
    for await (const { weights } of withLookBacks(sourceOf(chunk), chosen)) {
      for (let place = 0; place < places; place++) {
        const same = cascadeWeights(own, decisions, chosen[place]);
        for (let row = place; row < weights.length; row += places) expect(weights[row]).toBe(same[row]);
      }
    }
  });
});

/** Three actions with two-valued embeddings that alone matter to the reward. */
const BEHAVIOUR = [0.6, 0.3, 0.1];
const TARGET = [0.1, 0.2, 0.7];
const GIVEN = Float64Array.of(1, 0, 0.5, 0.5, 0, 1);
const VALUE_REWARD = [2, 1];

/** All (action, value) pairs, 100 rows in all. */
function embedded() {
  const logged: number[] = [];
  const values: number[] = [];
  for (let a = 0; a < 3; a++) {
    for (let e = 0; e < 2; e++) {
      for (let copy = 0; copy < Math.round(100 * BEHAVIOUR[a] * GIVEN[2 * a + e]); copy++) {
        logged.push(a);
        values.push(e);
      }
    }
  }
  const rows = logged.length;
  const repeat = (distribution: readonly number[]) =>
    Float64Array.from({ length: 3 * rows }, (_, at) => distribution[at % 3]);
  const distributions = { rows, actions: 3, target: repeat(TARGET), behaviour: repeat(BEHAVIOUR) };
  const rewards = Float64Array.from(values, (e) => VALUE_REWARD[e]);
  let truth = 0;
  for (let a = 0; a < 3; a++) for (let e = 0; e < 2; e++) truth += TARGET[a] * GIVEN[2 * a + e] * VALUE_REWARD[e];
  return { rows, logged, distributions, rewards, truth, values: Uint32Array.from(values) };
}

describe('weights of embeddings', () => {
  it('are unbiased where the embedding is all that matters, with less variance than those of actions', async () => {
    const { distributions, rewards, truth, values, logged } = embedded();
    const marginal = marginalWeights(distributions, [{ values: 2, given: GIVEN, logged: values }]);
    const own = Float64Array.from(logged, (a) => TARGET[a] / BEHAVIOUR[a]);
    const variances: number[] = [];
    for (const weights of [marginal, own]) {
      const { estimates, weights: moments } = await evaluate(sourceOf(evaluationRows({ weights, rewards })), {
        interval: 'normal',
      });
      expect(estimates['ipw'].value).toBeCloseTo(truth, 12);
      expect(moments.mean).toBeCloseTo(1, 12);
      variances.push(moments.meanSquare);
    }
    expect(variances[0]).toBeLessThan(variances[1]);
  });

  it('are those of actions where each action has a value of its own, and 1 where all share one', () => {
    const { distributions, logged, rows } = embedded();
    const own = marginalWeights(distributions, [
      { values: 3, given: Float64Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1), logged: Uint32Array.from(logged) },
      { values: 1, given: Float64Array.of(1, 1, 1), logged: new Uint32Array(rows) },
    ]);
    for (let row = 0; row < rows; row++) expect(own[row]).toBeCloseTo(TARGET[logged[row]] / BEHAVIOUR[logged[row]], 12);
  });

  it('by the exact posterior of the action are the marginal ones', () => {
    const { distributions, values, rows } = embedded();
    const posterior = new Float64Array(3 * rows);
    for (let row = 0; row < rows; row++) {
      const joint = BEHAVIOUR.map((p, a) => p * GIVEN[2 * a + values[row]]);
      const total = joint.reduce((sum, p) => sum + p, 0);
      joint.forEach((p, a) => {
        posterior[3 * row + a] = p / total;
      });
    }
    const wanted = marginalWeights(distributions, [{ values: 2, given: GIVEN, logged: values }]);
    const weights = posteriorWeights(distributions, posterior);
    for (let row = 0; row < rows; row++) expect(weights[row]).toBeCloseTo(wanted[row], 12);
  });

  it('of clusters make DR unbiased where the model has the differences within a cluster right', async () => {
    const { distributions, logged, rows } = embedded();
    const reward = [0.2, 0.9, 0.4];
    const clusterOf = [0, 0, 1];
    // The model is off by a constant a cluster.
    const model = [reward[0] + 5, reward[1] + 5, reward[2] - 3];
    const weights = clusterWeights(distributions, logged, clusterOf);
    const chunk = evaluationRows({
      weights,
      rewards: Float64Array.from(logged, (a) => reward[a]),
      model: {
        predicted: Float64Array.from(logged, (a) => model[a]),
        expected: new Float64Array(rows).fill(TARGET.reduce((sum, p, a) => sum + p * model[a], 0)),
      },
    });
    expect(await estimate('dr', chunk)).toBeCloseTo(
      TARGET.reduce((sum, p, a) => sum + p * reward[a], 0),
      12,
    );
    expect(await estimate('dm', chunk)).not.toBeCloseTo(
      TARGET.reduce((sum, p, a) => sum + p * reward[a], 0),
      1,
    );
  });

  it('refuse an embedding or a cluster that the log never shows', () => {
    const distributions = { rows: 1, actions: 2, target: Float64Array.of(0.5, 0.5), behaviour: Float64Array.of(1, 0) };
    const dimension = { values: 2, given: Float64Array.of(1, 0, 0, 1), logged: Uint32Array.of(1) };
    expect(() => marginalWeights(distributions, [dimension])).toThrow(/row 0 has value 1 of dimension 0/);
    expect(() => clusterWeights(distributions, [1], [0, 1])).toThrow(/row 0 has cluster propensity 0/);
  });

  it('drop dimensions while the intervals meet', () => {
    // Each dimension narrows by 1; dimension 2 carries the value.
    const estimateBy = (dimensions: readonly number[]) => ({
      value: dimensions.includes(2) ? 1 : 50,
      halfWidth: dimensions.length - (dimensions.includes(0) ? 0 : 0.25),
    });
    expect(chooseDimensions(3, estimateBy).dimensions).toEqual([0, 1, 2]);
    expect(chooseDimensions(3, (d) => ({ ...estimateBy(d), value: 1 })).dimensions).toEqual([2]);
    expect(chooseDimensions(3, (d) => ({ ...estimateBy(d), value: 1 }), 2).dimensions).toEqual([1, 2]);
  });
});

describe('several logs', () => {
  const REWARD = [1, 0, 3];
  const LOGGERS = [
    [0.8, 0.1, 0.1],
    [0.2, 0.2, 0.6],
  ];
  const COUNTS = [300, 100];
  const truth = TARGET.reduce((sum, p, a) => sum + p * REWARD[a], 0);
  const actionsOf = (k: number) => LOGGERS[k].flatMap((p, a) => new Array<number>(Math.round(COUNTS[k] * p)).fill(a));
  const logOf = (k: number) => {
    const actions = actionsOf(k);
    return evaluationRows({
      weights: Float64Array.from(actions, (a) => TARGET[a] / LOGGERS[k][a]),
      rewards: Float64Array.from(actions, (a) => REWARD[a]),
    });
  };

  it('are unbiased one after the other, balanced, and weighted by variance; balanced weights vary least', async () => {
    const naive = concatenated([sourceOf(logOf(0)), sourceOf(logOf(1))]);
    const weighted = await weightedByVariance([sourceOf(logOf(0)), sourceOf(logOf(1))]);
    const actions = [...actionsOf(0), ...actionsOf(1)];
    const byLogger = Float64Array.from(actions.flatMap((a) => LOGGERS.map((p) => p[a])));
    const mixture = mixturePropensities(byLogger, [0.75, 0.25]);
    const balanced = sourceOf(
      evaluationRows({
        weights: Float64Array.from(actions, (a, row) => TARGET[a] / mixture[row]),
        rewards: Float64Array.from(actions, (a) => REWARD[a]),
      }),
    );
    const results = await Promise.all(
      [naive, weighted, balanced].map((source) => evaluate(source, { interval: 'normal' })),
    );
    for (const { estimates } of results) expect(estimates['ipw'].value).toBeCloseTo(truth, 12);
    expect(results[2].weights.meanSquare).toBeLessThan(results[0].weights.meanSquare);
    expect(results[0].decisions).toBe(400);
  });

  it('have factors n / (v_k Σ n_j / v_j)', async () => {
    const variance = (k: number) => {
      const terms = actionsOf(k).map((a) => (TARGET[a] / LOGGERS[k][a]) * REWARD[a]);
      const mean = terms.reduce((sum, x) => sum + x, 0) / terms.length;
      return terms.reduce((sum, x) => sum + (x - mean) ** 2, 0) / terms.length;
    };
    const [v0, v1] = [variance(0), variance(1)];
    const factor = 400 / (v0 * (300 / v0 + 100 / v1));
    const weighted = await weightedByVariance([sourceOf(logOf(0)), sourceOf(logOf(1))]);
    for await (const { weights } of weighted) {
      expect(weights[0]).toBeCloseTo(logOf(0).weights[0] * factor, 12);
      break;
    }
  });

  it('without any variance keep their weights, and refuse what has none', async () => {
    const zeros = evaluationRows({ weights: Float64Array.of(1, 2), rewards: new Float64Array(2) });
    const source = await weightedByVariance([sourceOf(zeros), sourceOf(logOf(0))]);
    for await (const { weights } of source) {
      expect([...weights]).toEqual([1, 2]);
      break;
    }
    await expect(weightedByVariance([], 'snipw')).rejects.toThrow(/not for snipw/);
    expect(() => mixturePropensities(Float64Array.of(0, 0), [0.5, 0.5])).toThrow(/row 0 has mixture propensity 0/);
  });
});

describe('the pseudo-inverse', () => {
  /** [place][action] effects that add up to a slate's reward. */
  const EFFECTS = [
    [1, 2, -1],
    [0.5, 0, 4],
  ];
  const rewardOf = (slate: readonly number[]) => slate.reduce((sum, a, place) => sum + EFFECTS[place][a], 0);

  it('of independent places is one plus the sum of what the ratios exceed 1 by, and unbiased for sums of effects', async () => {
    const behaviour = [
      [0.5, 0.3, 0.2],
      [0.2, 0.2, 0.6],
    ];
    const target = [
      [0, 0, 1],
      [0.7, 0.2, 0.1],
    ];
    const rows = { ratios: [] as number[], rewards: [] as number[], decisions: [] as number[] };
    let decision = 0;
    let truth = 0;
    for (let a = 0; a < 3; a++) {
      for (let b = 0; b < 3; b++) {
        truth += target[0][a] * target[1][b] * rewardOf([a, b]);
        const copies = Math.round(100 * behaviour[0][a] * behaviour[1][b]);
        for (let copy = 0; copy < copies; copy++, decision++) {
          rows.ratios.push(target[0][a] / behaviour[0][a], target[1][b] / behaviour[1][b]);
          rows.rewards.push(EFFECTS[0][a], EFFECTS[1][b]);
          rows.decisions.push(decision, decision);
        }
      }
    }
    const chunk = evaluationRows({
      weights: Float64Array.from(rows.ratios),
      rewards: Float64Array.from(rows.rewards),
      decisionOf: Uint32Array.from(rows.decisions),
    });
    const whole = pseudoInverseRows(chunk);
    expect(whole.weights.some((weight) => weight < 0)).toBe(true);
    expect(await estimate('ipw', whole)).toBeCloseTo(truth, 12);
    expect(await estimate('snipw', whole)).toBeCloseTo(truth, 12);
  });

  it('of slates drawn without replacement is unbiased too, for policies that show no new pair', async () => {
    const slates = [0, 1, 2].flatMap((a) => [0, 1, 2].filter((b) => b !== a).map((b) => [a, b]));
    const strength = [5, 3, 2];
    const behaviour = slates.map(([a, b]) => (strength[a] / 10) * (strength[b] / (10 - strength[a])));
    const target = slates.map(([a, b]) => (a === 2 && b === 0 ? 0.75 : a === 0 && b === 1 ? 0.25 : 0));
    const weights = pseudoInverseWeights({ places: 2, actions: 3, slates: slates.flat(), behaviour, target });
    const value = slates.reduce((sum, slate, s) => sum + behaviour[s] * weights[s] * rewardOf(slate), 0);
    const truth = slates.reduce((sum, slate, s) => sum + target[s] * rewardOf(slate), 0);
    expect(value).toBeCloseTo(truth, 10);
    expect(weights.reduce((sum, weight, s) => sum + behaviour[s] * weight, 0)).toBeCloseTo(1, 10);
    const chunk = evaluationRows({
      weights: new Float64Array(4),
      rewards: Float64Array.of(1, 2, 3, 4),
      decisionOf: Uint32Array.of(0, 0, 1, 1),
    });
    expect([...wholeSlates(chunk, Float64Array.of(1, -1)).rewards]).toEqual([3, 7]);
    expect(await estimate('ipw', wholeSlates(chunk, Float64Array.of(1, -1)))).toBe(-2);
    const many = { places: 21, actions: 20, slates: [], behaviour: [], target: [] };
    expect(() => pseudoInverseWeights(many)).toThrow(/more than 400 pairs/);
  });
});
