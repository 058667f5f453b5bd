import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { DatasetFeatureStatisticsList } from '../../validation/index.ts';
import { roundsOf } from './rounds.ts';
import type { DataAnomaly, ExampleStream } from './service.ts';
import { openSetStore, type StoredSet } from './set-store.ts';
import { boundsOf, setId } from './spans.ts';

const root = mkdtempSync(join(tmpdir(), 'shelfwise-rounds-'));
afterAll(() => rmSync(root, { recursive: true }));

const LOST: DataAnomaly = {
  path: 'slice(tier_premium)',
  feature: '',
  slice: 'tier_premium',
  severity: 'error',
  types: ['NO_DATA_IN_SPAN'],
  short: 'Slice missing',
  description: '',
  schemaLines: '',
  acceptedLines: '',
};

function storedSet(stream: ExampleStream, span: string, more: Partial<StoredSet['set']>, lost: boolean): StoredSet {
  const anomalies = lost ? [LOST, { ...LOST, path: 'slice(model_a)', slice: 'model_a' }] : [];
  return {
    set: {
      id: setId({ stream, span }),
      stream,
      span,
      ...boundsOf(span),
      examples: 100,
      units: 40,
      features: 1,
      slices: 1,
      complete: true,
      examinedAtMs: 1,
      anomalies: { errors: anomalies.length, warnings: 0 },
      note: '',
      ...more,
    },
    schema: { name: 'examples', version: 1 },
    anomalies,
    distances: [],
    units: { '': 40, tier_free: 36, tier_trial: 4 },
    before: '',
  };
}

/** Written as the file has it: a mean of 0 is left out. */
const STATISTICS: DatasetFeatureStatisticsList = {
  datasets: [
    {
      name: 'All Examples',
      numExamples: 100,
      features: [
        {
          path: { step: ['cross.taste'] },
          type: 'FLOAT',
          numStats: {
            commonStats: { numNonMissing: 100, totNumValues: 100, minNumValues: 1, maxNumValues: 1 },
            mean: 0,
          },
        },
      ],
    },
  ],
};

describe('rounds of data sets', () => {
  const sets = openSetStore(root);
  sets.put([storedSet('training', '2026-11-19', {}, false)], STATISTICS);
  sets.put([storedSet('training', '2026-11-20', { complete: false }, true)], STATISTICS);
  const stored = openSetStore(root);
  const measured = (id: string) => {
    const one = stored.get(id) as StoredSet;
    const list = stored.statistics(id) as DatasetFeatureStatisticsList;
    return { stored: one, set: { name: id, list, units: new Map() }, before: undefined, serving: undefined };
  };

  it('say when their span begins, which slices there are, and which findings are of absence', () => {
    const [complete, filling] = roundsOf(stored, measured, new Map());
    expect(complete).toMatchObject({ complete: true, fromMs: Date.parse('2026-11-19T00:00:00Z') });
    expect(complete).toMatchObject({ slices: ['', 'tier_free'], present: ['', 'tier_free', 'tier_trial'] });
    expect(filling).toMatchObject({ complete: false, fromMs: Date.parse('2026-11-20T00:00:00Z') });
    expect(filling.findings.map(({ slice, ofAbsence }) => [slice, ofAbsence])).toEqual([
      ['tier_premium', true],
      // Models come and go.
      ['model_a', false],
    ]);
  });

  it('have a mean of 0, which the file leaves out', () => {
    const [{ findings }] = roundsOf(stored, measured, new Map());
    expect(findings.filter(({ name }) => name === 'mean')).toMatchObject([{ feature: 'cross.taste', value: 0 }]);
  });

  it('are told once, and all of them again where one could not be made', () => {
    const told = new Map<string, number>();
    const broken = (id: string) => {
      if (id === 'training/2026-11-20') throw new Error('gone');
      return measured(id);
    };
    expect(() => roundsOf(stored, broken, told)).toThrow('gone');
    expect(roundsOf(stored, measured, told).length).toBe(2);
    expect(roundsOf(stored, measured, told)).toEqual([]);
  });
});
