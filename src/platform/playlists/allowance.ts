/** How much of the serving thread making playlists may take: a share of time, saved up to a limit. */
import type { Clock } from '../../base/index.ts';

export interface Allowance {
  /** Is there any left? */
  readonly isLeft: boolean;
  /** Notes milliseconds that were spent, also beyond what was left. */
  spend(ms: number): void;
}

/** `share` of the time that passes, up to `mostMs`, all of which is there at the beginning. */
export function createAllowance(clock: Clock, share: number, mostMs: number): Allowance {
  let leftMs = mostMs;
  let countedMs = clock.monotonicMs();
  const count = (): void => {
    const nowMs = clock.monotonicMs();
    leftMs = Math.min(mostMs, leftMs + share * (nowMs - countedMs));
    countedMs = nowMs;
  };
  return {
    get isLeft() {
      count();
      return leftMs > 0;
    },
    spend(ms) {
      count();
      // A debt is forgotten beyond what may be saved: it would keep everybody waiting for one expensive minute.
      leftMs = Math.max(-mostMs, leftMs - ms);
    },
  };
}
