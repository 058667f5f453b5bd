/** Work that timers do: one run at a time of each, with pauses after failures, and what was last heard of it. */
import { type Clock, messageOf, SECOND_MS } from '../base/index.ts';
import type { PlatformLogger } from './config.ts';

export interface Background {
  /** By the name of the work: what it did last, or how it failed. */
  readonly said: Record<string, string>;
  /** Does the work every so many milliseconds from now on; 0 never does. */
  every(ms: number, what: string, work: () => Promise<unknown>): void;
  /** Begins nothing any more. */
  stop(): void;
}

const LONGEST_PAUSE_MS = 30 * SECOND_MS;

export function createBackground(clock: Clock, logger: PlatformLogger): Background {
  const said: Record<string, string> = {};
  const timers: NodeJS.Timeout[] = [];
  let stopped = false;
  return {
    said,
    every(ms, what, work) {
      if (ms <= 0) return;
      let running = false;
      let failures = 0;
      let notBeforeMs = 0;
      const timer = setInterval(async () => {
        if (running || stopped || clock.monotonicMs() < notBeforeMs) return;
        running = true;
        try {
          await work();
          failures = 0;
        } catch (error) {
          // What fails (a full disk, say) is not hammered: a second, two, four … up to half a minute between tries.
          notBeforeMs = clock.monotonicMs() + Math.min(LONGEST_PAUSE_MS, SECOND_MS * 2 ** failures++);
          if (!stopped) {
            said[what] = `failed: ${messageOf(error)}`;
            logger.error({ what, error: messageOf(error) }, 'background work failed; it is tried again');
          }
        } finally {
          running = false;
        }
      }, ms);
      timer.unref();
      timers.push(timer);
    },
    stop() {
      stopped = true;
      for (const timer of timers) clearInterval(timer);
    },
  };
}
