/** What the values of a feature could be: booleans, integers, floats, words of a domain. */
import type { BoolDomain, Int64, StringDomain } from '../metadata/index.ts';
import type { FeatureView } from '../views.ts';

const TRUE_VALUES: ReadonlySet<string> = new Set(['TRUE', 'true', 'SET', 'set', '1', '']);
const FALSE_VALUES: ReadonlySet<string> = new Set(['FALSE', 'false', 'CLEAR', 'clear', '0']);

const SMALLEST = -(2n ** 63n);
const LARGEST = 2n ** 63n - 1n;

/** A number where it is safe, a bigint beyond. */
export function int64Of(exact: bigint): Int64 {
  const near = Number(exact);
  return Number.isSafeInteger(near) ? near : exact;
}

/** Decimal int64, blanks around allowed; undefined if it is none. */
export function parseInt64(text: string): Int64 | undefined {
  const match = /^[ \t\n\v\f\r]*([+-]?)(\d+)[ \t\n\v\f\r]*$/.exec(text);
  if (!match) return undefined;
  const exact = match[1] === '-' ? -BigInt(match[2]) : BigInt(match[2]);
  return exact < SMALLEST || exact > LARGEST ? undefined : int64Of(exact);
}

/** A float32 as text, blanks around allowed, inf and nan in any case; undefined if it is none. */
export function parseFloat32(text: string): number | undefined {
  const match =
    /^[ \t\n\v\f\r]*([+-]?)(?:(inf|infinity)|(nan(?:\(\w*\))?)|((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?))[ \t\n\v\f\r]*$/i.exec(
      text,
    );
  if (!match) return undefined;
  const [, sign, infinite, nan, digits] = match;
  const magnitude = infinite ? Number.POSITIVE_INFINITY : nan ? Number.NaN : Math.fround(Number(digits));
  return sign === '-' ? -magnitude : magnitude;
}

/** The range of a feature's values, or a value that is outside of the kind; undefined if there are no values. */
export type Interval<T> = { readonly min: T; readonly max: T } | { readonly misfit: string } | undefined;

function intervalOf<T extends number | bigint>(
  values: readonly string[],
  parse: (text: string) => T | undefined,
): Interval<T> {
  let interval: { min: T; max: T } | undefined;
  for (const text of values) {
    const x = parse(text);
    if (x === undefined) return { misfit: text };
    interval ??= { min: x, max: x };
    if (x < interval.min) interval.min = x;
    if (x > interval.max) interval.max = x;
  }
  return interval;
}

/** Integers: numeric ones by their min and max, categorical ones and strings by their values. */
export function intInterval(view: FeatureView): Interval<Int64> {
  if (view.type === 'STRUCT' || view.type === 'FLOAT') return undefined;
  if (view.type === 'INT' && view.valueCounts.size === 0) {
    const { min = 0, max = 0 } = view.numeric;
    if (!(min >= -(2 ** 63))) return { misfit: min.toFixed(6) };
    if (!(max <= 2 ** 63)) return { misfit: max.toFixed(6) };
    return { min: int64Of(BigInt(Math.trunc(min))), max: int64Of(BigInt(Math.trunc(max))) };
  }
  return intervalOf(view.values, parseInt64);
}

/** Floats, as float32: numeric ones by their min and max, strings by their values. */
export function floatInterval(view: FeatureView): Interval<number> {
  if (view.type === 'FLOAT')
    return { min: Math.fround(view.numeric.min ?? 0), max: Math.fround(view.numeric.max ?? 0) };
  return view.type === 'STRING' || view.type === 'BYTES' ? intervalOf(view.values, parseFloat32) : undefined;
}

/** Strings that are all decimal integers. */
export function isIntCandidate(view: FeatureView): boolean {
  if (view.type !== 'STRING' || view.hasInvalidUtf8) return false;
  const interval = intInterval(view);
  return interval !== undefined && 'min' in interval;
}

/** Integers in [0, 1] with a 1 among them, or one or two strings of which one may mean true and one false. */
export function isBoolCandidate(view: FeatureView): boolean {
  if (view.type === 'INT') return (view.numeric.min ?? 0) >= 0 && view.numeric.max === 1;
  if (view.type !== 'STRING') return false;
  const { values } = view;
  const trues = values.filter((value) => TRUE_VALUES.has(value)).length;
  const falses = values.filter((value) => FALSE_VALUES.has(value)).length;
  return values.length > 0 && trues <= 1 && falses <= 1 && trues + falses === values.length;
}

/** The domain of a candidate: strings by their labels, integers empty. */
export function boolDomainOf(view: FeatureView): BoolDomain {
  if (view.type === 'INT') return {};
  const trueValue = view.values.find((value) => TRUE_VALUES.has(value));
  const falseValue = view.values.find((value) => FALSE_VALUES.has(value));
  return { ...(trueValue === undefined ? {} : { trueValue }), ...(falseValue === undefined ? {} : { falseValue }) };
}

/** At least one and at most so many distinct strings, all UTF-8. */
export function isStringDomainCandidate(view: FeatureView, maxStringDomainSize: number): boolean {
  return !view.hasInvalidUtf8 && view.valueCounts.size > 0 && view.valueCounts.size <= maxStringDomainSize;
}

export interface SimilarityOptions {
  /** Domains of no more words must be equal. @default 10 */
  readonly minCount: number;
  /** Jaccard similarity that larger ones must exceed, in [0, 1]. @default 0.5 */
  readonly minJaccardSimilarity: number;
}

export function areSimilarDomains(a: StringDomain, b: StringDomain, options: SimilarityOptions): boolean {
  const one = new Set(a.value ?? []);
  const two = new Set(b.value ?? []);
  const jaccard = one.intersection(two).size / one.union(two).size;
  const large = one.size > options.minCount && two.size > options.minCount;
  return jaccard === 1 || (large && jaccard > options.minJaccardSimilarity);
}
