import { describe, expect, test } from 'vitest';
import { createRng } from '../../base/index.ts';
import { createBatch } from '../../features/index.ts';
import { plainEncoder } from '../../testing/index.ts';
import type { Examples } from '../contract.ts';
import { groupByQuery, rankingGradients, rankingLoss } from './ranking.ts';
import { treesModel } from './trees.ts';

const encoder = plainEncoder(4, 0);

/** Queries of 8 rows. What a query is like shifts all its labels: only differences within it can be learnt. */
function queriesOf(count: number, seed: number): Examples & { readonly queries: Uint32Array } {
  const rng = createRng(seed);
  const rows = 8 * count;
  const batch = createBatch(encoder, rows);
  const labels = new Float32Array(rows);
  for (let i = 0; i < batch.dense.length; i++) batch.dense[i] = rng.normal();
  for (let r = 0; r < rows; r++) {
    const x = batch.dense.subarray(4 * r, 4 * r + 4);
    const quality = x[0] + (x[1] > 0 ? 1 : -1) * x[2] + 0.5 * rng.normal();
    labels[r] = quality > 2 ? 1 : quality > 0.7 ? 0.5 : 0;
  }
  // Rows of one query are scattered.
  return {
    batch,
    labels,
    weights: new Float32Array(rows).fill(1),
    rows,
    queries: Uint32Array.from({ length: rows }, (_, r) => r % count),
  };
}

describe.each(['pairwise', 'lambdaMart'] as const)('the objective %s', (objective) => {
  test('has for its gradients the slopes of the pairs, by finite differences', () => {
    const { labels, queries, rows } = queriesOf(3, 1);
    const rng = createRng(2);
    const weights = Float32Array.from({ length: rows }, () => 0.5 + rng.uniform());
    const margins = Float64Array.from({ length: rows }, () => rng.normal());
    const grouped = groupByQuery(
      queries,
      Uint32Array.from({ length: rows }, (_, r) => r),
    );
    const gradients = new Float32Array(2 * rows);
    const [largestG] = rankingGradients(grouped, 0, { margins, labels, weights, gradients }, objective, 5);
    expect(largestG).toBeCloseTo(Math.max(...Array.from({ length: rows }, (_, r) => Math.abs(gradients[2 * r]))), 5);
    // The definition, by pairs, with ranks and swaps held as they are.
    const byRank = (query: number): number[] =>
      Array.from({ length: rows }, (_, r) => r)
        .filter((r) => queries[r] === query)
        .sort((a, b) => margins[b] - margins[a]);
    const discount = (rank: number): number => (rank < 5 ? 1 / Math.log2(rank + 2) : 0);
    const loss = (scores: Float64Array): number => {
      let sum = 0;
      for (let query = 0; query < 3; query++) {
        const ranked = byRank(query);
        const ideal = ranked
          .map((r) => labels[r])
          .sort((a, b) => b - a)
          .reduce((gain, label, rank) => gain + label * discount(rank), 0);
        for (const [i, r] of ranked.entries()) {
          for (const [j, s] of ranked.entries()) {
            if (labels[r] <= labels[s]) continue;
            const swap = Math.abs((labels[r] - labels[s]) * (discount(i) - discount(j))) / ideal;
            const weight = weights[r] * weights[s] * (objective === 'pairwise' ? 1 : swap);
            sum += weight * Math.log1p(Math.exp(scores[s] - scores[r]));
          }
        }
      }
      return sum;
    };
    for (let r = 0; r < rows; r++) {
      const step = 1e-5;
      const [above, below] = [margins.slice(), margins.slice()];
      above[r] += step;
      below[r] -= step;
      expect(gradients[2 * r]).toBeCloseTo((loss(above) - loss(below)) / (2 * step), 4);
      expect(gradients[2 * r + 1]).toBeGreaterThanOrEqual(0);
    }
  });

  test('learns to rank rows of queries that it has not seen', async () => {
    const train = queriesOf(400, 3);
    const held = queriesOf(200, 4);
    const model = treesModel.fresh(encoder, { objective, trees: 40, maxDepth: 4, truncation: 5 });
    expect(model.scale).toBe('rank');
    const report = await model.fit(train, {
      rng: createRng(1),
      queries: train.queries,
      validation: held,
      validationQueries: held.queries,
      threads: 2,
    });
    const margins = new Float64Array(held.rows);
    model.predict(held.batch, held.rows, margins);
    const grouped = groupByQuery(
      held.queries,
      Uint32Array.from(margins, (_, r) => r),
    );
    const lossAt = (scores: Float64Array): number =>
      rankingLoss(grouped, { margins: scores, labels: held.labels, weights: held.weights }, 'lambdaMart', 5);
    const rng = createRng(5);
    expect(lossAt(margins)).toBeLessThan(0.4 * lossAt(margins.map(() => rng.uniform())));
    expect(report.validationLoss).toBeCloseTo(
      rankingLoss(grouped, { margins, labels: held.labels, weights: held.weights }, objective, 5),
      9,
    );
  });

  test('is not judged by the order in which rows stand: the best may come first', async () => {
    const train = queriesOf(100, 7);
    const held = queriesOf(50, 8);
    const bestFirst = Uint32Array.from({ length: held.rows }, (_, r) => r).sort(
      (a, b) => held.labels[b] - held.labels[a],
    );
    const sorted = createBatch(encoder, held.rows);
    bestFirst.forEach((r, i) => {
      sorted.dense.set(held.batch.dense.subarray(4 * r, 4 * r + 4), 4 * i);
    });
    const validation: Examples = {
      ...held,
      batch: sorted,
      labels: Float32Array.from(bestFirst, (r) => held.labels[r]),
    };
    const validationQueries = Uint32Array.from(bestFirst, (r) => held.queries[r]);
    const model = treesModel.fresh(encoder, { objective, trees: 5, maxDepth: 3, truncation: 5 });
    const options = { queries: train.queries, rng: createRng(1) };
    const report = await model.fit(train, { ...options, validation, validationQueries });
    expect(report.passes).toBe(5);
  });

  test('wants to know the queries', async () => {
    const model = treesModel.fresh(encoder, { objective });
    await expect(model.fit(queriesOf(5, 6), { rng: createRng(1) })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
  });
});
