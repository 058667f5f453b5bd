import { beforeEach, describe, expect, it } from 'vitest';
import { createVocabulary, type Item } from '../domain/index.ts';
import { LANGUAGES, type Language } from '../home/index.ts';
import { createItemTexts, type KeptItemTexts } from './item-texts.ts';

const NINA = { id: 'nina', name: 'Nina Simone' };
const ITEMS: readonly Item[] = [
  { id: 'nina', kind: 'artist', title: 'Nina Simone', genres: ['jazz'] },
  { id: 'pastel', kind: 'album', title: 'Pastel Blues', creators: [NINA], releasedAt: '1965-10-01T00:00:00Z' },
  { id: 'sinnerman', kind: 'track', title: 'Sinnerman', creators: [NINA], parentId: 'pastel', explicit: true },
  { id: 'single', kind: 'track', title: 'A single' },
  { id: 'blues', kind: 'playlist', title: 'Blue hours', genres: ['blues', 'soul', 'jazz', 'gospel'] },
  { id: 'show', kind: 'show', title: 'The Show', creators: [{ id: 'p', name: 'A Publisher' }], genres: ['news'] },
  {
    id: 'episode',
    kind: 'episode',
    title: 'One "quoted" \u2028 title',
    parentId: 'show',
    releasedAt: '2026-11-12T05:00:00Z',
    durationMs: 45 * 60_000,
    image: '/covers/e.svg',
  },
];

