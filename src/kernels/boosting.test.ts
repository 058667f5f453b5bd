import { describe, expect, test } from 'vitest';
import { createRng } from '../base/index.ts';
import { allocateBoosting, type BoostingKernels, instantiateBoosting } from './boosting.ts';

const BINS = 5;
const AT = { about: 1024, parameters: 1088, out: 1152, scratch: 1280, histogram: 8192 };
const NONE = 0xffffffff;

interface Sums {
  readonly g: number;
  readonly h: number;
}

function openKernels(): { kernels: BoostingKernels; memory: WebAssembly.Memory } {
  const memory = allocateBoosting(1 << 20);
  return { kernels: instantiateBoosting(memory), memory };
}

const score = ({ g, h }: Sums, lambda: number): number => (g * g) / (h + lambda);
const sum = (bins: readonly Sums[]): Sums =>
  bins.reduce((total, { g, h }) => ({ g: total.g + g, h: total.h + h }), { g: 0, h: 0 });

/** The largest gain over all ways to part the bins that `isAllowed` allows; `left` is a set of bins as bits. */
function bestGain(
  bins: readonly Sums[],
  lambda: number,
  minChild: number,
  isAllowed: (left: number) => boolean,
): number {
  let best = 0;
  for (let left = 1; left < 2 ** bins.length - 1; left++) {
    if (!isAllowed(left)) continue;
    const l = sum(bins.filter((_, b) => (left >> b) & 1));
    const r = sum(bins.filter((_, b) => !((left >> b) & 1)));
    if (l.h < minChild || r.h < minChild) continue;
    best = Math.max(best, score(l, lambda) + score(r, lambda) - score(sum(bins), lambda));
  }
  return best;
}

describe('the best split', () => {
  test.each([
    ['of an ordered feature', 1],
    ['by categories', 2],
  ] as const)('%s has the gain that trying every one finds', (_, kind) => {
    const { kernels, memory } = openKernels();
    const rng = createRng(3);
    for (let round = 0; round < 400; round++) {
      const missing = rng.uniform() < 0.5;
      const bins: Sums[] = Array.from({ length: BINS + 1 }, (_unused, b) =>
        (b === 0 && !missing) || rng.uniform() < 0.2
          ? { g: 0, h: 0 }
          : { g: Math.round(1000 * rng.normal()), h: 1 + rng.below(800) },
      );
      const total = sum(bins);
      if (total.h === 0) continue;
      // Of categories the best split is a prefix of their means' order where nothing penalises or forbids it.
      const [lambda, minChild] = kind === 1 ? [rng.below(50), 1 + rng.below(200)] : [0, 1];
      new Uint32Array(memory.buffer, AT.about, 4).set([BINS, kind, 0, 0]);
      new Float64Array(memory.buffer, AT.parameters, 6).set([lambda, minChild, 0, 0, 0, 255]);
      new Float64Array(memory.buffer, AT.histogram, 512).fill(0);
      new Float64Array(memory.buffer, AT.histogram, 12).set(bins.flatMap(({ g, h }) => [g, h]));
      const { g, h } = total;
      kernels.findSplits(AT.histogram, 0, 1, AT.about, g, h, AT.parameters, 0, 0, 0, AT.out, AT.scratch);
      const found = new Float64Array(memory.buffer, AT.out, 3);
      const words = new Uint32Array(memory.buffer, AT.out, 20);
      // Ordered: a prefix of bins 1 to 5, with or without bin 0, or bin 0 against all.
      const isPrefix = (left: number): boolean => ((left >> 1) & ((left >> 1) + 1)) === 0 && left !== 1;
      const expected = bestGain(bins, lambda, minChild, kind === 1 ? isPrefix : () => true);
      if (words[6] === NONE) {
        expect(expected).toBeLessThan(1e-9);
        continue;
      }
      expect(found[0]).toBeCloseTo(expected, 6);
      // The sums of the left side are those of the bins that go there.
      const goes = (b: number): boolean =>
        kind === 2 ? ((words[10] >> b) & 1) === 1 : b === 0 ? words[8] === 1 : b <= words[7];
      expect({ g: found[1], h: found[2] }).toEqual(sum(bins.filter((_unused, b) => goes(b))));
    }
  });

  test('keeps to bounds and direction where there are constraints', () => {
    const { kernels, memory } = openKernels();
    const rng = createRng(4);
    let splits = 0;
    for (let round = 0; round < 300; round++) {
      const bins: Sums[] = Array.from({ length: BINS + 1 }, (_unused, b) => ({
        g: b === 0 ? 0 : Math.round(1000 * rng.normal()),
        h: b === 0 ? 0 : 1 + rng.below(800),
      }));
      const direction = round % 2 === 0 ? 1 : -1;
      new Int32Array(memory.buffer, AT.about, 4).set([BINS, 1, direction, 0]);
      new Float64Array(memory.buffer, AT.parameters, 6).set([1, 1, 0, 0, 0, 255]);
      new Float64Array(memory.buffer, AT.histogram, 512).fill(0);
      new Float64Array(memory.buffer, AT.histogram, 12).set(bins.flatMap(({ g, h }) => [g, h]));
      const { g, h } = sum(bins);
      kernels.findSplits(AT.histogram, 0, 1, AT.about, g, h, AT.parameters, 1, -2, 2, AT.out, AT.scratch);
      const [, leftG, leftH] = new Float64Array(memory.buffer, AT.out, 3);
      if (new Uint32Array(memory.buffer, AT.out, 20)[6] === NONE) continue;
      splits++;
      const weight = (side: Sums): number => Math.max(-2, Math.min(2, -side.g / (side.h + 1)));
      const rise = weight({ g: g - leftG, h: h - leftH }) - weight({ g: leftG, h: leftH });
      expect(direction * rise).toBeGreaterThanOrEqual(0);
    }
    expect(splits).toBeGreaterThan(100);
  });
});

