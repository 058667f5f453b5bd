/**
 * The Studio's page Data, in a real browser against a real platform whose data went wrong: a training day from which premium is
 * missing, and an hour in which the players of phones told seconds for milliseconds.
 */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createRng, DAY_MS, HOUR_MS, MINUTE_MS, manualClock } from '../../src/base/index.ts';
import { DEVICES, type Page as Home } from '../../src/domain/index.ts';
import { openPlatform } from '../../src/platform/index.ts';
import type {
  AlertList,
  AnomaliesReport,
  ComparedFigures,
  DataSchemaHistory,
  StatisticsPage,
} from '../../src/server/index.ts';
import type { SmallWorld } from '../support.ts';
import { BROWSER, checkPage, PHONE, type Studio, startStudio } from './browser.ts';

const TODAY_MS = Math.floor(Date.now() / DAY_MS) * DAY_MS;
const HEALTHY_MS = TODAY_MS - 3 * DAY_MS;
const LOST_MS = TODAY_MS - 2 * DAY_MS;
const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);
const shortDay = (atMs: number): string =>
  new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(atMs);
const HEALTHY = `training/${dayOf(HEALTHY_MS)}`;
const LOST = `training/${dayOf(LOST_MS)}`;
/** The hour of the plays in seconds. */
const WRONG_MS = Math.floor(Date.now() / HOUR_MS) * HOUR_MS - 2 * HOUR_MS;
const WRONG = `play/${new Date(WRONG_MS).toISOString().slice(0, 13)}`;

/** Enough for a slice that is lost to be more than chance. */
const VISITORS = 100;

/** Two days of visits; on the second nothing that premium listeners saw was told. */
async function makeDays({ dataDir, world }: SmallWorld): Promise<void> {
  const clock = manualClock(HEALTHY_MS);
  const platform = await openPlatform({ dataDir, clock, learnEveryMs: 0, insightsEveryMs: 0, examineEveryMs: 0 });
  const rng = createRng(3);
  try {
    for (const dayMs of [HEALTHY_MS, LOST_MS]) {
      clock.set(dayMs + 8 * HOUR_MS);
      const events: unknown[] = [];
      for (const { id, profile } of [...world.listeners()].slice(0, VISITORS)) {
        clock.advance(MINUTE_MS);
        const device = DEVICES[rng.below(DEVICES.length)];
        const home = await platform.home(id, { device, explain: false, fresh: true });
        const page = JSON.parse(Buffer.from(home).toString()) as Home;
        const told = world.respond(id, page, rng, clock.nowMs(), { device });
        const isLost = dayMs === LOST_MS && profile.tier === 'premium';
        events.push(...(isLost ? told.filter(({ type }) => type === 'rendered') : told));
      }
      for (let from = 0; from < events.length; from += 500) await platform.ingest(events.slice(from, from + 500));
    }
  } finally {
    await platform.close();
  }
}

/** An hour of plays; phones tell seconds for milliseconds. */
function wrongPlays({ world }: SmallWorld): readonly unknown[] {
  const [item] = world.items();
  return [...world.listeners()].slice(0, 90).flatMap(({ id }, i) => {
    const device = i % 2 === 0 ? 'phone' : 'desktop';
    const unit = device === 'phone' ? 1000 : 1;
    return [90_000, 150_000 + 1000 * i, 210_000].map((playedMs, n) => ({
      eventId: `wrong-${i}-${n}`,
      listenerId: id,
      type: 'play',
      itemId: item?.id,
      device,
      occurredAt: new Date(WRONG_MS + 20 * MINUTE_MS).toISOString(),
      playedMs: playedMs / unit,
      durationMs: 240_000 / unit,
    }));
  });
}

/** Answers about as many features as nobody has here. */
function manyFeatures(page: StatisticsPage, count: number, query: URLSearchParams): StatisticsPage {
  const [one] = page.features.filter(({ kind }) => kind === 'numeric');
  if (one === undefined) throw new Error('there is no numeric feature to copy');
  const kind = query.get('kind');
  const [offset, limit] = [Number(query.get('offset')), Number(query.get('limit'))];
  const features: ComparedFigures[] = [];
  for (let i = offset; i < Math.min(offset + limit, count); i++)
    features.push({ ...one, name: `embedding.${String(i).padStart(4, '0')}` });
  return { ...page, features: kind === 'numeric' ? features : [], total: kind === 'numeric' ? count : 0 };
}

