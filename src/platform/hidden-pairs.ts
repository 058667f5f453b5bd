/** Pairs of listener and item that are hidden from everything but the evaluation of retrieval: a file beside the data. */
import { existsSync, readFileSync } from 'node:fs';
import { writeFileDurably } from '../store/index.ts';

type Pair = readonly [listenerId: string, itemId: string];

export function hiddenPairs(file: string): readonly Pair[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Pair[]) : [];
}

export function hidePairs(
  file: string,
  pairs: readonly { readonly listenerId: string; readonly itemId: string }[],
): void {
  const all = new Map(hiddenPairs(file).map((pair) => [pair.join('\n'), pair]));
  for (const { listenerId, itemId } of pairs) all.set(`${listenerId}\n${itemId}`, [listenerId, itemId]);
  writeFileDurably(file, JSON.stringify([...all.values()]));
}

/** @returns how many pairs of the listener there were */
export function forgetHiddenPairs(file: string, listenerId: string): number {
  const pairs = hiddenPairs(file);
  const kept = pairs.filter(([id]) => id !== listenerId);
  if (kept.length < pairs.length) writeFileDurably(file, JSON.stringify(kept));
  return pairs.length - kept.length;
}
