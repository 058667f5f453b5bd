import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterAll, describe, expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, type ManualClock, MINUTE_MS, manualClock, SECOND_MS } from '../base/index.ts';
import { type Metadata, openMetadata } from '../store/index.ts';
import { type AlertRuleOptions, type Finding, openAlerts, type RouteOptions, verifyWebhook } from './index.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'shelfwise-alerts-'));
const closers: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
  fs.rmSync(root, { recursive: true, force: true });
});

const START_MS = Date.UTC(2026, 0, 5);
const SECRET = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`;
const newFile = (): string => path.join(fs.mkdtempSync(path.join(root, 'd')), 'metadata.sqlite');

function metadataOf(file: string): Metadata {
  const metadata = openMetadata({ file });
  closers.push(() => metadata.close());
  return metadata;
}

interface Received {
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** A receiver of webhooks. */
async function receiver(answer: (received: Received) => { status: number; headers?: Record<string, string> }) {
  const received: Received[] = [];
  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    const one = { headers: request.headers, body };
    received.push(one);
    const { status, headers = {} } = answer(one);
    response.writeHead(status, headers).end('what the receiver says');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/T0P5ECRET`;
  return { url, received };
}

const gone: Finding = {
  kind: 'anomaly',
  name: 'SLICE_MISSING',
  feature: 'tier',
  slice: 'tier=premium',
  value: null,
  severity: 'error',
  text: 'The span has 0 examples of premium; the one before had 1,204.',
};
const drift = (value: number): Finding => ({
  kind: 'distance',
  name: 'drift_linf',
  feature: 'country',
  slice: '',
  value,
  severity: 'warning',
  text: 'Drift of country.',
});
const train = (...findings: Finding[]) => ({
  source: 'train',
  examined: ['anomaly', 'distance'] as const,
  findings,
});
const anomalies = (more: Partial<AlertRuleOptions> = {}): AlertRuleOptions => ({
  name: 'anomalies',
  kind: 'anomaly',
  severity: 'error',
  routes: ['hook'],
  ...more,
});

const webhook = (url: string): RouteOptions => ({ to: 'webhook', name: 'hook', url, secrets: [SECRET] });

function opened(url: string, clock: ManualClock, rules: readonly AlertRuleOptions[] = [anomalies()], file = newFile()) {
  const metadata = metadataOf(file);
  const alerts = openAlerts({ ledger: metadata.alerts, rules, routes: [webhook(url)], clock });
  return { alerts, metadata, file };
}

const ok = () => ({ status: 204 });
const types = (received: readonly Received[]): string[] => received.map(({ body }) => JSON.parse(body).type);

