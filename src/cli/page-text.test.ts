import { describe, expect, it } from 'vitest';
import type { Page, PageCard } from '../domain/index.ts';
import { fitted, printable, widthOf } from './io.ts';
import { pageText } from './page-text.ts';

const card = (rank: number, title: string, subtitle = ''): PageCard => ({
  id: `c${rank}`,
  kind: 'album',
  title,
  subtitle,
  image: '',
  rank,
  reason: '',
  badges: [],
  progress: null,
  sponsored: false,
});
const page: Page = {
  decisionId: '01KDVDNA000000000000000000',
  policy: 'plackett-luce',
  degraded: false,
  shelves: [
    {
      id: 'recently-played',
      kind: 'recently-played',
      title: 'Recently played',
      reason: 'What you listened to last',
      label: '',
      order: 'defined',
      rank: 0,
      carried: true,
      cards: [
        card(0, 'Kind of Blue', 'Miles Davis'),
        card(1, 'A title that is much too long for its card'),
        card(2, '\u82b1\u69d8\u5a46\u5a46', 'Beep'),
        card(3, 'Last'),
      ],
      explain: { propensity: 1, forced: true, best: 1, score: 0.5 },
    },
  ],
};
const plain = (_style: unknown, text: string) => text;

describe('a page as text', () => {
  it('is a titled row of cards a shelf, as many a line as fit', () => {
    expect(pageText(page, 80, plain)).toBe(
      [
        'Recently played  What you listened to last (kept in place)  forced, score 0.500',
        '  Kind of Blue              A title that is much to…  \u82b1\u69d8\u5a46\u5a46',
        '  Miles Davis                                         Beep',
        '  Last',
        '',
        'decision 01KDVDNA000000000000000000  policy plackett-luce',
        '',
      ].join('\n'),
    );
  });

  it('marks cards with their badges and how far they are, and a shelf with its label', () => {
    const marked: Page = {
      ...page,
      shelves: [
        {
          ...page.shelves[0],
          label: 'Sponsored',
          cards: [
            { ...card(0, 'One'), badges: ['new', 'explicit'] },
            { ...card(1, 'Two'), badges: ['unfinished'], progress: 0.8 },
          ],
        },
      ],
    };
    expect(pageText(marked, 80, plain).split('\n').slice(0, 3)).toEqual([
      'Recently played  Sponsored  What you listened to last (kept in place)  forced, score 0.500',
      '  One                       Two',
      '  new, explicit             unfinished, 80% heard',
    ]);
  });

  it('says when it is degraded, and what explain knows', () => {
    const text = pageText(
      {
        ...page,
        degraded: true,
        explain: {
          candidates: [
            { shelf: 'a', count: 3 },
            { shelf: 'b', count: 4 },
          ],
          removals: [{ shelf: 'a', reason: 'played', count: 2 }],
          failedSources: ['popular'],
          stages: [{ stage: 'score', ms: 0.5, outcome: 'ok' }],
          versions: {},
        },
      },
      80,
      plain,
    );
    for (const part of [
      '7 candidates; score 0.50 ms',
      'removed 2 from a: played',
      'failed source: popular',
      'degraded',
    ]) {
      expect(text).toContain(part);
    }
  });

  it('lets no title steer the terminal', () => {
    expect(printable('a\u001b[2Jb\u009b1mc\nd\u202ee')).toBe('a[2Jb1mcde');
  });

  it('counts columns as terminals do', () => {
    expect([widthOf('abc'), widthOf('\u82b1\u69d8'), widthOf('e\u0301'), widthOf('\u{1f3b5}')]).toEqual([3, 4, 1, 2]);
    for (const text of ['abcdefgh', '\u82b1\u69d8\u5a46\u5a46', 'ab', '', '\u82b1abc\u69d8'])
      expect(widthOf(fitted(text, 5))).toBe(5);
  });
});
