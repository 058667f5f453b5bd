/** What counts toward popularity. */
import { isGenerated } from '../domain/index.ts';
import { COUNTED_PLAY_MS, type PlayCounters } from '../signals/index.ts';

/** Plays that count toward popularity: the item, and what it was played from. */
export function countPlay(
  counters: PlayCounters,
  event: { readonly type: string; readonly playedMs: number; readonly occurredAtMs: number },
  item: number,
  container: number,
  market: number,
): void {
  if (event.type !== 'play' || event.playedMs < COUNTED_PLAY_MS) return;
  // What was made for one listener is popular with nobody else.
  if (item >= 0 && !isGenerated(item)) counters.add(item, market, event.occurredAtMs);
  if (container >= 0 && container !== item && !isGenerated(container))
    counters.add(container, market, event.occurredAtMs);
}
