/**
 * Allocation of listeners to the arms of an experiment, by hash alone: nothing is stored, every process agrees, and a
 * listener stays in an arm for as long as the salt stands.
 *
 * position(listener) = the first 52 bits of SHA-256(salt ␀ listener key) / 2^52, uniform on [0, 1); the arms divide
 * [0, 1) in the order in which they are given. Hence: different salts allocate independently; growing the first arm at the
 * cost of those after it keeps every listener who was in it.
 */
import { contentHash, ShelfwiseError } from '../base/index.ts';

export interface Arm {
  readonly id: string;
  /** Share of listeners, 0 to 1; the shares of all arms sum to 1. */
  readonly share: number;
}

export interface Allocation {
  readonly arms: readonly Arm[];
  /** The listener's arm: one SHA-256, a few microseconds. */
  armOf(listenerKey: string): string;
}

/** Throws `OPTION_INVALID` when shares are not in [0, 1], do not sum to 1 (within 1e-9), or ids repeat. */
export function createAllocation(options: { readonly salt: string; readonly arms: readonly Arm[] }): Allocation {
  const { salt } = options;
  const arms = options.arms.map(({ id, share }) => Object.freeze({ id, share }));
  let sum = 0;
  const bounds = arms.map(({ id, share }) => {
    if (!(share >= 0 && share <= 1)) {
      throw new ShelfwiseError('OPTION_INVALID', `arm "${id}" has share ${share}; it must lie in [0, 1]`);
    }
    sum += share;
    return sum;
  });
  if (Math.abs(sum - 1) > 1e-9) {
    throw new ShelfwiseError('OPTION_INVALID', `the shares of the arms sum to ${sum}; they must sum to 1`);
  }
  if (new Set(arms.map(({ id }) => id)).size < arms.length) {
    throw new ShelfwiseError('OPTION_INVALID', 'two arms have the same id');
  }
  return Object.freeze({
    arms: Object.freeze(arms),
    armOf(listenerKey: string): string {
      const position = allocationPosition(salt, listenerKey);
      for (let i = 0; i < arms.length; i++) if (position < bounds[i]) return arms[i].id;
      // Rounding may leave the last bound a hair below 1: the last arm with a share has it.
      return arms.findLast(({ share }) => share > 0)?.id as string;
    },
  });
}

/** Where a listener stands in [0, 1) under a salt. */
export function allocationPosition(salt: string, listenerKey: string): number {
  return Number.parseInt(contentHash(salt, '\0', listenerKey).slice(0, 13), 16) / 4503599627370496;
}

export const HOLDOUT_ARM = 'holdout';
export const MAIN_ARM = 'main';

/**
 * The permanent hold-out: listeners who are served by popularity, so that what personalisation is worth can always be
 * told.
 * @param share of listeners, @default 0.02
 */
export function createHoldout(share = 0.02, salt = 'shelfwise-holdout'): Allocation {
  return createAllocation({
    salt,
    arms: [
      { id: HOLDOUT_ARM, share },
      { id: MAIN_ARM, share: 1 - share },
    ],
  });
}
