/** Sparse features (indices and values) and weighted features, by the custom statistics that describe how they fit. */
import { formatG, type SparseFeature, type WeightedFeature } from '../metadata/index.ts';
import { deprecate } from '../schema/lifecycle.ts';
import type { FeatureView } from '../views.ts';
import { type Finding, finding } from './findings.ts';

/** Index features against their value feature; findings put the sparse feature out of use. */
export function checkSparseFeature(view: FeatureView, sparse: SparseFeature): Finding[] {
  const findings: Finding[] = [];
  for (const { name, num = 0, rankHistogram } of view.custom) {
    const buckets = (rankHistogram?.buckets ?? []).map(
      ({ label = '', sampleCount = 0 }) => [label, sampleCount] as const,
    );
    if (name === 'missing_value' && num !== 0) {
      const long = `Found ${formatG(num)} examples missing value feature`;
      findings.push(finding('SPARSE_FEATURE_MISSING_VALUE', 'Missing value feature', long));
    } else if (name === 'missing_index') {
      for (const [index, count] of buckets) {
        if (Math.trunc(count) === 0) continue;
        const long = `Found ${Math.trunc(count)} examples missing index feature: ${index}`;
        findings.push(finding('SPARSE_FEATURE_MISSING_INDEX', 'Missing index feature', long));
      }
    } else if (name === 'max_length_diff' || name === 'min_length_diff') {
      for (const [index, difference] of buckets) {
        if (difference === 0) continue;
        const long = `Mismatch between index feature: ${index} and value column, with ${name} = ${Math.trunc(difference)}`;
        const short = 'Length mismatch between value and index feature';
        findings.push(finding('SPARSE_FEATURE_LENGTH_MISMATCH', short, long));
      }
    }
  }
  if (findings.length > 0) deprecate(sparse);
  return findings;
}

/** Weights against their values; findings put the weighted feature out of use. */
export function checkWeightedFeature(view: FeatureView, weighted: WeightedFeature): Finding[] {
  const findings: Finding[] = [];
  const numbers = new Map<string, number>();
  for (const { name = '', num = 0 } of view.custom) {
    if (num === 0) continue;
    const found = `Found ${formatG(num)} examples missing`;
    if (name === 'missing_value')
      findings.push(finding('WEIGHTED_FEATURE_MISSING_VALUE', 'Missing value feature', `${found} value feature.`));
    else if (name === 'missing_weight')
      findings.push(finding('WEIGHTED_FEATURE_MISSING_WEIGHT', 'Missing weight feature', `${found} weight feature.`));
    else numbers.set(name, Math.trunc(num));
  }
  const min = numbers.get('min_weight_length_diff') ?? 0;
  const max = numbers.get('max_weight_length_diff') ?? 0;
  if (min !== 0 || max !== 0) {
    const long =
      `Mismatch between weight and value feature with min_weight_length_diff = ${min} and max_weight_length_diff = ` +
      `${max}.`;
    const short = 'Length mismatch between value and weight feature';
    findings.push(finding('WEIGHTED_FEATURE_LENGTH_MISMATCH', short, long));
  }
  if (findings.length > 0) deprecate(weighted);
  return findings;
}
