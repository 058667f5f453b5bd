/** Examination: how likely places of a page are looked at. */
import type { FastifyInstance } from 'fastify';
import { PROGRESS_MEDIA_TYPE } from './contract.ts';
import { EstimateExaminationBody, type ExaminationOptions } from './examination-contract.ts';
import { answerJob } from './jobs.ts';
import { answers, needs, type RouteContext, SMALL_BODY_BYTES } from './route.ts';
import { NO_QUERY } from './validation.ts';

export function registerExamination(app: FastifyInstance, context: RouteContext): void {
  app.post<{ Body: Partial<ExaminationOptions> }>('/v1/examination/estimate', {
    schema: {
      operationId: 'estimateExamination',
      summary: 'Estimates from logged decisions how likely places of a page are looked at; changes nothing.',
      tags: ['models'],
      querystring: NO_QUERY,
      body: EstimateExaminationBody,
      response: answers(
        { $ref: 'ExaminationReport' },
        'Curves by surface. As NDJSON: lines of progress, then the result or a problem. It ends when its caller goes.',
        [PROGRESS_MEDIA_TYPE],
      ),
    },
    // It only looks.
    config: { audit: false },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest: needs(context, 'admin'),
    handler: (request, reply) =>
      answerJob(request, reply, context, (onProgress, signal) =>
        context.platform.estimateExamination(request.body, { onProgress, signal }),
      ),
  });
}
