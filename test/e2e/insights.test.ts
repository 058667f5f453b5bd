/** Catalogue, shelves and live in a real browser: what people see and do there, and that it is so on the platform. */
import type { Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { BROWSER, checkPage, PHONE, type Studio, startStudio } from './browser.ts';

const LISTENER = 'listener-0007';

interface Home {
  readonly decisionId: string;
  readonly shelves: readonly {
    readonly id: string;
    readonly kind: string;
    readonly cards: readonly { readonly id: string; readonly title: string }[];
  }[];
}

describe.skipIf(BROWSER === undefined)('Catalogue, shelves and live in the Studio', () => {
  let studio: Studio;
  let home: Home;
  /** The first shelf of a kind that stands on that Home once. */
  let shelf: Home['shelves'][number];
  const settled = (page: Page) => page.waitForFunction(() => document.querySelector('[aria-busy="true"]') === null);
  const homeOf = (listener: string) =>
    studio.call<Home>('GET', `/v1/listeners/${listener}/home?device=desktop&fresh=true`);

  beforeAll(async () => {
    studio = await startStudio('insights-pages');
    home = await homeOf(LISTENER);
    const kinds = home.shelves.map(({ kind }) => kind);
    // Cards of playlists that were made for the listener are in no catalogue.
    const shelfRank = kinds.findIndex(
      (kind) => kind !== 'made-for-you' && kinds.indexOf(kind) === kinds.lastIndexOf(kind),
    );
    shelf = home.shelves[shelfRank] as typeof shelf;
    const reference = { decisionId: home.decisionId, shelfRank };
    const occurredAt = new Date().toISOString();
    const itemId = shelf.cards[0]?.id;
    await studio.call('POST', '/v1/events', {
      events: [
        { eventId: 'seen', listenerId: LISTENER, type: 'impression', occurredAt, reference },
        {
          eventId: 'page',
          listenerId: LISTENER,
          type: 'rendered',
          occurredAt,
          reference: { decisionId: home.decisionId },
        },
        {
          eventId: 'chosen',
          listenerId: LISTENER,
          type: 'select',
          occurredAt,
          itemId,
          reference: { ...reference, cardRank: 0 },
        },
      ],
    });
  });

  afterEach(async () => {
    expect(await studio.closePages()).toEqual([]);
  });

  afterAll(async () => {
    await studio?.stop();
  });

  it('finds items by words and kind, keeps both in the address, and says when nothing is found', async () => {
    const page = await studio.open('/catalogue');
    await page.locator('li[data-item]').first().waitFor();
    await page.getByRole('link', { name: 'Albums', exact: true }).click();
    await page.waitForURL(/kind=album/);
    await settled(page);
    const [{ title }] = (await studio.call<{ items: { title: string }[] }>('GET', '/v1/items?kind=album&limit=1'))
      .items as [{ title: string }];
    await page.getByLabel('Search the catalogue').fill(title);
    await page.waitForURL(/q=/);
    await page.locator('li[data-item]').getByText(title, { exact: true }).first().waitFor();
    // What was listed before stays until the answer is there.
    await expect.poll(() => page.locator('li[data-item]').count(), { timeout: 30_000 }).toBeLessThan(60);
    await checkPage(page);
    await page.getByLabel('Search the catalogue').fill('xyzzy nothing');
    await page.getByText('No albums found').waitFor();
    await checkPage(page);
  });

  it('shows an item: facts, exposure as it was counted, what is part of it, neighbours that lead on', async () => {
    const [card] = shelf.cards;
    const exposure = await studio.call<{ shown: number; seen: number; chosen: number }>(
      'GET',
      `/v1/items/${card?.id}/exposure`,
    );
    const page = await studio.open(`/catalogue/${card?.id}`);
    await page.getByRole('heading', { name: card?.title ?? '', level: 1 }).waitFor();
    const panel = page.getByRole('region', { name: 'Exposure' });
    const numberOf = async (name: string) =>
      Number(
        await panel
          .locator('div', { has: page.getByText(name, { exact: true }) })
          .locator('dd')
          .first()
          .evaluate((number) => number.firstChild?.textContent),
      );
    await panel.getByRole('table').waitFor();
    expect([await numberOf('Shown'), await numberOf('Seen'), await numberOf('Chosen')]).toEqual([
      exposure.shown,
      exposure.seen,
      exposure.chosen,
    ]);
    expect(exposure).toMatchObject({ shown: 1, seen: 1, chosen: 1 });
    const neighbour = page.getByRole('region', { name: 'Neighbours' }).getByRole('link').first();
    await neighbour.waitFor();
    await checkPage(page);
    await neighbour.click();
    await page.waitForURL((url) => !url.pathname.endsWith(`/${card?.id}`));
    await page.getByRole('region', { name: 'Facts' }).waitFor();
    await page.goto(`${studio.address}/catalogue/no-such-item`);
    await page.getByText('The catalogue does not hold it').waitFor();
    await checkPage(page);
  });

  it('shows shelves with their figures, and opens one by keyboard', async () => {
    const page = await studio.open('/shelves');
    const { kind } = shelf;
    const row = page.locator(`tr[data-shelf="${kind}"]`);
    await row.waitFor();
    expect(await row.locator('td[data-name="Served"]').textContent()).toBe('1');
    expect(await row.locator('td[data-name="Seen"]').textContent()).toBe('100 %');
    expect(await row.locator('td[data-name="Chosen"]').textContent()).toBe('100 %');
    await row.getByRole('link').press('Enter');
    await page.waitForURL(/shelf=/);
    await page.getByRole('img', { name: /rows decided, seen and chosen by day/ }).waitFor();
    await page.getByRole('link', { name: 'Today' }).click();
    await page.waitForURL(/span=today/);
    await checkPage(page);
  });

  it('switches a shelf off after asking, at once for every Home, and takes it back', async () => {
    const page = await studio.open('/shelves');
    const { kind } = shelf;
    const toggle = page.locator(`tr[data-shelf="${kind}"]`).getByRole('switch');
    await toggle.click();
    await page.getByRole('dialog').getByText('disappears from every listener’s Home').waitFor();
    await checkPage(page);
    await page.keyboard.press('Escape');
    expect(await toggle.getAttribute('aria-checked')).toBe('true');
    await toggle.click();
    await page.getByRole('button', { name: 'Switch it off' }).click();
    await page.getByText('no Home has it from now on').waitFor();
    expect((await homeOf(LISTENER)).shelves.map(({ kind: one }) => one)).not.toContain(kind);
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('is back').waitFor();
    expect(await toggle.getAttribute('aria-checked')).toBe('true');
    expect((await homeOf(LISTENER)).shelves.map(({ kind: one }) => one)).toContain(kind);
  });

  it('makes a campaign, previews it, and takes it away', async () => {
    const page = await studio.open('/shelves?part=campaigns');
    await page.getByRole('button', { name: 'New campaign' }).click();
    await page.getByRole('button', { name: 'Put it on Homes' }).click();
    await page.getByText('fields need another look').waitFor();
    await checkPage(page);
    await page.getByRole('textbox', { name: 'Id', exact: true }).fill('browser-made');
    await page.getByLabel('English').fill('Made in a browser');
    await page.getByLabel('From', { exact: true }).fill('2026-01-01T00:00');
    await page.getByLabel('Until', { exact: true }).fill('2099-01-01T00:00');
    await page.getByLabel('Place on the page').fill('1');
    const find = page.getByLabel('Find items to add');
    await find.fill('a');
    await page.getByRole('list', { name: 'Found items' }).getByRole('button').first().waitFor();
    for (let n = 0; n < 6; n++)
      await page.getByRole('list', { name: 'Found items' }).getByRole('button').first().click();
    await page
      .getByRole('button', { name: /^Move .* down$/ })
      .first()
      .click();
    await page.getByRole('button', { name: 'Put it on Homes' }).click();
    await page.getByText('is stored: on every Home from now on').waitFor();
    const stored = await studio.call<{ items: string[]; pinnedRank: number }>('GET', '/v1/campaigns/browser-made');
    expect(stored.pinnedRank).toBe(0);
    expect(new Set(stored.items).size).toBeGreaterThanOrEqual(5);

    await page.getByLabel('Listener to preview it for').fill(LISTENER);
    await page.getByRole('button', { name: 'Preview', exact: true }).click();
    await page.getByText('It stands at place 1').waitFor();
    await checkPage(page);
    await page.getByRole('button', { name: 'Take it away' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Take it away' }).click();
    await page.getByText('is gone from every Home').waitFor();
    expect(await studio.call('GET', '/v1/campaigns')).not.toMatchObject({ campaigns: [{ id: 'browser-made' }] });
  });

  it('moves as the platform works, stands still when paused, and names what serves', async () => {
    const page = await studio.open('/live', { reducedMotion: 'no-preference' });
    await page.getByRole('region', { name: 'The last minute' }).waitFor();
    const requests = page.getByRole('region', { name: 'Requests' }).locator('svg');
    await requests.waitFor();
    await checkPage(page);
    const { epochs } = await studio.call<{ epochs: Record<string, string> }>('GET', '/v1/status');
    await page
      .getByRole('region', { name: 'Epochs' })
      .getByText(epochs['model']?.slice(0, 12) ?? 'no model')
      .waitFor();
    const drawn = () => requests.evaluate((svg) => svg.innerHTML);
    const before = await drawn();
    await page.waitForFunction(
      (old) => document.querySelector('[aria-label="Requests"] svg')?.innerHTML !== old,
      before,
    );
    await page.getByRole('button', { name: 'Pause' }).click();
    await page.getByText('Paused: the plots stand still').waitFor();
    const still = await drawn();
    await page.waitForTimeout(1500);
    expect(await drawn()).toBe(still);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByText('15 min', { exact: true }).click();
    await page.waitForFunction(
      (old) => document.querySelector('[aria-label="Requests"] svg')?.innerHTML !== old,
      still,
    );
  });

  it('fits a phone, and can be read in the dark', async () => {
    // In light each of these pages was checked above.
    const page = await studio.open('/catalogue', { ...PHONE, colorScheme: 'dark' });
    for (const path of [
      '/catalogue',
      `/catalogue/${shelf.cards[0]?.id}`,
      `/shelves?shelf=${shelf.kind}`,
      '/shelves?part=campaigns&campaign=new',
      '/live',
    ]) {
      await page.goto(studio.address + path);
      await page.locator('main h1').waitFor();
      await settled(page);
      await checkPage(page);
    }
  });
});
