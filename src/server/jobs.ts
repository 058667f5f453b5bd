/**
 * Long jobs. They answer when they are done; with `Accept: application/x-ndjson` they answer at once with a line of
 * progress after another, and the result (or the problem) as the last line.
 */
import { once } from 'node:events';
import { PassThrough, type Writable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { type Clock, MINUTE_MS, SECOND_MS, ShelfwiseError } from '../base/index.ts';
import { PROGRESS_MEDIA_TYPE, type ProgressLine } from './contract.ts';
import { problemOf, toShelfwiseError } from './problems.ts';
import type { RouteContext } from './route.ts';

export type OnProgress = (stage: string, share: number) => void;

/** A line of progress at most this often within a stage. */
const PROGRESS_EVERY_MS = 100;
/** An empty line of progress at least this often, so that nobody on the way takes the connection for dead. */
const HEARTBEAT_MS = 15 * SECOND_MS;

/** So long may whoever asked not read on: a job that waits holds up all others. */
const PATIENCE_MS = 5 * MINUTE_MS;

type Job = (onProgress: OnProgress, signal: AbortSignal) => Promise<unknown>;

const silent: OnProgress = () => undefined;

type JobInParts = (
  onParts: (parts: readonly string[]) => Promise<void>,
  onProgress: OnProgress,
  signal: AbortSignal,
) => Promise<unknown>;

/**
 * Runs a long job that hands over what it makes bit by bit, as JSON texts: lines of parts stand between those of progress. A part is taken
 * when its caller has read what came before; where nothing is read for five minutes the job ends with ANSWER_NOT_TAKEN.
 */
export async function answerInParts(
  request: FastifyRequest,
  reply: FastifyReply,
  context: RouteContext,
  work: JobInParts,
): Promise<unknown> {
  const signal = goneSignal(reply);
  const stream = new PassThrough();
  reply.header('content-type', PROGRESS_MEDIA_TYPE);
  const onParts = async (parts: readonly string[]): Promise<void> => {
    if (!stream.write(parts.map((part) => `{"part":${part}}\n`).join(''))) await drained(stream, PATIENCE_MS, signal);
  };
  void streamJob(stream, context, request, (onProgress) => work(onParts, onProgress, signal));
  return stream;
}

/** Resolves when the stream takes more. Throws `ANSWER_NOT_TAKEN` after so long; an AbortError by the signal. */
export async function drained(stream: Writable, patienceMs: number, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), patienceMs);
  try {
    await once(stream, 'drain', { signal: AbortSignal.any([signal, over.signal]) });
  } catch (error) {
    if (!over.signal.aborted || signal.aborted) throw error;
    throw new ShelfwiseError('ANSWER_NOT_TAKEN', `nothing of it for ${Math.round(patienceMs / SECOND_MS)} s`);
  } finally {
    clearTimeout(timer);
  }
}

/** Runs a long job and answers as the caller asked. Its signal is aborted when the caller goes before the answer. */
export async function answerJob(
  request: FastifyRequest,
  reply: FastifyReply,
  context: RouteContext,
  work: Job,
): Promise<unknown> {
  const signal = goneSignal(reply);
  if (!(request.headers.accept ?? '').includes(PROGRESS_MEDIA_TYPE)) return work(silent, signal);
  const stream = new PassThrough();
  reply.header('content-type', PROGRESS_MEDIA_TYPE);
  void streamJob(stream, context, request, (onProgress) => work(onProgress, signal));
  return stream;
}

/** Aborted when the caller goes before the answer. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController();
  reply.raw.once('close', () => {
    if (!reply.raw.writableFinished) gone.abort(new ShelfwiseError('NOT_READY', 'its caller has gone'));
  });
  return gone.signal;
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
