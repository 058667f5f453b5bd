/**
 * The one way in which commands reach a platform: the HTTP contract. When a live platform owns the data directory, over
 * its address with its token; otherwise the platform is opened in this process and the same routes are called without a
 * network. What a command sees is the same.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { FastifyInstance } from 'fastify';
import { CATALOGUE, type ErrorCode, messageOf, ShelfwiseError } from '../base/index.ts';
import type { PROGRESS_MEDIA_TYPE, Problem, ProgressLine, ServerLog } from '../server/index.ts';
import type { Cli, OwnedPlatform } from './io.ts';

/** The contract's; a client of a running platform does not load the server for it. */
const PROGRESS: typeof PROGRESS_MEDIA_TYPE = 'application/x-ndjson';

export type OnProgress = (stage: string, share: number) => void;
/** A part of what a job makes. */
export type OnPart = (part: unknown) => Promise<void>;
export type Method = 'GET' | 'PUT' | 'POST' | 'DELETE';

export interface ApiClient {
  /** Address of the platform that answers, or null when it was opened in this process. */
  readonly address: string | null;
  /**
   * The answer's JSON. Throws a ShelfwiseError for every problem. With `onProgress` long jobs tell how far they are; `onPart` takes what
   * is made bit by bit, each part before the next is read.
   */
  request<T>(method: Method, path: string, body?: unknown, onProgress?: OnProgress, onPart?: OnPart): Promise<T>;
  /** The answer's bytes, as they come. Throws a ShelfwiseError for every problem. */
  download(path: string): Promise<AsyncIterable<Uint8Array>>;
  close(): Promise<void>;
}

/** How long to wait for an owner that has no address yet: it is starting, or it is another command. */
const STARTING_WAIT_MS = 3000;
const STARTING_POLL_MS = 100;

export async function connect(cli: Cli, dataDir: string): Promise<ApiClient> {
  let owner = await cli.readOwner(dataDir);
  const giveUpMs = cli.clock.monotonicMs() + STARTING_WAIT_MS;
  while (owner !== null && owner.address === '' && cli.clock.monotonicMs() < giveUpMs) {
    await pause(STARTING_POLL_MS);
    owner = await cli.readOwner(dataDir);
  }
  if (owner !== null && owner.address !== '' && (await answers(owner.address))) {
    return remoteClient(owner.address, owner.token, cli.stop);
  }
  // Nobody owns it, or its owner is dead; if it lives all the same, opening says so.
  return localClient(cli, await cli.openPlatform(dataDir));
}

const PROBE_MS = 5000;

async function answers(address: string): Promise<boolean> {
  try {
    return (await fetch(`${address}/healthz`, { signal: AbortSignal.timeout(PROBE_MS) })).ok;
  } catch {
    // Refused, reset or silent: a lock that its process left behind.
    return false;
  }
}

const NO_CONTENT = 204;

interface Answer {
  readonly status: number;
  readonly lines: AsyncIterable<string>;
  readonly text: () => Promise<string>;
}

async function read<T>(answer: Answer, onProgress: OnProgress | undefined, onPart: OnPart | undefined): Promise<T> {
  if (answer.status >= 400) throw fromProblem(parseJson(await answer.text()) as Problem);
  if (onProgress === undefined) return (answer.status === NO_CONTENT ? undefined : parseJson(await answer.text())) as T;
  let result: T | undefined;
  for await (const text of answer.lines) {
    const line = parseJson(text) as ProgressLine;
    if ('problem' in line) throw fromProblem(line.problem);
    if ('result' in line) result = line.result as T;
    else if ('part' in line) await onPart?.(line.part);
    else if (line.progress !== null) onProgress(line.progress.stage, line.progress.share);
  }
  if (result === undefined) {
    throw new ShelfwiseError('PLATFORM_UNREACHABLE', 'it stopped answering before the job was done');
  }
  return result;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ShelfwiseError('PLATFORM_UNREACHABLE', `its answer is not JSON: ${text.slice(0, 100)}`, { cause: error });
  }
}

/** The error that the problem was made from. */
function fromProblem(problem: Problem): ShelfwiseError {
  const known = Object.hasOwn(CATALOGUE, problem.code ?? '');
  if (!known) return new ShelfwiseError('PLATFORM_UNREACHABLE', `it answered ${problem.code}: ${problem.detail}`);
  const code = problem.code as ErrorCode;
  const opening = `${CATALOGUE[code].message}: `;
  const particulars = problem.detail.startsWith(opening) ? problem.detail.slice(opening.length) : '';
  return new ShelfwiseError(code, particulars, { details: { errors: problem.errors } });
}

