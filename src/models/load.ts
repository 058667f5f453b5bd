/** The families there are, and the model that an epoch holds. */
import { ShelfwiseError } from '../base/index.ts';
import type { Epoch } from '../domain/index.ts';
import type { EncoderShape } from '../features/index.ts';
import type { Learner, RewardModel, RewardModelFamily } from './contract.ts';
import { logisticModel } from './logistic/logistic.ts';

const FAMILIES: readonly Pick<RewardModelFamily<never, Learner>, 'family' | 'fromEpoch'>[] = [logisticModel];

/** Throws `EPOCH_CORRUPT` for a family that is not here, `MODEL_ENCODER_MISMATCH` for another encoder's model. */
export function loadModel(epoch: Epoch, encoder: EncoderShape): RewardModel {
  const family = FAMILIES.find((candidate) => candidate.family === epoch.meta.family);
  if (family === undefined) {
    throw new ShelfwiseError(
      'EPOCH_CORRUPT',
      `the epoch ${epoch.hash} holds a model of family ${String(epoch.meta.family)}`,
    );
  }
  return family.fromEpoch(epoch, encoder);
}
