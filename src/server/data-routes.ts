/** Data in and Homes out: items, listeners, events, the Home. */
import type { FastifyInstance } from 'fastify';
import { ByteWriter, ShelfwiseError, utf8 } from '../base/index.ts';
import { type Device, type HomeFilter, type ItemKind, type ListenerProfile, parseInstant } from '../domain/index.ts';
import type { PolicyId } from '../home/index.ts';
import type { EventFate, ItemFate } from '../platform/index.ts';
import {
  HomeQuerySchema,
  IdParams,
  type ListenerFate,
  ListenerRowSchema,
  ListListenersAnswer,
  ListListenersQuery,
  PostEventsAnswer,
  PostEventsBody,
  PutItemsAnswer,
  PutItemsBody,
  PutListenersAnswer,
  PutListenersBody,
  SearchItemsAnswer,
  SearchItemsQuery,
} from './contract.ts';
import { alsoNeeds, answers, JSON_MEDIA_TYPE, needs, type RouteContext, SMALL_BODY_BYTES } from './route.ts';
import { judgeOf, NO_QUERY, requestInvalid } from './validation.ts';

interface ById {
  Params: { id: string };
}

export function registerItems(app: FastifyInstance, context: RouteContext): void {
  const { platform } = context;
  const tags = ['items'];

  app.put<{ Body: { items: readonly unknown[] } }>('/v1/items', {
    schema: {
      operationId: 'putItems',
      summary: 'Upserts items, each with a fate of its own.',
      tags,
      querystring: NO_QUERY,
      body: PutItemsBody,
      response: answers(PutItemsAnswer, 'A fate an item, in order; on disk.'),
    },
    onRequest: needs(context, 'ingest'),
    handler: async (request) => {
      const fates = await platform.upsertItems(request.body.items);
      return { ...countItems(fates), fates };
    },
  });

  app.get<{ Querystring: { search?: string; kind?: ItemKind; limit?: number } }>('/v1/items', {
    schema: {
      operationId: 'searchItems',
      summary: 'Finds items by title.',
      tags,
      querystring: SearchItemsQuery,
      response: answers(SearchItemsAnswer, 'The best matches first.'),
    },
    onRequest: needs(context, 'serve'),
    handler: async (request) => {
      const { search = '', kind, limit = 20 } = request.query;
      return { items: platform.searchItems({ text: search, kind, limit }) };
    },
  });

  app.get<ById>('/v1/items/:id', {
    schema: {
      operationId: 'getItem',
      summary: 'One item.',
      tags,
      params: IdParams,
      querystring: NO_QUERY,
      response: answers({ $ref: 'Item' }, 'The item.'),
    },
    onRequest: needs(context, 'serve'),
    handler: async (request) => {
      const item = platform.getItem(request.params.id);
      if (item === undefined) throw new ShelfwiseError('ITEM_NOT_FOUND', request.params.id);
      return item;
    },
  });

  app.delete<ById>('/v1/items/:id', {
    schema: {
      operationId: 'deleteItem',
      summary: 'Takes an item out of the catalogue.',
      tags,
      params: IdParams,
      querystring: NO_QUERY,
      response: answers({ type: 'object', properties: { deleted: { type: 'boolean' } } }, 'It is gone.'),
    },
    onRequest: needs(context, 'ingest'),
    handler: async (request) => {
      if (!(await platform.deleteItem(request.params.id)))
        throw new ShelfwiseError('ITEM_NOT_FOUND', request.params.id);
      return { deleted: true };
    },
  });
}

function countItems(fates: readonly ItemFate[]) {
  const counts = { created: 0, updated: 0, unchanged: 0, rejected: 0 };
  for (const { fate } of fates) counts[fate]++;
  return counts;
}

