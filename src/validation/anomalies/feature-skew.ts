/**
 * Skew of rows: the same example as training and as serving saw it, feature by feature. Rows are matched by the values of
 * their identifier features. Source: tensorflow/data-validation, skew/feature_skew_detector.
 */
import { resolveOptions } from '../../base/index.ts';
import { compareBytes, decodeText, type Example } from '../metadata/index.ts';

/** Feature → its values; bytes that are UTF-8 are text. A feature without values is absent. */
export type Row = ReadonlyMap<string, readonly (string | number | bigint)[]>;

export interface FeatureSkewOptions {
  /** Decimal digits to which floats are rounded before they are compared. @default no rounding */
  readonly floatRoundDigits?: number | undefined;
  /** Join duplicated identifiers, each with each; otherwise such rows are skipped and counted. @default false */
  readonly allowDuplicateIdentifiers?: boolean;
  /** Features that are not compared. @default none */
  readonly ignoredFeatures?: readonly string[];
  /** Most differing pairs to keep as samples. @default 0 */
  readonly sampleSize?: number;
}

const DEFAULTS: Required<FeatureSkewOptions> = {
  floatRoundDigits: undefined,
  allowDuplicateIdentifiers: false,
  ignoredFeatures: [],
  sampleSize: 0,
};

/** Counts of one feature over the matched pairs. */
export interface FeatureSkew {
  readonly feature: string;
  readonly baseCount: number;
  readonly testCount: number;
  readonly matchCount: number;
  readonly baseOnly: number;
  readonly testOnly: number;
  readonly mismatchCount: number;
  /** baseOnly + testOnly + mismatchCount. */
  readonly diffCount: number;
}

export interface SkewPair {
  readonly base: Row;
  readonly test: Row;
  readonly matched: readonly string[];
  readonly mismatched: readonly string[];
  readonly baseOnly: readonly string[];
  readonly testOnly: readonly string[];
}

export interface MatchStats {
  readonly baseWithId: number;
  readonly testWithId: number;
  readonly identifiers: number;
  readonly idsMissingInBase: number;
  readonly idsMissingInTest: number;
  readonly matchingPairs: number;
  readonly baseMissingId: number;
  readonly testMissingId: number;
  /** Identifiers that a side has more than once. */
  readonly duplicateIds: number;
}

export interface FeatureSkewReport {
  /** By feature, in byte order; the identifiers are not among them. */
  readonly features: readonly FeatureSkew[];
  readonly samples: readonly SkewPair[];
  readonly matches: MatchStats;
}

/** A tf.train.Example as a row. */
export function rowOfExample(example: Example): Row {
  const entries = [...(example.features?.feature ?? [])].map(([name, { bytesList, floatList, int64List }]) => {
    const values = bytesList?.value?.map(decodeText) ?? floatList?.value ?? int64List?.value ?? [];
    return [name, values] as const;
  });
  return new Map(entries);
}

/** The identity of a row; undefined if an identifier has no value. */
function identityOf(row: Row, identifiers: readonly string[]): string | undefined {
  const parts: string[] = [];
  for (const name of identifiers) {
    const values = row.get(name) ?? [];
    if (values.length === 0) return undefined;
    parts.push(JSON.stringify(values.map((one) => [typeof one === 'string' ? 's' : 'n', String(one)])));
  }
  return parts.join(' ');
}

interface Side {
  readonly rows: Map<string, Row[]>;
  withId: number;
  missingId: number;
}

async function collect(rows: Iterable<Row> | AsyncIterable<Row>, identifiers: readonly string[]): Promise<Side> {
  const side: Side = { rows: new Map(), withId: 0, missingId: 0 };
  for await (const row of rows) {
    const identity = identityOf(row, identifiers);
    if (identity === undefined) {
      side.missingId++;
      continue;
    }
    side.withId++;
    const same = side.rows.get(identity);
    if (same) same.push(row);
    else side.rows.set(identity, [row]);
  }
  return side;
}

function equal(a: string | number | bigint, b: string | number | bigint, digits: number | undefined): boolean {
  if (digits === undefined || typeof a !== 'number' || typeof b !== 'number') return Object.is(a, b) || a === b;
  const scale = 10 ** digits;
  return Math.round(a * scale) === Math.round(b * scale) || Object.is(a, b);
}

