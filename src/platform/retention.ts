/**
 * How long epochs are kept: as long as decisions that used them are to replay. An epoch was in use from its publication
 * until its successor's; decisions of that time, and of no other, refer to it.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Clock, DAY_MS, HOUR_MS, MINUTE_MS, ShelfwiseError } from '../base/index.ts';
import { EPOCH_KINDS, type EpochKind } from '../domain/index.ts';
import type { EpochStore, Metadata } from '../store/index.ts';
import { decidedBetween } from './decisions.ts';
import { nearestFile } from './epochs.ts';
import type { EpochCounts } from './metrics.ts';
import { hashesOf, pastPromotions } from './training/history.ts';
import type { Job, JobResults, Workshop } from './workshop.ts';
import type { Workspace } from './workspace.ts';

/** An epoch that no decision used is kept so long all the same. */
const UNUSED_STAYS_MS = HOUR_MS;
/** By which a decision's time may differ from those of publications: it begins with what serves, and clocks are set. */
const SLACK_MS = 10 * MINUTE_MS;

const COLLECT_EVERY_MS = HOUR_MS;

export interface Collector {
  collect(): Promise<void>;
  /** Collects when the last time is an hour ago. */
  whenDue(): Promise<void>;
}

/** Removes epochs that no decision refers to, or only decisions that are too old to replay. */
export function createCollector(dependencies: {
  readonly workshop: Workshop;
  readonly flush: () => Promise<void>;
  readonly clock: Clock;
  readonly retentionDays: number;
  readonly counts: EpochCounts;
  readonly report: (text: string) => void;
}): Collector {
  const { workshop, clock, counts } = dependencies;
  let collectedAtMs = 0;
  const collect = (): Promise<void> =>
    workshop.turn(async (run) => {
      // Every decision made so far is in the index, which tells which epochs were used.
      await dependencies.flush();
      const nowMs = clock.nowMs();
      const found = await run({ kind: 'collect', nowMs, retentionMs: dependencies.retentionDays * DAY_MS });
      counts.kept = found.kept;
      counts.keptBytes = found.keptBytes;
      counts.removed += found.removed;
      collectedAtMs = nowMs;
      const damaged =
        found.damaged.length > 0 ? `; chunks stay while these are damaged: ${found.damaged.join(', ')}` : '';
      dependencies.report(
        `${found.removed} removed (${megabytes(found.removedBytes)}), ${found.kept} kept (${megabytes(found.keptBytes)})${damaged}`,
      );
    });
  return {
    collect,
    whenDue: async () => {
      if (clock.nowMs() - collectedAtMs >= COLLECT_EVERY_MS) await collect();
    },
  };
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

export async function collectJob(
  workspace: Workspace,
  job: Extract<Job, { kind: 'collect' }>,
): Promise<JobResults['collect']> {
  const { metadata, epochs, store } = workspace;
  const { nowMs } = job;
  const keep = new Set<string>();
  await adoptUnrecorded(metadata, epochs, keep);
  const gone: string[] = [];
  await keepModels(workspace, job, keep);
  for (const kind of EPOCH_KINDS) {
    const current = await metadata.epochs.current(kind);
    for (const { hash, recordedAtMs, lastServedAtMs } of await metadata.epochs.list(kind)) {
      if (keep.has(hash)) continue;
      if (hash !== current && lastServedAtMs === null) await metadata.epochs.retire(kind, hash, nowMs);
      const served = { fromMs: recordedAtMs, toMs: lastServedAtMs ?? nowMs };
      const mayGo = hash !== current && outlived(served, job, (fromMs, toMs) => decidedBetween(store, fromMs, toMs));
      if (mayGo) gone.push(hash);
      else keep.add(hash);
    }
  }
  const retained = epochs.retain(keep);
  // What a crash leaves of the rows goes the next time.
  await metadata.epochs.forget(gone);
  removeGraphs(workspace, (await metadata.epochs.current('embedding')) ?? '');
  return retained;
}

/**
 * Models that are registered stay as long as decisions do since they were made or last promoted, whether they ever served or
 * not, each with its learner; and what a rollback may want. The others leave the registry.
 */
async function keepModels(
  { metadata }: Pick<Workspace, 'metadata'>,
  { nowMs, retentionMs }: { readonly nowMs: number; readonly retentionMs: number },
  keep: Set<string>,
): Promise<void> {
  const promotions = await pastPromotions(metadata.settings);
  for (const hash of hashesOf(promotions)) keep.add(hash);
  const current = await metadata.epochs.current('model');
  const gone: string[] = [];
  for (const { hash, learnerHash, createdAtMs } of await metadata.models.list()) {
    if (hash !== current && !keep.has(hash) && nowMs - createdAtMs > retentionMs) gone.push(hash);
    else for (const kept of [hash, learnerHash]) if (kept !== '') keep.add(kept);
  }
  await metadata.models.forget(gone);
}

/** May an epoch that does not serve go? Either it served too long ago, or no decision was made while it did. */
export function outlived(
  served: { readonly fromMs: number; readonly toMs: number },
  { nowMs, retentionMs }: { readonly nowMs: number; readonly retentionMs: number },
  decided: (fromMs: number, toMs: number) => boolean,
): boolean {
  const idleMs = nowMs - served.toMs;
  return (
    idleMs > retentionMs || (idleMs > UNUSED_STAYS_MS && !decided(served.fromMs - SLACK_MS, served.toMs + SLACK_MS))
  );
}

/** Epochs that were stored and never published, by a job that was cut off: of these nothing is known, so they may have served. */
async function adoptUnrecorded(metadata: Metadata, epochs: EpochStore, keep: Set<string>): Promise<void> {
  const recorded = new Set<string>();
  for (const kind of EPOCH_KINDS) for (const { hash } of await metadata.epochs.list(kind)) recorded.add(hash);
  for (const hash of epochs.list()) {
    if (recorded.has(hash)) continue;
    const kind = kindUnlessDamaged(epochs, hash);
    // Of what kind it is may be known again when it is restored from a backup.
    if (kind === undefined) keep.add(hash);
    else await metadata.epochs.record(hash, kind, 0);
  }
}

function kindUnlessDamaged(epochs: EpochStore, hash: string): EpochKind | undefined {
  try {
    return epochs.kindOf(hash);
  } catch (error) {
    if (error instanceof ShelfwiseError && error.code === 'EPOCH_CORRUPT') return undefined;
    throw error;
  }
}

/** What is prepared for the search of an embedding is wanted while it serves, and can be made again. */
function removeGraphs({ paths }: Workspace, currentEmbedding: string): void {
  const file = nearestFile(paths, currentEmbedding);
  if (!existsSync(dirname(file))) return;
  for (const name of readdirSync(dirname(file))) {
    if (!name.startsWith(basename(file))) rmSync(join(dirname(file), name));
  }
}
