/** What a listener has heard, however shortly. */
import { type ListenerState, rowOf } from './state.ts';

/** Was the item ever played, if only for a moment, or skipped, as far as is remembered (512 items)? */
export function wasHeard(state: ListenerState, item: number): boolean {
  return rowOf(state.items, item) >= 0;
}