interface Tally {
  base: number;
  test: number;
  match: number;
  baseOnly: number;
  testOnly: number;
  mismatch: number;
}

/**
 * Compares the rows of both sides that have the same identifiers. Both sides are held in memory by identifier: give
 * samples of large data.
 * @throws OPTION_INVALID
 */
export async function detectFeatureSkew(
  base: Iterable<Row> | AsyncIterable<Row>,
  test: Iterable<Row> | AsyncIterable<Row>,
  identifiers: readonly string[],
  given: FeatureSkewOptions = {},
): Promise<FeatureSkewReport> {
  const options = resolveOptions('feature skew', given, DEFAULTS);
  const sorted = [...identifiers].sort(compareBytes);
  const [one, two] = [await collect(base, sorted), await collect(test, sorted)];
  const ids = new Set([...one.rows.keys(), ...two.rows.keys()]);
  const skipped = new Set([...identifiers, ...options.ignoredFeatures]);
  const tallies = new Map<string, Tally>();
  const samples: SkewPair[] = [];
  let pairs = 0;
  let duplicates = 0;
  for (const id of ids) {
    const left = one.rows.get(id) ?? [];
    const right = two.rows.get(id) ?? [];
    if (left.length > 1 || right.length > 1) {
      duplicates++;
      if (!options.allowDuplicateIdentifiers) continue;
    }
    for (const baseRow of left)
      for (const testRow of right) {
        pairs++;
        const pair = comparePair(baseRow, testRow, skipped, options.floatRoundDigits, tallies);
        const differs = pair.mismatched.length + pair.baseOnly.length + pair.testOnly.length > 0;
        if (differs && samples.length < options.sampleSize) samples.push(pair);
      }
  }
  const features = [...tallies]
    .sort(([a], [b]) => compareBytes(a, b))
    .map(([feature, tally]) => ({
      feature,
      baseCount: tally.base,
      testCount: tally.test,
      matchCount: tally.match,
      baseOnly: tally.baseOnly,
      testOnly: tally.testOnly,
      mismatchCount: tally.mismatch,
      diffCount: tally.baseOnly + tally.testOnly + tally.mismatch,
    }));
  const matches = {
    baseWithId: one.withId,
    testWithId: two.withId,
    identifiers: ids.size,
    idsMissingInBase: [...ids].filter((id) => !one.rows.has(id)).length,
    idsMissingInTest: [...ids].filter((id) => !two.rows.has(id)).length,
    matchingPairs: pairs,
    baseMissingId: one.missingId,
    testMissingId: two.missingId,
    duplicateIds: duplicates,
  };
  return { features, samples, matches };
}

function comparePair(
  base: Row,
  test: Row,
  skipped: ReadonlySet<string>,
  digits: number | undefined,
  tallies: Map<string, Tally>,
): SkewPair {
  const outcome = { matched: [], mismatched: [], baseOnly: [], testOnly: [] } as Record<string, string[]>;
  for (const name of new Set([...base.keys(), ...test.keys()])) {
    if (skipped.has(name)) continue;
    const tally = tallies.get(name) ?? { base: 0, test: 0, match: 0, baseOnly: 0, testOnly: 0, mismatch: 0 };
    tallies.set(name, tally);
    const left = base.get(name) ?? [];
    const right = test.get(name) ?? [];
    if (left.length > 0) tally.base++;
    if (right.length > 0) tally.test++;
    if (left.length > 0 && right.length === 0) {
      tally.baseOnly++;
      outcome['baseOnly'].push(name);
    } else if (left.length === 0 && right.length > 0) {
      tally.testOnly++;
      outcome['testOnly'].push(name);
    } else if (left.length === right.length && left.every((value, at) => equal(value, right[at], digits))) {
      tally.match++;
      outcome['matched'].push(name);
    } else {
      tally.mismatch++;
      outcome['mismatched'].push(name);
    }
  }
  const { matched, mismatched, baseOnly, testOnly } = outcome;
  return { base, test, matched, mismatched, baseOnly, testOnly };
}
