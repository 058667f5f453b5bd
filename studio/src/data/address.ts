/**
 * What the page “Data” shows, as its address holds it: `sets=training/2026-11-20,serving/2026-11-20&sort=missing&feature=tier`.
 * The first set is the one that is looked at; the others are laid over it. What is the default is left out.
 */
import type { ComparedFigures, FeatureOrder } from '../../../src/server/contract.ts';
import { compact, oneOf, type SearchRecord, switchOf, textOf } from '../shell/search-params.ts';

export const PARTS = ['features', 'slices', 'timeline', 'schema', 'alerts'] as const;
export type Part = (typeof PARTS)[number];

export const ORDERS: readonly FeatureOrder[] = ['distance', 'anomalies', 'missing', 'name'];
export const KINDS: readonly ComparedFigures['kind'][] = ['numeric', 'categorical', 'other'];
/** Heights by their logarithm, or values by theirs. */
export const SCALES = ['linear', 'log', 'log-values'] as const;
export type Scale = (typeof SCALES)[number];
export const AMOUNTS = ['share', 'count'] as const;
export type Amount = (typeof AMOUNTS)[number];
/** Buckets of one width, or of as many values each. */
export const HISTOGRAMS = ['standard', 'quantiles'] as const;
export type HistogramKind = (typeof HISTOGRAMS)[number];

/** As many can be told apart. */
export const MOST_SETS = 8;

const STREAM = /^[a-z]+$/;
const COUNT = /^\d{1,3}$/;
const SET = /^[a-z]+\/\d{4}-\d\d-\d\d(T\d\d)?$/;

/** Ids of sets, none twice, and no more than can be compared; what is no id is left out. */
export function parseSets(text: string): readonly string[] {
  return [...new Set(text.split(',').filter((id) => SET.test(id)))].slice(0, MOST_SETS);
}

/** All that the address can hold. */
export function readSearch(search: SearchRecord) {
  const stream = textOf(search, 'stream') ?? '';
  const sets = parseSets(textOf(search, 'sets') ?? '');
  return compact({
    part: oneOf(search, 'part', PARTS),
    /** Whose spans are offered: by default that of the first set. */
    stream: STREAM.test(stream) ? stream : undefined,
    sets: sets.length === 0 ? undefined : sets.join(','),
    slice: textOf(search, 'slice'),
    q: textOf(search, 'q'),
    kind: oneOf(search, 'kind', KINDS),
    anomalous: switchOf(search, 'anomalous'),
    sort: oneOf(search, 'sort', ORDERS),
    scale: oneOf(search, 'scale', SCALES),
    amount: oneOf(search, 'amount', AMOUNTS),
    histogram: oneOf(search, 'histogram', HISTOGRAMS),
    /** The one that is opened. */
    feature: textOf(search, 'feature'),
    by: textOf(search, 'by'),
    /** Of a timeline: how many. */
    spans: COUNT.test(textOf(search, 'spans') ?? '') ? textOf(search, 'spans') : undefined,
    schema: textOf(search, 'schema'),
    version: textOf(search, 'version'),
    alerts: oneOf(search, 'alerts', ['past', 'rules']),
  });
}

export type DataSearch = ReturnType<typeof readSearch>;

export type SearchChange = { readonly [Name in keyof DataSearch]?: DataSearch[Name] | undefined };

/** The search with some of it set anew; undefined takes a name out. */
export function changed(search: DataSearch, change: SearchChange): DataSearch {
  return compact({ ...search, ...change }) as DataSearch;
}

export function streamOf(setId: string): string {
  return setId.split('/')[0] ?? '';
}

/** In or out; the last one stays. */
export function toggled(sets: readonly string[], id: string): readonly string[] {
  if (!sets.includes(id)) return sets.length < MOST_SETS ? [...sets, id] : sets;
  return sets.length === 1 ? sets : sets.filter((one) => one !== id);
}

/** With several sets what differs most comes first; of one there is no distance, and what is wrong comes first. */
export function orderOf(search: DataSearch, sets: readonly string[]): FeatureOrder {
  const usual = sets.length > 1 ? 'distance' : 'anomalies';
  return search.sort === undefined || (search.sort === 'distance' && sets.length < 2) ? usual : search.sort;
}
