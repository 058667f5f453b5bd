import { describe, expect, it } from 'vitest';
import type { DataSet } from '../../../src/server/contract.ts';
import { counterparts, shownSets } from './use-sets.ts';

function setOf(id: string): DataSet {
  const [stream = '', span = ''] = id.split('/');
  const fromMs = Date.parse(span.length === 10 ? `${span}T00:00:00Z` : `${span}:00:00Z`);
  return { id, stream, span, fromMs } as DataSet;
}
const sets = [
  'play/2026-11-20T14',
  'play/2026-11-20T12',
  'serving/2026-11-20',
  'training/2026-11-20',
  'play/2026-11-19T14',
  'training/2026-11-18',
].map(setOf);

describe('sets on show', () => {
  it('are those of the address, else the newest training day and the one before, else the newest of what there is', () => {
    expect(shownSets({ sets: 'serving/2026-11-20' }, sets)).toEqual(['serving/2026-11-20']);
    expect(shownSets({}, sets)).toEqual(['training/2026-11-20', 'training/2026-11-18']);
    expect(shownSets({ stream: 'serving' }, sets)).toEqual(['serving/2026-11-20']);
    expect(shownSets({}, sets.slice(0, 2))).toEqual(['play/2026-11-20T14', 'play/2026-11-20T12']);
    expect(shownSets({}, [])).toEqual([]);
  });

  it('are held against the span before, and against what is of the same day or hour', () => {
    const namesOf = (id: string) => counterparts(setOf(id), sets).map(({ set, name }) => `${name}: ${set.id}`);
    expect(namesOf('training/2026-11-20')).toEqual([
      'the span before: training/2026-11-18',
      'serving of the same day: serving/2026-11-20',
    ]);
    expect(namesOf('play/2026-11-20T14')).toEqual([
      'the span before: play/2026-11-20T12',
      'the same hour of the day before: play/2026-11-19T14',
    ]);
  });
});
