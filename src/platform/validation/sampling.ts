/** About so many decisions of a day, and of their cards about so many: evenly, by hashes, so that the same are taken whenever it is read. */
import { hash32 } from '../../base/index.ts';

const DECISION_SALT = 0x0da7;
const CARD_SALT = 0x0ca2;

const placeOf = (text: string, salt: number): number => (hash32(text, salt) >>> 0) / 2 ** 32;

/** @param count of decisions, of which about `most` are taken; all where there are no more */
export function evenly(count: number, most: number): (decisionId: string) => boolean {
  const share = most / count;
  return share >= 1 ? () => true : (id) => placeOf(id, DECISION_SALT) < share;
}

interface Card {
  readonly row: number;
  readonly rank: number;
}

/** Takes each card of any decision with the same chance. */
export function evenCards(share: number): <T extends Card>(decisionId: string, cards: readonly T[]) => readonly T[] {
  if (share >= 1) return (_, cards) => cards;
  // Of another text than decisions are taken by: which of its cards are taken is no matter of which decision was.
  return (id, cards) => cards.filter(({ row, rank }) => placeOf(`${id}:${row}:${rank}`, CARD_SALT) < share);
}

/** Looked at before every second one is, and again before every fourth is. */
const LOOKED_AT = 100;

/** The mean over a long sequence of which ever fewer are looked at: each stands for as many as there are to the next. */
export class SpreadMean {
  private stride = 1;
  private untilNext = 1;
  private untilRarer = LOOKED_AT;
  private sum = 0;
  private count = 0;

  /** Of the next in the sequence: whether it is to be looked at. */
  wants(): boolean {
    if (--this.untilNext > 0) return false;
    this.untilNext = this.stride;
    return true;
  }

  /** What one that was wanted has. */
  add(value: number): void {
    this.sum += this.stride * value;
    this.count += this.stride;
    if (--this.untilRarer > 0) return;
    this.untilRarer = LOOKED_AT;
    this.stride *= 2;
    this.untilNext = this.stride;
  }

  /** 0 of none. */
  get mean(): number {
    return this.count === 0 ? 0 : this.sum / this.count;
  }
}
