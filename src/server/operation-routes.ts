/** What operators and their machines ask: health, readiness, metrics, the OpenAPI document; and the covers. */
import type { FastifyInstance } from 'fastify';
import { Type } from 'typebox';
import { ShelfwiseError } from '../base/index.ts';
import { HealthAnswer } from './contract.ts';
import { answers, needsBeyondLoopback, openToAll, type RouteContext } from './route.ts';
import { NO_QUERY } from './validation.ts';

const PROMETHEUS_MEDIA_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

const asText = (media: string, description: string) => ({
  ...answers({ type: 'string' }, description),
  200: { description, content: { [media]: { schema: { type: 'string' } } } },
});

export function registerOperations(app: FastifyInstance, context: RouteContext): void {
  const { platform, meter } = context;
  const tags = ['operations'];

  app.get('/healthz', {
    schema: {
      operationId: 'getHealth',
      summary: 'The process lives.',
      tags,
      response: answers(HealthAnswer, 'It does.'),
    },
    onRequest: openToAll,
    handler: async () => ({ status: 'ok' }),
  });

  app.get('/readyz', {
    schema: {
      operationId: 'getReadiness',
      summary: 'The platform serves: send it traffic.',
      tags,
      response: answers(HealthAnswer, 'It does.'),
    },
    onRequest: openToAll,
    handler: async () => {
      if (!platform.status().ready) throw new ShelfwiseError('NOT_READY');
      return { status: 'ready' };
    },
  });

  app.get('/metrics', {
    schema: {
      operationId: 'getMetrics',
      summary: 'Prometheus metrics. Open to this machine; beyond it a key with the scope `explain` is needed.',
      tags,
      querystring: NO_QUERY,
      response: asText('text/plain', 'Metrics.'),
    },
    onRequest: needsBeyondLoopback(context, 'explain'),
    handler: async (_request, reply) => {
      reply.header('content-type', PROMETHEUS_MEDIA_TYPE);
      return `${(await platform.metrics()).trimEnd()}\n${meter.text()}`;
    },
  });

  app.get('/openapi.json', {
    schema: {
      operationId: 'getOpenApi',
      summary: 'This document. Open to this machine; beyond it any key with the scope `serve` is needed.',
      tags,
      querystring: NO_QUERY,
      response: answers({ type: 'object' }, 'OpenAPI 3.1.'),
    },
    onRequest: needsBeyondLoopback(context, 'serve'),
    handler: async () => app.swagger(),
  });

  // Pictures need no key: <img> cannot send one, and a generated cover tells nothing but an id that the asker knows.
  app.get<{ Params: { file: string } }>('/covers/:file', {
    schema: {
      operationId: 'getCover',
      summary: 'A generated cover.',
      tags,
      params: Type.Object({ file: Type.String({ maxLength: 204, pattern: '\\.svg$' }) }),
      response: asText('image/svg+xml', 'The picture.'),
    },
    onRequest: openToAll,
    handler: async (request, reply) => {
      const id = request.params.file.slice(0, -'.svg'.length);
      const svg = context.covers(id);
      if (svg === undefined) throw new ShelfwiseError('ITEM_NOT_FOUND', `${id} has no generated cover`);
      reply
        .header('content-type', 'image/svg+xml; charset=utf-8')
        .header('cache-control', 'public, max-age=3600')
        .header('content-security-policy', "default-src 'none'; style-src 'unsafe-inline'")
        .header('x-content-type-options', 'nosniff');
      return svg;
    },
  });
}
