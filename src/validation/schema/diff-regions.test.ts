import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DiffRegion } from '../metadata/index.ts';
import { parseText } from '../metadata/index.ts';
import { diffRegions, schemaDiffRegions } from './diff-regions.ts';

const LINES = fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 30 });

/** Both texts again, hidden lines taken from the left. */
function sidesOf(regions: readonly DiffRegion[], left: readonly string[]): [string[], string[]] {
  const sides: [string[], string[]] = [[], []];
  for (const { unchanged, removed, added, changed, hidden } of regions) {
    const starts = [
      unchanged?.leftStart ?? removed?.start ?? changed?.leftStart ?? hidden?.leftStart,
      unchanged?.rightStart ?? added?.start ?? changed?.rightStart ?? hidden?.rightStart,
    ];
    for (const [side, start] of starts.entries()) if (start !== undefined) expect(start).toBe(sides[side].length + 1);
    const both =
      unchanged?.contents ?? (hidden && left.slice(hidden.leftStart! - 1, hidden.leftStart! - 1 + hidden.size!));
    sides[0].push(...(both ?? removed?.contents ?? changed?.leftContents ?? []));
    sides[1].push(...(both ?? added?.contents ?? changed?.rightContents ?? []));
  }
  return sides;
}

/** Lines removed and added by a shortest edit, by the table of longest common subsequences. */
function shortest(left: readonly string[], right: readonly string[]): number {
  let before = new Array<number>(right.length + 1).fill(0);
  for (const line of left) {
    const row = [0];
    for (const [j, other] of right.entries())
      row.push(line === other ? before[j] + 1 : Math.max(before[j + 1], row[j]));
    before = row;
  }
  return left.length + right.length - 2 * before[right.length];
}

describe('regions of a difference', () => {
  it('cover both sides in order, and are a shortest edit', () => {
    fc.assert(
      fc.property(LINES, LINES, (left, right) => {
        const regions = diffRegions(left, right);
        if (regions.length === 0) {
          expect(left).toEqual(right);
          return;
        }
        expect(sidesOf(regions, left)).toEqual([left, right]);
        const edits = regions.reduce(
          (sum, { removed, added, changed }) =>
            sum +
            (removed?.contents?.length ?? 0) +
            (added?.contents?.length ?? 0) +
            (changed?.leftContents?.length ?? 0) +
            (changed?.rightContents?.length ?? 0),
          0,
        );
        expect(edits).toBe(shortest(left, right));
      }),
    );
  });

  it('are one change where hardly anything is alike', () => {
    const [left, right] = [0, 1].map((side) => Array.from({ length: 1500 }, (_, i) => `${side} ${i}`));
    const regions = diffRegions([...left, 'end'], [...right, 'end']);
    expect(regions.map((region) => Object.keys(region)[0])).toEqual(['changed', 'unchanged']);
  });

  it('of schemas hide what is far from a change', () => {
    const features = (type: string) =>
      `${'feature { name: "before" type: INT } '.repeat(4)} feature { name: "x" type: ${type} } ${'feature { name: "after" type: INT } '.repeat(4)}`;
    const [before, after] = [features('INT'), features('BYTES')].map((text) => parseText('Schema', text));
    expect(schemaDiffRegions(before, after)).toEqual([
      { hidden: { leftStart: 1, rightStart: 1, size: 15 } },
      { unchanged: { leftStart: 16, rightStart: 16, contents: ['}', 'feature {', '  name: "x"'] } },
      { changed: { leftStart: 19, leftContents: ['  type: INT'], rightStart: 19, rightContents: ['  type: BYTES'] } },
      { unchanged: { leftStart: 20, rightStart: 20, contents: ['}', 'feature {', '  name: "after"'] } },
      { hidden: { leftStart: 23, rightStart: 23, size: 14 } },
    ]);
    expect(schemaDiffRegions(before, before)).toEqual([]);
  });
});
