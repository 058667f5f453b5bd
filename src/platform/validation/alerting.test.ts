import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../alerts/index.ts';
import { manualClock } from '../../base/index.ts';
import { type Metadata, openMetadata } from '../../store/index.ts';
import { silentLogger } from '../config.ts';
import { type AlertSettings, resolveAlertSettings } from './alert-settings.ts';
import { type Alerting, createAlerting } from './alerting.ts';

const root = mkdtempSync(join(tmpdir(), 'shelfwise-alerting-'));
const opened: Metadata[] = [];
afterAll(async () => {
  for (const metadata of opened) await metadata.close();
  rmSync(root, { recursive: true });
});
const SECRET = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`;

let files = 0;
const newFile = (): string => join(root, `${files++}.sqlite`);
async function open(
  file: string,
  settings: Partial<AlertSettings> = {},
  environment: Record<string, string> = {},
): Promise<Alerting> {
  const metadata = openMetadata({ file });
  opened.push(metadata);
  const clock = manualClock(1_000_000);
  return createAlerting({
    metadata,
    settings: resolveAlertSettings(settings),
    environment,
    clock,
    logger: silentLogger,
  });
}

const lost: Finding = {
  kind: 'anomaly',
  name: 'NO_DATA_IN_SPAN',
  feature: '',
  slice: 'tier_premium',
  value: null,
  severity: 'error',
  text: 'training/2026-11-20: Slice missing.',
};
const round = { source: 'training', examined: ['anomaly'], findings: [lost] } as const;
const webhook = { to: 'webhook', name: 'on call', url: 'http://127.0.0.1:9/', secretsFrom: ['ALERT_SECRET'] } as const;

describe('alerting', () => {
  it('has rules for what should wake somebody, to every route, where none are configured', async () => {
    const { rules, routes } = await (
      await open(newFile(), { routes: [webhook] }, { ALERT_SECRET: SECRET })
    ).service.alertRules();
    expect(rules.map(({ name, from, routes: told }) => [name, from, told])).toEqual([
      ['data errors', 'default', ['on call', 'log']],
      ['disk refuses writes', 'default', ['on call', 'log']],
      ['events rejected', 'default', ['on call', 'log']],
      ['homes degraded', 'default', ['on call', 'log']],
    ]);
    expect(routes).toEqual([
      { name: 'on call', to: 'webhook', problem: '' },
      { name: 'log', to: 'log', problem: '' },
    ]);
    expect(JSON.stringify([rules, routes])).not.toContain(SECRET);
  });

  it('goes on without a route whose secret is not there, or is none; the log stands in, and it says why', async () => {
    const rules = [{ name: 'all', kind: 'anomaly', routes: ['on call'] }] as const;
    for (const [environment, problem] of [
      [{}, 'not in the environment: ALERT_SECRET'],
      [{ ALERT_SECRET: 'short' }, /whsec_/],
    ] as const) {
      const { service } = await open(newFile(), { routes: [webhook], rules }, environment);
      const known = await service.alertRules();
      expect(known.routes[0].problem).toEqual(typeof problem === 'string' ? problem : expect.stringMatching(problem));
      expect(known.rules[0]).toMatchObject({ from: 'configuration', routes: ['log'] });
      expect(await service.testAlerts('on call')).toMatchObject([{ route: 'on call', delivered: false }]);
      expect(await service.testAlerts('log')).toEqual([{ route: 'log', delivered: true, reason: '' }]);
    }
  });

  it('judges nothing before it is on duty: another configuration must not end what it does not know', async () => {
    const file = newFile();
    const serving = await open(file);
    serving.start();
    await serving.observe(round);
    expect(await serving.service.alerts({ state: 'active', limit: 10 })).toMatchObject([
      { rule: 'data errors', state: 'firing' },
    ]);
    await serving.close();
    const command = await open(file, { rules: [] });
    await command.observe({ ...round, findings: [] });
    expect(await command.service.alerts({ state: 'firing', limit: 10 })).toMatchObject([{ slice: 'tier_premium' }]);
    await command.close();
  });

  it('keeps rules that people add beside those of the file, by a name of their own, and takes them back', async () => {
    const file = newFile();
    const first = await open(file);
    const wish = {
      source: 'training',
      finding: 'NO_DATA_IN_SPAN',
      slice: 'tier_premium',
      author: 'Ada',
      reason: 'never again',
    };
    const added = await first.service.addAlertRule(wish);
    expect(added).toMatchObject({
      name: 'NO_DATA_IN_SPAN · tier_premium in training',
      kind: 'anomaly',
      from: 'person',
      routes: ['log'],
    });
    expect((await first.service.addAlertRule(wish)).name).toBe(`${added.name} (2)`);
    const long = { author: 'Ada', reason: 'long', feature: 'x'.repeat(400) };
    for (const ending of ['x', ' (2)']) {
      const { name } = await first.service.addAlertRule(long);
      expect([name.length, name.endsWith(ending)]).toEqual([200, true]);
      await expect(first.service.addAlertRule({ ...long, name })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    }
    for (const { name, feature } of (await first.service.alertRules()).rules)
      if (feature === long.feature) await first.service.removeAlertRule(name);
    await expect(first.service.addAlertRule({ ...wish, name: 'data errors' })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
    await expect(first.service.addAlertRule({ ...wish, routes: ['nowhere'] })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
    await expect(first.service.addAlertRule({ ...wish, kind: 'distance' })).rejects.toMatchObject({
      code: 'OPTION_INVALID',
    });
    await first.close();
    const second = await open(file);
    second.start();
    await second.observe(round);
    expect((await second.service.alerts({ state: 'firing', limit: 10 })).length).toBe(3);
    await second.service.removeAlertRule(added.name);
    expect(await second.service.alerts({ state: 'recovered', limit: 10 })).toMatchObject([
      { rule: added.name, ending: 'rule removed' },
    ]);
    await expect(second.service.removeAlertRule('data errors')).rejects.toMatchObject({ code: 'ALERT_RULE_NOT_FOUND' });
    await second.close();
  });

  it('says which alerts are silenced', async () => {
    const { service, start, observe, close } = await open(newFile());
    start();
    await observe(round);
    const { id } = await service.addSilence({
      matcher: { slice: 'tier_*' },
      author: 'Ada',
      reason: 'backfill',
      untilMs: 2_000_000,
    });
    expect(await service.alerts({ state: 'active', limit: 10 })).toMatchObject([{ silenced: true }]);
    await service.endSilence(id);
    expect(await service.alerts({ state: 'active', limit: 10 })).toMatchObject([{ silenced: false }]);
    await close();
  });
});

describe('settings of alerts', () => {
  it.each([
    [{ routes: [{ ...webhook, secrets: ['x'] }] }, /secrets do not stand in the file/],
    [{ routes: [{ ...webhook, secretsFrom: ['whsec_abc=='] }] }, /name of a variable of the environment/],
    [{ routes: [{ ...webhook, url: undefined }] }, /give url or urlFrom/],
    [{ routes: [webhook, webhook] }, /a name of its own/],
    [{ routes: [{ to: 'pigeon', name: 'x' }] }, /to is "pigeon"|routes.0.to/],
    [{ routes: [{ to: 'mail', name: 'm', host: 'h', from: 'f', recipients: [] }] }, /recipients/],
    [{ routes: [{ to: 'mail', name: 'm', host: 'h', from: 'f', recipients: ['a'], user: 'u' }] }, /half a login/],
    [{ rules: [{ name: 'r', kind: 'anomaly', routes: ['nobody'] }] }, /nobody/],
    [{ rules: [{ name: 'r', kind: 'distance', routes: ['log'] }] }, /threshold/],
    [{ retentionDays: 0 }, /retentionDays/],
  ])('refuse what could not be meant: %j', (given, message) => {
    expect(() => resolveAlertSettings(given as never)).toThrow(message);
  });
});
