/**
 * What is wrong with a data set: the schema, the span before (drift), serving (skew), and the slices that ought to be there.
 * Beyond TFDV's own conditions a distance or a lost slice must be more than chance: rows of one listener come together, so what counts
 * are listeners, the units, and not rows.
 */
import {
  ALL_EXAMPLES,
  type Anomalies,
  type AnomalyInfo,
  type AnomalyType,
  type DatasetFeatureStatistics,
  type DatasetFeatureStatisticsList,
  DatasetView,
  datasetOf,
  type Feature,
  type FeatureView,
  formatText,
  type Measurement,
  parsePath,
  proposeChanges,
  type Schema,
  serializePath,
  validateSliceCoverage,
  validateSlices,
  validateStatistics,
} from '../../validation/index.ts';
import { type Chance, divergenceChance, linfChance } from './chance.ts';
import { DISTANCES_WARN } from './expected-schema.ts';
import type { DataAnomaly, DataDistance } from './service.ts';

/** Statistics with their independent units by slice; '' is all rows. */
export interface Measured {
  /** What it is called in texts. */
  readonly name: string;
  readonly list: DatasetFeatureStatisticsList;
  readonly units: ReadonlyMap<string, number>;
  /** Slices whose loss would say something; of others nothing is said. @default all */
  readonly missable?: ReadonlySet<string> | undefined;
}

export interface JudgeOptions {
  readonly schema: Schema;
  readonly environment?: string | undefined;
  readonly before?: Measured | undefined;
  readonly serving?: Measured | undefined;
}

export interface Verdict {
  readonly anomalies: readonly DataAnomaly[];
  readonly distances: readonly DataDistance[];
}

/** Slices with fewer units are not validated by themselves: they are too few to have a distribution. */
export const LEAST_UNITS = 10;
/** Chance of a report though nothing changed, for each feature of each slice: a day has a few thousand of these. */
const SIGNIFICANCE = 1e-5;
/** The same for a slice that is lost: of hours there are some two thousand a day, and one false alarm in a year is one too many. */
const LOST_BY_CHANCE = 1e-6;

/** A slice's distance is told beside that of all rows where it is so much larger. */
const MORE_THAN_ALL = 1.2;

const COMPARATORS: ReadonlySet<AnomalyType> = new Set<AnomalyType>([
  'COMPARATOR_L_INFTY_HIGH',
  'COMPARATOR_JENSEN_SHANNON_DIVERGENCE_HIGH',
  'COMPARATOR_NORMALIZED_ABSOLUTE_DIFFERENCE_HIGH',
  'COMPARATOR_CONTROL_DATA_MISSING',
]);

export function judgeSet(set: Measured, options: JudgeOptions): Verdict {
  const { schema, environment, before, serving } = options;
  // A slice that is gone is one anomaly, of coverage, and not one for each feature that it now lacks.
  const present = (set.list.datasets ?? []).map(({ name = '' }) => name);
  const judged = new Set(present.filter((name) => name !== ALL_EXAMPLES && (set.units.get(name) ?? 0) >= LEAST_UNITS));
  const sides = {
    environment,
    previousSpan: before && withSlices(before.list, judged),
    serving: serving && withSlices(serving.list, judged),
  };
  const whole = validateStatistics(set.list, schema, { ...sides, previousSpan: before?.list, serving: serving?.list });
  const slices = validateSlices(withSlices(set.list, judged), schema, sides);
  const found = new Finder(set, options);
  found.take(whole);
  found.take(slices);
  for (const other of [before, serving]) {
    if (other === undefined) continue;
    const reference = withMissable(other);
    const [rows, units] = [datasetOf(set.list).numExamples ?? 0, set.units.get('') ?? 0];
    const coverage = validateSliceCoverage(set.list, {
      ...(other === before ? { previousSpan: reference } : { serving: reference }),
      designEffect: Math.max(1, units === 0 ? 1 : rows / units),
      significance: LOST_BY_CHANCE,
    });
    found.take(coverage);
  }
  return found.verdict();
}

function withSlices(
  { datasets = [] }: DatasetFeatureStatisticsList,
  names: ReadonlySet<string>,
): DatasetFeatureStatisticsList {
  return { datasets: datasets.filter(({ name = '' }) => names.has(name)) };
}

function withMissable({ list, missable }: Measured): DatasetFeatureStatisticsList {
  return missable === undefined ? list : withSlices(list, new Set([ALL_EXAMPLES, ...missable]));
}

export const sliceIn = (list: DatasetFeatureStatisticsList, slice: string): DatasetFeatureStatistics | undefined =>
  slice === ''
    ? list.datasets?.find(({ name }) => name === ALL_EXAMPLES)
    : list.datasets?.find(({ name }) => name === slice);

