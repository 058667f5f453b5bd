/** Calls shaped like Gorse's REST API (https://gorse.io/docs/api/restful-api). */
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { IncomingEvent, Page } from '../domain/index.ts';
import type { ItemFate } from '../platform/index.ts';
import { type RowRefusal, refusalOf, signalOf, Unmapped } from './engines.ts';
import {
  GorseFeedbackRows,
  GorseItem,
  GorseItemRows,
  GorseRecommendation,
  GorseRecommendQuery,
  GorseSuccess,
  GorseUser,
  GorseUserRows,
  UserCategoryParams,
  UserParams,
} from './gorse-contract.ts';
import { eventOfFeedback, itemOfGorse, listenerOfGorse, recommendedOf } from './gorse-mapping.ts';
import { answers, needsKeyIn, type RouteContext, SMALL_BODY_BYTES } from './route.ts';
import { NO_QUERY, requestInvalid } from './validation.ts';

const KEY = 'x-api-key';
const tags = ['gorse'];

interface Success {
  readonly RowAffected: number;
  readonly Refused?: readonly RowRefusal[];
}

export function registerGorse(app: FastifyInstance, context: RouteContext): void {
  registerFeedback(app, context);
  registerItems(app, context);
  registerUsers(app, context);
  registerRecommend(app, context);
}

const successOf = (affected: number, refused: readonly RowRefusal[]): Success =>
  refused.length === 0 ? { RowAffected: affected } : { RowAffected: affected, Refused: refused };

/** Maps row by row; a row that cannot be mapped is told of, and the others go on. */
function mapRows<T>(rows: readonly unknown[], map: (row: unknown) => T) {
  const mapped: T[] = [];
  const indices: number[] = [];
  const refused: RowRefusal[] = [];
  rows.forEach((row, index) => {
    try {
      mapped.push(map(row));
      indices.push(index);
    } catch (error) {
      if (!(error instanceof Unmapped)) throw error;
      refused.push(refusalOf(index, error.message));
    }
  });
  return { mapped, indices, refused };
}

type Fate = { readonly fate: string } | (ItemFate & { readonly fate: 'rejected' });

/** Adds what the platform itself refused, at the places of the rows. */
function refusedBy(fates: readonly Fate[], indices: readonly number[]): RowRefusal[] {
  return fates.flatMap((fate, i) => {
    if (fate.fate !== 'rejected') return [];
    const { code, message, remedy } = fate as ItemFate & { readonly fate: 'rejected' };
    return [{ index: indices[i], code, message, remedy }];
  });
}

function registerFeedback(app: FastifyInstance, context: RouteContext): void {
  const { platform, clock } = context;
  const ingest = async (rows: readonly unknown[], overwrites: boolean): Promise<Success> => {
    const { mapped, indices, refused } = mapRows(rows, (row) =>
      eventOfFeedback(row, {
        nowMs: clock.nowMs(),
        overwrites,
        kindOf: (itemId) => platform.getItem(itemId)?.kind,
      }),
    );
    const fates = mapped.length === 0 ? [] : await platform.ingest(mapped);
    const affected = fates.filter(({ fate }) => fate === 'accepted').length;
    return successOf(affected, [...refused, ...refusedBy(fates, indices)]);
  };
  for (const [method, overwrites] of [
    ['POST', false],
    ['PUT', true],
  ] as const) {
    app.route<{ Body: readonly unknown[] }>({
      method,
      url: '/api/feedback',
      schema: {
        operationId: overwrites ? 'gorsePutFeedback' : 'gorseInsertFeedback',
        summary: overwrites
          ? 'Takes feedback; the same again is an event of its own.'
          : 'Takes feedback that is not there yet.',
        tags,
        querystring: NO_QUERY,
        body: GorseFeedbackRows,
        response: answers(GorseSuccess, 'On disk, and in the listeners’ state.'),
      },
      onRequest: needsKeyIn(KEY, context, 'ingest'),
      handler: (request) => ingest(request.body, overwrites),
    });
  }
}

