/**
 * What a feature is. A set of features is declared once, as data and small pure functions; serving, replay and training
 * get the same encoder from it, and its description is what data are later validated against.
 *
 * Terms. A *dense* feature fills one or more 32-bit float columns. A *slot* is one column of hashed buckets. The *scope*
 * says what a feature may depend on, and therefore how often it is computed:
 *   listener, context   once a page
 *   shelf               once a shelf
 *   card                once an item, kept as long as catalogue, counters and day stay the same
 *   cross               once a row
 */
import { canonicalJson, contentHash, ShelfwiseError } from '../base/index.ts';
import type { Catalog, Counters, Embedding, Json, ListenerView } from '../domain/index.ts';

export const SCOPES = ['listener', 'context', 'shelf', 'card', 'cross'] as const;
export type FeatureScope = (typeof SCOPES)[number];

/** What is known once a page. */
export interface PageFacts {
  readonly view: ListenerView;
  readonly atMs: number;
  /** Days since 1970-01-01, UTC. */
  readonly day: number;
  /** Hour of day 0..23, UTC. */
  readonly hour: number;
  /** 0 = Monday … 6 = Sunday. */
  readonly weekday: number;
  /** Indices into DAY_PARTS, DEVICES and SURFACES. */
  readonly dayPart: number;
  readonly device: number;
  readonly surface: number;
  /** Market number that the page is for, or -1. */
  readonly market: number;
  readonly catalog: Catalog;
  readonly counters: Counters;
  readonly embedding: Embedding;
}

export interface ShelfFacts {
  /** '' where there is no shelf, such as for plays from before any Home was served. */
  readonly shelfId: string;
  /** The item that the shelf is about, or NO_ITEM. */
  readonly seedItem: number;
}

/** What is known of an item whoever looks at it. */
export interface CardFacts {
  readonly item: number;
  /** Index into ITEM_KINDS, or UNKNOWN_KIND: also for numbers beyond the catalogue. */
  readonly kind: number;
  /** NO_ITEM where there is none. */
  readonly creator: number;
  readonly parent: number;
  readonly day: number;
  readonly catalog: Catalog;
  readonly counters: Counters;
}

/**
 * Facts about a card and this listener that the encoder gathers for a block of rows at once, without a call per cell:
 *   marketPlays         decayed plays in the page's market; in the world when the counters do not have that market; of a
 *                       generated playlist those of what stands a tenth (and its slot) down the market's list
 *   itemPlays           the listener's decayed plays of the item, or of its parent if that has more
 *   itemAgeDays         days since the last of those plays; missing when there is none
 *   creatorPlays        the listener's decayed plays of its creator
 *   genrePlays          decayed plays of its genres, weighted 1, 1/2, 1/3 … by their order and normalised
 *   genreNovelty        1 - the share, weighted alike, of genres that the listener plays (p plays count p/(1+p)); missing without genres
 *   followed, liked     1 when the item or its parent (followed: or its creator) is, else 0
 *   sameCreator         1 when its creator is that of the item played last in this session, else 0
 *   seedNeighbour       similarity with the shelf's seed in the embedding's neighbour lists; 0 when not among them
 *   tasteCosine         cosine of item and taste; missing when either has no vector; 1 of a generated playlist, which is made of the taste
 *   seedCosine          cosine of item and the shelf's seed
 *   sessionCosine       cosine of item and the item played last in this session
 */
export const ROW_FACTS = [
  'marketPlays',
  'itemPlays',
  'itemAgeDays',
  'creatorPlays',
  'genrePlays',
  'genreNovelty',
  'followed',
  'liked',
  'sameCreator',
  'seedNeighbour',
  'tasteCosine',
  'seedCosine',
  'sessionCosine',
] as const;
export type RowFact = (typeof ROW_FACTS)[number];

/** Applied to a numeric value before it is stored. `log1p` is ln(1 + max(0, x)), `recency` 1 / (1 + max(0, x)). */
export const TRANSFORMS = ['identity', 'log1p', 'recency'] as const;
export type Transform = (typeof TRANSFORMS)[number];

