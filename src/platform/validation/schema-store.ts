/**
 * Schemas as they are in force: what the platform declares, with what people accepted into it. Every change is a version with its
 * author, reason and time; all are kept in the metadata, on the medium when a promise resolves. A declaration that changes
 * with the program changes what nobody has touched, and leaves the rest as people said.
 */
import { type Clock, ShelfwiseError } from '../../base/index.ts';
import type { Encoder } from '../../features/index.ts';
import type { Metadata } from '../../store/index.ts';
import { type Feature, formatText, parseText, type Schema, withFeatures } from '../../validation/index.ts';
import { expectedEvents, expectedExamples, type KnownWords, SCHEMA_NAMES } from './expected-schema.ts';
import type { DataSchema, DataSchemaHistory, SchemaVersion, UndoRequest } from './service.ts';
import { isEventType } from './spans.ts';

interface StoredVersion {
  readonly version: number;
  readonly atMs: number;
  readonly author: string;
  readonly reason: string;
  readonly change: SchemaVersion['change'];
  readonly text: string;
}

interface StoredSchema {
  /** What was declared when it was last derived. */
  readonly declared: string;
  /** Words as they were found first. */
  readonly known: KnownWords;
  /** Oldest first. */
  readonly versions: readonly StoredVersion[];
}

export interface Schemas {
  /** The schema in force; made on first use. Throws DATA_SCHEMA_NOT_FOUND. */
  current(name: string): Promise<{ readonly schema: Schema; readonly version: number }>;
  list(): Promise<readonly DataSchema[]>;
  history(name: string, version?: number): Promise<DataSchemaHistory>;
  /** Features in the place of those that are called so. */
  accept(name: string, features: readonly Feature[], author: string, reason: string): Promise<void>;
  undo(name: string, request: UndoRequest): Promise<void>;
}

/** So many are kept; the first of them stands for all before. */
const KEPT = 100;
const PLATFORM = 'Shelfwise';

export function createSchemas(
  settings: Metadata['settings'],
  encoder: Pick<Encoder, 'description'>,
  known: () => KnownWords,
  clock: Pick<Clock, 'nowMs'>,
): Schemas {
  const cache = new Map<string, StoredSchema>();
  const keyOf = (name: string): string => `data-schema/${name}`;
  const declare = (name: string, words: KnownWords): string =>
    formatText('Schema', isEventType(name) ? expectedEvents(name) : expectedExamples(encoder, words));
  const store = async (name: string, stored: StoredSchema): Promise<StoredSchema> => {
    const kept = { ...stored, versions: stored.versions.slice(-KEPT) };
    await settings.set(keyOf(name), JSON.stringify(kept));
    cache.set(name, kept);
    return kept;
  };
  const append = (
    name: string,
    stored: StoredSchema,
    version: Omit<StoredVersion, 'version' | 'atMs'>,
  ): Promise<StoredSchema> =>
    store(name, {
      ...stored,
      versions: [...stored.versions, { ...version, version: latest(stored).version + 1, atMs: clock.nowMs() }],
    });

  const load = async (name: string): Promise<StoredSchema | undefined> => {
    const cached = cache.get(name);
    if (cached !== undefined) return cached;
    const text = await settings.get(keyOf(name));
    if (text === undefined) return undefined;
    let stored = JSON.parse(text) as StoredSchema;
    const declared = declare(name, stored.known);
    if (declared !== stored.declared) {
      const before = latest(stored).text;
      const merged = mergeDeclared(stored.declared, before, declared);
      const reason = 'the declaration has changed with the program';
      stored = { ...stored, declared };
      stored =
        merged === before
          ? await store(name, stored)
          : await append(name, stored, { author: PLATFORM, reason, change: 'derived', text: merged });
    }
    cache.set(name, stored);
    return stored;
  };
  const required = async (name: string): Promise<StoredSchema> => {
    const stored = await load(name);
    if (stored === undefined) throw new ShelfwiseError('DATA_SCHEMA_NOT_FOUND', name);
    return stored;
  };
  const made = async (name: string): Promise<StoredSchema> => {
    const stored = await load(name);
    if (stored !== undefined) return stored;
    if (!(SCHEMA_NAMES as readonly string[]).includes(name)) throw new ShelfwiseError('DATA_SCHEMA_NOT_FOUND', name);
    const words = known();
    const declared = declare(name, words);
    const reason = isEventType(name) ? 'from the contract of events' : 'from the declaration of features';
    const first = {
      version: 1,
      atMs: clock.nowMs(),
      author: PLATFORM,
      reason,
      change: 'derived',
      text: declared,
    } as const;
    return store(name, { declared, known: words, versions: [first] });
  };

  return {
    async current(name) {
      const { text, version } = latest(await made(name));
      return { schema: parseText('Schema', text), version };
    },
    async list() {
      const all = await Promise.all(SCHEMA_NAMES.map(async (name) => [name, await load(name)] as const));
      return all.flatMap(([name, stored]) => (stored === undefined ? [] : [summaryOf(name, latest(stored))]));
    },
    async history(name, version) {
      const { versions } = await required(name);
      const wanted = version === undefined ? versions.at(-1) : versions.find((one) => one.version === version);
      if (wanted === undefined) throw new ShelfwiseError('DATA_SCHEMA_NOT_FOUND', `${name} has no version ${version}`);
      return {
        ...summaryOf(name, wanted),
        text: wanted.text,
        versions: versions.map((one, at) => versionOf(one, versions[at - 1])).reverse(),
      };
    },
    async accept(name, features, author, reason) {
      const stored = await required(name);
      const schema = parseText('Schema', latest(stored).text);
      const text = formatText('Schema', withFeatures(schema, features));
      await append(name, stored, { author, reason, change: 'accepted', text });
    },
    async undo(name, { author, reason, version, newest }) {
      const stored = await required(name);
      const { version: now } = latest(stored);
      if (newest !== undefined && newest !== now)
        throw new ShelfwiseError('DATA_SCHEMA_CHANGED', `${name} is at version ${now}, and was looked at in ${newest}`);
      const wanted = stored.versions.find((one) => one.version === (version ?? now - 1));
      if (wanted === undefined || wanted.version === now)
        throw new ShelfwiseError('DATA_SCHEMA_NOT_FOUND', `${name} has no version ${version ?? now - 1} to go back to`);
      await append(name, stored, { author, reason, change: 'undone', text: wanted.text });
    },
  };
}

