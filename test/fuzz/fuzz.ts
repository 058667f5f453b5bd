/**
 * Sends generated requests to a running server and looks at every answer: no 5xx but the declared ones, no crash, nothing that
 * takes longer than five seconds, and status and media type as the document has them.
 */
import { Agent, request as sendRequest } from 'node:http';
import fc from 'fast-check';
import type { KnownIds } from './arbitraries.ts';
import { complaintOf, type Document, type FuzzRequest, type Operation, operationsOf, requestsTo } from './requests.ts';

export interface FuzzOptions {
  readonly address: string;
  readonly key: string;
  readonly bodies: number;
  readonly seed: number;
  /** Ids that requests are to meet, by collection; what answers name is added. */
  readonly known?: Readonly<Record<string, readonly string[]>>;
  /** How long an answer may take. @default 5,000 ms */
  readonly hangMs?: number;
  /** Requests under way at a time. @default 8 */
  readonly parallel?: number;
  readonly onProgress?: (done: number) => void;
}

export interface Finding {
  readonly kind: 'answer' | 'hang' | 'broken';
  readonly what: string;
  readonly operation: string;
  readonly request: string;
  readonly body: string;
  readonly answer: string;
}

export interface FuzzReport {
  readonly bodies: number;
  readonly seed: number;
  readonly seconds: number;
  readonly operations: number;
  readonly byStatus: Readonly<Record<string, number>>;
  /** Operations that no request was good enough for, by the first digit of what they answered. */
  readonly neverGood: readonly string[];
  /** Of all but the jobs. */
  readonly slowest: { readonly operation: string; readonly ms: number };
  readonly findings: readonly Finding[];
}

const BATCH = 500;
const MAX_FINDINGS = 50;
const DEFAULT_HANG_MS = 5000;
/** Of long work: a fit is long, and others wait for their turn. */
const JOB_HANG_MS = 300_000;
/** A server that answers nothing any more has crashed: there is no need to ask on. */
const MAX_BROKEN = 20;
/** Requests of an operation that is a long job, in a run. */
const JOB_BODIES = 3;
const KNOWN_PER_COLLECTION = 50;

export async function fuzz(options: FuzzOptions): Promise<FuzzReport> {
  const { address, key, bodies, seed, hangMs = DEFAULT_HANG_MS, parallel = 8 } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: parallel });
  const started = performance.now();
  const known = createKnown(options.known ?? {});
  const document = JSON.parse(
    (await send(agent, address, key, plainRequest('/openapi.json'), 60_000)).text,
  ) as Document;
  const operations = operationsOf(document);
  const jobs = operations.filter(({ isJob }) => isJob);
  const others = operations.filter(({ isJob }) => !isJob);
  /** Made anew for each batch: which ids there are to meet is looked at when they are made. */
  const requestsOf = (operation: Operation, count: number, seedOfThem: number): FuzzRequest[] =>
    fc.sample(requestsTo(operation, document.components.schemas, known), { numRuns: count, seed: seedOfThem });
  const byStatus: Record<string, number> = {};
  const good = new Set<string>();
  const findings: Finding[] = [];
  let slowest = { operation: '', ms: 0 };
  let done = 0;

  const one = async (request: FuzzRequest): Promise<void> => {
    if ((byStatus['broken'] ?? 0) >= MAX_BROKEN) return;
    const { operation } = request;
    const beganMs = performance.now();
    const answer = await send(agent, address, key, request, operation.isJob ? JOB_HANG_MS : hangMs);
    const tookMs = performance.now() - beganMs;
    if (!operation.isJob && tookMs > slowest.ms) slowest = { operation: operation.id, ms: Math.round(tookMs) };
    done++;
    byStatus[answer.status === 0 ? answer.kind : String(answer.status)] =
      (byStatus[answer.status === 0 ? answer.kind : String(answer.status)] ?? 0) + 1;
    if (answer.status >= 200 && answer.status < 300) {
      good.add(operation.id);
      known.learn(answer.text);
    }
    const what = answer.status === 0 ? answer.text : complaintOf(operation, answer);
    if (what === undefined || findings.length >= MAX_FINDINGS) return;
    findings.push({
      kind: answer.kind,
      what,
      operation: operation.id,
      request: `${request.method} ${request.url.slice(0, 500)} ${JSON.stringify(request.headers)}`,
      body: request.body === undefined ? '' : Buffer.from(request.body).toString('latin1').slice(0, 1000),
      answer: `${answer.status} ${answer.type} ${answer.text.slice(0, 300)}`,
    });
  };

  const planned = Math.max(0, bodies - jobs.length * JOB_BODIES);
  for (let batch = 0; batch * BATCH < planned && (byStatus['broken'] ?? 0) < MAX_BROKEN; batch++) {
    const count = Math.min(BATCH, planned - batch * BATCH);
    const requests = others.flatMap((operation, i) => {
      const share = Math.floor(count / others.length) + (i < count % others.length ? 1 : 0);
      return share === 0 ? [] : requestsOf(operation, share, seed * 1_000_003 + batch * others.length + i);
    });
    await inParallel(shuffled(requests, seed + batch), parallel, one);
    options.onProgress?.(done);
  }
  for (const job of bodies > planned ? jobs : []) await inParallel(requestsOf(job, JOB_BODIES, seed), 1, one);
  agent.destroy();
  return {
    bodies: done,
    seed,
    seconds: (performance.now() - started) / 1000,
    operations: operations.length,
    byStatus,
    neverGood: operations.map(({ id }) => id).filter((id) => !good.has(id)),
    slowest,
    findings,
  };
}

