/** Kill switches: what an operator takes out of Home at once. */
import type { FastifyInstance } from 'fastify';
import type { Switch } from '../platform/index.ts';
import { answers, needs, type RouteContext, SMALL_BODY_BYTES } from './route.ts';
import { ListSwitchesAnswer, PutSwitchesBody } from './switch-contract.ts';
import { NO_QUERY } from './validation.ts';

export function registerSwitches(app: FastifyInstance, context: RouteContext): void {
  const { platform } = context;
  const tags = ['admin'];
  const onRequest = needs(context, 'admin');

  app.get('/v1/switches', {
    schema: {
      operationId: 'listSwitches',
      summary: 'Which shelves and policies are on.',
      tags,
      querystring: NO_QUERY,
      response: answers(ListSwitchesAnswer, 'The switches.'),
    },
    onRequest,
    handler: async () => ({ switches: platform.listSwitches() }),
  });

  app.put<{ Body: { switches: readonly Switch[] } }>('/v1/switches', {
    schema: {
      operationId: 'setSwitches',
      summary: 'Switches shelves and policies off or on: all of them or none, with the next Home.',
      tags,
      querystring: NO_QUERY,
      body: PutSwitchesBody,
      response: answers(ListSwitchesAnswer, 'All switches as they are now; on disk.'),
    },
    bodyLimit: SMALL_BODY_BYTES,
    onRequest,
    handler: async (request) => ({ switches: await platform.setSwitches(request.body.switches) }),
  });
}
