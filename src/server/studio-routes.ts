/**
 * The web page at `/`. It needs a key to call the API and never gets one from here: who asks cannot be told apart by
 * address or name (a proxy on this machine, another user of it). `shelfwise up` prints the page's address with the key in
 * the fragment, which browsers send to nobody; the page keeps it, and asks for one where it has none.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { ShelfwiseError } from '../base/index.ts';
import { sendProblem } from './problems.ts';

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

/** `studioDir` is the folder of the built page; without one `/` says how to build it. */
export async function registerStudio(app: FastifyInstance, studioDir: string | undefined): Promise<void> {
  const sendPage = async (reply: FastifyReply): Promise<FastifyReply> =>
    reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('cache-control', 'no-cache')
      .header('content-security-policy', POLICY)
      .header('referrer-policy', 'no-referrer')
      .header('x-content-type-options', 'nosniff')
      .send(await pageHtml(studioDir));

  const hidden = { hide: true };
  app.get('/', { schema: hidden, handler: (_request, reply) => sendPage(reply) });
  app.get('/index.html', { schema: hidden, handler: (_request, reply) => sendPage(reply) });
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
    if (isPage) return sendPage(reply);
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
