/** A schema that can be edited without touching the one it came from: only what is asked for is copied. */
import {
  cloneMessage,
  type Feature,
  type Schema,
  type SparseFeature,
  type StringDomain,
  type WeightedFeature,
} from '../metadata/index.ts';
import { type Steps, serializePath } from '../paths.ts';
import type { DatasetView } from '../views.ts';
import { clearDomain } from './domain-info.ts';
import { isDeprecated } from './lifecycle.ts';

interface Named {
  name?: string;
}

/** A list of named messages over a shared one: copies on access, additions and removals of its own. */
class Overlay<T extends Named> {
  private readonly base: NamedList<T>;
  private readonly copies = new Map<number, T>();
  private readonly removed = new Set<number>();
  private readonly added: T[] = [];
  private readonly addedByName = new Map<string, T>();

  constructor(base: NamedList<T>) {
    this.base = base;
  }

  /** The first of a name, to read only. */
  peek(name: string): T | undefined {
    const at = this.base.positions.get(name);
    if (at !== undefined && !this.removed.has(at)) return this.copies.get(at) ?? this.base.list[at];
    return this.addedByName.get(name);
  }

  /** The first of a name, to edit. */
  get(name: string): T | undefined {
    const at = this.base.positions.get(name);
    if (at === undefined || this.removed.has(at)) return this.addedByName.get(name);
    let copy = this.copies.get(at);
    if (!copy) {
      copy = cloneMessage(this.base.list[at]);
      this.copies.set(at, copy);
    }
    return copy;
  }

  add(item: T): T {
    this.added.push(item);
    if (!this.addedByName.has(item.name ?? '')) this.addedByName.set(item.name ?? '', item);
    return item;
  }

  /** Removes all of a name. */
  remove(name: string): void {
    this.base.list.forEach((item, at) => {
      if ((item.name ?? '') === name) this.removed.add(at);
    });
    this.addedByName.delete(name);
    for (let at = this.added.length - 1; at >= 0; at--)
      if ((this.added[at].name ?? '') === name) this.added.splice(at, 1);
  }

  get list(): T[] {
    const kept = this.base.list.flatMap((item, at) => (this.removed.has(at) ? [] : [this.copies.get(at) ?? item]));
    return [...kept, ...this.added];
  }
}

interface NamedList<T> {
  readonly list: readonly T[];
  readonly positions: ReadonlyMap<string, number>;
}

function indexed<T extends Named>(list: readonly T[] = []): NamedList<T> {
  const positions = new Map<string, number>();
  list.forEach((item, at) => {
    if (!positions.has(item.name ?? '')) positions.set(item.name ?? '', at);
  });
  return { list, positions };
}

/** A schema with its names looked up once; editors of it share that. */
export class SchemaBaseline {
  readonly schema: Schema;
  readonly features: NamedList<Feature>;
  readonly sparse: NamedList<SparseFeature>;
  readonly weighted: NamedList<WeightedFeature>;
  readonly domains: NamedList<StringDomain>;

  constructor(schema: Schema) {
    this.schema = schema;
    this.features = indexed(schema.feature);
    this.sparse = indexed(schema.sparseFeature);
    this.weighted = indexed(schema.weightedFeature);
    this.domains = indexed(schema.stringDomain);
  }
}

export class SchemaEditor {
  private readonly baseline: SchemaBaseline;
  private readonly features: Overlay<Feature>;
  private readonly sparse: Overlay<SparseFeature>;
  private readonly weighted: Overlay<WeightedFeature>;
  private readonly domains: Overlay<StringDomain>;
  private constraints: Schema['datasetConstraints'];

  constructor(baseline: SchemaBaseline) {
    this.baseline = baseline;
    this.features = new Overlay(baseline.features);
    this.sparse = new Overlay(baseline.sparse);
    this.weighted = new Overlay(baseline.weighted);
    this.domains = new Overlay(baseline.domains);
    this.constraints = baseline.schema.datasetConstraints && cloneMessage(baseline.schema.datasetConstraints);
  }

  /** The schema as edited. */
  get result(): Schema {
    const lists: Schema = {
      feature: this.features.list,
      sparseFeature: this.sparse.list,
      weightedFeature: this.weighted.list,
      stringDomain: this.domains.list,
    };
    const edited: Schema = { ...this.baseline.schema };
    for (const [key, list] of Object.entries(lists) as [keyof Schema, never[]][])
      if (list.length > 0) Object.assign(edited, { [key]: list });
      else delete edited[key];
    if (this.constraints) edited.datasetConstraints = this.constraints;
    return cloneMessage(edited);
  }

