/**
 * The registry of models: what was trained or brought in, which of it serves, and the way there and back. A model is an
 * epoch; its card (lineage and figures) stands in the metadata.
 */
import { type Clock, ShelfwiseError } from '../../base/index.ts';
import type { EncoderShape } from '../../features/index.ts';
import { policyUnder } from '../../home/index.ts';
import { FAMILY_IDS, loadModel, type RewardModel } from '../../models/index.ts';
import { requireEvidence } from '../../policy/index.ts';
import type { EpochStore, Metadata, OnlineStore, RegisteredModel } from '../../store/index.ts';
import { learnerCard, learnerPlace } from '../checkpoint.ts';
import type { ChangeTunables, Epochs } from '../epochs.ts';
import type { Workshop } from '../workshop.ts';
import { type PastPromotion, pastPromotions, writePromotions } from './history.ts';
import { TRAINING_DEFAULTS } from './options.ts';
import type { LearnerStand } from './promote.ts';
import type { ModelDetail, ModelService, ModelSummary, Promotion } from './report.ts';
import type { NewModel } from './train-job.ts';

/** What is told of a model and does not change. */
export type ModelCard = Pick<
  ModelDetail,
  'origin' | 'lineage' | 'quality' | 'slices' | 'reliability' | 'servingReliability' | 'importance' | 'exportable'
> & { readonly encoder: string };

/** What is told of a model that nobody measured. */
export const NO_CARD: Omit<ModelCard, 'origin'> = {
  encoder: '',
  lineage: null,
  quality: null,
  slices: [],
  reliability: [],
  servingReliability: [],
  importance: [],
  exportable: false,
};

export interface Registry
  extends Pick<
    ModelService,
    'modelFamilies' | 'listModels' | 'getModel' | 'rollbackTarget' | 'promoteModel' | 'rollbackModel' | 'exportModel'
  > {
  /** As `promoteModel`; the tunables change with it, in one swap, as `change` says for the model. What that throws, rejects. */
  promoteWith(hash: string, change: (model: RewardModel) => ChangeTunables): Promise<Promotion>;
  /** Stores a model's epochs and registers it: all of it or nothing. */
  register(model: NewModel): Promise<ModelDetail>;
}

