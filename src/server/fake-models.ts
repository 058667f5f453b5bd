/** Models for the fake platform: a registry of what was asked for, measured by nobody. */
import { type Clock, contentHash, ShelfwiseError } from '../base/index.ts';
import type {
  ConfigurationService,
  ExaminationService,
  ModelDetail,
  ModelService,
  ModelSpec,
  Promotion,
  TrainRequest,
} from '../platform/index.ts';

export function createFakeModels(clock: Clock): ModelService & ConfigurationService & ExaminationService {
  const models = new Map<string, ModelDetail>();
  const served: string[] = [];
  const register = (spec: ModelSpec, origin: 'trained' | 'imported'): ModelDetail => {
    const hash = contentHash(JSON.stringify([spec, models.size]));
    const model: ModelDetail = {
      hash,
      family: spec.family,
      createdAtMs: clock.nowMs(),
      origin,
      serves: false,
      servedAtMs: null,
      learnsOnline: false,
      parent: '',
      usable: true,
      lineage: null,
      quality: null,
      slices: [],
      reliability: [],
      servingReliability: [],
      importance: [],
      exportable: true,
    };
    models.set(hash, model);
    return model;
  };
  const now = (hash: string): ModelDetail => {
    const found = models.get(hash);
    if (found === undefined) throw new ShelfwiseError('MODEL_NOT_FOUND', hash);
    const serves = served.at(-1) === hash;
    return { ...found, serves, servedAtMs: serves ? clock.nowMs() : null };
  };
  const promotion = (hash: string, before: string): Promotion => ({
    hash,
    family: now(hash).family,
    before,
    learnsOnline: false,
  });
  const promoteModel = async (hash: string): Promise<Promotion> => {
    const { hash: known } = now(hash);
    const before = served.at(-1) ?? '';
    served.push(known);
    return promotion(known, before);
  };
  return {
    modelFamilies: () => ['logistic'],
    listModels: async () => [...models.keys()].reverse().map(now),
    rollbackTarget: async () => served.at(-2) ?? '',
    getModel: async (hash) => (models.has(hash) ? now(hash) : undefined),
    async trainModel(request: TrainRequest, { onProgress } = {}) {
      onProgress?.('examples', 0.5);
      const { hash } = register(request, 'trained');
      if (request.promote === true) await promoteModel(hash);
      return { ...now(hash), promoted: request.promote === true };
    },
    promoteModel,
    async rollbackModel() {
      const before = served.pop() ?? '';
      const again = served.at(-1);
      if (again === undefined) throw new ShelfwiseError('MODEL_NOT_FOUND', 'nothing served before');
      return promotion(again, before);
    },
    exportModel: async (hash) => Buffer.from(now(hash).hash),
    importModel: async () => register({ family: 'onnx' }, 'imported'),
    async estimateExamination({ method = 'position-based', examples = '90d' }, { onProgress } = {}) {
      onProgress?.('estimate', 1);
      const rank = (at: number, theta: number) => ({
        rank: at,
        views: 1000,
        clicks: 500 * theta,
        naive: theta,
        examination: theta,
      });
      const card = { ranks: [rank(0, 1), rank(1, 0.5)], overlap: 1, trusted: true, doubts: [] };
      return {
        method,
        examples,
        fromMs: 0,
        toMs: clock.nowMs(),
        pages: 1000,
        listeners: 10,
        leftOut: { degraded: 0, marked: 0, otherEncoder: 0, unreadable: 0, unseen: 0, sampled: 0 },
        surfaces: [{ surface: 'phone', pages: 1000, card, shelf: null }],
        trusted: true,
        configuration: { phone: { examination: [1, 0.5] } },
        seconds: 0,
      };
    },
    configurationStatus: () => ({
      file: '',
      hash: '',
      state: 'none',
      changedAtMs: 0,
      problems: [],
      waiting: [],
      model: null,
    }),
  };
}
