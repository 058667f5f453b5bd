/** Which epochs serve: loaded at opening, swapped as a whole, found again by hash for replay. */
import { join } from 'node:path';
import { type Clock, ShelfwiseError } from '../base/index.ts';
import {
  buildCatalog,
  type Campaigns,
  type DecisionVersions,
  EMPTY_COUNTERS,
  type Embedding,
  EPOCH_KINDS,
  type Epoch,
  type EpochKind,
  type Item,
  NO_CAMPAIGNS,
  readCatalog,
  readCohorts,
  readCounters,
  readEmbedding,
  type Vocabularies,
} from '../domain/index.ts';
import type { Encoder } from '../features/index.ts';
import {
  type ChangedItems,
  type HomeTunables,
  indexChildren,
  type ReplayEpochs,
  type ServingEpochs,
  tunablesEpoch,
  tunablesOf,
} from '../home/index.ts';
import { loadModel } from '../models/index.ts';
import { createNearest, type Nearest, openNearest } from '../retrieval/index.ts';
import type { DataDirPaths, EpochStore, Metadata } from '../store/index.ts';
import type { PlatformLogger } from './config.ts';

export type PublishedKind = Exclude<EpochKind, 'tunables'>;

export interface Epochs {
  /** What a request that starts now reads. The object is never changed, only replaced. */
  serving(): ServingEpochs;
  /**
   * Makes epochs current: one swap for all of them, and for the tunables where they change with them, so that no request
   * sees half. They are in the epoch store already.
   */
  publish(epochs: readonly Epoch[], change?: ChangeTunables): Promise<void>;
  /** Decides by changed tunables from now on; on the medium when it resolves. One change after another. */
  retune(change: ChangeTunables): Promise<void>;
  /** Serves with these campaigns from now on. They are no epoch: what they propose is recorded with each decision. */
  serveCampaigns(campaigns: Campaigns): void;
  /** The embedding that the exact scan stands in for, since nothing is prepared for its search. */
  unprepared(): string | undefined;
  /** The features that the stored model was made of, and those of this version; undefined where no other model is stored. */
  outdatedModel(): { readonly encoder: string; readonly expected: string } | undefined;
  /** Serves with what was prepared. Like `publish`, one at a time. */
  adoptPrepared(): Promise<void>;
  /** As recorded: also those that are damaged and do not serve. */
  current(): Readonly<Partial<Record<EpochKind, string>>>;
  /** Since when the current epoch of a kind serves; undefined where there is none. */
  publishedAtMs(kind: EpochKind): number | undefined;
}

/** New tunables, from those that serve when it is their turn. */
export type ChangeTunables = (now: HomeTunables) => HomeTunables;

/** What damage on the disk makes of reading an epoch. */
const DAMAGE = ['EPOCH_CORRUPT', 'EPOCH_NOT_FOUND'] as const;

/**
 * Loads what served last. One damaged epoch does not keep the platform from opening: the catalogue's columns are built
 * anew from the items; without the others Home draws by popularity, and says `degraded`, until a fit has made them anew.
 */
