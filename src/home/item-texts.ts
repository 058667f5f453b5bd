/** What rendering knows of items: words, and what badges and progress are told by. */
import type { ItemKind } from '../domain/index.ts';
import type { Language } from './messages/index.ts';

/** What a card is told by, whatever the language. */
export interface CardFacts {
  readonly kind: ItemKind;
  readonly isExplicit: boolean;
  /** Epoch milliseconds, or NaN. */
  readonly releasedAtMs: number;
  /** 0 when unknown. */
  readonly durationMs: number;
}

/** A card's facts, and where its words stand: `"id":…,"kind":…,"title":…,"image":…,"subtitle":…` without braces, as UTF-8. */
export interface CardTexts extends CardFacts {
  /** Holds them from `from` to `end`, and much else. */
  readonly bytes: Buffer;
  readonly from: number;
  /** Behind `"subtitle":`, for a card that says something of the listener there. */
  readonly openingEnd: number;
  readonly end: number;
}

export interface ItemTexts {
  /** Title of an item; its id where the catalogue does not hold it. */
  title(item: number): string;
  /** The id that the app knows it by. */
  id(item: number): string;
  /** Its strongest genre, or that of its parent; '' where none is known. */
  genre(item: number): string;
  /** Epoch milliseconds, or NaN. */
  releasedAtMs(item: number): number;
  /** Of an episode: the title of its show, '' where none is known. */
  show(item: number): string;
  /**
   * Made once an item and language. May be the same object each time: to be read before the next call.
   * @param year of the page: dates of other years say theirs
   */
  card(item: number, language: Language, year: number): CardTexts;
}

/** What stands up to the subtitle of a card. */
export function cardOpening(id: string, kind: ItemKind, title: string, image: string): string {
  return (
    `"id":${JSON.stringify(id)},"kind":"${kind}","title":${JSON.stringify(title)}` +
    `,"image":${JSON.stringify(image)},"subtitle":`
  );
}

/** A card whose words stand alone. */
export function cardTexts(facts: CardFacts, opening: string, subtitle: string): CardTexts {
  const bytes = Buffer.from(opening + JSON.stringify(subtitle));
  return { ...facts, bytes, from: 0, openingEnd: Buffer.byteLength(opening), end: bytes.length };
}
