/** Answers of the page *Data*: statistics as compact figures, a page at a time. */
import type { Severity } from '../../alerts/index.ts';
import { ShelfwiseError } from '../../base/index.ts';
import {
  type ComparedFeature,
  type Comparison,
  compareStatistics,
  type DatasetFeatureStatistics,
  type DatasetFeatureStatisticsList,
  DatasetView,
  type FeatureSummary,
  featureDivergence,
} from '../../validation/index.ts';
import type { Examiner } from './examiner.ts';
import { meanOf, sliceIn } from './judge.ts';
import {
  type AnomaliesReport,
  type ComparedFigures,
  type DataDistance,
  type DataTimeline,
  type FeatureFigures,
  type FeatureTimeline,
  SLICED_BY,
  type SlicesReport,
  type StatisticsPage,
  type StatisticsQuery,
  type TimelineQuery,
} from './service.ts';
import type { SetStore, StoredSet } from './set-store.ts';
import { isExamples } from './spans.ts';

export interface Figures {
  statistics(query: StatisticsQuery): StatisticsPage;
  slices(set: string, by: string | undefined, feature: string | undefined): SlicesReport;
  anomalies(set: string): AnomaliesReport;
  timeline(query: TimelineQuery): DataTimeline;
}

const TOP_VALUES = 20;
const KEPT_COMPARISONS = 4;

