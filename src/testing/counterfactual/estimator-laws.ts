/**
 * Laws that every off-policy estimator must keep. They need no test framework: each law throws when it is broken.
 *
 *     for (const law of estimatorLaws({ setting: { estimator, lambda: 3 }, unbiased: false })) test(law.name, law.run);
 */
import { strictEqual as equal, ok } from 'node:assert';
import { createRng, type Rng } from '../../base/index.ts';
import {
  type EstimatorSetting,
  type EvaluationRows,
  estimatesOf,
  evaluationRows,
  sourceOf,
} from '../../counterfactual/index.ts';
import type { Law } from '../store/law.ts';

export interface EstimatorSubject {
  readonly setting: EstimatorSetting;
  /** Is the estimate, over all that a log could be, the policy's value, whatever the reward model says? Ratios are up to O(1/n). */
  readonly unbiased: boolean;
}

/** Weights that have broken estimators before. */
const HARD_WEIGHTS = [0, 5e-324, 1e-12, 0.5, 1, 3, 1e6, 1e150, 1e300];

export function estimatorLaws(subject: EstimatorSubject): readonly Law[] {
  const { setting, unbiased } = subject;
  const { estimator, lambda } = setting;
  const estimateOf = async (...chunks: EvaluationRows[]): Promise<number> =>
    (await estimatesOf(sourceOf(...chunks.map(asItsOwn)), [setting]))[0];
  /** The log's model under the name that the estimator reads; under all others one that is far off. */
  const asItsOwn = (chunk: EvaluationRows): EvaluationRows => {
    const { model } = chunk;
    if (model === undefined) return chunk;
    const off = (column: Float64Array): Float64Array => column.map((value) => 1000 - 7 * value);
    const others = { predicted: off(model.predicted), expected: off(model.expected) };
    const { nuisance = 'model' } = estimator;
    const all = { model: others, crossFitted: others, mrdr: others, [nuisance]: model };
    return { ...chunk, model: all.model, nuisances: { crossFitted: all.crossFitted, mrdr: all.mrdr } };
  };
  const shrunk = (weights: Float64Array, matches: Uint8Array): Float64Array => {
    const out = new Float64Array(weights.length);
    estimator.transform(weights, matches, weights.length, lambda, out);
    return out;
  };
  const laws: Law[] = [
    {
      name: 'weights stay finite and at or above 0, and what the policy never does counts nothing',
      async run() {
        const weights = Float64Array.from(HARD_WEIGHTS);
        for (const match of [0, 1]) {
          const out = shrunk(weights, new Uint8Array(weights.length).fill(match));
          for (const weight of out) ok(weight >= 0 && Number.isFinite(weight), `w̃ = ${weight}`);
        }
        equal(shrunk(Float64Array.of(0), Uint8Array.of(0))[0], 0);
      },
    },
    {
      name: 'writes what it was asked for and nothing else',
      async run() {
        const weights = Float64Array.of(0.5, 2, 7);
        const matches = Uint8Array.of(0, 1, 1);
        const out = Float64Array.of(-1, -1, -1);
        estimator.transform(weights, matches, 2, lambda, out);
        equal(out[2], -1);
        ok(out[0] >= 0 && out[1] >= 0);
        equal(weights.join(), '0.5,2,7');
        equal(matches.join(), '0,1,1');
      },
    },
    {
      name: 'is the same to the bit, however the log is cut into chunks',
      async run() {
        const log = randomLog(createRng(1), 400);
        const whole = await estimateOf(log);
        for (const size of [1, 7, 399]) equal(await estimateOf(...cut(log, size)), whole);
      },
    },
    {
      name: 'does not depend on the order of decisions',
      async run() {
        const rng = createRng(2);
        const log = randomLog(rng, 300);
        const pieces = cut(log, 1);
        const forward = await estimateOf(...pieces);
        for (let i = pieces.length - 1; i > 0; i--) {
          const j = rng.below(i + 1);
          [pieces[i], pieces[j]] = [pieces[j], pieces[i]];
        }
        near(await estimateOf(...pieces), forward);
      },
    },
    {
      name: 'scales with the unit of the reward',
      async run() {
        const log = randomLog(createRng(3), 300);
        near(await estimateOf(scaled(log, 250, 0)), 250 * (await estimateOf(log)));
      },
    },
    {
      name: 'weights of one and an exact model give the mean of the log',
      async run() {
        const rewards = Float64Array.of(0, 1, 1, 0.25, -2);
        const ones = new Float64Array(5).fill(1);
        const matches = new Uint8Array(5).fill(1);
        const model = { predicted: rewards, expected: rewards };
        const value = await estimateOf(evaluationRows({ weights: ones, rewards, matches, model }));
        // A clip below 1 takes its share of what is not normalised.
        const share = estimator.usesModel || estimator.normalises !== 'none' ? 1 : shrunk(ones, matches)[0];
        near(value, 0.05 * share);
      },
    },
    {
      name: 'an empty log has no value, and one row is a log',
      async run() {
        ok(Number.isNaN(await estimateOf()));
        const none = new Float64Array(0);
        ok(
          Number.isNaN(
            await estimateOf(
              evaluationRows({ weights: none, rewards: none, model: { predicted: none, expected: none } }),
            ),
          ),
        );
        const one = Float64Array.of(1);
        ok(
          Number.isFinite(
            await estimateOf(evaluationRows({ weights: one, rewards: one, model: { predicted: one, expected: one } })),
          ),
        );
      },
    },
    {
      name: 'weights of 0 throughout are no error',
      async run() {
        const rewards = Float64Array.of(1, 0, 1);
        const zeros = new Float64Array(3);
        const log = evaluationRows({ weights: zeros, rewards, model: { predicted: zeros, expected: zeros } });
        equal(await estimateOf(log), 0);
      },
    },
  ];
  if (estimator.normalises === 'all' && !estimator.usesModel) {
    laws.push({
      name: 'moves with the rewards: a constant added to them is added to the estimate',
      async run() {
        const log = plainLog(createRng(4), 300);
        near(await estimateOf(scaled(log, 1, 10)), 10 + (await estimateOf(log)));
      },
    });
  }
  if (unbiased) {
    laws.push({
      name: 'is the value of the policy on a log that is just as its probabilities say, whatever the model',
      async run() {
        for (const error of [0, 0.7]) {
          const { log, truth } = exactLog(error);
          near(await estimateOf(log), truth, 1e-9);
        }
      },
    });
  } else if (estimator.usesModel) {
    laws.push({
      name: 'is the value of the policy where the model is exact',
      async run() {
        const { log, truth } = exactLog(0);
        near(await estimateOf(log), truth, 1e-9);
      },
    });
  }
  return laws;
}

