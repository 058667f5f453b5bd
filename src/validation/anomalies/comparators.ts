/** Drift (a span against the one before), skew (training against serving), and numbers of examples. */

import {
  type Divergence,
  jensenShannonOfCounts,
  jensenShannonOfHistograms,
  type LargestDifference,
  linfDistance,
  normalizedAbsoluteDifference,
} from '../distances.ts';
import {
  type DatasetConstraints,
  type Feature,
  type FeatureComparator,
  formatG,
  type Measurement,
  type NumericValueComparator,
} from '../metadata/index.ts';
import type { DatasetView, FeatureView } from '../views.ts';
import { type Finding, finding } from './findings.ts';

export type ComparatorKind = 'drift' | 'skew';

/** What the texts call the two sides, and where the other one is. */
const SIDES = {
  drift: { treatment: 'current', control: 'previous', dataset: 'previousSpan', comparator: 'driftComparator' },
  skew: { treatment: 'training', control: 'serving', dataset: 'serving', comparator: 'skewComparator' },
} as const;

export interface Comparison {
  readonly findings: readonly Finding[];
  /** One for each distance that could be taken, high or not. */
  readonly measurements: readonly Measurement[];
}

/** Jensen-Shannon divergence of values where both sides have them, else of histograms of one kind. */
export function featureDivergence(
  a: FeatureView,
  b: FeatureView,
  selection: 'DEFAULT' | 'QUANTILES' | 'STANDARD' = 'DEFAULT',
): Divergence {
  if (a.valueCounts.size > 0 && b.valueCounts.size > 0) return jensenShannonOfCounts(a.valueCounts, b.valueCounts);
  const one = a.histogram(selection);
  const two = b.histogram(selection);
  if (one && two) return jensenShannonOfHistograms(one, two);
  return { unavailable: 'both sides must have values, or both a histogram' };
}

interface Named {
  readonly type: 'L_INFTY' | 'NORMALIZED_ABSOLUTE_DIFFERENCE';
  readonly anomaly: 'COMPARATOR_L_INFTY_HIGH' | 'COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH';
  readonly called: string;
  readonly measure: (a: FeatureView['valueCounts'], b: FeatureView['valueCounts']) => LargestDifference;
}

const LINF: Named = {
  type: 'L_INFTY',
  anomaly: 'COMPARATOR_L_INFTY_HIGH',
  called: 'Linfty distance',
  measure: linfDistance,
};

const DIFFERENCE: Named = {
  type: 'NORMALIZED_ABSOLUTE_DIFFERENCE',
  anomaly: 'COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH',
  called: 'normalized absolute difference',
  measure: normalizedAbsoluteDifference,
};

/** Compares a feature with the other dataset's, by each distance that has a threshold; a threshold that is passed gives way. */
export function compareFeature(view: FeatureView, kind: ComparatorKind, comparator: FeatureComparator): Comparison {
  const thresholds = [comparator.infinityNorm, comparator.normalizedAbsDifference, comparator.jensenShannonDivergence];
  if (thresholds.every((one) => one?.threshold === undefined)) return { findings: [], measurements: [] };
  const { treatment, control, dataset } = SIDES[kind];
  const other = view.dataset[dataset];
  if (!other) return { findings: [], measurements: [] };
  const controlView = other.get(view.path);
  if (!controlView) {
    for (const one of thresholds) delete one?.threshold;
    const missing = finding(
      'COMPARATOR_CONTROL_DATA_MISSING',
      `${control} data missing`,
      `${control} data is missing.`,
    );
    return { findings: [missing], measurements: [] };
  }
  const findings: Finding[] = [];
  const measurements: Measurement[] = [];
  const between = `between ${treatment} and ${control}`;
  const above = (value: number, threshold: number): string =>
    `is ${formatG(value)} (up to six significant digits), above the threshold ${formatG(threshold)}.`;
  const byValue = ({ type, anomaly, called, measure }: Named, limit: { threshold?: number } | undefined): void => {
    if (limit?.threshold === undefined) return;
    const { threshold } = limit;
    const { distance, label } = measure(view.valueCounts, controlView.valueCounts);
    measurements.push({ type, value: distance, threshold });
    if (distance <= threshold) return;
    limit.threshold = distance;
    const long =
      `The ${called} ${between} ${above(distance, threshold)} ` +
      `The feature value with maximum difference is: ${label}`;
    findings.push(finding(anomaly, `High ${called} ${between}`, long));
  };
  byValue(LINF, comparator.infinityNorm);
  byValue(DIFFERENCE, comparator.normalizedAbsDifference);
  const limit = comparator.jensenShannonDivergence;
  if (limit?.threshold !== undefined) {
    const { threshold } = limit;
    const result = featureDivergence(view, controlView, limit.source?.type);
    if ('divergence' in result) {
      const { divergence } = result;
      measurements.push({ type: 'JENSEN_SHANNON_DIVERGENCE', value: divergence, threshold });
      if (divergence > threshold) {
        limit.threshold = divergence;
        const called = `approximate Jensen-Shannon divergence ${between}`;
        const long = `The ${called} ${above(divergence, threshold)}`;
        findings.push(finding('COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH', `High ${called}`, long));
      }
    }
  }
  return { findings, measurements };
}