  get datasetConstraints(): Schema['datasetConstraints'] {
    return this.constraints;
  }

  /** The feature at a path, to edit. */
  feature(path: Steps): Feature | undefined {
    let feature = path.length === 0 ? undefined : this.features.get(path[0]);
    for (const step of path.slice(1)) feature = feature?.structDomain?.feature?.find((child) => child.name === step);
    return feature;
  }

  sparseFeature(path: Steps): SparseFeature | undefined {
    if (path.length === 1) return this.sparse.get(path[0]);
    return this.feature(path.slice(0, -1))?.structDomain?.sparseFeature?.find((one) => one.name === path.at(-1));
  }

  /** Weighted features stand at the root only. */
  weightedFeature(path: Steps): WeightedFeature | undefined {
    return path.length === 1 ? this.weighted.get(path[0]) : undefined;
  }

  exists(path: Steps): boolean {
    return (this.feature(path) ?? this.sparseFeature(path) ?? this.weightedFeature(path)) !== undefined;
  }

  /** Out of use, of a feature or a sparse feature; false for what does not exist. */
  isDeprecated(path: Steps): boolean {
    const feature = this.feature(path) ?? this.sparseFeature(path);
    return feature !== undefined && isDeprecated(feature);
  }

  /** A new feature; its parent must exist. */
  addFeature(path: Steps): Feature {
    const feature: Feature = { name: path.at(-1)! };
    if (path.length === 1) return this.features.add(feature);
    const parent = this.feature(path.slice(0, -1))!;
    parent.structDomain ??= {};
    parent.structDomain.feature = [...(parent.structDomain.feature ?? []), feature];
    return feature;
  }

  hasStringDomain(name: string): boolean {
    return this.domains.peek(name) !== undefined;
  }

  readStringDomain(name: string): StringDomain | undefined {
    return this.domains.peek(name);
  }

  stringDomain(name: string): StringDomain | undefined {
    return this.domains.get(name);
  }

  /** A new domain, called as asked or with the first free number from 2 behind. */
  addStringDomain(wanted: string): StringDomain {
    let name = wanted;
    for (let number = 2; this.domains.peek(name); number++) name = `${wanted}${number}`;
    return this.domains.add({ name });
  }

  /** Removes a domain and every reference to it. */
  removeStringDomain(name: string): void {
    const visit = (features: readonly Feature[]): void => {
      for (const feature of features) {
        visit(feature.structDomain?.feature ?? []);
        if (feature.domain === name) clearDomain(feature);
      }
    };
    for (const feature of this.features.list) {
      const mutable = this.features.get(feature.name ?? '');
      if (mutable) visit([mutable]);
    }
    this.domains.remove(name);
  }

  /** Without an environment every feature is in. */
  isInEnvironment(feature: Feature, environment: string | undefined): boolean {
    if (environment === undefined || feature.inEnvironment?.includes(environment)) return true;
    if (feature.notInEnvironment?.includes(environment)) return false;
    return this.baseline.schema.defaultEnvironment?.includes(environment) ?? false;
  }

  isRequired(feature: Feature, environment: string | undefined): boolean {
    const { minCount = 0, minFraction = 0 } = feature.presence ?? {};
    return !isDeprecated(feature) && (minCount > 0 || minFraction > 0) && this.isInEnvironment(feature, environment);
  }

  /** Paths that must be there: a parent that need not be does not shield a child that must. */
  requiredPaths(environment: string | undefined): Steps[] {
    const paths: Steps[] = [];
    const visit = (prefix: Steps, features: readonly Feature[]): void => {
      for (const feature of features) {
        const path = [...prefix, feature.name ?? ''];
        if (this.isRequired(feature, environment)) paths.push(path);
        if (!isDeprecated(feature)) visit(path, feature.structDomain?.feature ?? []);
      }
    };
    visit([], this.features.list);
    return paths;
  }

  /** Required paths that the statistics lack. */
  missingPaths(dataset: DatasetView): Steps[] {
    const present = new Set(dataset.features.map((feature) => serializePath(feature.path)));
    return this.requiredPaths(dataset.environment).filter((path) => !present.has(serializePath(path)));
  }
}
