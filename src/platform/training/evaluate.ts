/** How good a model is on rows that it has not learnt from, as a whole and by slice, beside a constant and what serves. */
import {
  createReport,
  type MetricFigures,
  type MetricReport,
  type RewardModel,
  type SliceFigures,
} from '../../models/index.ts';
import type { ExampleSet } from './examples.ts';
import type { FeatureImportance, Quality, ReliabilityBin, SliceQuality } from './report.ts';

export interface Evaluation {
  readonly quality: SliceQuality;
  readonly slices: readonly SliceQuality[];
  readonly reliability: readonly ReliabilityBin[];
  readonly servingReliability: readonly ReliabilityBin[];
}

/** Scores must lie within (0, 1); those of other scales are cut to it. */
const LEAST = 1e-9;

/**
 * @param wanted the part of the set to measure on, which may be small but not empty
 * @param rate the constant that both are compared with: the weighted mean label of the rows that were learnt from
 * @param theta of each row's place, where the model's scores are free of position: a choice there is expected with θ · score
 */
export function evaluateModel(
  set: ExampleSet,
  wanted: number,
  rate: number,
  model: RewardModel,
  serving: RewardModel | undefined,
  theta?: Float64Array,
): Evaluation {
  const chosen = Uint32Array.from(set.part.keys()).filter((r) => set.part[r] === wanted);
  const measure = (p: Float64Array): MetricReport => {
    const report = createReport();
    report.add({
      rows: chosen.length,
      p: Float64Array.from(chosen, (r) => Math.min(1 - LEAST, Math.max(LEAST, p[r]))),
      labels: Float32Array.from(chosen, (r) => set.labels[r]),
      weights: Float32Array.from(chosen, (r) => set.weights[r]),
      groups: Uint32Array.from(chosen, (r) => set.groups[r]),
      slices: Object.fromEntries(
        Object.entries(set.slices).map(([dimension, { names, codes }]) => [
          dimension,
          { names, codes: Uint16Array.from(chosen, (r) => codes[r]) },
        ]),
      ),
    });
    return report.extract();
  };
  const scoresOf = (scored: RewardModel): Float64Array => {
    const p = new Float64Array(set.rows);
    scored.predict(set.batch, set.rows, p);
    return p;
  };
  const scores = scoresOf(model);
  return evaluationOf(
    measure,
    scores,
    new Float64Array(set.rows).fill(rate),
    serving === undefined ? undefined : scoresOf(serving),
    theta === undefined ? scores : scores.map((score, r) => theta[r] * score),
  );
}

/** Rows that were scored elsewhere. */
export interface MeasuredRows {
  readonly rows: number;
  readonly labels: Float32Array;
  readonly weights: Float32Array;
}

/**
 * The figures of a model's scores beside those of a constant and of another model, all of the same rows.
 *
 * @param ofChoices what the model expects of each row at its place, where that is not its score
 */
export function evaluationOf(
  measure: (p: Float64Array) => MetricReport,
  ofModel: Float64Array,
  ofConstant: Float64Array,
  ofServing: Float64Array | undefined,
  ofChoices: Float64Array = ofModel,
): Evaluation {
  const own = ofChoices === ofModel ? measure(ofModel) : withRanking(measure(ofChoices), measure(ofModel));
  const constant = measure(ofConstant);
  const others = ofServing === undefined ? undefined : measure(ofServing);
  return {
    quality: sliceOf('all', '', own.overall, constant.overall, others?.overall),
    // Of the same rows: the same slices in the same order.
    slices: own.slices.map((figures: SliceFigures, i) =>
      sliceOf(figures.dimension, figures.slice, figures, constant.slices[i], others?.slices[i]),
    ),
    reliability: own.overall.reliability,
    servingReliability: others?.overall.reliability ?? [],
  };
}

/** Loss and calibration of the one, area and NDCG of the other; both of the same rows. */
function withRanking(report: MetricReport, { overall, slices }: MetricReport): MetricReport {
  return {
    ...report,
    overall: { ...report.overall, area: overall.area, ndcg: overall.ndcg },
    slices: report.slices.map((slice, i) => ({ ...slice, area: slices[i].area, ndcg: slices[i].ndcg })),
  };
}

function sliceOf(
  slice: string,
  of: string,
  model: MetricFigures,
  constant: MetricFigures,
  serving: MetricFigures | undefined,
): SliceQuality {
  return {
    slice,
    of,
    rows: model.rows,
    shelves: model.ndcgGroups,
    rate: figure(model.rate),
    model: qualityOf(model),
    constant: qualityOf(constant),
    serving: serving === undefined ? null : qualityOf(serving),
  };
}

function qualityOf(figures: MetricFigures): Quality {
  return {
    logLoss: figure(figures.logLoss),
    auc: figure(figures.area),
    ece: figure(figures.expectedCalibrationError),
    calibration: figure(figures.calibrationRatio),
    ndcg: figure(figures.ndcg),
  };
}

/** What JSON cannot say is null. */
function figure(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}

const SAMPLE_ROWS = 500;
const MOST_FEATURES = 50;

/** Mean |contribution| to the score by column and slot over an even sample of the rows, largest first. */
export function importanceOf(set: ExampleSet, wanted: number, model: RewardModel): readonly FeatureImportance[] {
  const chosen = [...set.part.keys()].filter((r) => set.part[r] === wanted);
  const sums = new Map<string, number>();
  const rows = Math.min(SAMPLE_ROWS, chosen.length);
  for (let k = 0; k < rows; k++) {
    for (const { name, contribution } of model.contributions(
      set.batch,
      chosen[Math.floor((k * chosen.length) / rows)],
    )) {
      sums.set(name, (sums.get(name) ?? 0) + Math.abs(contribution));
    }
  }
  return [...sums]
    .map(([name, sum]) => ({ name, contribution: sum / rows }))
    .filter(({ contribution }) => contribution > 0)
    .sort((a, b) => b.contribution - a.contribution || (a.name < b.name ? -1 : 1))
    .slice(0, MOST_FEATURES);
}
