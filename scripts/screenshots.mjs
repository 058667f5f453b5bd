// `npm run screenshots`: starts the demo in a temporary folder, opens every page of the Studio at the width of a desktop and of a phone,
// dark and light, and writes docs/screenshots/PAGE-WIDTH-SCHEME.webp.
// `-- --at URL` takes them of a platform that runs already (the address that `shelfwise up` printed), `--only TEXT` those whose name holds TEXT.
// Needs Chromium (its path in CHROMIUM, or where systems put it).
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';
import { ensureStudio } from './studio.mjs';
import { nodeBinary, ROOT, run, say } from './toolchain.mjs';

const { values: options } = parseArgs({
  options: {
    at: { type: 'string' },
    only: { type: 'string', default: '' },
    out: { type: 'string', default: join(ROOT, 'docs', 'screenshots') },
  },
});
const BROWSER = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  .filter((path) => path !== undefined)
  .find((path) => existsSync(path));
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--hide-scrollbars'];
const SIZES = {
  1440: { viewport: { width: 1440, height: 900 } },
  390: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 1.5, isMobile: true, hasTouch: true },
};
const SCHEMES = ['dark', 'light'];
const QUALITY = 0.72;
const MOST_BYTES = 4.5e6;
/** A comparison of policies, while everything else of this runs. */
const LONG_MS = 600_000;
/** Who asked for Homes days ago, so that there is something to judge from: enough for all verdicts. */
const PAST_LISTENERS = '600';
/** And of whom days are examined: a day must not be all. */
const DAILY_LISTENERS = '200';
const DAY_MS = 86_400_000;
/** Members of the demo's cast: somebody with much behind them, somebody with episodes begun, and somebody whose Home no picture opens. */
const LISTENER = 'demo-heavy';
const BEGUN = 'demo-unfinished';
const UNVISITED = 'demo-spanish';

