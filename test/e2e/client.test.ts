/**
 * `shelfwise/client` as an app has it: the compiled package in a folder of its own, its documented examples in Node and, bundled by
 * Vite, in a real browser, against a real platform on another origin and on its own.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FastifyInstance } from 'fastify';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { build } from 'vite';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { IncomingEvent } from '../../src/domain/index.ts';
import { openPlatform, type Platform } from '../../src/platform/index.ts';
import { createServer, listen } from '../../src/server/index.ts';
import { smallWorld, temporaryDir } from '../support.ts';
import { BROWSER } from './browser.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const app = temporaryDir('client-app');
const installed = join(app, 'node_modules', 'shelfwise');
const dist = join(app, 'site');

let platform: Platform;
let server: FastifyInstance;
let address: string;
let key: string;
/** What the platform was sent, in the order in which it came. */
const received: IncomingEvent[] = [];
/** Paths that were asked for: a browser's tools do not show what a page sends when it is left. */
const paths: string[] = [];
/** The same site on an origin that the platform allows, and on one that it does not. */
let allowed: Server;
let stranger: Server;

/** Code blocks of the document, by what runs them. */
function examples(): { readonly language: string; readonly code: string }[] {
  const text = readFileSync(join(ROOT, 'docs', 'client.md'), 'utf8');
  return [...text.matchAll(/```(jsx? (?:node|browser))\n(.*?)```/gs)].map(([, language, code]) => ({ language, code }));
}
const filledIn = (code: string): string =>
  code.replaceAll('https://shelfwise.example', address).replaceAll("'APP_KEY'", `'${key}'`);

function serve(): Promise<Server> {
  const types: Record<string, string> = { '.html': 'text/html', '.js': 'text/javascript' };
  const site = createHttpServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://x').pathname;
    try {
      const file = path === '/' ? '/index.html' : path;
      const body = readFileSync(join(dist, file));
      response.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' }).end(body);
    } catch {
      response.writeHead(404).end();
    }
  });
  site.listen(0, '127.0.0.1');
  return once(site, 'listening').then(() => site);
}
const originOf = (site: Server): string => `http://127.0.0.1:${(site.address() as AddressInfo).port}`;

beforeAll(async () => {
  mkdirSync(installed, { recursive: true });
  mkdirSync(dist);
  copyFileSync(join(ROOT, 'package.json'), join(installed, 'package.json'));
  for (const name of ['react', 'react-dom', 'scheduler']) {
    symlinkSync(join(ROOT, 'node_modules', name), join(app, 'node_modules', name));
  }
  // Types are the business of `npm run check`.
  const tsc = join(ROOT, 'node_modules', 'typescript7', 'bin', 'tsc');
  execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json', '--noCheck', '--outDir', join(installed, 'dist')], {
    cwd: ROOT,
  });

  const { dataDir } = await smallWorld('client');
  platform = await openPlatform({ dataDir, learnEveryMs: 0 });
  key = await platform.createKey('app', ['ingest', 'serve']);
  [allowed, stranger] = await Promise.all([serve(), serve()]);
  const noted: Platform = {
    ...platform,
    ingest(rows) {
      received.push(...(rows as IncomingEvent[]));
      return platform.ingest(rows);
    },
  };
  server = await createServer({
    platform: noted,
    keys: (secret) => platform.verifyKey(secret),
    studioDir: dist,
    corsOrigins: [originOf(allowed)],
  });
  address = await listen(server, { port: 0, madeKeys: 1 });
  server.server.on('request', ({ url = '' }) => paths.push(url));
});
afterEach(() => {
  received.length = 0;
});
afterAll(async () => {
  allowed?.close();
  stranger?.close();
  await server?.close();
  await platform?.close();
});

describe('the documented examples for Node', () => {
  it('run in the packed package, and do what they say', async () => {
    const blocks = examples().filter(({ language }) => language.endsWith('node'));
    expect(blocks.length).toBe(2);
    const said: string[] = [];
    for (const [i, { code }] of blocks.entries()) {
      const file = join(app, `example-${i}.mjs`);
      writeFileSync(file, filledIn(code));
      const child = spawn(process.execPath, [file], { cwd: app, stdio: ['ignore', 'pipe', 'pipe'] });
      let out = '';
      let err = '';
      child.stdout.on('data', (chunk) => {
        out += chunk;
      });
      child.stderr.on('data', (chunk) => {
        err += chunk;
      });
      const [code_] = await once(child, 'close');
      expect([i, code_, err]).toEqual([i, 0, '']);
      said.push(out);
    }
    expect(said[0]).toContain('decisionId');
    expect(said[1]).toContain('play EVENT_TIME_INVALID Send occurredAt as an ISO 8601 date-time');
    expect(received.map(({ type }) => type)).toEqual(['rendered', 'select', 'play', 'play']);
    expect(received[2].reference?.decisionId).toBe(received[0].reference?.decisionId);
  });
});

