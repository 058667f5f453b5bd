/**
 * Data that goes wrong in the platform is found, seen and told, once: a training span from which premium was removed, an evaluation span
 * without free listeners, a client that sends seconds for milliseconds. A real platform with its server, by a clock that the test
 * moves from day to day; `bin/shelfwise` beside it; a real receiver of webhooks; a restart in the middle.
 */
import { once } from 'node:events';
import { createServer as createReceiver, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyWebhook } from '../src/alerts/index.ts';
import { MINUTE_MS, manualClock } from '../src/base/index.ts';
import type { IncomingEvent, Page } from '../src/domain/index.ts';
import { openPlatform, type Platform } from '../src/platform/index.ts';
import {
  type AlertList,
  type AlertView,
  type AnomaliesReport,
  closeServer,
  createServer,
  type DataSchemaHistory,
  type DataSetList,
  type DataTimeline,
  type ExaminationOfData,
  listen,
  type SlicesReport,
  type StatisticsPage,
} from '../src/server/index.ts';
import { createDemoWorld } from '../src/simulation/index.ts';
import { envelopes, shelfwise, temporaryDir } from './support.ts';

const SECRET = `whsec_${Buffer.from('a secret of at least 24 bytes').toString('base64')}`;
const at = (text: string): number => Date.parse(`${text}Z`);

const world = createDemoWorld({ seed: 5, items: 500, listeners: 120, days: 2, endMs: at('2026-11-20T00:00:00') });
const listeners = [...world.listeners()];
const tierOf = new Map(listeners.map(({ id, profile }) => [id, profile.tier]));
/** Plays as people play. */
const natural = [...world.history()].filter(({ type }) => type === 'play');
const clock = manualClock(at('2026-11-20T00:30:00'));
const dataDir = join(temporaryDir('data-watch'), 'data');

interface Told {
  readonly type: 'alerts.fired' | 'alerts.recovered';
  readonly data: { readonly id: string; readonly alerts: readonly AlertView[] };
}
const told: Told[] = [];
let receiver: Server;
let platform: Platform;
let app: FastifyInstance;
let address = '';

async function start(): Promise<void> {
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  platform = await openPlatform({
    dataDir,
    clock,
    learnEveryMs: 0,
    insightsEveryMs: 0,
    examineEveryMs: 0,
    popularityHoldout: 0,
    alerts: { routes: [{ to: 'webhook', name: 'on call', url, secretsFrom: ['ALERT_SECRET'] }] },
    environment: { ALERT_SECRET: SECRET },
  });
  app = await createServer({ platform, keys: (secret) => platform.verifyKey(secret), clock });
  address = await listen(app, { host: '127.0.0.1', port: 0, madeKeys: 0 });
  platform.setAddress(address);
}

async function stop(): Promise<void> {
  await closeServer(app);
  await platform.close();
}

