import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS } from '../../base/index.ts';
import type { ItemRef } from '../../domain/index.ts';
import { inWords, type Telltale } from './words.ts';

const NOW_MS = Date.parse('2026-11-24T12:00:00Z');
const item = (title: string): ItemRef => ({ id: title, kind: 'artist', title, subtitle: '', image: '' });
const nobody: Telltale = {
  id: 'listener-1',
  profile: {},
  createdAtMs: NOW_MS - HOUR_MS,
  totals: { plays: 0, skips: 0, recentPlays: 0, tenureDays: 0, firstEventAtMs: null, lastEventAtMs: null },
  genres: [],
  artists: [],
  hours: new Array<number>(24).fill(0),
  devices: [],
  mostPlayed: [],
  recents: [],
  likes: [],
  follows: [],
  hides: [],
  session: null,
};

describe('a listener in words', () => {
  it('says of somebody new that nothing is known', () => {
    expect(inWords(nobody, NOW_MS)).toEqual([
      'On the free tier of an unknown market, spoken to in English; known since today.',
      'Nothing was played yet: Home shows what is popular.',
    ]);
    expect(
      inWords({ ...nobody, profile: { onboardingPicks: ['a', 'b'], ageBand: 'kid', market: 'SE' } }, NOW_MS),
    ).toEqual([
      'On the free tier in Sweden, spoken to in English, a kid, without explicit items; known since today.',
      'Has not played anything yet; Home begins with 2 picks of sign-up.',
    ]);
  });

  it('tells how much, what, when, on what, and what was marked', () => {
    const hours = new Array<number>(24).fill(0);
    hours[19] = 0.75;
    hours[8] = 0.25;
    const told = inWords(
      {
        ...nobody,
        profile: { tier: 'premium', market: 'DE', language: 'de', ageBand: '25-34' },
        // A steady 12 a day, decayed with half-life 7 days: 12 · 7 / ln 2.
        totals: {
          plays: 900,
          skips: 100,
          recentPlays: (12 * 7) / Math.LN2,
          tenureDays: 75,
          firstEventAtMs: NOW_MS - 75 * DAY_MS,
          lastEventAtMs: NOW_MS - 3 * HOUR_MS,
        },
        genres: [
          { genre: 'folk', plays: 30, share: 0.5 },
          { genre: 'jazz', plays: 20, share: 1 / 3 },
          { genre: 'noise', plays: 1, share: 0.01 },
        ],
        artists: [
          { item: item('Ada'), plays: 20, share: 0.4 },
          { item: item('Bo'), plays: 10, share: 0.2 },
        ],
        hours,
        devices: [{ device: 'phone', plays: 9, share: 0.9 }],
        recents: [{ item: item('Late Songs'), lastPlayedAtMs: NOW_MS - 3 * HOUR_MS, plays: 4 }],
        likes: [{ item: item('x'), atMs: 1 }],
        follows: ['A', 'B', 'C', 'D', 'E'].map((title) => ({ item: item(title), atMs: 1 })),
        hides: [{ item: item('x'), atMs: 1 }],
      },
      NOW_MS,
    );
    expect(told).toEqual([
      'On the premium tier in Germany, spoken to in German, aged 25-34; known for 75 days.',
      '900 plays in all, about 12 a day of late; skips 10%.',
      'Mostly folk (50%) and jazz (33%).',
      'Plays Ada and Bo most, the first of them 40% of everything.',
      'Listens 75% in the evening (UTC), 90% on the phone.',
      'Last heard Late Songs, 3 hours ago.',
      'Likes 1, follows A, B, C, and 2 more, and has hidden 1 thing.',
    ]);
  });
});
