import { describe, expect, it } from 'vitest';
import { createRng, noise, type Seed } from '../base/index.ts';
import type { FeatureBatch } from '../features/index.ts';
import type { EnsembleModel, RewardModel } from '../models/index.ts';
import { smallProblem } from './check-pages.ts';
import {
  bootstrapThompson,
  type Composition,
  createWalker,
  drawSeedOf,
  greedy,
  lackedEvidence,
  linUcb,
  ModelEvidence,
  type PageProblem,
  POLICY_VARIANTS,
  plackettLuce,
  policyOf,
  regCb,
  requireEvidence,
  type StepEvidence,
  samplePage,
  step,
  thompson,
  withSyntheticEvidence,
} from './index.ts';

const SEED: Seed = Uint32Array.of(1, 2, 3, 4);
const BATCH: FeatureBatch = { dense: new Float32Array(8), sparse: new Uint32Array(0) } as FeatureBatch;

/** Scores of row r: `base + r`; draw m of row r: a function of seed, m and r. */
function modelOf(base: number, rest: Partial<RewardModel> = {}): RewardModel {
  return {
    family: 'arithmetic',
    hash: `${base}`,
    encoderHash: '',
    bias: 0,
    predict: (_batch, rows, out) => {
      for (let r = 0; r < rows; r++) out[r] = base + r;
    },
    contributions: () => [],
    toEpoch: () => ({ kind: 'model', arrays: {}, meta: {} }),
    ...rest,
  };
}
const uncertain = modelOf(0, {
  uncertainty: {
    deviations: (_batch, rows, out) => {
      for (let r = 0; r < rows; r++) out[r] = r / 10;
    },
    draw: (_batch, rows, seed, draws, out) => {
      for (let r = 0; r < rows; r++) for (let m = 0; m < draws; m++) out[r * draws + m] = noise(seed, m, r, 0);
    },
  },
});

function ensembleOf(...members: RewardModel[]): EnsembleModel {
  return {
    ...members[0],
    family: 'ensemble',
    size: members.length,
    member: (j) => members[j],
    drawn: () => 0,
    uncertainty: { deviations: () => undefined, draw: () => undefined },
  };
}

describe('evidence of a model', () => {
  it('is asked for as the policy needs it, row by row', () => {
    const evidence = new ModelEvidence();
    evidence.read(linUcb(), uncertain, BATCH, 4, SEED);
    expect([...(evidence.of(linUcb(), 1, 2).deviations ?? [])]).toEqual([0.1, 0.2]);
    const sensitive = modelOf(0, { sensitivities: (_batch, rows, out) => out.fill(0.5, 0, rows) });
    evidence.read(regCb(), sensitive, BATCH, 4, SEED);
    expect([...(evidence.of(regCb(), 2, 2).sensitivities ?? [])]).toEqual([0.5, 0.5]);
    expect(evidence.of(greedy(), 0, 4)).toEqual({});
  });

  it('is drawn by a seed that the decision gives, and that is not its own', () => {
    const policy = thompson({ draws: 3 });
    const evidence = new ModelEvidence();
    evidence.read(policy, uncertain, BATCH, 4, SEED);
    const drawn = [...(evidence.of(policy, 1, 2).draws ?? [])];
    const seed = drawSeedOf(SEED);
    expect(drawn).toEqual([1, 2].flatMap((r) => [0, 1, 2].map((m) => noise(seed, m, r, 0))));
    expect([...seed]).not.toEqual([...SEED]);
    const seeds = Array.from({ length: 4 }, (_, word) =>
      drawSeedOf(SEED.map((x, w) => (w === word ? x + 1 : x))).join(),
    );
    expect(new Set([...seeds, seed.join()]).size).toBe(5);
  });

  it('holds every replica of an ensemble once, whatever the seed', () => {
    const ensemble = ensembleOf(modelOf(10), modelOf(20), modelOf(30));
    const policy = bootstrapThompson({ replicas: 3 });
    for (const seed of [SEED, Uint32Array.of(9, 9, 9, 9)]) {
      const evidence = new ModelEvidence();
      evidence.read(policy, ensemble, BATCH, 4, seed);
      expect([...(evidence.of(policy, 1, 2).draws ?? [])]).toEqual([11, 21, 31, 12, 22, 32]);
    }
  });

  it('that is lacking is told in words, and refused when it is configured', () => {
    expect(lackedEvidence(plackettLuce(), undefined)).toBeUndefined();
    expect(lackedEvidence(thompson(), undefined)).toMatch(/none serves/);
    expect(lackedEvidence(thompson(), uncertain)).toBeUndefined();
    expect(lackedEvidence(regCb(), uncertain)).toMatch(/regcb needs sensitivities, and the arithmetic model has none/);
    expect(lackedEvidence(bootstrapThompson(), uncertain)).toMatch(/ensemble of 10 replicas/);
    expect(lackedEvidence(bootstrapThompson(), ensembleOf(modelOf(1)))).toMatch(/has 1/);
    expect(() => requireEvidence(linUcb(), modelOf(1))).toThrow(expect.objectContaining({ code: 'POLICY_EVIDENCE' }));
  });
});

