/** Requests to a server in this process, with a key and without a network. */
import type { FastifyInstance, InjectOptions } from 'fastify';

export type HttpRequest = InjectOptions;

/** A problem as RFC 9457 and Shelfwise have it. */
export interface ProblemJson {
  readonly status: number;
  readonly code: string;
  readonly title: string;
  readonly detail: string;
  readonly remedy: string;
  readonly errors: readonly { readonly pointer: string; readonly message: string }[];
}

export interface HttpAnswer {
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** Undefined where the answer is not JSON. */
  readonly json: unknown;
  /** The same, for answers that are problems. */
  readonly problem: ProblemJson;
}

export type Call = (request: HttpRequest) => Promise<HttpAnswer>;

export function callerOf(app: FastifyInstance, key: string): Call {
  return async ({ headers, ...rest }) => {
    const response = await app.inject({ headers: { authorization: `Bearer ${key}`, ...headers }, ...rest });
    const type = String(response.headers['content-type'] ?? '');
    const json: unknown = /[/+]json(;|$)/.test(type) && response.body !== '' ? JSON.parse(response.body) : undefined;
    return {
      status: response.statusCode,
      type,
      headers: response.headers,
      text: response.body,
      json,
      problem: json as ProblemJson,
    };
  };
}
