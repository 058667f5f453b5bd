/**
 * Promotion as a job of the workshop: the online learner changes over to the model that is to serve, or to none where that
 * does not learn online. What it leaves is stored, so that a rollback goes on from there.
 */
import { ShelfwiseError } from '../../base/index.ts';
import type { EpochContent } from '../../domain/index.ts';
import type { EpochStore, OnlineStore } from '../../store/index.ts';
import { learnerPlace, readLearner, writeLearner } from '../checkpoint.ts';
import type { Epochs } from '../epochs.ts';
import type { Job, JobResults } from '../workshop.ts';
import type { Workspace } from '../workspace.ts';

/** What a learner goes on from. */
export interface LearnerStand {
  /** The epoch of its state; '' where the model does not learn online. */
  readonly learnerHash: string;
  /** The registered model behind it; '' where there is none. */
  readonly parent: string;
  readonly learnt: number;
}

export async function promoteJob(
  workspace: Workspace,
  { hash, stand }: Extract<Job, { kind: 'promote' }>,
): Promise<JobResults['promote']> {
  const checkpoint = readLearner(workspace);
  if (checkpoint === undefined) {
    throw new ShelfwiseError(
      'NOT_READY',
      'there are no counters and vectors yet that a model could read; run a fit first',
    );
  }
  const { encoder, epochs } = workspace;
  const epoch = epochs.get(hash);
  if (epoch.meta.encoder !== encoder.hash) {
    throw new ShelfwiseError(
      'MODEL_ENCODER_MISMATCH',
      `${hash} is of ${String(epoch.meta.encoder)}, this is ${encoder.hash}`,
    );
  }
  const state: EpochContent | null = stand.learnerHash === '' ? null : contentOf(epochs.get(stand.learnerHash));
  const left: LearnerStand = {
    learnerHash: checkpoint.model === null ? '' : epochs.put(checkpoint.model),
    parent: checkpoint.parent,
    learnt: checkpoint.learnt,
  };
  await writeLearner(workspace, {
    ...checkpoint,
    model: state,
    parent: stand.parent,
    learnt: stand.learnt,
    promoted: hash,
    progress: undefined,
  });
  return { epochs: [epoch], left };
}

function contentOf({ kind, meta, arrays }: EpochContent): EpochContent {
  return { kind, meta, arrays };
}

/** Publishes what was promoted when the process died between the learner's change and the model's: the two go together. */
export async function finishPromotion(
  store: OnlineStore,
  epochStore: EpochStore,
  epochs: Pick<Epochs, 'current' | 'publish'>,
): Promise<void> {
  const hash = learnerPlace(store)?.promoted ?? '';
  if (hash === '' || epochs.current().model === hash || !epochStore.has(hash)) return;
  await epochs.publish([epochStore.get(hash)]);
}
