/** Home in a real browser, against a real platform that holds the small world: what a person does, and what they then see. */
import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BROWSER, checkPage, DESKTOP, MEASURE_SHIFTS, PHONE, type Studio, startStudio } from './browser.ts';

const LISTENER = 'listener-0007';

describe.skipIf(BROWSER === undefined)('Home in the Studio', () => {
  let studio: Studio;
  const shelves = (page: Page) => page.locator('section[data-shelf]');
  const decision = (page: Page) => page.locator('main').getAttribute('data-decision');
  const cardIds = (page: Page) =>
    page.locator('li[data-card]').evaluateAll((cards) => cards.map((card) => card.getAttribute('data-card')));
  const playsOf = async (listener: string): Promise<number> =>
    (await studio.call<{ totalPlays: number }>('GET', `/v1/listeners/${listener}`)).totalPlays;

  beforeAll(async () => {
    studio = await startStudio('home-page');
  });

  afterEach(async () => {
    expect(await studio.closePages()).toEqual([]);
  });

  afterAll(async () => {
    await studio?.stop();
  });

  it('opens by the printed address, keeps the key out of the address bar, and still has it after a reload', async () => {
    const printed = await (await studio.browser.newContext()).newPage();
    const asked: string[] = [];
    printed.on('request', (request) => asked.push(request.url()));
    await printed.goto(studio.pageUrl);
    await printed.getByRole('heading', { name: 'Who’s listening?' }).waitFor();
    expect(printed.url()).toBe(`${studio.address}/`);
    await printed.goto(`${studio.address}/?listener=${LISTENER}&device=tv`);
    await shelves(printed).first().waitFor();
    await printed.reload();
    await shelves(printed).first().waitFor();
    expect(printed.url()).toBe(`${studio.address}/?listener=${LISTENER}&device=tv`);
    expect(await printed.content()).not.toContain(studio.key);
    // Playwright shows the fragment of a navigation, which is not sent.
    expect(asked.filter((url) => url.includes(studio.key) && !url.includes('#'))).toEqual([]);
  });

  it('asks for the key where it has none, goes on where the address says, and asks again when it is refused', async () => {
    const page = await studio.open(`/?listener=${LISTENER}&device=desktop`, {}, '');
    await page.getByRole('heading', { name: 'the key' }).waitFor();
    const field = page.getByLabel('Key', { exact: true });
    const use = page.getByRole('button', { name: 'Use this key' });
    expect(await use.isDisabled()).toBe(true);
    await field.fill('sw_wrong');
    await use.click();
    await page.getByRole('alert').getByText('does not know the key').waitFor();
    // The browser itself reports each 401 on its console.
    const refusals = studio.complaints.splice(0);
    expect(refusals.filter((text) => !text.includes('401'))).toEqual([]);
    await field.fill(studio.pageUrl);
    await field.press('Enter');
    await shelves(page).first().waitFor();
    expect(new URL(page.url()).searchParams.get('listener')).toBe(LISTENER);
    expect(page.url()).not.toContain(studio.key);
  });

  it('says what a key lacks that may not do enough, and asks for another', async () => {
    const made = await studio.call('POST', '/v1/keys', { name: 'loader', scopes: ['ingest'] });
    const page = await studio.open('/', {}, (made as { secret: string }).secret);
    await page.getByRole('alert').getByText('explain is needed').waitFor();
    expect(studio.complaints.splice(0).filter((text) => !text.includes('403'))).toEqual([]);
    await page.getByLabel('Key', { exact: true }).fill(studio.key);
    await page.getByRole('button', { name: 'Use this key' }).click();
    await page.getByRole('heading', { name: 'Who’s listening?' }).waitFor();
  });

  it('takes the printed address also where it is open already', async () => {
    const page = await studio.open('/', {}, '');
    await page.getByRole('heading', { name: 'the key' }).waitFor();
    await page.goto(studio.pageUrl);
    await page.getByRole('heading', { name: 'Who’s listening?' }).waitFor();
    expect(page.url()).toBe(`${studio.address}/`);
  });

  it('lets a person pick a listener with the keyboard and see a Home of at least six shelves', async () => {
    const page = await studio.open('/');
    await page.getByRole('heading', { name: 'Who’s listening?' }).waitFor();
    await page.getByRole('button', { name: 'Choose a listener' }).press('Enter');
    await page.getByPlaceholder('Search by id').fill(LISTENER);
    await page.getByRole('option', { name: LISTENER }).waitFor();
    await page.keyboard.press('Enter');
    await shelves(page).first().waitFor();
    expect(new URL(page.url()).searchParams.get('listener')).toBe(LISTENER);
    expect(await shelves(page).count()).toBeGreaterThanOrEqual(6);
    const ids = await cardIds(page);
    expect(ids.length).toBeGreaterThan(40);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('plays a card, tells the platform, and shows another Home with what is new marked', async () => {
    const before = await playsOf(LISTENER);
    const page = await studio.open(`/?listener=${LISTENER}&device=desktop`);
    await shelves(page).first().waitFor();
    const first = await decision(page);
    // Shelves of new things; a page holds some of them, and not each has a song.
    const NEW_THINGS = ['recommended', 'more-like', 'something-different', 'popular-with-like-you'];
    const newThings = NEW_THINGS.map((kind) => `section[data-kind="${kind}"]`).join(', ');
    const card = page.locator(newThings).locator('li[data-card][data-kind="track"]').first();
    const played = await card.getAttribute('data-card');
    await card.getByRole('button').first().click();
    await page.getByRole('region', { name: 'Now playing' }).waitFor();
    await page.getByRole('button', { name: 'Play again' }).waitFor({ timeout: 30_000 });
    await page.waitForFunction(
      (decided) => document.querySelector('main')?.getAttribute('data-decision') !== decided,
      first,
    );
    await page.getByTestId('news').waitFor();
    expect(await playsOf(LISTENER)).toBe(before + 1);

    const second = await decision(page);
    await page.getByRole('button', { name: 'Make this Home anew' }).click();
    await page.waitForFunction(
      (ids) => !ids.includes(document.querySelector('main')?.getAttribute('data-decision') ?? ''),
      [first, second],
    );
    // What was just played is new to the listener no longer: the shelves of new things do without it.
    const discoveries = page.locator(newThings);
    expect(await discoveries.count()).toBeGreaterThan(0);
    expect(await discoveries.locator(`li[data-card="${played}"]`).count()).toBe(0);
  });

  it('takes back a like, a hide and a hidden shelf, and never shows again what stays hidden', async () => {
    const page = await studio.open(`/?listener=listener-0011&device=desktop`);
    const card = page.locator('section[data-order="policy"] li[data-card]').first();
    await card.waitFor();
    const hidden = await card.getAttribute('data-card');
    const choose = async (item: string) => {
      await page.locator(`li[data-card="${hidden}"]`).getByRole('button', { name: 'More about' }).click();
      await page.getByRole('menuitem', { name: item }).click();
    };
    const undo = page.getByRole('button', { name: 'Undo' });
    await choose('Like');
    await page.getByText(/^You like/).waitFor();
    await undo.click();
    await page.getByText('You no longer like').waitFor();
    await choose('Not for me');
    await page.getByText('will not come back').waitFor();
    expect(await cardIds(page)).not.toContain(hidden);
    await undo.click();
    await page.getByText('may come back').waitFor();

    // The Home that knows of these: it may have other shelves.
    await page.waitForLoadState('networkidle');
    const hiddenShelf = await page.locator('section[data-order="policy"]').last().getAttribute('data-shelf');
    const ofShelf = page.locator(`section[data-shelf="${hiddenShelf}"]`);
    await ofShelf.getByRole('button', { name: 'About the shelf' }).click();
    await page.getByRole('menuitem', { name: 'Hide this shelf' }).click();
    await page.getByText('will not come back').waitFor();
    expect(await ofShelf.count()).toBe(0);
    await page.waitForLoadState('networkidle');
    const gone = (await cardIds(page))[0];
    await page.locator(`li[data-card="${gone}"]`).getByRole('button', { name: 'More about' }).click();
    await page.getByRole('menuitem', { name: 'Not for me' }).click();
    await page.locator(`li[data-card="${gone}"]`).waitFor({ state: 'detached' });
    await page.waitForLoadState('networkidle');
    await page.reload();
    await shelves(page).first().waitFor();
    await page.getByRole('button', { name: 'Make this Home anew' }).click();
    await page.waitForLoadState('networkidle');
    expect(await cardIds(page)).not.toContain(gone);
    expect(await ofShelf.count()).toBe(0);
  });

  it('opens an album; two of its tracks heard to the end earn the reward of its card', async () => {
    const page = await studio.open(`/?listener=listener-0012&device=desktop`);
    const card = page.locator('section[data-order="policy"] li[data-card][data-kind="album"]').first();
    await card.waitFor();
    const kind = await card.locator('xpath=ancestor::section').getAttribute('data-kind');
    const rewards = async () => {
      const { shelves } = await studio.call<{ shelves: { id: string; total: { rewards: number } }[] }>(
        'GET',
        '/v1/insights/shelves',
      );
      return shelves.find(({ id }) => id === kind)?.total.rewards ?? 0;
    };
    const before = await rewards();
    await card.getByRole('button', { name: /^Open/ }).click();
    const sheet = page.getByRole('dialog');
    await sheet.getByRole('listitem').nth(1).waitFor();
    expect(new URL(page.url()).searchParams.get('open')).toBe(await card.getAttribute('data-card'));
    await checkPage(page);
    await sheet.getByRole('button', { name: 'Play', exact: true }).click();
    const second = sheet.getByRole('listitem').nth(1).getByRole('button');
    await expect.poll(() => second.getAttribute('aria-current'), { timeout: 20_000 }).toBe('true');
    await page.waitForTimeout(2000);
    await page.keyboard.press('Escape');
    expect(new URL(page.url()).searchParams.get('open')).toBeNull();
    await page.getByRole('button', { name: 'Stop and close the player' }).click();
    await expect.poll(rewards, { timeout: 20_000 }).toBe(before + 1);
  });

  it('shows podcasts alone, another time, tier and market; all of it stands in the address', async () => {
    const page = await studio.open(`/?listener=${LISTENER}&device=desktop`);
    await shelves(page).first().waitFor();
    await page.getByRole('radio', { name: 'Podcasts' }).check({ force: true });
    await page.waitForURL(/filter=podcasts/);
    await page.waitForLoadState('networkidle');
    await shelves(page).first().waitFor();
    const kinds = await page
      .locator('li[data-card]')
      .evaluateAll((cards) => [...new Set(cards.map((card) => card.getAttribute('data-kind')))]);
    expect(kinds.filter((one) => one !== 'show' && one !== 'episode')).toEqual([]);
    await page.getByRole('radio', { name: 'All' }).check({ force: true });
    await page.getByLabel('Tier', { exact: true }).selectOption('free');
    await page.waitForURL(/tier=free/);
    await page.getByLabel('Market', { exact: true }).selectOption('SE');
    await page.waitForURL(/market=SE/);
    await page.getByLabel('Time', { exact: true }).selectOption('Night, 2:00');
    await page.waitForURL(/at=\d{4}-\d\d-\d\dT02:00:00Z/);
    await page.waitForLoadState('networkidle');
    await page.locator('main[data-decision]').waitFor();
    const shown = await decision(page);
    const record = await studio.call<{ market: string; tier: string; atMs: number }>('GET', `/v1/decisions/${shown}`);
    expect(record).toMatchObject({ market: 'SE', tier: 'free' });
    expect(new Date(record.atMs).getUTCHours()).toBe(2);
    await page.getByRole('button', { name: 'Back to now' }).click();
    await page.waitForURL((url) => !/at=|tier=|market=/.test(url.search));
  });

  it('stands beside the Home by another policy, and says what they share', async () => {
    const page = await studio.open(`/?listener=${LISTENER}&device=desktop&compare=policy:popularity&explain=1`);
    await page.getByText('cards stand on both').waitFor();
    const other = page.getByRole('region', { name: 'By popularity' });
    expect(await other.getByRole('heading', { level: 3 }).count()).toBeGreaterThan(3);
    await other.getByText('popularity ·').waitFor();
    await checkPage(page);
    await page.getByRole('button', { name: 'Compare this Home' }).click();
    await page.getByRole('menuitem', { name: 'TV' }).click();
    await page.waitForURL(/compare=device:tv/);
    await page.getByRole('region', { name: 'TV', exact: true }).waitFor();
    await page.getByRole('button', { name: 'Compare this Home' }).click();
    await page.getByRole('menuitem', { name: 'Stop comparing' }).click();
    await shelves(page).first().waitFor();
  });

  it('has its first content within 1.5 s, and nothing moves while it loads', async () => {
    for (const size of [DESKTOP, PHONE]) {
      const paintsMs: number[] = [];
      // Whatever else this machine does at the moment: the best of the loads of a minute is what the page needs.
      const untilMs = Date.now() + 60_000;
      while (Date.now() < untilMs && !paintsMs.some((paintMs) => paintMs < 1500)) {
        const page = await studio.open(`/?listener=${LISTENER}`, size, studio.key, MEASURE_SHIFTS);
        await shelves(page).first().waitFor();
        await page.waitForLoadState('networkidle');
        const { paintMs, shifts } = await page.evaluate(() => ({
          paintMs: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.POSITIVE_INFINITY,
          shifts: (window as unknown as { layoutShifts: number[] }).layoutShifts,
        }));
        expect(shifts.reduce((sum, shift) => sum + shift, 0)).toBeLessThan(0.02);
        paintsMs.push(paintMs);
      }
      expect(Math.min(...paintsMs)).toBeLessThan(1500);
    }
  });

  it('passes axe: the choice of a listener, the explained Home, the Home on a phone, in both colours', async () => {
    const shown = async (path: string, options: BrowserContextOptions) => {
      const page = await studio.open(path, options);
      await page.locator('h1').waitFor();
      await page.waitForLoadState('networkidle');
      await checkPage(page);
    };
    await shown('/', { colorScheme: 'dark' });
    await shown('/', { ...PHONE, colorScheme: 'light' });
    await shown(`/?listener=${LISTENER}&explain=1`, { colorScheme: 'light' });
    await shown(`/?listener=${LISTENER}`, { ...PHONE, colorScheme: 'dark' });
  });

  it('explains the Home on show: chances in (0, 1], what was considered, how long it took', async () => {
    const page = await studio.open(`/?listener=${LISTENER}&device=desktop`);
    await shelves(page).first().waitFor();
    const shown = await decision(page);
    await page.getByRole('button', { name: 'Explain this Home' }).click();
    await page.getByRole('region', { name: 'How this Home was made' }).waitFor();
    expect(await decision(page)).toBe(shown);
    await page.getByText('score-and-draw').first().waitFor();
    const titles = await page
      .locator('[title*="propensity"]')
      .evaluateAll((bars) =>
        bars.map((bar) => Number(/propensity (\S+)\)/.exec(bar.getAttribute('title') ?? '')?.[1])),
      );
    expect(titles.length).toBeGreaterThan(40);
    for (const propensity of titles) {
      expect(propensity).toBeGreaterThan(0);
      expect(propensity).toBeLessThanOrEqual(1);
    }
    expect(new URL(page.url()).searchParams.get('explain')).toBe('1');
  });

  it('can be walked by keyboard: one stop a shelf, arrows within', async () => {
    const page = await studio.open(`/?listener=${LISTENER}&device=desktop`);
    const cards = shelves(page).first().locator('li[data-card]');
    await cards.first().waitFor();
    await cards.first().getByRole('button').first().focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    const focused = () => page.evaluate(() => document.activeElement?.closest('li')?.getAttribute('data-card'));
    expect(await focused()).toBe(await cards.nth(2).getAttribute('data-card'));
    await page.keyboard.press('Home');
    expect(await focused()).toBe(await cards.first().getAttribute('data-card'));
    expect(await shelves(page).first().locator('li[data-card] > button:first-child[tabindex="0"]').count()).toBe(1);
    await page.keyboard.press('Enter');
    await page.getByRole('region', { name: 'Now playing' }).or(page.getByRole('dialog')).waitFor();
  });

  it('fits a phone, in light and in dark, and changes device and listener by its menus', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      const page = await studio.open(`/?listener=${LISTENER}`, {
        viewport: { width: 390, height: 844 },
        isMobile: true,
        hasTouch: true,
        colorScheme,
      });
      await shelves(page).first().waitFor();
      expect(await page.evaluate(() => document.documentElement.dataset['mantineColorScheme'])).toBe(colorScheme);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
      expect(new URL(page.url()).searchParams.get('device') ?? 'phone').toBe('phone');
      await page.getByRole('button', { name: 'Device and display' }).tap();
      await page.getByRole('menuitem', { name: 'Car' }).tap();
      await page.waitForURL(/device=car/);
      await page.getByRole('button', { name: 'Surprise me' }).tap();
      await page.waitForURL((url) => url.searchParams.get('listener') !== LISTENER);
      await shelves(page).first().waitFor();
    }
  });

  it('greets somebody unknown with a Home, and goes back by the browser’s own button', async () => {
    const page = await studio.open(`/?listener=${LISTENER}&device=tv`);
    await shelves(page).first().waitFor();
    await page.getByRole('button', { name: /^Listener:/ }).click();
    await page.getByPlaceholder('Search by id').fill('somebody-new');
    await page.getByRole('option', { name: 'somebody-new' }).click();
    await page.getByText('Nice to meet you').waitFor();
    await shelves(page).first().waitFor();
    await page.goBack();
    expect(new URL(page.url()).searchParams.get('listener')).toBe(LISTENER);
    await shelves(page).first().waitFor();
  });
});