interface Known extends KnownIds {
  /** Takes ids out of an answer. */
  learn(text: string): void;
}

function createKnown(given: Readonly<Record<string, readonly string[]>>): Known {
  const ids = new Map<string, string[]>(Object.entries(given).map(([collection, some]) => [collection, [...some]]));
  const add = (collection: string, id: string): void => {
    const some = ids.get(collection) ?? [];
    if (some.includes(id)) return;
    some.push(id);
    if (some.length > KNOWN_PER_COLLECTION) some.shift();
    ids.set(collection, some);
  };
  return {
    of: (collection) => ids.get(collection) ?? ids.get('items') ?? [],
    learn(text) {
      for (const [, id] of text.slice(0, 20_000).matchAll(/"decisionId":"([^"]+)"/g)) add('decisions', id);
      for (const [, id] of text.slice(0, 20_000).matchAll(/"id":"(generated:[^"]+)"/g)) add('playlists', id);
      for (const [, id] of text.matchAll(/^\{"id":"([0-9A-Z]{26})","state"/g)) add('erasures', id);
      for (const [, id] of text.matchAll(/"campaign":\{"id":"([^"]+)"/g)) add('campaigns', id);
    },
  };
}

function plainRequest(url: string): Pick<FuzzRequest, 'method' | 'url' | 'headers' | 'body'> {
  return { method: 'GET', url, headers: {}, body: undefined };
}

interface Received {
  readonly kind: Finding['kind'];
  /** 0 when there was no answer. */
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function send(
  agent: Agent,
  address: string,
  key: string,
  { method, url, headers, body }: Pick<FuzzRequest, 'method' | 'url' | 'headers' | 'body'>,
  hangMs: number,
): Promise<Received> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve) => {
    const fail = (kind: Finding['kind'], text: string): void => resolve({ kind, status: 0, type: '', text });
    const request = sendRequest(
      {
        agent,
        hostname,
        port,
        method,
        path: url,
        headers: {
          authorization: `Bearer ${key}`,
          ...headers,
          ...(body === undefined ? {} : { 'content-length': String(body.length) }),
        },
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          clearTimeout(patience);
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({
            kind: 'answer',
            status: response.statusCode ?? 0,
            type: response.headers['content-type'] ?? '',
            text,
          });
        });
        response.on('error', (error) => {
          clearTimeout(patience);
          fail('broken', `the answer broke off: ${error.message}`);
        });
      },
    );
    const patience = setTimeout(() => {
      fail('hang', `no answer within ${hangMs} ms`);
      request.destroy();
    }, hangMs);
    request.on('error', (error) => {
      clearTimeout(patience);
      fail('broken', `the connection broke: ${error.message}`);
    });
    request.end(body);
  });
}

async function inParallel<T>(items: readonly T[], parallel: number, work: (item: T) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]);
  };
  await Promise.all(Array.from({ length: parallel }, worker));
}

/** The same order for the same seed. */
function shuffled<T>(items: readonly T[], seed: number): T[] {
  return fc.sample(fc.shuffledSubarray([...items], { minLength: items.length }), { numRuns: 1, seed })[0];
}
