/** What two schemas differ in, line by line of their texts: the regions that anomalies.proto knows. */
import { type DiffRegion, formatText, type Schema } from '../metadata/index.ts';

/** Lines that are shown unchanged around what changed. */
const CONTEXT = 3;

/** Edits beyond which lines are not matched one by one: what lies between equal ends is then one change. */
const MOST_EDITS = 2000;

/**
 * Regions that cover both texts from first line to last, in order. Lines count from 1. Unchanged lines further than 3 from a
 * change are hidden; there is no region at all where nothing differs. The edit is a shortest one (Myers 1986) up to 2000
 * lines removed and added. TensorFlow Data Validation declares these regions and does not make them.
 */
export function schemaDiffRegions(left: Schema, right: Schema): DiffRegion[] {
  return diffRegions(linesOf(left), linesOf(right));
}

function linesOf(schema: Schema): string[] {
  const text = formatText('Schema', schema);
  return text === '' ? [] : text.replace(/\n$/, '').split('\n');
}

/** A run of equal lines, or of lines that only one side has. */
interface Run {
  readonly equal: boolean;
  readonly left: readonly [from: number, to: number];
  readonly right: readonly [from: number, to: number];
}

export function diffRegions(left: readonly string[], right: readonly string[]): DiffRegion[] {
  const runs = runsOf(left, right);
  if (runs.every(({ equal }) => equal)) return [];
  return runs.flatMap((run, at) => {
    const [leftStart, rightStart] = [run.left[0] + 1, run.right[0] + 1];
    const [leftContents, rightContents] = [left.slice(...run.left), right.slice(...run.right)];
    if (run.equal) return unchanged(leftContents, leftStart, rightStart, at === 0, at === runs.length - 1);
    if (rightContents.length === 0) return [{ removed: { start: leftStart, contents: leftContents } }];
    if (leftContents.length === 0) return [{ added: { start: rightStart, contents: rightContents } }];
    return [{ changed: { leftStart, leftContents, rightStart, rightContents } }];
  });
}

function unchanged(
  contents: readonly string[],
  leftStart: number,
  rightStart: number,
  first: boolean,
  last: boolean,
): DiffRegion[] {
  const [before, after] = [first ? 0 : CONTEXT, last ? 0 : CONTEXT];
  const size = contents.length - before - after;
  const part = (from: number, to: number): DiffRegion[] =>
    from < to
      ? [
          {
            unchanged: {
              leftStart: leftStart + from,
              rightStart: rightStart + from,
              contents: contents.slice(from, to),
            },
          },
        ]
      : [];
  if (size <= 1) return part(0, contents.length);
  const hidden: DiffRegion = { hidden: { leftStart: leftStart + before, rightStart: rightStart + before, size } };
  return [...part(0, before), hidden, ...part(before + size, contents.length)];
}

function runsOf(left: readonly string[], right: readonly string[]): Run[] {
  let head = 0;
  while (head < left.length && head < right.length && left[head] === right[head]) head++;
  let tail = 0;
  while (
    tail < left.length - head &&
    tail < right.length - head &&
    left[left.length - 1 - tail] === right[right.length - 1 - tail]
  )
    tail++;
  const pairs: (readonly [number, number])[] = Array.from({ length: head }, (_, i) => [i, i] as const);
  const middle = matches(left.slice(head, left.length - tail), right.slice(head, right.length - tail));
  for (const [l, r] of middle) pairs.push([l + head, r + head]);
  for (let i = tail; i > 0; i--) pairs.push([left.length - i, right.length - i]);
  const runs: Run[] = [];
  let [l, r] = [0, 0];
  const change = (toLeft: number, toRight: number): void => {
    if (toLeft > l || toRight > r) runs.push({ equal: false, left: [l, toLeft], right: [r, toRight] });
  };
  for (let i = 0; i < pairs.length; ) {
    const [fromLeft, fromRight] = pairs[i];
    change(fromLeft, fromRight);
    let length = 1;
    while (
      i + length < pairs.length &&
      pairs[i + length][0] === fromLeft + length &&
      pairs[i + length][1] === fromRight + length
    )
      length++;
    [l, r] = [fromLeft + length, fromRight + length];
    runs.push({ equal: true, left: [fromLeft, l], right: [fromRight, r] });
    i += length;
  }
  change(left.length, right.length);
  return runs;
}

/** Pairs of lines that a shortest edit keeps (Myers 1986, greedy, with the furthest reach of each number of edits kept). */
function matches(left: readonly string[], right: readonly string[]): (readonly [number, number])[] {
  const [n, m] = [left.length, right.length];
  if (n === 0 || m === 0) return [];
  const most = Math.min(n + m, MOST_EDITS);
  const reach = new Int32Array(2 * most + 3);
  const traces: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits++) {
    traces.push(reach.slice(most + 1 - edits - 1, most + 1 + edits + 2));
    for (let k = -edits; k <= edits; k += 2) {
      const down = k === -edits || (k !== edits && reach[most + k] < reach[most + 2 + k]);
      let x = down ? reach[most + 2 + k] : reach[most + k] + 1;
      while (x < n && x - k < m && left[x] === right[x - k]) x++;
      reach[most + 1 + k] = x;
      if (x >= n && x - k >= m) return backtracked(traces, n, m);
    }
  }
  return [];
}

function backtracked(traces: readonly Int32Array[], n: number, m: number): (readonly [number, number])[] {
  const kept: (readonly [number, number])[] = [];
  let [x, y] = [n, m];
  for (let edits = traces.length - 1; edits >= 0; edits--) {
    const k = x - y;
    const at = (diagonal: number): number => traces[edits][edits + 1 + diagonal];
    const down = k === -edits || (k !== edits && at(k - 1) < at(k + 1));
    const before = down ? k + 1 : k - 1;
    const fromX = edits === 0 ? 0 : at(before);
    const fromY = fromX - before;
    const [startX, startY] = edits === 0 ? [0, 0] : down ? [fromX, fromY + 1] : [fromX + 1, fromY];
    while (x > startX && y > startY) kept.push([--x, --y]);
    [x, y] = [fromX, fromY];
  }
  return kept.reverse();
}