describe('one alert while it lasts', () => {
  test('a slice that is gone is told once, and once that it is back', async () => {
    const clock = manualClock(START_MS);
    const { url, received } = await receiver(ok);
    const { alerts } = opened(url, clock);
    for (let round = 0; round < 4; round++) {
      await alerts.observe(train(gone));
      await alerts.deliver();
      clock.advance(HOUR_MS);
    }
    expect(types(received)).toEqual(['alerts.fired']);
    expect(JSON.parse(received[0].body).data.alerts).toMatchObject([{ slice: 'tier=premium', state: 'firing' }]);
    // Another source, and a round that did not look for anomalies, say nothing of it.
    await alerts.observe({ source: 'eval', examined: ['anomaly'], findings: [] });
    await alerts.observe({ source: 'train', examined: ['distance'], findings: [] });
    expect(await alerts.list({ state: 'firing' })).toHaveLength(1);
    for (let round = 0; round < 2; round++) {
      await alerts.observe(train());
      await alerts.deliver();
    }
    expect(types(received)).toEqual(['alerts.fired', 'alerts.recovered']);
    expect(JSON.parse(received[1].body).data.alerts).toMatchObject([{ ending: 'clear', endedAtMs: clock.nowMs() }]);
    // Again is a new one.
    clock.advance(HOUR_MS);
    await alerts.observe(train(gone));
    await alerts.deliver();
    expect(types(received)).toHaveLength(3);
  });

  test('only a span that is no older than the one which showed it ends it: told once, in whatever order spans are judged', async () => {
    const clock = manualClock(START_MS);
    const { url, received } = await receiver(ok);
    const { alerts, metadata } = opened(url, clock);
    const day = (nth: number, isComplete: boolean, ...findings: Finding[]) => ({
      source: 'train',
      examined: isComplete ? (['anomaly', 'distance'] as const) : [],
      spanFromMs: START_MS + nth * DAY_MS,
      findings,
    });
    // Day 2 still fills and lacks the slice; day 1 becomes complete, and is judged anew every minute.
    for (let minute = 0; minute < 5; minute++) {
      await alerts.observe(day(1, true));
      await alerts.observe(day(2, false, gone));
      await alerts.deliver();
      clock.advance(MINUTE_MS);
    }
    await alerts.observe(day(1, true));
    // After a restart too.
    const again = openAlerts({ ledger: metadata.alerts, rules: [anomalies()], routes: [webhook(url)], clock });
    await again.observe(day(1, true));
    expect(await again.list()).toMatchObject([{ state: 'firing' }]);
    // The day after confirms it; that an older one shows it too changes nothing.
    await again.observe(day(3, false, { ...gone, text: 'day 3' }));
    await again.observe(day(1, true, { ...gone, text: 'day 1' }));
    await again.observe(day(2, true));
    expect(await again.list()).toMatchObject([{ state: 'firing', text: 'day 3' }]);
    await again.observe(day(3, true));
    await again.deliver();
    expect(await again.list()).toMatchObject([{ state: 'recovered' }]);
    expect(types(received)).toEqual(['alerts.fired', 'alerts.recovered']);
  });

  test('a rule that waits fires though an older span is judged well meanwhile', async () => {
    const clock = manualClock(START_MS);
    const { alerts } = opened('http://127.0.0.1:9/', clock, [anomalies({ forMs: 5 * MINUTE_MS })]);
    for (let minute = 0; minute <= 5; minute++) {
      await alerts.observe({ ...train(), spanFromMs: START_MS - HOUR_MS });
      await alerts.observe({ ...train(gone), examined: [], spanFromMs: START_MS });
      clock.advance(MINUTE_MS);
    }
    expect(await alerts.list()).toMatchObject([{ state: 'firing', beganAtMs: START_MS }]);
  });

  test('it ends with its slice, once a day has gone by without it, unless it says that the slice is away', async () => {
    const clock = manualClock(START_MS);
    const { alerts } = opened('http://127.0.0.1:9/', clock);
    const ofModel = { ...gone, name: 'SCHEMA_MISSING_COLUMN', slice: 'model_a' };
    const round = (hours: number, ...findings: Finding[]) => ({
      ...train(...findings),
      spanFromMs: START_MS + hours * HOUR_MS,
      slices: ['', 'model_b'],
      present: ['', 'model_b', 'few'],
    });
    await alerts.observe({ ...round(0, ofModel, { ...gone, ofAbsence: true }), present: ['', 'model_a'] });
    const firing = async () => (await alerts.list({ state: 'firing' })).map(({ slice }) => slice).sort();
    await alerts.observe(round(23));
    await alerts.observe({ ...round(24), slices: [] });
    await alerts.observe({ ...round(24), present: ['', 'model_a'] });
    await alerts.observe({ ...round(24), examined: [] });
    expect(await firing()).toEqual(['model_a', 'tier=premium']);
    await alerts.observe(round(24));
    expect(await firing()).toEqual(['tier=premium']);
    await alerts.observe({ ...round(48), slices: ['', 'tier=premium'] });
    expect(await firing()).toEqual([]);
  });

  test('it must hold for long enough, and be away for long enough', async () => {
    const clock = manualClock(START_MS);
    const rule = { kind: 'distance', finding: 'drift_*', above: 0.1, forMs: HOUR_MS, clearForMs: HOUR_MS } as const;
    const { alerts } = opened('http://127.0.0.1:9/', clock, [{ name: 'drift', routes: ['hook'], ...rule }]);
    const states = async () => (await alerts.list()).map(({ state }) => state);
    const later = async (ms: number, ...findings: Finding[]) => {
      clock.advance(ms);
      await alerts.observe(train(...findings));
      return states();
    };
    expect(await later(0, drift(0.1))).toEqual([]);
    expect(await later(0, drift(0.2))).toEqual(['pending']);
    // Gone before its time: the hour begins anew.
    expect(await later(MINUTE_MS, drift(0.05))).toEqual([]);
    expect(await later(MINUTE_MS, drift(0.2))).toEqual(['pending']);
    expect(await later(HOUR_MS - 1, drift(0.2))).toEqual(['pending']);
    expect(await later(1, drift(0.2))).toEqual(['firing']);
    // A distance that was not measured is not well.
    expect(await later(2 * HOUR_MS)).toEqual(['firing']);
    expect(await later(0, drift(0.05))).toEqual(['firing']);
    expect(await later(HOUR_MS - 1, drift(0.2))).toEqual(['firing']);
    expect(await later(0, drift(0.05))).toEqual(['firing']);
    expect(await later(HOUR_MS, drift(0.05))).toEqual(['recovered']);
    expect(await later(0, drift(Number.NaN))).toContain('pending');
  });

  test('a rule that is removed, or a hand that closes it, ends it with a notice', async () => {
    const clock = manualClock(START_MS);
    const { url, received } = await receiver(ok);
    const first = opened(url, clock, [anomalies(), anomalies({ name: 'other' })]);
    await first.alerts.observe(train(gone));
    const [alert] = await first.alerts.list();
    await first.alerts.close(alert.id, 'ann');
    await expect(first.alerts.close(alert.id, 'ann')).rejects.toMatchObject({ code: 'ALERT_NOT_FOUND' });
    const kept = alert.rule === 'other' ? 'other' : 'anomalies';
    const second = opened(url, clock, [anomalies({ name: kept })], first.file);
    await second.alerts.observe(train());
    await second.alerts.deliver();
    expect(types(received)).toEqual(['alerts.fired', 'alerts.recovered', 'alerts.recovered']);
    const endings = received.slice(1).map(({ body }) => JSON.parse(body).data.alerts[0].ending);
    expect(endings).toEqual(['closed by ann', 'rule removed']);
  });

  test('what could not be meant is refused', () => {
    const open = (rule: Partial<AlertRuleOptions>) => () => opened('http://x/', manualClock(0), [anomalies(rule)]);
    for (const rule of [
      { kind: 'distance' } as const,
      { routes: ['nowhere'] },
      { routes: [] },
      { name: '' },
      { above: Number.NaN },
      { treshold: 1 } as Partial<AlertRuleOptions>,
    ]) {
      expect(open(rule)).toThrow(expect.objectContaining({ code: 'OPTION_INVALID' }));
    }
    const address = 'ftp://user:T0P5ECRET@x/';
    expect(() => opened(address, manualClock(0))).toThrow(/no http or https address/);
    expect(() => opened(address, manualClock(0))).not.toThrow(/T0P5ECRET/);
  });
});