/** A policy that notes what it is shown and draws the first action. */
function noting(seen: { kind: string; evidence: StepEvidence; values: number[]; n: number }[]) {
  const write = (kind: string) => (values: Float64Array, n: number, out: Float64Array, evidence: StepEvidence) => {
    seen.push({ kind, evidence: { ...evidence, rows: evidence.rows.slice(0, n) }, values: [...values.slice(0, n)], n });
    out.fill(0, 0, n);
    out[0] = 1;
  };
  return { ...thompson({ draws: 16 }), shelf: write('shelf'), card: write('card') };
}

describe('evidence of a step', () => {
  const problem = withSyntheticEvidence(smallProblem(), SEED, 16);

  it('of cards is that of the candidates, in the order of the actions', () => {
    const seen: Parameters<typeof noting>[0] = [];
    const now = step(
      problem,
      [
        { shelf: 0, cards: [{ index: 0 }, { index: 1 }] },
        { shelf: 1, cards: [] },
      ],
      noting(seen),
    );
    expect(now.kind).toBe('card');
    const { evidence, n } = seen[seen.length - 1];
    const { deviations, draws, scores } = problem.shelves[1];
    for (let k = 0; k < n; k++) {
      expect(evidence.means[k]).toBe(scores[now.actions[k]]);
      expect(evidence.deviations[evidence.rows[k]]).toBe(deviations?.[now.actions[k]]);
      expect(evidence.draws[evidence.rows[k] * 16 + 3]).toBe(draws?.[now.actions[k] * 16 + 3]);
    }
    expect(evidence.scale).toBe(1);
  });

  it('of shelves follows from the cards that each would place, best mean first', () => {
    const seen: Parameters<typeof noting>[0] = [];
    const free: PageProblem = {
      ...problem,
      creatorCapPerRow: 9,
      creatorCapPerPage: 99,
      shelves: problem.shelves.filter((_, s) => s === 1 || s === 2),
      examinationByCard: Float64Array.of(1, 0.5),
    };
    const now = step(free, [], noting(seen));
    const { evidence } = seen[0];
    expect(evidence.scale).toBe(1.5);
    for (let k = 0; k < now.count; k++) {
      const { scores, items, deviations, sensitivities, draws, count } = free.shelves[now.actions[k]];
      if (deviations === undefined || sensitivities === undefined || draws === undefined)
        throw new Error('no evidence');
      const best = Array.from({ length: count }, (_, i) => i)
        .sort((a, b) => scores[b] - scores[a] || items[a] - items[b])
        .slice(0, 2);
      const row = evidence.rows[k];
      expect(evidence.means[k]).toBeCloseTo(scores[best[0]] + 0.5 * scores[best[1]], 14);
      expect(evidence.deviations[row]).toBeCloseTo(Math.hypot(deviations[best[0]], 0.5 * deviations[best[1]]), 14);
      expect(evidence.sensitivities[row]).toBeCloseTo(sensitivities[best[0]] + 0.5 * sensitivities[best[1]], 14);
      for (let m = 0; m < 16; m++) {
        expect(evidence.draws[row * 16 + m]).toBeCloseTo(draws[best[0] * 16 + m] + 0.5 * draws[best[1] * 16 + m], 14);
      }
    }
  });

  it('tells how much the model has learnt, where that is known', () => {
    const seen: Parameters<typeof noting>[0] = [];
    step(problem, [{ shelf: 0, cards: [{ index: 0 }, { index: 1 }] }], noting(seen));
    step({ ...problem, learned: 7 }, [{ shelf: 0, cards: [{ index: 0 }, { index: 1 }] }], noting(seen));
    expect(seen.map(({ evidence }) => evidence.learned)).toEqual([0, 7]);
  });

  it('that the problem lacks is an error, not a guess', () => {
    const code = expect.objectContaining({ code: 'POLICY_EVIDENCE' });
    for (const [id, options] of POLICY_VARIANTS) {
      const policy = policyOf(id, options);
      const draw = () => samplePage(smallProblem(), policy, SEED);
      if (policy.needs.kind === 'none') expect(draw().rows.length).toBeGreaterThan(0);
      else expect(draw).toThrow(code);
    }
    expect(() => samplePage(problem, thompson({ draws: 17 }), SEED)).toThrow(code);
  });

  it('is refused where it is no number, negative, or given to some shelves alone', () => {
    const begin = (change: Partial<PageProblem['shelves'][number]>) =>
      createWalker().begin({ ...problem, shelves: problem.shelves.map((s, i) => (i === 1 ? { ...s, ...change } : s)) });
    const bad = (value: number) => Float64Array.from({ length: 200 }, () => value);
    expect(() => begin({ deviations: bad(-1) })).toThrow(/deviations\[0\] is -1/);
    expect(() => begin({ sensitivities: bad(Number.POSITIVE_INFINITY) })).toThrow(/sensitivities\[0\]/);
    expect(() => begin({ draws: bad(Number.NaN) })).toThrow(/draws\[0\] is NaN/);
    expect(() => begin({ draws: undefined })).toThrow(/lacks draws/);
    expect(() => begin({ draws: new Float64Array(3) })).toThrow(/draws/);
  });
});

