/** The page's calls to the server. Everything it knows of the server's shapes are types of the HTTP contract. */
import type {
  EventsAnswer,
  IncomingEvent,
  Item,
  ItemList,
  ListenerList,
  ListenerSummary,
  Page,
  PlatformStatus,
  PROGRESS_MEDIA_TYPE,
  Problem,
  ProgressLine,
} from '../../../src/server/contract.ts';
import { currentKey, refuseKey } from './key.ts';

export type Device = NonNullable<IncomingEvent['device']>;

/** A problem that the server told of, or that the way to it had: always with a remedy to show. */
export class ApiProblem extends Error {
  readonly code: string;
  readonly status: number;
  readonly remedy: string;

  constructor(code: string, status: number, message: string, remedy: string) {
    super(message);
    this.name = 'ApiProblem';
    this.code = code;
    this.status = status;
    this.remedy = remedy;
  }
}

async function problemOf(response: Response): Promise<ApiProblem> {
  const fallback = new ApiProblem(
    'HTTP_ERROR',
    response.status,
    `The server answered ${response.status}.`,
    'Try again; the log of the server says more.',
  );
  const type = response.headers.get('content-type') ?? '';
  if (!type.includes('json')) return fallback;
  const body = (await response.json()) as Partial<Problem>;
  return new ApiProblem(
    body.code ?? fallback.code,
    response.status,
    body.detail !== undefined && body.detail !== '' ? body.detail : (body.title ?? fallback.message),
    body.remedy ?? fallback.remedy,
  );
}

async function send(path: string, accept: string, init: RequestInit): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('accept', accept);
  const key = currentKey();
  headers.set('authorization', `Bearer ${key}`);
  let response: Response;
  try {
    response = await fetch(path, { ...init, headers });
  } catch (failure) {
    if (failure instanceof DOMException && failure.name === 'AbortError') throw failure;
    throw new ApiProblem(
      'UNREACHABLE',
      0,
      'The platform does not answer.',
      'Is it running? Start it with “npm start” (or “shelfwise up”), then try again.',
    );
  }
  if (response.status === 401) refuseKey(key);
  if (!response.ok) throw await problemOf(response);
  return response;
}

const NO_CONTENT = 204;

/** Rooms call what is theirs by this: problems come as `ApiProblem`, with a remedy to show. An answer without a body is undefined. */
export async function call<Answer>(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await send(path, 'application/json', init);
  return (response.status === NO_CONTENT ? undefined : await response.json()) as Answer;
}

/** A file of the platform's, as it is. */
export async function download(path: string, name: string): Promise<void> {
  const response = await send(path, '*/*', {});
  const address = URL.createObjectURL(await response.blob());
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  URL.revokeObjectURL(address);
}

const PROGRESS: typeof PROGRESS_MEDIA_TYPE = 'application/x-ndjson';

/** Starts a long job and follows it: each line of its answer tells how far it is, the last one what came of it. */
export async function callJob<Answer>(
  path: string,
  body: unknown,
  onProgress: (stage: string, share: number) => void,
  signal: AbortSignal,
): Promise<Answer> {
  const response = await send(path, PROGRESS, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal,
  });
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let held = '';
  for (;;) {
    const part = await reader?.read();
    held += part?.value ?? '';
    const lines = held.split('\n');
    held = lines.pop() ?? '';
    for (const text of lines) {
      const line = JSON.parse(text) as ProgressLine;
      if ('problem' in line) {
        const { code, status, detail, title, remedy } = line.problem;
        throw new ApiProblem(code, status, detail === '' ? title : detail, remedy);
      }
      if ('result' in line) return line.result as Answer;
      if ('progress' in line && line.progress !== null) onProgress(line.progress.stage, line.progress.share);
    }
    if (part === undefined || part.done)
      throw new ApiProblem('JOB_CUT', 0, 'The platform ended before the job did.', 'Look at its log, and try again.');
  }
}

export interface HomeRequest {
  readonly listenerId: string;
  readonly device: Device;
  /** Empty texts stand for the listener's own, for now, for everything and for the policy in use. */
  readonly tier: string;
  readonly market: string;
  readonly at: string;
  readonly filter: string;
  readonly policy: string;
  /** To look at only: nothing of it is recorded. */
  readonly isPrivate: boolean;
  readonly sessionId: string;
  /** Decide anew even within the lifetime of the last page. */
  readonly fresh: boolean;
}

/**
 * Always with its explanation: asked for later, it would be that of another decision than the one on show.
 */
export function fetchHome(request: HomeRequest, signal?: AbortSignal): Promise<Page> {
  const query = new URLSearchParams({ device: request.device, session: request.sessionId, explain: 'true' });
  for (const name of ['tier', 'market', 'at', 'filter', 'policy'] as const)
    if (request[name] !== '') query.set(name, request[name]);
  if (request.fresh) query.set('fresh', 'true');
  if (request.isPrivate) query.set('private', 'true');
  const path = `/v1/listeners/${encodeURIComponent(request.listenerId)}/home?${query}`;
  return call<Page>(path, signal === undefined ? {} : { signal });
}

export function fetchListeners(prefix: string, limit: number, signal?: AbortSignal): Promise<ListenerList> {
  const query = new URLSearchParams({ prefix, limit: String(limit) });
  return call<ListenerList>(`/v1/listeners?${query}`, signal === undefined ? {} : { signal });
}

/** @param cursor of the page before, or null for the first. */
export function fetchListenerPage(
  prefix: string,
  limit: number,
  cursor: string | null,
  signal: AbortSignal,
): Promise<ListenerList> {
  const query = new URLSearchParams({ prefix, limit: String(limit) });
  if (cursor !== null) query.set('cursor', cursor);
  return call<ListenerList>(`/v1/listeners?${query}`, { signal });
}

/** Null for a listener that the platform has not met: a cold start, not an error. */
export async function fetchListener(id: string): Promise<ListenerSummary | null> {
  try {
    return await call<ListenerSummary>(`/v1/listeners/${encodeURIComponent(id)}`);
  } catch (failure) {
    if (failure instanceof ApiProblem && failure.status === 404) return null;
    throw failure;
  }
}

export function fetchItems(search: string, limit: number, signal?: AbortSignal): Promise<ItemList> {
  const query = new URLSearchParams({ search, limit: String(limit) });
  return call<ItemList>(`/v1/items?${query}`, signal === undefined ? {} : { signal });
}

export function fetchItem(id: string): Promise<Item> {
  return call<Item>(`/v1/items/${encodeURIComponent(id)}`);
}

export function fetchStatus(): Promise<PlatformStatus> {
  return call<PlatformStatus>('/v1/status');
}

/** `keepalive` lets the last events leave while the page closes. */
export function postEvents(events: readonly IncomingEvent[], keepalive = false): Promise<EventsAnswer> {
  return call<EventsAnswer>('/v1/events', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ events }),
    keepalive,
  });
}
