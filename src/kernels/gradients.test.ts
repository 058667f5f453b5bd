import { expect, test } from 'vitest';
import { createRng } from '../base/index.ts';
import { createRowBlock } from './gradients.ts';

/** A block of random rows, with random accumulators. */
function filled(width: number, count: number, seed: number) {
  const rng = createRng(seed);
  const block = createRowBlock(width, count + 3);
  for (let r = 0; r < count; r++) {
    for (let j = 0; j < width; j++) block.rows[r * block.stride + j] = rng.normal();
    block.errors[r] = rng.normal();
    block.wideErrors[r] = rng.normal();
  }
  for (let j = 0; j < width; j++) {
    block.query[j] = rng.normal();
    block.weights[j] = rng.normal();
    block.z[j] = 3 * rng.normal();
    block.roots[j] = rng.uniform();
    block.sums[j] = rng.normal();
  }
  return block;
}

test.each([1, 4, 7, 8, 50])('rows of %i columns: products and weighted sums agree with plain loops', (width) => {
  const count = 21;
  const block = filled(width, count, width);
  const { stride, rows, wideErrors, query, weights } = block;
  const before = block.sums.slice();
  block.dot(count);
  block.dotWide(count);
  block.addWeighted(count);
  for (let r = 0; r < count; r++) {
    let dot = 0;
    let wide = 0;
    for (let j = 0; j < width; j++) {
      dot += rows[r * stride + j] * query[j];
      wide += rows[r * stride + j] * weights[j];
    }
    expect(block.dots[r]).toBeCloseTo(dot, 4);
    expect(block.wideDots[r]).toBeCloseTo(wide, 12);
  }
  for (let j = 0; j < width; j++) {
    let sum = before[j];
    for (let r = 0; r < count; r++) sum += wideErrors[r] * rows[r * stride + j];
    expect(block.sums[j]).toBeCloseTo(sum, 12);
  }
  expect(block.dots.subarray(count)).toEqual(new Float32Array(3));
});

test.each([1, 7, 8, 50])(
  'rows of %i columns: squares are weighted as by a plain loop, and what was kept comes back',
  (width) => {
    const count = 19;
    const empty = createRowBlock(width, count, 2 * count);
    const kept = filled(width, count, width);
    empty.rows.set(kept.rows.subarray(0, count * kept.stride));
    empty.keep(count, count);
    empty.rows.fill(0);
    for (let i = 0; i < count; i++) {
      empty.picked[i] = count + ((7 * i) % count);
      empty.wideErrors[i] = kept.wideErrors[i];
    }
    empty.recall(count);
    empty.addWeightedSquares(count);
    for (let i = 0; i < count; i++) {
      const from = ((7 * i) % count) * kept.stride;
      expect(empty.rows.slice(i * kept.stride, (i + 1) * kept.stride)).toEqual(
        kept.rows.slice(from, from + kept.stride),
      );
    }
    for (let j = 0; j < width; j++) {
      let sum = 0;
      for (let i = 0; i < count; i++) sum += kept.wideErrors[i] * empty.rows[i * kept.stride + j] ** 2;
      expect(empty.sums[j]).toBeCloseTo(sum, 10);
    }
  },
);

test.each([
  { alpha: 0.1, beta: 1, l1: 0, l2: 1 },
  { alpha: 0.5, beta: 0, l1: 2.5, l2: 0 },
])('a step of FTRL agrees with the formula of its paper: %o', (rates) => {
  const [width, count] = [13, 16];
  const block = filled(width, count, 1);
  const { stride, rows, errors } = block;
  const [z, roots, weights] = [block.z.slice(), block.roots.slice(), block.weights.slice()];
  block.ftrlStep(count, rates);
  const { alpha, beta, l1, l2 } = rates;
  let zeros = 0;
  for (let j = 0; j < width; j++) {
    let n = roots[j] ** 2;
    let sum = 0;
    for (let r = 0; r < count; r++) {
      const g = errors[r] * rows[r * stride + j];
      n += g * g;
      sum += g;
    }
    const moved = z[j] + sum - ((Math.sqrt(n) - roots[j]) / alpha) * weights[j];
    const expected =
      Math.abs(moved) <= l1 ? 0 : -(moved - Math.sign(moved) * l1) / ((beta + Math.sqrt(n)) / alpha + l2);
    if (expected === 0) zeros++;
    expect(block.z[j]).toBeCloseTo(moved, 4);
    expect(block.roots[j]).toBeCloseTo(Math.sqrt(n), 5);
    expect(block.weights[j]).toBeCloseTo(expected, 4);
    expect(block.query[j]).toBe(Math.fround(block.weights[j]));
  }
  if (l1 > 0) expect(zeros).toBeGreaterThan(0);
});

test('a standardised column stays within a million, whatever 32 bits can hold', () => {
  const block = createRowBlock(4, 1);
  block.rows.set([3e38, -3e38, 2e6, -5]);
  block.means.set([-3e38, 1, 0, 0]);
  block.inverses.fill(4);
  block.standardise(1);
  expect([...block.rows.subarray(0, 4)]).toEqual([1e6, -1e6, 1e6, -20]);
});

test('rows are standardised in place, missing values to 0, and what pads a row stays 0', () => {
  const block = filled(5, 3, 2);
  const before = block.rows.slice();
  block.rows[2] = Number.NaN;
  for (let j = 0; j < 5; j++) {
    block.means[j] = j;
    block.inverses[j] = 1 / (1 + j);
  }
  block.standardise(3);
  for (let r = 0; r < 3; r++) {
    for (let j = 0; j < 8; j++) {
      const expected = j >= 5 || (r === 0 && j === 2) ? 0 : (before[8 * r + j] - j) / (1 + j);
      expect(block.rows[8 * r + j]).toBeCloseTo(expected, 6);
    }
  }
});
