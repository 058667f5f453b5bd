/**
 * The audit trail of administration: every route whose scope is `admin` and that changes something (or says `audit: true`)
 * notes who does what to which object before its handler runs, and how it ended before the answer leaves. What cannot be
 * noted does not happen; `audit: false` is for what only looks, as doctor does, and must work on a full disk.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { ShelfwiseError } from '../base/index.ts';
import type { Switch } from '../platform/index.ts';
import type { RouteContext } from './route.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Of its entry in the audit trail; 0 where it has none. */
    auditId: number;
    /** The code of the error that it ended with; '' while it has none. */
    outcome: string;
  }
  interface FastifyContextConfig {
    /** True for reading that goes into the audit trail, too; false for what is not a GET and changes nothing. */
    audit?: boolean;
  }
}

const READS: readonly unknown[] = ['GET', 'HEAD'];
const SWITCHES = '/v1/switches';

/** What was switched, and which way. */
function switched(changes: readonly Switch[]): string {
  return changes.map(({ target, on }) => `${target} ${on ? 'on' : 'off'}`).join(', ');
}

/** To be called after `declareAccess`, before routes are made. */
export function auditAdministration(app: FastifyInstance, { platform, log }: RouteContext): void {
  app.decorateRequest('auditId', 0);
  app.decorateRequest('outcome', '');

  const begin = async (request: FastifyRequest): Promise<void> => {
    const { apiKey, method } = request;
    const path = request.routeOptions.url ?? '';
    if (apiKey === null) throw new ShelfwiseError('BUG', `${method} ${path} is to be audited and needs no key`);
    request.auditId = await platform.beginAction({
      actor: apiKey.name,
      route: `${method} ${path}`,
      object: objectOf(request, path),
    });
  };
  /** A listener stands in the trail by a name that means nothing once they are erased. */
  const objectOf = ({ params, body }: FastifyRequest, path: string): string => {
    const { id, name, hash } = params as { id?: string; name?: string; hash?: string };
    if (path.startsWith('/v1/listeners/:id')) return id === undefined ? '' : platform.auditNameOf(id);
    if (path === SWITCHES) return switched((body as { switches: readonly Switch[] }).switches);
    // What is made is called by its name, a model that is to be by its family.
    const { name: called, family } = (body ?? {}) as { name?: unknown; family?: unknown };
    return id ?? name ?? hash ?? [called, family].find((text) => typeof text === 'string') ?? '';
  };
  const end = async (request: FastifyRequest): Promise<void> => {
    try {
      await platform.endAction(request.auditId, request.outcome === '' ? 'done' : request.outcome);
    } catch (error) {
      // The action took place and its entry stands as begun: the answer is not withheld for that.
      log.error({ err: error, auditId: request.auditId }, 'the end of an audited action could not be noted');
    }
  };
  const onSend = async (request: FastifyRequest, _reply: FastifyReply, payload: unknown): Promise<unknown> => {
    if (request.auditId === 0) return payload;
    if (payload instanceof Readable) payload.once('close', () => void end(request));
    else await end(request);
    return payload;
  };

  app.addHook('onRoute', (route: RouteOptions) => {
    const scopes = JSON.stringify(route.schema?.security ?? []);
    const changes = scopes.includes('"admin"') && ![route.method].flat().every((method) => READS.includes(method));
    if (!(route.config?.audit ?? changes)) return;
    route.preHandler = [...[route.preHandler ?? []].flat(), begin];
    route.onSend = [...[route.onSend ?? []].flat(), onSend];
  });
}
