/** What a platform answered instead of what was asked for, as an error. */
import type { Problem } from '../server/contract.ts';

/** `code` is one of docs/errors.md; where no platform answered at all it is `PLATFORM_UNREACHABLE`, and `status` is 0. */
export class ApiProblem extends Error {
  readonly code: string;
  readonly status: number;
  readonly remedy: string;
  /** How long the platform asked to wait, by `Retry-After`; 0 where it did not. */
  readonly retryAfterMs: number;

  constructor(code: string, status: number, message: string, remedy: string, retryAfterMs = 0) {
    super(message);
    this.name = 'ApiProblem';
    this.code = code;
    this.status = status;
    this.remedy = remedy;
    this.retryAfterMs = retryAfterMs;
  }
}

/** May the same request succeed later? No connection, too many requests, a platform in trouble. */
export function isPassing({ status }: ApiProblem): boolean {
  return status === 0 || status === 408 || status === 429 || status >= 500;
}

/** The JSON of a good answer; throws ApiProblem for every other. */
export async function answerOf<T>(asked: Promise<Response>, nowMs: () => number): Promise<T> {
  let response: Response;
  let text: string;
  try {
    response = await asked;
    text = await response.text();
  } catch (cause) {
    const unreachable = new ApiProblem(
      'PLATFORM_UNREACHABLE',
      0,
      `The platform does not answer: ${cause instanceof Error ? cause.message : String(cause)}`,
      'Check `baseUrl`, the network, and that the platform allows the origin of this page (--cors-origin).',
    );
    unreachable.cause = cause;
    throw unreachable;
  }
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // A proxy's page, say: told below as what it is.
    json = undefined;
  }
  if (response.ok && json !== undefined) return json as T;
  const { code = 'PLATFORM_UNREACHABLE', detail, remedy } = (json ?? {}) as Partial<Problem>;
  throw new ApiProblem(
    code,
    response.status,
    detail ?? `HTTP ${response.status} without a problem that says why`,
    remedy ?? 'Check that `baseUrl` is the address of a platform.',
    retryAfterMs(response.headers.get('retry-after'), nowMs()),
  );
}

/** Seconds or a date (RFC 9110, 10.2.3) as milliseconds from now; 0 for neither. */
export function retryAfterMs(header: string | null, nowMs: number): number {
  if (header === null) return 0;
  const ms = /^\d{1,9}$/.test(header.trim()) ? 1000 * Number(header) : Date.parse(header) - nowMs;
  return Number.isFinite(ms) ? Math.max(0, ms) : 0;
}
