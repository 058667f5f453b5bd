import { describe, expect, it } from 'vitest';
import { createRng } from '../base/index.ts';
import { type ComparedRows, Comparison } from './compare.ts';
import { settingOf } from './estimators/index.ts';
import { evaluate } from './evaluate.ts';
import { type EvaluationRows, evaluationRows, sourceOf } from './rows.ts';

const LISTENERS = 300;
/** Of an action, by chance of the log and of two policies: each decision is of one row here. */
const LOGGED = [0.5, 0.3, 0.2];
const POLICIES = [LOGGED, [0.2, 0.3, 0.5], [0.1, 0.1, 0.8]];
const REWARDS = [0.1, 0.2, 0.4];

function chunks(decisions: number, seed: number, rungs = 1): ComparedRows[] {
  const rng = createRng(seed);
  const list: ComparedRows[] = [];
  for (let first = 0; first < decisions; first += 250) {
    const count = Math.min(250, decisions - first);
    const actions = Array.from({ length: count }, () => {
      const u = rng.uniform();
      return u < 0.5 ? 0 : u < 0.8 ? 1 : 2;
    });
    const rewards = Float64Array.from(actions, (a) => Number(rng.uniform() < REWARDS[a]));
    const listenerOf = Uint32Array.from({ length: count }, () => rng.below(LISTENERS));
    const policies = POLICIES.map((policy) =>
      Array.from({ length: rungs }, (_, rung): EvaluationRows => {
        const weights = Float64Array.from(actions, (a) => (rung === 0 ? policy[a] / LOGGED[a] : 1));
        return evaluationRows({ weights, rewards, listenerOf });
      }),
    );
    const halves = [0, 1].map((side) => Uint32Array.from(actions.keys()).filter((d) => listenerOf[d] % 2 === side));
    list.push({
      decisions: count,
      listenerOf,
      served: rewards,
      slices: halves,
      policies,
      isCard: new Uint8Array(count).fill(1),
    });
  }
  return list;
}

const options = {
  policies: 3,
  rungs: 1,
  setting: settingOf('ipw'),
  served: 0,
  baseline: 1,
  level: 0.95,
  resamples: 400,
  seed: 1,
};
const expectedOf = (policy: readonly number[]): number => policy.reduce((sum, p, a) => sum + p * REWARDS[a], 0);

function compared(list: readonly ComparedRows[], given: Partial<typeof options> = {}): Comparison {
  const comparison = new Comparison({ ...options, ...given });
  for (const chunk of list) comparison.add(chunk);
  return comparison;
}

describe('policies on the same decisions', () => {
  it('have the values and intervals that they have alone', async () => {
    const list = chunks(3000, 5);
    for (const estimator of ['ipw', 'snipw']) {
      const all = compared(list, { setting: settingOf(estimator) }).all();
      for (const policy of POLICIES.keys()) {
        const alone = await evaluate(sourceOf(...list.map(({ policies }) => policies[policy][0])), {
          estimators: [estimator],
          tune: [],
          interval: 'normal',
        });
        const { value, normal } = all?.policies[policy].value ?? { value: 0, normal: { lower: 0, upper: 0 } };
        expect(value).toBeCloseTo(alone.estimates[estimator].value, 12);
        expect(normal.lower).toBeCloseTo(alone.estimates[estimator].interval.lower, 10);
        expect(normal.upper).toBeCloseTo(alone.estimates[estimator].interval.upper, 10);
        expect(all?.policies[policy].weights.essShare).toBeCloseTo(alone.weights.effectiveRows / 3000, 10);
      }
    }
  });

  it('have the values that they have alone where listeners share groups, and controls are fitted on these', async () => {
    const count = 140_000;
    const rng = createRng(6);
    const column = (of: () => number) => Float64Array.from({ length: count }, of);
    const weights = column(() => 2 * rng.uniform());
    const rewards = column(() => Number(rng.uniform() < 0.3));
    const control = Float64Array.from(weights, (w) => 0.3 * (1 - w) + rng.uniform() - 0.5);
    const model = { predicted: column(() => 0.2), expected: column(() => 0.2) };
    const rows = evaluationRows({ weights, rewards, control, model });
    const comparison = new Comparison({ ...options, policies: 1, baseline: 0, setting: settingOf('dr'), resamples: 2 });
    comparison.add({
      decisions: count,
      listenerOf: rows.listenerOf,
      served: rewards,
      slices: [],
      policies: [[rows]],
      isCard: new Uint8Array(count).fill(1),
      controls: [[control]],
    });
    const alone = await evaluate(sourceOf(rows), { estimators: ['dr'], tune: [], interval: 'normal' });
    const value = comparison.all()?.policies[0].value.value ?? Number.NaN;
    expect(Math.abs(value - alone.estimates['dr'].value)).toBeLessThan(1e-12);
  });

  it('are told apart by paired intervals, narrower than those of either', () => {
    const all = compared(chunks(4000, 9)).all();
    const [served, , bold] = all?.policies ?? [];
    expect(served.overServed.difference.value).toBe(0);
    expect(served.value.value).toBe(all?.served.value);
    const { difference, lift } = bold.overBaseline;
    expect(difference.value).toBeGreaterThan(0);
    expect(difference.standardError).toBeLessThan(bold.value.standardError);
    expect(lift?.value).toBeCloseTo(bold.value.value / (all?.policies[1].value.value ?? 1) - 1, 12);
  });

  it('cover the truth as often as they say, differences too', () => {
    let [values, differences] = [0, 0];
    const times = 200;
    for (let seed = 0; seed < times; seed++) {
      const bold = compared(chunks(1000, 100 + seed), { resamples: 50 }).all()?.policies[2];
      const covers = ({ normal }: { normal: { lower: number; upper: number } }, truth: number) =>
        Number(normal.lower <= truth && truth <= normal.upper);
      if (bold === undefined) continue;
      values += covers(bold.value, expectedOf(POLICIES[2]));
      differences += covers(bold.overServed.difference, expectedOf(POLICIES[2]) - expectedOf(LOGGED));
    }
    expect(values / times).toBeGreaterThan(0.91);
    expect(differences / times).toBeGreaterThan(0.91);
  });

  it('add up over slices', () => {
    const comparison = compared(chunks(2000, 3));
    const parts = [comparison.slice(0), comparison.slice(1)];
    const all = comparison.all();
    const sum = (of: (part: NonNullable<(typeof parts)[number]>) => number) =>
      parts.reduce((total, part) => total + (part === undefined ? 0 : of(part)), 0);
    expect(sum(({ decisions }) => decisions)).toBe(2000);
    expect(sum(({ listeners }) => listeners)).toBe(all?.listeners);
    for (const policy of POLICIES.keys()) {
      const total = sum(({ decisions, policies }) => decisions * policies[policy].value.value);
      expect(total / 2000).toBeCloseTo(all?.policies[policy].value.value ?? 0, 12);
    }
    expect(comparison.slice(2)).toBeUndefined();
  });

  it('take the narrowest rung that the widest does not contradict', () => {
    // The second rung takes every weight for 1: seen to be wrong where there are many, taken where there are few.
    const many = compared(chunks(20_000, 4, 2), { rungs: 2 }).all();
    expect(many?.policies.map(({ rung }) => rung)).toEqual([0, 0, 0]);
    expect(many?.policies[2].value.value).toBeCloseTo(expectedOf(POLICIES[2]), 1);
    const few = compared(chunks(40, 4, 2), { rungs: 2 }).all();
    expect(few?.policies[2].rung).toBe(1);
  });

  it('has nothing to say of no decisions', () => {
    expect(compared([]).all()).toBeUndefined();
  });
});
