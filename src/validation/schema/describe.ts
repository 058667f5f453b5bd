/** A schema as a table, the way TFDV's `display_schema` shows it. */
import type { Feature, Schema } from '../metadata/index.ts';
import { type Steps, serializePath } from '../paths.ts';

export interface FeatureRow {
  /** Serialised path. */
  readonly feature: string;
  /** INT, FLOAT, BYTES, STRUCT; STRING with a string domain, BOOL with a bool domain. */
  readonly type: string;
  /** `required` in every example, else `optional`; '' if nothing is said. */
  readonly presence: 'required' | 'optional' | '';
  /** `single`, or an interval of values an example; '' for a shape. */
  readonly valency: string;
  /** Name of the string domain, an interval, or `-`. */
  readonly domain: string;
}

export interface DomainRow {
  readonly domain: string;
  readonly values: readonly string[];
}

function valencyOf({ valueCount }: Feature): string {
  if (!valueCount) return '';
  const { min, max } = valueCount;
  if (min === 1 && max === 1) return 'single';
  return `[${min ?? 0},${max === undefined ? 'inf)' : `${max}]`}`;
}

function intervalOf(bounds: { min?: number | bigint; max?: number | bigint }): string {
  if (bounds.min === undefined && bounds.max === undefined) return '-';
  const low = bounds.min === undefined ? '(-inf' : `[${bounds.min}`;
  return `${low},${bounds.max === undefined ? 'inf)' : `${bounds.max}]`}`;
}

function domainOf(feature: Feature): Pick<FeatureRow, 'type' | 'domain'> {
  const type = feature.type ?? 'TYPE_UNKNOWN';
  const { domain, stringDomain, boolDomain, intDomain, floatDomain } = feature;
  if (domain !== undefined) return { type: 'STRING', domain: `'${domain}'` };
  if (stringDomain) return { type: 'STRING', domain: stringDomain.name ? `'${stringDomain.name}'` : '-' };
  if (boolDomain) {
    const words = [boolDomain.falseValue, boolDomain.trueValue].filter((word) => word !== undefined);
    return { type: 'BOOL', domain: words.length === 0 ? '-' : words.map((word) => `'${word}'`).join(',') };
  }
  return { type, domain: intervalOf(intDomain ?? floatDomain ?? {}) };
}

function presenceOf({ presence }: Feature): FeatureRow['presence'] {
  if (!presence) return '';
  return presence.minFraction === 1 ? 'required' : 'optional';
}

/** One row a feature, parents before children, and one a string domain. */
export function describeSchema(schema: Schema): { features: FeatureRow[]; domains: DomainRow[] } {
  const features: FeatureRow[] = [];
  const domains: DomainRow[] = (schema.stringDomain ?? []).map(({ name = '', value = [] }) => ({
    domain: name,
    values: value,
  }));
  const visit = (prefix: Steps, list: readonly Feature[]): void => {
    for (const feature of list) {
      const path = [...prefix, feature.name ?? ''];
      features.push({
        feature: serializePath(path),
        ...domainOf(feature),
        presence: presenceOf(feature),
        valency: valencyOf(feature),
      });
      if (feature.stringDomain)
        domains.push({
          domain: feature.stringDomain.name ?? serializePath(path),
          values: feature.stringDomain.value ?? [],
        });
      visit(path, feature.structDomain?.feature ?? []);
    }
  };
  visit([], schema.feature ?? []);
  return { features, domains };
}
