/**
 * Which decisions events speak of. Of any other nothing is known but that it was made: a page that nobody was seen to look at gives no
 * rows to learn from and none to evaluate, so it need not be read whole.
 */
import type { FeedbackEvent } from '../../domain/index.ts';

export interface Referenced {
  /** Whether any event speaks of it. */
  has(decisionId: string): boolean;
  /** Whether its app said that it showed the page. */
  isRendered(decisionId: string): boolean;
}

export async function referencedDecisions(events: AsyncIterable<FeedbackEvent>): Promise<Referenced> {
  const rendered = new Map<string, boolean>();
  for await (const { type, decisionId } of events) {
    if (decisionId === '' || rendered.get(decisionId) === true) continue;
    rendered.set(decisionId, type === 'rendered');
  }
  return { has: (id) => rendered.has(id), isRendered: (id) => rendered.get(id) === true };
}
