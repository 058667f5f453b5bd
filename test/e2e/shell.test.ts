/** The shell of the Studio and its pages of listeners, in a real browser against a real platform. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BROWSER, checkPage, MEASURE_SHIFTS, PHONE, type Studio, startStudio } from './browser.ts';

const LISTENER = 'listener-0009';

describe.skipIf(BROWSER === undefined)('the Studio', () => {
  let studio: Studio;

  beforeAll(async () => {
    studio = await startStudio('shell');
    await studio.call('GET', `/v1/listeners/${LISTENER}/home?device=phone`);
  });

  afterEach(async () => {
    expect(await studio.closePages()).toEqual([]);
  });

  afterAll(async () => {
    await studio?.stop();
  });

  it('leads from page to page, back to the Home that was left, and says where one is', async () => {
    const page = await studio.open(`/?listener=${LISTENER}&device=car`);
    await page.locator('section[data-shelf]').first().waitFor();
    const rail = page.getByRole('navigation', { name: 'Pages' });
    for (const name of ['Listeners', 'Catalogue', 'Shelves', 'Models', 'What if', 'Live']) {
      await rail.getByRole('link', { name }).click();
      await page.getByRole('heading', { level: 1, name }).waitFor();
      expect(await page.title()).toBe(`${name} · Shelfwise`);
      expect(await rail.getByRole('link', { name }).getAttribute('aria-current')).toBe('page');
    }
    await rail.getByRole('link', { name: 'Home', exact: true }).click();
    await page.locator('section[data-shelf]').first().waitFor();
    expect(new URL(page.url()).search).toBe(`?listener=${LISTENER}&device=car`);
  });

  it('finds listeners, items and pages by keyboard alone', async () => {
    const page = await studio.open('/live');
    await page.locator('h1').waitFor();
    const search = page.getByRole('combobox', { name: 'Search' });
    await page.keyboard.press('Control+k');
    await search.waitFor();
    await page.keyboard.type('listener-001');
    await page.getByRole('option', { name: 'listener-0010' }).waitFor();
    await checkPage(page);
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await page.locator('section[data-shelf]').first().waitFor();
    expect(new URL(page.url()).searchParams.get('listener')).toBe('listener-0011');

    await page.keyboard.press('Control+k');
    const { items } = await studio.call<{ items: { id: string; title: string }[] }>(
      'GET',
      '/v1/items?limit=1&kind=album&search=a',
    );
    await search.fill(items[0]?.title ?? '');
    await page.getByRole('group', { name: 'Items' }).getByRole('option').first().click();
    await page.waitForURL(/\/catalogue\/./);

    await page.keyboard.press('Control+k');
    await search.fill('listeners');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { level: 1, name: 'Listeners' }).waitFor();
    await page.keyboard.press('Control+k');
    await search.waitFor();
    await page.keyboard.press('Escape');
    await search.waitFor({ state: 'detached' });
  });

  it('lets the keyboard skip the navigation', async () => {
    const page = await studio.open('/listeners');
    await page
      .getByRole('link', { name: /^Home of/ })
      .first()
      .waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('MAIN');
  });

  it('says what to do where an address leads nowhere and where the platform does not answer', async () => {
    const nowhere = await studio.open('/no/such/page');
    await nowhere.getByRole('heading', { name: 'No such page' }).waitFor();
    const page = await studio.open('/');
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.route('**/v1/**', (route) => route.abort());
    await page.getByRole('link', { name: 'Listeners' }).click();
    await page.getByText('The platform does not answer').waitFor();
    await page.getByText('npm start').waitFor();
    await page.unroute('**/v1/**');
    await page.getByRole('button', { name: 'Try again' }).click();
    await page
      .getByRole('link', { name: /^Home of/ })
      .first()
      .waitFor();
    expect(studio.complaints.splice(0).filter((text) => !text.includes('ERR_FAILED'))).toEqual([]);
  });

  it('switches between dark and light, and remembers', async () => {
    const page = await studio.open('/listeners', { colorScheme: 'dark' });
    await page.getByRole('button', { name: 'Switch to light' }).click();
    const scheme = () => page.evaluate(() => document.documentElement.dataset['mantineColorScheme']);
    expect(await scheme()).toBe('light');
    await page.reload();
    await page.getByRole('button', { name: 'Switch to dark' }).waitFor();
    expect(await scheme()).toBe('light');
  });

  it('searches listeners, with the search in the address', async () => {
    const page = await studio.open('/listeners?q=listener-000');
    const rows = page.getByRole('list', { name: 'Listeners' }).getByRole('listitem');
    await expect.poll(() => rows.count(), { timeout: 20_000 }).toBe(9);
    await checkPage(page);
    await page.getByLabel('Search listeners').fill('nobody');
    await page.getByRole('heading', { name: 'Nobody begins with' }).waitFor();
    await page.waitForURL(/q=nobody/);
  });

  it('shows what is remembered of a listener: tastes, hours, recent plays, in words and pictures', async () => {
    const state = await studio.call<{ genres: { genre: string }[]; words: string[] }>(
      'GET',
      `/v1/listeners/${LISTENER}/state`,
    );
    const page = await studio.open(`/listeners/${LISTENER}`);
    const genres = page.getByRole('list', { name: 'Genres' }).getByRole('listitem');
    await genres.first().waitFor();
    expect(await genres.first().textContent()).toContain(state.genres[0]?.genre);
    await page.getByText(state.words[0] as string).waitFor();
    await page.getByRole('img', { name: /^Plays by hour of day\. Most at \d\d:00/ }).waitFor();
    await page.getByRole('region', { name: 'Recently played' }).getByRole('link').first().waitFor();
    await checkPage(page);
  });

  it('lists what happened and every Home, and replays a decision bit for bit', async () => {
    const page = await studio.open(`/listeners/${LISTENER}?part=timeline`);
    await page
      .getByRole('img', { name: /^When the \d+ events/ })
      .locator('svg')
      .waitFor();
    expect(await page.locator('time').count()).toBeGreaterThan(10);
    await checkPage(page);
    await page.getByRole('link', { name: 'Decisions' }).click();
    await page.waitForURL(/part=decisions/);
    await page.getByRole('button', { name: 'Replay' }).first().click();
    await page.getByText('Equal, bit for bit').waitFor();
    await checkPage(page);
    await page.getByRole('link', { name: 'A Home for the same moment' }).first().click();
    await page.locator('section[data-shelf]').first().waitFor();
    expect(new URL(page.url()).searchParams.get('at')).toMatch(/^\d{4}-/);
  });

  it('moves nothing while a page loads', async () => {
    for (const path of ['/listeners', `/listeners/${LISTENER}`, '/catalogue', '/shelves', '/live']) {
      const page = await studio.open(path, PHONE, studio.key, MEASURE_SHIFTS);
      await page.locator('h1').waitFor();
      await page.waitForLoadState('networkidle');
      const shifts = await page.evaluate(() => (window as unknown as { layoutShifts: number[] }).layoutShifts);
      expect([path, shifts.reduce((sum, shift) => sum + shift, 0) < 0.02]).toEqual([path, true]);
    }
  });

  it('fits a phone and passes axe there, in both colours', async () => {
    for (const colorScheme of ['dark', 'light'] as const) {
      for (const path of ['/listeners', `/listeners/${LISTENER}`, `/listeners/${LISTENER}?part=decisions`]) {
        const page = await studio.open(path, { ...PHONE, colorScheme });
        await page.locator('h1').waitFor();
        await page.waitForLoadState('networkidle');
        await checkPage(page);
        const bar = await page.getByRole('navigation', { name: 'Pages' }).boundingBox();
        expect(bar?.y).toBeGreaterThan(700);
      }
    }
  });
});
