import { describe, expect, it } from 'vitest';
import type { ExaminationCurve, ExaminationReport } from '../server/index.ts';
import { examinationText } from './examination-text.ts';

const rank = (at: number, naive: number | null, examination: number | null) => ({
  rank: at,
  views: 2000,
  clicks: 300,
  naive,
  examination,
});
const card: ExaminationCurve = {
  ranks: [rank(0, 1, 1), rank(1, 0.41, 0.62), rank(2, null, null)],
  overlap: 0.93,
  trusted: true,
  doubts: [],
};
const poor: ExaminationCurve = {
  ...card,
  overlap: 0.02,
  trusted: false,
  doubts: ['fewer than 100 choices at card rank 2 (7)'],
};
const report: ExaminationReport = {
  method: 'position-based',
  examples: '30d',
  fromMs: 0,
  toMs: 1,
  pages: 1200,
  listeners: 80,
  leftOut: { degraded: 3, marked: 0, otherEncoder: 0, unreadable: 0, unseen: 12, sampled: 0 },
  surfaces: [
    { surface: 'phone', pages: 1000, card, shelf: poor },
    { surface: 'tv', pages: 200, card: poor, shelf: null },
  ],
  trusted: true,
  configuration: { phone: { examination: [1, 0.62] } },
  seconds: 1,
};

describe('examination in print', () => {
  const text = examinationText(report);

  it('has the curve beside the naive one, by rank', () => {
    expect(text).toContain('examination by position-based, from 1200 pages (30d) of 80 listeners');
    expect(text).toContain('left out: 3 degraded, 12 unseen');
    expect(text).toMatch(/^ {2}card +views +choices +click rate +examination$/m);
    expect(text).toMatch(/^ {2}1 +2000 +300 +0\.410 +0\.620$/m);
    expect(text).toMatch(/^ {2}2 +2000 +300 +– +–$/m);
  });

  it('says why a curve is not to be trusted, and leaves it out of what is written into the configuration', () => {
    expect(text).toMatch(/enough to trust it, 93% of the views at several ranks/);
    expect(text).toMatch(/not to be trusted, 2% of the views at several ranks:\n {4}- fewer than 100 choices/);
    expect(text).toContain('      phone: { examination: [1, 0.62] },\n      // tv: not to be trusted yet');
  });

  it('has nothing to write where nothing is to be trusted', () => {
    const none = examinationText({ ...report, trusted: false, configuration: {} });
    expect(none).not.toContain('home:');
    expect(none).toMatch(/No curve of cards is to be trusted yet: leave the configuration as it is\.\n$/);
  });
});