const SLICED = /^slice\((.*?)\)(?:::(.*))?$/s;

/** `slice(tier_premium)::country` → its parts. */
function placeOf(path: readonly string[]): { readonly slice: string; readonly feature: string } {
  const [first = '', ...rest] = path;
  const [, slice, feature] = SLICED.exec(first) ?? [];
  return slice === undefined
    ? { slice: '', feature: path.join('.') }
    : { slice, feature: [feature ?? '', ...rest].filter((step) => step !== '').join('.') };
}

class Finder {
  private readonly set: Measured;
  private readonly options: JudgeOptions;
  private readonly byName: ReadonlyMap<string, Feature>;
  private readonly views = new Map<string, DatasetView | undefined>();
  private readonly proposals = new Map<string, ReturnType<typeof proposeChanges>>();
  private readonly anomalies = new Map<string, DataAnomaly>();
  private readonly distances: DataDistance[] = [];

  constructor(set: Measured, options: JudgeOptions) {
    this.set = set;
    this.options = options;
    this.byName = new Map((options.schema.feature ?? []).map((feature) => [feature.name ?? '', feature]));
  }

  take({ anomalyInfo, datasetAnomalyInfo, dataMissing, driftSkewInfo = [] }: Anomalies): void {
    if (dataMissing === true)
      this.keep('', '', '', {
        severity: 'ERROR',
        reason: [{ type: 'NO_DATA_IN_SPAN', shortDescription: 'No examples', description: 'The set has no examples.' }],
      });
    if (datasetAnomalyInfo !== undefined) this.keep('', '', '', datasetAnomalyInfo);
    for (const [path, info] of anomalyInfo ?? []) {
      const { slice, feature } = placeOf(info.path?.step ?? parsePath(path) ?? [path]);
      this.keep(path, slice, feature, info);
    }
    for (const { path, driftMeasurements = [], skewMeasurements = [] } of driftSkewInfo) {
      const place = placeOf(path?.step ?? []);
      for (const one of driftMeasurements) this.distance(place, 'drift', one);
      for (const one of skewMeasurements) this.distance(place, 'skew', one);
    }
  }

  verdict(): Verdict {
    const rank = ({ severity }: DataAnomaly): number => ['error', 'warning', 'info'].indexOf(severity);
    return {
      anomalies: [...this.anomalies.values()].sort((a, b) => rank(a) - rank(b) || (a.path < b.path ? -1 : 1)),
      distances: this.distances.sort((a, b) => b.distance - a.distance),
    };
  }

  private distance(
    place: { slice: string; feature: string },
    kind: 'drift' | 'skew',
    { type = 'UNKNOWN', value = 0, threshold = 0 }: Measurement,
  ): void {
    const against = (kind === 'drift' ? this.options.before : this.options.serving)?.name ?? '';
    this.distances.push({ ...place, kind, measure: type, distance: value, threshold, against });
  }

  private keep(path: string, slice: string, feature: string, info: AnomalyInfo): void {
    const warnsOnly = this.byName.get(feature)?.annotation?.tag?.includes(DISTANCES_WARN) === true;
    const reasons = (info.reason ?? []).filter(
      ({ type = 'UNKNOWN_TYPE', shortDescription = '' }) =>
        feature === '' || !COMPARATORS.has(type) || this.isNews(slice, feature, type, shortDescription),
    );
    if (reasons.length === 0) return;
    const onlyWarns = reasons.every(
      ({ type = 'UNKNOWN_TYPE' }) => feature !== '' && COMPARATORS.has(type) && warnsOnly,
    );
    const short = reasons.length === 1 ? (reasons[0].shortDescription ?? '') : 'Multiple errors';
    const hint = reasons.some(({ type = 'UNKNOWN_TYPE' }) => COMPARATORS.has(type)) ? this.hint(slice, feature) : '';
    const texts = reasons.flatMap(({ description = '' }) => (description === '' ? [] : [description]));
    // Against the span before and against serving alike, a lost slice is one anomaly.
    const known = this.anomalies.get(path);
    const description = [
      ...new Set([...(known === undefined ? [] : [known.description]), ...texts, ...(hint === '' ? [] : [hint])]),
    ];
    const lines = this.lines(slice, feature);
    this.anomalies.set(path, {
      path,
      feature,
      slice,
      severity: onlyWarns || info.severity === 'WARNING' ? 'warning' : 'error',
      types: [...new Set([...(known?.types ?? []), ...reasons.map(({ type = 'UNKNOWN_TYPE' }) => type)])],
      short: known?.short ?? short,
      description: description.join(' '),
      ...lines,
    });
  }