const featureRows = (page) => page.locator('tbody[data-feature]').first().waitFor();
const shelves = (page) => page.locator('section[data-shelf]').first().waitFor();
/** Each page: its address, or a function of the platform's API that finds it; and what to wait for or do before the picture. */
const PAGES = {
  welcome: { path: '/', ready: (page) => page.getByRole('heading', { name: 'Who’s listening?' }).waitFor() },
  home: { path: `/?listener=${LISTENER}`, ready: shelves },
  'home-podcasts': { path: `/?listener=${BEGUN}&filter=podcasts`, ready: shelves },
  'home-explained': { path: `/?listener=${LISTENER}&explain=1`, ready: shelves },
  'home-compared': {
    path: `/?listener=${LISTENER}&compare=policy:popularity`,
    ready: (page) => page.getByText('stand on both').waitFor(),
  },
  'home-phone-frame': { path: `/?listener=${LISTENER}&device=phone`, ready: shelves, only: ['1440'] },
  playlist: {
    path: `/?listener=${LISTENER}&open=generated:daily-mix-1`,
    ready: (page) => page.getByRole('dialog').getByRole('listitem').first().waitFor(),
  },
  search: {
    path: `/?listener=${LISTENER}`,
    ready: async (page) => {
      await shelves(page);
      await page.keyboard.press('Control+k');
      await page.getByRole('combobox', { name: 'Search' }).fill('de');
      await page.getByRole('group', { name: 'Items' }).waitFor();
    },
  },
  listeners: {
    path: '/listeners',
    ready: (page) =>
      page
        .getByRole('link', { name: /^Home of/ })
        .first()
        .waitFor(),
  },
  listener: {
    path: `/listeners/${LISTENER}`,
    ready: (page) => page.getByRole('region', { name: 'Tastes' }).waitFor(),
  },
  'listener-events': {
    path: `/listeners/${UNVISITED}?part=timeline`,
    ready: (page) => page.locator('time').first().waitFor(),
  },
  'listener-decisions': {
    path: `/listeners/${LISTENER}?part=decisions`,
    ready: async (page) => {
      await page.getByRole('button', { name: 'Replay' }).first().click();
      await page.getByText('Equal, bit for bit').waitFor();
    },
  },
  catalogue: { path: '/catalogue' },
  item: {
    path: async (call) => {
      const home = await call(`/v1/listeners/${LISTENER}/home?device=desktop`);
      const album = home.shelves.flatMap(({ cards }) => cards).find(({ kind }) => kind === 'album');
      return `/catalogue/${encodeURIComponent(album.id)}`;
    },
  },
  shelves: { path: '/shelves' },
  models: {
    // The last one that was trained: trained here where there is none.
    path: async (call) => {
      const { models } = await call('/v1/models');
      const known = models.find(({ origin }) => origin === 'trained');
      const { hash } = known ?? (await call('/v1/models/train', { family: 'trees', calibration: 'isotonic' }));
      return `/models?model=${hash}`;
    },
    ready: (page) =>
      page
        .getByRole('img', { name: /^Reliability/ })
        .locator('svg')
        .waitFor(),
  },
  'what-if': {
    path: `/what-if?policies=plackett-luce/cardTemperature:0.08,softmax,epsilon-greedy,uniform&by=tier`,
    ready: async (page) => {
      await page.getByRole('region', { name: 'What this rests on' }).waitFor({ timeout: LONG_MS });
      await page
        .getByRole('img', { name: /^Cards that earn/ })
        .locator('svg')
        .waitFor();
      // The answer, not the question above it.
      await page.getByRole('region', { name: 'Can these decisions tell?' }).evaluate((panel) => {
        window.scrollTo(0, panel.getBoundingClientRect().top + window.scrollY - 16);
      });
    },
  },
  'what-if-decision': {
    path: async (call) => {
      const { decisions } = await call(`/v1/listeners/${LISTENER}/decisions`);
      return `/what-if/decision?decision=${decisions.at(-1).id}&policy=softmax&listener=${LISTENER}`;
    },
    ready: async (page) => {
      const shown = page.getByRole('region', { name: 'As shown' });
      await shown.waitFor();
      await shown.evaluate((panel) => {
        window.scrollTo(0, panel.getBoundingClientRect().top + window.scrollY - 130);
      });
    },
  },
  data: {
    path: async (call) => {
      // The platform looks by itself, at the days since it began: at these it is told to.
      for (const days of [6, 5, 4, 3, 2]) {
        const span = new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10);
        await call('/v1/data/examine', { span, streams: ['serving', 'training', 'evaluation'] });
      }
      return '/data';
    },
    ready: featureRows,
  },
  'data-feature': {
    only: ['1440'],
    path: '/data?feature=listener.tier&q=listener',
    ready: async (page) => {
      await featureRows(page);
      const opened = page.getByRole('region', { name: /^Opened/ });
      await opened
        .getByRole('img', { name: /^Drift of/ })
        .locator('svg')
        .waitFor();
      await opened.evaluate((panel) => window.scrollTo(0, panel.getBoundingClientRect().top + window.scrollY - 16));
    },
  },
  'data-slices': {
    only: ['1440'],
    path: '/data?part=slices&feature=cross.taste',
    ready: (page) => page.getByRole('list', { name: 'cross.taste by tier' }).getByRole('img').first().waitFor(),
  },
  live: { path: '/live' },
};

/** `shelfwise up --demo` on a free port, up once it has said where. */
async function startDemo(dataDir) {
  const args = [join(ROOT, 'bin', 'shelfwise'), 'up', '--demo', '--data', dataDir, '--port', '0', '--json'];
  const child = spawn(nodeBinary(), args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const chunk of child.stdout) {
    said += chunk;
    if (said.trimEnd().endsWith('}')) return { child, url: JSON.parse(said).pageUrl };
  }
  throw new Error('the demo did not start');
}

async function stopDemo({ child }) {
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  await closed;
}

/** Smaller than PNG by far, and drawn by the browser that is here anyway. */
async function asWebp(converter, png) {
  const address = await converter.evaluate(
    async ([data, quality]) => {
      const image = new Image();
      image.src = `data:image/png;base64,${data}`;
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
      canvas.getContext('2d').drawImage(image, 0, 0);
      return canvas.toDataURL('image/webp', quality);
    },
    [png.toString('base64'), QUALITY],
  );
  return Buffer.from(address.slice(address.indexOf(',') + 1), 'base64');
}