export function createRegistry(dependencies: {
  readonly metadata: Pick<Metadata, 'models' | 'settings'>;
  readonly store: OnlineStore;
  readonly epochStore: EpochStore;
  readonly epochs: Pick<Epochs, 'serving' | 'publish' | 'current' | 'publishedAtMs'>;
  readonly workshop: Pick<Workshop, 'turn'>;
  readonly encoder: EncoderShape;
  readonly clock: Clock;
}): Registry {
  const { metadata, store, epochStore, epochs, workshop, encoder, clock } = dependencies;
  const servingHash = (): string => epochs.serving().model?.hash ?? '';

  /** Since when it serves, or when it last began to. */
  const servedAtMs = (hash: string, promotions: readonly PastPromotion[]): number | null => {
    if (hash === servingHash()) return epochs.publishedAtMs('model') ?? null;
    return promotions.findLast((past) => past.hash === hash)?.atMs ?? null;
  };
  const detailOf = (
    { hash, family, createdAtMs, learnerHash, card }: RegisteredModel,
    promotions: readonly PastPromotion[],
  ): ModelDetail => {
    const { encoder: of, lineage, ...told } = { ...NO_CARD, ...(JSON.parse(card) as ModelCard) };
    return {
      hash,
      family,
      createdAtMs,
      serves: hash === servingHash(),
      servedAtMs: servedAtMs(hash, promotions),
      learnsOnline: learnerHash !== '',
      parent: '',
      usable: of === encoder.hash,
      ...told,
      // One that was trained before places were looked at took choices at their word.
      lineage:
        lineage === null
          ? null
          : {
              ...lineage,
              training: { ...TRAINING_DEFAULTS, ...lineage.training },
              examination: lineage.examination ?? null,
            },
    };
  };
  /** The model that serves, where it is not registered: from the listening history, or learnt online. */
  const unregistered = (hash: string): ModelDetail | undefined => {
    const model = epochs.serving().model;
    if (model === undefined || model.hash !== hash) return undefined;
    const place = learnerPlace(store);
    const since = epochs.publishedAtMs('model') ?? 0;
    const { encoder: _, ...told } = NO_CARD;
    return {
      ...told,
      ...learnerCard(store),
      hash,
      family: model.family,
      createdAtMs: since,
      origin: (place?.learnt ?? 0) > 0 || (place?.parent ?? '') !== '' ? 'online' : 'history',
      serves: true,
      servedAtMs: since,
      learnsOnline: place?.learnsOnline ?? false,
      parent: place?.parent ?? '',
      usable: true,
      exportable: model.toOnnx !== undefined,
    };
  };
  const getModel = async (hash: string): Promise<ModelDetail | undefined> => {
    const registered = await metadata.models.get(hash);
    if (registered === undefined) return unregistered(hash);
    return detailOf(registered, await pastPromotions(metadata.settings));
  };

  /** Changes over to a model and its learner, and publishes it: one turn, so that no learning comes in between. */
  const serve = (
    hash: string,
    stand: LearnerStand,
    note: (before: string, left: LearnerStand) => Promise<void>,
    change?: (model: RewardModel) => ChangeTunables,
  ): Promise<Promotion> =>
    workshop.turn(async (run) => {
      const model = loadModel(epochStore.get(hash), encoder);
      const { tunables } = epochs.serving();
      // Who changes the policy with it has looked whether the two fit.
      if (change === undefined) requireEvidence(policyUnder(tunables.policy, tunables), model);
      const changed = change?.(model);
      const before = servingHash();
      const { epochs: promoted, left } = await run({ kind: 'promote', hash, stand });
      await note(before, left);
      await epochs.publish(promoted, changed);
      return { hash, family: String(promoted[0].meta.family), before, learnsOnline: stand.learnerHash !== '' };
    });

  const promote = async (hash: string, change?: (model: RewardModel) => ChangeTunables): Promise<Promotion> => {
    const model = await metadata.models.get(hash);
    if (model === undefined) throw new ShelfwiseError('MODEL_NOT_FOUND', hash);
    const note = async (before: string, left: LearnerStand): Promise<void> => {
      const past = await pastPromotions(metadata.settings);
      await writePromotions(metadata.settings, [...past, { atMs: clock.nowMs(), hash, before, stand: left }]);
    };
    return serve(hash, { learnerHash: model.learnerHash, parent: hash, learnt: 0 }, note, change);
  };

  return {
    modelFamilies: () => FAMILY_IDS,
    async listModels() {
      const promotions = await pastPromotions(metadata.settings);
      const registered = await metadata.models.list();
      const serving = servingHash();
      const own = registered.some(({ hash }) => hash === serving) ? undefined : unregistered(serving);
      return [...(own === undefined ? [] : [own]), ...registered.map((model) => detailOf(model, promotions))].map(
        summaryOf,
      );
    },
    getModel,
    promoteModel: (hash) => promote(hash),
    promoteWith: promote,
    rollbackTarget: async () => (await pastPromotions(metadata.settings)).at(-1)?.before ?? '',
    async rollbackModel() {
      const past = await pastPromotions(metadata.settings);
      const last = past.at(-1);
      if (last === undefined || last.before === '')
        throw new ShelfwiseError('MODEL_NOT_FOUND', 'nothing served before that could serve again');
      return serve(last.before, last.stand, () => writePromotions(metadata.settings, past.slice(0, -1)));
    },
    async exportModel(hash) {
      if ((await getModel(hash)) === undefined) throw new ShelfwiseError('MODEL_NOT_FOUND', hash);
      const model = loadModel(epochStore.get(hash), encoder);
      const file = model.toOnnx?.();
      if (file === undefined) throw new ShelfwiseError('MODEL_NOT_EXPORTABLE', `${model.family}, as ONNX`);
      return file;
    },
    async register({ model, learner, card }) {
      const registered = await workshop.turn(async () => {
        // Nothing collects epochs meanwhile. Until the registry names them, a crash leaves what the next collection takes.
        const hash = epochStore.put(model);
        const learnerHash = learner === undefined ? '' : epochStore.put(learner);
        const entry: RegisteredModel = {
          hash,
          family: String(model.meta.family),
          createdAtMs: clock.nowMs(),
          learnerHash,
          card: JSON.stringify(card),
        };
        await metadata.models.register(entry);
        return entry;
      });
      return detailOf(registered, await pastPromotions(metadata.settings));
    },
  };
}

function summaryOf(detail: ModelDetail): ModelSummary {
  const { slices: _s, reliability: _r, servingReliability: _v, importance: _i, exportable: _e, ...summary } = detail;
  return summary;
}