export async function createEpochs(dependencies: {
  readonly store: EpochStore;
  readonly metadata: Metadata;
  readonly encoder: Encoder;
  readonly vocabularies: Vocabularies;
  readonly tunables: HomeTunables;
  /** Items that changed since the columns were built, as the catalogue keeps them: live. */
  readonly changed: ChangedItems;
  readonly clock: Clock;
  readonly paths: DataDirPaths;
  /** All items of the catalogue. */
  readonly items: () => Iterable<Item>;
  readonly logger: PlatformLogger;
}): Promise<Epochs> {
  const { store, metadata, encoder, vocabularies, clock, logger } = dependencies;

  const publishedAtMs = new Map<EpochKind, number>();
  for (const kind of EPOCH_KINDS) {
    const current = await metadata.epochs.current(kind);
    const known = (await metadata.epochs.list(kind)).find(({ hash }) => hash === current);
    if (known !== undefined) publishedAtMs.set(kind, known.recordedAtMs);
  }
  const record = async (hash: string, kind: EpochKind): Promise<void> => {
    const nowMs = clock.nowMs();
    await metadata.epochs.record(hash, kind, nowMs);
    if ((await metadata.epochs.current(kind)) !== hash) publishedAtMs.set(kind, nowMs);
    await metadata.epochs.setCurrent(kind, hash, nowMs);
  };
  const storeTunables = async (tunables: HomeTunables): Promise<string> => {
    const hash = store.put(tunablesEpoch(tunables));
    await record(hash, 'tunables');
    return hash;
  };
  const tunablesHash = await storeTunables(dependencies.tunables);

  const damaged = new Map<EpochKind, string>();
  const buildFromItems = async (): Promise<Epoch> => {
    const built = buildCatalog(dependencies.items(), vocabularies);
    // Over a damaged one of the same hash nothing is written: the finding stays for doctor and replay.
    if (built.hash === damaged.get('catalog')) return built;
    store.put(built);
    await record(built.hash, 'catalog');
    damaged.delete('catalog');
    return built;
  };
  let unprepared: string | undefined;
  /** What the workshop has prepared; without it the exact scan, which needs nothing, stands in. */
  const nearestOf = async (embedding: Embedding): Promise<Nearest> => {
    const prepared = await openNearest(embedding, nearestFile(dependencies.paths, embedding.hash));
    unprepared = prepared === undefined ? embedding.hash : undefined;
    return prepared ?? createNearest(embedding, { exactLimit: Number.POSITIVE_INFINITY });
  };
  const load = async (kind: PublishedKind): Promise<Epoch | undefined> => {
    const hash = await metadata.epochs.current(kind);
    if (hash === undefined || hash === null) return undefined;
    try {
      return store.get(hash);
    } catch (error) {
      if (!(error instanceof ShelfwiseError) || !DAMAGE.some((code) => code === error.code)) throw error;
      damaged.set(kind, hash);
      logger.error({ kind, error: error.message }, 'an epoch is damaged; the platform serves without it');
      return undefined;
    }
  };
  const catalog = readCatalog((await load('catalog')) ?? (await buildFromItems()));
  const countersEpoch = await load('counters');
  const embeddingEpoch = await load('embedding');
  const cohortsEpoch = await load('cohorts');
  const modelEpoch = await load('model');
  const embedding = embeddingEpoch === undefined ? undefined : readEmbedding(embeddingEpoch);
  let outdated =
    modelEpoch === undefined || modelEpoch.meta.encoder === encoder.hash
      ? undefined
      : { encoder: String(modelEpoch.meta.encoder), expected: encoder.hash };
  /** A model reads counters and vectors as it has learnt them: while those are damaged it waits. */
  let waiting = outdated === undefined ? modelEpoch : undefined;
  const readyModel = (): ServingEpochs['model'] => {
    if (waiting === undefined || damaged.has('counters') || damaged.has('embedding')) return undefined;
    const model = loadModel(waiting, encoder);
    waiting = undefined;
    return model;
  };
  let serving: ServingEpochs = {
    catalog,
    children: indexChildren(catalog),
    counters: countersEpoch === undefined ? EMPTY_COUNTERS : readCounters(countersEpoch),
    embedding,
    nearest: embedding === undefined ? undefined : await nearestOf(embedding),
    cohorts: cohortsEpoch === undefined ? undefined : readCohorts(cohortsEpoch),
    model: readyModel(),
    changed: dependencies.changed,
    tunables: dependencies.tunables,
    tunablesHash,
    campaigns: NO_CAMPAIGNS,
  };

  /** Changes of tunables: each starts from what the one before has left. */
  let tuning: Promise<unknown> = Promise.resolve();
  const inTurn = (change: () => Promise<void>): Promise<void> => {
    const next = tuning.then(change);
    tuning = next.catch(() => undefined);
    return next;
  };
  const storeChanged = async (change: ChangeTunables): Promise<Pick<ServingEpochs, 'tunables' | 'tunablesHash'>> => {
    const changed = change(serving.tunables);
    return { tunables: changed, tunablesHash: await storeTunables(changed) };
  };
  const publish = async (epochs: readonly Epoch[], change: ChangeTunables | undefined): Promise<void> => {
    const embeddingEpoch = epochs.find(({ kind }) => kind === 'embedding');
    const fresh = embeddingEpoch === undefined ? undefined : readEmbedding(embeddingEpoch);
    const nearest = fresh === undefined ? undefined : await nearestOf(fresh);
    for (const epoch of epochs) await record(epoch.hash, epoch.kind);
    const tuned = change === undefined ? {} : await storeChanged(change);
    // From here on nothing waits: one swap for all.
    let next: ServingEpochs = { ...serving, ...tuned };
    if (fresh !== undefined) next = { ...next, embedding: fresh, nearest };
    for (const epoch of epochs) {
      switch (epoch.kind) {
        case 'catalog': {
          const catalog = readCatalog(epoch);
          next = { ...next, catalog, children: indexChildren(catalog) };
          break;
        }
        case 'counters':
          next = { ...next, counters: readCounters(epoch) };
          break;
        case 'cohorts':
          next = { ...next, cohorts: readCohorts(epoch) };
          break;
        case 'model':
          waiting = epoch;
          outdated = undefined;
          break;
        case 'embedding':
        case 'tunables':
          break;
      }
      damaged.delete(epoch.kind);
    }
    serving = { ...next, model: readyModel() ?? next.model };
  };

  return {
    serving: () => serving,
    publish: (epochs, change) =>
      change === undefined ? publish(epochs, undefined) : inTurn(() => publish(epochs, change)),
    retune: (change) =>
      inTurn(async () => {
        const tuned = await storeChanged(change);
        serving = { ...serving, ...tuned };
      }),
    serveCampaigns(campaigns) {
      serving = { ...serving, campaigns };
    },
    unprepared: () => unprepared,
    outdatedModel: () => outdated,
    async adoptPrepared() {
      const { embedding: of } = serving;
      const nearest = of === undefined ? undefined : await nearestOf(of);
      serving = { ...serving, nearest };
    },
    current: () => ({
      catalog: serving.catalog.hash,
      counters: serving.counters.hash,
      embedding: serving.embedding?.hash ?? '',
      cohorts: serving.cohorts?.hash ?? '',
      model: serving.model?.hash ?? '',
      tunables: serving.tunablesHash,
      ...Object.fromEntries(damaged),
    }),
    publishedAtMs: (kind) => publishedAtMs.get(kind),
  };
}

