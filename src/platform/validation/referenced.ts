/**
 * Which decisions events speak of. Of any other nothing is known but that it was made: a page that nobody was seen to look at gives no
 * rows to learn from and none to evaluate, so it need not be decoded.
 */
import type { FeedbackEvent } from '../../domain/index.ts';

export interface Referenced {
  /** Whether any event speaks of it. */
  has(decisionId: string): boolean;
  /** Whether its app said that it showed the page. */
  isRendered(decisionId: string): boolean;
}

/** @param among ids of the decisions that are asked about: nothing is held of others */
export async function referencedAmong(
  among: Iterable<string>,
  events: AsyncIterable<FeedbackEvent>,
): Promise<Referenced> {
  const rendered = new Map<string, boolean | undefined>();
  for (const id of among) rendered.set(id, undefined);
  for await (const { type, decisionId } of events) {
    const known = rendered.get(decisionId);
    if (known === true || (known === undefined && !rendered.has(decisionId))) continue;
    rendered.set(decisionId, type === 'rendered');
  }
  return { has: (id) => rendered.get(id) !== undefined, isRendered: (id) => rendered.get(id) === true };
}