describe.each([8, 4, 2, 1])('a block of %i features', (size) => {
  test('is summed by bin, exactly, and parted by a table', () => {
    const { kernels, memory } = openKernels();
    const rng = createRng(size);
    const rows = 1000;
    const [bins, order, pairs, histogram] = [65536, 131072, 147456, 262144];
    const stored = new Uint8Array(memory.buffer, bins, rows * size);
    stored.forEach((_, i) => {
      stored[i] = rng.below(256);
    });
    const chosen = new Uint32Array(memory.buffer, order, rows);
    const values = new Int32Array(memory.buffer, pairs, 2 * rows);
    for (let i = 0; i < rows; i++) {
      chosen[i] = rng.below(rows);
      values[2 * i] = rng.below(2 ** 31) - 2 ** 30;
      values[2 * i + 1] = rng.below(2 ** 30);
    }
    kernels.accumulate(size, bins, order, pairs, 100, 900, histogram);
    const expected = new Float64Array(512 * size);
    for (let i = 100; i < 900; i++) {
      for (let k = 0; k < size; k++) {
        const at = 512 * k + 2 * stored[chosen[i] * size + k];
        expected[at] += values[2 * i];
        expected[at + 1] += values[2 * i + 1];
      }
    }
    expect(new Float64Array(memory.buffer, histogram, 512 * size)).toEqual(expected);

    const [table, outOrder, outPairs] = [524288, 589824, 655360];
    new Uint8Array(memory.buffer, table, 256).forEach((_, bin, all) => {
      all[bin] = rng.below(2);
    });
    const goes = (row: number): number => new Uint8Array(memory.buffer, table, 256)[stored[row * size]];
    const middle = kernels.goLeft(bins, size, table, order, pairs, 100, 900, outOrder, outPairs);
    const parted = Array.from(new Uint32Array(memory.buffer, outOrder, 900)).slice(100);
    const before = Array.from(chosen).slice(100, 900);
    expect(parted.slice(0, middle - 100)).toEqual(before.filter((row) => goes(row) === 1));
    expect(parted.slice(middle - 100).reverse()).toEqual(before.filter((row) => goes(row) === 0));
  });
});
