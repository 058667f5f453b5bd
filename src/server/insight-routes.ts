/** Insights: a listener's state, events and decisions; figures by shelf, exposure by item; the last minutes. */
import type { FastifyInstance } from 'fastify';
import { IdParams } from './contract.ts';
import { InsightDaysQuery, ListenerListQuery, LiveQuery, NeighboursQuery } from './insight-contract.ts';
import { answers, needs, type RouteContext } from './route.ts';
import { NO_QUERY } from './validation.ts';

interface ById {
  Params: { id: string };
}
interface Listed {
  Querystring: { limit?: number; cursor?: string };
}
interface OfDays {
  Querystring: { days?: number };
}

export function registerInsights(app: FastifyInstance, context: RouteContext): void {
  const { platform } = context;
  const tags = ['insights'];
  const onRequest = needs(context, 'explain');

  app.get<ById>('/v1/listeners/:id/state', {
    schema: {
      operationId: 'getListenerState',
      summary: 'What the platform remembers of a listener, in numbers and in words.',
      tags,
      params: IdParams,
      querystring: NO_QUERY,
      response: answers({ $ref: 'ListenerState' }, 'The state as it is now.'),
    },
    onRequest,
    handler: async (request) => platform.insights.listenerState(request.params.id),
  });

  app.get<ById & Listed>('/v1/listeners/:id/timeline', {
    schema: {
      operationId: 'getListenerTimeline',
      summary: 'The events of a listener, newest first.',
      tags,
      params: IdParams,
      querystring: ListenerListQuery,
      response: answers(
        { $ref: 'Timeline' },
        'A page of events; it may be short, or empty, where a long log was searched: go on with `nextCursor`.',
      ),
    },
    onRequest,
    handler: async (request) => {
      const { limit = 50, cursor } = request.query;
      return platform.insights.timeline(request.params.id, { limit, cursor });
    },
  });

  app.get<ById & Listed>('/v1/listeners/:id/decisions', {
    schema: {
      operationId: 'listListenerDecisions',
      summary: 'The decisions made for a listener, newest first.',
      tags,
      params: IdParams,
      querystring: ListenerListQuery,
      response: answers(
        { $ref: 'ListenerDecisions' },
        'A page of decisions; it may be short, or empty, where a long log was searched: go on with `nextCursor`.',
      ),
    },
    onRequest,
    handler: async (request) => {
      const { limit = 50, cursor } = request.query;
      return platform.insights.decisionsOf(request.params.id, { limit, cursor });
    },
  });

  app.get<OfDays>('/v1/insights/shelves', {
    schema: {
      operationId: 'getShelfInsights',
      summary: 'Each shelf in figures: served, seen, chosen, rewards, exploration; by day and since the beginning.',
      tags,
      querystring: InsightDaysQuery,
      response: answers({ $ref: 'ShelfInsights' }, 'Figures up to `upToMs`.'),
    },
    onRequest,
    handler: async (request) => platform.insights.shelves(request.query.days ?? 14),
  });

  app.get<{ Querystring: { since?: number } }>('/v1/insights/live', {
    schema: {
      operationId: 'getLiveInsights',
      summary: 'The last quarter of an hour, second by second. Made to be asked every second, with `since`.',
      tags,
      querystring: LiveQuery,
      response: answers({ $ref: 'LiveInsights' }, 'The seconds that are over.'),
    },
    onRequest,
    handler: async (request) => platform.insights.live(request.query.since),
  });

  app.get<ById & OfDays>('/v1/items/:id/exposure', {
    schema: {
      operationId: 'getItemExposure',
      summary: 'How often an item was shown, seen and chosen, to how many listeners, by which shelf.',
      tags,
      params: IdParams,
      querystring: InsightDaysQuery,
      response: answers({ $ref: 'ItemExposure' }, 'Its exposure; zeros where it was not shown.'),
    },
    onRequest,
    handler: async (request) => platform.insights.exposure(request.params.id, request.query.days ?? 14),
  });

  app.get<ById & { Querystring: { limit?: number } }>('/v1/items/:id/neighbours', {
    schema: {
      operationId: 'getItemNeighbours',
      summary: 'Items that the same listeners play, by the embedding that serves.',
      tags,
      params: IdParams,
      querystring: NeighboursQuery,
      response: answers({ $ref: 'ItemNeighbours' }, 'Nearest first; none where the item has no vector.'),
    },
    onRequest,
    handler: async (request) => platform.insights.neighbours(request.params.id, request.query.limit ?? 20),
  });

  app.get<ById>('/v1/items/:id/relatives', {
    schema: {
      operationId: 'getItemRelatives',
      summary: 'What an item is part of, who made it, and what is part of it.',
      tags,
      params: IdParams,
      querystring: NO_QUERY,
      response: answers({ $ref: 'ItemRelatives' }, 'By the catalogue that serves.'),
    },
    onRequest,
    handler: async (request) => platform.insights.relatives(request.params.id),
  });
}
