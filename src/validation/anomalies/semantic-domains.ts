/** Images and natural language, by the custom statistics that describe them. */
import {
  decodeBinary,
  type Feature,
  formatG,
  type NaturalLanguageDomain,
  type NaturalLanguageStatistics,
  type NaturalLanguageStatisticsTokenStatistics,
  type SequenceValueConstraints,
  urlOf,
} from '../metadata/index.ts';
import type { FeatureView } from '../views.ts';
import { type Finding, finding } from './findings.ts';

/** Share of images that decode, and the size of the largest. Sums are of float32, as in the original. */
export function checkImageDomain(view: FeatureView, feature: Feature): Finding[] {
  const domain = feature.imageDomain!;
  const findings: Finding[] = [];
  const threshold = domain.minimumSupportedImageFraction;
  const formats = view.customNamed('image_format_histogram');
  if (threshold !== undefined && formats) {
    let supported = 0;
    let unsupported = 0;
    for (const { label, sampleCount = 0 } of formats.rankHistogram?.buckets ?? [])
      if (label === 'UNKNOWN') unsupported = Math.fround(unsupported + sampleCount);
      else supported = Math.fround(supported + sampleCount);
    const fraction = Math.fround(supported / Math.fround(supported + unsupported));
    if (fraction < Math.fround(threshold)) {
      domain.minimumSupportedImageFraction = fraction;
      const long =
        `Fraction of values containing TensorFlow supported images: ${fraction.toFixed(6)} is lower than the ` +
        `threshold set in the Schema: ${Math.fround(threshold).toFixed(6)}.`;
      findings.push(finding('LOW_SUPPORTED_IMAGE_FRACTION', 'Low supported image fraction', long));
    }
  }
  const largest = view.statistics.bytesStats?.maxNumBytesInt ?? 0;
  const allowed = domain.maxImageByteSize;
  if (allowed !== undefined && largest > allowed) {
    domain.maxImageByteSize = largest;
    const long = `The largest image has bytes: ${largest}. The max allowed byte size is: ${allowed}.`;
    findings.push(finding('MAX_IMAGE_BYTE_SIZE_EXCEEDED', 'Num bytes exceeds the max byte size.', long));
  }
  return findings;
}

function checkCoverage(statistics: NaturalLanguageStatistics, domain: NaturalLanguageDomain): Finding[] {
  const findings: Finding[] = [];
  const { featureCoverage = 0, avgTokenLength = 0 } = statistics;
  const { coverage } = domain;
  if (coverage?.minCoverage !== undefined && coverage.minCoverage > featureCoverage) {
    const long =
      `Fraction of tokens in the vocabulary: ${formatG(featureCoverage)} is lower than the threshold set in the ` +
      `Schema: ${formatG(coverage.minCoverage)}.`;
    findings.push(finding('FEATURE_COVERAGE_TOO_LOW', 'Feature coverage is too low.', long));
    coverage.minCoverage = Math.fround(featureCoverage);
  }
  if (coverage?.minAvgTokenLength !== undefined && avgTokenLength < coverage.minAvgTokenLength) {
    const long =
      `Average token length is: ${formatG(avgTokenLength)} which is lower than the threshold set in the Schema: ` +
      `${formatG(coverage.minAvgTokenLength)}.`;
    const short = 'Average token length is too short.';
    findings.push(finding('FEATURE_COVERAGE_TOO_SHORT_AVG_TOKEN_LENGTH', short, long));
    coverage.minAvgTokenLength = Math.fround(avgTokenLength);
  }
  return findings;
}

