/** Keys of the API: made, listed, rotated, limited, revoked. */
import type { FastifyInstance } from 'fastify';
import { ShelfwiseError } from '../base/index.ts';
import { type ApiScope, OWN_KEY_NAME, type RateLimit } from '../platform/index.ts';
import { answers, emptyWithoutBody, needs, type RouteContext, SMALL_BODY_BYTES } from './route.ts';
import {
  CreateKeyBody,
  KeyParams,
  LimitKeyAnswer,
  LimitKeyBody,
  ListKeysAnswer,
  overlapMsOf,
  RevokeKeyAnswer,
  RotateKeyAnswer,
  RotateKeyBody,
} from './trust-contract.ts';
import { NO_QUERY } from './validation.ts';

interface ByName {
  Params: { name: string };
}

export function registerKeys(app: FastifyInstance, context: RouteContext): void {
  const { platform, guard } = context;
  const tags = ['admin'];
  const onRequest = needs(context, 'admin');

  app.post<{ Body: { name: string; scopes: readonly ApiScope[]; limit?: RateLimit | null } }>('/v1/keys', {
    schema: {
      operationId: 'createKey',
      summary: 'Makes a key; its secret is shown once.',
      tags,
      querystring: NO_QUERY,
      body: CreateKeyBody,
      response: answers({ $ref: 'CreatedKey' }, 'The key.'),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest,
    handler: async (request, reply) => {
      const { name, scopes, limit = null } = request.body;
      if (name === OWN_KEY_NAME || platform.listKeys().some((key) => key.name === name)) {
        throw new ShelfwiseError('REQUEST_INVALID', `there is a key "${name}" already`, {
          details: { errors: [{ pointer: '/name', message: 'is taken' }] },
        });
      }
      reply.header('cache-control', 'no-store');
      return { name, scopes, limit, secret: await platform.createKey(name, scopes, limit) };
    },
  });

  app.get('/v1/keys', {
    schema: {
      operationId: 'listKeys',
      summary: 'Keys that were made, without their secrets.',
      tags,
      querystring: NO_QUERY,
      response: answers(ListKeysAnswer, 'Names, scopes, limits, and when they were last used.'),
    },
    onRequest,
    handler: async () => ({ keys: platform.listKeys() }),
  });

  app.post<ByName & { Body: { overlapSeconds?: number } }>('/v1/keys/:name/rotate', {
    schema: {
      operationId: 'rotateKey',
      summary: 'Gives a key a new secret; the old one works for the overlap, then dies.',
      tags,
      params: KeyParams,
      querystring: NO_QUERY,
      body: RotateKeyBody,
      response: answers(RotateKeyAnswer, 'The new secret.'),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest,
    preValidation: emptyWithoutBody,
    handler: async (request, reply) => {
      const { name } = request.params;
      const rotated = await platform.rotateKey(name, overlapMsOf(request.body));
      guard.forget();
      if (rotated === undefined) throw new ShelfwiseError('KEY_NOT_FOUND', name);
      reply.header('cache-control', 'no-store');
      return rotated;
    },
  });

  app.put<ByName & { Body: { limit: RateLimit | null } }>('/v1/keys/:name/limit', {
    schema: {
      operationId: 'limitKey',
      summary: 'Limits the rate of a key, from its next request on; `null` frees it.',
      tags,
      params: KeyParams,
      querystring: NO_QUERY,
      body: LimitKeyBody,
      response: answers(LimitKeyAnswer, 'The limit in force.'),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest,
    handler: async (request) => {
      const { name } = request.params;
      const { limit } = request.body;
      const known = await platform.limitKey(name, limit);
      guard.forget();
      if (!known) throw new ShelfwiseError('KEY_NOT_FOUND', name);
      return { name, limit };
    },
  });

  app.delete<ByName>('/v1/keys/:name', {
    schema: {
      operationId: 'revokeKey',
      summary: 'Revokes a key that was made: from the answer on it is good for nothing.',
      tags,
      params: KeyParams,
      querystring: NO_QUERY,
      response: answers(RevokeKeyAnswer, 'It is gone.'),
    },
    onRequest,
    handler: async (request) => {
      const { name } = request.params;
      const revoked = await platform.revokeKey(name);
      guard.forget();
      if (!revoked) throw new ShelfwiseError('KEY_NOT_FOUND', name);
      return { revoked };
    },
  });
}