/** The epochs of a record, read from the store and verified; throws EPOCH_NOT_FOUND or EPOCH_CORRUPT. */
export type EpochReader = (versions: DecisionVersions) => ReplayEpochs;

/** The same without the model: what features and masks are made of. */
export type InputReader = (versions: DecisionVersions) => Omit<ReplayEpochs, 'model'>;

export function createEpochReader(store: EpochStore, encoder: Encoder): EpochReader {
  const parsed = createParser(store);
  const inputs = inputReader(parsed);
  return (versions) => ({
    ...inputs(versions),
    model: versions.model === '' ? undefined : parsed(versions.model, (epoch) => loadModel(epoch, encoder)),
  });
}

export function createInputReader(store: EpochStore): InputReader {
  return inputReader(createParser(store));
}

type Parser = <T>(hash: string, parse: (epoch: Epoch) => T) => T;

/** Keeps the epochs of the last decisions, parsed: consecutive decisions share most of them. */
function createParser(store: EpochStore): Parser {
  const kept = new Map<string, unknown>();
  return <T>(hash: string, parse: (epoch: Epoch) => T): T => {
    const known = kept.get(hash);
    if (known !== undefined) return known as T;
    const fresh = parse(store.get(hash));
    if (kept.size >= EPOCHS_KEPT) kept.delete(kept.keys().next().value as string);
    kept.set(hash, fresh);
    return fresh;
  };
}

function inputReader(parsed: Parser): InputReader {
  return (versions) => ({
    catalog: parsed(versions.catalog, readCatalog),
    counters: versions.counters === '' ? EMPTY_COUNTERS : parsed(versions.counters, readCounters),
    embedding: versions.embedding === '' ? undefined : parsed(versions.embedding, readEmbedding),
    tunables: parsed(versions.tunables, tunablesOf),
  });
}

const EPOCHS_KEPT = 12;

/** Where what is worked out for the search of an embedding is kept: derived, made anew when it is missing. */
export function nearestFile(paths: DataDirPaths, embeddingHash: string): string {
  return join(paths.epochs, 'graphs', `${embeddingHash}.usearch`);
}
