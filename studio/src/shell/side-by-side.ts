/** Two pages of one listener beside each other: what they share, and what stands elsewhere. */

/** Shelves top down, as far as it matters here. */
export interface SidePage {
  readonly shelves: readonly { readonly id: string; readonly cards: readonly { readonly id: string }[] }[];
}

export interface SideBySide {
  /** Ids of cards and shelves that stand on both. */
  readonly cards: ReadonlySet<string>;
  readonly shelves: ReadonlySet<string>;
  /** By id of a shelf on both: ranks that it stands higher (positive) or lower on the second page. */
  readonly rises: ReadonlyMap<string, number>;
}

function cardIds(page: SidePage): Set<string> {
  return new Set(page.shelves.flatMap((shelf) => shelf.cards.map(({ id }) => id)));
}

export function putSideBySide(one: SidePage, other: SidePage): SideBySide {
  const otherCards = cardIds(other);
  const otherRanks = new Map(other.shelves.map(({ id }, rank) => [id, rank]));
  const rises = new Map<string, number>();
  for (const [rank, { id }] of one.shelves.entries()) {
    const there = otherRanks.get(id);
    if (there !== undefined) rises.set(id, rank - there);
  }
  return {
    cards: new Set([...cardIds(one)].filter((id) => otherCards.has(id))),
    shelves: new Set(rises.keys()),
    rises,
  };
}

/** "9 of 12 shelves and 41 of 96 cards stand on both." */
export function describeShared(one: SidePage, other: SidePage, { cards, shelves }: SideBySide): string {
  const most = (count: (page: SidePage) => number) => Math.max(count(one), count(other));
  const mostShelves = most((page) => page.shelves.length);
  const mostCards = most((page) => cardIds(page).size);
  return `${shelves.size} of ${mostShelves} shelves and ${cards.size} of ${mostCards} cards stand on both.`;
}
