import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, normalQuantile } from '../../base/index.ts';
import { parseText } from '../metadata/index.ts';
import { DatasetStatistics } from './index.ts';
import { equalGroups, expectedInformationBits, mutualInformationBits } from './information.ts';
import { keyOfNumber, NAN_KEY, NestedCells } from './nested-cells.ts';
import { chunkOf, FLOAT } from './statistics-testing.ts';

/** [adjusted, plain] by feature. */
function bitsOf(columns: Record<string, readonly unknown[]>, options = {}): Record<string, number[]> {
  const statistics = new DatasetStatistics({ label: 'label', ...options });
  statistics.add(chunkOf(columns, { w: FLOAT }));
  return extracted(statistics);
}

function extracted(statistics: DatasetStatistics): Record<string, number[]> {
  const features = statistics
    .extract()
    .features!.map(({ path, customStats = [] }) => [
      path!.step![0],
      customStats.flatMap(({ name, num }) => (name?.endsWith('mutual_information') ? [num!] : [])),
    ]);
  return Object.fromEntries(features.filter(([, bits]) => bits.length > 0));
}

describe('mutual information with the label', () => {
  const rng = createRng(5);
  const n = 20_000;
  const normal = () => normalQuantile(rng.uniform());
  const rows = <T>(make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

  it('of a binary channel is 1 − H(error), and of nothing but noise 0', () => {
    const label = rows(() => (rng.uniform() < 0.5 ? 1 : 0));
    const bits = bitsOf({
      label,
      channel: label.map((one) => (rng.uniform() < 0.11 ? 1 - one : one)),
      same: label.map((one) => (one ? 'yes' : 'no')),
      noise: rows(() => rng.uniform()),
      id: rows((i) => `id-${i}`),
      absent: label.map((one) => (one ? 1 : null)),
      constant: rows(() => 7),
    });
    const error = -(0.11 * Math.log2(0.11) + 0.89 * Math.log2(0.89));
    expect(bits.channel[0]).toBeCloseTo(1 - error, 1.5);
    expect(bits.same[0]).toBeCloseTo(1, 3);
    expect(bits.absent[0]).toBeCloseTo(1, 3);
    expect(bits.noise[0]).toBeLessThan(0.002);
    expect(bits.id[0]).toBeLessThan(0.005);
    expect(bits.constant).toEqual([0, 0]);
    expect(bits.label).toBeUndefined();
  });

  it('of two normals correlated by ρ is −log2(1 − ρ²)/2, whatever their place and scale', () => {
    const rho = 0.8;
    const x = rows(normal);
    const y = x.map((value) => rho * value + Math.sqrt(1 - rho * rho) * normal());
    const truth = -0.5 * Math.log2(1 - rho * rho);
    const bits = bitsOf({
      label: y.map((value) => 1e6 + value),
      plain: x,
      shifted: x.map((value) => 1.7e9 + value),
      skewed: x.map((value) => Math.exp(5 * value)),
    });
    for (const feature of ['plain', 'shifted', 'skewed']) {
      // Cells make it low, by less than a tenth.
      expect(bits[feature][0]).toBeGreaterThan(0.9 * truth);
      expect(bits[feature][0]).toBeLessThan(1.03 * truth);
    }
  });

  it('follows weights, and leaves out examples without a label', () => {
    const label = rows((i) => (i % 2 === 0 ? 'a' : 'b'));
    const feature = rows((i) => (i % 4 < 2 ? label[i] : 'c'));
    const whole = bitsOf({ label, feature });
    expect(whole.feature[1]).toBeCloseTo(0.5, 3);
    const weighed = bitsOf({ label, feature, w: rows((i) => (i % 4 < 2 ? 3 : 1)) }, { weightFeature: 'w' });
    expect(weighed.feature[1]).toBeCloseTo(0.75, 3);
    const half = bitsOf({ label: label.map((one, i) => (i % 4 < 2 ? one : null)), feature });
    expect(half.feature[1]).toBeCloseTo(1, 3);
  });

  it('takes numbers for categories where the schema says so', () => {
    const label = rows((i) => (i * 7919) % 97 < 48);
    const feature = rows((i) => (i * 7919) % 97);
    const schema = parseText('Schema', 'feature { name: "feature" type: INT int_domain { is_categorical: true } }');
    // Odd numbers and even ones: by rank neighbours tell nothing.
    const odd = rows((i) => feature[i] % 2);
    expect(bitsOf({ label, feature }, { schema }).feature[0]).toBeGreaterThan(0.99);
    expect(bitsOf({ label: odd, feature }, { schema }).feature[0]).toBeGreaterThan(0.99);
  });

  it('has nothing to say of lists with several values, and refuses a label of several', () => {
    expect(bitsOf({ label: [1, 0], lists: [[1, 2], [3]] })).toEqual({});
    expect(() => bitsOf({ label: [[1, 0], [1]], x: [1, 2] })).toThrow(
      expect.objectContaining({ code: 'STATISTICS_COLUMN_MISMATCH' }),
    );
    expect(bitsOf({ x: [1, 2] })).toEqual({});
  });

  it('of shards merged is exactly that of one pass, past the cells that it has', () => {
    const row = fc.record({
      label: fc.oneof(fc.constantFrom(0, 1, null), fc.double()),
      x: fc.oneof(fc.double(), fc.integer(), fc.constantFrom(null, Number.NaN)),
      text: fc.option(fc.string({ maxLength: 3 })),
    });
    const spread = fc.infiniteStream(row).map((stream) => [...stream.take(900)]);
    fc.assert(
      fc.property(spread, fc.nat(900), (all, at) => {
        const part = (some: typeof all) => {
          const statistics = new DatasetStatistics({ label: 'label' });
          const column = (name: keyof (typeof all)[number]) => some.map((one) => one[name]);
          const types = { label: FLOAT, x: FLOAT, text: { kind: 'STRING', depth: 1 } } as const;
          statistics.add(chunkOf({ label: column('label'), x: column('x'), text: column('text') }, types));
          return statistics;
        };
        const merged = part(all.slice(at));
        merged.merge(part(all.slice(0, at)));
        const [a, b] = [extracted(merged), extracted(part(all))];
        for (const [feature, bits] of Object.entries(b))
          for (const [i, value] of bits.entries()) expect(a[feature][i]).toBeCloseTo(value, 9);
      }),
      { numRuns: 6 },
    );
  });
});

describe('cells', () => {
  it('nest: which there are depends on the keys, not on their order, and they are never more than asked for', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 200 }), (values) => {
        const cellsOf = (some: readonly number[]): number[] => {
          const cells = new NestedCells(16);
          const codes = new Int32Array(1);
          for (const value of some) cells.encode(Float64Array.of(keyOfNumber(value)), codes, () => {});
          expect(cells.size).toBeLessThanOrEqual(16);
          return [...cells.keys()].sort((a, b) => a - b);
        };
        expect(cellsOf(values.toReversed())).toEqual(cellsOf(values));
      }),
    );
  });

  it('of numbers are those of their keys', () => {
    const number = fc.oneof(fc.double(), fc.integer({ min: -9, max: 9 }), fc.constantFrom(-0, 2 ** 53, -Infinity));
    fc.assert(
      fc.property(fc.array(number, { maxLength: 300 }), fc.constantFrom(8, 64, 512), (values, capacity) => {
        const [byNumbers, byKeys] = [new NestedCells(capacity), new NestedCells(capacity)];
        const [codes, expected] = [new Int32Array(values.length), new Int32Array(values.length)];
        byNumbers.encodeNumbers(Float64Array.from(values), codes, () => {});
        const keys = Float64Array.from(values, (value) => (Number.isNaN(value) ? NAN_KEY : keyOfNumber(value)));
        byKeys.encode(keys, expected, () => {});
        expect(codes).toEqual(expected);
        expect(byNumbers.keys()).toEqual(byKeys.keys());
      }),
    );
  });

  it('of words are those of their keys, as the dictionary grows', () => {
    fc.assert(
      fc.property(fc.array(fc.array(fc.nat(60), { maxLength: 30 }), { maxLength: 6 }), (chunks) => {
        const [byWords, byKeys] = [new NestedCells(16), new NestedCells(16)];
        const words: string[] = [];
        for (const numbers of chunks) {
          const texts = numbers.map(String);
          for (const text of texts) if (!words.includes(text)) words.push(text);
          const keys = Float64Array.from(words, (word) => Number(word) * 2 ** 40);
          const [codes, expected] = [new Int32Array(texts.length), new Int32Array(texts.length)];
          const places = Int32Array.from(texts, (text) => words.indexOf(text));
          byWords.encodeWords({ words, codes: places }, keys, codes, () => {});
          const given = Float64Array.from(places, (place) => keys[place]);
          byKeys.encode(given, expected, () => {});
          expect(codes).toEqual(expected);
        }
        expect(byWords.keys()).toEqual(byKeys.keys());
      }),
    );
  });

  it('keep the order of numbers', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true }), fc.double({ noNaN: true }), (a, b) => {
        if (a < b) expect(keyOfNumber(a)).toBeLessThanOrEqual(keyOfNumber(b));
      }),
    );
    expect(keyOfNumber(-0)).toBe(keyOfNumber(0));
    expect(keyOfNumber(1)).toBeLessThan(keyOfNumber(1 + 2 ** -40));
  });
});