type PageValue = (page: PageFacts) => number;
type ShelfValue = (shelf: ShelfFacts, page: PageFacts) => number;
type CardValue = (card: CardFacts) => number;
type CrossValue = (page: PageFacts, card: CardFacts, shelf: ShelfFacts) => number;

/**
 * Where a value comes from. NaN, or what no 32-bit float can hold, is "missing". A cross feature names a row fact, which costs no call; or has
 * a function of its own, which costs a few nanoseconds and one boxed number a row.
 */
type Source =
  | { readonly scope: 'listener' | 'context'; readonly value: PageValue }
  | { readonly scope: 'shelf'; readonly value: ShelfValue }
  | { readonly scope: 'card'; readonly value: CardValue }
  | { readonly scope: 'cross'; readonly value: CrossValue }
  | { readonly scope: 'cross'; readonly fact: RowFact };

/** One column. */
export type NumericFeature = Source & {
  readonly name: string;
  readonly kind: 'numeric';
  /** @default 'identity' */
  readonly transform?: Transform;
  /** Stored when the value is missing (after, not before, the transform). @default 0 */
  readonly missing?: number;
};

/** One-hot over the buckets (-inf, e0), [e0, e1) … [en, inf); all zero when missing. Edges ascend. */
export type BucketFeature = Source & {
  readonly name: string;
  readonly kind: 'buckets';
  readonly edges: readonly number[];
};

/** One-hot over a short closed list: the value is the index of a label; all zero for any other. */
export type OneHotFeature = Source & {
  readonly name: string;
  readonly kind: 'oneHot';
  readonly labels: readonly string[];
};

/** An open set of categories, as non-negative 32-bit integers; negative or missing means bucket 0. */
export type CategoryFeature = Exclude<Source, { fact: RowFact }> & {
  readonly name: string;
  readonly kind: 'category';
  /** False for a category that only takes part in crosses. @default true */
  readonly slot?: boolean;
};

/** The hash of several categories: one slot; bucket 0 when any of them is missing. Its scope is its parts'. */
export interface CrossedFeature {
  readonly name: string;
  readonly kind: 'crossed';
  readonly of: readonly string[];
}

export type Feature = NumericFeature | BucketFeature | OneHotFeature | CategoryFeature | CrossedFeature;

/** Machine-readable account of one feature. */
export interface FeatureDescription {
  readonly name: string;
  readonly scope: FeatureScope;
  readonly kind: Feature['kind'];
  /** Dense columns that it fills. */
  readonly columns: readonly string[];
  /** The slot that it fills, or ''. */
  readonly slot: string;
  readonly transform: Transform | '';
  readonly missing: number | null;
  readonly edges: readonly number[];
  readonly labels: readonly string[];
  readonly of: readonly string[];
  readonly fact: RowFact | '';
  /** What the function that computes it is known by: the set's version, or the hash of its source. */
  readonly code: string;
}

export interface FeatureSet {
  readonly name: string;
  /** Ordered by scope, within a scope as declared: the order of the columns. */
  readonly features: readonly Feature[];
  readonly descriptions: readonly FeatureDescription[];
  readonly buckets: number;
  /** Content hash over everything above. */
  readonly hash: string;
}

/** Buckets of hashed slots. */
export const FEATURE_BUCKETS = 1 << 18;
/** Version of the encoder itself and of the row facts: raised whenever the same declaration gives other bytes. */
const ENCODER_VERSION = 1;

/**
 * Checks and orders a declaration.
 *
 * The set's hash names what its columns mean: models and records carry it. Functions enter the hash by their source text
 * (white space aside), so that changed code is another encoder. A set that is shipped compiled states a `version`
 * instead, since compilers rewrite source text; whoever changes a function then raises it, and a golden test makes sure.
 * Throws `OPTION_INVALID` for a duplicate name, an unknown part of a cross, or edges that do not ascend.
 */
