/** What the page “Models” asks of the platform. */
import type {
  ConfigurationStatus,
  ModelDetail,
  ModelList,
  Promotion,
  TrainedModel,
  TrainRequest,
} from '../../../src/server/contract.ts';
import { call, callJob, download } from '../shell/api.ts';

export function fetchModels(signal: AbortSignal): Promise<ModelList> {
  return call<ModelList>('/v1/models', { signal });
}

export function fetchModel(hash: string, signal: AbortSignal): Promise<ModelDetail> {
  return call<ModelDetail>(`/v1/models/${encodeURIComponent(hash)}`, { signal });
}

export function fetchConfiguration(signal: AbortSignal): Promise<ConfigurationStatus> {
  return call<ConfigurationStatus>('/v1/configuration', { signal });
}

export function promoteModel(hash: string): Promise<Promotion> {
  return call<Promotion>(`/v1/models/${encodeURIComponent(hash)}/promote`, { method: 'POST' });
}

export function rollbackModel(): Promise<Promotion> {
  return call<Promotion>('/v1/models/rollback', { method: 'POST' });
}

/** The training ends with its caller: abort it, and nothing of it is left. */
export function trainModel(
  request: TrainRequest,
  onProgress: (stage: string, share: number) => void,
  signal: AbortSignal,
): Promise<TrainedModel> {
  return callJob<TrainedModel>('/v1/models/train', request, onProgress, signal);
}

export function downloadOnnx(hash: string): Promise<void> {
  return download(`/v1/models/${encodeURIComponent(hash)}/onnx`, `model-${hash.slice(0, 12)}.onnx`);
}