const latest = ({ versions }: StoredSchema): StoredVersion => versions[versions.length - 1];

function summaryOf(name: string, { version, atMs, text }: StoredVersion): DataSchema {
  return { name, version, features: parseText('Schema', text).feature?.length ?? 0, changedAtMs: atMs };
}

function versionOf({ text, ...version }: StoredVersion, before: StoredVersion | undefined): SchemaVersion {
  const [now, then] = [blocksOf(text), blocksOf(before?.text ?? '')];
  const features = [...new Set([...now.keys(), ...then.keys()])].filter((name) => now.get(name) !== then.get(name));
  const lines = (blocks: ReadonlyMap<string, string>, name: string): string[] => (blocks.get(name) ?? '').split('\n');
  // All of the first version is new; its text says what.
  if (before === undefined) return { ...version, features, added: [], removed: [] };
  const without = (a: readonly string[], b: readonly string[]): string[] => {
    const left = [...b];
    return a.filter((line) => {
      const at = left.indexOf(line);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
  };
  return {
    ...version,
    features,
    added: features.flatMap((name) => without(lines(now, name), lines(then, name))),
    removed: features.flatMap((name) => without(lines(then, name), lines(now, name))),
  };
}

/** Feature → its lines. */
function blocksOf(text: string): Map<string, string> {
  const { feature = [] } = parseText('Schema', text);
  return new Map(feature.map((one) => [one.name ?? '', formatText('Schema', { feature: [one] }).trimEnd()]));
}

/** Three ways: a feature that nobody touched follows the declaration, and one that somebody did stays. */
function mergeDeclared(declaredBefore: string, current: string, declaredNow: string): string {
  const [base, own] = [blocksOf(declaredBefore), blocksOf(current)];
  const now = parseText('Schema', declaredNow);
  const touched = (parseText('Schema', current).feature ?? []).filter(
    ({ name = '' }) => own.get(name) !== base.get(name),
  );
  return formatText('Schema', withFeatures(now, touched));
}
