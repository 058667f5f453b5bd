/** The page of `data show` in a real browser: from a file, without any network. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  compareStatistics,
  type DatasetFeatureStatistics,
  type FeatureNameStatistics,
  reportPage,
} from '../../src/validation/index.ts';
import { accessibilityFaults, BROWSER, DESKTOP, PHONE } from './browser.ts';

const FEATURES = 60;

function words(name: string, counts: Record<string, number>, numMissing = 0): FeatureNameStatistics {
  const buckets = Object.entries(counts).map(([label, sampleCount]) => ({ label, sampleCount }));
  const commonStats = { numNonMissing: 1000, numMissing, totNumValues: 1000 };
  return { name, type: 'STRING', stringStats: { commonStats, unique: buckets.length, rankHistogram: { buckets } } };
}

function numbers(name: string, samples: readonly number[]): FeatureNameStatistics {
  const buckets = samples.map((sampleCount, at) => ({ lowValue: at, highValue: at + 1, sampleCount }));
  const commonStats = { numNonMissing: 1000, totNumValues: 1000 };
  const histograms = [{ buckets }, { buckets, type: 'QUANTILES' as const }];
  return { name, type: 'FLOAT', numStats: { commonStats, max: samples.length, median: 2, histograms } };
}

function dataset(shift: number): DatasetFeatureStatistics {
  return {
    numExamples: 1000,
    features: [
      numbers('steady', [250, 250, 250, 250]),
      numbers('drifting', [250 + shift, 250, 250, 250 - shift]),
      words('tier', { free: 500 + shift, premium: 500 - shift }),
      words('gappy', { yes: 1000 }, 3000),
      ...Array.from({ length: FEATURES - 4 }, (_, at) => words(`of many ${at}`, { a: 600, b: 400 })),
    ],
  };
}

describe.skipIf(BROWSER === undefined)('the page of data show', () => {
  let folder: string;
  let browser: Browser;
  const asked: string[] = [];
  const complaints: string[] = [];
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'shelfwise-report-'));
    const info = { severity: 'ERROR' as const, shortDescription: 'Unexpected', description: 'Examples contain …' };
    const comparison = compareStatistics([
      { name: 'train', statistics: dataset(0) },
      { name: 'eval', statistics: dataset(100) },
    ]);
    const page = reportPage(comparison, { anomalies: { anomalyInfo: new Map([['tier', info]]) } });
    writeFileSync(join(folder, 'report.html'), page);
    browser = await chromium.launch({ executablePath: BROWSER!, args: ['--no-sandbox', '--disable-gpu'] });
  });
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function open(options: typeof DESKTOP): Promise<Page> {
    const page = await (await browser.newContext(options)).newPage();
    page.on('request', (request) => asked.push(request.url()));
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text());
    });
    await page.goto(pathToFileURL(join(folder, 'report.html')).href);
    return page;
  }
  const shown = (page: Page, kind: string): Promise<string[]> =>
    page.locator(`section[data-kind=${kind}] article:not([hidden]) h3`).allTextContents();

  it('sorts by distance, by missing and by the data, searches, and shows only what is wrong', async () => {
    const page = await open(DESKTOP);
    expect((await shown(page, 'categorical'))[0]).toBe('tier');
    expect(await shown(page, 'numeric')).toEqual(['drifting', 'steady']);
    await page.getByLabel('Sort by').selectOption('Missing');
    expect((await shown(page, 'categorical'))[0]).toBe('gappy');
    await page.getByLabel('Sort by').selectOption('Data order');
    expect(await shown(page, 'numeric')).toEqual(['steady', 'drifting']);
    await page.keyboard.press('/');
    await page.keyboard.type('MANY 39');
    const status = page.getByRole('status');
    expect(await status.textContent()).toBe(`1 of ${FEATURES} features`);
    await page.getByLabel('Search features').fill('');
    await page.getByLabel('Only anomalies').check();
    expect(await status.textContent()).toBe(`1 of ${FEATURES} features`);
    expect(await page.getByRole('heading', { name: 'Numeric features' }).isVisible()).toBe(false);
  });

  it('draws on a linear or a logarithmic scale, with tails or without', async () => {
    const page = await open(DESKTOP);
    const drawings = () => page.locator('article[data-path=drifting] path:visible').count();
    expect(await drawings()).toBe(2);
    const label = () => page.locator('article[data-path=drifting] svg:visible').getAttribute('aria-label');
    expect(await label()).toBe('Distribution of drifting: train, eval');
    await page.getByLabel('Axis').selectOption('Without tails');
    await page.getByLabel('Scale').selectOption('Log');
    expect(await drawings()).toBe(2);
    expect(await label()).toBe('Distribution of drifting without its tails: train, eval');
  });

  it.each([
    ['a desktop, light', { ...DESKTOP, colorScheme: 'light' as const }],
    ['a desktop, dark', { ...DESKTOP, colorScheme: 'dark' as const }],
    ['a phone', PHONE],
  ])('has no faults of accessibility and nothing that sticks out on %s', async (_name, options) => {
    const page = await open(options);
    await page.getByLabel('Search features').fill('a');
    expect(await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth)).toBeLessThanOrEqual(0);
    expect(await accessibilityFaults(page)).toEqual([]);
  });

  it('asks nobody for anything, and complains of nothing', () => {
    expect(asked.filter((url) => !url.startsWith('file:'))).toEqual([]);
    expect(complaints).toEqual([]);
  });
});
