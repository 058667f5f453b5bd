import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import { BettingMartingale, CapitalLower, HedgedSequence } from './betting.ts';
import { doublyRobustOutcomes, type ModelledDecision, OffPolicySequence } from './off-policy.ts';
import { EmpiricalBernsteinLower, EmpiricalBernsteinSequence, HoeffdingSequence } from './predictable-mixture.ts';

const unit = fc.double({ min: 0, max: 1, noNaN: true });
const series = fc.array(unit, { minLength: 1, maxLength: 60 });

describe('confidence sequences of a bounded mean', () => {
  const kinds = [
    ['empirical Bernstein', (running: boolean) => new EmpiricalBernsteinSequence({ running })],
    ['Hoeffding', (running: boolean) => new HoeffdingSequence({ running })],
    ['hedged', (running: boolean) => new HedgedSequence({ running, breaks: 100 })],
  ] as const;

  it.each(kinds)('%s stays in [0, 1], and keeps the bounds that it reached', (_, make) => {
    fc.assert(
      fc.property(series, (x) => {
        const kept = make(true);
        let [lower, upper] = [0, 1];
        for (const value of x) {
          const now = kept.add(value);
          expect(now.lower).toBeGreaterThanOrEqual(lower);
          expect(now.upper).toBeLessThanOrEqual(upper);
          expect(now.lower).toBeLessThanOrEqual(now.upper);
          ({ lower, upper } = now);
        }
      }),
    );
  });

  it.each(kinds)('%s mirrors when observations are mirrored', (_, make) => {
    fc.assert(
      fc.property(series, (x) => {
        const [plain, mirrored] = [make(false), make(false)];
        for (const value of x) {
          const a = plain.add(value);
          const b = mirrored.add(1 - value);
          expect(a.lower).toBeCloseTo(1 - b.upper, 8);
          expect(a.upper).toBeCloseTo(1 - b.lower, 8);
        }
      }),
    );
  });

  it.each(kinds)('%s says that a mean has moved, and then stands still', (_, make) => {
    const sequence = make(true);
    for (let i = 0; i < 400; i++) sequence.add(0);
    expect(sequence.contradicted).toBe(false);
    let last = { lower: 0, upper: 1 };
    for (let i = 0; i < 4000; i++) last = sequence.add(1);
    expect(sequence.contradicted).toBe(true);
    expect(last.upper).toBeLessThan(0.1);
    expect(last.lower).toBeLessThanOrEqual(last.upper);
  });

  it.each(kinds)('%s refuses observations outside [0, 1]', (_, make) => {
    for (const x of [-0.1, 1.1, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => make(true).add(x)).toThrow(/outside the range/);
    }
  });

  it('excludes by the hedged capital exactly the means whose martingale grew rich', () => {
    fc.assert(
      fc.property(series, (x) => {
        const breaks = 20;
        const sequence = new HedgedSequence({ alpha: 0.2, breaks, running: false });
        const martingales = Array.from(
          { length: breaks + 1 },
          (_, i) => new BettingMartingale(i / breaks, { alpha: 0.2 }),
        );
        for (const value of x) {
          const bounds = sequence.add(value);
          const standing = martingales.flatMap((m, i) => (m.add(value) <= 5 ? [i] : []));
          const [first, last] = standing.length > 0 ? [standing[0], standing.at(-1)!] : [0, breaks];
          expect(bounds.lower).toBeCloseTo(Math.max(0, (first - 1) / breaks), 12);
          expect(bounds.upper).toBeCloseTo(Math.min(1, (last + 1) / breaks), 12);
        }
      }),
    );
  });

  it('refuses options that no sequence can have', () => {
    expect(() => new HedgedSequence({ alpha: 0 })).toThrow(/option is not valid/);
    expect(() => new HedgedSequence({ share: 1 })).toThrow(/option is not valid/);
    expect(() => new EmpiricalBernsteinSequence({ truncation: 1 })).toThrow(/option is not valid/);
    expect(() => new OffPolicySequence({ depth: -1 })).toThrow(/option is not valid/);
    expect(() => new OffPolicySequence({ method: 'other' as never })).toThrow(/option is not valid/);
  });
});

const distribution = (n: number) =>
  fc.array(fc.double({ min: 0.02, max: 1, noNaN: true }), { minLength: n, maxLength: n }).map((raw) => {
    const total = raw.reduce((a, b) => a + b, 0);
    return raw.map((p) => p / total);
  });
const decisions = fc.integer({ min: 2, max: 5 }).chain((n) =>
  fc.record({
    target: distribution(n),
    logging: distribution(n),
    predicted: fc.array(unit, { minLength: n, maxLength: n }),
    rewards: fc.array(unit, { minLength: n, maxLength: n }),
    depth: fc.constantFrom(0, 0.3, 1, 4),
  }),
);