describe('Texts of items', () => {
  let store: Map<string, Item>;
  let reads: number;
  let texts: KeptItemTexts;
  const items = createVocabulary(ITEMS.map(({ id }) => id));
  const card = (id: string, language: Language = 'en', year = 2026) => {
    const { bytes, from, end } = texts.card(items.number(id), language, year);
    return JSON.parse(`{${bytes.toString('utf8', from, end)}}`) as Record<string, string>;
  };

  beforeEach(() => {
    store = new Map(ITEMS.map((item) => [item.id, item]));
    reads = 0;
    texts = createItemTexts({ items, genres: createVocabulary() }, (id) => {
      reads++;
      return store.get(id);
    });
  });

  it('say under a card what it is, by its kind, in four languages', () => {
    const rows = Object.fromEntries(
      ITEMS.map(({ id }) => [id, LANGUAGES.map((language) => card(id, language).subtitle)]),
    );
    expect(rows).toEqual({
      nina: ['Artist', 'Künstler', 'Artista', 'Artist'],
      pastel: [
        'Album · Nina Simone · 1965',
        'Album · Nina Simone · 1965',
        'Álbum · Nina Simone · 1965',
        'Album · Nina Simone · 1965',
      ],
      sinnerman: Array(4).fill('Nina Simone · Pastel Blues'),
      single: ['Song', 'Titel', 'Canción', 'Låt'],
      blues: [
        'Playlist · blues, soul, jazz',
        'Playlist · blues, soul, jazz',
        'Lista · blues, soul, jazz',
        'Spellista · blues, soul, jazz',
      ],
      show: ['Podcast · A Publisher', 'Podcast · A Publisher', 'Pódcast · A Publisher', 'Podd · A Publisher'],
      episode: [
        'The Show · 12 Nov · 45 min',
        'The Show · 12. Nov. · 45 Min.',
        'The Show · 12 nov · 45 min',
        'The Show · 12 nov. · 45 min',
      ],
    });
  });

  it('say the year of a date on pages of other years, whatever was made before', () => {
    for (let i = 0; i < 2; i++) {
      expect(card('episode', 'en', 2027).subtitle).toBe('The Show · 12 Nov 2026 · 45 min');
      expect(card('episode', 'en', 2026).subtitle).toBe('The Show · 12 Nov · 45 min');
    }
  });

  it('keep any title as it is, and begin a card as the whole card begins', () => {
    expect(card('episode')).toMatchObject({
      id: 'episode',
      kind: 'episode',
      title: ITEMS[6].title,
      image: '/covers/e.svg',
    });
    const number = items.number('episode');
    for (let i = 0; i < 2; i++) {
      const { bytes, from, openingEnd, end } = texts.card(number, 'de', 2026);
      expect(bytes.toString('utf8', from, openingEnd)).toMatch(/^"id":"episode".*"subtitle":$/s);
      expect(bytes.toString('utf8', openingEnd, end)).toBe('"The Show · 12. Nov. · 45 Min."');
    }
  });

  it('tell what badges and progress are told by', () => {
    // When they are made, and from what is kept.
    for (let i = 0; i < 2; i++) {
      const [song, episode] = [items.number('sinnerman'), items.number('episode')];
      expect(texts.releasedAtMs(song)).toBe(Number.NaN);
      expect(texts.card(song, 'en', 2026)).toMatchObject({
        kind: 'track',
        isExplicit: true,
        releasedAtMs: Number.NaN,
        durationMs: 0,
      });
      expect(texts.releasedAtMs(episode)).toBe(Date.UTC(2026, 10, 12, 5));
      expect(texts.show(episode)).toBe('The Show');
      expect(texts.card(episode, 'en', 2026)).toMatchObject({
        kind: 'episode',
        isExplicit: false,
        releasedAtMs: Date.UTC(2026, 10, 12, 5),
        durationMs: 45 * 60_000,
      });
    }
  });

  it('are made once an item and language', () => {
    for (const { id } of ITEMS) for (const language of LANGUAGES) card(id, language);
    reads = 0;
    for (const { id } of ITEMS) for (const language of LANGUAGES) card(id, language);
    expect(reads).toBe(0);
    for (const { id } of ITEMS) texts.title(items.number(id));
    reads = 0;
    for (const { id } of ITEMS) texts.title(items.number(id));
    expect(reads).toBe(0);
  });

  it('that name no date are made once, whatever years pages are of', () => {
    const dateless = ITEMS.filter(({ kind }) => kind !== 'episode');
    for (const { id } of dateless) card(id, 'en', 2026);
    reads = 0;
    for (const year of [2027, 2026]) for (const { id } of dateless) card(id, 'en', year);
    expect(reads).toBe(0);
  });

  it('change with the item and with what it names', () => {
    const rename = (id: string, title: string) => {
      const item = store.get(id) as Item;
      store.set(id, { ...item, title });
      texts.forget(items.number(id), item.kind);
    };
    for (const { id } of ITEMS) card(id);
    expect(texts.show(items.number('episode'))).toBe('The Show');
    rename('show', 'Another Show');
    rename('pastel', 'Another Album');
    rename('single', 'Another Song');
    expect(card('episode').subtitle).toBe('Another Show · 12 Nov · 45 min');
    expect(texts.show(items.number('episode'))).toBe('Another Show');
    expect(card('sinnerman').subtitle).toBe('Nina Simone · Another Album');
    expect(card('single').title).toBe('Another Song');
    expect(texts.genre(items.number('episode'))).toBe('news');
  });

  it('change when what they name becomes something of another kind', () => {
    for (const { id } of ITEMS) card(id);
    store.set('show', { id: 'show', kind: 'playlist', title: 'No show any more' });
    texts.forget(items.number('show'), 'playlist', 'show');
    expect(card('episode').subtitle).toBe('No show any more · 12 Nov · 45 min');
  });

  it('tell of an item that the catalogue does not hold its id, until it is there', () => {
    const late = items.number('late');
    expect(card('late')).toEqual({ id: 'late', kind: 'track', title: 'late', image: '', subtitle: '' });
    expect(texts.title(late)).toBe('late');
    store.set('late', { id: 'late', kind: 'show', title: 'Here now' });
    texts.forget(late, 'show');
    expect(card('late')).toMatchObject({ title: 'Here now', kind: 'show', subtitle: 'Podcast' });
  });
});
