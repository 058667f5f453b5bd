/** The one domain of a feature, the oneof `domain_info`, and its one shape, the oneof `shape_type`. */
import type { Feature, FeatureType } from '../metadata/index.ts';

/** Field of the oneof in the message → its name in the .proto, and the types of feature it is allowed on. */
const DOMAINS = {
  domain: { field: 'domain', types: ['BYTES'] },
  intDomain: { field: 'int_domain', types: ['INT', 'BYTES'] },
  floatDomain: { field: 'float_domain', types: ['FLOAT', 'BYTES'] },
  stringDomain: { field: 'string_domain', types: ['BYTES'] },
  boolDomain: { field: 'bool_domain', types: ['INT', 'BYTES', 'FLOAT'] },
  structDomain: { field: 'struct_domain', types: ['STRUCT'] },
  naturalLanguageDomain: { field: 'natural_language_domain', types: ['INT', 'BYTES'] },
  imageDomain: { field: 'image_domain', types: ['BYTES'] },
  audioDomain: { field: 'audio_domain', types: undefined },
  videoDomain: { field: 'video_domain', types: undefined },
  contentChunkDomain: { field: 'content_chunk_domain', types: undefined },
  midDomain: { field: 'mid_domain', types: ['BYTES'] },
  urlDomain: { field: 'url_domain', types: ['BYTES'] },
  timeDomain: { field: 'time_domain', types: ['INT', 'BYTES'] },
  timeOfDayDomain: { field: 'time_of_day_domain', types: undefined },
} as const;

export type DomainKind = keyof typeof DOMAINS;

const KINDS = Object.keys(DOMAINS) as DomainKind[];

/** Which domain a feature has. */
export function domainKindOf(feature: Feature): DomainKind | undefined {
  return KINDS.find((kind) => feature[kind] !== undefined);
}

/** Its name in the .proto. */
export function domainField(kind: DomainKind): string {
  return DOMAINS[kind].field;
}

/** Whether a domain may stand on features of a type; those without a rule may on any. */
export function isDomainAllowed(kind: DomainKind, type: FeatureType): boolean {
  const types: readonly FeatureType[] | undefined = DOMAINS[kind].types;
  return types === undefined || types.includes(type);
}

export function clearDomain(feature: Feature): void {
  for (const kind of KINDS) delete feature[kind];
}

/** Gives a feature a domain instead of the one it has. */
export function setDomain<K extends DomainKind>(feature: Feature, kind: K, domain: NonNullable<Feature[K]>): void {
  clearDomain(feature);
  feature[kind] = domain as Feature[K] & NonNullable<Feature[K]>;
}

/** Gives a feature a shape or value counts instead of those it has. */
export function setShape(feature: Feature, shape: Pick<Feature, 'shape' | 'valueCount' | 'valueCounts'>): void {
  delete feature.shape;
  delete feature.valueCount;
  delete feature.valueCounts;
  Object.assign(feature, shape);
}
