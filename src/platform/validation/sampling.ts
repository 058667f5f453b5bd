/** At most so many decisions of a day, and of their cards about so many: evenly, by hashes, so that the same are taken whenever it is read. */
import { hash32 } from '../../base/index.ts';
import type { DecisionRecord } from '../../domain/index.ts';

const DECISION_SALT = 0x0da7;
const CARD_SALT = 0x0ca2;
/** How many cards a decision has is estimated by so many of them. */
const ESTIMATED_BY = 100;

const shareOf = (text: string, salt: number): number => (hash32(text, salt) >>> 0) / 2 ** 32;

/** @param count of decisions, of which about `most` are taken; all where there are no more. */
export function evenly(count: number, most: number): (decisionId: string) => boolean {
  const share = most / count;
  return share >= 1 ? () => true : (id) => shareOf(id, DECISION_SALT) < share;
}

interface WithCards {
  readonly record: Pick<DecisionRecord, 'decisionId'>;
  readonly cards: readonly { readonly row: number; readonly rank: number }[];
}

/**
 * The same with about `maxRows` cards in all, each as likely as any other; with all where there are no more.
 * @param expected how many decisions there will be
 * @param onShare hears once which share of the cards is taken
 */
export async function* thinned<T extends WithCards>(
  decisions: AsyncIterable<T>,
  expected: number,
  maxRows: number,
  onShare: (share: number) => void,
): AsyncGenerator<T> {
  const first: T[] = [];
  let share = Number.NaN;
  const settle = (): T[] => {
    const cards = first.reduce((sum, one) => sum + one.cards.length, 0);
    share = cards === 0 ? 1 : Math.min(1, maxRows / ((cards / first.length) * Math.max(expected, first.length)));
    onShare(share);
    return first.splice(0).flatMap(thin);
  };
  /** Nothing, where it has cards and none of them is taken. */
  const thin = (one: T): T[] => {
    if (share === 1 || one.cards.length === 0) return [one];
    const { decisionId } = one.record;
    const cards = one.cards.filter(({ row, rank }) => shareOf(decisionId, CARD_SALT + row * 256 + rank) < share);
    return cards.length === 0 ? [] : [{ ...one, cards }];
  };
  for await (const one of decisions) {
    if (!Number.isNaN(share)) yield* thin(one);
    else if (first.push(one) === ESTIMATED_BY) yield* settle();
  }
  if (first.length > 0) yield* settle();
}
