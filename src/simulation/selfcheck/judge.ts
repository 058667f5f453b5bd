/**
 * The judge: E[reward of a card at its place] = P(looked at | place) · P(reward | looked at, listener, item), the truth of the world that
 * everything else is kept from. A page earns the sum over its cards; rewards of its cards are independent draws.
 */
import type { Rng } from '../../base/index.ts';
import { DEVICES } from '../../domain/index.ts';
import type { DrawnPage } from '../../policy/index.ts';
import type { DemoWorld } from '../world.ts';
import type { PoolReader } from './pool.ts';

const RANKS = 32;

export class Judge {
  /** [device][shelf rank][card rank] */
  readonly #looks: Float64Array;

  constructor(examination: DemoWorld['examination']) {
    this.#looks = new Float64Array(DEVICES.length * RANKS * RANKS);
    for (const [d, device] of DEVICES.entries())
      for (let r = 0; r < RANKS; r++)
        for (let j = 0; j < RANKS; j++) this.#looks[(d * RANKS + r) * RANKS + j] = examination(device, r, j);
  }

  /** P(looked at). @param device index into DEVICES */
  looks(device: number, shelfRank: number, cardRank: number): number {
    return this.#looks[(device * RANKS + shelfRank) * RANKS + cardRank];
  }

  /** E[reward | page]. */
  expected(reader: PoolReader, context: number, { rows }: DrawnPage): number {
    const { deviceOf, wishes } = reader.columns;
    const device = deviceOf[context];
    let sum = 0;
    for (let r = 0; r < rows.length; r++) {
      const first = reader.firstCard(context, rows[r].shelf);
      const { cards } = rows[r];
      for (let j = 0; j < cards.length; j++) sum += this.looks(device, r, j) * wishes[first + cards[j].index];
    }
    return sum;
  }

  /** Rewards of the page's cards, 0 or 1, into `out` in page order; their sum. */
  draw(reader: PoolReader, context: number, { rows }: DrawnPage, rng: Rng, out: Uint8Array): number {
    const { deviceOf, wishes } = reader.columns;
    const device = deviceOf[context];
    let at = 0;
    let sum = 0;
    for (let r = 0; r < rows.length; r++) {
      const first = reader.firstCard(context, rows[r].shelf);
      const { cards } = rows[r];
      for (let j = 0; j < cards.length; j++) {
        const isEarned = rng.uniform() < this.looks(device, r, j) * wishes[first + cards[j].index];
        out[at++] = isEarned ? 1 : 0;
        if (isEarned) sum++;
      }
    }
    return sum;
  }
}
