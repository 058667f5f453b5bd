/** Evaluation: what policies would have earned on logged decisions. */
import type { FastifyInstance } from 'fastify';
import { PROGRESS_MEDIA_TYPE } from './contract.ts';
import {
  ComparePoliciesBody,
  type ComparisonOptions,
  EvaluationLogBody,
  type EvaluationLogOptions,
} from './evaluation-contract.ts';
import { answerInParts, answerJob } from './jobs.ts';
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

  app.post<{ Body: Partial<EvaluationLogOptions> }>('/v1/evaluation/log', {
    schema: {
      operationId: 'exportEvaluationLog',
      summary:
        'Logged decisions with their propensities, rewards and other policies’ probabilities, for evaluation elsewhere.',
      tags: ['models'],
      querystring: NO_QUERY,
      body: EvaluationLogBody,
      response: {
        ...answers({ type: 'object' }, ''),
        200: {
          description:
            'NDJSON: lines of progress, `{"part": …}` for each line of the log, then the result (`EvaluationLogReport`) or a problem. It ends when its caller goes.',
          content: { [PROGRESS_MEDIA_TYPE]: { schema: { type: 'string' } } },
        },
      },
    },
    config: { audit: true },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest: needs(context, 'admin'),
    handler: (request, reply) =>
      answerInParts(request, reply, context, (onParts, onProgress, signal) =>
        context.platform.exportEvaluationLog(request.body, { onLines: onParts, onProgress, signal }),
      ),
  });
}
