/** Models as the platform's faces see them: trained, registered, promoted. */
import type { EncoderShape } from '../../features/index.ts';
import { openOnnxModel, parseBinding } from '../../models/index.ts';
import { NO_CARD, type Registry } from './registry.ts';
import type { ModelService, TrainingOptions } from './report.ts';
import type { Trainer } from './trainer.ts';

/** Of a file that was exported here: the whole encoder in, one probability out. */
const OWN_BINDING = {
  inputs: { dense: { dense: 'all' }, sparse: { slots: 'all' } },
  output: { name: 'score', as: 'probability' },
};

export function createModels(
  registry: Registry,
  trainer: Trainer,
  /** What a training takes where its caller says nothing. */
  defaults: () => Partial<TrainingOptions>,
  encoder: EncoderShape,
): ModelService {
  const { modelFamilies, listModels, getModel, rollbackTarget, promoteModel, rollbackModel, exportModel } = registry;
  return {
    modelFamilies,
    listModels,
    getModel,
    rollbackTarget,
    promoteModel,
    rollbackModel,
    exportModel,
    async trainModel(request, { onProgress, signal } = {}) {
      const trained = await registry.register(await trainer.train({ ...defaults(), ...request }, onProgress, signal));
      if (request.promote !== true) return { ...trained, promoted: false };
      await promoteModel(trained.hash);
      return { ...((await getModel(trained.hash)) ?? trained), promoted: true };
    },
    async importModel({ onnx, binding = OWN_BINDING }) {
      const model = openOnnxModel(onnx, { encoder, ...parseBinding(binding) });
      return registry.register({
        model: model.toEpoch(),
        learner: undefined,
        card: { ...NO_CARD, origin: 'imported', encoder: encoder.hash, exportable: model.toOnnx !== undefined },
      });
    },
  };
}