export function createFigures(sets: SetStore, measured: Examiner['measured']): Figures {
  const statisticsOf = (id: string, slice: string): DatasetFeatureStatistics =>
    sliceIn(measured(id).set.list, slice) ?? { numExamples: 0, features: [] };

  /** Of thousands of features a comparison takes a while, and every page of it is of the same. */
  const comparisons = new Map<string, Comparison>();
  const comparisonOf = (stored: readonly StoredSet[], slice: string): Comparison => {
    const key = JSON.stringify([slice, ...stored.map(({ set }) => [set.id, set.examinedAtMs])]);
    const known = comparisons.get(key);
    if (known !== undefined) return known;
    const named = stored.map(({ set: { id } }) => ({ name: id, statistics: statisticsOf(id, slice) }));
    const compared = compareStatistics(named);
    if (comparisons.size >= KEPT_COMPARISONS) comparisons.delete([...comparisons.keys()][0]);
    comparisons.set(key, compared);
    return compared;
  };

  return {
    statistics({ sets: ids, slice = '', search = '', kind, anomalous = false, order = 'name', limit, offset }) {
      const stored = ids.map((id) => measured(id).stored);
      const compared = comparisonOf(stored, slice);
      const worst = stored.map((one) => worstOf(one, slice));
      const wanted = search.toLowerCase();
      const matching = compared.features.flatMap((feature) => {
        const name = plainName(feature.path);
        const own = worst.map((byName) => byName.get(name) ?? null);
        if (!name.toLowerCase().includes(wanted) || (kind !== undefined && feature.kind !== kind)) return [];
        return anomalous && own.every((one) => one === null) ? [] : [{ name, feature, worst: own }];
      });
      const rank = rankOf(order);
      matching.sort((a, b) => rank(b) - rank(a) || (a.name < b.name ? -1 : 1));
      return {
        sets: stored.map(({ set }) => set),
        slice,
        features: matching.slice(offset, offset + limit).map(
          ({ name, feature, worst: own }): ComparedFigures => ({
            name,
            kind: feature.kind,
            sides: feature.sides.map((side) => (side === undefined ? null : figuresOf(side))),
            divergence: feature.divergence ?? null,
            linf: feature.linf ?? null,
            missingShare: feature.missingShare,
            worst: own,
          }),
        ),
        total: matching.length,
      };
    },

    slices(id, by, feature = '') {
      const { stored, set, before } = measured(id);
      const slicedBy = isExamples(stored.set.stream) ? SLICED_BY.examples : SLICED_BY.events;
      const chosen = by ?? slicedBy[0];
      if (!(slicedBy as readonly string[]).includes(chosen))
        throw new ShelfwiseError(
          'OPTION_INVALID',
          `${id} is not sliced by "${chosen}"; it is by ${slicedBy.join(', ')}`,
        );
      const all = statisticsOf(id, '');
      const overall = feature === '' ? undefined : summaryOf(all, feature);
      const counts = countsBy(set.list, chosen);
      const countsBefore = before && countsBy(before.list, chosen);
      const totalBefore = (before && sliceIn(before.list, '')?.numExamples) ?? 0;
      const total = all.numExamples ?? 0;
      const names = [...new Set([...counts.keys(), ...(countsBefore?.keys() ?? [])])];
      return {
        set: stored.set,
        by: chosen,
        slicedBy,
        before: before === undefined ? null : { name: before.name, examples: totalBefore },
        feature,
        overall: overall === undefined ? null : figuresOf(overall),
        slices: names
          .map((slice) => {
            const examples = counts.get(slice) ?? 0;
            const own = sliceIn(set.list, slice);
            const summary = own === undefined || feature === '' ? undefined : summaryOf(own, feature);
            return {
              slice,
              of: slice.slice(chosen.length + 1),
              examples,
              share: total === 0 ? 0 : examples / total,
              shareBefore: totalBefore === 0 ? null : (countsBefore?.get(slice) ?? 0) / totalBefore,
              examplesBefore: countsBefore === undefined ? null : (countsBefore.get(slice) ?? 0),
              figures: summary === undefined ? null : figuresOf(summary),
              divergence: own === undefined || feature === '' ? null : divergenceOf(own, all, feature),
            };
          })
          .sort((a, b) => b.examples - a.examples || (a.slice < b.slice ? -1 : 1)),
      };
    },

    anomalies(id) {
      const { set, schema, anomalies, distances } = measured(id).stored;
      return { set, schema, anomalies, distances };
    },

    timeline({ stream, slice = '', search = '', spans, limit, offset }) {
      const shown = sets.list(stream).slice(0, spans).reverse();
      const points = shown.map(({ id }) => measuredOrNone(id, slice));
      const wanted = search.toLowerCase();
      const names = [...new Set(points.flatMap((point) => [...point.missing.keys()]))];
      const features = names
        .filter((name) => name.toLowerCase().includes(wanted))
        .map((name): FeatureTimeline & { readonly most: number } => {
          const drift = points.map(({ drift: one }) => one.get(name) ?? null);
          return {
            name,
            drift,
            skew: points.map(({ skew }) => skew.get(name) ?? null),
            missingShare: points.map(({ missing }) => missing.get(name) ?? null),
            mean: points.map(({ mean }) => mean.get(name) ?? null),
            worst: points.map(({ worst }) => worst.get(name) ?? null),
            driftThreshold: newest(points.map(({ driftThresholds }) => driftThresholds.get(name))),
            skewThreshold: newest(points.map(({ skewThresholds }) => skewThresholds.get(name))),
            most: Math.max(-1, ...drift.map((one) => one ?? -1)),
          };
        })
        .sort((a, b) => b.most - a.most || (a.name < b.name ? -1 : 1));
      return {
        stream,
        slice,
        sets: shown,
        features: features.slice(offset, offset + limit).map(({ most: _, ...feature }) => feature),
        total: features.length,
      };
    },
  };

  /** Of a set in the timeline, by feature. Statistics that are gone leave a gap. */
  function measuredOrNone(id: string, slice: string) {
    const stored = sets.get(id);
    const byName = (kind: DataDistance['kind'], figure: 'distance' | 'threshold'): Map<string, number> =>
      new Map(
        (stored?.distances ?? [])
          .filter((one) => one.kind === kind && one.slice === slice)
          .map((one) => [one.feature, one[figure]]),
      );
    const missing = new Map<string, number>();
    const mean = new Map<string, number>();
    const point = {
      drift: byName('drift', 'distance'),
      skew: byName('skew', 'distance'),
      driftThresholds: byName('drift', 'threshold'),
      skewThresholds: byName('skew', 'threshold'),
      worst: stored === undefined ? new Map<string, Severity>() : worstOf(stored, slice),
      missing,
      mean,
    };
    if (stored === undefined) return point;
    try {
      for (const view of new DatasetView(statisticsOf(id, slice)).features) {
        const name = view.path.join('.');
        const examples = view.numPresent + view.numMissing;
        missing.set(name, examples === 0 ? 0 : view.numMissing / examples);
        const own = meanOf(view);
        if (own !== undefined) mean.set(name, own);
      }
    } catch (error) {
      if (!(error instanceof ShelfwiseError) || error.code !== 'DATA_SET_NOT_FOUND') throw error;
    }
    return point;
  }
}

