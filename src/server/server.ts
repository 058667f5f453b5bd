/** Assembly of the HTTP server: one fastify instance over one platform. */
import { isUtf8 } from 'node:buffer';
import type { Server } from 'node:http';
import fastifySwagger from '@fastify/swagger';
import { type FastifyInstance, fastify } from 'fastify';
import { type Clock, messageOf, ShelfwiseError, systemClock } from '../base/index.ts';
import { generatedCover } from '../home/index.ts';
import type { PlatformService } from '../platform/index.ts';
import { createGuard, isLoopback, type KeyCheck } from './access.ts';
import { registerAdmin } from './admin-routes.ts';
import { registerAlerts } from './alert-routes.ts';
import { registerAudit } from './audit-routes.ts';
import { auditAdministration } from './auditing.ts';
import { registerBeacon } from './beacon-routes.ts';
import { registerCampaigns } from './campaign-routes.ts';
import { allowOrigins } from './cors.ts';
import { registerEvents, registerHome, registerItems, registerListeners } from './data-routes.ts';
import { registerDecisions } from './decision-routes.ts';
import { registerEvaluation } from './evaluation-routes.ts';
import { registerExamination } from './examination-routes.ts';
import { registerGorse } from './gorse-routes.ts';
import { registerInsights } from './insight-routes.ts';
import { registerInstead } from './instead-routes.ts';
import { registerKeys } from './key-routes.ts';
import { registerMetarank } from './metarank-routes.ts';
import { createMeter } from './meter.ts';
import { registerModels } from './model-routes.ts';
import { openApiOptions, registerComponents } from './openapi.ts';
import { registerOperations } from './operation-routes.ts';
import { registerPersons } from './person-routes.ts';
import { registerPersonalizer } from './personalizer-routes.ts';
import { registerPlaylists } from './playlist-routes.ts';
import {
  answerBrokenConnection,
  createErrorHandler,
  type ServerLog,
  sendProblem,
  toShelfwiseError,
} from './problems.ts';
import { declareAccess, type RouteContext } from './route.ts';
import { registerStudio } from './studio-routes.ts';
import { registerSwitches } from './switch-routes.ts';
import { validatorCompiler } from './validation.ts';
import { registerWatch } from './watch-routes.ts';

export interface ServerOptions {
  readonly platform: PlatformService;
  /** The name and scopes of a secret, or null. */
  readonly keys: KeyCheck;
  /** Folder of the built web page; without it `/` says how to build it. */
  readonly studioDir?: string | undefined;
  /** SVG of an item's generated cover. */
  readonly covers?: ((itemId: string) => string | undefined) | undefined;
  /** @default nothing is logged; requests never are. */
  readonly logger?: ServerLog | undefined;
  /** Origins whose pages may call it, such as `https://app.example`. @default none: only the server's own page */
  readonly corsOrigins?: readonly string[] | undefined;
  /** Largest body of an envelope of rows. @default 16 MiB */
  readonly bodyLimitBytes?: number | undefined;
  /** @default the system's */
  readonly clock?: Clock | undefined;
}

const BODY_LIMIT_BYTES = 16 * 1024 * 1024;
/** Ids of 10 kB, percent-encoded, must reach the check that refuses them by name. */
const MAX_HEADER_BYTES = 64 * 1024;

const CLOSING_GRACE_MS = 3000;

const silentLog: ServerLog = { error: () => undefined };
/** Addresses that servers listen at, decided by `listen`; until then only this process asks. */
const boundHosts = new WeakMap<FastifyInstance, string>();

export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const log = options.logger ?? silentLog;
  const clock = options.clock ?? systemClock;
  const app = fastify({
    logger: false,
    bodyLimit: options.bodyLimitBytes ?? BODY_LIMIT_BYTES,
    return503OnClosing: false,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: MAX_HEADER_BYTES },
    http: { maxHeaderSize: MAX_HEADER_BYTES },
    clientErrorHandler: answerBrokenConnection,
    frameworkErrors: (error, _request, reply) => sendProblem(reply, toShelfwiseError(error)),
  }) as unknown as FastifyInstance;
  const context: RouteContext = {
    platform: options.platform,
    guard: createGuard(options.keys, clock),
    clock,
    log,
    meter: createMeter(),
    covers: (id) => generatedCover(id) ?? options.covers?.(id),
    boundToLoopback: () => isLoopback(boundHosts.get(app) ?? '127.0.0.1'),
  };

  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(() => JSON.stringify);
  app.setErrorHandler(createErrorHandler(log));
  readJsonStrictly(app);
  allowOrigins(app, options.corsOrigins ?? []);
  meterRoutes(app, context);
  declareAccess(app);
  auditAdministration(app, context);
  registerComponents(app);
  await app.register(fastifySwagger, openApiOptions(options.platform.status().version));

  const methodsOf = collectMethods(app);
  registerItems(app, context);
  registerListeners(app, context);
  registerEvents(app, context);
  await registerBeacon(app, context);
  registerHome(app, context);
  registerDecisions(app, context);
  registerInsights(app, context);
  registerPlaylists(app, context);
  registerAdmin(app, context);
  registerModels(app, context);
  registerEvaluation(app, context);
  registerInstead(app, context);
  registerExamination(app, context);
  registerWatch(app, context);
  registerAlerts(app, context);
  registerPersons(app, context);
  registerKeys(app, context);
  registerAudit(app, context);
  registerCampaigns(app, context);
  registerSwitches(app, context);
  registerGorse(app, context);
  await registerMetarank(app, context);
  registerPersonalizer(app, context);
  registerOperations(app, context);
  refuseOtherMethods(app, methodsOf);
  await registerStudio(app, options.studioDir);
  await app.ready();
  return app;
}

