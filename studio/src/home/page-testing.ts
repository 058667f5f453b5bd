/** Pages for tests: shelves by id, each with its cards' ids. */
import type { Page } from '../../../src/server/contract.ts';

export function pageOf(shelves: Readonly<Record<string, readonly string[]>>): Page {
  return {
    decisionId: '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    policy: 'greedy',
    degraded: false,
    shelves: Object.entries(shelves).map(([id, cards], rank) => ({
      id,
      kind: id,
      title: id,
      reason: '',
      label: '',
      order: 'policy',
      rank,
      carried: false,
      cards: cards.map((card, cardRank) => ({
        id: card,
        kind: 'track',
        title: card,
        subtitle: '',
        image: '',
        rank: cardRank,
        reason: '',
        badges: [],
        progress: null,
        sponsored: false,
      })),
    })),
  };
}
