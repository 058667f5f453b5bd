/** How far a listener is with an episode, in the words of Home: begun, unfinished, finished. */
import { type ListenerState, progressOf } from '../signals/index.ts';

/** An episode of which this share was heard is finished: credits and goodbyes are not missed. */
export const FINISHED_SHARE = 0.95;
/** From this share on an episode is begun: the beginning of one is heard by mistake too. */
export const BEGUN_SHARE = 0.05;
/** Who heard less has only looked in. */
const BEGUN_MS = 30_000;

/**
 * Share of the item that the newest playback of it reached, in [0, 1]; 0 where it was not begun (less than BEGUN_SHARE or
 * less than half a minute was heard), or where its length is not known (0).
 */
export function begunShare(state: ListenerState, item: number, durationMs: number): number {
  if (durationMs === 0) return 0;
  const progress = progressOf(state, item);
  if (progress === undefined || progress.playedMs < BEGUN_MS) return 0;
  const share = Math.min(1, progress.playedMs / durationMs);
  return share < BEGUN_SHARE ? 0 : share;
}
