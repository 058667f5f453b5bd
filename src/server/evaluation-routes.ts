/** Evaluation: what policies would have earned on logged decisions. */
import type { FastifyInstance } from 'fastify';
import { PROGRESS_MEDIA_TYPE } from './contract.ts';
import { ComparePoliciesBody, type ComparisonOptions } from './evaluation-contract.ts';
import { answerJob } from './jobs.ts';
import { answers, needs, type RouteContext, SMALL_BODY_BYTES } from './route.ts';
import { NO_QUERY } from './validation.ts';

export function registerEvaluation(app: FastifyInstance, context: RouteContext): void {
  app.post<{ Body: Partial<ComparisonOptions> }>('/v1/evaluation/compare', {
    schema: {
      operationId: 'comparePolicies',
      summary: 'Estimates what policies would have earned on logged decisions, without an experiment; changes nothing.',
      tags: ['models'],
      querystring: NO_QUERY,
      body: ComparePoliciesBody,
      response: answers(
        { $ref: 'ComparisonReport' },
        'Values, lifts and verdicts. As NDJSON: lines of progress, then the result or a problem. It ends when its caller goes.',
        [PROGRESS_MEDIA_TYPE],
      ),
    },
    // It only looks.
    config: { audit: false },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest: needs(context, 'admin'),
    handler: (request, reply) =>
      answerJob(request, reply, context, (onProgress, signal) =>
        context.platform.comparePolicies(request.body, { onProgress, signal }),
      ),
  });
}
