/** What differs between two Homes of one listener, so that the page can show it. */
import type { Page } from '../../../src/server/contract.ts';

export interface PageChanges {
  /** Ids of cards that were nowhere on the page before. */
  readonly newCards: ReadonlySet<string>;
  /** Ids of shelves that were not on the page before. */
  readonly newShelves: ReadonlySet<string>;
  /** Ids of shelves with a new card, or that are new or moved up or down relative to the shelves that stayed. */
  readonly changedShelves: ReadonlySet<string>;
}

export const NO_CHANGES: PageChanges = { newCards: new Set(), newShelves: new Set(), changedShelves: new Set() };

function cardIds(page: Page): Set<string> {
  return new Set(page.shelves.flatMap((shelf) => shelf.cards.map((card) => card.id)));
}

export function comparePages(before: Page, after: Page): PageChanges {
  const cardsBefore = cardIds(before);
  const newCards = new Set([...cardIds(after)].filter((id) => !cardsBefore.has(id)));
  const shelvesBefore = before.shelves.map((shelf) => shelf.id);
  const shelvesAfter = after.shelves.map((shelf) => shelf.id);
  const newShelves = new Set(shelvesAfter.filter((id) => !shelvesBefore.includes(id)));
  const stayedBefore = shelvesBefore.filter((id) => shelvesAfter.includes(id));
  const stayedAfter = shelvesAfter.filter((id) => shelvesBefore.includes(id));
  const changedShelves = new Set(newShelves);
  stayedAfter.forEach((id, place) => {
    if (stayedBefore[place] !== id) changedShelves.add(id);
  });
  for (const shelf of after.shelves) {
    if (shelf.cards.some((card) => newCards.has(card.id))) changedShelves.add(shelf.id);
  }
  return { newCards, newShelves, changedShelves };
}

/** "3 new cards on 2 shelves", or that nothing moved. */
export function describeChanges(changes: PageChanges): string {
  const count = changes.newCards.size;
  const shelves = changes.changedShelves.size;
  if (shelves === 0) return 'Your Home is up to date';
  const where = `${shelves} ${shelves === 1 ? 'shelf' : 'shelves'}`;
  if (count === 0) return `Your Home moved ${where}`;
  return `${count} new ${count === 1 ? 'pick' : 'picks'} on ${where}`;
}
