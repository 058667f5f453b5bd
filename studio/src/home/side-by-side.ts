/** Two Homes of one listener beside each other: what they share, and what stands elsewhere. */
import type { Page } from '../../../src/server/contract.ts';

export interface SideBySide {
  /** Ids of cards and shelves that stand on both. */
  readonly cards: ReadonlySet<string>;
  readonly shelves: ReadonlySet<string>;
  /** By id of a shelf on both: ranks that it stands higher (positive) or lower on the second page. */
  readonly rises: ReadonlyMap<string, number>;
}

function cardIds(page: Page): Set<string> {
  return new Set(page.shelves.flatMap((shelf) => shelf.cards.map(({ id }) => id)));
}

export function putSideBySide(one: Page, other: Page): SideBySide {
  const otherCards = cardIds(other);
  const otherRanks = new Map(other.shelves.map(({ id, rank }) => [id, rank]));
  const rises = new Map<string, number>();
  for (const { id, rank } of one.shelves) {
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
export function describeShared(one: Page, other: Page, { cards, shelves }: SideBySide): string {
  const most = (count: (page: Page) => number) => Math.max(count(one), count(other));
  const mostShelves = most((page) => page.shelves.length);
  const mostCards = most((page) => cardIds(page).size);
  return `${shelves.size} of ${mostShelves} shelves and ${cards.size} of ${mostCards} cards stand on both.`;
}