describe.skipIf(BROWSER === undefined)('the page Data', () => {
  let studio: Studio;
  const anomaliesOf = async (set: string) =>
    (await studio.call<AnomaliesReport>('GET', `/v1/data/anomalies?set=${set}`)).anomalies;

  beforeAll(async () => {
    let plays: readonly unknown[] = [];
    studio = await startStudio('data', async (small) => {
      plays = wrongPlays(small);
      await makeDays(small);
    });
    await studio.call('POST', '/v1/events', { events: plays });
    await studio.call('POST', '/v1/data/examine', { span: dayOf(HEALTHY_MS), streams: ['training'] });
    await studio.call('POST', '/v1/data/examine', { span: dayOf(LOST_MS), streams: ['training', 'serving'] });
    await studio.call('POST', '/v1/data/examine', { span: WRONG.split('/')[1], streams: ['play'] });
  }, 120_000);

  afterEach(async () => {
    expect(await studio.closePages()).toEqual([]);
  });

  afterAll(async () => {
    await studio?.stop();
  });

  it('shows the lost slice, two spans over each other, and each feature with its figures and its distribution', async () => {
    const page = await studio.open('/data');
    const anomalies = page.getByRole('region', { name: 'Anomalies' });
    await anomalies.getByRole('article', { name: 'error: Slice missing' }).first().waitFor();
    await anomalies.getByText('in tier_premium').first().waitFor();
    // What is usual: the newest span, and the one before it.
    const shown = page.getByRole('list', { name: 'On show' }).getByRole('listitem');
    expect(await shown.count()).toBe(2);
    const table = page.getByRole('table', { name: /^Numeric features/ });
    await table.getByRole('columnheader', { name: 'Std dev' }).waitFor();
    const taste = page.locator('tbody[data-feature="cross.taste"]');
    await page
      .getByRole('searchbox', { name: 'Search features' })
      .or(page.getByLabel('Search features'))
      .first()
      .fill('TASTE');
    await taste.waitFor();
    expect(await taste.getByRole('rowheader', { name: shortDay(LOST_MS) }).count()).toBe(1);
    expect(await taste.getByRole('rowheader', { name: shortDay(HEALTHY_MS) }).count()).toBe(1);
    const plot = taste.getByRole('img', { name: /^Distribution of cross\.taste/ });
    expect(await plot.locator('path').count()).toBe(2);
    await page.waitForURL(/[?&]q=TASTE/);
    // Over each other on another scale, from other buckets: other drawings.
    const drawn = await plot.locator('path').first().getAttribute('d');
    await page.getByText('Quantiles').click();
    await page.getByText('Log', { exact: true }).click();
    await expect.poll(() => plot.locator('path').first().getAttribute('d')).not.toBe(drawn);
    expect(new URL(page.url()).searchParams.get('histogram')).toBe('quantiles');
    expect(new URL(page.url()).searchParams.get('scale')).toBe('log');
    await checkPage(page);
    await page.emulateMedia({ colorScheme: 'light' });
    await checkPage(page);
    await page.getByRole('button', { name: `Without training ${shortDay(HEALTHY_MS)}` }).click();
    await expect.poll(() => shown.count()).toBe(1);
    expect(new URL(page.url()).searchParams.get('sets')).toBe(LOST);
    await page.getByRole('button', { name: 'serving of the same day' }).click();
    await taste.getByRole('rowheader', { name: 'serving', exact: true }).waitFor();
  });

  it('is gone through by keyboard: / searches, arrows go from feature to feature, Enter opens, Escape closes', async () => {
    const page = await studio.open(`/data?sets=${LOST},${HEALTHY}&sort=name&kind=numeric`);
    await page.locator('tbody[data-feature]').first().waitFor();
    const names = await page
      .locator('[data-opens]')
      .evaluateAll((found) => found.map((one) => one.getAttribute('data-opens')));
    expect(names).toEqual([...names].sort());
    await page.keyboard.press('/');
    const field = page.getByLabel('Search features by name');
    expect(await field.evaluate((element) => element === document.activeElement)).toBe(true);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute('data-opens'));
    expect(await focused()).toBe(names[1]);
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: `Distribution of ${names[1]}` }).waitFor();
    await page.waitForURL(new RegExp(`feature=${names[1]}`));
    await page
      .getByRole('img', { name: `Drift of ${names[1]}` })
      .locator('svg')
      .waitFor();
    await checkPage(page);
    await page.keyboard.press('Escape');
    await page.getByRole('region', { name: `Distribution of ${names[1]}` }).waitFor({ state: 'detached' });
    expect(await focused()).toBe(names[1]);
    await page.getByLabel('Sort by').selectOption('missing');
    await page.waitForURL(/sort=missing/);
    await page.getByLabel('Only anomalies').check();
    await page.waitForURL(/anomalous=1/);
  });

  it('accepts an anomaly with who and why, showing the lines, and undoes it', async () => {
    const page = await studio.open(`/data?sets=${WRONG}`);
    const before = await anomaliesOf(WRONG);
    const wrong = before.find(({ slice, feature }) => slice === 'device_phone' && feature === 'playedMs');
    expect(wrong?.severity).toBe('error');
    await page
      .getByRole('list', { name: 'Features with anomalies' })
      .getByRole('link', { name: /^playedMs/ })
      .click();
    const card = page
      .getByRole('article', { name: /divergence/ })
      .filter({ hasText: 'in device_phone' })
      .first();
    await card.getByText('The schema says').click();
    await card.getByText('drift_comparator').waitFor();
    await card.getByRole('button', { name: 'Accept' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText('threshold').first().waitFor();
    expect(await dialog.locator('[data-change="added"]').count()).toBeGreaterThan(0);
    await checkPage(page);
    await dialog.getByLabel('Who says so').fill('Ada');
    await dialog.getByLabel('Why it is right').fill('a new player');
    await page.keyboard.press('Enter');
    await page.getByText('Accepted: version 2 of the schema play').waitFor();
    const accepted = await anomaliesOf(WRONG);
    expect(accepted.some(({ path }) => path === wrong?.path)).toBe(false);
    await page.getByRole('button', { name: 'Undo', exact: true }).click();
    await page.getByText('Undone: the schema play is as before, in version 3.').waitFor();
    expect((await anomaliesOf(WRONG)).some(({ path }) => path === wrong?.path)).toBe(true);
    const { versions } = await studio.call<DataSchemaHistory>('GET', '/v1/data/schemas/play');
    expect(versions.map(({ change, author }) => [change, author]).slice(0, 2)).toEqual([
      ['undone', 'Ada'],
      ['accepted', 'Ada'],
    ]);
    await page.getByRole('link', { name: 'Schema' }).click();
    await page.getByText('a new player', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Back to this' }).first().click();
    await page.getByRole('dialog').getByText('Back to version 2?').waitFor();
    await page.keyboard.press('Escape');
    await checkPage(page);
  });

  it('tells slice by slice what is lost, with its counts, and draws a feature in each', async () => {
    const page = await studio.open(`/data?part=slices&sets=${LOST}&feature=cross.taste`);
    const lost = page.getByRole('list', { name: 'Lost slices' });
    await lost.getByText(/^premium: [\d,]+ of [\d,]+ examples in the span before, 0 in this one$/).waitFor();
    const multiples = page.getByRole('list', { name: 'cross.taste by tier' });
    await multiples.getByRole('img').first().waitFor();
    await multiples.getByText('No rows').waitFor();
    await page.getByRole('navigation', { name: 'Sliced by' }).getByRole('link', { name: 'device' }).click();
    await page.getByRole('list', { name: 'cross.taste by device' }).waitFor();
    expect(new URL(page.url()).searchParams.get('by')).toBe('device');
    await checkPage(page);
  });

  it('shows how each feature drifted from span to span', async () => {
    const page = await studio.open('/data?part=timeline&stream=training');
    const chart = page.getByRole('img', { name: /^Drift of .+ over 2 spans/ }).first();
    await chart.locator('svg').waitFor();
    await page.getByLabel('Search features by name').fill('taste');
    await page.getByRole('img', { name: /^Drift of cross\.taste over 2 spans/ }).waitFor();
    await checkPage(page);
  });

  it('makes an anomaly an alert, lists what fires, and is silent for a while', async () => {
    const page = await studio.open(`/data?sets=${LOST}`);
    const card = page
      .getByRole('article', { name: 'error: Slice missing' })
      .filter({ hasText: 'tier_premium' })
      .first();
    await card.getByRole('button', { name: 'Alert me' }).click();
    const dialog = page.getByRole('dialog', { name: 'Alert me on this' });
    await dialog.getByLabel('Who asks for it').fill('Ada');
    await dialog.getByLabel('Why', { exact: true }).fill('premium must never be missing');
    await dialog.getByRole('button', { name: 'Alert me' }).click();
    await page.getByText(/^From now on .+ tells when this is found\.$/).waitFor();
    await page.getByRole('link', { name: /^Alerts/ }).click();
    const active = page.getByRole('region', { name: 'Active' });
    await active
      .getByRole('heading', { name: /training · slice tier_premium/ })
      .first()
      .waitFor();
    await active.getByRole('button', { name: 'Silence' }).first().click();
    await page.getByRole('dialog').getByLabel('For how long').selectOption('14400000');
    await page.getByRole('dialog').getByLabel('Why', { exact: true }).fill('being mended');
    await page.getByRole('dialog').getByRole('button', { name: 'Silence' }).click();
    await page.getByRole('region', { name: 'Silent' }).getByText('being mended').waitFor();
    await page.getByRole('button', { name: 'End it' }).click();
    await page.getByRole('region', { name: 'Silent' }).waitFor({ state: 'detached' });
    const { alerts } = await studio.call<AlertList>('GET', '/v1/alerts?state=active');
    expect(alerts.every(({ silenced }) => !silenced)).toBe(true);
    await page.getByRole('link', { name: 'Rules and routes' }).click();
    await page.getByText('premium must never be missing').waitFor();
    await page.getByRole('button', { name: /^Remove/ }).click();
    await page.getByText('premium must never be missing').waitFor({ state: 'detached' });
    await checkPage(page);
  });

  it('keeps three thousand features usable: only those in view are in the document', async () => {
    const one = await studio.call<StatisticsPage>(
      'GET',
      `/v1/data/statistics?sets=${LOST},${HEALTHY}&kind=numeric&limit=1`,
    );
    const page = await studio.open('/live');
    await page.route('**/v1/data/statistics?*', (route) =>
      route.fulfill({ json: manyFeatures(one, 3000, new URL(route.request().url()).searchParams) }),
    );
    await page.goto(`${studio.address}/data?sets=${LOST},${HEALTHY}&sort=name`);
    await page.getByText('3,000 features').waitFor();
    const rows = page.locator('tbody[data-feature]');
    await rows.first().waitFor();
    expect(await page.getByRole('table').getAttribute('aria-rowcount')).toBe('6001');
    for (const share of [0.2, 0.5, 0.9, 1]) {
      await page.evaluate((part) => window.scrollTo(0, part * document.documentElement.scrollHeight), share);
      await expect.poll(() => rows.count()).toBeGreaterThan(6);
      expect(await rows.count()).toBeLessThan(40);
    }
    await page.locator('tbody[data-feature="embedding.2999"]').waitFor();
    expect(await page.evaluate(() => document.querySelectorAll('*').length)).toBeLessThan(4000);
  });

  it('says so where there is no such set, and where the platform does not answer', async () => {
    const page = await studio.open('/data?sets=training/2001-01-01');
    await page.getByText('DATA_SET_NOT_FOUND').first().waitFor();
    await page.route('**/v1/data/sets?*', (route) => route.abort());
    await page.goto(`${studio.address}/data?part=timeline`);
    await page.getByText('The platform does not answer.').first().waitFor();
    studio.complaints.splice(0);
  });

  it('offers no change to a key that may only look', async () => {
    const { secret } = await studio.call<{ secret: string }>('POST', '/v1/keys', {
      name: 'a-look',
      scopes: ['explain'],
    });
    const page = await studio.open(`/data?sets=${LOST}`, {}, secret);
    const card = page.getByRole('article', { name: 'error: Slice missing' }).first();
    await card.waitFor();
    await expect.poll(() => card.getByRole('button', { name: 'Alert me' }).isDisabled()).toBe(true);
    expect(await page.getByRole('button', { name: 'Look now' }).isDisabled()).toBe(true);
    studio.complaints.splice(0);
  });

  it('fits a phone in every part', async () => {
    const page = await studio.open(`/data?sets=${LOST},${HEALTHY}&feature=tier`, PHONE);
    await page.getByRole('region', { name: 'Opened: tier' }).getByText('premium').first().waitFor();
    await page.locator('tbody[data-feature]').nth(2).waitFor();
    await checkPage(page);
    for (const [part, ready] of [
      ['slices', 'Coverage'],
      ['timeline', 'Training, 2 spans'],
      ['schema', 'History'],
      ['alerts', 'Active'],
    ] as const) {
      await page.goto(`${studio.address}/data?part=${part}&sets=${LOST}`);
      await page.getByRole('region', { name: ready }).waitFor();
      await checkPage(page);
    }
  });
});
