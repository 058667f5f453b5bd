import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { type Item, ItemSchema, itemProblem, parseInstant } from './index.ts';

describe('parseInstant', () => {
  it('reads date-times with a zone', () => {
    expect(parseInstant('1970-01-01T00:00:00Z')).toBe(0);
    expect(parseInstant('2026-11-24t09:30:00.25+01:00')).toBe(Date.UTC(2026, 10, 24, 8, 30, 0, 250));
    expect(parseInstant('2024-02-29T00:00:00-00:30')).toBe(Date.UTC(2024, 1, 29, 0, 30));
    expect(parseInstant('2200-12-31T23:59:59.999Z')).toBe(Date.UTC(2201, 0, 1) - 1);
  });

  it('refuses leap seconds, days that are none, other notations, and years that are far away', () => {
    for (const text of [
      '2016-12-31T23:59:60Z',
      '2021-02-29T00:00:00Z',
      '1900-02-29T00:00:00Z',
      '2021-04-31T00:00:00Z',
      '2021-13-01T00:00:00Z',
      '2021-00-10T00:00:00Z',
      '2021-01-00T00:00:00Z',
      '2021-01-01T24:00:00Z',
      '2021-01-01T00:00:00',
      '2021-01-01T00:00Z',
      '2021-01-01',
      '2021-01-01 00:00:00Z',
      '2021-01-01T00:00:00+24:00',
      '2021-01-01T00:00:00+01:00[Europe/Paris]',
      'Jan 1 2021',
      '',
      '2021-02-29T00:00:00.000Z',
      '2100-02-29T00:00:00.000Z',
      '2021-00-10T00:00:00.000Z',
      '2021-01-32T00:00:00.000Z',
      '2021-01-01T24:00:00.000Z',
      '2021-01-01T00:60:00.000Z',
      '2021-01-01T00:00:60.000Z',
      '2021-01-01T00:00:00.0x0Z',
      '20 1-01-01T00:00:00.000Z',
      '2021-01-01T00:00:00.0000',
      '2201-01-01T00:00:00.000Z',
      '1969-12-31T23:59:59Z',
      '2201-01-01T00:00:00Z',
    ]) {
      expect([text, parseInstant(text)]).toEqual([text, undefined]);
    }
  });

  it('reads back every time that a Date writes, and never gives NaN', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: Date.UTC(2201, 0, 1) - 1 }), (ms) => {
        expect(parseInstant(new Date(ms).toISOString())).toBe(ms);
      }),
    );
    const digits = fc.integer({ min: 0, max: 99 }).map((n) => String(n).padStart(2, '0'));
    fc.assert(
      fc.property(fc.array(digits, { minLength: 7, maxLength: 7 }), ([a, b, c, d, e, f, g]) => {
        expect(parseInstant(`${a}${b}-${c}-${d}T${e}:${f}:${g}Z`)).not.toBeNaN();
      }),
    );
  });
});

describe('itemProblem', () => {
  const checker = Compile(ItemSchema);
  const problem = (fields: Partial<Item>) => {
    const item = { id: 'i', kind: 'track', title: 'T', ...fields };
    expect(checker.Check(item)).toBe(true);
    return itemProblem(item as Item);
  };

  it('finds times that the schema takes and that are none', () => {
    for (const time of ['2016-12-31T23:59:60Z', '2026-01-01T00:00:00+01:00[Europe/Paris]']) {
      for (const field of ['releasedAt', 'availableFrom', 'availableUntil']) {
        expect(problem({ [field]: time })).toContain(`/${field} must be a time`);
      }
    }
  });

  it('finds rights that end before they begin', () => {
    const [early, late] = ['2026-01-01T00:00:00Z', '2026-01-01T00:00:01Z'];
    expect(problem({ availableFrom: late, availableUntil: early })).toBe(
      '/availableUntil must be later than availableFrom',
    );
    expect(problem({ availableFrom: early, availableUntil: early })).toContain('later');
    expect(problem({ availableFrom: early, availableUntil: late })).toBeUndefined();
    expect(problem({ availableUntil: '9999-12-31T23:59:59Z' })).toContain('leave it out where there is no limit');
  });

  it('lets recordings be older than 1970', () => {
    expect(problem({ releasedAt: '1959-08-17T00:00:00Z' })).toBeUndefined();
    expect(problem({ releasedAt: '0000-08-17T00:00:00Z' })).toContain('/releasedAt');
    expect(problem({})).toBeUndefined();
  });
});
