/** Anything thrown becomes application/problem+json (RFC 9457) with a code of the catalogue, and never tells of the inside. */
import type { Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { CATALOGUE, type ErrorCode, ShelfwiseError } from '../base/index.ts';
import type { Problem } from './contract.ts';
import { answerWhileDraining } from './drain.ts';
import type { FieldError } from './validation.ts';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json; charset=utf-8';
const MAX_DETAIL = 500;

/** Where the server reports what its operator should know; a pino logger fits. */
export interface ServerLog {
  error(details: object, message: string): void;
}

/** Errors of the framework that are the caller's fault, as ours. */
const FRAMEWORK: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_BAD_URL: 'REQUEST_INVALID',
  FST_ERR_MAX_PARAM_LENGTH: 'REQUEST_INVALID',
  FST_ERR_CTP_BODY_TOO_LARGE: 'REQUEST_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'REQUEST_MEDIA_TYPE',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'REQUEST_MALFORMED',
  FST_ERR_CTP_EMPTY_JSON_BODY: 'REQUEST_MALFORMED',
  FST_ERR_CTP_INVALID_JSON_BODY: 'REQUEST_MALFORMED',
  FST_ERR_NOT_FOUND: 'ROUTE_NOT_FOUND',
};

export function toShelfwiseError(error: unknown): ShelfwiseError {
  if (error instanceof ShelfwiseError) return error;
  const { code, statusCode, message } = (error ?? {}) as { code?: string; statusCode?: number; message?: string };
  if (code === 'FST_ERR_BAD_URL')
    return new ShelfwiseError('REQUEST_INVALID', 'the path is not valid percent-encoding');
  const known = code === undefined ? undefined : FRAMEWORK[code];
  if (known !== undefined) return new ShelfwiseError(known, '', { cause: error });
  // What the framework blames the caller for and this table does not know (a body that was cut off, say).
  if (statusCode !== undefined && statusCode >= 400 && statusCode < 500) {
    return new ShelfwiseError('REQUEST_MALFORMED', message ?? '', { cause: error });
  }
  return new ShelfwiseError('BUG', '', { cause: error });
}

export function problemOf(error: ShelfwiseError): Problem {
  const entry = CATALOGUE[error.code];
  const errors = error.details['errors'];
  return {
    type: `urn:shelfwise:error:${error.code}`,
    title: entry.message,
    status: error.status,
    code: error.code,
    detail: error.message.slice(0, MAX_DETAIL),
    remedy: error.remedy,
    errors: Array.isArray(errors) ? (errors as FieldError[]) : [],
  };
}

export function sendProblem(reply: FastifyReply, error: ShelfwiseError): void {
  if (error.code === 'UNAUTHORISED') reply.header('www-authenticate', 'Bearer');
  if (error.code === 'RATE_LIMITED') reply.header('retry-after', String(error.details['retryAfterS'] ?? 1));
  reply.request.outcome = error.code;
  const text = JSON.stringify(problemOf(error));
  reply.code(error.status).header('content-type', PROBLEM_MEDIA_TYPE);
  const { raw } = reply.request;
  if (error.code !== 'REQUEST_TOO_LARGE' || raw.complete) reply.send(text);
  // The framework closes the connection after it.
  else reply.header('content-length', Buffer.byteLength(text)).send(answerWhileDraining(raw, text));
}

/** The error handler: answers, and logs what is not the caller's fault. */
export function createErrorHandler(log: ServerLog) {
  return (thrown: unknown, request: FastifyRequest, reply: FastifyReply): void => {
    const error = toShelfwiseError(thrown);
    if (error.blame !== 'caller') {
      const cause = error.cause ?? error;
      log.error(
        { code: error.code, method: request.method, route: request.routeOptions.url, err: cause },
        error.message,
      );
    }
    sendProblem(reply, error);
  };
}

/** For what the HTTP parser refuses before there is a request: headers that are too large, not HTTP, too slow. */
export function answerBrokenConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const [status, phrase, detail] =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? [431, 'Request Header Fields Too Large', 'the address and headers are too large']
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? [408, 'Request Timeout', 'the request did not arrive in time']
        : [400, 'Bad Request', 'this is not a valid HTTP/1.1 request'];
  const problem = { ...problemOf(new ShelfwiseError('REQUEST_MALFORMED', detail)), status };
  const body = JSON.stringify(problem);
  socket.end(
    `HTTP/1.1 ${status} ${phrase}\r\nContent-Type: ${PROBLEM_MEDIA_TYPE}\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}