function checkToken(
  token: string,
  statistics: NaturalLanguageStatisticsTokenStatistics,
  constraint: SequenceValueConstraints,
): Finding[] {
  const findings: Finding[] = [];
  const { fractionOfSequences: fraction = 0 } = statistics;
  const { perSequenceMinFrequency: fewest = 0, perSequenceMaxFrequency: most = 0 } = statistics;
  const { minFractionOfSequences, maxFractionOfSequences, minPerSequence, maxPerSequence } = constraint;
  const share = `Fraction of sequences with value: ${token} is: ${formatG(fraction)} which is`;
  const threshold = 'than the threshold set in the Schema:';
  if (minFractionOfSequences !== undefined && minFractionOfSequences > fraction) {
    const long = `${share} lower ${threshold} ${formatG(minFractionOfSequences)}.`;
    const short = 'Value occurs in too small a fraction of sequences.';
    findings.push(finding('SEQUENCE_VALUE_TOO_SMALL_FRACTION', short, long));
    constraint.minFractionOfSequences = Math.fround(fraction);
  }
  if (maxFractionOfSequences !== undefined && maxFractionOfSequences < fraction) {
    const long = `${share} higher ${threshold} ${formatG(maxFractionOfSequences)}.`;
    const short = 'Value occurs in too large a fraction of sequences.';
    findings.push(finding('SEQUENCE_VALUE_TOO_LARGE_FRACTION', short, long));
    constraint.maxFractionOfSequences = Math.fround(fraction);
  }
  if (minPerSequence !== undefined && minPerSequence > fewest) {
    const long =
      `Value: ${token} occurs at least: ${formatG(fewest)} times within a sequence, which is lower ${threshold} ` +
      `${minPerSequence}.`;
    const short = 'Value has too few per-sequence occurrences.';
    findings.push(finding('SEQUENCE_VALUE_TOO_FEW_OCCURRENCES', short, long));
    constraint.minPerSequence = Math.trunc(fewest);
  }
  if (maxPerSequence !== undefined && maxPerSequence < most) {
    const long =
      `Value: ${token} occurs at most: ${formatG(most)} times within a sequence, which is higher ${threshold} ` +
      `${maxPerSequence}.`;
    const short = 'Value has too many per-sequence occurrences.';
    findings.push(finding('SEQUENCE_VALUE_TOO_MANY_OCCURRENCES', short, long));
    constraint.maxPerSequence = Math.trunc(most);
  }
  return findings;
}

const UNAVAILABLE = finding(
  'STATS_NOT_AVAILABLE',
  'Natural language stats are not computed.',
  'Constraints specified in natural language domain cannot be verified because natural language stats have not been ' +
    'computed.',
);

/** Tokens as the constraints and the statistics key them: an integer is not the string of its digits. */
function tokenKey(int: number | bigint | undefined, string: string | undefined): string | undefined {
  if (int !== undefined) return `int ${int}`;
  return string === undefined ? undefined : `string ${string}`;
}

/** Coverage of the vocabulary and constraints on tokens; statistics that are of another kind are passed over. */
export function checkNaturalLanguage(view: FeatureView, feature: Feature): Finding[] {
  const custom = view.customNamed('nl_statistics');
  if (custom && custom.any?.typeUrl !== urlOf('NaturalLanguageStatistics')) return [];
  const domain = feature.naturalLanguageDomain!;
  const { coverage, tokenConstraints = [] } = domain;
  const unavailable = (): Finding[] => {
    delete feature.naturalLanguageDomain;
    return [UNAVAILABLE];
  };
  if (!custom) {
    const constrained = coverage?.minCoverage !== undefined || coverage?.minAvgTokenLength !== undefined;
    return constrained || tokenConstraints.length > 0 ? unavailable() : [];
  }
  const statistics = decodeBinary('NaturalLanguageStatistics', custom.any?.value ?? new Uint8Array(0));
  const findings = checkCoverage(statistics, domain);
  const tokens = new Map(
    (statistics.tokenStatistics ?? []).map((token) => [tokenKey(token.intToken, token.stringToken), token]),
  );
  for (const constraint of tokenConstraints) {
    const key = tokenKey(constraint.intValue, constraint.stringValue);
    if (key === undefined) continue;
    const token = tokens.get(key);
    if (!token) return [...findings, ...unavailable()];
    findings.push(...checkToken(String(constraint.intValue ?? constraint.stringValue), token, constraint));
  }
  return findings;
}
