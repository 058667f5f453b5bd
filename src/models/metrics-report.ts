/**
 * A report on scored rows, whole and by slice, that grows by pieces: create, add, merge, extract. Pieces may come from other
 * threads and in any order; memory does not grow with rows.
 */
import { requireRange, resolveOptions, ShelfwiseError } from '../base/index.ts';
import { calibrationError, type ReliabilityBin, reliabilityOf } from './calibration/reliability.ts';
import { ndcgAt } from './metrics-ranking.ts';
import { logit, logLossOf } from './sigmoid.ts';

/** A column that rows are sliced by: row r is in slice names[codes[r]] of it. */
export interface SliceColumn {
  readonly names: readonly string[];
  readonly codes: Uint8Array | Uint16Array | Uint32Array;
}

export interface ScoredRows {
  readonly rows: number;
  /** Predicted probabilities, strictly within (0, 1). */
  readonly p: Float64Array;
  readonly labels: Float32Array;
  readonly weights: Float32Array;
  /** Shelf rows as runs of equal numbers; without them there is no NDCG. A run that is split over two pieces counts as two. */
  readonly groups?: Uint32Array;
  /** By dimension: tier, market, device, listener. A run of one group lies in the slice of its first row. */
  readonly slices?: Readonly<Record<string, SliceColumn>>;
}

export interface ReportOptions {
  /** Ranks that NDCG looks at. @default 10 */
  readonly ndcgAt: number;
  /** Bins of the reliability table, of equal mass. @default 10 */
  readonly reliabilityBins: number;
}

const DEFAULTS: ReportOptions = { ndcgAt: 10, reliabilityBins: 10 };

export interface MetricFigures {
  readonly rows: number;
  readonly weight: number;
  /** Weighted share of positives. */
  readonly rate: number;
  /** Nats. */
  readonly logLoss: number;
  readonly brier: number;
  /**
   * From counts in 2,048 bins of the logit within ±16, pairs of one bin counting half: off by at most half the share of
   * pairs of a positive and a negative that fall into one bin. NaN when one class is missing.
   */
  readonly area: number;
  /** Mean prediction over mean label. */
  readonly calibrationRatio: number;
  /** Of the reliability table. */
  readonly expectedCalibrationError: number;
  readonly maximumCalibrationError: number;
  readonly reliability: readonly ReliabilityBin[];
  /** NaN where no group has one. */
  readonly ndcg: number;
  readonly ndcgGroups: number;
}

export interface SliceFigures extends MetricFigures {
  readonly dimension: string;
  readonly slice: string;
}

export interface MetricReport {
  readonly overall: MetricFigures;
  /** By dimension and slice, in alphabetical order. Slices without rows are not there. */
  readonly slices: readonly SliceFigures[];
}

export interface ReportCombiner {
  readonly options: Readonly<ReportOptions>;
  /** Throws RangeError when arrays are shorter than `rows`. */
  add(scored: ScoredRows): void;
  /** Takes in what another has counted; the other stays as it is. Throws `OPTION_INVALID` where its options differ. */
  merge(other: ReportCombiner): void;
  extract(): MetricReport;
}

export function createReport(given: Partial<ReportOptions> = {}): ReportCombiner {
  const options = resolveOptions('createReport', given, DEFAULTS);
  requireRange('createReport', 'ndcgAt', options.ndcgAt, 1, 1000);
  requireRange('createReport', 'reliabilityBins', options.reliabilityBins, 1, 100);
  return new Report(options);
}

class Report implements ReportCombiner {
  readonly options: Readonly<ReportOptions>;
  readonly overall = new Tally();
  /** dimension, slice. */
  readonly slices = new Map<string, Map<string, Tally>>();

  constructor(options: Readonly<ReportOptions>) {
    this.options = options;
  }

  add(scored: ScoredRows): void {
    const { rows, p, labels, weights, groups, slices = {} } = scored;
    const shortest = Math.min(p.length, labels.length, weights.length, groups?.length ?? rows);
    if (shortest < rows) throw new RangeError(`${rows} rows wanted, arrays of ${shortest}`);
    for (let r = 0; r < rows; r++) this.overall.add(p[r], labels[r], weights[r]);
    const columns = Object.entries(slices).map(([dimension, { names, codes }]) => {
      if (codes.length < rows) throw new RangeError(`${rows} rows wanted, ${codes.length} codes of ${dimension}`);
      const tallies = names.map((name) => this.tallyOf(dimension, name));
      for (let r = 0; r < rows; r++) tallies[codes[r]].add(p[r], labels[r], weights[r]);
      return { codes, tallies };
    });
    if (groups === undefined) return;
    for (let start = 0; start < rows; ) {
      let end = start + 1;
      while (end < rows && groups[end] === groups[start]) end++;
      const figures = ndcgAt(this.options.ndcgAt, p, labels, weights, groups, start, end);
      if (figures.groups === 1) {
        this.overall.addGroup(figures.ndcg, figures.weight);
        for (const { codes, tallies } of columns) tallies[codes[start]].addGroup(figures.ndcg, figures.weight);
      }
      start = end;
    }
  }