describe('silences', () => {
  test('nobody is told until it ends; a recovery is told nevertheless', async () => {
    const clock = manualClock(START_MS);
    const { url, received } = await receiver(ok);
    const { alerts } = opened(url, clock);
    const ask = { matcher: { slice: 'tier=*' }, author: 'ann', reason: 'a known hole' };
    await expect(alerts.silence({ ...ask, untilMs: START_MS })).rejects.toMatchObject({ code: 'OPTION_INVALID' });
    await expect(alerts.silence({ ...ask, untilMs: START_MS + 1, author: ' ' })).rejects.toThrow(/author/);
    await expect(alerts.silence({ ...ask, untilMs: START_MS + 1, matcher: {} })).rejects.toThrow(/at least one/);
    const silence = await alerts.silence({ ...ask, untilMs: START_MS + HOUR_MS });
    await alerts.observe(train(gone));
    expect(await alerts.deliver()).toBe(0);
    expect(await alerts.list({ state: 'firing' })).toHaveLength(1);
    expect(await alerts.silences()).toEqual([silence]);
    clock.advance(HOUR_MS);
    expect(await alerts.silences()).toEqual([]);
    expect(await alerts.deliver()).toBe(1);
    const second = await alerts.silence({ ...ask, untilMs: clock.nowMs() + DAY_MS });
    await alerts.observe(train());
    expect(await alerts.deliver()).toBe(1);
    expect(types(received)).toEqual(['alerts.fired', 'alerts.recovered']);
    await alerts.unsilence(second.id);
    await expect(alerts.unsilence(second.id)).rejects.toMatchObject({ code: 'ALERT_SILENCE_NOT_FOUND' });
  });
});

