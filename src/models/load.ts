/** The families there are, by name; and the model or learner that an epoch holds. */
import { ShelfwiseError } from '../base/index.ts';
import type { Epoch, EpochContent } from '../domain/index.ts';
import type { EncoderShape } from '../features/index.ts';
import { calibratedModels } from './calibration/calibrated.ts';
import type { Learner, OnlineLearner, RewardModel, RewardModelFamily } from './contract.ts';
import { ensembleModels } from './ensemble/ensemble.ts';
import { ENSEMBLE_STATE_FAMILY, restoreEnsemble } from './ensemble/learner.ts';
import type { LoadModel } from './ensemble/nested.ts';
import { FM_STATE_FAMILY, fmModel } from './fm/fm.ts';
import { LINEAR_STATE_FAMILY, linearModel } from './linear/linear.ts';
import { logisticModel } from './logistic/logistic.ts';
import { NETWORK_STATE_FAMILY } from './network/learner-state.ts';
import { networkModel } from './network/network.ts';
import { onnxModels } from './onnx/index.ts';
import { treesModel } from './trees/trees.ts';

/** Options are checked by the family itself, key by key. */
type Family = RewardModelFamily<never, Learner>;
interface Loads {
  readonly family: string;
  /** What wraps models has those within loaded by `load`. */
  fromEpoch(epoch: Epoch, encoder: EncoderShape, load: LoadModel): RewardModel;
}

/** That a model can be made of by naming one and its options. */
const TRAINED: readonly Family[] = [logisticModel, linearModel, fmModel, networkModel, treesModel];
/** All that an epoch may hold: also what wraps models, or was trained elsewhere. */
const FAMILIES: readonly Loads[] = [...TRAINED, calibratedModels, ensembleModels, onnxModels];
/** That go on learning from single rows, by the family that stands in their learners' states. */
const ONLINE: Readonly<Record<string, { restore(state: EpochContent, encoder: EncoderShape): OnlineLearner }>> = {
  'logistic-learner': logisticModel,
  [LINEAR_STATE_FAMILY]: linearModel,
  [FM_STATE_FAMILY]: fmModel,
  [NETWORK_STATE_FAMILY]: networkModel,
  [ENSEMBLE_STATE_FAMILY]: { restore: (state, encoder) => restoreEnsemble(state, encoder, restoreLearner) },
};

/** Names of the families that can be trained, in the order in which they are told. */
export const FAMILY_IDS: readonly string[] = TRAINED.map(({ family }) => family);

/** Options that a family takes with a fit; all others are the model's own. */
const FIT_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  logistic: ['learning', 'epochs'],
  fm: ['epochs'],
  trees: ['threads'],
};

/** Options as one reads them in a configuration, parted into the model's own and those of its fit. */
export function partOptions(
  family: string,
  options: Readonly<Record<string, unknown>>,
): { readonly model: Readonly<Record<string, unknown>>; readonly fit: Readonly<Record<string, unknown>> } {
  const ofFit = ([name]: [string, unknown]): boolean => FIT_OPTIONS[family]?.includes(name) ?? false;
  const entries = Object.entries(options);
  return {
    model: Object.fromEntries(entries.filter((entry) => !ofFit(entry))),
    fit: Object.fromEntries(entries.filter(ofFit)),
  };
}

/** A model that has learnt nothing. Throws `OPTION_INVALID` for a family or an option that there is not. */
export function freshModel(
  family: string,
  encoder: EncoderShape,
  options: Readonly<Record<string, unknown>> = {},
): Learner {
  const known = TRAINED.find((candidate) => candidate.family === family);
  if (known === undefined) {
    throw new ShelfwiseError('OPTION_INVALID', `there is no family "${family}"; there are ${FAMILY_IDS.join(', ')}`);
  }
  return known.fresh(encoder, options as never);
}

/** Throws `EPOCH_CORRUPT` for a family that is not here, `MODEL_ENCODER_MISMATCH` for another encoder's model. */
export function loadModel(epoch: Epoch, encoder: EncoderShape): RewardModel {
  const family = FAMILIES.find((candidate) => candidate.family === epoch.meta.family);
  if (family === undefined) {
    throw new ShelfwiseError(
      'EPOCH_CORRUPT',
      `the epoch ${epoch.hash} holds a model of family ${String(epoch.meta.family)}`,
    );
  }
  return Object.assign(family.fromEpoch(epoch, encoder, loadModel), { learned: learnedOf(epoch) });
}

/** The same content, saying how many examples it was learnt from; of 0, which is not known, it says nothing. */
export function withLearned(content: EpochContent, learned: number): EpochContent {
  return learned === 0 ? content : { ...content, meta: { ...content.meta, learned } };
}

/** How many examples a model's epoch, or a learner's state, was learnt from; 0: it does not say. */
export function learnedOf({ meta: { learned } }: EpochContent): number {
  return typeof learned === 'number' ? learned : 0;
}

/** Does it go on learning from single rows? */
export function isOnline(model: RewardModel): model is OnlineLearner {
  return 'update' in model && 'learnerState' in model;
}

/**
 * A learner as `learnerState` left it. Throws `EPOCH_CORRUPT` for a state of no family that is here,
 * `MODEL_ENCODER_MISMATCH` for another encoder's.
 */
export function restoreLearner(state: EpochContent, encoder: EncoderShape): OnlineLearner {
  const family = String(state.meta.family);
  if (!Object.hasOwn(ONLINE, family)) {
    throw new ShelfwiseError('EPOCH_CORRUPT', `the state of a learner is of family ${family}`);
  }
  return ONLINE[family].restore(state, encoder);
}
