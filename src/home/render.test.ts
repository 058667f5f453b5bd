import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../base/index.ts';
import { type Item, NO_CAMPAIGNS, NO_ITEM, type Page, PageSchema, UNKNOWN_MARKET } from '../domain/index.ts';
import { emptyState, foldEvent } from '../signals/index.ts';
import { eventOf } from './event-testing.ts';
import { cardOpening, cardTexts, type ItemTexts } from './item-texts.ts';
import { type RenderInput, renderPage } from './render.ts';

const NOW = Date.UTC(2026, 10, 20, 18);
const checker = Compile(PageSchema);

const ITEMS: readonly Partial<Item>[] = [
  { kind: 'artist', title: 'Nina Simone', genres: ['jazz'] },
  { kind: 'album', title: 'Out last week', releasedAt: new Date(NOW - 7 * DAY_MS).toISOString() },
  { kind: 'album', title: 'Out a fortnight ago', releasedAt: new Date(NOW - 14 * DAY_MS).toISOString() },
  { kind: 'track', title: 'Out tomorrow', releasedAt: new Date(NOW + DAY_MS).toISOString(), explicit: true },
  { kind: 'episode', title: 'Begun', durationMs: HOUR_MS, releasedAt: new Date(NOW - 3 * DAY_MS).toISOString() },
  { kind: 'episode', title: 'Heard', durationMs: HOUR_MS },
  { kind: 'episode', title: 'Looked in', durationMs: HOUR_MS },
  { kind: 'episode', title: 'Of a length that is not known' },
  { kind: 'episode', title: 'Nearly heard', durationMs: MINUTE_MS },
];
const LISTENED_MS = [0, 0, 0, 0, 48 * MINUTE_MS, 59 * MINUTE_MS, 2 * MINUTE_MS, 10 * MINUTE_MS, 50_000];

const texts: ItemTexts = {
  id: (item) => `item-${item}`,
  title: (item) => ITEMS[item].title ?? '',
  genre: (item) => ITEMS[item].genres?.[0] ?? '',
  releasedAtMs: (item) => Date.parse(ITEMS[item].releasedAt ?? ''),
  show: (item) => (item === 8 ? '' : 'The Show'),
  card(item, language, year) {
    const { kind = 'track', title = '', explicit = false, durationMs = 0 } = ITEMS[item];
    return cardTexts(
      { kind, isExplicit: explicit, releasedAtMs: texts.releasedAtMs(item), durationMs },
      cardOpening(`item-${item}`, kind, title, ''),
      `${language} ${year}`,
    );
  },
};

function listener() {
  const state = emptyState();
  for (const [item, playedMs] of LISTENED_MS.entries()) {
    if (playedMs === 0) continue;
    const event = eventOf({
      occurredAtMs: NOW - HOUR_MS,
      receivedAtMs: NOW,
      itemId: `item-${item}`,
      playedMs,
      durationMs: ITEMS[item].durationMs ?? 0,
    });
    foldEvent(state, event, item, -1);
  }
  return state;
}

function pageOf(shelfId: string, seedItem: number, items: readonly number[], changes: Partial<RenderInput> = {}): Page {
  const input: RenderInput = {
    decisionId: '01KDVDNA000000000000000000',
    policyId: 'plackett-luce',
    degraded: false,
    atMs: NOW,
    market: 'SE',
    language: 'en',
    state: listener(),
    campaigns: NO_CAMPAIGNS,
    firstRank: 0,
    rowLimit: undefined,
    rows: [
      {
        shelfId,
        seedItem,
        order: 'policy',
        carried: false,
        propensity: 1,
        forced: true,
        best: 1,
        value: 0,
        cards: items.map((item) => ({ item, propensity: 1, forced: true, best: 1, score: 0 })),
      },
    ],
    ...changes,
  };
  const page = JSON.parse(Buffer.from(renderPage(input, texts, undefined)).toString()) as Page;
  expect(checker.Check(page)).toBe(true);
  return page;
}

describe('A rendered page', () => {
  const all = ITEMS.map((_, item) => item);

  it('marks what is new within 14 days of its time, explicit, and unfinished', () => {
    const { cards } = pageOf('recommended', NO_ITEM, all).shelves[0];
    expect(cards.map(({ badges }) => badges)).toEqual([
      [],
      ['new'],
      [],
      ['explicit'],
      ['new', 'unfinished'],
      [],
      [],
      [],
      ['unfinished'],
    ]);
    expect(cards.every(({ sponsored }) => !sponsored)).toBe(true);
  });

  it('tells how far begun episodes are, and of the unfinished how much is left', () => {
    const { cards } = pageOf('recommended', NO_ITEM, all).shelves[0];
    expect(cards.map(({ progress }) => progress)).toEqual([null, null, null, null, 0.8, 0.983, null, null, 0.833]);
    expect(cards.slice(4).map(({ subtitle }) => subtitle)).toEqual([
      'The Show · 12 min left',
      'en 2026',
      'en 2026',
      'en 2026',
      '1 min left',
    ]);
    const left = (language: string) => pageOf('recommended', NO_ITEM, [8], { language }).shelves[0].cards[0].subtitle;
    expect(['de', 'es', 'sv'].map(left)).toEqual(['noch 1 Min.', 'queda 1 min', '1 min kvar']);
  });

  it('speaks the language of its listener, and English where it does not know it', () => {
    const say = (language: string) => {
      const [{ title, reason, cards }] = pageOf('more-like', 0, [1], { language }).shelves;
      return [title, reason, cards[0].subtitle];
    };
    expect(say('de-CH')).toEqual(['Mehr wie Nina Simone', 'Weil du Nina Simone magst', 'de 2026']);
    expect(say('es')).toEqual(['Más como Nina Simone', 'Porque te gusta Nina Simone', 'es 2026']);
    expect(say('sv-FI')).toEqual(['Mer som Nina Simone', 'För att du gillar Nina Simone', 'sv 2026']);
    for (const language of ['en-US', 'pt-BR', ''])
      expect(say(language)).toEqual(['More like Nina Simone', 'Because you like Nina Simone', 'en 2026']);
  });

  it('says "in your market" only to those whose market is known', () => {
    const say = (market: string, language: string) => pageOf('popular', NO_ITEM, [1], { market, language }).shelves[0];
    expect(say('SE', 'en')).toMatchObject({
      title: 'Popular in your market',
      reason: 'What listeners around you play',
    });
    expect(say(UNKNOWN_MARKET, 'en')).toMatchObject({ title: 'Popular now', reason: 'What listeners everywhere play' });
    expect(say(UNKNOWN_MARKET, 'de').title).toBe('Gerade beliebt');
  });

  it('names a genre as it is in every language, and says nothing where there is none', () => {
    const { cards } = pageOf('something-different', NO_ITEM, [0, 1], { language: 'sv' }).shelves[0];
    expect(cards.map(({ reason }) => reason)).toEqual(['jazz', '']);
  });
});
