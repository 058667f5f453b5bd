/**
 * Paths of features and their one-line form, which keys the anomalies: steps joined by '.'; a step is bare if it is not
 * empty and free of `( ) . '`, or is `(…)` without inner parentheses; otherwise it stands in single quotes, an inner one
 * doubled.
 */
import { compareBytes } from './metadata/index.ts';

/** Steps from the root. */
export type Steps = readonly string[];

const BARE = /^[^().']+$/s;
const EXTENSION = /^\([^()]*\)$/s;

export function serializePath(steps: Steps): string {
  return steps
    .map((step) => (BARE.test(step) || EXTENSION.test(step) ? step : `'${step.replaceAll("'", "''")}'`))
    .join('.');
}

/** The inverse of serializePath; undefined for a text that no path has. */
export function parsePath(text: string): Steps | undefined {
  if (text === '') return [];
  const steps: string[] = [];
  const piece = /'((?:[^']|'')*)'|(\([^()]*\))|([^().']+)/suy;
  for (let at = 0; ; ) {
    piece.lastIndex = at;
    const match = piece.exec(text);
    if (!match) return undefined;
    const [, quoted, extension, bare] = match;
    steps.push(quoted === undefined ? (extension ?? bare) : quoted.replaceAll("''", "'"));
    at = piece.lastIndex;
    if (at === text.length) return steps;
    if (text[at] !== '.') return undefined;
    at++;
  }
}

/** Order of paths: step by step, by bytes. */
export function comparePaths(a: Steps, b: Steps): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const order = compareBytes(a[i], b[i]);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
