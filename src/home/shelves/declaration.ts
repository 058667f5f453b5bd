/** What a shelf of Home is: where its candidates come from, what it promises, and how it speaks. */
import { type Campaigns, NO_ITEM, type ShelfOrder } from '../../domain/index.ts';
import type { ItemTexts } from '../item-texts.ts';
import { isWidest } from '../kinds.ts';
import type { Told } from '../messages/index.ts';
import type { HomeRequest } from '../request.ts';

/** Where a declaration puts its candidates. */
export interface CandidateSink {
  /** Adds a candidate; a second time only adds its channel. A batch has room for MAX_CANDIDATES: later ones are not taken. */
  add(item: number, channelBit: number): void;
}

export interface ShelfDeclaration {
  readonly id: string;
  readonly order: ShelfOrder;
  /** Fewer cards than this and the shelf does not appear. */
  readonly minCards: number;
  /** Most cards, within the surface's own limit. */
  readonly maxCards: number;
  /**
   * Of a row in a defined order that states nothing of the listener (ADR 13): where it is pinned it holds all of its cards,
   * elsewhere none, and competes for its place. @default false: it holds what it needs, and is sure of a place
   */
  readonly holdsWherePinned?: boolean;
  /** Items that the listener has played are removed. */
  readonly unplayedOnly: boolean;
  /**
   * It is made of what is the same for everybody of a market, a tier and a time, and stands on Homes without profiling too.
   * @default false
   */
  readonly isForEveryone?: boolean;
  /** Its title names its seed, an item: without the item in the catalogue there is no row. @default false */
  readonly isNamedBySeed?: boolean;
  /** It is never given a rest for being seen and not chosen. Rows in a defined order never are. @default false */
  readonly isTireless?: boolean;
  /** The items that the shelf is about, up to a few, for shelves that exist once per item; [NO_ITEM] for the others. */
  seeds(request: HomeRequest, out: Uint32Array): number;
  propose(request: HomeRequest, seedItem: number, sink: CandidateSink): void;
  /** Page rank where the row is forced, or -1; of two rows that want the same one neither may give it. @default -1 */
  pinnedRank?(request: HomeRequest, seedItem: number): number;
  title(about: Telling): Told;
  /** Why the shelf is there. */
  reason(about: Telling): Told;
  /** Why this card, where the shelf does not say it all. */
  cardReason?(item: number, about: Telling): Told | undefined;
  /** A word that stands by the title, such as "Sponsored". */
  label?(about: Telling): Told | undefined;
  /** Is the card paid for? */
  isSponsored?(item: number, about: Telling): boolean;
}

/** What a shelf's words are told from: record, catalogue and campaigns alone, so that a page served again reads the same. */
export interface Telling {
  readonly seedItem: number;
  /** Of the decision; UNKNOWN_MARKET where it is not known. */
  readonly market: string;
  /** The time that the page is for. */
  readonly atMs: number;
  /** Of the listener: a BCP 47 tag. For words that somebody else has written in several languages. */
  readonly language: string;
  readonly campaigns: Campaigns;
  readonly texts: ItemTexts;
}

/** Offers what of these items is for discovery. */
export function offerWidest(request: HomeRequest, items: Uint32Array, channelBit: number, sink: CandidateSink): void {
  const { catalog } = request.epochs;
  const { among } = request.scratch;
  among.fill(items);
  for (let i = 0; i < items.length; i++) if (isWidest(items[i], among, catalog)) sink.add(items[i], channelBit);
}

export const once = (_request: HomeRequest, out: Uint32Array): number => {
  out[0] = NO_ITEM;
  return 1;
};
