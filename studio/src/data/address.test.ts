import { describe, expect, it } from 'vitest';
import { changed, MOST_SETS, orderOf, parseSets, readSearch, toggled } from './address.ts';

const [monday, tuesday] = ['training/2026-11-23', 'training/2026-11-24'];

describe('the address of the page Data', () => {
  it('holds what is asked for, and leaves out what is no such thing', () => {
    const search = readSearch({
      part: 'slices',
      sets: `${monday},nonsense,${monday},play/2026-11-24T14`,
      stream: '<b>',
      kind: 'numeric',
      anomalous: '1',
      sort: 'colour',
      scale: 'log',
    });
    expect(search).toEqual({
      part: 'slices',
      sets: `${monday},play/2026-11-24T14`,
      kind: 'numeric',
      anomalous: true,
      scale: 'log',
    });
    expect(changed(search, { scale: undefined, q: 'taste' })).toEqual({
      part: 'slices',
      sets: `${monday},play/2026-11-24T14`,
      kind: 'numeric',
      anomalous: true,
      q: 'taste',
    });
  });

  it('takes sets in and out, but never the last one, and no more than can be compared', () => {
    expect(toggled([tuesday], monday)).toEqual([tuesday, monday]);
    expect(toggled([tuesday, monday], tuesday)).toEqual([monday]);
    expect(toggled([monday], monday)).toEqual([monday]);
    const many = Array.from({ length: 12 }, (_, day) => `training/2026-11-${10 + day}`);
    expect(parseSets(many.join(','))).toHaveLength(MOST_SETS);
    expect(toggled(many.slice(0, MOST_SETS), 'training/2026-11-30')).toHaveLength(MOST_SETS);
  });

  it('sorts by distance where there is one, and else what is wrong first', () => {
    expect(orderOf({}, [tuesday, monday])).toBe('distance');
    expect(orderOf({}, [tuesday])).toBe('anomalies');
    expect(orderOf({ sort: 'distance' }, [tuesday])).toBe('anomalies');
    expect(orderOf({ sort: 'name' }, [tuesday])).toBe('name');
  });
});
