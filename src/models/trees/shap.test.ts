import { describe, expect, test } from 'vitest';
import { createRng } from '../../base/index.ts';
import type { FeatureBatch } from '../../features/index.ts';
import { plainEncoder, syntheticExamples } from '../../testing/index.ts';
import { TreeDecisions, type TreeEnsemble } from './ensemble.ts';
import { addContributions, expectedMargin } from './shap.ts';
import { treesModel } from './trees.ts';

/** v(S) of one ensemble: nodes that ask a feature outside of S send the row both ways, by cover. */
function gameValue(trees: TreeEnsemble, batch: FeatureBatch, row: number, known: ReadonlySet<number>): number {
  const decisions = new TreeDecisions(trees);
  let sum = 0;
  for (let tree = 0; tree + 1 < trees.starts.length; tree++) {
    const start = trees.starts[tree];
    const mean = (k: number): number => {
      const n = start + k;
      if (trees.features[n] < 0) return trees.values[n];
      const left = trees.left[n];
      if (known.has(trees.features[n])) return mean(decisions.goesLeft(n, batch, row) ? left : left + 1);
      const [l, r] = [trees.covers[start + left], trees.covers[start + left + 1]];
      return (l * mean(left) + r * mean(left + 1)) / (l + r);
    };
    sum += mean(0);
  }
  return sum;
}

const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1));

/** By the definition: over all subsets of the features. */
function shapley(trees: TreeEnsemble, batch: FeatureBatch, row: number): number[] {
  const count = trees.denseWidth + trees.sparseWidth;
  return Array.from({ length: count }, (_, feature) => {
    let phi = 0;
    for (let mask = 0; mask < 2 ** count; mask++) {
      if (mask & (1 << feature)) continue;
      const known = new Set(Array.from({ length: count }, (_unused, f) => f).filter((f) => mask & (1 << f)));
      const weight = (factorial(known.size) * factorial(count - known.size - 1)) / factorial(count);
      const without = gameValue(trees, batch, row, known);
      phi += weight * (gameValue(trees, batch, row, new Set([...known, feature])) - without);
    }
    return phi;
  });
}

describe('contributions', () => {
  test.each([
    { maxDepth: 3, trees: 4 },
    { maxDepth: 9, maxLeaves: 20, trees: 2, minChildWeight: 0 },
  ])('are the Shapley values of the definition: %o', async (options) => {
    const encoder = plainEncoder(4, 2, 64);
    const examples = syntheticExamples(encoder, 400, 3);
    const rng = createRng(4);
    for (let i = 0; i < 4 * 400; i++) if (rng.uniform() < 0.15) examples.batch.dense[i] = Number.NaN;
    const model = treesModel.fresh(encoder, options);
    await model.fit(examples, { rng });
    const { ensemble } = model;
    expect(expectedMargin(ensemble)).toBeCloseTo(gameValue(ensemble, examples.batch, 0, new Set()), 9);
    for (const row of [0, 1, 50, 399]) {
      const phi = new Float64Array(6);
      addContributions(ensemble, new TreeDecisions(ensemble), examples.batch, row, phi);
      shapley(ensemble, examples.batch, row).forEach((expected, f) => {
        expect(phi[f]).toBeCloseTo(expected, 9);
      });
    }
  });

  test('sum with the bias to the margin, also of deep trees that ask one feature again and again', async () => {
    const encoder = plainEncoder(3, 1);
    const examples = syntheticExamples(encoder, 3_000, 5);
    const model = treesModel.fresh(encoder, { objective: 'squaredError', maxDepth: 24, maxLeaves: 200, trees: 10 });
    await model.fit(examples, { rng: createRng(1) });
    const out = new Float64Array(3_000);
    model.predict(examples.batch, 3_000, out);
    for (let r = 0; r < 3_000; r += 211) {
      const sum = model.contributions(examples.batch, r).reduce((total, { contribution }) => total + contribution, 0);
      expect(model.bias + sum).toBeCloseTo(out[r], 10);
    }
  });
});
