/** Models: the registry, training, and what the configuration file asks for. */
import type { FastifyInstance } from 'fastify';
import { ShelfwiseError } from '../base/index.ts';
import type { TrainRequest } from '../platform/index.ts';
import { PROGRESS_MEDIA_TYPE } from './contract.ts';
import { answerJob } from './jobs.ts';
import { ImportModelBody, ListModelsAnswer, ModelParams, TrainModelBody } from './model-contract.ts';
import { answers, needs, type RouteContext, SMALL_BODY_BYTES } from './route.ts';
import { NO_QUERY } from './validation.ts';

interface ByHash {
  Params: { hash: string };
}

const ONNX_MEDIA_TYPE = 'application/octet-stream';

export function registerModels(app: FastifyInstance, context: RouteContext): void {
  const { platform } = context;
  const tags = ['models'];
  const looks = needs(context, 'explain');
  const changes = needs(context, 'admin');

  app.get('/v1/models', {
    schema: {
      operationId: 'listModels',
      summary: 'Models that are registered, and the one that serves.',
      tags,
      querystring: NO_QUERY,
      response: answers(ListModelsAnswer, 'Newest first.'),
    },
    onRequest: looks,
    handler: async () => ({
      models: await platform.listModels(),
      families: platform.modelFamilies(),
      rollback: await platform.rollbackTarget(),
    }),
  });

  app.get<ByHash>('/v1/models/:hash', {
    schema: {
      operationId: 'getModel',
      summary: 'A model: what it was made of, how good it is by slice, its reliability, what it goes by.',
      tags,
      params: ModelParams,
      querystring: NO_QUERY,
      response: answers({ $ref: 'ModelDetail' }, 'The model.'),
    },
    onRequest: looks,
    handler: async (request) => {
      const { hash } = request.params;
      const found = await platform.getModel(hash);
      if (found === undefined) throw new ShelfwiseError('MODEL_NOT_FOUND', hash);
      return found;
    },
  });

  app.get<ByHash>('/v1/models/:hash/onnx', {
    schema: {
      operationId: 'exportModel',
      summary: 'A model as an ONNX file.',
      tags,
      params: ModelParams,
      querystring: NO_QUERY,
      response: {
        ...answers({ type: 'string' }, 'The file.'),
        200: { description: 'The file.', content: { [ONNX_MEDIA_TYPE]: { schema: { type: 'string' } } } },
      },
    },
    onRequest: looks,
    handler: async (request, reply) => {
      const { hash } = request.params;
      const file = await platform.exportModel(hash);
      reply
        .header('content-type', ONNX_MEDIA_TYPE)
        .header('content-disposition', `attachment; filename="model-${hash.slice(0, 12)}.onnx"`);
      return Buffer.from(file.buffer, file.byteOffset, file.byteLength);
    },
  });

  app.post<{ Body: TrainRequest }>('/v1/models/train', {
    schema: {
      operationId: 'trainModel',
      summary: 'Trains a model from logged decisions, beside serving, and registers it; serves it if asked to.',
      tags,
      querystring: NO_QUERY,
      body: TrainModelBody,
      response: answers(
        { $ref: 'TrainedModel' },
        'Registered. As NDJSON: lines of progress, then the result or a problem. The training ends when its caller goes.',
        [PROGRESS_MEDIA_TYPE],
      ),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest: changes,
    handler: (request, reply) =>
      answerJob(request, reply, context, (onProgress, signal) =>
        platform.trainModel(request.body, { onProgress, signal }),
      ),
  });

  app.post<ByHash>('/v1/models/:hash/promote', {
    schema: {
      operationId: 'promoteModel',
      summary: 'Serves a registered model, from the next Home on.',
      tags,
      params: ModelParams,
      querystring: NO_QUERY,
      response: answers({ $ref: 'ModelPromotion' }, 'It serves.'),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest: changes,
    handler: async (request) => platform.promoteModel(request.params.hash),
  });

  app.post('/v1/models/rollback', {
    schema: {
      operationId: 'rollbackModel',
      summary: 'Serves again what served before the last promotion.',
      tags,
      querystring: NO_QUERY,
      response: answers({ $ref: 'ModelPromotion' }, 'It serves again.'),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest: changes,
    handler: async () => platform.rollbackModel(),
  });

  app.post<{ Body: { onnx: string; binding?: object } }>('/v1/models/import', {
    schema: {
      operationId: 'importModel',
      summary: 'Registers a model that was trained elsewhere, from its ONNX file.',
      tags,
      querystring: NO_QUERY,
      body: ImportModelBody,
      response: answers({ $ref: 'ModelDetail' }, 'Registered; promote it to serve it.'),
    },
    onRequest: changes,
    handler: async (request) =>
      platform.importModel({ onnx: Buffer.from(request.body.onnx, 'base64'), binding: request.body.binding }),
  });

  app.get('/v1/configuration', {
    schema: {
      operationId: 'getConfiguration',
      summary: 'The configuration file: which is in force, what is wrong with it, and the model that it asks for.',
      tags,
      querystring: NO_QUERY,
      response: answers({ $ref: 'ConfigurationStatus' }, 'The status.'),
    },
    onRequest: looks,
    handler: async () => platform.configurationStatus(),
  });
}
