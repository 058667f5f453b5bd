/** What data is expected to be, from what the platform declares: the features, the words of context, the contract of events. */
import { DEVICES, EVENT_TYPES, EventSchema, type EventType, ReferenceSchema } from '../../domain/index.ts';
import type { Encoder, FeatureDescription } from '../../features/index.ts';
import type { Feature, FeatureComparator, Schema } from '../../validation/index.ts';
import { EVENT_NUMBERS, EVENT_WORDS } from './event-cells.ts';
import { columnName, featureColumns } from './example-rows.ts';

/** On a feature: its drift and skew only warn. */
export const DISTANCES_WARN = 'distances-warn';

export const ENVIRONMENTS = ['TRAINING', 'EVALUATION', 'SERVING'] as const;
export type Environment = (typeof ENVIRONMENTS)[number];

/** Words that no declaration knows beforehand. */
export interface KnownWords {
  readonly tiers: readonly string[];
  readonly markets: readonly string[];
}

const js = (threshold: number): FeatureComparator => ({ jensenShannonDivergence: { threshold } });
/** By quantiles: a feature that is nearly always 0, or has a tail, has all its mass in one bucket of equal width or another. */
const jsOfQuantiles = (threshold: number): FeatureComparator => ({
  jensenShannonDivergence: { threshold, source: { type: 'QUANTILES' } },
});
const linf = (threshold: number): FeatureComparator => ({ infinityNorm: { threshold } });
const warns = { annotation: { tag: [DISTANCES_WARN] } };
const always = { presence: { minFraction: 1, minCount: 1 }, shape: { dim: [{ size: 1 }] } };
const sometimes = { valueCount: { min: 1, max: 1 } };

/**
 * Of examples, in environments: labels are not in SERVING. A drift or skew of a feature warns, as listeners and catalogues change;
 * a type, a word or a range that was never declared is an error.
 */
export function expectedExamples(encoder: Pick<Encoder, 'description'>, known: KnownWords): Schema {
  return {
    feature: [
      word('tier', known.tiers),
      word('market', known.markets),
      word('device', DEVICES, always),
      { name: 'model', type: 'BYTES', ...sometimes, ...warns },
      { name: 'shelf', type: 'BYTES', ...always, driftComparator: linf(0.3), ...warns },
      { name: 'shelfRank', type: 'INT', ...always, intDomain: { min: 0, max: 63 } },
      { name: 'cardRank', type: 'INT', ...always, intDomain: { min: 0, max: 255 } },
      { name: 'propensity', type: 'FLOAT', ...always, floatDomain: { min: 0, max: 1, disallowNan: true } },
      { name: 'label', type: 'INT', ...always, intDomain: { min: 0, max: 1 }, notInEnvironment: ['SERVING'] },
      ...featureColumns(encoder).map(expectedFeature),
    ],
    defaultEnvironment: [...ENVIRONMENTS],
  };
}

function word(name: string, words: readonly string[], presence: Partial<Feature> = sometimes): Feature {
  return {
    name,
    type: 'BYTES',
    ...presence,
    ...(words.length > 0 ? { stringDomain: { name, value: [...words].sort() } } : {}),
    driftComparator: linf(0.3),
    skewComparator: linf(0.3),
    ...warns,
  };
}

function expectedFeature(feature: FeatureDescription): Feature {
  const { kind, labels, columns, transform } = feature;
  const name = columnName(feature);
  switch (kind) {
    case 'numeric':
      return {
        name,
        type: 'FLOAT',
        ...always,
        // ln(1 + max(0, x)), and 1 / (1 + max(0, x)).
        floatDomain: {
          ...(transform === 'identity' ? {} : { min: 0 }),
          ...(transform === 'recency' ? { max: 1 } : {}),
          disallowNan: true,
          disallowInf: true,
        },
        // What depends on the time alone differs from day to day; training and serving of one day must agree all the same.
        ...(feature.scope === 'context' ? {} : { driftComparator: jsOfQuantiles(0.25) }),
        skewComparator: jsOfQuantiles(0.25),
        ...warns,
      };
    case 'oneHot':
    case 'buckets': {
      const value = kind === 'oneHot' ? [...labels] : columns.map((column) => column.slice(feature.name.length));
      return {
        name,
        type: 'BYTES',
        ...sometimes,
        stringDomain: { name, value },
        driftComparator: linf(0.3),
        skewComparator: linf(0.3),
        ...warns,
      };
    }
    case 'category':
    case 'crossed':
      return { name, type: 'INT', ...sometimes, intDomain: { isCategorical: true }, ...warns };
  }
}

interface Bounds {
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Of a number of the contract. */
function boundsOf(schema: object): Bounds {
  const { minimum, maximum } = schema as Bounds;
  return { ...(minimum === undefined ? {} : { minimum }), ...(maximum === undefined ? {} : { maximum }) };
}

/** What a type of event cannot do without; `parseEvent` refuses what lacks it. */
const REQUIRED: Readonly<Partial<Record<EventType, readonly string[]>>> = {
  play: ['playedMs'],
  impression: ['shelfRank'],
};
const UNITS: Readonly<Record<string, string>> = {
  playedMs: 'milliseconds',
  durationMs: 'milliseconds',
  delayMs: 'milliseconds',
};
/**
 * How far an hour may be from those before it. What is played by night is not what is played by day; who mixes up units is at 1, if not in
 * all events then in those of the client.
 */
const LENGTH_DRIFT = 0.3;

/** Of each type of event: ranges are those of the HTTP contract. */
export function expectedEvents(type: EventType): Schema {
  const bounds: Readonly<Record<string, Bounds>> = {
    playedMs: boundsOf(EventSchema.properties.playedMs),
    durationMs: boundsOf(EventSchema.properties.durationMs),
    shelfRank: boundsOf(ReferenceSchema.properties.shelfRank),
    cardRank: boundsOf(ReferenceSchema.properties.cardRank),
    delayMs: { minimum: 0 },
  };
  const numbers = Object.entries(EVENT_NUMBERS).map(([name, { type: kind }]): Feature => {
    const { minimum, maximum } = bounds[name];
    const range = {
      ...(minimum === undefined ? {} : { min: minimum }),
      ...(maximum === undefined ? {} : { max: maximum }),
    };
    const unit = UNITS[name];
    const isLength = name === 'playedMs' || name === 'durationMs';
    const annotation = {
      ...(unit === undefined ? {} : { comment: [`unit: ${unit}`] }),
      ...(isLength ? {} : { tag: [DISTANCES_WARN] }),
    };
    return {
      name,
      type: kind,
      ...(REQUIRED[type]?.includes(name) === true ? always : sometimes),
      ...(kind === 'INT' ? { intDomain: range } : { floatDomain: range }),
      ...(isLength ? { driftComparator: js(LENGTH_DRIFT) } : {}),
      ...(Object.keys(annotation).length === 0 ? {} : { annotation }),
    };
  });
  const words = Object.keys(EVENT_WORDS).map((name): Feature => {
    const value = name === 'device' ? [...DEVICES] : name === 'autoplay' ? ['false', 'true'] : ['absent', 'given'];
    return { name, type: 'BYTES', ...always, stringDomain: { name, value }, driftComparator: linf(0.4), ...warns };
  });
  return { feature: [...numbers, ...words] };
}

export const SCHEMA_NAMES = ['examples', ...EVENT_TYPES] as const;
