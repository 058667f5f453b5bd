/** Generated playlists as cards of a Home: which ones there are for the listener now, and what they say. */
import { generatedId, generatedNumber, isGenerated, slotOf } from '../../domain/index.ts';
import { type CardFacts, type CardTexts, cardOpening, cardTexts, type ItemTexts } from '../item-texts.ts';
import { LANGUAGES, type Language, textOf } from '../messages/index.ts';
import { coverPath, hueOfGenre } from './covers.ts';
import type { ArtistNames, NamedArtists, ReadList } from './reading.ts';
import { namedArtists, subtitleOf, titleOf } from './reading.ts';
import type { HearingRights } from './rights.ts';

/** What Home knows of the playlists that were made for its listener, in the listener's language. */
export interface GeneratedCards {
  /** Item numbers, in the order of slots. */
  readonly items: readonly number[];
  has(item: number): boolean;
  /** What `ItemTexts.card` gives of an item, in the language that they were made for. */
  card(item: number): CardTexts;
}

const FACTS: CardFacts = { kind: 'playlist', isExplicit: false, releasedAtMs: Number.NaN, durationMs: 0 };

/** Nothing was made, or nothing may be shown. */
export const NO_GENERATED: GeneratedCards = {
  items: [],
  has: () => false,
  card: (item) => cardOf(unknownFace(slotOf(item)), LANGUAGES[0]),
};

/** What a card tells of a list, in any language. */
export interface ListFace {
  readonly slot: number;
  readonly named: NamedArtists;
  readonly image: string;
}

export function faceOf(list: ReadList, rights: HearingRights, names: ArtistNames): ListFace {
  const hue = hueOfGenre(strongestGenre(list, rights));
  return { slot: list.slot, named: namedArtists(list, rights, names), image: coverPath(list.slot, hue) };
}

/** The genre of most of its tracks, of equals the one that comes first; -1 where none is known. */
function strongestGenre({ tracks }: ReadList, { catalog }: HearingRights): number {
  const counts = new Map<number, number>();
  let strongest = -1;
  for (const { track } of tracks) {
    const at = catalog.genreStart[track];
    if (at === catalog.genreStart[track + 1]) continue;
    const genre = catalog.genreIds[at];
    const count = (counts.get(genre) ?? 0) + 1;
    counts.set(genre, count);
    if (count > (counts.get(strongest) ?? 0)) strongest = genre;
  }
  return strongest;
}

/** Cards of these lists. */
export function generatedCards(faces: readonly ListFace[], language: Language): GeneratedCards {
  return faces.length === 0 ? NO_GENERATED : new Cards(faces, language);
}

/** Kept for every listener who was here of late: as few objects as can be. */
class Cards implements GeneratedCards {
  readonly items: readonly number[];
  /** The words of all, one after the other, and where those of each end. */
  readonly #bytes: Buffer;
  readonly #ends: readonly number[];

  constructor(faces: readonly ListFace[], language: Language) {
    const cards = faces.map((face) => cardOf(face, language));
    const ends: number[] = [];
    let end = 0;
    for (const card of cards) {
      end += card.end;
      ends.push(end);
    }
    this.items = faces.map(({ slot }) => generatedNumber(slot));
    this.#ends = ends;
    this.#bytes = Buffer.concat(cards.map(({ bytes }) => bytes));
  }

  has(item: number): boolean {
    return this.items.includes(item);
  }

  card(item: number): CardTexts {
    const at = this.items.indexOf(item);
    // One that is gone since its row was drawn: the page that has it is not sent.
    if (at < 0) return NO_GENERATED.card(item);
    const from = at === 0 ? 0 : this.#ends[at - 1];
    const end = this.#ends[at];
    // Only an episode says something of its own where the subtitle stands.
    return { ...FACTS, bytes: this.#bytes, from, openingEnd: end, end };
  }
}

function unknownFace(slot: number): ListFace {
  return { slot, named: { names: [], more: false }, image: coverPath(slot, hueOfGenre(-1)) };
}

function cardOf({ slot, named, image }: ListFace, language: Language): CardTexts {
  const opening = cardOpening(generatedId(slot), 'playlist', textOf(titleOf(slot, named), language), image);
  return cardTexts(FACTS, opening, subtitleOf(named, language));
}

/** The words of items, and of these generated playlists beside them. */
export function textsWith(texts: ItemTexts, cards: GeneratedCards): ItemTexts {
  return cards.items.length === 0 ? texts : new TextsWithCards(texts, cards);
}

class TextsWithCards implements ItemTexts {
  readonly #texts: ItemTexts;
  readonly #cards: GeneratedCards;

  constructor(texts: ItemTexts, cards: GeneratedCards) {
    this.#texts = texts;
    this.#cards = cards;
  }

  title(item: number): string {
    return this.#texts.title(item);
  }

  id(item: number): string {
    return this.#texts.id(item);
  }

  genre(item: number): string {
    return this.#texts.genre(item);
  }

  releasedAtMs(item: number): number {
    return isGenerated(item) ? FACTS.releasedAtMs : this.#texts.releasedAtMs(item);
  }

  show(item: number): string {
    return this.#texts.show(item);
  }

  card(item: number, language: Language, year: number): CardTexts {
    return isGenerated(item) ? this.#cards.card(item) : this.#texts.card(item, language, year);
  }
}