/** Single steps stand in quotes where they have a dot: people read them without. */
function plainName(path: string): string {
  return path.startsWith("'") && path.endsWith("'") ? path.slice(1, -1).replaceAll("''", "'") : path;
}

/** What a set lacks altogether is further off than anything that both have. */
const ABSENT = 2;

function rankOf(order: StatisticsQuery['order']) {
  type Matching = { readonly feature: ComparedFeature; readonly worst: readonly (string | null)[] };
  switch (order) {
    case 'distance':
      return ({ feature }: Matching): number =>
        feature.absentIn.length > 0 ? ABSENT : Math.max(feature.divergence ?? -1, feature.linf ?? -1);
    case 'missing':
      return ({ feature }: Matching): number => feature.missingShare;
    case 'anomalies':
      return ({ worst }: Matching): number =>
        Math.max(...worst.map((one) => (one === null ? 0 : one === 'error' ? 2 : 1)));
    default:
      return (): number => 0;
  }
}

/** Feature → its worst anomaly in a slice. */
function worstOf({ anomalies }: StoredSet, slice: string): ReadonlyMap<string, Severity> {
  const worst = new Map<string, Severity>();
  for (const anomaly of anomalies) {
    if (anomaly.slice !== slice || anomaly.feature === '') continue;
    if (worst.get(anomaly.feature) !== 'error') worst.set(anomaly.feature, anomaly.severity);
  }
  return worst;
}

/** The last one that there is. */
function newest(figures: readonly (number | undefined)[]): number | null {
  return figures.findLast((figure) => figure !== undefined) ?? null;
}

function summaryOf(statistics: DatasetFeatureStatistics, name: string): FeatureSummary | undefined {
  const only = {
    ...statistics,
    features: (statistics.features ?? []).filter(({ path }) => path?.step?.join('.') === name),
  };
  return compareStatistics([{ name: '', statistics: only }]).features[0]?.sides[0];
}

function divergenceOf(own: DatasetFeatureStatistics, all: DatasetFeatureStatistics, name: string): number | null {
  const [one, two] = [new DatasetView(own).get([name]), new DatasetView(all).get([name])];
  if (one === undefined || two === undefined) return null;
  const result = featureDivergence(one, two);
  return 'divergence' in result ? result.divergence : null;
}

function countsBy({ datasets = [] }: DatasetFeatureStatisticsList, by: string): Map<string, number> {
  return new Map(
    datasets.flatMap(({ name = '', numExamples = 0 }) =>
      name.startsWith(`${by}_`) ? [[name, numExamples] as const] : [],
    ),
  );
}

/** JSON has neither NaN nor infinities. */
const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

function figuresOf({
  type,
  present,
  missing,
  missingShare,
  values,
  numeric,
  categorical,
}: FeatureSummary): FeatureFigures {
  return {
    type,
    present,
    missing,
    missingShare,
    values,
    numeric:
      numeric === undefined
        ? null
        : {
            mean: finite(numeric.mean),
            stdDev: finite(numeric.stdDev),
            zeroShare: numeric.zeroShare,
            min: finite(numeric.min),
            median: finite(numeric.median),
            max: finite(numeric.max),
            quantiles: edgesOf(numeric.quantiles?.buckets ?? []).filter(Number.isFinite),
            histogram: (numeric.standard?.buckets ?? []).flatMap(({ lowValue = 0, highValue = 0, sampleCount = 0 }) =>
              Number.isFinite(lowValue) && Number.isFinite(highValue)
                ? [{ from: lowValue, to: highValue, count: sampleCount }]
                : [],
            ),
          },
    categorical:
      categorical === undefined
        ? null
        : {
            unique: categorical.unique,
            avgLength: categorical.avgLength,
            top: [...categorical.counts].slice(0, TOP_VALUES).map(([value, count]) => ({ value, count })),
          },
  };
}

function edgesOf(buckets: readonly { readonly lowValue?: number; readonly highValue?: number }[]): number[] {
  return buckets.length === 0 ? [] : [buckets[0].lowValue ?? 0, ...buckets.map(({ highValue = 0 }) => highValue)];
}