describe.skipIf(BROWSER === undefined)('in a browser', () => {
  let browser: Browser;
  let context: BrowserContext;
  const addresses: string[] = [];

  beforeAll(async () => {
    const blocks = examples().filter(({ language }) => language.endsWith('browser'));
    expect(blocks.map(({ language }) => language)).toEqual(['js browser', 'jsx browser']);
    writeFileSync(join(app, 'plain.js'), filledIn(blocks[0].code));
    writeFileSync(join(app, 'react.jsx'), filledIn(blocks[1].code));
    writeFileSync(
      join(app, 'main.js'),
      `import { createClient } from 'shelfwise/client';
       window.examples = { plain: () => import('./plain.js'), react: () => import('./react.jsx') };
       window.open_ = ({ keeps, ...options }) => {
         window.told = { rejected: [], trouble: [] };
         window.client = createClient({
           onRejected: (some) => told.rejected.push(...some),
           onTrouble: (error) => told.trouble.push(String(error.code ?? error)),
           ...(keeps ? { storage: localStorage } : {}),
           ...options,
         });
       };`,
    );
    writeFileSync(
      join(app, 'index.html'),
      '<!doctype html><meta charset="utf-8"><title>app</title><style>section{height:300px}main{height:3000px}</style><script type="module" src="./main.js"></script>',
    );
    await build({
      configFile: false,
      root: app,
      logLevel: 'error',
      build: { outDir: dist, emptyOutDir: true, target: 'es2022' },
    });
    browser = await chromium.launch({ executablePath: BROWSER as string, args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterAll(async () => {
    await browser?.close();
  });

  const open = async (origin: string): Promise<Page> => {
    context ??= await browser.newContext({ viewport: { width: 1000, height: 800 } });
    const page = await context.newPage();
    page.on('request', (request) => addresses.push(request.url()));
    page.on('pageerror', (error) => expect.unreachable(error.message));
    await page.goto(origin);
    await page.waitForFunction(() => 'open_' in window);
    return page;
  };
  const start = (page: Page, more: object = {}) =>
    page.evaluate((options) => (window as unknown as Opened).open_(options), {
      baseUrl: address,
      key,
      listenerId: 'listener-0003',
      ...more,
    });
  const like = (page: Page, ...items: string[]) =>
    page.evaluate((ids) => {
      for (const itemId of ids) (window as unknown as Opened).client.track({ type: 'like', itemId });
    }, items);
  const pending = (page: Page) => page.evaluate(() => (window as unknown as Opened).client.pending);
  const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
    for (let i = 0; i < 200 && !(await holds()); i++) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await holds()).toBe(true);
  };
  const liked = () => received.filter(({ type }) => type === 'like').map(({ itemId }) => itemId);

  afterEach(async () => {
    await context?.close();
    context = undefined as unknown as BrowserContext;
    expect([...addresses, ...paths].filter((url) => url.includes(key))).toEqual([]);
  });

  it('the plain example shows a Home of another origin, and tells what is seen: half of it, for a second', async () => {
    const page = await open(originOf(allowed));
    await page.evaluate(() => (window as unknown as Opened).examples.plain());
    const shelves = page.locator('section[data-shelfwise-shelf]');
    expect(await shelves.count()).toBeGreaterThan(4);
    const ranksOf = () =>
      received.filter(({ type }) => type === 'impression').map(({ reference }) => reference?.shelfRank);
    await until(() => ranksOf().length >= 2);
    // Shelves are 300 px high plus margins; of the third less than half stands in a window of 800 px, or just above it.
    const inView = await shelves.evaluateAll((all) =>
      all.flatMap((element, rank) => {
        const { top, height } = element.getBoundingClientRect();
        return (Math.min(window.innerHeight, top + height) - Math.max(0, top)) / height >= 0.5 ? [rank] : [];
      }),
    );
    expect([...new Set(ranksOf())].sort()).toEqual(inView);
    expect(received[0]).toMatchObject({ type: 'rendered', device: 'web', listenerId: 'listener-0007' });
  });

  it('nothing is seen on a page that is not visible itself, nor in passing; what is left in view is, once', async () => {
    const page = await open(originOf(allowed));
    await page.evaluate(() => {
      Object.defineProperty(document, 'visibilityState', {
        configurable: true,
        get: () => (window as unknown as Opened).shown,
      });
      (window as unknown as Opened).shown = 'hidden';
    });
    await start(page, { flushAfterMs: 0 });
    await page.evaluate(() => {
      const section = document.body.appendChild(document.createElement('section'));
      section.textContent = 'x';
      (window as unknown as Opened).client.impressions.register(section, {
        decisionId: '01JDZ000000000000000000000',
        shelfRank: 3,
      });
    });
    await page.waitForTimeout(1500);
    expect(received).toEqual([]);
    await page.evaluate(() => {
      (window as unknown as Opened).shown = 'visible';
      document.dispatchEvent(new Event('visibilitychange'));
    });
    await page.waitForTimeout(600);
    expect(received).toEqual([]);
    await until(() => received.some(({ type, reference }) => type === 'impression' && reference?.shelfRank === 3));

    // Half a window of it counts for what is larger than the window; a strip of it does not, and neither does less than a second.
    const seen = (rank: number) => received.filter(({ reference }) => reference?.shelfRank === rank).length;
    await page.evaluate(() => {
      const tall = document.body.appendChild(document.createElement('section'));
      tall.id = 'tall';
      tall.style.cssText = 'height: 3000px; margin-top: 2000px';
      const { impressions } = (window as unknown as Opened).client;
      impressions.register(tall, { decisionId: '01JDZ000000000000000000000', shelfRank: 4 });
      window.scrollTo(0, tall.offsetTop);
    });
    await page.waitForTimeout(500);
    await page.evaluate(() => window.scrollTo(0, (document.querySelector('#tall') as HTMLElement).offsetTop - 700));
    await page.waitForTimeout(1300);
    expect(seen(4)).toBe(0);
    await page.evaluate(() => window.scrollTo(0, (document.querySelector('#tall') as HTMLElement).offsetTop - 300));
    await until(() => seen(4) === 1);
    await page.waitForTimeout(1200);
    expect([seen(3), seen(4)]).toEqual([1, 1]);
  });

  it('the React example tells of shelves by its hook', async () => {
    const page = await open(originOf(allowed));
    await page.evaluate(() => (window as unknown as Opened).examples.react());
    await until(() => received.filter(({ type }) => type === 'impression').length >= 2);
    expect(received.filter(({ type }) => type === 'rendered')).toHaveLength(1);
    const ranks = received.filter(({ type }) => type === 'impression').map(({ reference }) => reference?.shelfRank);
    expect(new Set(ranks).size).toBe(ranks.length);
  });

  it('events wait while there is no network, outlive the page in its storage, and arrive once', async () => {
    const page = await open(originOf(allowed));
    await start(page, { keeps: true, flushAfterMs: 100 });
    await context.setOffline(true);
    await like(page, 'a', 'b', 'c');
    await until(() => page.evaluate(() => (window as unknown as Opened).told.trouble.length > 0));
    expect(await page.evaluate(() => (window as unknown as Opened).told.trouble[0])).toBe('PLATFORM_UNREACHABLE');
    expect([await pending(page), received.length]).toEqual([3, 0]);
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(key);
    await page.close();
    await context.setOffline(false);
    const next = await open(originOf(allowed));
    await start(next, { keeps: true, flushAfterMs: 100 });
    await until(async () => (await pending(next)) === 0);
    // The page that was closed may have got its own through after all: the ids are the same.
    const ids = new Set(received.map(({ eventId }) => eventId));
    expect([ids.size, [...new Set(liked())].sort()]).toEqual([3, ['a', 'b', 'c']]);
    expect(await next.evaluate(() => localStorage.length)).toBe(0);
  });

  it('goes on as soon as the network is back', async () => {
    const page = await open(originOf(allowed));
    await start(page, { flushAfterMs: 50, retryAfterMs: 60_000 });
    await context.setOffline(true);
    await like(page, 'a');
    await until(() => page.evaluate(() => (window as unknown as Opened).told.trouble.length > 0));
    await context.setOffline(false);
    await until(() => liked().includes('a'));
  });

  it.each([
    ['of another origin, by a beacon', false, '/v1/events/beacon'],
    ['of its own origin, by a request that outlives it', true, '/v1/events'],
  ])('what waits when the page is left is sent all the same: to a platform %s', async (_title, own, path) => {
    const page = await open(own ? address : originOf(allowed));
    await start(page, { flushAfterMs: 60_000 });
    paths.length = 0;
    await like(page, 'a', 'b');
    await page.goto('about:blank');
    await until(() => liked().length >= 2);
    expect(new Set(liked())).toEqual(new Set(['a', 'b']));
    expect(new Set(paths.filter((url) => url.startsWith('/v1/')))).toEqual(new Set([path]));
  });

  it('a page of an origin that is not on the list is told so, and nothing arrives', async () => {
    const page = await open(originOf(stranger));
    await start(page, { flushAfterMs: 50 });
    await like(page, 'a');
    await until(() => page.evaluate(() => (window as unknown as Opened).told.trouble.length > 0));
    const problem = await page.evaluate(() =>
      (window as unknown as Opened).client
        .home()
        .catch((error: { code: string; remedy: string }) => [error.code, error.remedy]),
    );
    expect(problem).toEqual(['PLATFORM_UNREACHABLE', expect.stringContaining('--cors-origin')]);
    expect(received).toEqual([]);
  });
});

interface Opened {
  readonly examples: { plain(): Promise<unknown>; react(): Promise<unknown> };
  open_(options: object): void;
  shown: string;
  readonly told: { readonly rejected: unknown[]; readonly trouble: string[] };
  readonly client: {
    readonly pending: number;
    track(event: object): string;
    home(): Promise<unknown>;
    readonly impressions: { register(element: Element, reference: object): () => void };
  };
}
