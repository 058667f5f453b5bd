/**
 * The web page at `/`. It needs a key to call the API, and on a laptop nobody should have to paste one: so index.html is
 * served with the platform's key in a <meta>, but only while the server listens to this machine alone and the request
 * comes from it by name. Whoever can open that page could read the data directory with the key in it just as well.
 * Beyond loopback the page asks its user for a key.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ShelfwiseError } from '../base/index.ts';
import { isFromThisMachine } from './access.ts';
import { sendProblem } from './problems.ts';
import type { RouteContext } from './route.ts';

export interface StudioOptions {
  /** Folder of the built page; without one `/` says how to build it. */
  readonly studioDir: string | undefined;
  readonly pageKey: string | undefined;
}

const POLICY = [
  "default-src 'self'",
  'img-src * data:',
  "style-src 'self' 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const NOT_BUILT = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Shelfwise</title></head>
<body><h1>Shelfwise</h1><p>The platform runs, but the web page is not built: <code>npm run build:studio</code>.</p>
<p>The API is described in <a href="/openapi.json">/openapi.json</a>.</p></body></html>
`;

export async function registerStudio(
  app: FastifyInstance,
  context: RouteContext,
  { studioDir, pageKey }: StudioOptions,
): Promise<void> {
  const sendPage = async (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> => {
    const html = await pageHtml(studioDir);
    const withKey = pageKey !== undefined && context.boundToLoopback() && isFromThisMachine(request);
    return reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('cache-control', 'no-store')
      .header('content-security-policy', POLICY)
      .header('referrer-policy', 'no-referrer')
      .header('x-content-type-options', 'nosniff')
      .send(withKey ? withMeta(html, 'shelfwise-key', pageKey) : html);
  };

  const hidden = { hide: true };
  app.get('/', { schema: hidden, handler: sendPage });
  app.get('/index.html', { schema: hidden, handler: sendPage });
  if (studioDir !== undefined) {
    await app.register(fastifyStatic, {
      root: studioDir,
      prefix: '/',
      index: false,
      redirect: false,
      decorateReply: false,
      dotfiles: 'ignore',
      schemaHide: true,
      setHeaders: (response, path) => {
        response.header('x-content-type-options', 'nosniff');
        // Names of built assets hold a hash of their content.
        if (path.includes('/assets/')) response.header('cache-control', 'public, max-age=31536000, immutable');
      },
    });
  }

  // Addresses inside the page (/listeners/7, say) are its own business: they get the page. Everything else is a problem.
  app.setNotFoundHandler((request, reply) => {
    const isPage =
      request.method === 'GET' &&
      !/^\/(v1|covers|assets)(\/|$|\?)/.test(request.url) &&
      (request.headers.accept ?? '').includes('text/html');
    if (isPage) return sendPage(request, reply);
    sendProblem(reply, new ShelfwiseError('ROUTE_NOT_FOUND', `${request.method} ${request.url.slice(0, 200)}`));
    return reply;
  });
}

async function pageHtml(studioDir: string | undefined): Promise<string> {
  if (studioDir === undefined) return NOT_BUILT;
  try {
    return await readFile(join(studioDir, 'index.html'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return NOT_BUILT;
    throw error;
  }
}

function withMeta(html: string, name: string, content: string): string {
  const escaped = content.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
  const meta = `<meta name="${name}" content="${escaped}">`;
  const end = html.indexOf('</head>');
  return end < 0 ? meta + html : html.slice(0, end) + meta + html.slice(end);
}
