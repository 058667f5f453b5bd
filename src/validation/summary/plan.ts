/** How the columns of a dataset are shared out among threads, and how what they find becomes one. */
import type {
  DatasetFeatureStatistics,
  DatasetFeatureStatisticsList,
  FeatureNameStatistics,
} from '../metadata/index.ts';
import type { ParquetColumn, ParquetShape } from '../sources/tables.ts';
import type { FeaturePair, SliceOf, StatisticsOptions } from '../statistics/index.ts';

/** Statistics of some columns, over all examples. */
export interface ColumnTask {
  /** Columns to read: the features, and those that weigh, label, slice or pair them. */
  readonly columns: readonly string[];
  readonly features: readonly string[];
  /** Weight columns of single ones of the features. */
  readonly weightFeatures: Readonly<Record<string, string>>;
  /** Whether pairs of columns are correlated. */
  readonly pairs: boolean;
}

// What a column takes of a thread, where one of numbers alone takes 1 (measured by `npm run bench -- stats`).

const WEIGHING_COST = 0.5;
const LABEL_COST = 0.4;
/** Of a column of numbers, to be paired with the others. */
const PAIRING_COST = 0.2;
/** Of a column of texts, by its bytes an example: without a dictionary, or with a large one, texts take longer to tell apart. */
const TEXT_COST_PER_BYTE = 0.6;
const MOST_TEXT_COST = 20;

interface Item {
  readonly name: string | undefined;
  readonly cost: number;
}

/** One task a thread, of about equal cost: each opens the files and counts the examples anew, so that more would cost more. */
export function planColumns(
  { rows, columns }: ParquetShape,
  slices: readonly SliceOf[],
  { features: wanted, weightFeature, weightFeatures = {}, label, crossFeatures }: Partial<StatisticsOptions>,
  threads: number,
): ColumnTask[] {
  const isText = ({ type }: { type: string }): boolean => type === 'VARCHAR';
  const paired = columns.filter((column) => isPaired(column.name, crossFeatures) && !isText(column));
  const cost = 1 + (weightFeature === undefined ? 0 : WEIGHING_COST) + (label === undefined ? 0 : LABEL_COST);
  const items: Item[] = featuresOf(columns, wanted).map((column) => {
    const more = isText(column) ? (TEXT_COST_PER_BYTE * column.bytes) / rows : 0;
    return { name: column.name, cost: cost + Math.min(more, MOST_TEXT_COST) };
  });
  if (crossFeatures !== undefined) items.push({ name: undefined, cost: PAIRING_COST * paired.length });
  // Examples are counted, features or not.
  const bins = Array.from({ length: Math.max(1, Math.min(items.length, threads)) }, () => ({
    names: new Set<string>(),
    pairs: false,
    cost: 0,
  }));
  for (const { name, cost } of items.toSorted((a, b) => b.cost - a.cost)) {
    const bin = bins.reduce((least, each) => (each.cost < least.cost ? each : least));
    bin.cost += cost;
    if (name === undefined) bin.pairs = true;
    else bin.names.add(name);
  }
  const besides = [...slices.flatMap((slice) => Object.keys(slice)), label, weightFeature];
  const features = new Set(items.map(({ name }) => name));
  return bins
    .toSorted((a, b) => b.cost - a.cost)
    .map(({ names, pairs }, task): ColumnTask => {
      // Weights of what is no feature are looked for too, as one thread does.
      const weighs = Object.entries(weightFeatures).filter(
        ([name]) => names.has(name) || (task === 0 && !features.has(name)),
      );
      const needed = new Set([...names, ...besides, ...weighs.map(([, weight]) => weight)]);
      if (pairs) for (const { name } of paired) needed.add(name);
      const inOrder = (wanted: ReadonlySet<string | undefined>): string[] =>
        columns.flatMap(({ name }) => (wanted.has(name) ? [name] : []));
      return {
        columns: inOrder(needed),
        features: inOrder(names),
        weightFeatures: Object.fromEntries(weighs),
        pairs,
      };
    });
}

/** The columns that become features. */
export function featuresOf(
  columns: readonly ParquetColumn[],
  wanted: StatisticsOptions['features'],
): readonly ParquetColumn[] {
  const names = wanted && new Set(wanted);
  return names ? columns.filter(({ name }) => names.has(name)) : columns;
}

function isPaired(name: string, crossFeatures: readonly FeaturePair[] | 'all' | undefined): boolean {
  return crossFeatures === 'all' || (crossFeatures?.some((pair) => pair.includes(name)) ?? false);
}

/** The statistics of all columns, in their order, from those of disjoint ones; of the same slices each. */
export function joinColumns(
  columns: readonly ParquetColumn[],
  parts: readonly DatasetFeatureStatisticsList[],
): DatasetFeatureStatisticsList {
  const order = new Map(columns.map(({ name }, place) => [name, place]));
  const placeOf = ({ path }: FeatureNameStatistics): number => order.get(path?.step?.[0] ?? '') ?? 0;
  const [first] = parts;
  const datasets = (first.datasets ?? []).map((dataset, slice): DatasetFeatureStatistics => {
    const all = parts.map(({ datasets = [] }) => datasets[slice]);
    // Of one column, what is inside it keeps its order.
    const features = all.flatMap(({ features = [] }) => features).sort((a, b) => placeOf(a) - placeOf(b));
    const crossFeatures = all.flatMap(({ crossFeatures = [] }) => crossFeatures);
    return { ...dataset, features, ...(crossFeatures.length > 0 && { crossFeatures }) };
  });
  return { datasets };
}