  private tallyOf(dimension: string, slice: string): Tally {
    const known = this.slices.get(dimension) ?? new Map<string, Tally>();
    this.slices.set(dimension, known);
    const tally = known.get(slice) ?? new Tally();
    known.set(slice, tally);
    return tally;
  }

  merge(other: ReportCombiner): void {
    const { ndcgAt: k, reliabilityBins } = other.options;
    if (!(other instanceof Report) || k !== this.options.ndcgAt || reliabilityBins !== this.options.reliabilityBins) {
      throw new ShelfwiseError('OPTION_INVALID', 'createReport: only reports of equal options merge');
    }
    this.overall.merge(other.overall);
    for (const [dimension, slices] of other.slices) {
      for (const [slice, tally] of slices) this.tallyOf(dimension, slice).merge(tally);
    }
  }

  extract(): MetricReport {
    const bins = this.options.reliabilityBins;
    const byName = <T>(map: Map<string, T>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));
    return {
      overall: this.overall.figures(bins),
      slices: byName(this.slices).flatMap(([dimension, slices]) =>
        byName(slices).flatMap(([slice, tally]) =>
          tally.rows === 0 ? [] : [{ dimension, slice, ...tally.figures(bins) }],
        ),
      ),
    };
  }
}

const LOGIT_LIMIT = 16;
const BINS_PER_LOGIT = 64;
const BINS = 2 * LOGIT_LIMIT * BINS_PER_LOGIT;

/** What is counted of one slice: sums, and sums by bin of the logit. */
class Tally {
  rows = 0;
  private loss = 0;
  private squares = 0;
  private ndcg = 0;
  private groupWeight = 0;
  private groups = 0;
  /** Of each bin: rows, Σ weight, Σ weight², Σ weight · p, Σ weight · label. */
  private readonly bins = new Float64Array(5 * BINS);

  add(p: number, label: number, weight: number): void {
    this.rows++;
    if (weight === 0) return;
    this.loss += weight * logLossOf(p, label);
    this.squares += weight * (p - label) ** 2;
    const at = 5 * Math.max(0, Math.min(BINS - 1, Math.floor((logit(p) + LOGIT_LIMIT) * BINS_PER_LOGIT)));
    const { bins } = this;
    bins[at]++;
    bins[at + 1] += weight;
    bins[at + 2] += weight * weight;
    bins[at + 3] += weight * p;
    bins[at + 4] += weight * label;
  }

  addGroup(ndcg: number, weight: number): void {
    this.ndcg += ndcg * weight;
    this.groupWeight += weight;
    this.groups++;
  }

  merge(other: Tally): void {
    this.rows += other.rows;
    this.loss += other.loss;
    this.squares += other.squares;
    this.ndcg += other.ndcg;
    this.groupWeight += other.groupWeight;
    this.groups += other.groups;
    for (let k = 0; k < this.bins.length; k++) this.bins[k] += other.bins[k];
  }

  figures(reliabilityBins: number): MetricFigures {
    const { bins } = this;
    let weight = 0;
    let predicted = 0;
    let positives = 0;
    let negatives = 0;
    let pairs = 0;
    for (let at = 0; at < bins.length; at += 5) {
      const positive = bins[at + 4];
      const negative = bins[at + 1] - positive;
      pairs += positive * (negatives + negative / 2);
      positives += positive;
      negatives += negative;
      weight += bins[at + 1];
      predicted += bins[at + 3];
    }
    const reliability = reliabilityOf(bins, 'equal-mass', reliabilityBins);
    const { expected, maximum } = calibrationError(reliability);
    return {
      rows: this.rows,
      weight,
      rate: positives / weight,
      logLoss: this.loss / weight,
      brier: this.squares / weight,
      area: pairs / (positives * negatives),
      calibrationRatio: predicted / positives,
      expectedCalibrationError: expected,
      maximumCalibrationError: maximum,
      reliability,
      ndcg: this.ndcg / this.groupWeight,
      ndcgGroups: this.groups,
    };
  }
}