describe('off-policy sequences', () => {
  it('has doubly robust outcomes of mean v and 1 - v, none below -k, whatever the model says', () => {
    fc.assert(
      fc.property(decisions, ({ target, logging, predicted, rewards, depth }) => {
        const value = target.reduce((sum, p, a) => sum + p * rewards[a], 0);
        let [lower, upper] = [0, 0];
        for (let action = 0; action < target.length; action++) {
          const of: ModelledDecision = { action, reward: rewards[action], target, logging, predicted };
          const outcomes = doublyRobustOutcomes(of, depth);
          expect(Math.min(outcomes.lower, outcomes.upper)).toBeGreaterThanOrEqual(-depth);
          lower += logging[action] * outcomes.lower;
          upper += logging[action] * outcomes.upper;
        }
        expect(lower).toBeCloseTo(value, 10);
        expect(upper).toBeCloseTo(1 - value, 10);
      }),
    );
  });

  it('without a model is plain inverse propensity', () => {
    fc.assert(
      fc.property(decisions, ({ target, logging, predicted, rewards }) => {
        const outcomes = doublyRobustOutcomes({ action: 0, reward: rewards[0], target, logging, predicted }, 0);
        const weight = target[0] / logging[0];
        expect(outcomes.lower).toBeCloseTo(weight * rewards[0], 10);
        expect(outcomes.upper).toBeCloseTo(weight * (1 - rewards[0]), 10);
      }),
    );
  });

  it('has the empirical Bernstein bounds of w r and w (1 - r)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.double({ min: 0, max: 50, noNaN: true }), unit), { minLength: 1, maxLength: 50 }),
        (log) => {
          const sequence = new OffPolicySequence({ method: 'bernstein', running: false });
          const below = new EmpiricalBernsteinLower({ alpha: 0.025, running: false });
          const above = new EmpiricalBernsteinLower({ alpha: 0.025, running: false });
          for (const [w, r] of log) {
            const bounds = sequence.add(w, r);
            expect(bounds.lower).toBeCloseTo(Math.min(1, below.add(w * r)), 9);
            expect(bounds.upper).toBeCloseTo(Math.max(0, 1 - above.add(w * (1 - r))), 9);
          }
        },
      ),
    );
  });

  it('has the lower capital bound of a naive search over means', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1, max: 30, noNaN: true }), { minLength: 1, maxLength: 40 }), (x) => {
        const sequence = new CapitalLower({ alpha: 0.3, breaks: 10, depth: 1, running: false });
        const capital = new Array<number>(11).fill(1);
        const [sums, n] = [{ x: 0.5, v: 0.25 }, { seen: 1 }];
        for (const value of x) {
          const bet = Math.sqrt((2 * Math.log(1 / 0.3)) / ((sums.v / n.seen) * n.seen * Math.log(1 + n.seen)));
          for (let i = 0; i <= 10; i++) capital[i] *= 1 + Math.min(bet, 0.5 / (1 + i / 10)) * (value - i / 10);
          sums.x += value;
          n.seen++;
          sums.v += (value - Math.max(0, Math.min(1, sums.x / n.seen))) ** 2;
          const first = capital.findIndex((c) => c <= 1 / 0.3);
          expect(sequence.add(value)).toBeCloseTo(Math.max(0, ((first < 0 ? 11 : first) - 1) / 10), 12);
        }
      }),
    );
  });

  it.each(['betting', 'bernstein'] as const)('covers the truth at every time and narrows (%s)', (method) => {
    const rng = createRng(11);
    const [target, logging, means] = [
      [0.7, 0.2, 0.1],
      [0.1, 0.3, 0.6],
      [0.6, 0.3, 0.2],
    ];
    const value = target.reduce((sum, p, a) => sum + p * means[a], 0);
    const draw = (): number => {
      const u = rng.uniform();
      return u < logging[0] ? 0 : u < logging[0] + logging[1] ? 1 : 2;
    };
    const widths = { plain: 0, robust: 0 };
    let missed = 0;
    for (let replicate = 0; replicate < 40; replicate++) {
      const plain = new OffPolicySequence({ method, breaks: 200 });
      const robust = new OffPolicySequence({ method, breaks: 200, depth: 1 });
      for (let t = 0; t < 2000; t++) {
        const action = draw();
        const reward = rng.uniform() < means[action] ? 1 : 0;
        plain.add(target[action] / logging[action], reward);
        robust.addOutcomes(doublyRobustOutcomes({ action, reward, target, logging, predicted: means }, 1));
      }
      for (const { bounds } of [plain, robust]) if (!(bounds.lower <= value && value <= bounds.upper)) missed++;
      widths.plain += (plain.bounds.upper - plain.bounds.lower) / 40;
      widths.robust += (robust.bounds.upper - robust.bounds.lower) / 40;
    }
    expect(missed).toBeLessThanOrEqual(4);
    expect(widths.plain).toBeLessThan(0.5);
    expect(widths.robust).toBeLessThan(0.7 * widths.plain);
  });

  it('bets alike on means that are followed and on all, and says that a value has moved', () => {
    const rng = createRng(13);
    const sequence = new OffPolicySequence({ breaks: 50 });
    const below = new CapitalLower({ alpha: 0.025, breaks: 50 });
    const above = new CapitalLower({ alpha: 0.025, breaks: 50 });
    for (let t = 0; t < 3000; t++) {
      const [weight, reward] = [rng.uniform() < 0.25 ? 4 : 0, rng.uniform() < 0.3 ? 1 : 0];
      const bounds = sequence.add(weight, reward);
      expect(bounds.lower).toBeCloseTo(below.add(weight * reward), 12);
      expect(bounds.upper).toBeCloseTo(1 - above.add(weight * (1 - reward)), 12);
    }
    expect(sequence.contradicted).toBe(false);
    for (let t = 0; t < 5000; t++) sequence.add(1, 1);
    expect(sequence.contradicted).toBe(true);
  });

  it('refuses weights and rewards that its promise does not cover', () => {
    const sequence = new OffPolicySequence();
    expect(() => sequence.add(-1, 0)).toThrow(/outside the range/);
    expect(() => sequence.add(Number.POSITIVE_INFINITY, 0)).toThrow(/outside the range/);
    expect(() => sequence.add(1, 1.5)).toThrow(/outside the range/);
    expect(() => sequence.addOutcomes({ lower: -0.1, upper: 0 })).toThrow(/outside the range/);
    expect(() => doublyRobustOutcomes({ action: 0, reward: 0, target: [1], logging: [0], predicted: [0] }, 0)).toThrow(
      /propensity 0/,
    );
  });
});
