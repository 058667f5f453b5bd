/** Values of bool, int and float domains. */
import {
  compareBytes,
  type Feature,
  type FloatDomain,
  formatG,
  type Histogram,
  type IntDomain,
  type NumericStatistics,
} from '../metadata/index.ts';
import { clearDomain, setDomain } from '../schema/domain-info.ts';
import { floatInterval, int64Of, intInterval, parseFloat32 } from '../schema/values.ts';
import type { FeatureView } from '../views.ts';
import { type Finding, finding } from './findings.ts';
import type { DomainCheck } from './string-domain.ts';

const NOT_BOOLEAN = 'Non-boolean values';
const INVALID = 'Invalid values';
const OUT_OF_RANGE = 'Out-of-range values';

/** Which of several texts says how floats are no booleans; undefined if they may be. */
function floatMisfit({ min = 0, max = 0, histograms = [] }: NumericStatistics): string | undefined {
  if (min !== 0 && min !== 1) return `Floats (such as ${formatG(min)}) not in {0, 1}`;
  if (max !== 0 && max !== 1) return `Floats (such as ${formatG(max)}) not in {0, 1}`;
  for (const histogram of histograms) {
    const misfit = histogramMisfit(histogram);
    if (misfit) return misfit;
  }
  return undefined;
}

function histogramMisfit({ numNan = 0, buckets = [], type = 'STANDARD' }: Histogram): string | undefined {
  if (numNan > 0) return 'Floats (such as NaN) not in {0, 1}';
  for (const { lowValue = 0, highValue = 0, sampleCount = 0 } of buckets) {
    if (sampleCount <= 0) continue;
    if (highValue < 0) return 'Float values < 0 not in {0, 1}';
    if (lowValue > 1) return 'Float values > 1 not in {0, 1}';
    // Only quantiles are at values that came; a standard bucket inside may hold none of its own.
    if (type === 'QUANTILES' && lowValue > 0 && highValue < 1) return 'Float values falling between 0 and 1';
  }
  return undefined;
}

/** Numbers other than 0 and 1 turn the domain into one of numbers, an unknown word removes it. */
export function checkBoolDomain(view: FeatureView, feature: Feature): Finding[] {
  const { min = 0, max = 0 } = view.numeric;
  if (view.type === 'INT') {
    if (min >= 0 && max <= 1) return [];
    const bounds = { min: int64Of(BigInt(Math.trunc(min))), max: int64Of(BigInt(Math.trunc(max))) };
    setDomain(feature, 'intDomain', bounds);
    const such = formatG(min < 0 ? min : max);
    const long = `Integers (such as ${such}) not in {0, 1}: converting to an integer.`;
    return [finding(min < 0 ? 'BOOL_TYPE_SMALL_INT' : 'BOOL_TYPE_BIG_INT', NOT_BOOLEAN, long)];
  }
  if (view.type === 'FLOAT') {
    const misfit = floatMisfit(view.numeric);
    if (!misfit) return [];
    setDomain(feature, 'floatDomain', { min: Math.fround(min), max: Math.fround(max) });
    return [finding('BOOL_TYPE_UNEXPECTED_FLOAT', NOT_BOOLEAN, `${misfit}: converting to float_domain.`)];
  }
  if (view.type !== 'STRING') return [];
  const { trueValue, falseValue } = feature.boolDomain ?? {};
  const words = [...new Set([trueValue, falseValue])].filter((word) => word !== undefined).sort(compareBytes);
  const other = view.values.find((word) => !words.includes(word));
  if (other === undefined) return [];
  clearDomain(feature);
  const set = words.length === 0 ? '{}' : `{"${words.join('", "')}"}`;
  return [finding('BOOL_TYPE_UNEXPECTED_STRING', NOT_BOOLEAN, `Saw unexpected value "${other}" instead of ${set}.`)];
}

/** Integers, or strings of integers, within bounds; the bounds give way. */
export function checkIntDomain(view: FeatureView, domain: IntDomain): DomainCheck {
  const interval = intInterval(view);
  if (interval === undefined) return { findings: [], clear: false };
  if ('misfit' in interval) {
    const such = `such as "${interval.misfit}".`;
    if (view.featureType === 'BYTES') {
      const long = `String values that were not ints were found, ${such}`;
      return { findings: [finding('INT_TYPE_NOT_INT_STRING', INVALID, long)], clear: true };
    }
    if (domain.min === undefined && domain.max === undefined) return { findings: [], clear: false };
    const long = `Integer had values that were not valid Int64, ${such}`;
    return { findings: [finding('DOMAIN_INVALID_FOR_TYPE', INVALID, long)], clear: true };
  }
  const findings: Finding[] = [];
  if (domain.min !== undefined && domain.min > interval.min) {
    findings.push(finding('INT_TYPE_SMALL_INT', OUT_OF_RANGE, `Unexpectedly small value: ${interval.min}.`));
    domain.min = interval.min;
  }
  if (domain.max !== undefined && domain.max < interval.max) {
    findings.push(finding('INT_TYPE_BIG_INT', OUT_OF_RANGE, `Unexpectedly large value: ${interval.max}.`));
    domain.max = interval.max;
  }
  return { findings, clear: false };
}

function hasNans(view: FeatureView): boolean {
  if (view.type === 'FLOAT') return (view.numeric.histograms ?? []).some(({ numNan = 0 }) => numNan > 0);
  return view.type === 'STRING' && view.values.some((word) => Number.isNaN(parseFloat32(word)));
}

/** Floats, or strings of floats, within bounds, and no NaN or infinity where they are not allowed; the domain gives way. */
export function checkFloatDomain(view: FeatureView, domain: FloatDomain): DomainCheck {
  const findings: Finding[] = [];
  if (domain.disallowNan && hasNans(view)) {
    findings.push(finding('FLOAT_TYPE_HAS_NAN', INVALID, 'Float feature has NaN values.'));
    domain.disallowNan = false;
  }
  const interval = floatInterval(view);
  if (interval === undefined) return { findings, clear: false };
  if ('misfit' in interval) {
    const long = `String values that were not floats were found, such as "${interval.misfit}".`;
    return { findings: [...findings, finding('FLOAT_TYPE_STRING_NOT_FLOAT', INVALID, long)], clear: true };
  }
  const { min, max } = interval;
  const digits = '(upto six significant digits)';
  if (domain.min !== undefined && min < domain.min) {
    const long = `Unexpectedly low values: ${formatG(min)}<${formatG(domain.min)}${digits}`;
    findings.push(finding('FLOAT_TYPE_SMALL_FLOAT', OUT_OF_RANGE, long));
    domain.min = min;
  }
  if (domain.max !== undefined && max > domain.max) {
    const long = `Unexpectedly high value: ${formatG(max)}>${formatG(domain.max)}${digits}`;
    findings.push(finding('FLOAT_TYPE_BIG_FLOAT', OUT_OF_RANGE, long));
    domain.max = max;
  }
  if (
    domain.disallowInf &&
    (Math.abs(min) === Number.POSITIVE_INFINITY || Math.abs(max) === Number.POSITIVE_INFINITY)
  ) {
    findings.push(finding('FLOAT_TYPE_HAS_INF', INVALID, 'Float feature has Inf values.'));
    domain.disallowInf = false;
  }
  return { findings, clear: false };
}
