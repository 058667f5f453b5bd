import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOUR_MS, type ManualClock, manualClock } from '../../base/index.ts';
import type { Page } from '../../domain/index.ts';
import { POLICY_IDS } from '../../policy/index.ts';
import type { Platform } from '../open.ts';
import { fittedDir, home, open, removeDirs, START_MS } from '../platform-testing.ts';
import type { InsteadReport, InsteadRow } from './instead.ts';

let clock: ManualClock;
let platform: Platform;
let page: Page;

beforeAll(async () => {
  clock = manualClock(START_MS);
  platform = await open(await fittedDir(), clock);
  page = await home(platform, 'l3', { policyId: 'plackett-luce', explain: true });
}, 60_000);
afterAll(async () => {
  await platform.close();
  removeDirs();
});

const places = (rows: readonly InsteadRow[]) => rows.map(({ id, cards }) => [id, ...cards.map(({ item }) => item.id)]);
const choices = (rows: readonly InsteadRow[]) => rows.flatMap((row) => [row, ...row.cards]);
const whole = ({ insteadPage }: InsteadReport): readonly InsteadRow[] => {
  if (insteadPage === null) throw new Error('no page');
  return insteadPage;
};
const ask = (policy: string, more: object = {}) =>
  platform.instead(page.decisionId, { policy: { policy, ...more }, draw: 'sampled', again: 0 });

describe('what another policy would have shown instead', () => {
  it('shows what was served for the very policy that logged, with the propensities of the record', async () => {
    for (const policy of ['served', 'plackett-luce']) {
      const report = await ask(policy);
      expect(report).toMatchObject({ loggedPolicy: 'plackett-luce', pageWeight: 1, whyNot: null });
      expect(whole(report)).toEqual(report.loggedPage);
      expect(places(report.loggedPage)).toEqual(page.shelves.map(({ id, cards }) => [id, ...cards.map((c) => c.id)]));
      expect(report.loggedPage.map(({ title }) => title)).toEqual(page.shelves.map(({ title }) => title));
      const explained = page.shelves.flatMap((shelf) => [shelf, ...shelf.cards]).map(({ explain }) => explain);
      for (const [k, { logged, instead, forced }] of choices(report.loggedPage).entries()) {
        expect({ propensity: logged, forced }).toEqual({
          propensity: explained[k]?.propensity,
          forced: explained[k]?.forced,
        });
        expect(instead).toBe(logged);
      }
    }
  });

  it('shows the page that a visit under the other policy gets by the same noise', async () => {
    const report = await ask('greedy');
    for (const { instead, forced } of choices(whole(report))) if (!forced) expect(instead).toBeGreaterThan(0);
    expect(whole(await platform.instead(page.decisionId, { policy: { policy: 'greedy' }, draw: 'probable' }))).toEqual(
      whole(report),
    );
    // Greedy gives what was explored no chance; what it shows had one when the page was drawn.
    expect(report.pageWeight).toBe(0);
    for (const { logged } of choices(whole(report))) expect(logged).toBeGreaterThan(0);
  });

  it('weighs the logged page by the ratios of its choices', async () => {
    const { loggedPage, pageWeight } = await ask('plackett-luce', { options: { cardTemperature: 0.3 } });
    const product = choices(loggedPage).reduce((all, { logged, instead }) => (all * (instead ?? 0)) / logged, 1);
    expect(pageWeight).toBeCloseTo(product, 12);
    expect(pageWeight).not.toBe(1);
  });

  it('draws anew when it is asked again, the same for the same number', async () => {
    const drawn = (again: number) =>
      platform.instead(page.decisionId, { policy: { policy: 'uniform' }, draw: 'sampled', again });
    expect(await drawn(1)).toEqual(await drawn(1));
    expect(places(whole(await drawn(1)))).not.toEqual(places(whole(await drawn(2))));
    expect((await drawn(2)).loggedPage).toEqual((await drawn(1)).loggedPage);
  });

  it('refuses what there is not, and leaves no trace', async () => {
    const count = platform.status().decisions;
    const refuses = (asked: Promise<unknown>, code: string) => expect(asked).rejects.toMatchObject({ code });
    await refuses(ask('guess'), 'OPTION_INVALID');
    await refuses(ask('softmax', { options: { colour: 1 } }), 'OPTION_INVALID');
    await refuses(ask('bootstrap-thompson'), 'POLICY_EVIDENCE');
    await refuses(ask('greedy', { model: 'f'.repeat(32) }), 'EPOCH_NOT_FOUND');
    await refuses(platform.instead(page.decisionId, { policy: { policy: 'greedy' }, again: -1 }), 'OPTION_INVALID');
    await refuses(
      platform.instead('01KDVDNA00000000000000000Z', { policy: { policy: 'greedy' } }),
      'DECISION_NOT_FOUND',
    );
    expect(platform.status().decisions).toBe(count);
    clock.advance(HOUR_MS);
    expect(await platform.replay(page.decisionId, { verify: true })).toMatchObject({ equal: true });
  });
});

describe('the policies that can be asked about', () => {
  it('are all of them, with options, which one serves, and what the model lacks', async () => {
    const all = platform.evaluablePolicies();
    expect(all.map(({ id }) => id)).toEqual(POLICY_IDS);
    const of = (id: string) => all.find((policy) => policy.id === id);
    expect(all.filter(({ serves }) => serves)).toEqual([of('plackett-luce')]);
    expect(of('plackett-luce')?.options.map(({ name }) => name)).toContain('cardTemperature');
    expect(of('softmax')).toMatchObject({ lacks: null, switchedOff: false });
    expect(of('softmax')?.options).toContainEqual({ name: 'temperature', value: 0.05, choices: [] });
    expect(of('softmax')?.composition).toContainEqual({ name: 'diversity', value: 0, choices: [] });
    expect(of('softmax')?.composition).toContainEqual({
      name: 'diversityOver',
      value: 'row',
      choices: ['row', 'page'],
    });
    expect(of('popularity')?.composition).toEqual([]);
    expect(of('bootstrap-thompson')?.lacks).toMatch(/replicas/);
    await platform.setSwitches([{ target: 'policy:softmax', on: false }]);
    expect(platform.evaluablePolicies().find(({ id }) => id === 'softmax')?.switchedOff).toBe(true);
  });
});
