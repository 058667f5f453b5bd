/** Colours of data sets, in the order in which they were chosen. */
import { MOST_SETS } from './address.ts';

export function colourOf(at: number): string {
  return `var(--chart-${(at % MOST_SETS) + 1})`;
}