function headersFor(key: string, body: unknown, onProgress: OnProgress | undefined): Record<string, string> {
  return {
    authorization: `Bearer ${key}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    accept: onProgress === undefined ? 'application/json' : PROGRESS,
  };
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts.filter((part) => part !== '');
  }
  if (rest !== '') yield rest;
}

function remoteClient(address: string, token: string, stop: AbortSignal): ApiClient {
  const unreachable = (error: unknown): unknown => {
    if (error instanceof ShelfwiseError || stop.aborted) return error;
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return new ShelfwiseError('PLATFORM_UNREACHABLE', `${address}: ${messageOf(cause)}`, { cause: error });
  };
  return {
    address,
    async download(path) {
      try {
        const headers = { authorization: `Bearer ${token}` };
        const response = await fetch(address + path, { headers, signal: stop });
        if (response.status >= 400) throw fromProblem(parseJson(await response.text()) as Problem);
        return response.body ?? (async function* () {})();
      } catch (error) {
        throw unreachable(error);
      }
    },
    async request<T>(
      method: Method,
      path: string,
      body?: unknown,
      onProgress?: OnProgress,
      onPart?: OnPart,
    ): Promise<T> {
      try {
        const response = await fetch(address + path, {
          method,
          headers: headersFor(token, body, onProgress),
          signal: stop,
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        });
        const chunks = response.body;
        return await read<T>(
          {
            status: response.status,
            text: () => response.text(),
            lines: linesOf(chunks ?? (async function* () {})()),
          },
          onProgress,
          onPart,
        );
      } catch (error) {
        throw unreachable(error);
      }
    },
    close: async () => undefined,
  };
}

/** A client of a platform in this process; closing it closes the platform. */
async function localClient(cli: Cli, platform: OwnedPlatform): Promise<ApiClient> {
  let app: FastifyInstance;
  try {
    const { createServer } = await import('../server/index.ts');
    app = await createServer({
      platform,
      keys: (secret) => platform.verifyKey(secret),
      clock: cli.clock,
      logger: logTo(cli, true),
    });
  } catch (error) {
    await platform.close();
    throw error;
  }
  return {
    ...clientOf(app, platform.adminKey),
    close: async () => {
      await app.close();
      await platform.close();
    },
  };
}

/** A client of a server in this process; closing it closes nothing. */
function clientOf(app: FastifyInstance, key: string): ApiClient {
  return {
    address: null,
    async download(path) {
      const headers = { authorization: `Bearer ${key}`, host: 'localhost' };
      const response = await app.inject({ url: path, headers, payloadAsStream: true });
      const chunks = response.stream() as AsyncIterable<Uint8Array>;
      if (response.statusCode < 400) return chunks;
      const whole: Uint8Array[] = [];
      for await (const chunk of chunks) whole.push(chunk);
      throw fromProblem(parseJson(Buffer.concat(whole).toString()) as Problem);
    },
    async request<T>(
      method: Method,
      path: string,
      body?: unknown,
      onProgress?: OnProgress,
      onPart?: OnPart,
    ): Promise<T> {
      const response = await app.inject({
        method,
        url: path,
        headers: { ...headersFor(key, body, onProgress), host: 'localhost' },
        payloadAsStream: true,
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      });
      const lines = linesOf(response.stream() as AsyncIterable<Uint8Array>);
      const text = async () => {
        let all = '';
        for await (const chunk of response.stream() as AsyncIterable<Uint8Array>)
          all += Buffer.from(chunk).toString('latin1');
        return Buffer.from(all, 'latin1').toString('utf8');
      };
      return read<T>({ status: response.statusCode, text, lines }, onProgress, onPart);
    },
    close: async () => undefined,
  };
}

/**
 * Tells the operator, a line each, what is not the caller's fault; not of work that ends because they stopped it.
 * @param answered whoever reads it is also the caller, who is told of the error: then only of causes that the answer is silent about
 */
export function logTo(cli: Cli, answered = false): ServerLog {
  return {
    error(details, message) {
      if (cli.stop.aborted) return;
      const cause = 'err' in details ? details.err : undefined;
      const reason = cause instanceof Error && cause.message !== message ? ` (${cause.message})` : '';
      if (answered && reason === '') return;
      cli.err(`shelfwise: ${message}${reason}\n`);
    },
  };
}
