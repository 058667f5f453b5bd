/** Distributions of one feature, several sets over one axis: heights are by the width that a bucket has there, so that buckets of any width compare. */
import type { CategoricalFigures, FeatureFigures, NumericFigures } from '../../../src/server/contract.ts';
import type { Amount, HistogramKind, Scale } from './address.ts';

export interface Axis {
  readonly low: number;
  readonly high: number;
  /** Where a value stands, in [0, 1]. */
  place(value: number): number;
}

export interface Bar {
  readonly from: number;
  readonly to: number;
  /** Values in it; need not be whole. */
  readonly count: number;
  /** Of all values of its set. */
  readonly share: number;
  /** Ends on the axis, in [0, 1]. */
  readonly left: number;
  readonly right: number;
  /** Share, or values, by width of the axis. */
  readonly density: number;
}

interface Bucket {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** A bucket is drawn at least this much of the axis wide. */
const THINNEST = 1 / 160;
/** Of heights on a logarithmic scale. */
const DECADES = 3;

/** As many values in each: what lies between two edges of quantiles. */
function quantileBuckets({ quantiles }: NumericFigures, values: number): readonly Bucket[] {
  const each = values / Math.max(1, quantiles.length - 1);
  const buckets: Bucket[] = [];
  for (const [at, from] of quantiles.slice(0, -1).entries()) {
    const to = quantiles[at + 1] ?? from;
    const last = buckets.at(-1);
    // Quantiles that are the same value are one bar.
    if (last !== undefined && last.from === last.to && from === to && last.from === from)
      buckets[buckets.length - 1] = { from, to, count: last.count + each };
    else buckets.push({ from, to, count: each });
  }
  return buckets;
}

export function bucketsOf(side: FeatureFigures, kind: HistogramKind): readonly Bucket[] {
  if (side.numeric === null) return [];
  return kind === 'quantiles' && side.numeric.quantiles.length > 1
    ? quantileBuckets(side.numeric, side.values)
    : side.numeric.histogram;
}

/** One axis for all sides. Values on a logarithmic one begin at the least edge above 0; what is not positive stands at its beginning. */
export function axisOf(sides: readonly (FeatureFigures | null)[], kind: HistogramKind, scale: Scale): Axis | undefined {
  const edges = sides.flatMap((side) =>
    side === null ? [] : bucketsOf(side, kind).flatMap(({ from, to }) => [from, to]),
  );
  if (edges.length === 0) return undefined;
  const [least, most] = [Math.min(...edges), Math.max(...edges)];
  const [low, high] = least < most ? [least, most] : [least - 0.5, most + 0.5];
  const positive = edges.filter((edge) => edge > 0);
  const isLogarithmic = scale === 'log-values' && low >= 0 && positive.length > 1;
  if (!isLogarithmic) return { low, high, place: (value) => clamp((value - low) / (high - low)) };
  const first = Math.min(...positive) / 2;
  const range = Math.log(high / first);
  return { low, high, place: (value) => (value <= first ? 0 : clamp(Math.log(value / first) / range)) };
}

function clamp(share: number): number {
  return Math.min(1, Math.max(0, share));
}

export function barsOf(side: FeatureFigures, axis: Axis, kind: HistogramKind, amount: Amount): readonly Bar[] {
  const buckets = bucketsOf(side, kind);
  const total = buckets.reduce((sum, { count }) => sum + count, 0) || 1;
  return buckets.map(({ from, to, count }) => {
    const left = Math.min(axis.place(from), 1 - THINNEST);
    const right = Math.min(1, Math.max(axis.place(to), left + THINNEST));
    const share = count / total;
    return { from, to, count, share, left, right, density: (amount === 'share' ? share : count) / (right - left) };
  });
}

/** A part of the peak as a height, in [0, 1]. */
export function heightOf(part: number, scale: Scale): number {
  if (part <= 0 || scale !== 'log') return Math.max(0, part);
  return Math.max(0.02, 1 + Math.log10(part) / DECADES);
}

/** A closed path in a box; where buckets of no width were made wide enough to be seen, what follows begins behind them. */
export function outline(bars: readonly Bar[], peak: number, scale: Scale, width: number, height: number): string {
  const first = bars[0];
  if (first === undefined) return '';
  const x = (place: number): string => (place * width).toFixed(1);
  let reached = first.left;
  let path = `M${x(reached)},${height}`;
  for (const bar of bars) {
    const y = (height * (1 - heightOf(bar.density / peak, scale))).toFixed(1);
    const right = Math.max(bar.right, reached);
    path += `L${x(Math.max(bar.left, reached))},${y}L${x(right)},${y}`;
    reached = right;
  }
  return `${path}L${x(reached)},${height}Z`;
}

export function peakOf(all: readonly (readonly Bar[])[]): number {
  return Math.max(...all.flatMap((bars) => bars.map(({ density }) => density)), Number.MIN_VALUE);
}

export interface ValueRow {
  readonly value: string;
  /** By side; null where the set lacks the feature. Of the values that are told, 0 may be "not among the most frequent". */
  readonly counts: readonly (number | null)[];
  /** Of all values of the side. */
  readonly shares: readonly (number | null)[];
}

/** Values of any side, those that are most of one first. */
export function valueRows(sides: readonly (FeatureFigures | null)[]): readonly ValueRow[] {
  const countsBySide = sides.map((side) => side && new Map(topOf(side).map(({ value, count }) => [value, count])));
  const values = [...new Set(sides.flatMap((side) => (side === null ? [] : topOf(side).map(({ value }) => value))))];
  const rows = values.map((value): ValueRow => {
    const counts = countsBySide.map((known) => known && (known.get(value) ?? 0));
    return {
      value,
      counts,
      shares: counts.map((count, at) => (count === null ? null : count / Math.max(1, sides[at]?.values ?? 0))),
    };
  });
  const most = ({ shares }: ValueRow): number => Math.max(...shares.map((share) => share ?? 0));
  return rows.sort((a, b) => most(b) - most(a));
}

function topOf({ categorical }: FeatureFigures): CategoricalFigures['top'] {
  return categorical?.top ?? [];
}
