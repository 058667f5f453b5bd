/** Decisions: their records, and their replay. */
import type { FastifyInstance } from 'fastify';
import { DecisionParams, ListDecisionsAnswer, ListDecisionsQuery, ReplayBody } from './contract.ts';
import { answers, emptyWithoutBody, needs, type RouteContext, SMALL_BODY_BYTES } from './route.ts';
import { NO_QUERY } from './validation.ts';

export function registerDecisions(app: FastifyInstance, context: RouteContext): void {
  const { platform } = context;
  const tags = ['decisions'];

  app.get<{ Querystring: { limit?: number; before?: string } }>('/v1/decisions', {
    schema: {
      operationId: 'listDecisions',
      summary: 'The newest decisions.',
      tags,
      querystring: ListDecisionsQuery,
      response: answers(ListDecisionsAnswer, 'Ids, newest first.'),
    },
    onRequest: needs(context, 'explain'),
    handler: async (request) => ({
      decisions: await platform.recentDecisions(request.query.limit ?? 20, request.query.before),
    }),
  });

  app.get<{ Params: { id: string } }>('/v1/decisions/:id', {
    schema: {
      operationId: 'getDecision',
      summary: 'The record of a decision.',
      tags,
      params: DecisionParams,
      querystring: NO_QUERY,
      response: answers({ $ref: 'Decision' }, 'The record.'),
    },
    onRequest: needs(context, 'explain'),
    handler: async (request) => platform.decision(request.params.id),
  });

  app.post<{ Params: { id: string }; Body: { verify?: boolean } }>('/v1/decisions/:id/replay', {
    schema: {
      operationId: 'replayDecision',
      summary: 'Recomputes a decision from its record and the epochs alone.',
      tags,
      params: DecisionParams,
      querystring: NO_QUERY,
      body: ReplayBody,
      response: answers({ $ref: 'ReplayReport' }, 'Whether the recomputation is equal, and where it first differs.'),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest: needs(context, 'explain'),
    preValidation: emptyWithoutBody,
    handler: async (request) => platform.replay(request.params.id, { verify: request.body.verify ?? false }),
  });
}
