/** How often a feature is there and how many values it has: value counts, shape, presence, uniqueness. */
import { type Feature, type FeaturePresence, formatG, type ValueCount } from '../metadata/index.ts';
import { inferValueCounts } from '../schema/inference.ts';
import type { FeatureView, Valency } from '../views.ts';
import { type Finding, finding } from './findings.ts';

const NESTEDNESS = 'Mismatched value nest level';
const DROPPED = 'Column dropped';

function checkLevel(count: ValueCount, { min, max }: Valency, where: string): Finding[] {
  const findings: Finding[] = [];
  if (count.min !== undefined && min < count.min) {
    const long = `Some examples have fewer values than expected${where}.`;
    findings.push(finding('FEATURE_TYPE_LOW_NUMBER_VALUES', 'Missing values', long));
    if (min === 0) delete count.min;
    else count.min = min;
  }
  if (count.max !== undefined && max > count.max) {
    const long = `Some examples have more values than expected${where}.`;
    findings.push(finding('FEATURE_TYPE_HIGH_NUMBER_VALUES', 'Superfluous values', long));
    count.max = max;
  }
  return findings;
}

/** Values an example, by level of nesting. */
export function checkValueCounts(view: FeatureView, feature: Feature): Finding[] {
  const levels = view.valency;
  if (feature.valueCount) {
    if (levels.length === 1) return checkLevel(feature.valueCount, levels[0], '');
    delete feature.valueCount;
    inferValueCounts(view, feature);
    const long =
      'This feature has a value_count, but the nestedness level of the feature > 1. For features with nestedness ' +
      'levels greater than 1, value_counts, not value_count, should be specified.';
    return [finding('VALUE_NESTEDNESS_MISMATCH', NESTEDNESS, long)];
  }
  const counts = feature.valueCounts?.valueCount;
  if (!feature.valueCounts) return [];
  if (counts?.length !== levels.length) {
    delete feature.valueCounts;
    inferValueCounts(view, feature);
    const long = 'The values have a different nest level than expected. Value counts will not be checked.';
    return [finding('VALUE_NESTEDNESS_MISMATCH', NESTEDNESS, long)];
  }
  return counts.flatMap((count, level) => checkLevel(count, levels[level], ` at nestedness level ${level}`));
}

/** A fixed shape: always there, at every level, and of as many values as the shape holds. */
export function checkShape(view: FeatureView, feature: Feature, legacyFeatureSpec: boolean): Finding[] {
  if (!feature.shape) return [];
  const expected = (feature.shape.dim ?? []).reduce((product, { size = 0 }) => product * size, 1);
  const varies = view.valency.some(({ min, max }) => min !== max || min === 0);
  const missing = !legacyFeatureSpec && view.missingByLevel.some((count) => count !== 0);
  const actual = view.valency.reduce((product, { min }) => product * min, 1);
  if (!varies && !missing && actual === expected) return [];
  delete feature.shape;
  const long =
    varies || missing
      ? "The feature has a shape, but it's not always present (if the feature is nested, then it should always be " +
        'present at each nested level) or its value lengths vary.'
      : `The feature has fixed value length ${actual} but it's not compatible with the specified shape.`;
  return [finding('INVALID_FEATURE_SHAPE', 'Feature shape dropped', long)];
}

/** Examples that have the feature: how many, which share. */
export function checkPresence(view: FeatureView, presence: FeaturePresence): Finding[] {
  const findings: Finding[] = [];
  const fewer = 'The feature was present in fewer examples than expected: minimum';
  const { minCount, minFraction } = presence;
  if (minCount !== undefined && view.numPresent < minCount) {
    presence.minCount = Math.trunc(view.numPresent);
    const long = `${fewer} count = ${minCount}, actual = ${presence.minCount}`;
    findings.push(finding('FEATURE_TYPE_LOW_NUMBER_PRESENT', DROPPED, long));
  }
  const fraction = view.fractionPresent;
  if (minFraction === undefined || fraction === undefined) return findings;
  if (fraction < minFraction) {
    presence.minFraction = fraction;
    const long = `${fewer} fraction = ${Math.fround(minFraction).toFixed(6)}, actual = ${fraction.toFixed(6)}`;
    findings.push(finding('FEATURE_TYPE_LOW_FRACTION_PRESENT', DROPPED, long));
  }
  // So few are missing that the share rounds to 1.
  if (presence.minFraction === 1 && view.numMissing !== 0) {
    presence.minFraction = 0.9999;
    const long = `The feature was expected everywhere, but was missing in ${formatG(view.numMissing)} examples.`;
    findings.push(finding('FEATURE_TYPE_LOW_FRACTION_PRESENT', DROPPED, long));
  }
  return findings;
}

/** Distinct values. An absent bound is 0, so that `max` must be set. */
export function checkUnique(view: FeatureView, feature: Feature): Finding[] {
  const constraints = feature.uniqueConstraints;
  if (!constraints) return [];
  const unique = view.numUnique;
  if (unique === undefined) {
    delete feature.uniqueConstraints;
    const long =
      'UniqueConstraints specified for the feature, but unique values were not counted (i.e., feature is not string ' +
      'or categorical).';
    return [finding('FEATURE_TYPE_NO_UNIQUE', 'No unique values', long)];
  }
  const findings: Finding[] = [];
  const { min = 0, max = 0 } = constraints;
  if (unique < min) {
    constraints.min = unique;
    const long = `Expected at least ${min} unique values but found only ${unique}.`;
    findings.push(finding('FEATURE_TYPE_LOW_UNIQUE', 'Low number of unique values', long));
  }
  if (unique > max) {
    constraints.max = unique;
    const long = `Expected no more than ${max} unique values but found ${unique}.`;
    findings.push(finding('FEATURE_TYPE_HIGH_UNIQUE', 'High number of unique values', long));
  }
  return findings;
}
