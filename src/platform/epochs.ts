/** Which epochs serve: loaded at opening, swapped as a whole, found again by hash for replay. */
import { join } from 'node:path';
import type { Clock } from '../base/index.ts';
import {
  buildCatalog,
  type DecisionVersions,
  EMPTY_COUNTERS,
  type Embedding,
  type Epoch,
  type EpochKind,
  readCatalog,
  readCounters,
  readEmbedding,
  type Vocabularies,
} from '../domain/index.ts';
import type { Encoder } from '../features/index.ts';
import {
  type HomeTunables,
  indexChildren,
  type ReplayEpochs,
  type ServingEpochs,
  tunablesEpoch,
  tunablesOf,
} from '../home/index.ts';
import { loadModel } from '../models/index.ts';
import { createNearest, type Nearest } from '../retrieval/index.ts';
import type { DataDirPaths, EpochStore, Metadata } from '../store/index.ts';

export type PublishedKind = Exclude<EpochKind, 'tunables'>;

export interface Epochs {
  /** What a request that starts now reads. The object is never changed, only replaced. */
  serving(): ServingEpochs;
  /** Makes epochs current: one swap for all of them, so that no request sees half. They are in the epoch store already. */
  publish(epochs: readonly Epoch[]): Promise<void>;
  current(): Readonly<Partial<Record<EpochKind, string>>>;
}

export async function createEpochs(dependencies: {
  readonly store: EpochStore;
  readonly metadata: Metadata;
  readonly encoder: Encoder;
  readonly vocabularies: Vocabularies;
  readonly tunables: HomeTunables;
  readonly clock: Clock;
  readonly paths: DataDirPaths;
}): Promise<Epochs> {
  const { store, metadata, encoder, vocabularies, clock } = dependencies;

  const record = async (hash: string, kind: EpochKind): Promise<void> => {
    await metadata.epochs.record(hash, kind, clock.nowMs());
    await metadata.epochs.setCurrent(kind, hash);
  };
  const tunables = tunablesEpoch(dependencies.tunables);
  const tunablesHash = store.put(tunables);
  await record(tunablesHash, 'tunables');

  const firstCatalog = async (): Promise<Epoch> => {
    const empty = buildCatalog([], vocabularies);
    store.put(empty);
    await record(empty.hash, 'catalog');
    return empty;
  };
  const nearestOf = (embedding: Embedding): Nearest => {
    const file = graphFile(dependencies.paths, embedding.hash);
    return createNearest(embedding, { loadFrom: file, saveTo: file });
  };
  const load = async (kind: PublishedKind): Promise<Epoch | undefined> => {
    const hash = await metadata.epochs.current(kind);
    return hash === undefined || hash === null ? undefined : store.get(hash);
  };
  const catalog = readCatalog((await load('catalog')) ?? (await firstCatalog()));
  const countersEpoch = await load('counters');
  const embeddingEpoch = await load('embedding');
  const modelEpoch = await load('model');
  const embedding = embeddingEpoch === undefined ? undefined : readEmbedding(embeddingEpoch);
  let serving: ServingEpochs = {
    catalog,
    children: indexChildren(catalog),
    counters: countersEpoch === undefined ? EMPTY_COUNTERS : readCounters(countersEpoch),
    embedding,
    nearest: embedding === undefined ? undefined : nearestOf(embedding),
    model:
      modelEpoch === undefined || modelEpoch.meta.encoder !== encoder.hash ? undefined : loadModel(modelEpoch, encoder),
    tunablesHash,
  };

  return {
    serving: () => serving,
    async publish(epochs) {
      for (const epoch of epochs) await record(epoch.hash, epoch.kind);
      let next = serving;
      for (const epoch of epochs) {
        switch (epoch.kind) {
          case 'catalog': {
            const fresh = readCatalog(epoch);
            next = { ...next, catalog: fresh, children: indexChildren(fresh) };
            break;
          }
          case 'counters':
            next = { ...next, counters: readCounters(epoch) };
            break;
          case 'embedding': {
            const fresh = readEmbedding(epoch);
            next = { ...next, embedding: fresh, nearest: nearestOf(fresh) };
            break;
          }
          case 'model':
            next = { ...next, model: loadModel(epoch, encoder) };
            break;
          case 'tunables':
            break;
        }
      }
      serving = next;
    },
    current: () => ({
      catalog: serving.catalog.hash,
      counters: serving.counters.hash,
      embedding: serving.embedding?.hash ?? '',
      model: serving.model?.hash ?? '',
      tunables: serving.tunablesHash,
    }),
  };
}

/** The epochs of a record, read from the store and verified; throws EPOCH_NOT_FOUND or EPOCH_CORRUPT. */
export type EpochReader = (versions: DecisionVersions) => ReplayEpochs;

/** Keeps the epochs of the last decisions, parsed: consecutive decisions share most of them. */
export function createEpochReader(store: EpochStore, encoder: Encoder): EpochReader {
  const kept = new Map<string, unknown>();
  const parsed = <T>(hash: string, parse: (epoch: Epoch) => T): T => {
    const known = kept.get(hash);
    if (known !== undefined) return known as T;
    const fresh = parse(store.get(hash));
    if (kept.size >= EPOCHS_KEPT) kept.delete(kept.keys().next().value as string);
    kept.set(hash, fresh);
    return fresh;
  };
  return (versions) => ({
    catalog: parsed(versions.catalog, readCatalog),
    counters: versions.counters === '' ? EMPTY_COUNTERS : parsed(versions.counters, readCounters),
    embedding: versions.embedding === '' ? undefined : parsed(versions.embedding, readEmbedding),
    model: versions.model === '' ? undefined : parsed(versions.model, (epoch) => loadModel(epoch, encoder)),
    tunables: parsed(versions.tunables, tunablesOf),
  });
}

const EPOCHS_KEPT = 12;

/** Where the nearest-neighbour graph of an embedding is kept: derived, made anew when it is missing. */
export function graphFile(paths: DataDirPaths, embeddingHash: string): string {
  return join(paths.epochs, 'graphs', `${embeddingHash}.usearch`);
}
