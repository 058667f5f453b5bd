/** Generated playlists as cards of a Home: which ones there are for the listener now, and what they say. */
import { utf8 } from '../../base/index.ts';
import { generatedId, generatedNumber, isGenerated, slotOf } from '../../domain/index.ts';
import type { CardFacts, ItemTexts } from '../item-texts.ts';
import { type Language, textOf } from '../messages/index.ts';
import { coverPath, hueOfGenre } from './covers.ts';
import type { ArtistNames, NamedArtists, ReadList } from './reading.ts';
import { namedArtists, subtitleOf, titleOf } from './reading.ts';
import type { HearingRights } from './rights.ts';

/** What Home knows of the playlists that were made for its listener. */
export interface GeneratedCards {
  /** Item numbers, in the order of slots. */
  readonly items: readonly number[];
  has(item: number): boolean;
  /** What `ItemTexts.opening` gives of an item. */
  opening(item: number, language: Language): Uint8Array;
  /** What `ItemTexts.fragment` gives. */
  fragment(item: number, language: Language): Uint8Array;
}

const NOTHING = new Uint8Array(0);

/** Nothing was made, or nothing may be shown. */
export const NO_GENERATED: GeneratedCards = {
  items: [],
  has: () => false,
  opening: () => NOTHING,
  fragment: () => NOTHING,
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

/** Cards of these lists; their words are made once a language. */
export function generatedCards(faces: readonly ListFace[]): GeneratedCards {
  if (faces.length === 0) return NO_GENERATED;
  const bySlot = new Map(faces.map((face) => [face.slot, face]));
  const openings = new Map<string, Uint8Array>();
  const fragments = new Map<string, Uint8Array>();
  const kept = (made: Map<string, Uint8Array>, key: string, make: () => Uint8Array): Uint8Array => {
    const known = made.get(key);
    if (known !== undefined) return known;
    const fresh = make();
    made.set(key, fresh);
    return fresh;
  };
  const opening = (item: number, language: Language): Uint8Array =>
    kept(openings, `${item} ${language}`, () => {
      const slot = slotOf(item);
      const face = bySlot.get(slot);
      const title = textOf(titleOf(slot, face?.named ?? { names: [], more: false }), language);
      const image = face?.image ?? coverPath(slot, hueOfGenre(-1));
      return utf8(
        `"id":${JSON.stringify(generatedId(slot))},"kind":"playlist","title":${JSON.stringify(title)}` +
          `,"image":${JSON.stringify(image)},"subtitle":`,
      );
    });
  return {
    items: faces.map(({ slot }) => generatedNumber(slot)),
    has: (item) => isGenerated(item) && bySlot.has(slotOf(item)),
    opening,
    fragment: (item, language) =>
      kept(fragments, `${item} ${language}`, () => {
        const named = bySlot.get(slotOf(item))?.named ?? { names: [], more: false };
        return Buffer.concat([opening(item, language), utf8(JSON.stringify(subtitleOf(named, language)))]);
      }),
  };
}

const FACTS: CardFacts = { kind: 'playlist', isExplicit: false, releasedAtMs: Number.NaN, durationMs: 0, show: '' };

/** The words of items, and of these generated playlists beside them. */
export function textsWith(texts: ItemTexts, cards: GeneratedCards, language: Language): ItemTexts {
  if (cards.items.length === 0) return texts;
  return {
    title: (item) => texts.title(item),
    id: (item) => texts.id(item),
    genre: (item) => texts.genre(item),
    facts: (item) => (isGenerated(item) ? FACTS : texts.facts(item)),
    opening: (item) => (isGenerated(item) ? cards.opening(item, language) : texts.opening(item)),
    fragment: (item, spoken, year) =>
      isGenerated(item) ? cards.fragment(item, spoken) : texts.fragment(item, spoken, year),
  };
}