/** The OpenAPI document, without a platform: its routes are described, never run. */
export async function openApiDocument(version: string): Promise<object> {
  const described = { status: () => ({ version }) } as unknown as PlatformService;
  const app = await createServer({ platform: described, keys: () => null });
  const document = app.swagger();
  await app.close();
  return document;
}

interface ListenOptions {
  /** @default 127.0.0.1 */
  readonly host?: string | undefined;
  /** 0 for any free one. */
  readonly port: number;
  /** Keys that somebody made on purpose: without one the server does not listen beyond this machine. */
  readonly madeKeys: number;
}

/** Starts to listen; gives the address. Throws BIND_REFUSED or ADDRESS_IN_USE. */
export async function listen(app: FastifyInstance, options: ListenOptions): Promise<string> {
  const host = options.host ?? '127.0.0.1';
  if (!isLoopback(host) && options.madeKeys === 0) throw new ShelfwiseError('BIND_REFUSED', host);
  boundHosts.set(app, host);
  try {
    await app.listen({ host, port: options.port });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EADDRINUSE' || code === 'EACCES') {
      throw new ShelfwiseError('ADDRESS_IN_USE', `${host}:${options.port}`, { cause: error });
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new ShelfwiseError('OPTION_INVALID', `host ${host} is not an address of this machine`, { cause: error });
    }
    throw error;
  }
  const bound = (app.server as Server).address();
  const port = bound !== null && typeof bound === 'object' ? bound.port : options.port;
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Stops listening, lets requests under way end, and after the grace cuts those off that have not (a long job, a stuck client). */
export async function closeServer(app: FastifyInstance, graceMs = CLOSING_GRACE_MS): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), graceMs);
  try {
    await app.close();
  } finally {
    clearTimeout(cut);
  }
}

const REACHING = ['__proto__', 'constructor', '\\u'] as const;

/** JSON only, in UTF-8, without keys that reach for prototypes. An empty body is no body. */
function readJsonStrictly(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error');
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body: Buffer, done) => {
    if (body.length === 0) {
      done(null, undefined);
      return;
    }
    if (!isUtf8(body)) {
      done(new ShelfwiseError('REQUEST_MALFORMED', 'it is not UTF-8'), undefined);
      return;
    }
    // A key that reaches for prototypes has one of these in it, however it is escaped. Looking for them in bytes is free.
    if (!REACHING.some((part) => body.includes(part))) {
      let value: unknown;
      try {
        value = JSON.parse(body.toString('utf8'));
      } catch (error) {
        done(new ShelfwiseError('REQUEST_MALFORMED', messageOf(error).slice(0, 200)), undefined);
        return;
      }
      done(null, value);
      return;
    }
    parse(request, body.toString('utf8'), (error, value) => {
      done(error === null ? null : new ShelfwiseError('REQUEST_MALFORMED', error.message.slice(0, 200)), value);
    });
  });
}

/** Each route counts for itself: a hook with its counters inside, no look-up a request. */
function meterRoutes(app: FastifyInstance, { meter, platform }: RouteContext): void {
  app.addHook('onRoute', (route) => {
    const counts = meter.route(String(route.method), route.url);
    const before = route.onResponse === undefined ? [] : [route.onResponse].flat();
    route.onResponse = [
      ...before,
      (_request, reply, done) => {
        counts.observe(reply.statusCode, reply.elapsedTime);
        platform.insights.noteRequest(reply.statusCode, reply.elapsedTime);
        done();
      },
    ];
  });
}

function collectMethods(app: FastifyInstance): Map<string, Set<string>> {
  const methodsOf = new Map<string, Set<string>>();
  app.addHook('onRoute', (route) => {
    const methods = methodsOf.get(route.url) ?? new Set<string>();
    for (const method of [route.method].flat()) methods.add(method);
    methodsOf.set(route.url, methods);
  });
  return methodsOf;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'] as const;

/** A known path with another method is 405 and names those it takes. */
function refuseOtherMethods(app: FastifyInstance, methodsOf: ReadonlyMap<string, ReadonlySet<string>>): void {
  for (const [url, taken] of [...methodsOf]) {
    const allowed = [...taken].sort();
    const allow = allowed.join(', ');
    app.route({
      method: METHODS.filter((method) => !allowed.includes(method)),
      url,
      schema: { hide: true },
      // Before the body is read: what it holds does not matter.
      onRequest: (_request, reply, _done) => {
        reply.header('allow', allow);
        sendProblem(reply, new ShelfwiseError('METHOD_NOT_ALLOWED', `it takes ${allow}`));
      },
      handler: async () => undefined,
    });
  }
}
