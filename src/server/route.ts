/** What every file of routes shares: the room's context, the guard as a hook, and the documented answers. */
import type { FastifyInstance, FastifyReply, FastifyRequest, HookHandlerDoneFunction, RouteOptions } from 'fastify';
import type { TSchema } from 'typebox';
import { type Clock, ShelfwiseError } from '../base/index.ts';
import type { ApiKey, ApiScope, PlatformService } from '../platform/index.ts';
import { type Guard, requireScope } from './access.ts';
import type { Meter } from './meter.ts';
import type { ServerLog } from './problems.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Whose key came with it; null where none is needed. */
    apiKey: ApiKey | null;
  }
}

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

/** What a hook asks for, for the OpenAPI document: as OpenAPI writes it. */
type Security = readonly Readonly<Record<string, readonly string[]>>[];
const asked = new WeakMap<object, Security>();

/** The hook of a route that needs a key with this scope; runs before the body is read. */
export function needs(context: RouteContext, scope: ApiScope): OnRequest {
  const hook: OnRequest = (request, _reply, done) => {
    request.apiKey = context.guard.check(request.headers.authorization, scope);
    done();
  };
  asked.set(hook, [{ key: [scope] }]);
  return hook;
}

/** As `needs`, but for requests that bring their key elsewhere: the route itself checks those. */
export function needsUnless(
  context: RouteContext,
  scope: ApiScope,
  elsewhere: (request: FastifyRequest) => boolean,
): OnRequest {
  const hook: OnRequest = (request, _reply, done) => {
    if (!elsewhere(request)) request.apiKey = context.guard.check(request.headers.authorization, scope);
    done();
  };
  asked.set(hook, [{ key: [scope] }]);
  return hook;
}

/** As `needs`; the key may also come in this header, as other engines' clients send theirs. */
export function needsKeyIn(header: string, context: RouteContext, scope: ApiScope): OnRequest {
  const hook: OnRequest = (request, _reply, done) => {
    const { authorization, [header]: other } = request.headers;
    const bearer = typeof other === 'string' ? `Bearer ${other}` : undefined;
    request.apiKey = context.guard.check(authorization ?? bearer, scope);
    done();
  };
  asked.set(hook, [{ key: [scope] }, { [schemeOf(header)]: [scope] }]);
  return hook;
}

/** The name of a header's security scheme in the OpenAPI document. */
export function schemeOf(header: string): string {
  return header.replaceAll('-', '');
}

/** Open to this machine; needs a key once the server listens beyond it. */
export function needsBeyondLoopback(context: RouteContext, scope: ApiScope): OnRequest {
  const hook: OnRequest = (request, _reply, done) => {
    if (!context.boundToLoopback()) request.apiKey = context.guard.check(request.headers.authorization, scope);
    done();
  };
  asked.set(hook, [{ key: [scope] }, {}]);
  return hook;
}

/** The hook of a route that needs no key, and says so. */
export const openToAll: OnRequest = (_request, _reply, done) => done();
asked.set(openToAll, []);

/** The `preHandler` of a route that for some requests asks for another scope beside its own. */
export function alsoNeeds(scope: ApiScope, when: (request: FastifyRequest) => boolean): OnRequest {
  return (request, _reply, done) => {
    if (when(request)) {
      if (request.apiKey === null) throw new ShelfwiseError('UNAUTHORISED');
      requireScope(request.apiKey, scope);
    }
    done();
  };
}

/**
 * Writes into each route's schema what it asks for, from the hook that asks: document and check cannot differ. A route that
 * asks for nothing and does not say so does not come into being. To be called before routes are made.
 */
export function declareAccess(app: FastifyInstance): void {
  app.decorateRequest('apiKey', null);
  app.addHook('onRoute', (route: RouteOptions) => {
    if (route.schema?.hide === true) return;
    const security = [route.onRequest].flat().flatMap((hook) => (hook === undefined ? [] : (asked.get(hook) ?? [])));
    const says = [route.onRequest].flat().some((hook) => hook !== undefined && asked.has(hook));
    if (!says)
      throw new ShelfwiseError('BUG', `${route.method} ${route.url} names no scope: \`onRequest: needs(context, …)\``);
    route.schema = { ...route.schema, security };
  });
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

/** The `response` of a route whose good answer has another status than 200. */
export function answersWith(status: 201 | 202 | 204, schema: TSchema | undefined, description: string) {
  const { '4xx': caller, '5xx': platform } = answers({ $ref: 'Problem' }, description);
  // `null` is how the document's generator is told that there is no body.
  const good = schema === undefined ? { type: 'null' } : { content: { 'application/json': { schema } } };
  return { [status]: { description, ...good }, '4xx': caller, '5xx': platform };
}

/** The `response` of a route: its good answer and the problems. */
export function answers(schema: TSchema | { $ref: string }, description: string, media: readonly string[] = []) {
  const content = Object.fromEntries(media.map((name) => [name, { schema: { type: 'string' } }]));
  return {
    200: { description, content: { 'application/json': { schema }, ...content } },
    '4xx': problem('The caller is at fault: `code` says how, `remedy` what to do.'),
    '5xx': problem('The platform cannot do it now.'),
  };
}