describe('webhooks', () => {
  test('are signed with their time; a message that is changed or old is not verified', async () => {
    const clock = manualClock(START_MS);
    const { url, received } = await receiver(ok);
    const { alerts } = opened(url, clock);
    await alerts.observe(train(gone));
    await alerts.deliver();
    const [{ headers, body }] = received;
    expect(verifyWebhook(SECRET, headers, body, clock.nowMs())).toBe(true);
    expect(verifyWebhook(SECRET, headers, `${body} `, clock.nowMs())).toBe(false);
    expect(verifyWebhook(SECRET, { ...headers, 'webhook-id': 'other' }, body, clock.nowMs())).toBe(false);
    expect(verifyWebhook(SECRET, headers, body, clock.nowMs() + 6 * MINUTE_MS)).toBe(false);
    const other = `whsec_${Buffer.from('another one of at least 24 bytes').toString('base64')}`;
    expect(verifyWebhook(other, headers, body, clock.nowMs())).toBe(false);
  });

  test('the example of the specification is verified', () => {
    // From the Standard Webhooks specification's libraries: id, time and body with their signature.
    const headers = {
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
    expect(verifyWebhook(secret, headers, '{"test": 2432232314}', 1_614_265_330_000)).toBe(true);
  });

  test('a receiver that is down for a while gets each notice once, in order', async () => {
    const clock = manualClock(START_MS);
    let down = true;
    const { url, received } = await receiver(() => ({ status: down ? 503 : 200 }));
    const { alerts, metadata } = opened(url, clock);
    await alerts.observe(train(gone));
    await alerts.deliver();
    await alerts.deliver();
    // Not before its pause is over.
    expect(received).toHaveLength(1);
    await alerts.observe(train());
    for (let minute = 0; minute < 60; minute++) {
      clock.advance(MINUTE_MS);
      await alerts.deliver();
    }
    expect(received.length).toBeGreaterThan(5);
    expect(received.length).toBeLessThan(20);
    expect(new Set(types(received))).toEqual(new Set(['alerts.fired']));
    expect(new Set(received.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    const [waiting] = (await metadata.alerts.notices.due()).map(({ lastFailure }) => lastFailure);
    expect(waiting).toBe('HTTP 503');
    down = false;
    received.length = 0;
    clock.advance(10 * MINUTE_MS);
    for (let again = 0; again < 3; again++) await alerts.deliver();
    expect(types(received)).toEqual(['alerts.fired', 'alerts.recovered']);
  });

  test('Retry-After is kept to; 410 and three days end it; a redirect is not followed', async () => {
    const clock = manualClock(START_MS);
    const elsewhere = await receiver(ok);
    let answer: { status: number; headers?: Record<string, string> } = {
      status: 429,
      headers: { 'retry-after': '90' },
    };
    const { url, received } = await receiver(() => answer);
    const { alerts } = opened(url, clock);
    await alerts.observe(train(gone));
    await alerts.deliver();
    clock.advance(89 * SECOND_MS);
    await alerts.deliver();
    expect(received).toHaveLength(1);
    clock.advance(SECOND_MS);
    answer = { status: 307, headers: { location: elsewhere.url } };
    await alerts.deliver();
    expect([received.length, elsewhere.received.length]).toEqual([2, 0]);
    clock.advance(3 * DAY_MS);
    await alerts.deliver();
    expect(await alerts.notices()).toMatchObject([{ state: 'given-up', attempts: 3, lastFailure: 'HTTP 307' }]);
    answer = { status: 410 };
    await alerts.observe(train());
    await alerts.deliver();
    expect(await alerts.notices(1)).toMatchObject([{ state: 'given-up', attempts: 1, lastFailure: 'HTTP 410' }]);
  });
});

test('a process that is killed while it delivers: the next repeats the same notice, and no other', async () => {
  const file = newFile();
  const script = `
    import { openMetadata } from ${JSON.stringify(new URL('../store/index.ts', import.meta.url).href)};
    import { openAlerts } from ${JSON.stringify(new URL('./index.ts', import.meta.url).href)};
    const [file, options, round] = process.argv.slice(1);
    const alerts = openAlerts({ ledger: openMetadata({ file }).alerts, ...JSON.parse(options) });
    await alerts.observe(JSON.parse(round));
    await alerts.deliver();
  `;
  let kill = () => {};
  const { url, received } = await receiver(() => {
    kill();
    return { status: 200 };
  });
  const options = JSON.stringify({ rules: [anomalies()], routes: [webhook(url)] });
  const child = spawn(process.execPath, [
    '--input-type=module',
    '-e',
    script,
    file,
    options,
    JSON.stringify(train(gone)),
  ]);
  // It has the notice, and its sender dies before it hears so.
  kill = () => void child.kill('SIGKILL');
  const [, signal] = await once(child, 'exit');
  expect(signal).toBe('SIGKILL');
  expect(received).toHaveLength(1);
  kill = () => {};
  const clock = manualClock(Date.now() + MINUTE_MS);
  const { alerts } = opened(url, clock, [anomalies()], file);
  for (let round = 0; round < 3; round++) {
    await alerts.observe(train(gone));
    await alerts.deliver();
  }
  expect(received).toHaveLength(2);
  const [first, second] = received.map(({ headers }) => headers);
  expect(second['idempotency-key']).toBe(first['idempotency-key']);
  expect(received[1].body).toBe(received[0].body);
  await alerts.observe(train());
  await alerts.deliver();
  expect(types(received)).toEqual(['alerts.fired', 'alerts.fired', 'alerts.recovered']);
}, 60_000);

test('Slack and the log say the same; once started, it delivers by itself', async () => {
  const { url, received } = await receiver(ok);
  const lines: [string, string][] = [];
  const line = (level: string) => (_: unknown, message: string) => void lines.push([level, message]);
  const metadata = metadataOf(newFile());
  const alerts = openAlerts({
    ledger: metadata.alerts,
    rules: [anomalies({ routes: ['slack', 'log'] })],
    routes: [
      { to: 'slack', name: 'slack', url },
      { to: 'log', name: 'log' },
    ],
    logger: { info: line('info'), warn: line('warn'), error: line('error') },
    pollMs: 5,
  });
  alerts.start();
  const nasty = { ...gone, text: 'what <!channel> & <http://x|y> say' };
  await alerts.observe(train(nasty));
  await expect.poll(() => [received.length, lines.length]).toEqual([1, 1]);
  await alerts.observe(train());
  await expect.poll(() => [received.length, lines.length]).toEqual([2, 2]);
  await alerts.stop();
  const { text, blocks } = JSON.parse(received[0].body);
  expect(text).toBe('Fired: train · tier · tier=premium · SLICE_MISSING');
  expect(blocks[1].text.text).toContain('what &lt;!channel&gt; &amp; &lt;http://x|y&gt; say');
  expect(lines.map(([level]) => level)).toEqual(['error', 'info']);
});

/** A certificate for localhost, where this machine has openssl. */
function certificate(): { readonly key: string; readonly cert: string } | null {
  const dir = fs.mkdtempSync(path.join(root, 'tls'));
  const [key, cert] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  try {
    const made = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', cert];
    execFileSync('openssl', [...made, ...subject], { stdio: 'ignore' });
  } catch {
    return null;
  }
  return { key: fs.readFileSync(key, 'utf8'), cert: fs.readFileSync(cert, 'utf8') };
}

describe('e-mail', () => {
  const tls = certificate();

  async function mailServer(options: SMTPServerOptions) {
    const messages: { readonly text: string; readonly secure: boolean; readonly recipients: readonly string[] }[] = [];
    const server = new SMTPServer({
      ...options,
      onAuth: ({ username, password }, _session, done) =>
        username === 'ann' && password === 'T0P5ECRET' ? done(null, { user: 'ann' }) : done(new Error('no')),
      onData: async (stream, { secure, envelope }, done) => {
        let text = '';
        for await (const chunk of stream) text += chunk;
        messages.push({ text, secure, recipients: envelope.rcptTo.map(({ address }) => address) });
        done();
      },
    });
    server.on('error', () => {});
    const listening = server.listen(0, 'localhost');
    await once(listening, 'listening');
    closers.push(() => new Promise<void>((done) => server.close(() => done())));
    return { port: (listening.address() as AddressInfo).port, messages };
  }

  function openMail(port: number, more: Partial<Extract<RouteOptions, { to: 'mail' }>>) {
    const logged: string[] = [];
    const log = (...line: unknown[]) => void logged.push(JSON.stringify(line));
    const clock = manualClock(START_MS);
    const alerts = openAlerts({
      ledger: metadataOf(newFile()).alerts,
      rules: [anomalies({ routes: ['mail'] })],
      routes: [
        {
          to: 'mail',
          name: 'mail',
          host: 'localhost',
          port,
          security: 'starttls',
          login: { user: 'ann', password: 'T0P5ECRET' },
          from: 'Shelfwise <shelfwise@example.org>',
          recipients: ['ops@example.org', 'data@example.org'],
          ...more,
        },
      ],
      logger: { info: log, warn: log, error: log },
      clock,
    });
    return { alerts, logged, clock };
  }

  test.skipIf(tls === null)('goes out after STARTTLS and login, once, and once again for the recovery', async () => {
    const { port, messages } = await mailServer({ ...tls });
    const { alerts } = openMail(port, { ca: tls?.cert });
    await alerts.observe(train({ ...gone, text: 'gone\r\nBcc: all@example.org' }));
    expect([await alerts.deliver(), await alerts.deliver()]).toEqual([1, 0]);
    await alerts.observe(train());
    expect(await alerts.deliver()).toBe(1);
    await alerts.stop();
    const both = ['ops@example.org', 'data@example.org'];
    expect(messages.map(({ secure, recipients }) => [secure, recipients])).toEqual([
      [true, both],
      [true, both],
    ]);
    const [head] = messages[0].text.split('\r\n\r\n');
    expect(head).toMatch(/^Subject: (.*\r\n )*.*\[Shelfwise\]|^Subject: =\?UTF-8/m);
    expect(head).toMatch(/^Message-ID: <msg_[0-9a-f]+@example\.org>$/m);
    expect(head).toMatch(/^Date: Mon, 05 Jan 2026/m);
    expect(head).not.toMatch(/Bcc/);
  });

  test.skipIf(tls === null)('a wrong password is tried again, and is in no line and no table', async () => {
    const { port, messages } = await mailServer({ ...tls });
    const { alerts, logged } = openMail(port, { ca: tls?.cert, login: { user: 'ann', password: 'Wr0ngS3cret' } });
    await alerts.observe(train(gone));
    expect(await alerts.deliver()).toBe(0);
    expect(messages).toEqual([]);
    const told = JSON.stringify([logged, await alerts.notices()]);
    expect(told).toContain('SMTP EAUTH');
    expect(told).not.toContain('Wr0ngS3cret');
    expect(told).not.toContain(Buffer.from('Wr0ngS3cret').toString('base64'));
  });

  test('no password and no message leaves over a connection that is not trusted', async () => {
    // Its own certificate is signed by nobody; and one offers no TLS at all.
    for (const options of [tls ?? {}, { disabledCommands: ['STARTTLS'], allowInsecureAuth: true }]) {
      const { port, messages } = await mailServer(options);
      const { alerts, logged } = openMail(port, {});
      await alerts.observe(train(gone));
      expect(await alerts.deliver()).toBe(0);
      expect(messages).toEqual([]);
      expect(logged).toHaveLength(1);
      expect(JSON.stringify([logged, await alerts.notices()])).not.toContain('T0P5ECRET');
    }
    expect(() => openMail(25, { security: 'none' })).toThrow(/without TLS/);
  });

  test('a recipient that is refused keeps nothing from the others, and is counted', async () => {
    const { port, messages } = await mailServer({
      authOptional: true,
      disabledCommands: ['STARTTLS', 'AUTH'],
      onRcptTo: ({ address }, _session, done) => done(address.startsWith('data') ? new Error('no such box') : null),
    });
    const { alerts, logged } = openMail(port, { security: 'none', login: null });
    await alerts.observe(train(gone));
    expect([await alerts.deliver(), await alerts.deliver()]).toEqual([1, 0]);
    expect(messages.map(({ recipients }) => recipients)).toEqual([['ops@example.org']]);
    expect(logged).toHaveLength(1);
    expect(await alerts.notices()).toMatchObject([{ lastFailure: '1 of 2 recipients were refused' }]);
  });

  test('a relay on this machine needs neither', async () => {
    const { port, messages } = await mailServer({ authOptional: true, disabledCommands: ['STARTTLS', 'AUTH'] });
    const { alerts } = openMail(port, { security: 'none', login: null });
    await alerts.observe(train(gone));
    expect(await alerts.deliver()).toBe(1);
    expect(messages[0].text).toContain('1,204');
  });
});

test('a receiver that cannot be reached: its address is in no line and no table', async () => {
  const logged: string[] = [];
  const log = (...line: unknown[]) => void logged.push(JSON.stringify(line));
  const file = newFile();
  const metadata = metadataOf(file);
  const vacant = http.createServer().listen(0, '127.0.0.1');
  await once(vacant, 'listening');
  const unreachable = `http://127.0.0.1:${(vacant.address() as AddressInfo).port}/T0P5ECRET`;
  vacant.close();
  const alerts = openAlerts({
    ledger: metadata.alerts,
    rules: [anomalies({ routes: ['hook', 'slack'] })],
    routes: [webhook(unreachable), { to: 'slack', name: 'slack', url: unreachable }],
    logger: { info: log, warn: log, error: log },
    clock: manualClock(START_MS),
  });
  await alerts.observe(train(gone));
  expect(await alerts.deliver()).toBe(0);
  expect(logged).toHaveLength(2);
  const told = JSON.stringify([logged, await alerts.notices()]);
  expect(told).toContain('ECONNREFUSED');
  for (const part of [file, `${file}-wal`]) {
    for (const secret of ['T0P5ECRET', SECRET]) {
      expect(told).not.toContain(secret);
      expect(fs.readFileSync(part).includes(secret)).toBe(false);
    }
  }
});
