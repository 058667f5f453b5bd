/**
 * Events of a page that is being left. `navigator.sendBeacon` sets no headers, and only a body of text goes to another origin
 * without a question ahead: so here the key may stand in the body, as text. It never stands in the address.
 */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { ShelfwiseError } from '../base/index.ts';
import { BeaconBody, type BeaconRequest, PostEventsAnswer } from './beacon-contract.ts';
import { eventsAnswer } from './data-routes.ts';
import { answers, JSON_MEDIA_TYPE, needsUnless, type RouteContext } from './route.ts';
import { NO_QUERY } from './validation.ts';

/** Browsers send no more: 64 KiB for all that a page leaves behind. It is read before its key is known. */
const BEACON_BYTES = 64 * 1024;

const isText = (request: FastifyRequest): boolean =>
  /^text\/plain\s*(;|$)/i.test(request.headers['content-type'] ?? '') && request.headers.authorization === undefined;

/** In a context of its own: no other route reads text as JSON, which a page of any origin may send unasked. */
export async function registerBeacon(parent: FastifyInstance, context: RouteContext): Promise<void> {
  const { platform, guard } = context;
  await parent.register(async (app) => {
    const json = app.getDefaultJsonParser('error', 'error');
    app.addContentTypeParser('text/plain', { parseAs: 'string' }, (request, body, done) => {
      json(request, body as string, (error, parsed) => {
        done(error === null ? null : new ShelfwiseError('REQUEST_MALFORMED', error.message.slice(0, 200)), parsed);
      });
    });
    app.post<{ Body: BeaconRequest }>('/v1/events/beacon', {
      schema: {
        operationId: 'postBeacon',
        summary: 'Takes events of a page that is being left; as text its body may hold the key.',
        tags: ['events'],
        querystring: NO_QUERY,
        consumes: ['text/plain', 'application/json'],
        body: BeaconBody,
        response: answers(PostEventsAnswer, 'A fate an event, in order; a beacon does not hear it.'),
      },
      bodyLimit: BEACON_BYTES,
      onRequest: needsUnless(context, 'ingest', isText),
      preHandler: (request, _reply, done) => {
        const { key } = request.body;
        request.apiKey ??= guard.check(key === undefined ? undefined : `Bearer ${key}`, 'ingest');
        done();
      },
      handler: async (request, reply) => {
        reply.header('content-type', JSON_MEDIA_TYPE);
        return eventsAnswer(await platform.ingest(request.body.events));
      },
    });
  });
}
