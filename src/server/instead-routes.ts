/** What another policy would have shown instead, decision by decision; and which policies can be asked about. */
import type { FastifyInstance } from 'fastify';
import { DecisionParams } from './contract.ts';
import { InsteadBody, type InsteadOptions } from './instead-contract.ts';
import { answers, needs, type RouteContext, SMALL_BODY_BYTES } from './route.ts';
import { NO_QUERY } from './validation.ts';

export function registerInstead(app: FastifyInstance, context: RouteContext): void {
  const { platform } = context;

  app.get('/v1/evaluation/policies', {
    schema: {
      operationId: 'listPolicies',
      summary: 'The policies that can be asked about, with their options as they would be now.',
      tags: ['models'],
      querystring: NO_QUERY,
      response: answers({ $ref: 'EvaluablePolicies' }, 'All of them, in their order.'),
    },
    onRequest: needs(context, 'explain'),
    handler: async () => ({ policies: platform.evaluablePolicies() }),
  });

  app.post<{ Params: { id: string }; Body: Partial<InsteadOptions> }>('/v1/decisions/:id/instead', {
    schema: {
      operationId: 'decideInstead',
      summary: 'What another policy would have shown instead, of the same candidates; changes nothing.',
      tags: ['decisions'],
      params: DecisionParams,
      querystring: NO_QUERY,
      body: InsteadBody,
      response: answers({ $ref: 'InsteadReport' }, 'Both pages, each choice with its probability under both policies.'),
    },
    // It only looks.
    config: { audit: false },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest: needs(context, 'explain'),
    handler: async (request) => platform.instead(request.params.id, request.body),
  });
}
