/**
 * The pace of a thread that works behind serving. Two cores share their caches and their memory: while another thread reads what was just
 * written, a page costs the serving thread a quarter more, and at a stretch of 200 ms requests queue. So it works for a few
 * milliseconds, then rests in proportion.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../base/index.ts';

export interface Pace {
  /** Work begins: what passed until now was none. */
  begin(): void;
  /** Has it worked long enough for a pause? */
  readonly isDue: boolean;
  /** The pause: a rest, or a turn for messages while somebody waits for the work. */
  rest(): Promise<void>;
  /** Somebody waits from now on: a rest that is under way ends. */
  hurry(): void;
}

const WORK_MS = 4;
/** Of the time that was worked: a third of a core, at most. */
const RESTS = 2;
/** What took longer than half of it was waiting, for a file or a core, as a rule. */
const LONGEST_REST_MS = 100;

/** @param isAwaited does somebody wait for the work? Then it does not rest */
export function createPace(clock: Pick<Clock, 'monotonicMs'>, isAwaited: () => boolean): Pace {
  let sinceMs = clock.monotonicMs();
  let wake = (): void => {};
  const pause = (ms: number): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  return {
    begin() {
      sinceMs = clock.monotonicMs();
    },
    get isDue() {
      return clock.monotonicMs() - sinceMs >= WORK_MS;
    },
    async rest() {
      if (isAwaited()) await nextTurn();
      else await pause(Math.min(LONGEST_REST_MS, RESTS * (clock.monotonicMs() - sinceMs)));
      sinceMs = clock.monotonicMs();
    },
    hurry: () => wake(),
  };
}
