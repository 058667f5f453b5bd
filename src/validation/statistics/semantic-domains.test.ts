import { describe, expect, it } from 'vitest';
import { createRng } from '../../base/index.ts';
import { inferSchema } from '../schema/index.ts';
import { DatasetStatistics } from './index.ts';
import { chunkOf } from './statistics-testing.ts';
import { TIME_FORMATS, timeFormatsOf } from './time-formats.ts';

const HUNDRED = Array.from({ length: 100 }, (_, i) => i);

function customOf(values: readonly unknown[]): Record<string, unknown> {
  const statistics = new DatasetStatistics({ semanticDomains: true });
  statistics.add(chunkOf({ x: values }));
  const { customStats = [] } = statistics.extract().features![0];
  return Object.fromEntries(customStats.map(({ name, num, str }) => [name, num ?? str]));
}

describe('semantic domains', () => {
  const day = (i: number): string => String((i % 28) + 1).padStart(2, '0');

  it.each([
    ['%Y-%m-%d', (i: number) => `2026-11-${day(i)}`],
    ['%Y-%m-%dT%H:%M:%S', (i: number) => `2026-11-${day(i)}T03:04:05`],
    ['%d/%m/%Y %H:%M', (i: number) => `${day(i)}/11/2026 13:04`],
    ['%d-%B-%y', (i: number) => `${day(i)}-November-26`],
    ['%H:%M:%S.%f', (i: number) => `23:59:${day(i)}.25`],
  ])('of a time in the format %s', (format, make) => {
    expect(customOf(HUNDRED.map(make))).toEqual({
      domain_info: `time_domain {string_format: '${format}'}`,
      time_match_ratio: 1,
    });
  });

  it('of Unix time by its unit, of at least 80% of the values', () => {
    const seconds = HUNDRED.map((i) => (i < 20 ? i : 1_700_000_000 + i));
    expect(customOf(seconds)).toEqual({ domain_info: 'time_domain {integer_format: 1}', time_match_ratio: 0.8 });
    expect(customOf(seconds.with(99, 5))).toEqual({});
    expect(customOf(HUNDRED.map((i) => 1.7e12 + i)).domain_info).toBe('time_domain {integer_format: 2}');
  });

  it('of an ambiguous date by the first format', () => {
    expect(customOf(HUNDRED.map(() => '01/02/2018')).domain_info).toBe("time_domain {string_format: '%m/%d/%Y'}");
    const both = HUNDRED.map((i) => (i === 0 ? '25/02/2018' : '01/02/2018'));
    expect(customOf(both).domain_info).toBe("time_domain {string_format: '%d/%m/%Y'}");
  });

  it('of natural language, URLs, and forms of identifiers', () => {
    expect(customOf(HUNDRED.map((i) => `a song about number ${i}`))).toEqual({
      domain_info: 'natural_language_domain {}',
      natural_language_match_rate: 1,
    });
    expect(customOf(HUNDRED.map((i) => `https://example.org/${i}?q=a`))).toEqual({
      domain_info: 'url_domain {}',
      url_match_ratio: 1,
    });
    expect(customOf(HUNDRED.map((i) => `/m/0${i}ab`)).domain_info).toBe('mid_domain {}');
    const rng = createRng(1);
    const hex = (length: number) =>
      Array.from({ length }, (_, i) => (i === 0 ? '7' : Math.floor(rng.uniform() * 16).toString(16))).join('');
    const uuid = () => `${hex(8)}-${hex(4)}-${hex(4)}-${hex(4)}-${hex(12)}`;
    expect(customOf(HUNDRED.map(uuid))).toEqual({ identifier_format: 'uuid', identifier_match_ratio: 1 });
    expect(customOf(HUNDRED.map(() => hex(24))).identifier_format).toBe('hex');
    expect(customOf(HUNDRED.map((i) => `spotify:track:4uLU6hMCjMI75M1A2t${i}`)).identifier_format).toBe('uri');
    expect(customOf(HUNDRED.map((i) => `4uLU6hMCjMI75M1A2t${String(i).padStart(4, 'K')}`)).identifier_format).toBe(
      'base62',
    );
  });

  it('are not told of fewer than 100 values, of words, nor where a value is not UTF-8', () => {
    expect(customOf(HUNDRED.slice(1).map(() => '2026-11-01'))).toEqual({});
    expect(customOf(HUNDRED.map((i) => `word${i}`))).toEqual({});
    expect(customOf(HUNDRED.map((i) => (i === 7 ? '\udcff' : '2026-11-01')))).toEqual({});
    expect(customOf(HUNDRED.map((i) => i + 0.5))).toEqual({});
  });

  it('become domains of the inferred schema, and add up over shards', () => {
    const statistics = new DatasetStatistics({ semanticDomains: true });
    for (let from = 0; from < 100; from += 10) {
      const shard = new DatasetStatistics({ semanticDomains: true });
      const rows = HUNDRED.slice(from, from + 10);
      shard.add(
        chunkOf({ at: rows.map((i) => `2026-11-${day(i)}`), title: rows.map((i) => `songs of the year ${i}`) }),
      );
      statistics.merge(shard);
    }
    const { feature } = inferSchema({ datasets: [statistics.extract()] });
    expect(feature!.map(({ timeDomain, naturalLanguageDomain }) => timeDomain ?? naturalLanguageDomain)).toEqual([
      { stringFormat: '%Y-%m-%d' },
      {},
    ]);
  });
});

describe('formats of times', () => {
  it('are found as one pattern each would find them', () => {
    const patterns: Record<string, string> = {
      '%B': '(?:January|November)',
      '%f': '[0-9]{1,6}',
      '%d': '(?:3[0-1]|[1-2]\\d|0[1-9]|[1-9]| [1-9])',
      '%H': '(?:2[0-3]|[0-1]\\d|\\d)',
      '%y': '\\d\\d',
      '%Y': '\\d\\d\\d\\d',
      '%m': '(?:1[0-2]|0[1-9]|[1-9])',
      '%M': '(?:[0-5]\\d|\\d)',
      '%S': '(?:60[0-1]|[0-5]\\d|\\d)',
    };
    const naive = TIME_FORMATS.map(
      (format) => new RegExp(`^${format.replaceAll('.', '\\.').replace(/%\w/g, (d) => patterns[d])}$`),
    );
    const texts = [
      '2018-11-30',
      '11302018',
      ' 5-11-18',
      '3- 5-18',
      '1-1-11 1:1',
      '2018/11/30T23:59:60',
      '2018/11/30T23:59:600',
      '30-November-18 23:59:58.123456',
      '1-January-2018T2:03',
      '12:30',
      '2018-11-30 ',
      'T12:30',
      ' 12:30',
      '99-99-99',
      '2018-11-30 23:59:58.1234567',
      '',
    ];
    for (const text of texts)
      expect([text, timeFormatsOf(text)]).toEqual([
        text,
        naive.flatMap((pattern, rank) => (pattern.test(text) ? [rank] : [])),
      ]);
  });
});