/** The comparator of a feature for a kind. */
export function comparatorOf(feature: Feature, kind: ComparatorKind): FeatureComparator | undefined {
  return feature[SIDES[kind].comparator];
}

/** Examples against those of another dataset: the ratio n / n_control within [min, max]. */
function compareNumExamples(
  dataset: DatasetView,
  control: DatasetView | undefined,
  called: string,
  comparator: NumericValueComparator | undefined,
): Finding[] {
  if (!control || !comparator) return [];
  const examples = Math.trunc(dataset.numExamples);
  const controlExamples = Math.trunc(control.numExamples);
  const { minFractionThreshold: min, maxFractionThreshold: max } = comparator;
  const high = `High num examples in current dataset versus the ${called}`;
  if (controlExamples === 0) {
    if (max === undefined) return [];
    delete comparator.maxFractionThreshold;
    const long =
      `The ${called} has 0 examples, so there is a high number of examples in the current dataset versus the ` +
      `${called}.`;
    return [finding('COMPARATOR_HIGH_NUM_EXAMPLES', `${high}, which has 0.`, long)];
  }
  const ratio = examples / controlExamples;
  const text =
    `The ratio of num examples in the current dataset versus the ${called} is ${formatG(ratio)} (up to six ` +
    'significant digits), which is';
  const findings: Finding[] = [];
  if (max !== undefined && ratio > max) {
    comparator.maxFractionThreshold = ratio;
    findings.push(finding('COMPARATOR_HIGH_NUM_EXAMPLES', `${high}.`, `${text} above the threshold ${formatG(max)}.`));
  }
  if (min !== undefined && ratio < min) {
    comparator.minFractionThreshold = ratio;
    const short = `Low num examples in current dataset versus the ${called}.`;
    findings.push(finding('COMPARATOR_LOW_NUM_EXAMPLES', short, `${text} below the threshold ${formatG(min)}.`));
  }
  return findings;
}

/** Constraints on a whole dataset. As in the original, the largest count is looked at only where a smallest one is set. */
export function checkDataset(dataset: DatasetView, constraints: DatasetConstraints | undefined): Finding[] {
  if (!constraints) return [];
  const { numExamplesDriftComparator, numExamplesVersionComparator, minExamplesCount, maxExamplesCount } = constraints;
  const findings = [
    ...compareNumExamples(dataset, dataset.previousSpan, 'previous span', numExamplesDriftComparator),
    ...compareNumExamples(dataset, dataset.previousVersion, 'previous version', numExamplesVersionComparator),
  ];
  if (minExamplesCount === undefined) return findings;
  const { numExamples } = dataset;
  const has = `The dataset has ${formatG(numExamples)} examples, which is`;
  if (numExamples < minExamplesCount) {
    constraints.minExamplesCount = Math.trunc(numExamples);
    const long = `${has} fewer than expected.`;
    findings.push(finding('DATASET_LOW_NUM_EXAMPLES', 'Low num examples in dataset.', long));
  }
  if (maxExamplesCount !== undefined && numExamples > maxExamplesCount) {
    constraints.maxExamplesCount = Math.trunc(numExamples);
    const long = `${has} more than expected.`;
    findings.push(finding('DATASET_HIGH_NUM_EXAMPLES', 'High num examples in dataset.', long));
  }
  return findings;
}