export function defineFeatures(declaration: {
  readonly name: string;
  readonly version?: string;
  readonly features: readonly Feature[];
}): FeatureSet {
  const { name, version } = declaration;
  const byName = new Map<string, Feature>();
  for (const feature of declaration.features) {
    if (byName.has(feature.name)) refuse(name, `has two features named "${feature.name}"`);
    byName.set(feature.name, feature);
  }
  for (const feature of declaration.features) checkFeature(name, feature, byName);
  const rank = (feature: Feature): number => SCOPES.indexOf(scopeOf(feature, byName));
  const features = [...declaration.features].sort((a, b) => rank(a) - rank(b));
  const descriptions = features.map((feature) => describe(feature, byName, version));
  const hash = contentHash(
    canonicalJson({
      engine: ENCODER_VERSION,
      buckets: FEATURE_BUCKETS,
      features: descriptions as unknown as readonly Json[],
    }),
  );
  return { name, features, descriptions, buckets: FEATURE_BUCKETS, hash };
}

/** Text that stands for a function's code: its source without white space. */
export function sourceHash(code: (...args: never[]) => unknown): string {
  return contentHash(code.toString().replace(/\s+/g, ''));
}

function scopeOf(feature: Feature, byName: ReadonlyMap<string, Feature>): FeatureScope {
  if (feature.kind !== 'crossed') return feature.scope;
  let rank = 0;
  for (const part of feature.of) {
    const declared = byName.get(part);
    if (declared !== undefined && declared.kind !== 'crossed') rank = Math.max(rank, SCOPES.indexOf(declared.scope));
  }
  return SCOPES[rank];
}

function checkFeature(set: string, feature: Feature, byName: ReadonlyMap<string, Feature>): void {
  if (feature.kind === 'crossed') {
    if (feature.of.length < 2) refuse(set, `"${feature.name}" crosses fewer than two categories`);
    for (const part of feature.of) {
      if (byName.get(part)?.kind !== 'category')
        refuse(set, `"${feature.name}" crosses "${part}", which is no category`);
    }
  } else if (feature.kind === 'buckets') {
    const { edges } = feature;
    if (edges.length === 0 || edges.some((edge, i) => !(i === 0 ? Number.isFinite(edge) : edge > edges[i - 1]))) {
      refuse(set, `the edges of "${feature.name}" do not ascend`);
    }
  } else if (feature.kind === 'oneHot' && feature.labels.length === 0) {
    refuse(set, `"${feature.name}" has no labels`);
  } else if (feature.kind === 'numeric' && feature.missing !== undefined && !Number.isFinite(feature.missing)) {
    refuse(set, `"${feature.name}" would store ${feature.missing} for what is missing`);
  }
}

function describe(
  feature: Feature,
  byName: ReadonlyMap<string, Feature>,
  version: string | undefined,
): FeatureDescription {
  const { name, kind } = feature;
  return {
    name,
    scope: scopeOf(feature, byName),
    kind,
    columns: columnsOf(feature),
    slot: kind === 'crossed' || (kind === 'category' && feature.slot !== false) ? name : '',
    transform: kind === 'numeric' ? (feature.transform ?? 'identity') : '',
    missing: kind === 'numeric' ? (feature.missing ?? 0) : null,
    edges: kind === 'buckets' ? feature.edges : [],
    labels: kind === 'oneHot' ? feature.labels : [],
    of: kind === 'crossed' ? feature.of : [],
    fact: 'fact' in feature ? feature.fact : '',
    code: 'value' in feature ? (version ?? sourceHash(feature.value)) : '',
  };
}

function columnsOf(feature: Feature): readonly string[] {
  const { name } = feature;
  switch (feature.kind) {
    case 'numeric':
      return [name];
    case 'buckets':
      return [`${name}<${feature.edges[0]}`, ...feature.edges.map((edge) => `${name}>=${edge}`)];
    case 'oneHot':
      return feature.labels.map((label) => `${name}=${label}`);
    case 'category':
    case 'crossed':
      return [];
  }
}

function refuse(set: string, particulars: string): never {
  throw new ShelfwiseError('OPTION_INVALID', `the feature set "${set}" ${particulars}`);
}
