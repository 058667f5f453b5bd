/** What two schemas differ in: features by path, domains by name, and whatever else they say. */
import type { DiffRegion, Feature, FeatureRow, Schema } from '../../validation/index.ts';

export interface SchemaDifference {
  readonly kind: 'schema';
  readonly equal: boolean;
  readonly added: readonly FeatureRow[];
  readonly removed: readonly FeatureRow[];
  /** Features of both, and `(schema)` for what is of no feature and no domain: lines of the text form. */
  readonly changed: readonly Lines[];
  /** Words of string domains; a domain that one side lacks has none there. */
  readonly domains: readonly Lines[];
  /** Both texts line by line, as anomalies.proto has differences; what is far from a change is hidden. */
  readonly regions: readonly DiffRegion[];
}

interface Lines {
  readonly name: string;
  readonly removed: readonly string[];
  readonly added: readonly string[];
}

export async function schemaDifference(a: Schema, b: Schema): Promise<SchemaDifference> {
  const { describeSchema, formatText, schemaDiffRegions } = await import('../../validation/index.ts');
  const [one, two] = [describeSchema(a), describeSchema(b)];
  const rowsOf = (described: typeof one) => new Map(described.features.map((row) => [row.feature, row]));
  const [rowsA, rowsB] = [rowsOf(one), rowsOf(two)];
  // In the order of describeSchema: parents before children; children are features of their own.
  const textsOf = (schema: Schema, described: typeof one) => {
    const flat = flattened(schema.feature ?? []);
    return new Map(
      described.features.map(({ feature }, at) => {
        const { structDomain: _, stringDomain: _words, ...own } = flat[at];
        return [feature, linesOf(formatText('Feature', own))];
      }),
    );
  };
  const [textsA, textsB] = [textsOf(a, one), textsOf(b, two)];
  const rest = ({ feature: _, stringDomain: _words, ...other }: Schema) => linesOf(formatText('Schema', other));
  const changed = [
    ...[...textsA].flatMap(([feature, lines]) => {
      const other = textsB.get(feature);
      return other ? changeOf(feature, lines, other) : [];
    }),
    ...changeOf('(schema)', rest(a), rest(b)),
  ];
  const wordsOf = (described: typeof one) => new Map(described.domains.map(({ domain, values }) => [domain, values]));
  const [wordsA, wordsB] = [wordsOf(one), wordsOf(two)];
  return {
    kind: 'schema',
    equal: formatText('Schema', a) === formatText('Schema', b),
    added: two.features.flatMap((row) => (rowsA.has(row.feature) ? [] : [row])),
    removed: one.features.flatMap((row) => (rowsB.has(row.feature) ? [] : [row])),
    changed,
    domains: [...new Set([...wordsA.keys(), ...wordsB.keys()])].flatMap((name) =>
      changeOf(name, wordsA.get(name) ?? [], wordsB.get(name) ?? []),
    ),
    regions: schemaDiffRegions(a, b),
  };
}

function flattened(features: readonly Feature[]): Feature[] {
  return features.flatMap((feature) => [feature, ...flattened(feature.structDomain?.feature ?? [])]);
}

function linesOf(text: string): string[] {
  return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line]));
}

/** Lines that only one side has, each as often as it has it more. */
function changeOf(name: string, a: readonly string[], b: readonly string[]): Lines[] {
  const removed = without(a, b);
  const added = without(b, a);
  return removed.length + added.length === 0 ? [] : [{ name, removed, added }];
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.flatMap((line) => {
    const times = left.get(line) ?? 0;
    left.set(line, times - 1);
    return times > 0 ? [] : [line];
  });
}