function registerItems(app: FastifyInstance, context: RouteContext): void {
  const { platform } = context;
  const put = async (rows: readonly unknown[]): Promise<Success> => {
    const { mapped, indices, refused } = mapRows(rows, itemOfGorse);
    const fates = mapped.length === 0 ? [] : await platform.upsertItems(mapped);
    const affected = fates.filter(({ fate }) => fate !== 'rejected').length;
    return successOf(affected, [...refused, ...refusedBy(fates, indices)]);
  };
  app.post<{ Body: object }>('/api/item', {
    schema: {
      operationId: 'gorseInsertItem',
      summary: 'Upserts an item.',
      tags,
      querystring: NO_QUERY,
      body: GorseItem,
      response: answers(GorseSuccess, 'On disk.'),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest: needsKeyIn(KEY, context, 'ingest'),
    handler: (request) => put([request.body]),
  });
  app.post<{ Body: readonly unknown[] }>('/api/items', {
    schema: {
      operationId: 'gorseInsertItems',
      summary: 'Upserts items.',
      tags,
      querystring: NO_QUERY,
      body: GorseItemRows,
      response: answers(GorseSuccess, 'On disk.'),
    },
    onRequest: needsKeyIn(KEY, context, 'ingest'),
    handler: (request) => put(request.body),
  });
}

function registerUsers(app: FastifyInstance, context: RouteContext): void {
  const { platform } = context;
  const put = async (rows: readonly unknown[]): Promise<Success> => {
    const { mapped, refused } = mapRows(rows, listenerOfGorse);
    if (mapped.length > 0) await platform.putListeners(mapped);
    return successOf(mapped.length, refused);
  };
  app.post<{ Body: object }>('/api/user', {
    schema: {
      operationId: 'gorseInsertUser',
      summary: 'Stores a listener.',
      tags,
      querystring: NO_QUERY,
      body: GorseUser,
      response: answers(GorseSuccess, 'On disk.'),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest: needsKeyIn(KEY, context, 'ingest'),
    handler: (request) => put([request.body]),
  });
  app.post<{ Body: readonly unknown[] }>('/api/users', {
    schema: {
      operationId: 'gorseInsertUsers',
      summary: 'Stores listeners.',
      tags,
      querystring: NO_QUERY,
      body: GorseUserRows,
      response: answers(GorseSuccess, 'On disk.'),
    },
    onRequest: needsKeyIn(KEY, context, 'ingest'),
    handler: (request) => put(request.body),
  });
}

interface RecommendQuery {
  readonly n?: number;
  readonly offset?: number;
  readonly category?: string;
  readonly 'write-back-type'?: string;
}

function registerRecommend(app: FastifyInstance, context: RouteContext): void {
  const { platform, clock } = context;

  async function recommend(userId: string, query: RecommendQuery, reply: FastifyReply): Promise<string[]> {
    const { n = 10, offset = 0, category = '', 'write-back-type': writeBack } = query;
    const type = writeBack === undefined ? undefined : signalOf(writeBack);
    if (writeBack !== undefined && type === undefined) {
      throw requestInvalid('query', [{ pointer: '/write-back-type', message: 'says nothing here' }]);
    }
    const page = await platform.home(userId, { device: 'phone', explain: false, fresh: false });
    const { decisionId, ...decided } = JSON.parse(Buffer.from(page).toString()) as Page;
    const fits = (itemId: string): boolean => {
      if (category === '') return true;
      const item = platform.getItem(itemId);
      return item !== undefined && (item.kind === category || (item.genres ?? []).includes(category));
    };
    const ids = recommendedOf(decided, fits).slice(offset, offset + n);
    if (writeBack !== undefined && ids.length > 0) {
      const occurredAt = new Date(clock.nowMs()).toISOString();
      const rows = ids.map((ItemId) => ({ FeedbackType: writeBack, UserId: userId, ItemId, Timestamp: occurredAt }));
      const kindOf = (itemId: string) => platform.getItem(itemId)?.kind;
      const events: IncomingEvent[] = rows.map((row) =>
        eventOfFeedback(row, { nowMs: clock.nowMs(), overwrites: false, kindOf }),
      );
      await platform.ingest(events);
    }
    reply.header('x-shelfwise-decision', decisionId).header('cache-control', 'no-store');
    return ids;
  }
  app.get<{ Params: { userId: string }; Querystring: RecommendQuery }>('/api/recommend/:userId', {
    exposeHeadRoute: false,
    schema: {
      operationId: 'gorseRecommend',
      summary: 'What of a listener’s Home is new to them, from the top.',
      tags,
      params: UserParams,
      querystring: GorseRecommendQuery,
      response: answers(GorseRecommendation, 'Ids; the Home is recorded as a decision.'),
    },
    onRequest: needsKeyIn(KEY, context, 'serve'),
    handler: (request, reply) => recommend(request.params.userId, request.query, reply),
  });
  app.get<{ Params: { userId: string; category: string }; Querystring: RecommendQuery }>(
    '/api/recommend/:userId/:category',
    {
      exposeHeadRoute: false,
      schema: {
        operationId: 'gorseRecommendCategory',
        summary: 'The same, of a kind of item or a genre.',
        tags,
        params: UserCategoryParams,
        querystring: GorseRecommendQuery,
        response: answers(GorseRecommendation, 'Ids; the Home is recorded as a decision.'),
      },
      onRequest: needsKeyIn(KEY, context, 'serve'),
      handler: ({ params: { userId, category }, query }, reply) => recommend(userId, { ...query, category }, reply),
    },
  );
}
