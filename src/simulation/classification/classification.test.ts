import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import { createBatch } from '../../features/index.ts';
import { type ClassificationData, parseClassification, readClassification } from './data.ts';
import { createContextEncoder } from './encoder.ts';
import { meanInterval, regretSlope, studentQuantile95 } from './figures.ts';
import { orderOf } from './run.ts';
import { simulateClassification, simulateTable, type TableCell } from './simulate.ts';

/** Three classes that a number and a category tell, one row in ten at random. */
function toyData(rows: number): ClassificationData {
  const rng = createRng(5);
  const lines = Array.from({ length: rows }, () => {
    const height = rng.normal();
    const colour = rng.below(2);
    const truth = rng.uniform() < 0.1 ? rng.below(3) : colour === 0 ? 0 : height < 0 ? 1 : 2;
    return `${height},${['red', 'blue'][colour]},${rng.normal()},class-${truth}`;
  });
  return parseClassification(lines.join('\n'), 'toy');
}

describe('labelled rows', () => {
  it('finds header, separator, class, numbers, categories and missing values', () => {
    const data = parseClassification('size\tcolour\tkind\n1.5\tred\ta\n?\tblue\tb\n2\t\ta\n3\tred\tb\n', 'x');
    expect(data.label).toEqual({ name: 'kind', guessed: true });
    expect(data.classes).toEqual(['a', 'b']);
    expect([...data.labels]).toEqual([0, 1, 0, 1]);
    const [size, colour] = data.columns;
    expect(size).toMatchObject({ kind: 'numeric', name: 'size' });
    expect(size.kind === 'numeric' && [...size.amounts]).toEqual([1.5, Number.NaN, 2, 3]);
    expect(colour).toMatchObject({ kind: 'category', categories: ['blue', 'red'] });
    expect(colour.kind === 'category' && [...colour.codes]).toEqual([2, 1, 0, 2]);
  });

  it('takes the class from the column that is named', () => {
    const text = 'a,1,x\nb,2,y\na,3,x\n';
    for (const [label, name] of [
      ['first', 'column 1'],
      ['last', 'column 3'],
      ['2', 'column 2'],
    ]) {
      expect(parseClassification(text, 'x', label).label).toEqual({ name, guessed: false });
    }
    expect(() => parseClassification(text, 'x', 'kind')).toThrow(/has no column "kind".*column 1, column 2, column 3/);
  });

  it('says what is wrong with a file', () => {
    expect(() => readClassification('/no/such/file.csv')).toThrow(/cannot be read/);
    expect(() => parseClassification('a,b\n1\n', 'x')).toThrow(/row 2 has 1 fields, the first has 2/);
    expect(() => parseClassification('a,1\na,2\na,3\n', 'x', 'first')).toThrow(/all rows are of the class "a"/);
  });

  it('reads gzipped files', () => {
    const dir = mkdtempSync(join(tmpdir(), 'shelfwise-classification-'));
    try {
      writeFileSync(join(dir, 'x.csv.gz'), gzipSync('1 a\n2 b\n3 a\n4 b\n'));
      expect(readClassification(join(dir, 'x.csv.gz')).rows).toBe(4);
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
});

describe('contexts with actions', () => {
  it('standardises by what was seen up to the row, and by nothing after it', () => {
    const data = toyData(50);
    const whole = createContextEncoder(data);
    const part = createContextEncoder({ ...data, rows: 20 });
    const batches = [createBatch(whole.shape, 3), createBatch(part.shape, 3)];
    for (let row = 0; row < 20; row++) {
      whole.observe(row);
      part.observe(row);
    }
    whole.fill(batches[0]);
    part.fill(batches[1]);
    expect(batches[0].dense).toEqual(batches[1].dense);
    expect(batches[0].sparse).toEqual(batches[1].sparse);
    const heights = data.columns[0].kind === 'numeric' ? [...data.columns[0].amounts.subarray(0, 20)] : [];
    const mean = heights.reduce((sum, x) => sum + x, 0) / 20;
    const deviation = Math.sqrt(heights.reduce((sum, x) => sum + (x - mean) ** 2, 0) / 20);
    expect(batches[0].dense[0]).toBeCloseTo((heights[19] - mean) / deviation, 5);
  });

  it('gives every action slots of its own, and a missing value no slot', () => {
    const data = parseClassification('1,red,a\n2,blue,b\n?,?,a\n4,red,b\n', 'x');
    const encoder = createContextEncoder(data);
    const { sparseWidth } = encoder.shape;
    const batch = createBatch(encoder.shape, 2);
    encoder.observe(0);
    encoder.fill(batch);
    for (let s = 0; s < sparseWidth; s++) {
      expect(batch.sparse[s]).toBeGreaterThan(0);
      expect(batch.sparse[s]).not.toBe(batch.sparse[sparseWidth + s]);
    }
    encoder.observe(2);
    encoder.fill(batch);
    expect(batch.dense[0]).toBeNaN();
    expect([...batch.sparse.subarray(1, sparseWidth)].every((bucket) => bucket === 0)).toBe(true);
    expect(batch.sparse[0]).toBeGreaterThan(0);
  });
});

describe('figures', () => {
  it("has Student's quantiles", () => {
    // R: qt(.975, df)
    for (const [degreesOfFreedom, quantile] of [
      [1, 12.706204736432095],
      [2, 4.302652729911275],
      [5, 2.570581835636314],
      [9, 2.262157162740992],
      [30, 2.042272456301238],
    ]) {
      expect(studentQuantile95(degreesOfFreedom)).toBeCloseTo(quantile, 8);
    }
  });

  it('gives the mean of orders with an interval, and one order none', () => {
    const { mean, interval } = meanInterval([1, 2, 3]);
    expect(mean).toBe(2);
    expect(interval?.[0]).toBeCloseTo(2 - 4.302652729911275 / Math.sqrt(3), 8);
    expect(meanInterval([0.3])).toEqual({ mean: 0.3, interval: null });
  });

  it('finds the exponent by which regret grows', () => {
    const growing = (exponent: number) =>
      Uint32Array.from({ length: 100_000 }, (_, t) => 1e6 * ((t + 1) / 1e5) ** exponent);
    for (const exponent of [0.5, 0.8, 1]) expect(regretSlope(growing(exponent))).toBeCloseTo(exponent, 4);
    expect(regretSlope(new Uint32Array(1000).fill(7))).toBeCloseTo(0, 12);
    expect(regretSlope(new Uint32Array(1000))).toBeNaN();
  });

  it('shuffles: every row once, the same by the same seed, another way by another order', () => {
    fc.assert(
      fc.property(fc.integer({ min: 10, max: 300 }), fc.nat(), fc.nat(20), (rows, seed, order) => {
        const shuffled = orderOf(rows, seed, order);
        expect([...shuffled].sort((a, b) => a - b)).toEqual(Array.from({ length: rows }, (_, r) => r));
        expect(orderOf(rows, seed, order)).toEqual(shuffled);
        expect(orderOf(rows, seed, order + 1)).not.toEqual(shuffled);
      }),
      { numRuns: 50 },
    );
  });
});

describe('simulating', () => {
  const data = toyData(1200);

  it('loses what chance loses when nothing is learnt from', async () => {
    const report = await simulateClassification(data, { policy: 'uniform', model: 'logistic', orders: 4 });
    // Four orders of 1,200 rows: 0.0068 is one standard error.
    expect(Math.abs(report.pvLoss - 2 / 3)).toBeLessThan(4 * 0.0068);
    expect(report.regretSlope).toBeCloseTo(1, 1);
  });

  it.each(['squarecb', 'epsilon-greedy', 'regcb'])('learns by %s, online', async (policy) => {
    const report = await simulateClassification(data, { policy, model: 'logistic', orders: 2 });
    // One row in fifteen is beyond anybody.
    expect(report.pvLoss).toBeLessThan(0.3);
    expect(report.pvLoss).toBeGreaterThan(1 / 15 / 2);
    expect(report.regretSlope).toBeLessThan(0.95);
  });

  it('fits families that learn in rounds anew, at doubling counts of rows', async () => {
    const report = await simulateClassification(data, { policy: 'squarecb', model: 'trees', orders: 1 });
    expect(report.pvLoss).toBeLessThan(0.35);
    expect(report.pvLossCi).toBeNull();
  });

  it('learns by the members of an ensemble', async () => {
    const report = await simulateClassification(data, {
      policy: 'bootstrap-thompson',
      policyOptions: { replicas: 4 },
      model: 'logistic',
      orders: 1,
    });
    expect(report.pvLoss).toBeLessThan(0.35);
  });

  it('weighs choices as the policy asks, unless told otherwise', async () => {
    const small = toyData(100);
    const importanceOf = async (policy: string, importance?: 'none') =>
      (await simulateClassification(small, { policy, model: 'logistic', orders: 1, importance })).importance;
    expect(await importanceOf('epsilon-greedy')).toBe('inverse');
    expect(await importanceOf('squarecb')).toBe('none');
    expect(await importanceOf('epsilon-greedy', 'none')).toBe('none');
  });

  it('is a function of its arguments', async () => {
    const once = () => simulateClassification(data, { policy: 'fastcb', model: 'logistic', orders: 1, seed: 3 });
    expect(await once()).toEqual(await once());
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const running = simulateClassification(
      data,
      { policy: 'squarecb', model: 'logistic' },
      { signal: stop.signal, onProgress: () => stop.abort(new Error('enough')) },
    );
    await expect(running).rejects.toThrow('enough');
  });

  it('refuses what a model does not give; in a table it says so', async () => {
    const small = toyData(64);
    await expect(simulateClassification(small, { policy: 'regcb', model: 'trees', orders: 1 })).rejects.toThrow(
      /regcb needs sensitivities, which trees does not give/,
    );
    const table = await simulateTable(small, { policy: 'regcb', model: 'each', orders: 1 }, 1);
    expect(table.find(({ model }) => model === 'trees')).toMatchObject({
      reason: expect.stringContaining('sensitivities'),
    });
    expect(table.find(({ model }) => model === 'logistic')).toHaveProperty('report');
    await expect(simulateTable(small, { policy: 'regcb', model: 'trees', orders: 1 }, 1)).rejects.toThrow(
      /sensitivities/,
    );
  });

  it('is the same table however many threads run it, as one cell after the other', async () => {
    const small = toyData(96);
    const asked = { policy: 'greedy', model: 'each', orders: 3, seed: 5 };
    const heard: TableCell[] = [];
    const table = await simulateTable(small, asked, 2, { onCell: (cell) => heard.push(cell) });
    expect(new Set(heard)).toEqual(new Set(table));
    for (const cell of table) {
      expect(cell).toEqual({
        policy: 'greedy',
        model: cell.model,
        report: await simulateClassification(small, { ...asked, model: cell.model }),
      });
    }
  });

  it('stops a table when it is told to, and throws what a thread threw', async () => {
    const stop = new AbortController();
    const asked = { policy: 'squarecb', model: 'logistic', orders: 8 };
    const running = simulateTable(data, asked, 2, {
      signal: stop.signal,
      onProgress: () => stop.abort(new Error('enough')),
    });
    await expect(running).rejects.toThrow('enough');
    // Only the thread itself looks at the rows' labels.
    const broken = { ...toyData(64), labels: undefined as never };
    await expect(simulateTable(broken, asked, 2)).rejects.toThrow(/undefined/);
  });
});
