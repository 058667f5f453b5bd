/** Calls shaped like Metarank's API (https://docs.metarank.ai/reference/api). */
import { isUtf8 } from 'node:buffer';
import type { FastifyInstance } from 'fastify';
import { ShelfwiseError } from '../base/index.ts';
import type { IncomingEvent, Item, ListenerProfile } from '../domain/index.ts';
import { type RowRefusal, refusalOf, Unmapped } from './engines.ts';
import {
  MetarankFeedback,
  MetarankOrder,
  MetarankRank,
  MetarankTaken,
  ModelParams,
  type RankBody,
  RankQuerySchema,
} from './metarank-contract.ts';
import { type MappedEvent, mapMetarank } from './metarank-mapping.ts';
import { answers, needsKeyIn, type RouteContext } from './route.ts';
import { NO_QUERY, requestInvalid } from './validation.ts';

const ENGINE = 'metarank';
const KEY = 'x-api-key';
const tags = ['metarank'];

/** In a context of its own: Metarank's own examples post JSON as curl does, without saying that it is. */
export async function registerMetarank(parent: FastifyInstance, context: RouteContext): Promise<void> {
  await parent.register(async (app) => {
    const json = app.getDefaultJsonParser('error', 'error');
    for (const type of ['application/x-www-form-urlencoded', 'text/plain']) {
      app.addContentTypeParser(type, { parseAs: 'buffer' }, (request, body: Buffer, done) => {
        if (!isUtf8(body)) {
          done(new ShelfwiseError('REQUEST_MALFORMED', 'it is not UTF-8'), undefined);
          return;
        }
        json(request, body.toString('utf8'), (error, parsed) => {
          done(error === null ? null : new ShelfwiseError('REQUEST_MALFORMED', error.message.slice(0, 200)), parsed);
        });
      });
    }
    registerFeedback(app, context);
    registerRank(app, context);
  });
}

function registerFeedback(app: FastifyInstance, context: RouteContext): void {
  const { platform, clock } = context;

  async function take(rows: readonly unknown[]): Promise<object> {
    const startMs = clock.monotonicMs();
    const refused: RowRefusal[] = [];
    const items = new Map<string, { readonly item: Item; readonly index: number }>();
    const listeners = new Map<string, ListenerProfile>();
    const events: IncomingEvent[] = [];
    const eventRows: number[] = [];
    rows.forEach((row, index) => {
      const mapped = attempt(() =>
        mapMetarank(row, {
          itemOf: (id) => items.get(id)?.item ?? platform.getItem(id),
          profileOf: (id) => listeners.get(id) ?? platform.getListener(id)?.profile,
          rankingOf: (id) => platform.rankingOf(ENGINE, id),
        }),
      );
      if (typeof mapped === 'string') refused.push(refusalOf(index, mapped));
      else if ('item' in mapped) items.set(mapped.item.id, { item: mapped.item, index });
      else if ('listener' in mapped) listeners.set(mapped.listener.id, mapped.listener.profile);
      else {
        events.push(...mapped.events);
        for (const _ of mapped.events) eventRows.push(index);
      }
    });
    // What events refer to is there before them.
    const stored = [...items.values()];
    const itemFates = stored.length === 0 ? [] : await platform.upsertItems(stored.map(({ item }) => item));
    if (listeners.size > 0) await platform.putListeners([...listeners].map(([id, profile]) => ({ id, profile })));
    const eventFates = events.length === 0 ? [] : await platform.ingest(events);
    const told = new Set(refused.map(({ index }) => index));
    const note = (
      index: number,
      fate: { readonly code: string; readonly message: string; readonly remedy: string },
    ): void => {
      if (told.has(index)) return;
      told.add(index);
      const { code, message, remedy } = fate;
      refused.push({ index, code, message, remedy });
    };
    itemFates.forEach((fate, i) => {
      if (fate.fate === 'rejected') note(stored[i].index, fate);
    });
    eventFates.forEach((fate, i) => {
      if (fate.fate === 'rejected') note(eventRows[i], fate);
    });
    const changed = (fate: string): boolean => fate === 'created' || fate === 'updated' || fate === 'accepted';
    return {
      accepted: rows.length - told.size,
      status: told.size === 0 ? 'ok' : 'partial',
      tookMillis: Math.round(clock.monotonicMs() - startMs),
      updated: [...itemFates, ...eventFates].filter(({ fate }) => changed(fate)).length + listeners.size,
      ...(refused.length === 0 ? {} : { refused: refused.sort((a, b) => a.index - b.index) }),
    };
  }
  app.post<{ Body: unknown }>('/feedback', {
    schema: {
      operationId: 'metarankFeedback',
      summary: 'Takes item, user, ranking and interaction events, one or a list.',
      tags,
      querystring: NO_QUERY,
      body: MetarankFeedback,
      response: answers(MetarankTaken, 'On disk, and in the listeners’ state.'),
    },
    onRequest: needsKeyIn(KEY, context, 'ingest'),
    handler: ({ body }) => take(Array.isArray(body) ? body : [body]),
  });
}

function attempt(map: () => MappedEvent): MappedEvent | string {
  try {
    return map();
  } catch (error) {
    if (error instanceof Unmapped) return error.message;
    throw error;
  }
}

function registerRank(app: FastifyInstance, context: RouteContext): void {
  const { platform, clock } = context;
  app.post<{ Params: { model: string }; Body: RankBody }>('/rank/:model', {
    schema: {
      operationId: 'metarankRank',
      summary: 'Draws an order of the items by the policy, and records it as a decision.',
      tags,
      params: ModelParams,
      querystring: RankQuerySchema,
      body: MetarankRank,
      response: answers(MetarankOrder, 'The items in their order; what the catalogue does not hold stands last.'),
    },
    onRequest: needsKeyIn(KEY, context, 'serve'),
    handler: async ({ body: { id, user, session, items } }) => {
      const startMs = clock.monotonicMs();
      const listenerId = user ?? session;
      if (listenerId === undefined) {
        throw requestInvalid('body', [{ pointer: '/user', message: 'must be there, or session in its place' }]);
      }
      const itemIds = [...new Set(items.map((item) => item.id))];
      const { ranked, left, decisionId } = await platform.rank({
        engine: ENGINE,
        rankingId: id,
        listenerId,
        itemIds,
        device: 'phone',
        sessionId: session,
      });
      const rows = [
        ...ranked.map(({ itemId, score, propensity }) => ({ item: itemId, predicted: score, propensity })),
        ...left.map((item) => ({ item, predicted: null, propensity: 0 })),
      ];
      return {
        took: Math.round(clock.monotonicMs() - startMs),
        items: rows.map((row, rank) => ({ ...row, score: rows.length - rank })),
        decisionId,
      };
    },
  });
}