describe('the mean over shuffles', () => {
  it('is that of all the shuffles there are', () => {
    const shuffles = (values: readonly number[]): number[][] =>
      values.length === 0
        ? [[]]
        : values.flatMap((value, i) => shuffles(values.toSpliced(i, 1)).map((rest) => [value, ...rest]));
    const bits = (x: readonly number[], y: readonly number[]): number => {
      const cells = new Float64Array(9);
      for (const [i, value] of x.entries()) cells[value * 3 + y[i]]++;
      return mutualInformationBits({ rows: 3, columns: 3, cells });
    };
    const x = [0, 0, 0, 1, 1, 2];
    const y = [0, 1, 1, 1, 2, 2];
    const all = shuffles(y);
    const mean = all.reduce((sum, shuffled) => sum + bits(x, shuffled), 0) / all.length;
    expect(expectedInformationBits(Float64Array.of(3, 2, 1), Float64Array.of(1, 3, 2))).toBeCloseTo(mean, 10);
  });

  it('of many examples is (R − 1)(C − 1) / (2 n ln 2)', () => {
    const expected = expectedInformationBits(Float64Array.of(4e5, 6e5), Float64Array.of(2e5, 3e5, 5e5));
    expect(expected / (2 / (2 * 1e6 * Math.LN2))).toBeCloseTo(1, 3);
  });
});

describe('groups', () => {
  it('are of about equal weight, of neighbours, and never more than asked for by far', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 100 }),
        fc.integer({ min: 2, max: 20 }),
        (weights, most) => {
          const groups = equalGroups(weights, most);
          for (let i = 1; i < groups.length; i++) expect([0, 1]).toContain(groups[i] - groups[i - 1]);
          expect(groups[groups.length - 1]).toBeLessThan(2 * most);
        },
      ),
    );
    expect([...equalGroups([1, 1, 1, 1, 100, 1, 1], 4)]).toEqual([0, 0, 0, 0, 1, 2, 2]);
  });
});
