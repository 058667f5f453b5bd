/** What changed between two short texts, line by line. */

export interface LineChange {
  readonly text: string;
  readonly change: 'same' | 'added' | 'removed';
}

const linesOf = (text: string): readonly string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

/** By their longest common subsequence; quadratic in the lines, of which one feature has few. */
export function lineChanges(before: string, after: string): readonly LineChange[] {
  const [one, two] = [linesOf(before), linesOf(after)];
  // common[i][j]: lines that the ends from i and from j share.
  const common = Array.from({ length: one.length + 1 }, () => new Uint32Array(two.length + 1));
  const at = (i: number, j: number): number => common[i]?.[j] ?? 0;
  for (let i = one.length - 1; i >= 0; i--)
    for (let j = two.length - 1; j >= 0; j--)
      (common[i] as Uint32Array)[j] = one[i] === two[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const changes: LineChange[] = [];
  let [i, j] = [0, 0];
  while (i < one.length || j < two.length) {
    const [left, right] = [one[i], two[j]];
    if (left !== undefined && left === right) {
      changes.push({ text: left, change: 'same' });
      i++;
      j++;
    } else if (left !== undefined && (right === undefined || at(i + 1, j) >= at(i, j + 1))) {
      changes.push({ text: left, change: 'removed' });
      i++;
    } else if (right !== undefined) {
      changes.push({ text: right, change: 'added' });
      j++;
    }
  }
  return changes;
}
