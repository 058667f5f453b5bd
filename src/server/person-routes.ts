/** What a person may ask of whoever holds data on them: all of it in one archive, and that it be erased. */
import { Readable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { ShelfwiseError } from '../base/index.ts';
import { IdParams } from './contract.ts';
import { answers, answersWith, needs, type RouteContext } from './route.ts';
import { ARCHIVE_MEDIA_TYPE, ErasureParams, ListErasuresAnswer, ListErasuresQuery } from './trust-contract.ts';
import { NO_QUERY } from './validation.ts';

interface ById {
  Params: { id: string };
}

export function registerPersons(app: FastifyInstance, context: RouteContext): void {
  const { platform } = context;
  const tags = ['listeners'];
  const onRequest = needs(context, 'admin');
  const binary = { type: 'string', format: 'binary' };

  app.delete<ById>('/v1/listeners/:id', {
    schema: {
      operationId: 'eraseListener',
      summary: 'Erases a listener: key, mapping and state at once, logs and lake in the background.',
      tags,
      params: IdParams,
      querystring: NO_QUERY,
      response: answersWith(
        202,
        Type.Ref('BegunErasure'),
        'What was dropped at once; GET /v1/erasures/{id} tells of the rest.',
      ),
    },
    onRequest,
    handler: async (request, reply) => {
      const { id } = request.params;
      const begun = await platform.eraseListener(id, request.apiKey?.name ?? '');
      if (begun === undefined) throw new ShelfwiseError('LISTENER_NOT_FOUND', id);
      reply.code(202).header('location', `/v1/erasures/${begun.id}`).header('cache-control', 'no-store');
      return begun;
    },
  });

  app.get<ById>('/v1/listeners/:id/export', {
    // A HEAD request would make the whole archive for nothing.
    exposeHeadRoute: false,
    config: { audit: true },
    schema: {
      operationId: 'exportListener',
      summary: 'All that is held on a listener, in one archive.',
      tags,
      params: IdParams,
      querystring: NO_QUERY,
      response: {
        ...answers({ type: 'object' }, ''),
        200: {
          description: 'A ZIP archive; README.md in it says what is what.',
          content: { [ARCHIVE_MEDIA_TYPE]: { schema: binary } },
        },
      },
    },
    onRequest,
    handler: async (request, reply) => {
      const { id } = request.params;
      const archive = platform.exportListener(id);
      if (archive === undefined) throw new ShelfwiseError('LISTENER_NOT_FOUND', id);
      reply
        .header('content-type', ARCHIVE_MEDIA_TYPE)
        .header('content-disposition', `attachment; filename="listener.zip"`)
        .header('cache-control', 'no-store');
      return Readable.from(archive, { objectMode: false });
    },
  });

  app.get<ById>('/v1/erasures/:id', {
    schema: {
      operationId: 'getErasure',
      summary: 'How far an erasure is, and the proof of it.',
      tags,
      params: ErasureParams,
      querystring: NO_QUERY,
      response: answers({ $ref: 'Erasure' }, 'The erasure.'),
    },
    onRequest,
    handler: async (request) => {
      const erasure = await platform.erasure(request.params.id);
      if (erasure === undefined) throw new ShelfwiseError('ERASURE_NOT_FOUND', request.params.id);
      return erasure;
    },
  });

  app.get<{ Querystring: { limit?: number } }>('/v1/erasures', {
    schema: {
      operationId: 'listErasures',
      summary: 'Erasures: a chain of proofs, and what is under way.',
      tags,
      querystring: ListErasuresQuery,
      response: answers(ListErasuresAnswer, 'Newest first.'),
    },
    onRequest,
    handler: async (request) => ({ erasures: await platform.erasures(request.query.limit ?? 20) }),
  });
}
