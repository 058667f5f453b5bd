/** Compared policies as rows of plots, and the range that they span. */
import type { Bounds, ComparedFigure, ComparedPolicy, ComparedSlice, Verdict } from '../../../src/server/contract.ts';
import { rewardText } from './words.ts';

/** Of policies, in the order that they were asked in. */
export const COLOURS: readonly string[] = ['var(--chart-1)', 'var(--chart-2)', 'var(--chart-3)', 'var(--chart-4)'];

export interface PlotRow {
  readonly row: number;
  /** Which policy it is: its colour. */
  readonly at: number;
  readonly name: string;
  readonly verdict: Verdict;
  /** Null where it is refused, or not there. */
  readonly figure: ComparedFigure | null;
}

export interface Reference {
  readonly at: number;
  readonly name: string;
  readonly dashed: boolean;
  readonly band?: Bounds;
  /** Where its name stands. */
  readonly anchor?: 'start' | 'middle' | 'end';
}

export type FigureOf = (policy: ComparedPolicy) => ComparedFigure | null;

/** Refused numbers are none, whatever the report holds. */
export function rowsOf(policies: readonly ComparedPolicy[], figureOf: FigureOf): readonly PlotRow[] {
  return policies.map((policy, row) => ({
    row,
    at: row,
    name: policy.name,
    verdict: policy.verdict,
    figure: policy.verdict === 'refused' ? null : figureOf(policy),
  }));
}

export const earnedOf: FigureOf = ({ value, interval }) =>
  value === null || interval === null ? null : { value, interval };

/** The lines of a plot of values. The names of two that lie close stand away from one another. */
export function referencesOf(slice: ComparedSlice): readonly Reference[] {
  const { popularity } = slice;
  const served = {
    at: slice.served.value,
    name: `served ${rewardText(slice.served.value)}`,
    dashed: false,
    band: slice.served.interval,
  };
  if (popularity === null) return [served];
  const isBelow = popularity.value <= served.at;
  return [
    { ...served, anchor: isBelow ? 'start' : 'end' },
    {
      at: popularity.value,
      name: `popularity ${rewardText(popularity.value)}${popularity.from === 'hold-out' ? ', of the hold-out' : ''}`,
      dashed: true,
      anchor: isBelow ? 'end' : 'start',
    },
  ];
}

/** An end that is so many times as far from the lines as the values are runs out of the plot. */
const FARTHEST = 4;
const MARGIN = 0.08;

/** All values, their ends and the lines; an interval that dwarfs everything is cut off. */
export function rangeOf(rows: readonly PlotRow[], references: readonly Reference[]): readonly [number, number] {
  const points = [...references.map(({ at }) => at), ...rows.flatMap(({ figure }) => figure?.value ?? [])];
  if (points.length === 0) return [0, 1];
  const middle = [Math.min(...points), Math.max(...points)] as const;
  const trusted = rows
    .filter(({ verdict }) => verdict === 'trustworthy')
    .flatMap(({ figure }) => figure?.interval.filter((end) => end !== null) ?? []);
  const base = [...points, ...trusted, ...references.flatMap(({ band }) => band?.filter((end) => end !== null) ?? [])];
  const span = Math.max(Math.max(...base) - Math.min(...base), 0.02 * Math.abs(middle[1]), 1e-6);
  const ends = rows.flatMap(({ figure }) => figure?.interval.filter((end) => end !== null) ?? []);
  const lower = Math.max(Math.min(...base, ...ends), middle[0] - FARTHEST * span);
  const upper = Math.min(Math.max(...base, ...ends), middle[1] + FARTHEST * span);
  const margin = MARGIN * (upper - lower);
  return [lower - margin, upper + margin];
}

/** One axis for all slices; where popularity lies far off, it runs out of it. */
export function commonRange(slices: readonly ComparedSlice[]): readonly [number, number] {
  const ranges = slices.map((slice) => rangeOf(rowsOf(slice.policies, earnedOf), referencesOf(slice).slice(0, 1)));
  return [Math.min(...ranges.map(([from]) => from)), Math.max(...ranges.map(([, to]) => to))];
}