async function settle(page) {
  await page.waitForLoadState('networkidle');
  await page.evaluate(async () => {
    await document.fonts.ready;
    // Covers in view; those that are loaded lazily further down are not waited for.
    const inView = [...document.images].filter((image) => {
      const { top, left } = image.getBoundingClientRect();
      return top < window.innerHeight && left < window.innerWidth;
    });
    const decoded = Promise.all(inView.map((image) => image.decode().catch(() => undefined)));
    // What something in front of it hides is not loaded either.
    await Promise.race([decoded, new Promise((resolve) => setTimeout(resolve, 2000))]);
  });
  await page.waitForTimeout(400);
}

const answers = new Map();
/** A comparison of policies takes its time: asked the same again, it answers the same. */
async function answerOnce(context) {
  await context.route('**/v1/evaluation/compare', async (route) => {
    const question = route.request().postData();
    if (!answers.has(question)) answers.set(question, await (await route.fetch({ timeout: LONG_MS })).text());
    await route.fulfill({ contentType: 'application/x-ndjson', body: answers.get(question) });
  });
}

async function takeAll(browser, url) {
  const [address, key] = url.split('/#key=');
  const call = async (path, body) => {
    const headers = {
      authorization: `Bearer ${key}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    };
    const how = body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) };
    const response = await fetch(address + path, { headers, ...how });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    return response.json();
  };
  // The pages about what happened have something to show.
  for (const device of ['desktop', 'phone', 'tv']) await call(`/v1/listeners/${LISTENER}/home?device=${device}`);
  mkdirSync(options.out, { recursive: true });
  const converter = await browser.newPage();
  for (const [name, { path, ready, only }] of Object.entries(PAGES)) {
    if (!name.includes(options.only)) continue;
    const asked = typeof path === 'function' ? await path(call) : path;
    for (const [width, size] of Object.entries(SIZES)) {
      if (only !== undefined && !only.includes(width)) continue;
      for (const colorScheme of SCHEMES) {
        const context = await browser.newContext({ ...size, colorScheme, reducedMotion: 'reduce', locale: 'en-GB' });
        await answerOnce(context);
        const page = await context.newPage();
        await page.goto(`${address}${asked}#key=${key}`);
        await page.locator('h1').first().waitFor();
        if (ready !== undefined) await ready(page);
        await settle(page);
        const file = join(options.out, `${name}-${width}-${colorScheme}.webp`);
        writeFileSync(file, await asWebp(converter, await page.screenshot()));
        await context.close();
      }
    }
    say(`  ${name}`);
  }
}

if (BROWSER === undefined) {
  say('No Chromium here: install it, or say where it is in CHROMIUM.');
  process.exit(1);
}
await ensureStudio();
const dataDir = options.at === undefined ? mkdtempSync(join(tmpdir(), 'shelfwise-screenshots-')) : undefined;
let demo = dataDir === undefined ? undefined : await startDemo(dataDir);
/** Of pages about the past: visits of as many listeners, in as many rounds of six hours. */
const PASTS = { 'what-if': [PAST_LISTENERS, '2'], data: [DAILY_LISTENERS, '5'] };
const wanted = Object.keys(PAGES).filter((name) => name.includes(options.only));
const pasts = Object.entries(PASTS).filter(([start]) => wanted.some((name) => name.startsWith(start)));
if (demo !== undefined && pasts.length > 0) {
  await stopDemo(demo);
  for (const [, past] of pasts) {
    const { code } = await run(nodeBinary(), [join(ROOT, 'scripts', 'past-visits.ts'), dataDir, ...past]);
    if (code !== 0) process.exit(1);
  }
  demo = await startDemo(dataDir);
}
const browser = await chromium.launch({ executablePath: BROWSER, args: FLAGS });
try {
  await takeAll(browser, demo?.url ?? options.at);
} finally {
  await browser.close();
  if (demo !== undefined) {
    await stopDemo(demo);
    rmSync(dataDir, { recursive: true, force: true });
  }
}
const bytes = readdirSync(options.out).reduce((sum, file) => sum + statSync(join(options.out, file)).size, 0);
say(`${readdirSync(options.out).length} pictures, ${(bytes / 1e6).toFixed(2)} MB, in ${options.out}`);
if (bytes > MOST_BYTES) {
  say(`That is more than ${MOST_BYTES / 1e6} MB: lower QUALITY.`);
  process.exit(1);
}
