/**
 * Administration. The long jobs answer when they are done; with `Accept: application/x-ndjson` they answer at once with
 * a line of progress after another, and the result (or the problem) as the last line.
 */
import { PassThrough } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { type Clock, SECOND_MS } from '../base/index.ts';
import {
  CompactAnswer,
  FitAnswer,
  HoldoutAnswer,
  HoldoutBody,
  PROGRESS_MEDIA_TYPE,
  type ProgressLine,
} from './contract.ts';
import { problemOf, toShelfwiseError } from './problems.ts';
import { answers, needs, type RouteContext, SMALL_BODY_BYTES } from './route.ts';
import { NO_QUERY } from './validation.ts';

type OnProgress = (stage: string, share: number) => void;

/** A line of progress at most this often within a stage. */
const PROGRESS_EVERY_MS = 100;
/** An empty line of progress at least this often, so that nobody on the way takes the connection for dead. */
const HEARTBEAT_MS = 15 * SECOND_MS;

const silent: OnProgress = () => undefined;

/** Runs a long job and answers as the caller asked. */
async function runJob(
  request: FastifyRequest,
  reply: FastifyReply,
  context: RouteContext,
  work: (onProgress: OnProgress) => Promise<unknown>,
): Promise<unknown> {
  if (!(request.headers.accept ?? '').includes(PROGRESS_MEDIA_TYPE)) return work(silent);
  const stream = new PassThrough();
  reply.header('content-type', PROGRESS_MEDIA_TYPE);
  void streamJob(stream, context, request, work);
  return stream;
}

async function streamJob(
  stream: PassThrough,
  { clock, log }: RouteContext,
  request: FastifyRequest,
  work: (onProgress: OnProgress) => Promise<unknown>,
): Promise<void> {
  const write = (line: ProgressLine) => {
    if (stream.writable) stream.write(`${JSON.stringify(line)}\n`);
  };
  const heartbeat = setInterval(() => write({ progress: null }), HEARTBEAT_MS);
  try {
    const result = await work(throttled(clock, (stage, share) => write({ progress: { stage, share } })));
    write({ result });
  } catch (thrown) {
    const error = toShelfwiseError(thrown);
    request.outcome = error.code;
    const route = request.routeOptions.url;
    if (error.blame !== 'caller') log.error({ code: error.code, route, err: error.cause ?? error }, error.message);
    write({ problem: problemOf(error) });
  } finally {
    clearInterval(heartbeat);
    stream.end();
  }
}

function throttled(clock: Clock, tell: OnProgress): OnProgress {
  let lastStage = '';
  let lastMs = Number.NEGATIVE_INFINITY;
  return (stage, share) => {
    const nowMs = clock.monotonicMs();
    if (stage === lastStage && share < 1 && nowMs - lastMs < PROGRESS_EVERY_MS) return;
    lastStage = stage;
    lastMs = nowMs;
    tell(stage, share);
  };
}

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
      handler: (request, reply) => runJob(request, reply, context, work),
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
