/** Distances between two distributions: L∞ and normalised absolute difference of values, Jensen-Shannon divergence. */
import { compareBytes, type Histogram, type HistogramBucket } from './metadata/index.ts';

/** Value → how often it came (or its weight). */
export type Counts = ReadonlyMap<string, number>;

export interface LargestDifference {
  /** In [0, 1]. */
  readonly distance: number;
  /** The value that differs most, of equals the last in byte order; '' if there are none. */
  readonly label: string;
}

function total(counts: Counts): number {
  let sum = 0;
  for (const count of counts.values()) sum += count;
  return sum;
}

function largest(a: Counts, b: Counts, scaleA: number, scaleB: number): LargestDifference {
  let best: LargestDifference = { distance: 0, label: '' };
  for (const label of [...new Set([...a.keys(), ...b.keys()])].sort(compareBytes)) {
    const distance = Math.abs((a.get(label) ?? 0) / scaleA - (b.get(label) ?? 0) / scaleB);
    if (distance >= best.distance) best = { distance, label };
  }
  return best;
}

/** max_k |p_a(k) − p_b(k)|, p the shares; a side that sums to 0 is left as it is. */
export function linfDistance(a: Counts, b: Counts): LargestDifference {
  return largest(a, b, total(a) || 1, total(b) || 1);
}

/** max_k |c_a(k) − c_b(k)| / (Σ c_a + Σ c_b). Unlike L∞ it grows when one side has more of everything. */
export function normalizedAbsoluteDifference(a: Counts, b: Counts): LargestDifference {
  const scale = total(a) + total(b) || 1;
  return largest(a, b, scale, scale);
}

/** A divergence in [0, 1] (base 2), or why there is none. */
export type Divergence = { readonly divergence: number } | { readonly unavailable: string };

/** Σ p log2(p/q) over the terms where both are positive. */
function kullbackLeibler(p: readonly number[], q: readonly number[]): number {
  let sum = 0;
  for (let i = 0; i < p.length; i++) if (p[i] > 0 && q[i] > 0) sum += p[i] * Math.log2(p[i] / q[i]);
  return sum;
}

function shares(masses: readonly number[]): number[] | undefined {
  const sum = masses.reduce((a, b) => a + b, 0);
  return sum === 0 ? undefined : masses.map((mass) => mass / sum);
}

/** JSD(P‖Q) = (KL(P‖M) + KL(Q‖M)) / 2 with M = (P + Q) / 2, capped at 1. */
function jensenShannon(a: readonly number[], b: readonly number[]): Divergence {
  const p = shares(a);
  const q = shares(b);
  if (!p || !q) return { unavailable: 'a distribution is empty' };
  const m = p.map((share, i) => (share + q[i]) / 2);
  return { divergence: Math.min((kullbackLeibler(p, m) + kullbackLeibler(q, m)) / 2, 1) };
}

/** Jensen-Shannon divergence of values. Every count must be positive. */
export function jensenShannonOfCounts(a: Counts, b: Counts): Divergence {
  if (a.size === 0 || b.size === 0) return { unavailable: 'a side has no values' };
  for (const count of [...a.values(), ...b.values()]) if (count <= 0) return { unavailable: 'a count is not positive' };
  const labels = [...new Set([...a.keys(), ...b.keys()])].sort(compareBytes);
  return jensenShannon(
    labels.map((label) => a.get(label) ?? 0),
    labels.map((label) => b.get(label) ?? 0),
  );
}

interface Parts {
  /** Buckets of a finite width that is not 0. */
  readonly wide: readonly Required<HistogramBucket>[];
  /** Value → mass of the buckets that are a point. */
  readonly points: ReadonlyMap<number, number>;
  /** Mass of the buckets with an infinite bound. */
  readonly infinite: number;
}

function partsOf(histogram: Histogram): Parts {
  const wide: Required<HistogramBucket>[] = [];
  const points = new Map<number, number>();
  let infinite = 0;
  for (const { lowValue = 0, highValue = 0, sampleCount = 0 } of histogram.buckets ?? []) {
    if (!Number.isFinite(lowValue) || !Number.isFinite(highValue)) infinite += sampleCount;
    else if (lowValue === highValue) points.set(lowValue, (points.get(lowValue) ?? 0) + sampleCount);
    else wide.push({ lowValue, highValue, sampleCount });
  }
  return { wide, points, infinite };
}

function edgesOf(parts: Parts): Set<number> {
  return new Set(parts.wide.flatMap((bucket) => [bucket.lowValue, bucket.highValue]));
}

/** Mass in each interval between neighbouring edges; a bucket's mass is spread evenly over the intervals it covers. */
function spread(parts: Parts, edges: readonly number[]): number[] {
  const masses = new Array<number>(Math.max(edges.length - 1, 0)).fill(0);
  const place = new Map(edges.map((edge, index) => [edge, index]));
  for (const { lowValue, highValue, sampleCount } of parts.wide)
    for (let i = place.get(lowValue)!; edges[i] < highValue; i++)
      masses[i] += ((edges[i + 1] - edges[i]) / (highValue - lowValue)) * sampleCount;
  return masses;
}

/**
 * Approximate Jensen-Shannon divergence of two histograms of one type, after TensorFlow Data Validation: the buckets are
 * cut at the edges of both; a point keeps its mass as a bucket of its own; mass at infinity, and NaNs, never agree with
 * the other side's. NaNs count only where the edges of both histograms are the same: re-cutting loses them, and so does
 * the original.
 */
export function jensenShannonOfHistograms(a: Histogram, b: Histogram): Divergence {
  if ((a.type ?? 'STANDARD') !== (b.type ?? 'STANDARD')) return { unavailable: 'the histograms differ in type' };
  const [one, two] = [partsOf(a), partsOf(b)];
  const [edgesOne, edgesTwo] = [edgesOf(one), edgesOf(two)];
  const same = edgesOne.size === edgesTwo.size && [...edgesOne].every((edge) => edgesTwo.has(edge));
  const edges = [...edgesOne.union(edgesTwo)].sort((x, y) => x - y);
  const p = spread(one, edges);
  const q = spread(two, edges);
  for (const value of [...new Set([...one.points.keys(), ...two.points.keys()])].sort((x, y) => x - y)) {
    p.push(one.points.get(value) ?? 0);
    q.push(two.points.get(value) ?? 0);
  }
  const apart = (massOne: number, massTwo: number): void => {
    p.push(massOne, 0);
    q.push(0, massTwo);
  };
  apart(one.infinite, two.infinite);
  if (same) apart(a.numNan ?? 0, b.numNan ?? 0);
  return jensenShannon(p, q);
}
