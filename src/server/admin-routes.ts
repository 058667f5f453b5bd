/** Administration: the platform's long jobs, and its status. */
import type { FastifyInstance } from 'fastify';
import { SECOND_MS } from '../base/index.ts';
import { CompactAnswer, FitAnswer, HoldoutAnswer, HoldoutBody, PROGRESS_MEDIA_TYPE } from './contract.ts';
import { answerJob, type OnProgress } from './jobs.ts';
import { answers, needs, type RouteContext, SMALL_BODY_BYTES } from './route.ts';
import { NO_QUERY } from './validation.ts';

export function registerAdmin(app: FastifyInstance, context: RouteContext): void {
  const { platform, clock } = context;
  const tags = ['admin'];
  const onRequest = needs(context, 'admin');

  const job = (
    name: string,
    operationId: string,
    summary: string,
    answer: Parameters<typeof answers>[0],
    work: (onProgress: OnProgress) => Promise<unknown>,
    /** False for what changes nothing: looking must be possible when nothing can be written. */
    audit = true,
  ) =>
    app.post(`/v1/admin/${name}`, {
      config: { audit },
      schema: {
        operationId,
        summary,
        tags,
        querystring: NO_QUERY,
        response: answers(answer, 'Done. As NDJSON: lines of progress, then the result or a problem.', [
          PROGRESS_MEDIA_TYPE,
        ]),
      },
      bodyLimit: SMALL_BODY_BYTES,
      onRequest,
      handler: (request, reply) => answerJob(request, reply, context, work),
    });

  job(
    'fit',
    'fit',
    'Fits embeddings, counters and the reward model on what is there; done when they serve.',
    FitAnswer,
    async (onProgress) => {
      const startMs = clock.monotonicMs();
      await platform.fit({ onProgress });
      return { fitted: true, seconds: (clock.monotonicMs() - startMs) / SECOND_MS };
    },
  );
  job(
    'rebuild-state',
    'rebuildState',
    'Folds the whole log into new listener states, compares them with those that serve, and swaps.',
    { $ref: 'RebuildReport' },
    (onProgress) => platform.rebuildState({ onProgress: (share) => onProgress('fold', share) }),
  );
  job(
    'evaluate-retrieval',
    'evaluateRetrieval',
    'Recall and NDCG of the recommended items on the hidden pairs, beside popularity.',
    { $ref: 'RetrievalReport' },
    (onProgress) => platform.evaluateRetrieval({ onProgress }),
  );
  job(
    'doctor',
    'doctor',
    'Checks the data directory.',
    { $ref: 'DoctorReport' },
    (onProgress) => platform.doctor({ onProgress }),
    false,
  );
  job('compact', 'compact', 'Moves sealed log segments to the lake.', CompactAnswer, async () => ({
    segments: await platform.compact(),
  }));

  app.post<{ Body: { pairs: readonly { listenerId: string; itemId: string }[] } }>('/v1/admin/holdout', {
    schema: {
      operationId: 'putHoldout',
      summary: 'Hides pairs from everything but the evaluation of retrieval.',
      tags,
      querystring: NO_QUERY,
      body: HoldoutBody,
      response: answers(HoldoutAnswer, 'Hidden; on disk.'),
    },
    onRequest,
    handler: async (request) => {
      await platform.putHoldout(request.body.pairs);
      return { hidden: request.body.pairs.length };
    },
  });

  app.get('/v1/status', {
    schema: {
      operationId: 'getStatus',
      summary: 'What the platform holds and does.',
      tags,
      querystring: NO_QUERY,
      response: answers({ $ref: 'Status' }, 'The status.'),
    },
    onRequest: needs(context, 'explain'),
    handler: async () => platform.status(),
  });
}
