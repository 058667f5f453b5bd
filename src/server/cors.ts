/**
 * Cross-origin requests: a page may call this server when its origin is on the operator's list, written out. Nothing rests on
 * cookies, so that no answer says that credentials may come. Without a list no page but the server's own may read an answer.
 */
import type { FastifyInstance } from 'fastify';
import { ShelfwiseError } from '../base/index.ts';

const METHODS = 'GET, POST, PUT, PATCH, DELETE';
const HEADERS = 'authorization, content-type, x-api-key, ocp-apim-subscription-key';
/** What a page may read of an answer beside its body. */
const EXPOSED = 'retry-after';
/** Browsers ask again after so long: Chromium's own limit is two hours. */
const REMEMBERED_S = 7200;

/** Throws OPTION_INVALID for what is no origin: `https://host` or `https://host:port`, without a path. */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  const allowed = new Set(origins.map(originOf));
  if (allowed.size === 0) return;
  app.addHook('onRequest', (request, reply, done) => {
    const { origin } = request.headers;
    // Also for other origins and for none: what is kept on the way must not be given to another.
    reply.header('vary', 'Origin');
    if (origin === undefined || !allowed.has(origin)) {
      done();
      return;
    }
    reply.header('access-control-allow-origin', origin);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      reply.header('access-control-expose-headers', EXPOSED);
      done();
      return;
    }
    reply
      .header('access-control-allow-methods', METHODS)
      .header('access-control-allow-headers', HEADERS)
      .header('access-control-max-age', REMEMBERED_S)
      .code(204)
      .send();
  });
}

function originOf(text: string): string {
  let origin = '';
  try {
    origin = new URL(text).origin;
  } catch {
    // Told below, together with what is an address and no origin.
  }
  if (/^https?:/.test(origin) && origin === text) return origin;
  throw new ShelfwiseError(
    'OPTION_INVALID',
    `"${text}" is no origin; give scheme and host, and the port where it is not the usual one, such as https://app.example`,
  );
}
