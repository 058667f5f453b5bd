/** Reliability: what was predicted beside what happened, by bins of the prediction. */
import { requireOneOf, requireWhole, resolveOptions } from '../../base/index.ts';

export interface ReliabilityOptions {
  /** @default 10 */
  readonly bins: number;
  /**
   * `equal-width` bins of [0, 1] show the whole range; `equal-mass` bins hold the same weight of rows each, as far as rows of
   * equal predictions, which are never parted, let them. Where most predictions are small only these say much.
   * @default 'equal-mass'
   */
  readonly binning: 'equal-width' | 'equal-mass';
}

const DEFAULTS: ReliabilityOptions = { bins: 10, binning: 'equal-mass' };

export interface ReliabilityBin {
  /** Range of the predictions: bounds of the bin where the width is equal, its least and greatest where the mass is. */
  readonly low: number;
  readonly high: number;
  readonly rows: number;
  readonly weight: number;
  readonly meanPredicted: number;
  readonly meanObserved: number;
  /** 95% interval of the observed rate (Wilson 1927), at the effective number of rows (Σ w)² / Σ w². */
  readonly interval: readonly [number, number];
}

/** Weighted by sample. Bins without weight are left out. */
export function reliabilityTable(
  p: Float64Array,
  labels: Float32Array,
  weights: Float32Array,
  given: Partial<ReliabilityOptions> = {},
): readonly ReliabilityBin[] {
  const { bins, binning } = resolveOptions('reliabilityTable', given, DEFAULTS);
  requireWhole('reliabilityTable', 'bins', bins, 1, 10_000);
  requireOneOf('reliabilityTable', 'binning', binning, ['equal-width', 'equal-mass']);
  const order = Uint32Array.from(p, (_, r) => r).sort((a, b) => p[a] - p[b]);
  const cells = new Float64Array(5 * order.length);
  let at = -5;
  let last = Number.NaN;
  for (const r of order) {
    if (p[r] !== last) at += 5;
    last = p[r];
    cells[at]++;
    cells[at + 1] += weights[r];
    cells[at + 2] += weights[r] ** 2;
    cells[at + 3] += weights[r] * p[r];
    cells[at + 4] += weights[r] * labels[r];
  }
  return reliabilityOf(cells.subarray(0, at + 5), binning, bins);
}

/**
 * The table of rows that were counted by cells of rising prediction: of each rows, Σ weight, Σ weight², Σ weight · p and
 * Σ weight · label. A cell goes whole into the bin of its mean prediction, or of the middle of its mass.
 */
export function reliabilityOf(
  cells: Float64Array,
  binning: ReliabilityOptions['binning'],
  bins: number,
): readonly ReliabilityBin[] {
  let total = 0;
  for (let at = 0; at < cells.length; at += 5) total += cells[at + 1];
  const sums = new Float64Array(5 * bins);
  const lows = new Float64Array(bins).fill(Number.POSITIVE_INFINITY);
  const highs = new Float64Array(bins).fill(Number.NEGATIVE_INFINITY);
  let before = 0;
  for (let at = 0; at < cells.length; at += 5) {
    const weight = cells[at + 1];
    if (!(weight > 0)) continue;
    const mean = cells[at + 3] / weight;
    const share = binning === 'equal-width' ? mean : (before + weight / 2) / total;
    const bin = Math.max(0, Math.min(bins - 1, Math.floor(share * bins)));
    for (let k = 0; k < 5; k++) sums[5 * bin + k] += cells[at + k];
    lows[bin] = Math.min(lows[bin], mean);
    highs[bin] = Math.max(highs[bin], mean);
    before += weight;
  }
  const table: ReliabilityBin[] = [];
  for (let bin = 0; bin < bins; bin++) {
    const [rows, weight, squares, predicted, labelled] = sums.subarray(5 * bin, 5 * bin + 5);
    if (!(weight > 0)) continue;
    const meanObserved = labelled / weight;
    table.push({
      low: binning === 'equal-width' ? bin / bins : lows[bin],
      high: binning === 'equal-width' ? (bin + 1) / bins : highs[bin],
      rows,
      weight,
      meanPredicted: predicted / weight,
      meanObserved,
      interval: wilson(meanObserved, weight ** 2 / squares),
    });
  }
  return table;
}

export interface CalibrationError {
  /** Σ_b weight_b |observed_b - predicted_b| / Σ weight: ECE (Naeini et al. 2015). */
  readonly expected: number;
  /** The largest |observed_b - predicted_b|: MCE. */
  readonly maximum: number;
}

/**
 * Both lean upwards by chance: a calibrated model of n rows a bin shows about √(2 p (1 - p) / (π n)) in each. Compare models
 * on the same rows and bins, and look at the intervals.
 */
export function calibrationError(table: readonly ReliabilityBin[]): CalibrationError {
  let expected = 0;
  let maximum = 0;
  let total = 0;
  for (const { weight, meanPredicted, meanObserved } of table) {
    const gap = Math.abs(meanObserved - meanPredicted);
    expected += weight * gap;
    total += weight;
    maximum = Math.max(maximum, gap);
  }
  return { expected: expected / total, maximum };
}

/** Two-sided normal quantile of 95%. */
const Z = 1.959963984540054;

function wilson(rate: number, n: number): readonly [number, number] {
  const centre = (rate + (Z * Z) / (2 * n)) / (1 + (Z * Z) / n);
  const half = (Z * Math.sqrt((rate * (1 - rate)) / n + (Z * Z) / (4 * n * n))) / (1 + (Z * Z) / n);
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
