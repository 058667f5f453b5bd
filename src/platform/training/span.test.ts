import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../base/index.ts';
import { parseSpan } from './span.ts';

const NOW_MS = Date.UTC(2026, 10, 27, 12);

describe('parseSpan', () => {
  it('reads everything, the last of it, and dates with either end open', () => {
    expect(parseSpan('all', NOW_MS)).toEqual({ fromMs: 0, toMs: NOW_MS });
    expect(parseSpan('30d', NOW_MS)).toEqual({ fromMs: NOW_MS - 30 * DAY_MS, toMs: NOW_MS });
    expect(parseSpan('12h', NOW_MS)).toEqual({ fromMs: NOW_MS - 12 * HOUR_MS, toMs: NOW_MS });
    expect(parseSpan('2026-11-01..2026-11-20', NOW_MS)).toEqual({
      fromMs: Date.UTC(2026, 10, 1),
      toMs: Date.UTC(2026, 10, 20),
    });
    expect(parseSpan('2026-11-01T06:00:00Z..', NOW_MS)).toEqual({ fromMs: Date.UTC(2026, 10, 1, 6), toMs: NOW_MS });
    expect(parseSpan('..2026-11-20', NOW_MS).fromMs).toBe(0);
  });

  it('takes what says no zone for UTC, wherever it runs', () => {
    for (const text of [
      '2026-11-02T10:00',
      '2026-11-02T10:00:00',
      '2026-11-02T10:00:00.000Z',
      '2026-11-02T05:00-05:00',
    ])
      expect(parseSpan(`${text}..`, NOW_MS).fromMs).toBe(Date.UTC(2026, 10, 2, 10));
  });

  it.each([
    '',
    '30',
    '30x',
    'yesterday..',
    '2026-11-20..2026-11-01',
    'a..b..c',
    '2026-13-01..',
    '2026-02-30..',
    '2026-11-02 10:00..',
  ])('refuses %j, and says what it takes', (text) => {
    expect(() => parseSpan(text, NOW_MS)).toThrow(/it takes all, 30d/);
  });
});