async function call<T>(method: string, path: string, body?: unknown): Promise<T> {
  const response = await fetch(address + path, {
    method,
    headers: {
      authorization: `Bearer ${platform.adminKey}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
  return (text === '' ? undefined : JSON.parse(text)) as T;
}
const get = <T>(path: string): Promise<T> => call('GET', path);
const examine = (body: unknown): Promise<ExaminationOfData> => call('POST', '/v1/data/examine', body);

let made = 0;
const event = (type: IncomingEvent['type'], listenerId: string, more: Partial<IncomingEvent>): IncomingEvent => ({
  eventId: `watch-${made++}`,
  listenerId,
  type,
  occurredAt: new Date(clock.nowMs()).toISOString(),
  ...more,
});

interface Faults {
  /** Whose cards are never seen; whose pages are never said to be rendered. */
  readonly unseen?: string;
  readonly unrendered?: string;
}

/** A Home for every listener, what they saw of it, and what some of them played. */
async function visits(day: string, { unseen, unrendered }: Faults = {}): Promise<void> {
  clock.set(at(`${day}T08:00:00`));
  for (const [i, { id }] of listeners.entries()) {
    clock.advance(MINUTE_MS);
    const device = i % 3 === 0 ? 'speaker' : 'car';
    const page = await get<Page>(`/v1/listeners/${encodeURIComponent(id)}/home?fresh=true&device=${device}`);
    const { decisionId, shelves } = page;
    const tier = tierOf.get(id);
    const rendered = event('rendered', id, { device, reference: { decisionId } });
    const seen = shelves.map((_, shelfRank) =>
      event('impression', id, { device, reference: { decisionId, shelfRank } }),
    );
    const shelfRank = i % shelves.length;
    const { playedMs = 0, durationMs = 0 } = natural[i % natural.length];
    const { id: itemId } = shelves[shelfRank].cards[0];
    const reference = { decisionId, shelfRank, cardRank: 0 };
    const played = event('play', id, { device, itemId, playedMs, durationMs, reference });
    const events = [
      ...(tier === unrendered ? [] : [rendered]),
      ...(tier === unseen ? [] : seen),
      ...(i % 4 === 0 && tier !== unseen ? [played] : []),
    ];
    if (events.length > 0) await call('POST', '/v1/events', { events });
  }
}

/** An hour of plays; the clients of phones count in this many milliseconds. */
async function plays(hour: string, unitMs = 1): Promise<void> {
  clock.set(at(`${hour}:40:00`));
  const events = listeners.slice(0, 60).flatMap(({ id }, i) => {
    const device = i % 3 === 0 ? 'phone' : 'desktop';
    const unit = device === 'phone' ? unitMs : 1;
    return [0, 1, 2].map((n) => {
      const { itemId = '', playedMs = 0, durationMs = 0 } = natural[(3 * i + n) % natural.length];
      return event('play', id, { device, itemId, playedMs: playedMs / unit, durationMs: durationMs / unit });
    });
  });
  for (const some of envelopes(events)) await call('POST', '/v1/events', { events: some });
}

const ofSource = (type: Told['type'], source: string): AlertView[] =>
  told.filter((one) => one.type === type).flatMap(({ data }) => data.alerts.filter((alert) => alert.source === source));

async function until(what: string, holds: () => boolean): Promise<void> {
  for (let waited = 0; !holds(); waited += 50) {
    if (waited > 15_000) throw new Error(`${what} did not come: ${JSON.stringify(told)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

beforeAll(async () => {
  receiver = createReceiver(async (request, response) => {
    let body = '';
    for await (const chunk of request.setEncoding('utf8')) body += chunk;
    expect(verifyWebhook(SECRET, request.headers, body, clock.nowMs())).toBe(true);
    told.push(JSON.parse(body) as Told);
    response.end();
  }).listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  await start();
  for (const items of envelopes(world.items())) await platform.upsertItems(items);
  for (const rows of envelopes(world.listeners())) await platform.putListeners(rows);
  for (const events of envelopes(world.history())) await platform.ingest(events);
  await platform.fit({});
  await visits('2026-11-20');
  await visits('2026-11-21', { unseen: 'premium' });
  await visits('2026-11-22', { unrendered: 'free' });
  await visits('2026-11-23');
}, 120_000);

afterAll(async () => {
  await stop();
  receiver.closeAllConnections();
  receiver.close();
});

describe('data that goes wrong', () => {
  it('is not seen in data that is right', async () => {
    clock.set(at('2026-11-22T00:10:00'));
    const { code, out } = await shelfwise('data', 'validate', '--data', dataDir, '--span', '2026-11-20');
    expect(out).toContain('training/2026-11-20');
    expect(out).toContain('0 of severity error');
    expect(code).toBe(0);
    const { sets } = await get<DataSetList>('/v1/data/sets?limit=500');
    expect(sets.length).toBeGreaterThan(20);
    expect(sets.filter(({ anomalies }) => anomalies.errors > 0)).toEqual([]);
    expect(told).toEqual([]);
  });

  it('is a training span from which premium was removed: found, seen, told', async () => {
    clock.set(at('2026-11-23T00:10:00'));
    const { code, out } = await shelfwise(
      ...['data', 'validate', '--data', dataDir, '--span', '2026-11-21', '--environment', 'TRAINING'],
    );
    expect(out).toMatch(/ERROR {3}tier_premium: Slice missing \[NO_DATA_IN_SPAN\]/);
    expect(code).toBe(1);
    const { anomalies } = await get<AnomaliesReport>('/v1/data/anomalies?set=training/2026-11-21');
    expect(anomalies[0]).toMatchObject({ severity: 'error', slice: 'tier_premium', types: ['NO_DATA_IN_SPAN'] });
    await until('the alert', () => ofSource('alerts.fired', 'training').length > 0);
    expect(ofSource('alerts.fired', 'training')).toMatchObject([{ slice: 'tier_premium', severity: 'error' }]);
    const { alerts } = await get<AlertList>('/v1/alerts?state=active');
    expect(alerts).toMatchObject([
      { source: 'training', slice: 'tier_premium', state: 'firing', told: ['on call', 'log'] },
    ]);
  });

  it('is not told again after a restart', async () => {
    await stop();
    await start();
    const { clean } = await examine({ span: '2026-11-21', streams: ['training'] });
    expect(clean).toBe(false);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(told.length).toBe(1);
  });

  it('is an evaluation span without free listeners', async () => {
    clock.set(at('2026-11-24T00:10:00'));
    const { code, out } = await shelfwise(
      ...['data', 'validate', '--data', dataDir, '--span', '2026-11-22', '--environment', 'EVALUATION', '--json'],
    );
    expect(code).toBe(1);
    const { sets } = JSON.parse(out) as ExaminationOfData;
    expect(sets).toMatchObject([
      {
        set: { id: 'evaluation/2026-11-22', complete: true },
        anomalies: [
          { severity: 'error', slice: 'tier_free' },
          ...Array(sets[0].anomalies.length - 1).fill({ severity: 'warning' }),
        ],
      },
    ]);
    await until('the alert', () => ofSource('alerts.fired', 'evaluation').length > 0);
    expect(ofSource('alerts.fired', 'evaluation')).toMatchObject([{ slice: 'tier_free', name: 'NO_DATA_IN_SPAN' }]);
  });

  it('has recovered when the next span is right', async () => {
    clock.set(at('2026-11-25T00:10:00'));
    const { clean } = await examine({ span: '2026-11-23', streams: ['training', 'evaluation'] });
    expect(clean).toBe(true);
    await until('the recovery', () => ofSource('alerts.recovered', 'evaluation').length > 0);
    await until('the recovery', () => ofSource('alerts.recovered', 'training').length > 0);
    expect((await get<AlertList>('/v1/alerts?state=active')).alerts).toEqual([]);
  });

  it('is a client that begins to send seconds for milliseconds, within the hour', async () => {
    for (const hour of ['2026-11-25T01', '2026-11-25T02']) await plays(hour);
    await plays('2026-11-25T03', 1000);
    const { code, out } = await shelfwise(
      ...['data', 'validate', '--data', dataDir, '--span', '2026-11-25T03', '--events', 'play'],
    );
    expect(out).toMatch(/ERROR {3}device_phone · playedMs: High approximate Jensen-Shannon divergence/);
    expect(out).toContain('as if seconds came for milliseconds');
    expect(code).toBe(1);
    const { set, anomalies } = await get<AnomaliesReport>('/v1/data/anomalies?set=play/2026-11-25T03');
    expect(set).toMatchObject({ stream: 'play', complete: false });
    expect(anomalies.filter(({ severity }) => severity === 'error').map(({ feature }) => feature)).toEqual(
      expect.arrayContaining(['playedMs', 'durationMs']),
    );
    expect(anomalies.some(({ slice }) => slice === 'device_desktop')).toBe(false);
    await until('the alert', () => ofSource('alerts.fired', 'play').length > 0);
    await plays('2026-11-25T04');
    clock.set(at('2026-11-25T05:10:00'));
    await examine({ span: '2026-11-25T04', streams: ['play'] });
    await until('the recovery', () => ofSource('alerts.recovered', 'play').length > 0);
  });

  it('was told once, and once that it is over', async () => {
    expect((await get<AlertList>('/v1/alerts?state=active')).alerts).toEqual([]);
    const subjects = (type: Told['type']): string[] =>
      told
        .filter((one) => one.type === type)
        .flatMap(({ data }) =>
          data.alerts.map(({ source, name, feature, slice }) => [source, name, feature, slice].join(' ')),
        )
        .sort();
    const fired = subjects('alerts.fired');
    expect(new Set(fired).size).toBe(fired.length);
    expect(subjects('alerts.recovered')).toEqual(fired);
    expect(new Set(told.map(({ data }) => data.id)).size).toBe(told.length);
  });
});

describe('the page Data', () => {
  it('has figures, slices and a timeline of the same data', async () => {
    const both = 'sets=training/2026-11-21,serving/2026-11-21';
    const page = await get<StatisticsPage>(`/v1/data/statistics?${both}&order=distance&limit=5`);
    expect(page.total).toBeGreaterThan(40);
    expect(page.features.length).toBe(5);
    expect(page.features[0].sides.length).toBe(2);
    const { features } = await get<StatisticsPage>(`/v1/data/statistics?${both}&search=TASTE`);
    expect(features.map(({ name }) => name)).toEqual(['cross.taste']);
    const { slices } = await get<SlicesReport>('/v1/data/slices?set=training/2026-11-21&by=tier&feature=cross.taste');
    expect(slices.find(({ of }) => of === 'premium')).toMatchObject({ examples: 0, share: 0 });
    const timeline = await get<DataTimeline>('/v1/data/timeline?stream=training');
    expect(timeline.sets.map(({ span }) => span)).toEqual(['2026-11-20', '2026-11-21', '2026-11-23']);
    for (const { drift, skew } of timeline.features) expect([drift.length, skew.length]).toEqual([3, 3]);
  });

  it('accepts an anomaly into the schema, with who and why, and takes that back', async () => {
    const set = 'play/2026-11-25T03';
    const wrong = async (): Promise<string[]> => {
      const { anomalies } = await get<AnomaliesReport>(`/v1/data/anomalies?set=${set}`);
      return anomalies
        .filter(({ slice, feature }) => slice === 'device_phone' && feature === 'playedMs')
        .map(({ path }) => path);
    };
    const paths = await wrong();
    expect(paths.length).toBe(1);
    const body = { set, paths, author: 'Ada', reason: 'a new player' };
    const accepted = await call<DataSchemaHistory>('POST', '/v1/data/schemas/play/accept', body);
    expect(accepted.versions[0]).toMatchObject({
      version: 2,
      author: 'Ada',
      reason: 'a new player',
      features: ['playedMs'],
    });
    expect(await wrong()).toEqual([]);
    const undone = await call<DataSchemaHistory>('POST', '/v1/data/schemas/play/undo', {
      author: 'Bo',
      reason: 'it was not',
    });
    expect(undone.versions[0]).toMatchObject({ version: 3, change: 'undone', author: 'Bo' });
    expect(undone.text).toBe((await get<DataSchemaHistory>('/v1/data/schemas/play?version=1')).text);
    expect(await wrong()).toEqual(paths);
  });
});
