/** The Studio's page of models, in a real browser against a real platform. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ModelList, TrainedModel } from '../../src/server/index.ts';
import { BROWSER, checkPage, PHONE, type Studio, startStudio } from './browser.ts';

describe.skipIf(BROWSER === undefined)('the page of models', () => {
  let studio: Studio;
  let trained: TrainedModel;
  const servingHash = async (): Promise<string> => {
    const { models } = await studio.call<ModelList>('GET', '/v1/models');
    return models.find(({ serves }) => serves)?.hash ?? '';
  };

  beforeAll(async () => {
    studio = await startStudio('models');
    trained = await studio.call<TrainedModel>('POST', '/v1/models/train', { family: 'logistic', calibration: 'platt' });
  });

  afterEach(async () => {
    expect(await studio.closePages()).toEqual([]);
  });

  afterAll(async () => {
    await studio?.stop();
  });

  it('says which one serves, and of a trained one its calibration, what it goes by, its slices and its origin', async () => {
    const page = await studio.open('/models');
    const list = page.getByRole('navigation', { name: 'Models' });
    const serving = await servingHash();
    await list.getByRole('link', { name: /serves/ }).waitFor();
    expect(await list.getByRole('link', { name: /serves/ }).getAttribute('href')).toBe(`/models?model=${serving}`);
    await list.getByRole('link', { name: /platt/ }).click();
    await page
      .getByRole('img', { name: /^Reliability in 10 bins/ })
      .locator('svg')
      .waitFor();
    const first = page.getByRole('region', { name: 'What it goes by' }).getByRole('listitem').first();
    expect(await first.textContent()).toContain(trained.importance[0]?.name);
    await page
      .getByRole('region', { name: 'By slice' })
      .getByRole('rowheader', { name: 'known', exact: true })
      .waitFor();
    await page.getByText(trained.hash, { exact: true }).waitFor();
    expect(new URL(page.url()).search).toBe(`?model=${trained.hash}`);
    await checkPage(page);
  });

  it('serves another model when it was asked twice, and undoes it', async () => {
    const before = await servingHash();
    const page = await studio.open(`/models?model=${trained.hash}`);
    await page.getByRole('button', { name: 'Serve this one' }).click();
    await page.getByRole('button', { name: 'Leave it' }).click();
    expect(await servingHash()).toBe(before);
    await page.getByRole('button', { name: 'Serve this one' }).click();
    await page.getByRole('button', { name: 'Serve it' }).click();
    await page.getByText('serves from the next Home on').waitFor();
    expect(await servingHash()).toBe(trained.hash);
    await page.getByRole('button', { name: 'Roll back' }).waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    // What learns online may have learnt meanwhile: it serves again, under another hash.
    await expect.poll(servingHash, { timeout: 20_000 }).not.toBe(trained.hash);
    await page.getByRole('button', { name: 'Roll back' }).waitFor({ state: 'detached' });
  });

  it('trains one, shows how far it is, and leads to it', async () => {
    const page = await studio.open('/models');
    await page.getByRole('button', { name: 'Train a model' }).click();
    await page.getByLabel('Family').selectOption('logistic');
    await page.getByLabel('Ensemble members').fill('0');
    await page.getByText('From 1 to 100.').waitFor();
    await checkPage(page);
    await page.getByLabel('Ensemble members').fill('2');
    await page.getByRole('button', { name: 'Train', exact: true }).click();
    await page.getByRole('progressbar').waitFor({ state: 'attached' });
    await page.getByText('Logistic regression, 2 members is trained.').waitFor({ timeout: 60_000 });
    const { models } = await studio.call<ModelList>('GET', '/v1/models');
    expect(models.find(({ hash }) => page.url().endsWith(hash))?.lineage?.spec.ensemble).toBe(2);
    await page.getByRole('heading', { name: 'Logistic regression, 2 members' }).waitFor();
  });

  it('fits a phone, where the pages stand in one row', async () => {
    const page = await studio.open(`/models?model=${trained.hash}`, PHONE);
    await page
      .getByRole('img', { name: /^Reliability/ })
      .locator('svg')
      .waitFor();
    const links = page.getByRole('navigation', { name: 'Pages' }).getByRole('listitem');
    const tops = await links.evaluateAll((items) => items.map((item) => item.getBoundingClientRect().top));
    expect(new Set(tops).size).toBe(1);
    await checkPage(page);
  });
});
