import { describe, expect, it } from 'vitest';
import { formatSearch, parseSearch } from '../shell/search-params.ts';
import { formatComparison, parseComparison, parseHomeSearch } from './address.ts';

describe('the address of a Home', () => {
  it('holds everything that can be linked to, readably', () => {
    const text =
      '?listener=nadia&device=tv&tier=free&market=SE&at=2026-11-01T08:00:00Z&filter=podcasts&explain=1&compare=policy:popularity&open=generated:daily-mix-1';
    expect(formatSearch(parseHomeSearch(parseSearch(text)))).toBe(text);
  });

  it('leaves out what is off, missing, unknown or malformed', () => {
    expect(
      parseHomeSearch(parseSearch('?device=toaster&market=sweden&at=noon&explain=0&filter=x&compare=mood:blue')),
    ).toEqual({});
  });

  it('reads a listener of digits as the text it is', () => {
    expect(parseHomeSearch(parseSearch('?listener=007'))).toEqual({ listener: '007' });
  });

  it('keeps ids whole whatever they hold', () => {
    const search = parseHomeSearch({ listener: 'a&b=c #d/é', device: 'car' });
    expect(parseHomeSearch(parseSearch(formatSearch(search)))).toEqual(search);
  });

  it('knows what two Homes can be compared by', () => {
    const comparison = { by: 'at', value: '2026-11-01T08:00:00Z' } as const;
    expect(parseComparison(formatComparison(comparison))).toEqual(comparison);
    expect(parseComparison('policy:')).toBeUndefined();
    expect(parseComparison('policy')).toBeUndefined();
  });
});
