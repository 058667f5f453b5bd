import { describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../../base/index.ts';
import { greedy, uniform } from '../../policy/index.ts';
import type { ContextualLog } from '../nuisance/index.ts';
import { type ContextualPolicy, contextualPolicy, distributionOf, underPolicy } from './contextual-policy.ts';
import { gradientLearner, selfNormalisedValue } from './gradient.ts';
import { LEARNER_IDS, type LearnerOptions, learnerOf } from './learners.ts';
import * as objectives from './objectives.ts';
import { pessimisticLearner, selectPessimistically } from './pessimistic.ts';
import { policyLoss } from './policy-search.ts';
import { pseudoResiduals } from './reward-learners.ts';
import { linearScorer, mlpScorer, type Scorer } from './scorers.ts';

const ACTIONS = 4;

/** Chance of a reward: the action whose number is the quadrant of the context is right. */
function truth(context: ArrayLike<number>, action: number): number {
  const quadrant = (context[0] > 0 ? 1 : 0) + (context[1] > 0 ? 2 : 0);
  return action === quadrant ? 0.8 : 0.2;
}

/** Logged by a policy that likes action 0 most: .4, .3, .2, .1. */
function quadrantLog(rows: number, seed: number): ContextualLog {
  const rng = createRng(seed);
  const liked = [0.4, 0.3, 0.2, 0.1];
  const contexts = Float64Array.from({ length: 2 * rows }, () => rng.normal());
  const taken = Uint32Array.from({ length: rows }, () => {
    let u = rng.uniform();
    let a = 0;
    while (a < ACTIONS - 1 && u >= liked[a]) u -= liked[a++];
    return a;
  });
  const rewards = Float64Array.from(taken, (a, i) =>
    Number(rng.uniform() < truth(contexts.subarray(2 * i, 2 * i + 2), a)),
  );
  const propensities = Float64Array.from(taken, (a) => liked[a]);
  return { rows, actions: ACTIONS, contextWidth: 2, contexts, taken, rewards, propensities };
}

/** Of fresh contexts: what the policy is really worth. */
function worthOf(policy: ContextualPolicy): number {
  const rng = createRng(99);
  const rows = 2000;
  const contexts = Float64Array.from({ length: 2 * rows }, () => rng.normal());
  const chances = distributionOf(policy, contexts, rows);
  let total = 0;
  for (let k = 0; k < chances.length; k++) {
    const i = Math.floor(k / ACTIONS);
    total += chances[k] * truth(contexts.subarray(2 * i, 2 * i + 2), k % ACTIONS);
  }
  return total / rows;
}

const LOGGED = 0.35;
const BEST = 0.8;

describe('the slopes of objectives', () => {
  const log = quadrantLog(60, 1);
  const euros: ContextualLog = { ...log, rewards: log.rewards.map((r, i) => 3 * r - 1 + 0.1 * (i % 5)) };
  const rng = createRng(2);
  const all = Float64Array.from({ length: log.rows * ACTIONS }, () => rng.uniform());
  const cases: readonly (readonly [string, (of: ContextualLog) => objectives.PolicyObjective])[] = [
    ['classification', (of) => objectives.classification(of)],
    ['inverse propensity', (of) => objectives.inversePropensity(of, { clip: 3 })],
    ['translated', (of) => objectives.inversePropensity(of, { clip: Infinity, translation: 0.7 })],
    ['self-normalised', (of) => objectives.selfNormalised(of)],
    ['doubly robust', (of) => objectives.doublyRobust(of, all, { clip: 5 })],
    ['POEM', (of) => objectives.counterfactualRisk(of, { clip: 4, penalty: 2 })],
    ['norm-POEM', (of) => objectives.normalisedRisk(of, { penalty: 2 })],
  ];
  const scorers: readonly (readonly [string, (of: ContextualLog) => Scorer])[] = [
    ['linear', (of) => linearScorer(of)],
    ['mlp', (of) => mlpScorer(of, 3)],
  ];

  it.each(cases.flatMap(([name, of]) => scorers.map(([scorer, make]) => [name, scorer, of, make] as const)))(
    'are those of finite differences: %s, %s',
    (_name, _scorer, of, make) => {
      for (const given of [log, euros]) {
        const scorer = make(given);
        const loss = policyLoss(given, scorer, of(given), 0.03);
        const x = scorer.start(createRng(3)).map((start) => start + 0.4 * rng.normal());
        const gradient = new Float64Array(scorer.size);
        const spare = new Float64Array(scorer.size);
        loss.evaluate(x, gradient);
        for (let k = 0; k < scorer.size; k++) {
          const h = 1e-5;
          const at = (by: number) => loss.evaluate(x.with(k, x[k] + by), spare);
          const slope = (at(h) - at(-h)) / (2 * h);
          expect(Math.abs(gradient[k] - slope)).toBeLessThan(1e-6 * Math.max(1, Math.abs(slope)) + 1e-8);
        }
      }
    },
  );

  it('belong to values that are the estimates', () => {
    const scorer = linearScorer(log);
    const x = scorer.start(createRng(1)).map(() => 0.3 * rng.normal());
    const scores = new Float64Array(log.rows * ACTIONS);
    scorer.forward(x, scores);
    const chances = distributionOf(contextualPolicy('x', scorer.frozen(x), learnerPolicy()), log.contexts, log.rows);
    const w = Float64Array.from(log.taken, (a, i) => chances[i * ACTIONS + a] / log.propensities[i]);
    const value = (objective: objectives.PolicyObjective) =>
      -policyLoss(log, scorer, objective, 0).evaluate(x, new Float64Array(scorer.size));
    const mean = (of: (i: number) => number) => w.reduce((sum, _w, i) => sum + of(i), 0) / log.rows;
    const ips = mean((i) => w[i] * log.rewards[i]);
    expect(value(objectives.inversePropensity(log, { clip: Infinity }))).toBeCloseTo(ips, 12);
    const snips = ips / mean((i) => w[i]);
    expect(value(objectives.selfNormalised(log))).toBeCloseTo(snips, 12);
    const dr = mean((i) => {
      let expected = 0;
      for (let a = 0; a < ACTIONS; a++) expected += chances[i * ACTIONS + a] * all[i * ACTIONS + a];
      return expected + w[i] * (log.rewards[i] - all[i * ACTIONS + log.taken[i]]);
    });
    expect(value(objectives.doublyRobust(log, all, { clip: Infinity }))).toBeCloseTo(dr, 12);
    const variance = (log.rows / (log.rows - 1)) * mean((i) => (w[i] * log.rewards[i] - ips) ** 2);
    expect(value(objectives.counterfactualRisk(log, { clip: Infinity, penalty: 1.5 }))).toBeCloseTo(
      ips - 1.5 * Math.sqrt(variance / log.rows),
      12,
    );
    const root = Math.sqrt(mean((i) => (w[i] * (log.rewards[i] - snips)) ** 2) * log.rows);
    expect(value(objectives.normalisedRisk(log, { penalty: 1.5 }))).toBeCloseTo(
      snips - (1.5 * root) / (mean((i) => w[i]) * log.rows),
      12,
    );
    expect(selfNormalisedValue(contextualPolicy('x', scorer.frozen(x), learnerPolicy()), log)).toBeCloseTo(snips, 12);
  });
});

function learnerPolicy() {
  return { ...uniform(), card: softmaxRow };
}

function softmaxRow(scores: Float64Array, n: number, out: Float64Array): void {
  let mass = 0;
  for (let a = 0; a < n; a++) {
    out[a] = Math.exp(scores[a]);
    mass += out[a];
  }
  for (let a = 0; a < n; a++) out[a] /= mass;
}

describe('learners', () => {
  const log = quadrantLog(4000, 5);
  const learn = (id: string, options: LearnerOptions = {}, of = log) => learnerOf(id, options).learn(of, createRng(7));

  it.each(LEARNER_IDS.filter((id) => id !== 'pessimistic'))(
    '%s finds what is far better than what logged',
    async (id) => {
      const policy = await learn(id);
      // Inverse propensity scores alone stop at a local optimum.
      expect(worthOf(underPolicy(policy, greedy()))).toBeGreaterThan(LOGGED + 0.75 * (BEST - LOGGED));
      expect(policy.id).toBe(id);
      const chances = distributionOf(policy, log.contexts, log.rows);
      for (let i = 0; i < 50; i++) {
        const row = chances.subarray(i * ACTIONS, (i + 1) * ACTIONS);
        expect(row.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 12);
      }
    },
  );

  it.each(['classifier', 'gradient-dr', 'norm-poem'])('%s finds by a hidden layer what no line parts', async (id) => {
    // The right action of two is that of the product of the signs.
    const rng = createRng(11);
    const rows = 3000;
    const contexts = Float64Array.from({ length: 2 * rows }, () => rng.normal());
    const taken = Uint32Array.from({ length: rows }, () => rng.below(2));
    const right = (i: number) => Number(contexts[2 * i] * contexts[2 * i + 1] > 0);
    const rewards = Float64Array.from(taken, (a, i) => Number(rng.uniform() < (a === right(i) ? 0.9 : 0.1)));
    const propensities = new Float64Array(rows).fill(0.5);
    const xor: ContextualLog = { rows, actions: 2, contextWidth: 2, contexts, taken, rewards, propensities };
    const rewardModel = { rewards: { family: 'trees', form: 'perAction' as const } };
    const options = { scorer: 'mlp' as const, hidden: 8, l2: [1e-4], penalties: id === 'norm-poem' ? [1] : undefined };
    const policy = await learn(id, { ...options, ...(id === 'gradient-dr' ? rewardModel : {}) }, xor);
    const chances = distributionOf(underPolicy(policy, greedy()), contexts, rows);
    let correct = 0;
    for (let i = 0; i < rows; i++) correct += chances[2 * i + right(i)];
    expect(correct / rows).toBeGreaterThan(0.9);
  });

  it.each(LEARNER_IDS.filter((id) => id !== 'pessimistic'))(
    '%s is a function of log and seed, to the bit',
    async (id) => {
      const small = quadrantLog(400, 6);
      const once = async (rng: Rng) => distributionOf(await learnerOf(id).learn(small, rng), small.contexts, 400);
      expect(await once(createRng(1))).toEqual(await once(createRng(1)));
    },
  );

  it('stop when they are told to', async () => {
    const stop = new AbortController();
    stop.abort(new Error('enough'));
    await expect(learnerOf('poem').learn(log, createRng(1), { signal: stop.signal })).rejects.toThrow('enough');
    await expect(learnerOf('dr').learn(log, createRng(1), { signal: stop.signal })).rejects.toThrow('enough');
  });

  it('refuse what they cannot learn from, and options that there are not', async () => {
    const bad = { ...log, propensities: log.propensities.with(3, 0) };
    for (const id of LEARNER_IDS) await expect(learn(id, {}, bad)).rejects.toThrow(/row 3 has propensity 0/);
    expect(() => learnerOf('magic')).toThrow(/there are ips, dr, classifier/);
    expect(() => learnerOf('poem', { temperature: 1 })).toThrow(/poem has no option "temperature"/);
    expect(() => gradientLearner('poem', { penalties: [-1] })).toThrow(/penalties is -1/);
  });

  it('give corrections whose mean over draws is what the reward model lacks of every action', () => {
    const draws = 4000;
    const truths = [0.2, 0.8, 0.2, 0.2];
    const model = [0.5, 0.1, 0.9, 0.3];
    const sums = new Float64Array(ACTIONS);
    for (let seed = 0; seed < draws; seed++) {
      const one = quadrantLog(1, 1000 + seed);
      // The same context in every log.
      const rewards = Float64Array.from(one.taken, (a) => truths[a]);
      const predicted = Float64Array.from(one.taken, (a) => model[a]);
      const { rewards: corrections } = pseudoResiduals({ ...one, rewards }, predicted, Infinity);
      for (let a = 0; a < ACTIONS; a++) sums[a] += (model[a] + corrections[a]) / draws;
    }
    for (let a = 0; a < ACTIONS; a++) expect(Math.abs(sums[a] - truths[a])).toBeLessThan(0.05);
  });

  it('dr keeps what its reward model knows where no straight line says it', async () => {
    // Action 1 is right beyond 1, where half of a long-tailed context is: a linear fit turns far to the right of it.
    const random = createRng(12);
    const rows = 3000;
    const contexts = Float64Array.from({ length: rows }, () => Math.exp(2 * random.normal()));
    const taken = Uint32Array.from({ length: rows }, () => random.below(2));
    const isRight = (x: number, a: number): number => Number(x > 1 === (a === 1));
    const rewards = Float64Array.from(taken, (a, i) => isRight(contexts[i], a));
    const propensities = new Float64Array(rows).fill(0.5);
    const policy = await learn('dr', {}, { rows, actions: 2, contextWidth: 1, contexts, taken, rewards, propensities });
    const fresh = Float64Array.from({ length: 1000 }, () => Math.exp(2 * random.normal()));
    const chances = distributionOf(policy, fresh, 1000);
    const worth = fresh.reduce((sum, x, i) => sum + chances[2 * i + Number(isRight(x, 1))], 0) / 1000;
    // A line alone comes to .68 of these.
    expect(worth).toBeGreaterThan(0.8);
  });

  it('POEM is surer of its value the more a standard error costs', async () => {
    const small = quadrantLog(150, 8);
    const errorOf = async (penalty: number) => {
      const policy = await learn('poem', { penalties: [penalty], l2: [1e-6] }, small);
      const chances = distributionOf(policy, small.contexts, small.rows);
      const terms = Float64Array.from(
        small.taken,
        (a, i) => (chances[i * ACTIONS + a] / small.propensities[i]) * small.rewards[i],
      );
      const mean = terms.reduce((sum, term) => sum + term, 0) / small.rows;
      return terms.reduce((sum, term) => sum + (term - mean) ** 2, 0);
    };
    const [free, dear] = [await errorOf(0), await errorOf(20)];
    expect(dear).toBeLessThan(0.8 * free);
  });
});

describe('pessimism', () => {
  const scorer = (scores: readonly number[]) => ({
    actions: ACTIONS,
    contextWidth: 2,
    scores: (_contexts: Float64Array, rows: number, out: Float64Array) => {
      for (let k = 0; k < rows * ACTIONS; k++) out[k] = scores[k % ACTIONS];
    },
  });
  const always = (action: number) =>
    contextualPolicy(
      `always ${action}`,
      scorer(Array.from({ length: ACTIONS }, (_, a) => Number(a === action))),
      greedy(),
    );

  it('prefers what is known to be good to what may be better', () => {
    // 400 rows of action 0 worth .6; 4 rows of action 3, all rewarded.
    const rows = 404;
    const taken = Uint32Array.from({ length: rows }, (_, i) => (i < 400 ? 0 : 3));
    const rewards = Float64Array.from({ length: rows }, (_, i) => Number(i >= 400 || i % 5 < 3));
    const propensities = Float64Array.from(taken, (a) => (a === 0 ? 0.99 : 0.01));
    const contexts = new Float64Array(2 * rows);
    const log: ContextualLog = { rows, actions: ACTIONS, contextWidth: 2, contexts, taken, rewards, propensities };
    for (const bound of ['student-t', 'bernstein'] as const) {
      const { best, judged } = selectPessimistically([always(3), always(0)], log, { bound });
      expect(judged[0].value).toBeGreaterThan(judged[1].value);
      expect(best).toBe(1);
    }
    expect(() => selectPessimistically([], log)).toThrow(/no candidate/);
  });

  it('takes a listener for one observation', () => {
    const log = quadrantLog(300, 9);
    const together = { ...log, listeners: Uint32Array.from({ length: 300 }, (_, i) => i % 10) };
    const of = (one: ContextualLog) => selectPessimistically([always(0)], one).judged[0];
    expect(of(together).value).toBeCloseTo(of(log).value, 12);
    expect(of(together).lowerBound).not.toBeCloseTo(of(log).lowerBound, 3);
  });

  it('has bounds that hold as often as they say', () => {
    let above = 0;
    for (let seed = 0; seed < 400; seed++) {
      const { judged } = selectPessimistically([always(2), always(1)], quadrantLog(400, 2000 + seed), { delta: 0.1 });
      if (judged.some(({ lowerBound }) => lowerBound > LOGGED)) above++;
    }
    expect(above / 400).toBeLessThan(0.13);
  });

  it('names the candidate that it took', async () => {
    const bad = { ...learnerOf('ips'), id: 'bad', learn: async () => always(3) };
    const policy = await pessimisticLearner([bad, learnerOf('classifier')]).learn(quadrantLog(2000, 4), createRng(1));
    expect(policy.chosen).toMatchObject({ candidate: 'classifier' });
    expect(policy.chosen['lowerBound']).toBeGreaterThan(LOGGED);
  });
});
