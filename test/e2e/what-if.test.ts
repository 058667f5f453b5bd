/** The Studio's page What if, in a real browser against a real platform that has judged decisions behind it. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { makePastVisits } from '../../scripts/past-visits.ts';
import type { ListenerDecisions } from '../../src/server/index.ts';
import { BROWSER, checkPage, PHONE, type Studio, startStudio } from './browser.ts';

/** Whole prefixes: the best of the best at every place is what no log of draws can judge. */
const QUESTION = 'policies=plackett-luce/cardTemperature:0.07,greedy&by=listener&rung=prefix&estimator=ipw';

describe.skipIf(BROWSER === undefined)('the page What if', () => {
  let studio: Studio;
  let listenerId = '';
  let decisionId = '';

  beforeAll(async () => {
    studio = await startStudio('what-if', ({ dataDir, world }) =>
      makePastVisits(dataDir, world, { listeners: 150, rounds: 1 }),
    );
    const { listeners } = await studio.call<{ listeners: { id: string }[] }>('GET', '/v1/listeners?limit=1');
    listenerId = listeners[0]?.id ?? '';
    const past = await studio.call<ListenerDecisions>('GET', `/v1/listeners/${listenerId}/decisions`);
    decisionId = past.decisions[0]?.id ?? '';
  }, 120_000);

  afterEach(async () => {
    expect(await studio.closePages()).toEqual([]);
  });

  afterAll(async () => {
    await studio?.stop();
  });

  it('asks what its address asks, and answers in words, plots and figures, without a number of what it refuses', async () => {
    const page = await studio.open(`/what-if?${QUESTION}`);
    const verdicts = page.getByRole('region', { name: 'Can these decisions tell?' });
    await verdicts.waitFor({ timeout: 60_000 });
    await verdicts.getByText(/Would have earned .+ a decision/).waitFor();
    await verdicts.getByText('These decisions cannot tell what it would have earned.').waitFor();
    const plot = page.getByRole('img', { name: /^Cards that earn, a decision: what served/ });
    await plot.locator('svg').waitFor();
    expect(await plot.getAttribute('aria-label')).toContain('greedy cannot be told');
    const refused = page.getByRole('region', { name: 'The figures' }).getByRole('row', { name: /^greedy/ });
    expect(await refused.textContent()).not.toMatch(/\d/);
    // Its weights say why.
    await page
      .getByRole('img', { name: /^Weights of greedy: .+ cards/ })
      .locator('svg')
      .waitFor();
    await page
      .getByRole('region', { name: 'By new or known' })
      .getByRole('heading', { name: 'known', exact: true })
      .waitFor();
    await page.getByText(/^That what a card earns does not depend on/).waitFor();
    await checkPage(page);
    await page.emulateMedia({ colorScheme: 'light' });
    await checkPage(page);
  });

  it('takes a question by keyboard into its address, can be given up, and asks again', async () => {
    const page = await studio.open('/what-if');
    await page.getByRole('button', { name: 'Compare' }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Search' }).fill('what');
    await page.getByRole('option', { name: /^What if/ }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByLabel('Policy 2').last().selectOption('softmax');
    await page.getByRole('button', { name: 'Options' }).last().press('Enter');
    await page.getByLabel('temperature', { exact: true }).fill('0.1');
    await page.getByLabel('diversity', { exact: true }).last().fill('0.2');
    await page.getByLabel('diversityOver', { exact: true }).last().selectOption('page');
    await checkPage(page);
    await page.getByLabel('Decisions').selectOption('all');
    await page.getByRole('button', { name: 'Another policy' }).click();
    await page.getByLabel('Policy 3').last().selectOption('softmax');
    await page.getByRole('button', { name: 'Leave softmax out' }).last().click();
    // An estimate that takes a while: held back, so that there is time to give it up.
    await page.route('**/v1/evaluation/compare', async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await route.continue().catch(() => undefined);
    });
    await page.getByRole('button', { name: 'Compare' }).press('Enter');
    await page.getByRole('progressbar').waitFor({ state: 'attached' });
    const asked = new URL(page.url()).searchParams;
    expect(asked.get('policies')).toMatch(
      /^plackett-luce\/cardTemperature:[\d.]+,softmax\/temperature:0\.1\/compose\.diversity:0\.2\/compose\.diversityOver:page$/,
    );
    expect(asked.get('span')).toBe('all');
    await page.getByRole('button', { name: 'Give it up' }).click();
    await page.getByText('Nothing of it is left.').waitFor();
    await checkPage(page);
    await page.unrouteAll({ behavior: 'ignoreErrors' });
    await page.getByRole('button', { name: 'Ask again' }).click();
    await page.getByRole('region', { name: 'What this rests on' }).waitFor({ timeout: 60_000 });
  });

  it('says what to do where a span holds nothing to judge from', async () => {
    const page = await studio.open('/what-if?policies=greedy&span=1h');
    await page.getByText('Nothing to judge from yet').waitFor({ timeout: 30_000 });
    await checkPage(page);
  });

  it('leads from a decision to what another policy would have shown, side by side', async () => {
    const page = await studio.open(`/listeners/${listenerId}?part=decisions&decision=${decisionId}`);
    await page.getByRole('link', { name: 'What if' }).nth(1).click();
    const shown = page.getByRole('region', { name: 'As shown' });
    const instead = page.getByRole('region', { name: 'greedy' });
    await Promise.all([shown.waitFor(), instead.waitFor()]);
    await page.getByText(/cards stand on both\. greedy would/).waitFor();
    await shown.locator('[title^="as logged"]').first().waitFor();
    await page.getByLabel('Page', { exact: true }).selectOption('probable');
    await page.getByLabel('The other policy').last().selectOption('uniform');
    await page.getByRole('button', { name: 'Show it' }).click();
    await page.getByRole('region', { name: 'uniform' }).waitFor();
    expect(new URL(page.url()).search).toBe(
      `?decision=${decisionId}&policy=uniform&draw=probable&listener=${encodeURIComponent(listenerId)}`,
    );
    await checkPage(page);
    await page.getByRole('link', { name: /^← Decisions of/ }).click();
    await page.getByRole('heading', { level: 1 }).waitFor();
  });

  it('says so where there is no such decision', async () => {
    const page = await studio.open('/what-if/decision?decision=01KDVDNA00000000000000000Z');
    await page.getByText('DECISION_NOT_FOUND').waitFor();
  });

  it('fits a phone, where the two pages stand under each other', async () => {
    const page = await studio.open(`/what-if/decision?decision=${decisionId}&policy=softmax`, PHONE);
    const shown = page.getByRole('region', { name: 'As shown' });
    await shown.waitFor();
    const boxes = await Promise.all(
      [shown, page.getByRole('region', { name: 'softmax' })].map((one) => one.boundingBox()),
    );
    const [above, below] = boxes;
    expect(below?.y).toBeGreaterThan((above?.y ?? 0) + (above?.height ?? 0) - 1);
    await checkPage(page);
    await page.goto(`${studio.address}/what-if?${QUESTION}`);
    await page.getByRole('region', { name: 'What this rests on' }).waitFor({ timeout: 60_000 });
    await checkPage(page);
  });
});
