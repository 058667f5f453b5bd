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
  /** Of an episode: the title of its show, '' where none is known. */
  readonly show: string;
}

export interface ItemTexts {
  /** Title of an item; its id where the catalogue does not hold it. */
  title(item: number): string;
  /** The id that the app knows it by. */
  id(item: number): string;
  /** Its strongest genre, or that of its parent; '' where none is known. */
  genre(item: number): string;
  facts(item: number): CardFacts;
  /**
   * `"id":…,"kind":…,"title":…,"image":…,"subtitle":…` without braces, as UTF-8: made once an item and language, shared.
   * @param year of the page: dates of other years say theirs
   */
  fragment(item: number, language: Language, year: number): Uint8Array;
  /** The same up to and with `"subtitle":`, for one that says something of the listener. */
  opening(item: number): Uint8Array;
}