function near(got: number, wanted: number, tolerance = 1e-11): void {
  ok(Math.abs(got - wanted) <= tolerance * Math.max(1, Math.abs(wanted)), `${got} is not ${wanted}`);
}

/** Decisions of one to four rows. */
function randomLog(rng: Rng, decisions: number): EvaluationRows {
  const lengths = Array.from({ length: decisions }, () => 1 + rng.below(4));
  return fill(rng, lengths);
}

/** Decisions of one row. */
function plainLog(rng: Rng, decisions: number): EvaluationRows {
  return fill(rng, new Array<number>(decisions).fill(1));
}

function fill(rng: Rng, lengths: readonly number[]): EvaluationRows {
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  const column = (draw: () => number) => Float64Array.from({ length: rows }, draw);
  return evaluationRows({
    weights: column(() => rng.exponential() ** 2),
    rewards: column(() => rng.below(2)),
    matches: Uint8Array.from({ length: rows }, () => rng.below(2)),
    decisionOf: Uint32Array.from(lengths.flatMap((length, decision) => new Array<number>(length).fill(decision))),
    positionOf: Uint16Array.from(lengths.flatMap((length) => Array.from({ length }, (_, position) => position))),
    listenerOf: Uint32Array.from(lengths, () => rng.below(50)),
    model: { predicted: column(() => rng.uniform()), expected: column(() => rng.uniform()) },
  });
}

/** Chunks of so many decisions. */
function cut(log: EvaluationRows, size: number): EvaluationRows[] {
  const chunks: EvaluationRows[] = [];
  let from = 0;
  for (let first = 0; first < log.decisions; first += size) {
    const last = Math.min(log.decisions, first + size);
    let to = from;
    while (to < log.rows && log.decisionOf[to] < last) to++;
    chunks.push(
      evaluationRows({
        weights: log.weights.slice(from, to),
        rewards: log.rewards.slice(from, to),
        matches: log.matches.slice(from, to),
        decisionOf: log.decisionOf.slice(from, to).map((decision) => decision - first),
        positionOf: log.positionOf.slice(from, to),
        listenerOf: log.listenerOf.slice(first, last),
        model: log.model && {
          predicted: log.model.predicted.slice(from, to),
          expected: log.model.expected.slice(from, to),
        },
      }),
    );
    from = to;
  }
  return chunks;
}

function scaled(log: EvaluationRows, factor: number, constant: number): EvaluationRows {
  const change = (column: Float64Array) => column.map((value) => factor * value + constant);
  const model = log.model && { predicted: change(log.model.predicted), expected: change(log.model.expected) };
  return { ...log, rewards: change(log.rewards), model };
}

/** Every row of a problem of two contexts and three actions, as often as its probability says; the model is off by `error` times the action. */
function exactLog(error: number): { log: EvaluationRows; truth: number } {
  const behaviour = [0.5, 0.3, 0.2, 0.1, 0.1, 0.8];
  const target = [0.1, 0.2, 0.7, 0.6, 0.4, 0];
  const reward = [1, 0.25, 0, 0, 2, 1];
  const share = [0.4, 0.6];
  const columns = {
    weights: [] as number[],
    rewards: [] as number[],
    predicted: [] as number[],
    expected: [] as number[],
  };
  let truth = 0;
  for (const context of [0, 1]) {
    let expected = 0;
    for (let a = 0; a < 3; a++) {
      const at = 3 * context + a;
      truth += share[context] * target[at] * reward[at];
      expected += target[at] * (reward[at] + error * a);
    }
    for (let a = 0; a < 3; a++) {
      const at = 3 * context + a;
      const copies = Math.round(100 * share[context] * behaviour[at]);
      for (let copy = 0; copy < copies; copy++) {
        columns.weights.push(target[at] / behaviour[at]);
        columns.rewards.push(reward[at]);
        columns.predicted.push(reward[at] + error * a);
        columns.expected.push(expected);
      }
    }
  }
  const log = evaluationRows({
    weights: Float64Array.from(columns.weights),
    rewards: Float64Array.from(columns.rewards),
    model: { predicted: Float64Array.from(columns.predicted), expected: Float64Array.from(columns.expected) },
  });
  return { log, truth };
}
