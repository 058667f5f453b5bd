/**
 * The words of items on cards, in each language: made when a card is first shown, kept until the item, or one that it
 * names, changes.
 */
import { utf8 } from '../base/index.ts';
import type { Item, ItemKind, Vocabularies } from '../domain/index.ts';
import {
  type CardFacts,
  type ItemTexts,
  LANGUAGES,
  type Language,
  type PlainMessageId,
  textOf,
  told,
} from '../home/index.ts';

export interface KeptItemTexts extends ItemTexts {
  /** The item changed or went: what was made of it, and of what names it, is made anew. */
  forget(number: number, kind: ItemKind): void;
}

/** What was made of one item: one object, for there is one of each item that was ever shown. */
interface Kept extends CardFacts {
  readonly title: string;
  /** Length of the opening, with which every fragment begins. */
  readonly openingBytes: number;
  /** The year whose pages the fragments are for. */
  year: number;
  /** By language; the first one that was made, and others where they were asked for. */
  language: Language;
  fragment: Uint8Array;
  others: Partial<Record<Language, Uint8Array>> | undefined;
}

/** @param get the item as it is now; undefined where the catalogue does not hold it */
export function createItemTexts(
  vocabularies: Pick<Vocabularies, 'items' | 'genres'>,
  get: (id: string) => Item | undefined,
): KeptItemTexts {
  const texts: (Kept | undefined)[] = [];
  const genres: (string | undefined)[] = [];

  const itemOf = (number: number): Item | undefined =>
    number < vocabularies.items.size ? get(vocabularies.items.name(number)) : undefined;
  const parentOf = (item: Item): Item | undefined => (item.parentId === undefined ? undefined : get(item.parentId));

  const textsOf = (number: number): Kept => {
    const known = texts[number];
    if (known !== undefined) return known;
    const item = itemOf(number);
    if (item === undefined) return keptOf({ id: vocabularies.items.name(number), kind: 'track', title: '' }, undefined);
    const made = keptOf(item, item.kind === 'episode' ? parentOf(item) : undefined);
    texts[number] = made;
    return made;
  };
  const fragmentOf = (number: number, kept: Kept, language: Language, year: number): Uint8Array => {
    const item = itemOf(number);
    const subtitle = item === undefined ? '' : subtitleOf(item, parentOf(item), language, year);
    return Buffer.concat([kept.fragment.subarray(0, kept.openingBytes), utf8(JSON.stringify(subtitle))]);
  };

  return {
    forget(number, kind) {
      texts[number] = undefined;
      genres[number] = undefined;
      // Songs carry the title of their album, episodes that of their show; what has a parent may take its genre.
      if (kind === 'album' || kind === 'show') texts.length = 0;
      if (kind === 'album' || kind === 'show' || kind === 'artist') genres.length = 0;
    },
    id: (number) => vocabularies.items.name(number),
    title: (number) => textsOf(number).title,
    facts: textsOf,
    opening(number) {
      const { fragment, openingBytes } = textsOf(number);
      return fragment.subarray(0, openingBytes);
    },
    fragment(number, language, year) {
      const kept = textsOf(number);
      if (kept.year !== year) {
        kept.fragment = fragmentOf(number, kept, language, year);
        kept.others = undefined;
        kept.language = language;
        kept.year = year;
      }
      if (kept.language === language) return kept.fragment;
      const known = kept.others?.[language];
      if (known !== undefined) return known;
      const made = fragmentOf(number, kept, language, year);
      kept.others = { ...kept.others, [language]: made };
      return made;
    },
    genre(number) {
      const known = genres[number];
      if (known !== undefined) return known;
      const item = itemOf(number);
      const name = item === undefined ? undefined : (item.genres?.[0] ?? parentOf(item)?.genres?.[0]);
      if (name === undefined) return '';
      // The vocabulary's own text of it: one for all items.
      const shared = vocabularies.genres.name(vocabularies.genres.number(name));
      genres[number] = shared;
      return shared;
    },
  };
}

function keptOf(item: Item, show: Item | undefined): Kept {
  const title = item.title === '' ? item.id : item.title;
  const opening = utf8(
    `"id":${JSON.stringify(item.id)},"kind":"${item.kind}","title":${JSON.stringify(title)}` +
      `,"image":${JSON.stringify(item.image ?? '')},"subtitle":`,
  );
  return {
    title,
    kind: item.kind,
    isExplicit: item.explicit === true,
    releasedAtMs: Date.parse(item.releasedAt ?? ''),
    durationMs: item.durationMs ?? 0,
    show: show?.title ?? '',
    openingBytes: opening.length,
    year: 0,
    language: LANGUAGES[0],
    fragment: opening,
    others: undefined,
  };
}

const KIND_WORDS: Readonly<Record<ItemKind, PlainMessageId>> = {
  track: 'card.track',
  album: 'card.album',
  artist: 'card.artist',
  playlist: 'card.playlist',
  show: 'card.show',
  episode: 'card.episode',
};

/** Genres that tell what is in a playlist. */
const PLAYLIST_GENRES = 3;

/**
 * What stands under the title, by kind: "Artist · Album" of a song, "Album · Artist · 1999", "Artist", "Playlist · soul,
 * jazz", "Podcast · Publisher", "Show · 12 Nov · 45 min" of an episode. What is not known is left out.
 */
function subtitleOf(item: Item, parent: Item | undefined, language: Language, year: number): string {
  const word = textOf(told(KIND_WORDS[item.kind]), language);
  const by = (item.creators ?? []).map((creator) => creator.name).join(', ');
  switch (item.kind) {
    case 'track':
      return joined([by === '' ? word : by, parent?.title ?? '']);
    case 'album':
      return joined([word, by, item.releasedAt?.slice(0, 4) ?? '']);
    case 'artist':
      return word;
    case 'playlist':
      return joined([word, by, (item.genres ?? []).slice(0, PLAYLIST_GENRES).join(', ')]);
    case 'show':
      return joined([word, by]);
    case 'episode': {
      const minutes = Math.round((item.durationMs ?? 0) / 60_000);
      return joined([
        parent?.title ?? word,
        item.releasedAt === undefined ? '' : dateOf(item.releasedAt, language, year),
        minutes === 0 ? '' : textOf(told('card.minutes', { minutes }), language),
      ]);
    }
  }
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(' · ');
}

const dateFormats = new Map<string, Intl.DateTimeFormat>();

/** "12 Nov", and "12 Nov 2025" on a page of another year. */
function dateOf(instant: string, language: Language, year: number): string {
  const date = new Date(instant);
  const otherYear = date.getUTCFullYear() !== year;
  const key = `${language} ${otherYear}`;
  let format = dateFormats.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(language === 'en' ? 'en-GB' : language, {
      day: 'numeric',
      month: 'short',
      ...(otherYear ? { year: 'numeric' } : {}),
      timeZone: 'UTC',
    });
    dateFormats.set(key, format);
  }
  return format.format(date);
}
