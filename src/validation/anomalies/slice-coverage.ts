/**
 * Slices that ought to be there: one that the schema names, or that the span before or serving has, and that this span
 * lacks or has lost most of. Statistics of the slices that are left cannot show it.
 */
import { requireRange, resolveOptions } from '../../base/index.ts';
import {
  type Anomalies,
  compareBytes,
  type DatasetFeatureStatisticsList,
  formatG,
  type Schema,
} from '../metadata/index.ts';
import { type Steps, serializePath } from '../paths.ts';
import { resolveRules } from '../schema/rules.ts';
import { ALL_EXAMPLES } from '../schema/update.ts';
import { anomalyInfoOf, type Finding, finding } from './findings.ts';
import { chanceOfFewer, type Share } from './shares.ts';
import type { ValidationOptions } from './validate.ts';

export interface SliceCoverageOptions
  extends Pick<ValidationOptions, 'previousSpan' | 'serving' | 'severityOverrides'> {
  /** Slices that must have examples, such as slicesOfSchema gives. @default none */
  readonly expectedSlices?: readonly string[];
  /** Part of its share of the examples that a slice must keep, in [0, 1]; below it is lost. @default 0.5 */
  readonly minShareKept?: number;
  /** Examples that a slice would have by its earlier share; below it is too small to be missed. @default 5 */
  readonly minExpectedExamples?: number;
  /**
   * Chance, in ]0, 1], that a span which lost nothing raises any of these anomalies against one reference: each of its m
   * slices is reported where chanceOfFewer is at most this / m (Bonferroni). 1 with few slices reports nearly every loss. @default 0.01
   */
  readonly significance?: number;
  /**
   * Examples that say as much as one that is independent, at least 1 (the design effect of Kish 1965): rows of one decision come
   * and go together. Counts are divided by it before they are tested. @default 1
   */
  readonly designEffect?: number;
}

/** With `undefined` for what may be left out. */
type Resolved = { readonly [K in keyof SliceCoverageOptions]-?: SliceCoverageOptions[K] };

const DEFAULTS: Resolved = {
  previousSpan: undefined,
  serving: undefined,
  severityOverrides: undefined,
  expectedSlices: [],
  minShareKept: 0.5,
  minExpectedExamples: 5,
  significance: 0.01,
  designEffect: 1,
};

/** The slices by one feature that a schema expects: one for each word of its domain, called `feature_word`. */
export function slicesOfSchema(schema: Schema, path: Steps): string[] {
  let features = schema.feature;
  for (const step of path.slice(0, -1)) features = features?.find(({ name }) => name === step)?.structDomain?.feature;
  const feature = features?.find(({ name }) => name === path.at(-1));
  const shared = schema.stringDomain?.find(({ name }) => name === feature?.domain);
  const words = (feature?.stringDomain ?? shared)?.value ?? [];
  return words.map((word) => `${path.join('.')}_${word}`);
}

/** Slice → examples, and how many there are in all. Without a dataset of all examples the largest slice stands for it. */
function countsOf(list: DatasetFeatureStatisticsList): { slices: Map<string, number>; total: number } {
  const counts = new Map((list.datasets ?? []).map(({ name = '', numExamples = 0 }) => [name, numExamples]));
  const total = counts.get(ALL_EXAMPLES) ?? Math.max(0, ...counts.values());
  counts.delete(ALL_EXAMPLES);
  return { slices: counts, total };
}

function percent(count: number, total: number): string {
  return `${formatG(total === 0 ? 0 : (100 * count) / total, 3)}%`;
}

/**
 * Anomalies under `slice(NAME)`: NO_DATA_IN_SPAN for a slice without examples, COMPARATOR_LOW_NUM_EXAMPLES for one that
 * kept less than `minShareKept` of its share of all examples (shares, so that a smaller span is no loss). Against an earlier list only
 * what chance does not explain, at `significance`; slices that `expectedSlices` names must have examples in any case.
 * @throws OPTION_INVALID
 */
export function validateSliceCoverage(list: DatasetFeatureStatisticsList, given: SliceCoverageOptions = {}): Anomalies {
  const options = resolveOptions<Resolved>('slice coverage', given, DEFAULTS);
  requireRange('slice coverage', 'designEffect', options.designEffect, 1, 1e9);
  requireRange('slice coverage', 'significance', options.significance, 1e-300, 1);
  requireRange('slice coverage', 'minShareKept', options.minShareKept, 0, 1);
  const { slices, total } = countsOf(list);
  const per = (examples: number): number => examples / options.designEffect;
  const found = new Map<string, Finding[]>();
  const report = (slice: string, one: Finding): void => {
    found.set(slice, [...(found.get(slice) ?? []), one]);
  };
  for (const slice of options.expectedSlices)
    if (!slices.get(slice)) {
      const long = `The slice ${slice} that the schema expects has 0 of ${total} examples.`;
      report(slice, finding('NO_DATA_IN_SPAN', 'Slice missing', long));
    }
  const references = [
    ['the previous span', options.previousSpan],
    ['serving', options.serving],
  ] as const;
  for (const [called, reference] of references) {
    if (!reference) continue;
    const before = countsOf(reference);
    for (const [slice, count] of before.slices) {
      const expected = before.total === 0 ? 0 : (count / before.total) * total;
      if (per(expected) < options.minExpectedExamples) continue;
      const left = slices.get(slice) ?? 0;
      // What is left is rounded up, what was there down: in doubt there is no loss.
      const now: Share = { count: Math.ceil(per(left)), total: per(total) };
      const chance = chanceOfFewer(now, { count: Math.floor(per(count)), total: per(before.total) });
      if (chance > options.significance / before.slices.size) continue;
      const has = `The slice ${slice} has ${left} of ${total} examples (${percent(left, total)})`;
      const against = `${called} has ${count} of ${before.total} (${percent(count, before.total)})`;
      if (left === 0) report(slice, finding('NO_DATA_IN_SPAN', 'Slice missing', `${has}; ${against}.`));
      else if (left < options.minShareKept * expected) {
        const kept = `it kept ${formatG(left / expected, 3)} of its share, which is below ${options.minShareKept}`;
        const short = 'Slice has lost most of its examples';
        report(slice, finding('COMPARATOR_LOW_NUM_EXAMPLES', short, `${has}; ${against}: ${kept}.`));
      }
    }
  }
  const anomalies: Anomalies = { anomalyNameFormat: 'SERIALIZED_PATH' };
  if (found.size === 0) return anomalies;
  const rules = resolveRules(options.severityOverrides ? { severityOverrides: options.severityOverrides } : {});
  const entries = [...found].sort(([a], [b]) => compareBytes(a, b));
  anomalies.anomalyInfo = new Map(
    entries.map(([slice, findings]) => {
      const path = [`slice(${slice})`];
      return [serializePath(path), { path: { step: path }, ...anomalyInfoOf(rules, findings) }];
    }),
  );
  return anomalies;
}
