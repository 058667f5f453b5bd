/** What every file of routes shares: the room's context, the guard as a hook, and the documented answers. */
import type { FastifyReply, FastifyRequest, HookHandlerDoneFunction } from 'fastify';
import type { TSchema } from 'typebox';
import type { Clock } from '../base/index.ts';
import type { ApiScope, PlatformService } from '../platform/index.ts';
import type { Guard } from './access.ts';
import type { Meter } from './meter.ts';
import type { ServerLog } from './problems.ts';

export interface RouteContext {
  readonly platform: PlatformService;
  readonly guard: Guard;
  readonly clock: Clock;
  readonly log: ServerLog;
  readonly meter: Meter;
  readonly covers: (itemId: string) => string | undefined;
  /** False once the server listens beyond this machine. */
  readonly boundToLoopback: () => boolean;
}

export const JSON_MEDIA_TYPE = 'application/json; charset=utf-8';
/** Small bodies need no more; envelopes of rows have the server's limit. */
export const SMALL_BODY_BYTES = 256 * 1024;

type OnRequest = (request: FastifyRequest, reply: FastifyReply, done: HookHandlerDoneFunction) => void;

/** The hook of a route that needs a key with this scope; runs before the body is read. */
export function needs(context: RouteContext, scope: ApiScope): OnRequest {
  return (request, _reply, done) => {
    context.guard.check(request.headers.authorization, scope);
    done();
  };
}

/** Open to this machine; needs a key once the server listens beyond it. */
export function needsBeyondLoopback(context: RouteContext, scope: ApiScope): OnRequest {
  return (request, _reply, done) => {
    if (!context.boundToLoopback()) context.guard.check(request.headers.authorization, scope);
    done();
  };
}

/** The hook of a route whose body is marked as optional: none is as an empty object. JSON's `null` is none of these. */
export const emptyWithoutBody: OnRequest = (request, _reply, done) => {
  if (request.body === undefined) request.body = {};
  done();
};

const problem = (description: string) => ({
  description,
  content: { 'application/problem+json': { schema: { $ref: 'Problem' } } },
});

/** The `response` of a route: its good answer and the problems. */
export function answers(schema: TSchema | { $ref: string }, description: string, media: readonly string[] = []) {
  const content = Object.fromEntries(media.map((name) => [name, { schema: { type: 'string' } }]));
  return {
    200: { description, content: { 'application/json': { schema }, ...content } },
    '4xx': problem('The caller is at fault: `code` says how, `remedy` what to do.'),
    '5xx': problem('The platform cannot do it now.'),
  };
}

export const SECURED = [{ key: [] }];