describe('the seam of compositions', () => {
  it('shows what is placed, gives the policy other values, and changes what it wrote', () => {
    const contexts: string[] = [];
    const composition: Composition = {
      rescore: ({ step: now, placedCount, placedShelves, placedCards }, values) => {
        const placed = Array.from({ length: placedCount }, (_, c) => `${placedShelves[c]}:${placedCards[c]}`);
        contexts.push(placed.join());
        for (let k = 0; k < now.count; k++) values[k] = -now.values[k];
      },
      reshape: ({ step: now }, probabilities) => {
        for (let k = 0; k < now.count; k++) probabilities[k] = 0.5 * probabilities[k] + 0.5 / now.count;
      },
    };
    const policy = { ...greedy(), composition };
    const problem = smallProblem();
    const rng = createRng(1);
    const walker = createWalker();
    for (let page = 0; page < 20; page++) {
      const seed = Uint32Array.from({ length: 4 }, () => rng.uint32());
      contexts.length = 0;
      const { rows } = samplePage(problem, policy, seed, walker);
      const cards = rows.flatMap((row) => row.cards.map(({ index }) => `${row.shelf}:${index}`));
      for (const placed of contexts) expect(cards.join()).toContain(placed);
      // A prefix that is asked for alone is answered as the walk to it was, bit for bit.
      rows.forEach((row, r) => {
        const now = step(problem, rows.slice(0, r), policy, walker);
        const { probabilities, actions, count, values } = now;
        expect(probabilities[actions.subarray(0, count).indexOf(row.shelf)]).toBe(row.propensity);
        if (count > 1 && !now.forced) {
          const worst = Math.min(...values.subarray(0, count));
          expect(probabilities[values.indexOf(worst)]).toBeGreaterThanOrEqual(0.5 / count);
        }
      });
    }
  });
});
