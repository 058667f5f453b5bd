/** Models as the platform's faces see them: trained, registered, promoted. */
import { ShelfwiseError } from '../../base/index.ts';
import type { Registry } from './registry.ts';
import type { ModelService } from './report.ts';
import type { Trainer } from './trainer.ts';

export function createModels(registry: Registry, trainer: Trainer): ModelService {
  const { modelFamilies, listModels, getModel, promoteModel, rollbackModel, exportModel } = registry;
  return {
    modelFamilies,
    listModels,
    getModel,
    promoteModel,
    rollbackModel,
    exportModel,
    async trainModel(request, { onProgress, signal } = {}) {
      const trained = await registry.register(await trainer.train(request, onProgress, signal));
      if (request.promote !== true) return { ...trained, promoted: false };
      await promoteModel(trained.hash);
      return { ...((await getModel(trained.hash)) ?? trained), promoted: true };
    },
    async importModel() {
      throw new ShelfwiseError('MODEL_INVALID', 'this version reads no ONNX files');
    },
  };
}
