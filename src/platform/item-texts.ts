/**
 * The words of items on cards, in each language: made when a card is first shown, kept until the item, or one that it
 * names, changes.
 */
import type { Item, ItemKind, Vocabularies } from '../domain/index.ts';
import {
  type CardFacts,
  type CardTexts,
  cardOpening,
  cardTexts,
  type ItemTexts,
  type Language,
  type PlainMessageId,
  textOf,
  told,
} from '../home/index.ts';
import { ANY_YEAR, createCardWords } from './card-words.ts';

export interface KeptItemTexts extends ItemTexts {
  /** The item changed or went: what was made of it, and of what names it, is made anew. @param kinds that it had and has */
  forget(number: number, ...kinds: readonly ItemKind[]): void;
  /** Memory that the words of cards take. */
  readonly heldBytes: number;
}

/** @param get the item as it is now; undefined where the catalogue does not hold it */
export function createItemTexts(
  vocabularies: Pick<Vocabularies, 'items' | 'genres'>,
  get: (id: string) => Item | undefined,
): KeptItemTexts {
  const cards = createCardWords();
  const titles = new Map<number, string>();
  /** Of what others name as their parent, by id: '' where there is none, or it has none. */
  const parents = new Map<string, string>();
  /** The same of episodes, by the episode's number. */
  const shows = new Map<number, string>();
  const genres: (string | undefined)[] = [];

  const itemOf = (number: number): Item | undefined =>
    number < vocabularies.items.size ? get(vocabularies.items.name(number)) : undefined;
  const parentOf = (item: Item | undefined): Item | undefined =>
    item?.parentId === undefined ? undefined : get(item.parentId);
  const parentTitleOf = (item: Item | undefined): string => {
    if (item?.parentId === undefined) return '';
    let title = parents.get(item.parentId);
    if (title === undefined) {
      title = get(item.parentId)?.title ?? '';
      parents.set(item.parentId, title);
    }
    return title;
  };

  const make = (number: number, language: Language, year: number): CardTexts => {
    const item = itemOf(number);
    if (item === undefined) {
      const id = vocabularies.items.name(number);
      return cardTexts(factsOf(undefined), cardOpening(id, 'track', id, ''), '');
    }
    const opening = cardOpening(item.id, item.kind, titleOf(item), item.image ?? '');
    const made = cardTexts(factsOf(item), opening, subtitleOf(item, parentTitleOf(item), language, year));
    const ofYear = item.kind === 'episode' ? year : ANY_YEAR;
    cards.keep(number, language, ofYear, made, made.bytes, made.openingEnd);
    return made;
  };

  return {
    forget(number, ...kinds) {
      cards.forget(number);
      titles.delete(number);
      parents.delete(vocabularies.items.name(number));
      shows.delete(number);
      genres[number] = undefined;
      // Songs carry the title of their album, episodes that of their show; what has a parent may take its genre.
      const was = (kind: ItemKind): boolean => kinds.includes(kind);
      if (was('album') || was('show')) cards.clear();
      if (was('show')) shows.clear();
      if (was('album') || was('show') || was('artist')) genres.length = 0;
    },
    get heldBytes() {
      return cards.heldBytes;
    },
    id: (number) => vocabularies.items.name(number),
    title(number) {
      const known = titles.get(number);
      if (known !== undefined) return known;
      const item = itemOf(number);
      if (item === undefined) return vocabularies.items.name(number);
      const title = titleOf(item);
      titles.set(number, title);
      return title;
    },
    releasedAtMs: (number) => cards.releasedAtMs(number) ?? factsOf(itemOf(number)).releasedAtMs,
    show(number) {
      const known = shows.get(number);
      if (known !== undefined) return known;
      const title = parentTitleOf(itemOf(number));
      shows.set(number, title);
      return title;
    },
    card: (number, language, year) => cards.find(number, language, year) ?? make(number, language, year),
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

function titleOf(item: Item): string {
  return item.title === '' ? item.id : item.title;
}

function factsOf(item: Item | undefined): CardFacts {
  return {
    kind: item?.kind ?? 'track',
    isExplicit: item?.explicit === true,
    releasedAtMs: Date.parse(item?.releasedAt ?? ''),
    durationMs: item?.durationMs ?? 0,
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
/** @param parent title of the item's parent; '' where it has none */
function subtitleOf(item: Item, parent: string, language: Language, year: number): string {
  const word = textOf(told(KIND_WORDS[item.kind]), language);
  const by = (item.creators ?? []).map((creator) => creator.name).join(', ');
  switch (item.kind) {
    case 'track':
      return joined([by === '' ? word : by, parent]);
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
        parent === '' ? word : parent,
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