export function registerListeners(app: FastifyInstance, context: RouteContext): void {
  const { platform } = context;
  const tags = ['listeners'];

  app.put<ById & { Body: ListenerProfile }>('/v1/listeners/:id', {
    schema: {
      operationId: 'putListener',
      summary: "Stores a listener's profile in place of the one before.",
      tags,
      params: IdParams,
      querystring: NO_QUERY,
      body: { $ref: 'ListenerProfile' },
      response: answers({ $ref: 'StoredListener' }, 'The listener as stored; on disk.'),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest: needs(context, 'ingest'),
    handler: async (request) => platform.putListener(request.params.id, request.body),
  });

  app.get<ById>('/v1/listeners/:id', {
    schema: {
      operationId: 'getListener',
      summary: 'A listener: the profile and what they play most.',
      tags,
      params: IdParams,
      querystring: NO_QUERY,
      response: answers({ $ref: 'ListenerSummary' }, 'The listener.'),
    },
    onRequest: needs(context, 'serve'),
    handler: async (request) => {
      const listener = platform.getListener(request.params.id);
      if (listener === undefined) throw new ShelfwiseError('LISTENER_NOT_FOUND', request.params.id);
      return listener;
    },
  });

  app.get<{ Querystring: { prefix?: string; limit?: number; cursor?: string } }>('/v1/listeners', {
    schema: {
      operationId: 'listListeners',
      summary: 'Listeners by id.',
      tags,
      querystring: ListListenersQuery,
      response: answers(ListListenersAnswer, 'Ascending by id; `nextCursor` is null on the last page.'),
    },
    onRequest: needs(context, 'explain'),
    handler: async (request) => {
      const { prefix = '', limit = 50, cursor } = request.query;
      return platform.listListeners({ prefix, limit, cursor });
    },
  });

  const judgeRow = judgeOf(ListenerRowSchema);
  app.post<{ Body: { listeners: readonly unknown[] } }>('/v1/listeners', {
    schema: {
      operationId: 'putListeners',
      summary: 'Stores many profiles, each with a fate of its own.',
      tags,
      querystring: NO_QUERY,
      body: PutListenersBody,
      response: answers(PutListenersAnswer, 'A fate a listener, in order; on disk.'),
    },
    onRequest: needs(context, 'ingest'),
    handler: async (request) => {
      const good: { id: string; profile: ListenerProfile }[] = [];
      const fates = request.body.listeners.map((row): ListenerFate => {
        const errors = judgeRow(row);
        if (errors === undefined) {
          const { id, profile = {} } = row as { id: string; profile?: ListenerProfile };
          good.push({ id, profile });
          return { id, fate: 'stored' };
        }
        const error = new ShelfwiseError(
          'REQUEST_INVALID',
          errors.map(({ pointer, message }) => `${pointer} ${message}`.trim()).join('; '),
        );
        return {
          id: idOf(row),
          fate: 'rejected',
          code: error.code,
          message: error.message,
          remedy: 'Correct the fields; see the schema ListenerRow in /openapi.json.',
        };
      });
      if (good.length > 0) await platform.putListeners(good);
      return { stored: good.length, rejected: fates.length - good.length, fates };
    },
  });
}

const MAX_ECHOED_ID = 200;

/** The id of a row that is not valid, as far as it has one. */
function idOf(row: unknown): string {
  const id = row !== null && typeof row === 'object' && 'id' in row ? row.id : undefined;
  return typeof id === 'string' ? id.slice(0, MAX_ECHOED_ID) : '';
}

export function registerEvents(app: FastifyInstance, context: RouteContext): void {
  const { platform } = context;
  app.post<{ Body: { events: readonly unknown[] } }>('/v1/events', {
    schema: {
      operationId: 'postEvents',
      summary: 'Takes events, each with a fate of its own; answers when they are on disk and in the listeners’ state.',
      tags: ['events'],
      querystring: NO_QUERY,
      body: PostEventsBody,
      response: answers(PostEventsAnswer, 'A fate an event, in order.'),
    },
    onRequest: needs(context, 'ingest'),
    handler: async (request, reply) => {
      const fates = await platform.ingest(request.body.events);
      reply.header('content-type', JSON_MEDIA_TYPE);
      return eventsAnswer(fates);
    },
  });
}

const NEEDS_NO_ESCAPES = /^[\w.:/ -]*$/;
const FATE = utf8('{"eventId":');
const ACCEPTED = utf8(',"fate":"accepted"}');
const COMMA = 0x2c;
/** Answers are written one at a time, and copied out. */
const list = new ByteWriter(64 * 1024);

/** Built by hand: nearly every fate is two short fields, and this answer is the hottest. */
export function eventsAnswer(fates: readonly EventFate[]): Buffer {
  let accepted = 0;
  let duplicates = 0;
  let forgotten = 0;
  list.reset();
  for (const fate of fates) {
    if (list.length > 0) list.u8(COMMA);
    if (fate.fate === 'accepted') {
      accepted++;
      const { eventId } = fate;
      list.raw(FATE);
      if (NEEDS_NO_ESCAPES.test(eventId)) {
        list.u8(QUOTE);
        list.literal(eventId);
        list.u8(QUOTE);
      } else list.literal(JSON.stringify(eventId));
      list.raw(ACCEPTED);
    } else {
      if (fate.fate === 'duplicate') duplicates++;
      else if (fate.fate === 'private') forgotten++;
      list.literal(JSON.stringify(fate));
    }
  }
  const rejected = fates.length - accepted - duplicates - forgotten;
  const head = `{"accepted":${accepted},"duplicates":${duplicates},"private":${forgotten},"rejected":${rejected},"fates":[`;
  return Buffer.concat([utf8(head), list.view(), END]);
}

const QUOTE = 0x22;
const END = utf8(']}');

export function registerHome(app: FastifyInstance, context: RouteContext): void {
  const { platform } = context;
  app.get<
    ById & {
      Querystring: {
        device?: Device;
        market?: string;
        tier?: string;
        at?: string;
        explain?: boolean;
        session?: string;
        fresh?: boolean;
        policy?: PolicyId;
        filter?: HomeFilter;
        private?: boolean;
        profiling?: 'on' | 'off';
        limit?: number;
        cursor?: string;
      };
    }
  >('/v1/listeners/:id/home', {
    // A Home is a decision, and it is recorded: HEAD must not make one.
    exposeHeadRoute: false,
    schema: {
      operationId: 'getHome',
      summary:
        'The Home of a listener; one that is not known gets a cold start. `explain` and `policy` need the scope `explain`, too.',
      tags: ['home'],
      params: IdParams,
      querystring: HomeQuerySchema,
      response: answers({ $ref: 'Page' }, 'The page; its decision is recorded, unless it is private.'),
    },
    onRequest: needs(context, 'serve'),
    preHandler: alsoNeeds('explain', ({ query }) => {
      const { explain, policy } = query as { explain?: boolean; policy?: string };
      return explain === true || policy !== undefined;
    }),
    handler: async (request, reply) => {
      const { device = 'phone', market, tier, at, explain = false, session, fresh = false } = request.query;
      const { filter, private: isPrivate, profiling, limit, cursor, policy } = request.query;
      const bytes = await platform.home(request.params.id, {
        device,
        market,
        tier,
        atMs: at === undefined ? undefined : timeOf(at),
        explain,
        sessionId: session,
        fresh,
        policyId: policy,
        filter,
        isPrivate,
        profiling: profiling === undefined ? undefined : profiling === 'on',
        limit,
        cursor,
      });
      reply.header('content-type', JSON_MEDIA_TYPE).header('cache-control', 'no-store');
      return bytes;
    },
  });
}

/** The time that a Home is asked for; a date-time of the schema may still be none (a leap second). */
function timeOf(at: string): number {
  const ms = parseInstant(at);
  if (ms !== undefined) return ms;
  throw requestInvalid('query', [
    { pointer: '/at', message: 'must be a time of the years 1970 to 2200, without a leap second' },
  ]);
}
