/** `fixtures/semantic.pbtxt` is what TensorFlow Data Validation 1.16.1 prints of `fixtures/semantic.csv`, by `fixtures/semantic.py`. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type DatasetFeatureStatistics, parseText } from '../metadata/index.ts';
import { readExamples } from '../sources/index.ts';
import { DatasetStatistics } from './index.ts';

const FIXTURES = join(import.meta.dirname, 'fixtures');

async function ours(): Promise<DatasetFeatureStatistics> {
  const statistics = new DatasetStatistics({ semanticDomains: true, crossFeatures: 'all' });
  for await (const chunk of readExamples(join(FIXTURES, 'semantic.csv'))) statistics.add(chunk);
  return statistics.extract();
}

describe('as TensorFlow Data Validation has them', async () => {
  const text = readFileSync(join(FIXTURES, 'semantic.pbtxt'), 'utf8');
  const [given] = parseText('DatasetFeatureStatisticsList', text).datasets!;
  const found = await ours();

  it('are the semantic domains, and the share that matched', () => {
    const customOf = ({ features }: DatasetFeatureStatistics) =>
      Object.fromEntries(
        features!.map(({ path, customStats = [] }) => [
          path!.step![0],
          customStats.map(({ name, num, str }) => [name, num ?? str]),
        ]),
      );
    expect(customOf(found)).toEqual(customOf(given));
    expect(Object.values(customOf(given)).filter((custom) => custom.length > 0)).toHaveLength(8);
  });

  it('are the pairs of numeric features', () => {
    const pairsOf = ({ crossFeatures }: DatasetFeatureStatistics) =>
      new Map(
        crossFeatures!.map(({ pathX, pathY, count, numCrossStats }) => [
          `${pathX!.step}-${pathY!.step}`,
          { count, ...numCrossStats },
        ]),
      );
    const [expected, actual] = [pairsOf(given), pairsOf(found)];
    expect([...actual.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [pair, { count, covariance = 0, correlation = 0 }] of expected) {
      // Sums of squares of times in milliseconds cancel there: those figures are not theirs to compare with.
      if (pair.includes('millis') || pair.includes('seconds')) {
        expect(actual.get(pair)!.count).toBe(count);
        continue;
      }
      expect(actual.get(pair)!.count).toBe(count);
      expect(actual.get(pair)!.covariance!).toBeCloseTo(covariance, 2);
      expect(actual.get(pair)!.correlation!).toBeCloseTo(correlation, 5);
    }
    // Days and milliseconds rise together.
    expect(actual.get('millis-seconds')!.correlation).toBeCloseTo(1, 6);
  });
});