  /** Lines of the schema about the feature, before and after it would be accepted. */
  private lines(slice: string, feature: string): Pick<DataAnomaly, 'schemaLines' | 'acceptedLines'> {
    if (feature === '') return { schemaLines: '', acceptedLines: '' };
    const text = (one: Feature | undefined): string =>
      one === undefined ? '' : formatText('Schema', { feature: [one] });
    const proposal = this.proposal(slice).get(serializePath([feature]));
    return { schemaLines: text(this.byName.get(feature)), acceptedLines: text(proposal?.after) };
  }

  private proposal(slice: string): ReturnType<typeof proposeChanges> {
    let known = this.proposals.get(slice);
    if (known === undefined) {
      known = proposalsOf(this.set, slice, this.options);
      this.proposals.set(slice, known);
    }
    return known;
  }

  private view(which: 'set' | 'before' | 'serving', slice: string, feature: string): FeatureView | undefined {
    const key = `${which} ${slice}`;
    if (!this.views.has(key)) {
      const measured = which === 'set' ? this.set : this.options[which];
      const statistics = measured && sliceIn(measured.list, slice);
      this.views.set(key, statistics && new DatasetView(statistics));
    }
    return this.views.get(key)?.get([feature]);
  }

  /** More than chance, and of a slice more than all rows show: what is the same everywhere is told once. */
  private isNews(slice: string, feature: string, type: AnomalyType, short: string): boolean {
    const kind = short.includes('serving') ? 'skew' : 'drift';
    const other = kind === 'skew' ? 'serving' : 'before';
    const units = [this.set.units.get(slice) ?? 0, this.options[other]?.units.get(slice) ?? 0];
    // A feature that the other side lacks altogether: nothing to measure, but enough must be there to say so.
    if (type === 'COMPARATOR_CONTROL_DATA_MISSING') return Math.min(...units) >= LEAST_UNITS;
    const [one, two] = [this.view('set', slice, feature), this.view(other, slice, feature)];
    if (one === undefined || two === undefined) return true;
    const { driftComparator, skewComparator } = this.byName.get(feature) ?? {};
    const comparator = kind === 'skew' ? skewComparator : driftComparator;
    const byQuantiles = comparator?.jensenShannonDivergence?.source?.type === 'QUANTILES';
    const measure = (x: FeatureView, y: FeatureView, a: number, b: number): Chance =>
      type === 'COMPARATOR_L_INFTY_HIGH'
        ? linfChance(x, y, a, b)
        : divergenceChance(x, y, a, b, byQuantiles ? 'QUANTILES' : 'STANDARD');
    const { distance, chance } = measure(one, two, units[0], units[1]);
    if (chance >= SIGNIFICANCE) return false;
    const whole = slice === '' ? undefined : this.anomalies.get(serializePath([feature]));
    if (whole?.types.includes(type) !== true) return true;
    const [all, others] = [this.view('set', '', feature), this.view(other, '', feature)];
    return all === undefined || others === undefined || distance > MORE_THAN_ALL * measure(all, others, 1, 1).distance;
  }

  /** What a person would see at once: a thousandfold change is a change of unit. */
  private hint(slice: string, feature: string): string {
    const [one, two] = [this.view('set', slice, feature), this.view('before', slice, feature)];
    const [now, then] = [one?.numeric.median, two?.numeric.median];
    if (now === undefined || then === undefined || !(now > 0 && then > 0)) return '';
    const factor = now / then;
    const told = `The median is ${figure(now)}, and was ${figure(then)}`;
    if (factor > 1 / 2000 && factor < 1 / 500)
      return `${told}: about a thousandth, as if seconds came for milliseconds.`;
    if (factor > 500 && factor < 2000)
      return `${told}: about a thousandfold, as if microseconds came for milliseconds.`;
    return `${told}.`;
  }
}

/** Models come and go: that one no longer serves is no loss. */
export const isOfModel = (slice: string): boolean => slice.startsWith('model_');

/** Undefined where there are no numbers. Files leave out a mean of 0. */
export function meanOf(view: FeatureView): number | undefined {
  const { numStats } = view.statistics;
  return numStats === undefined || view.totalValues === 0 ? undefined : (numStats.mean ?? 0);
}

const figure = (value: number): string => Number(value.toPrecision(4)).toString();

/** What the schema would become, by path of the feature, for a slice of the set. */
export function proposalsOf(set: Measured, slice: string, options: JudgeOptions): ReturnType<typeof proposeChanges> {
  const statistics = sliceIn(set.list, slice);
  if (statistics === undefined) return new Map();
  const only = (other: Measured | undefined): DatasetFeatureStatisticsList | undefined => {
    const found = other && sliceIn(other.list, slice);
    return found && { datasets: [found] };
  };
  return proposeChanges(statistics, options.schema, {
    environment: options.environment,
    previousSpan: only(options.before),
    serving: only(options.serving),
  });
}
