/** Chicago taxi: the statistics that TFDV printed for its training set. The given files are no part of this repository. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { givenPath } from '../given-testing.ts';
import type { DatasetFeatureStatistics, FeatureNameStatistics } from '../metadata/index.ts';
import type { Chunk } from '../sources/columns.ts';
import { readCsvChunks } from '../sources/csv.ts';
import { DatasetStatistics } from './index.ts';
import { expectNear, gather } from './statistics-testing.ts';

const CSV = givenPath('taxi_tfdv', 'train.csv.gz');
const STATISTICS = givenPath('taxi_tfdv', 'tfdv_stats_train.json.gz');
if (!STATISTICS) console.info('skipped: the taxi statistics want the data folder (set SHELFWISE_DATA_DIR)');

const EPSILON = 0.01;

/** Fields as the .proto names them, in camelCase. */
function camelCased(json: unknown): unknown {
  if (Array.isArray(json)) return json.map(camelCased);
  if (typeof json !== 'object' || json === null) return json;
  const named = (key: string) => key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(json).map(([key, inner]) => [named(key), camelCased(inner)]));
}

const given: DatasetFeatureStatistics = STATISTICS
  ? (camelCased(JSON.parse(gunzipSync(readFileSync(STATISTICS)).toString('utf8'))) as DatasetFeatureStatistics[])[0]
  : {};
const features = given.features ?? [];
const numeric = features.filter(({ numStats }) => numStats).map(({ name }) => name!);
const texts = features.filter(({ stringStats }) => stringStats).map(({ name }) => name!);

describe.skipIf(!STATISTICS)('Chicago taxi', () => {
  let whole: DatasetFeatureStatistics;
  let sharded: DatasetFeatureStatistics;
  /** In order. */
  const values = new Map<string, Float64Array>();

  const featureOf = (from: DatasetFeatureStatistics, name: string): FeatureNameStatistics =>
    from.features!.find((feature) => (feature.name ?? feature.path!.step![0]) === name)!;

  beforeAll(async () => {
    // As TFDV did in 2018, when it printed these: floats of 64 bits, and FLOAT for a column with an empty cell.
    const chunks: Chunk[] = await gather(readCsvChunks(CSV!, { emptyCells: 'FLOAT', floatBits: 64, chunkRows: 997 }));
    const statistics = new DatasetStatistics({ epsilon: EPSILON });
    const merged = new DatasetStatistics({ epsilon: EPSILON });
    for (const chunk of chunks) {
      statistics.add(chunk);
      const shard = new DatasetStatistics({ epsilon: EPSILON });
      shard.add(chunk);
      merged.merge(shard);
    }
    whole = statistics.extract('TRAIN_DATASET');
    sharded = merged.extract('TRAIN_DATASET');
    for (const name of numeric) {
      const parts = chunks.map(({ columns }) => columns.find((column) => column.name === name)!);
      values.set(
        name,
        Float64Array.from(parts.flatMap((part) => ('values' in part ? [...part.values] : [])) as number[]).sort(),
      );
    }
  });

  it('has the name, the examples and the features', () => {
    expect([whole.name, whole.numExamples]).toEqual([given.name, given.numExamples]);
    expect(whole.features!.map(({ path }) => path!.step![0]).sort()).toEqual(features.map(({ name }) => name!).sort());
  });

  it.each(texts)('%s: equal', (name) => {
    const { name: _, ...expected } = featureOf(given, name);
    for (const from of [whole, sharded]) expectNear({ ...featureOf(from, name), path: undefined }, expected);
  });

  it.each(numeric)('%s: type, presence, moments, extremes and zeros equal', (name) => {
    const { type, numStats } = featureOf(given, name);
    const { median, histograms, stdDev = 0, ...expected } = numStats!;
    // Theirs came of the mean of squares less the square of the mean, which cancel.
    const { numNonMissing: n = 0 } = expected.commonStats!;
    const rounding = n * 2 ** -53 * (expected.mean ?? 0) ** 2;
    for (const from of [whole, sharded]) {
      const found = featureOf(from, name);
      expect(found.type).toBe(type ?? 'INT');
      const { median: _, histograms: __, stdDev: deviation = 0, ...actual } = found.numStats!;
      expectNear(actual, expected);
      expect(Math.abs(deviation ** 2 - stdDev ** 2)).toBeLessThanOrEqual(rounding + 1e-5 * stdDev ** 2);
    }
  });

  it.each(numeric)('%s: median and quantiles within the rank error, of our sketch and of theirs', (name) => {
    const sorted = values.get(name)!;
    const rankError = (value: number, share: number): number => {
      // Theirs are rounded to 32 bits: a value stands for its neighbourhood.
      const near = Math.abs(value) * 1e-7;
      const below = sorted.filter((x) => x < value - near).length;
      const upTo = sorted.filter((x) => x <= value + near).length;
      return Math.max(0, below - share * sorted.length, share * sorted.length - upTo) / sorted.length;
    };
    for (const from of [given, whole, sharded]) {
      const { median = 0, histograms } = featureOf(from, name).numStats!;
      expect(rankError(median, 0.5)).toBeLessThanOrEqual(EPSILON);
      const { buckets } = histograms![1];
      expect(buckets).toHaveLength(10);
      for (const [i, { highValue = 0 }] of buckets!.entries())
        expect(rankError(highValue, (i + 1) / 10)).toBeLessThanOrEqual(EPSILON);
      expect(buckets!.reduce((sum, { sampleCount }) => sum + sampleCount!, 0)).toBeCloseTo(sorted.length, 6);
    }
  });

  it.each(numeric)('%s: buckets of equal width, counted within the rank error', (name) => {
    const sorted = values.get(name)!;
    const expected = featureOf(given, name).numStats!.histograms![0].buckets!;
    for (const from of [whole, sharded]) {
      const { buckets } = featureOf(from, name).numStats!.histograms![0];
      const bounds = (all: typeof expected) => all.map(({ lowValue = 0, highValue = 0 }) => ({ lowValue, highValue }));
      expectNear(bounds(buckets!), bounds(expected));
      for (const [i, { lowValue = 0, highValue = 0, sampleCount }] of buckets!.entries()) {
        const inside = sorted.filter((x) => (i === 0 ? x >= lowValue : x > lowValue) && x <= highValue).length;
        expect(Math.abs(sampleCount! - inside)).toBeLessThanOrEqual(2 * EPSILON * sorted.length);
      }
    }
  });
});
