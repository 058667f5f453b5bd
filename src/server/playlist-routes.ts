/** Generated playlists with their tracks, and what belongs to an item. */
import type { FastifyInstance } from 'fastify';
import { type ChildRelation, parseInstant } from '../domain/index.ts';
import { IdParams } from './contract.ts';
import {
  ChildrenQuerySchema,
  ListPlaylistsAnswer,
  ListPlaylistsQuery,
  PlaylistParams,
  PlaylistQuerySchema,
} from './playlist-contract.ts';
import { answers, needs, type RouteContext } from './route.ts';
import { requestInvalid } from './validation.ts';

interface ById {
  Params: { id: string };
}
interface Whose {
  at?: string;
  market?: string;
  tier?: string;
}

export function registerPlaylists(app: FastifyInstance, context: RouteContext): void {
  const { playlists } = context.platform;
  const onRequest = needs(context, 'serve');
  const tags = ['playlists'];

  app.get<ById & { Querystring: Whose }>('/v1/listeners/:id/playlists', {
    schema: {
      operationId: 'listPlaylists',
      summary: 'The playlists made for a listener; made first where they do not stand.',
      tags,
      params: IdParams,
      querystring: ListPlaylistsQuery,
      response: answers(ListPlaylistsAnswer, 'In a fixed order.'),
    },
    onRequest,
    handler: async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return { playlists: await playlists.listPlaylists(request.params.id, queryOf(request.query)) };
    },
  });

  app.get<ById & { Querystring: Whose & { listener: string } }>('/v1/playlists/:id', {
    schema: {
      operationId: 'getPlaylist',
      summary: 'A playlist made for a listener, with its tracks and the reason of each.',
      tags,
      params: PlaylistParams,
      querystring: PlaylistQuerySchema,
      response: answers({ $ref: 'Playlist' }, 'The playlist as the listener may hear it now.'),
    },
    onRequest,
    handler: async (request, reply) => {
      reply.header('cache-control', 'no-store');
      return playlists.getPlaylist(request.params.id, request.query.listener, queryOf(request.query));
    },
  });

  app.get<
    ById & {
      Querystring: {
        relation?: ChildRelation;
        limit?: number;
        cursor?: string;
        listener?: string;
        market?: string;
        tier?: string;
      };
    }
  >('/v1/items/:id/children', {
    schema: {
      operationId: 'getItemChildren',
      summary: 'What belongs to an item: tracks of an album, episodes of a show, albums and top tracks of an artist.',
      tags: ['items'],
      params: IdParams,
      querystring: ChildrenQuerySchema,
      response: answers({ $ref: 'ItemChildren' }, 'A page of each relation.'),
    },
    onRequest,
    handler: async (request) => {
      const { relation, limit = 50, cursor, listener, market, tier } = request.query;
      if (cursor !== undefined && relation === undefined)
        throw requestInvalid('query', [{ pointer: '/cursor', message: 'is of one relation: send `relation` with it' }]);
      return playlists.getChildren(request.params.id, { relation, limit, cursor, listenerId: listener, market, tier });
    },
  });
}

function queryOf({ at, market, tier }: Whose): { atMs: number | undefined; market?: string; tier?: string } {
  const atMs = at === undefined ? undefined : parseInstant(at);
  if (at !== undefined && atMs === undefined)
    throw requestInvalid('query', [
      { pointer: '/at', message: 'must be a time of the years 1970 to 2200, without a leap second' },
    ]);
  return { atMs, ...(market === undefined ? {} : { market }), ...(tier === undefined ? {} : { tier }) };
}
