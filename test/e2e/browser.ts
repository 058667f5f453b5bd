/**
 * What the tests of the web page share: a platform with the small world, a real browser, and what every page must pass.
 * Needs Chromium (`apt-get install chromium`, or its path in CHROMIUM); without one these tests are skipped and say so.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AxeResults } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';
import { type SmallWorld, smallWorld } from '../support.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const BROWSER = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]
  .filter((path) => path !== undefined)
  .find((path) => existsSync(path));
const BROWSER_FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--disable-quic',
];
export const DESKTOP: BrowserContextOptions = { viewport: { width: 1440, height: 900 } };
export const PHONE: BrowserContextOptions = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };

if (BROWSER === undefined) console.warn('No Chromium here: the web page is not tested in a browser.');

export interface Studio {
  readonly address: string;
  /** What `shelfwise up` printed: the page's address with the key in its fragment. */
  readonly pageUrl: string;
  readonly key: string;
  readonly browser: Browser;
  /** Calls the API with the platform's own key; throws unless it answers with success. */
  call<Answer = unknown>(method: string, path: string, body?: unknown): Promise<Answer>;
  /**
   * Opens a path in a context of its own, with the key (or another) in the fragment. Waits for nothing but the document.
   * `script` runs before any of the page's own.
   */
  open(path: string, options?: BrowserContextOptions, key?: string, script?: string): Promise<Page>;
  /** Closes what was opened, and gives errors that the pages threw or wrote to their console since. */
  closePages(): Promise<readonly string[]>;
  /** Errors of the pages so far; the tests that provoke some take them out. */
  readonly complaints: string[];
  stop(): Promise<void>;
}

interface Printed {
  readonly address: string;
  readonly pageUrl: string;
  readonly key: string;
}

/** `shelfwise up` on any free port, up once it says where it is. */
async function startPlatform(dataDir: string): Promise<Printed & { readonly process: ChildProcess }> {
  const args = [join(ROOT, 'bin', 'shelfwise'), 'up', '--data', dataDir, '--port', '0', '--json'];
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  let complained = '';
  child.stderr.on('data', (chunk) => {
    complained += chunk;
  });
  for await (const chunk of child.stdout) {
    said += chunk;
    try {
      return { process: child, ...(JSON.parse(said) as Printed) };
    } catch (incomplete) {
      if (!(incomplete instanceof SyntaxError)) throw incomplete;
    }
  }
  throw new Error(`the platform did not come up: ${complained}`);
}

/**
 * Starts a platform with a small world of its own, and a browser.
 * `prepare` has the data directory to itself before.
 */
export async function startStudio(name: string, prepare?: (small: SmallWorld) => Promise<void>): Promise<Studio> {
  const small = await smallWorld(name);
  await prepare?.(small);
  const { process: child, address, pageUrl, key } = await startPlatform(small.dataDir);
  const browser = await chromium.launch({ executablePath: BROWSER as string, args: BROWSER_FLAGS });
  const complaints: string[] = [];
  return {
    address,
    pageUrl,
    key,
    browser,
    complaints,
    async call<Answer>(method: string, path: string, body?: unknown): Promise<Answer> {
      const response = await fetch(`${address}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const answer = (await response.json()) as Answer;
      if (!response.ok) throw new Error(`${method} ${path}: ${JSON.stringify(answer)}`);
      return answer;
    },
    async open(path, options = {}, withKey = key, script = '') {
      const context = await browser.newContext({ ...DESKTOP, reducedMotion: 'reduce', ...options });
      if (script !== '') await context.addInitScript(script);
      const page = await context.newPage();
      page.on('pageerror', (error) => complaints.push(error.message));
      page.on('console', (message) => {
        // A listener that nobody has met is a 404 of the API, and no fault of the page.
        if (message.type() === 'error' && !message.text().includes('404')) complaints.push(message.text());
      });
      await page.goto(`${address}${path}${withKey === '' ? '' : `#key=${withKey}`}`);
      return page;
    },
    async closePages() {
      for (const context of browser.contexts()) await context.close();
      return complaints.splice(0);
    },
    async stop() {
      await browser.close();
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      await closed;
    },
  };
}

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe calls serious or critical on the page as it stands, each with the elements. */
export async function accessibilityFaults(page: Page): Promise<readonly string[]> {
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(AXE);
  const { violations } = await page.evaluate(
    () =>
      (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run() as Promise<
        Pick<AxeResults, 'violations'>
      >,
  );
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 200)} (${node.failureSummary})`));
}

/** Holds for every page: axe finds nothing serious, nothing sticks out sideways, there is one main part with one heading. */
export async function checkPage(page: Page): Promise<void> {
  expect(await accessibilityFaults(page)).toEqual([]);
  const widths = await page.evaluate(() => [document.documentElement.scrollWidth, window.innerWidth] as const);
  expect(widths[0]).toBeLessThanOrEqual(widths[1]);
  expect(await page.locator('main').count()).toBe(1);
  expect(await page.locator('h1').count()).toBe(1);
}

/** A script that notes layout shifts from a page's first moment on, in `window.layoutShifts`. */
export const MEASURE_SHIFTS = `
  window.layoutShifts = [];
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) window.layoutShifts.push(entry.value);
  }).observe({ type: 'layout-shift', buffered: true });
`;
