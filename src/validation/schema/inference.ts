/** A feature of a schema from its statistics. */
import { ShelfwiseError } from '../../base/index.ts';
import {
  type CustomStatistic,
  cloneMessage,
  type DerivedFeatureSource,
  type Feature,
  parseText,
  type ValueCount,
} from '../metadata/index.ts';
import { serializePath } from '../paths.ts';
import type { FeatureView, Valency } from '../views.ts';
import { domainKindOf, setDomain, setShape } from './domain-info.ts';
import type { SchemaEditor } from './editor.ts';
import { deprecate } from './lifecycle.ts';
import type { Rules } from './rules.ts';
import { boolDomainOf, isBoolCandidate, isIntCandidate, isStringDomainCandidate } from './values.ts';

/** The name under which generators of statistics propose a domain. */
const DOMAIN_INFO = 'domain_info';

function valueCountOf({ min, max }: Valency): ValueCount {
  if (min <= 0) return {};
  return min === max ? { min, max } : { min: 1 };
}

/** How many values an example has: exactly, where it never varies; at least one, where it does; nothing, where it may have none. */
export function inferValueCounts(view: FeatureView, feature: Feature): void {
  const levels = view.valency;
  if (levels.length > 1) setShape(feature, { valueCounts: { valueCount: levels.map(valueCountOf) } });
  else if (levels[0].min > 0) setShape(feature, { valueCount: valueCountOf(levels[0]) });
}

/** A fixed shape, if at every level nothing is missing and the number of values does not vary. */
function inferShape(view: FeatureView, feature: Feature): void {
  if (view.type === 'STRUCT' || view.missingByLevel.some((missing) => missing !== 0)) return;
  const levels = view.valency;
  if (levels.every(({ min, max }) => min === max && min > 0))
    setShape(feature, { shape: { dim: levels.map(({ min }) => ({ size: min })) } });
}

/** Presence, and a shape or value counts. A column that is in no example says nothing but that. */
export function inferPresenceAndShape(view: FeatureView, withShape: boolean, feature: Feature): void {
  feature.presence = { minCount: view.numPresent < 1 ? 0 : 1 };
  if (view.numPresent <= 0) return;
  if (view.numMissing === 0) feature.presence.minFraction = 1;
  if (withShape) inferShape(view, feature);
  if (feature.shape === undefined) inferValueCounts(view, feature);
}

/** Marks a feature as made by validation itself. */
export function markDerived(source: DerivedFeatureSource, feature: Feature): void {
  feature.lifecycleStage = 'VALIDATION_DERIVED';
  feature.validationDerivedSource = cloneMessage(source);
}

/** The domain that the statistics propose: the text of a Feature with a domain and nothing else. */
function proposedDomain(custom: readonly CustomStatistic[]): Feature | undefined {
  const proposals = custom.filter((statistic) => statistic.name === DOMAIN_INFO && statistic.str);
  if (proposals.length !== 1) return undefined;
  let proposal: Feature;
  try {
    proposal = parseText('Feature', proposals[0].str!);
  } catch (error) {
    if (error instanceof ShelfwiseError && error.code === 'METADATA_INVALID') return undefined;
    throw error;
  }
  const only = Object.keys(proposal).length === 1 && domainKindOf(proposal) !== undefined;
  return only ? proposal : undefined;
}

/** Takes the proposed domain if the feature has none. Whether it did. */
export function adoptProposedDomain(view: FeatureView, feature: Feature): boolean {
  if (domainKindOf(feature) !== undefined) return false;
  const proposal = proposedDomain(view.custom);
  if (!proposal) return false;
  Object.assign(feature, proposal);
  return true;
}

/** Words that are in the data and not yet in the domain, in byte order. */
function addWords(view: FeatureView, domain: { value?: string[] }): void {
  const known = new Set(domain.value ?? []);
  domain.value = [...(domain.value ?? []), ...view.values.filter((value) => !known.has(value))];
}

function inferDomain(rules: Rules, editor: SchemaEditor, view: FeatureView, feature: Feature): void {
  if (adoptProposedDomain(view, feature)) return;
  const shared = rules.sharedDomains.get(serializePath(view.path));
  if (shared !== undefined) {
    if (!view.hasInvalidUtf8) addWords(view, editor.stringDomain(shared) ?? editor.addStringDomain(shared));
    return;
  }
  if (view.hasInvalidUtf8 || view.type === 'BYTES') return;
  if (isBoolCandidate(view)) setDomain(feature, 'boolDomain', boolDomainOf(view));
  else if (isIntCandidate(view)) setDomain(feature, 'intDomain', {});
  else if (isStringDomainCandidate(view, rules.maxStringDomainSize)) {
    const domain = editor.addStringDomain(serializePath(view.path));
    addWords(view, domain);
    setDomain(feature, 'domain', domain.name!);
  }
}

/** Adds the feature that the statistics show: type, presence, shape or valency, domain. */
export function createFeature(rules: Rules, editor: SchemaEditor, view: FeatureView): void {
  const feature = editor.addFeature(view.path);
  feature.type = view.featureType;
  inferPresenceAndShape(view, rules.inferFeatureShape, feature);
  if (rules.ignoredColumns.has(serializePath(view.path))) {
    deprecate(feature);
    return;
  }
  if (view.statistics.validationDerivedSource) markDerived(view.statistics.validationDerivedSource, feature);
  inferDomain(rules, editor, view, feature);
}
