/**
 * Moving in from Gorse, Metarank and Azure Personalizer: their own documented requests, sent as their documentation sends them, and
 * what they come to here. Bodies are those of
 *  - Gorse: docs.gorse.io, "Data Objects" (curl of POST /api/feedback, /api/recommend with write-back), the README's quick start;
 *  - Metarank: doc/api.md (/feedback with curl, /rank) and doc/event-schema.md (item, user, ranking, interaction events);
 *  - Personalizer: examples/Rank.json, Events_Reward.json and Events_Activate.json of its v1.0 specification.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from '../src/domain/index.ts';
import { openPlatform, type Platform } from '../src/platform/index.ts';
import { createServer } from '../src/server/index.ts';
import { smallWorld } from './support.ts';

interface Answer<T> {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly json: T;
}
type Send = <T = unknown>(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  body?: unknown,
  headers?: Record<string, string>,
) => Promise<Answer<T>>;

interface Ordered {
  readonly decisionId: string;
  readonly items: readonly { readonly item: string; readonly score: number; readonly propensity: number }[];
}
interface Chosen {
  readonly decisionId: string;
  readonly rewardActionId: string;
  readonly ranking: readonly { readonly id: string; readonly probability: number }[];
}
interface DecodedRecord {
  readonly policyId: string;
  readonly rows: readonly { readonly cards: readonly { readonly propensity: number }[] }[];
  readonly shelves: readonly { readonly items: readonly string[] }[];
}

let platform: Platform;
let close: () => Promise<void>;
let restart: () => Promise<void>;
let send: Send;
let catalogue: readonly string[];
const logged: string[] = [];

beforeAll(async () => {
  const { world, dataDir } = await smallWorld('moving-in');
  catalogue = [...world.items()].filter(({ kind }) => kind === 'track').map(({ id }) => id);
  await start(dataDir);
  restart = async () => {
    await close();
    await start(dataDir);
  };
});
afterAll(async () => {
  await close();
  expect(logged).toEqual([]);
});

async function start(dataDir: string): Promise<void> {
  platform = await openPlatform({ dataDir, learnEveryMs: 0, popularityHoldout: 0 });
  const app = await createServer({
    platform,
    keys: (secret) => platform.verifyKey(secret),
    logger: { error: (details, message) => logged.push(`${message} ${JSON.stringify(details)}`) },
  });
  send = async <T>(method: string, url: string, body?: unknown, headers: Record<string, string> = {}) => {
    const answer = await app.inject({
      method: method as 'GET',
      url,
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const json = (answer.body === '' ? undefined : JSON.parse(answer.body)) as T;
    return { status: answer.statusCode, headers: answer.headers, json };
  };
  close = async () => {
    await app.close();
    await platform.close();
  };
}

const ours = () => ({ authorization: `Bearer ${platform.adminKey}` });
const replay = async (decisionId: string) =>
  (await send('POST', `/v1/decisions/${decisionId}/replay`, { verify: true }, ours())).json;
const record = async (decisionId: string) =>
  (await send<DecodedRecord>('GET', `/v1/decisions/${decisionId}`, undefined, ours())).json;
/** Waits until the catalogue's epoch has what was just put in: it is built soon after the last item of a burst. */
const settled = async (itemId: string) => {
  for (let i = 0; i < 100; i++) {
    const ranked = await send(
      'POST',
      '/rank/any',
      { id: `probe-${itemId}-${i}`, user: 'probe', items: [{ id: itemId }] },
      ours(),
    );
    if (ranked.status === 200) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`${itemId} did not come into the catalogue`);
};

describe('Gorse', () => {
  const key = () => ({ 'x-api-key': platform.adminKey });

  it('items and users come in as its quick start sends them, with its key header', async () => {
    const item = {
      ItemId: 'gorse-io:gorse',
      IsHidden: false,
      Categories: ['recommender'],
      Timestamp: '2022-02-22T00:00:00Z',
      Labels: ['go', 'recommender-system'],
      Comment: 'Gorse open source recommender system engine',
    };
    expect(await send('POST', '/api/item', item, key())).toMatchObject({ status: 200, json: { RowAffected: 1 } });
    expect(await send('POST', '/api/items', [{ ...item, ItemId: 'd3:d3' }, { IsHidden: false }], key())).toMatchObject({
      json: { RowAffected: 1, Refused: [{ index: 1, message: 'ItemId is missing' }] },
    });
    expect(platform.getItem('gorse-io:gorse')).toMatchObject({
      kind: 'track',
      title: 'Gorse open source recommender system engine',
      genres: ['go', 'recommender-system', 'recommender'],
      releasedAt: '2022-02-22T00:00:00.000Z',
    });
    expect(await send('POST', '/api/user', { UserId: 'bob', Labels: ['market:SE', 'developer'] }, key())).toMatchObject(
      {
        json: { RowAffected: 1 },
      },
    );
    expect(platform.getListener('bob')?.profile).toEqual({ market: 'SE' });
    const users = [{ UserId: 'jack', Labels: { country: 'NO', languages: ['en'] } }];
    expect(await send('POST', '/api/users', users, key())).toMatchObject({ json: { RowAffected: 1 } });
  });

  it('feedback is taken once by POST, anew by PUT, and told row by row', async () => {
    // The documented examples, with items that this catalogue has.
    const [a, b] = catalogue;
    const stars = [
      { FeedbackType: 'star', UserId: 'bob', ItemId: a, Value: 1.0, Timestamp: '2022-02-24' },
      { FeedbackType: 'star', UserId: 'bob', ItemId: b, Value: 1.0, Timestamp: '2022-02-25' },
    ];
    expect((await send('POST', '/api/feedback', stars, key())).json).toEqual({ RowAffected: 2 });
    expect((await send('POST', '/api/feedback', stars, key())).json).toEqual({ RowAffected: 0 });
    const read = [{ FeedbackType: 'read', ItemId: '10086', Timestamp: '2021-10-24T06:42:20.207Z', UserId: 'jack' }];
    expect((await send('POST', '/api/feedback', read, key())).json).toEqual({ RowAffected: 1 });
    const play = { FeedbackType: 'watch', UserId: 'bob', ItemId: a, Value: 200, Timestamp: '2026-01-01 10:00:00' };
    const before = platform.getListener('bob')?.totalPlays ?? 0;
    expect((await send('PUT', '/api/feedback', [play], key())).json).toEqual({ RowAffected: 1 });
    expect((await send('PUT', '/api/feedback', [{ ...play, Timestamp: '2026-01-02' }, play], key())).json).toEqual({
      RowAffected: 1,
    });
    expect(platform.getListener('bob')?.totalPlays).toBe(before + 2);
    const mixed = [
      { FeedbackType: 'wish_list_gift', UserId: 'b', ItemId: a },
      null,
      { ...play, Timestamp: 'soon' },
      play,
    ];
    expect((await send('PUT', '/api/feedback', mixed, key())).json).toMatchObject({
      RowAffected: 0,
      Refused: [{ index: 0 }, { index: 1 }, { index: 2, message: 'Timestamp is no time' }],
    });
  });

  it('recommendations are the new things of a recorded Home, and may be written back as seen', async () => {
    const answer = await send<string[]>('GET', '/api/recommend/listener-0007?n=5', undefined, key());
    expect(answer.json).toHaveLength(5);
    const decisionId = String(answer.headers['x-shelfwise-decision']);
    const page = (await send('GET', '/v1/listeners/listener-0007/home', undefined, ours())).json as Page;
    expect(page.decisionId).toBe(decisionId);
    const drawn = page.shelves
      .filter(({ order }) => order === 'policy')
      .flatMap(({ cards }) => cards.map(({ id }) => id));
    expect(drawn.slice(0, 5)).toEqual(answer.json);
    const artists = (await send('GET', '/api/recommend/listener-0007/artist?n=3', undefined, key())).json as string[];
    for (const id of artists) expect(platform.getItem(id)?.kind).toBe('artist');
    const written = await send('GET', '/api/recommend/zhenghaoz?write-back-type=read&n=1', undefined, key());
    expect(written.json).toHaveLength(1);
    const later = await send(
      'GET',
      '/api/recommend/zhenghaoz?write-back-type=read&write-back-delay=10m&n=10',
      undefined,
      key(),
    );
    expect(later).toMatchObject({ status: 422, json: { code: 'REQUEST_INVALID' } });
  });
});

describe('Metarank', () => {
  const item = {
    event: 'item',
    id: '81f46c34-a4bb-469c-8708-f8127cd67d27',
    timestamp: '1599391467000',
    item: 'item1',
    fields: [
      { name: 'title', value: 'You favourite cat' },
      { name: 'color', value: ['white', 'black'] },
      { name: 'is_cute', value: true },
    ],
  };
  const user = {
    event: 'user',
    id: '81f46c34-a4bb-469c-8708-f8127cd67d27',
    timestamp: '1599391467000',
    user: 'user1',
    fields: [
      { name: 'age', value: 33 },
      { name: 'gender', value: 'm' },
    ],
  };
  const interaction = {
    event: 'interaction',
    id: '0f4c0036-04fb-4409-b2c6-7163a59f6b7d',
    ranking: '81f46c34-a4bb-469c-8708-f8127cd67d27',
    timestamp: '1599391467000',
    user: 'user1',
    session: 'session1',
    type: 'purchase',
    item: 'item1',
    fields: [
      { name: 'count', value: 1 },
      { name: 'shipping', value: 'DHL' },
    ],
  };

  it('item, user and interaction events are taken as documented, in one list', async () => {
    const rows = [item, { ...item, item: 'item2' }, { ...item, item: 'item3' }, user, interaction];
    expect((await send('POST', '/feedback', rows, ours())).json).toMatchObject({
      accepted: 5,
      status: 'ok',
      updated: 5,
    });
    expect(platform.getItem('item1')).toMatchObject({ title: 'You favourite cat', attributes: { is_cute: true } });
    await send('POST', '/feedback', { ...item, fields: [{ name: 'genres', value: ['cats'] }] }, ours());
    expect(platform.getItem('item1')).toMatchObject({ title: 'You favourite cat', genres: ['cats'] });
    expect(platform.getListener('user1')?.totalPlays).toBe(1);
  });

  it('a ranking event that was not made here is taken, and comes to nothing; curl’s own media type is read', async () => {
    const body = JSON.stringify({
      event: 'ranking',
      id: 'id1',
      items: [{ id: '72998' }, { id: '589' }, { id: '134130' }, { id: '5459' }],
      user: 'alice',
      session: 'alice1',
      timestamp: 1661431894711,
    });
    const form = { ...ours(), 'content-type': 'application/x-www-form-urlencoded' };
    expect((await send('POST', '/feedback', body, form)).json).toEqual({
      accepted: 1,
      status: 'ok',
      tookMillis: expect.any(Number),
      updated: 0,
    });
  });

  it('rank draws an order with exact propensities, recorded as a decision that replays', async () => {
    await settled('item3');
    const request = {
      id: '81f46c34-a4bb-469c-8708-f8127cd67d27',
      timestamp: '1599391467000',
      user: 'user1',
      session: 'session1',
      fields: [
        { name: 'query', value: 'jeans' },
        { name: 'source', value: 'search' },
      ],
      items: [
        { id: 'item3', fields: [{ name: 'relevancy', value: 2.0 }] },
        { id: 'item1', fields: [{ name: 'relevancy', value: 1.0 }] },
        { id: 'item2', fields: [{ name: 'relevancy', value: 0.1 }] },
        { id: 'never seen' },
      ],
    };
    const { status, json } = await send<Ordered>('POST', '/rank/xgboost', request, ours());
    expect(status).toBe(200);
    const order = json.items;
    expect(order.map(({ item: id }) => id).sort()).toEqual(['item1', 'item2', 'item3', 'never seen']);
    expect(order.at(-1)).toMatchObject({ item: 'never seen', propensity: 0, predicted: null });
    expect(order.map(({ score }) => score)).toEqual([4, 3, 2, 1]);
    const { rows, shelves, policyId } = await record(json.decisionId);
    expect(rows[0].cards.map(({ propensity }) => propensity)).toEqual(
      order.slice(0, 3).map(({ propensity }) => propensity),
    );
    expect(shelves[0].items).toHaveLength(3);
    expect(policyId).toBe('plackett-luce');
    // The last of three has nothing left to be drawn against.
    expect(order[2].propensity).toBe(1);
    expect(await replay(json.decisionId)).toMatchObject({ equal: true, firstDifference: null });
  });

  it('draws what the propensities say', async () => {
    const items = catalogue.slice(0, 6).map((id) => ({ id }));
    const counts = new Map<string, number>();
    let expected = new Map<string, number>();
    const draws = 300;
    for (let i = 0; i < draws; i++) {
      const answer = await platform.rank({
        engine: 'test',
        rankingId: `draw-${i}`,
        listenerId: 'listener-0011',
        itemIds: items.map(({ id }) => id),
        device: 'phone',
      });
      const top = answer.ranked[0];
      expect(top.firstPropensity).toBe(top.propensity);
      counts.set(top.itemId, (counts.get(top.itemId) ?? 0) + 1);
      expected = new Map(answer.ranked.map(({ itemId, firstPropensity }) => [itemId, firstPropensity]));
      expect([...expected.values()].reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 9);
    }
    for (const [id, p] of expected) {
      // Five standard deviations of a binomial share.
      const bound = 5 * Math.sqrt((p * (1 - p)) / draws);
      expect(Math.abs((counts.get(id) ?? 0) / draws - p)).toBeLessThan(bound + 1e-9);
    }
  });

  it('what was shown and done under its id is credited to the decision, and to no other listener’s', async () => {
    const items = catalogue.slice(10, 16).map((id) => ({ id }));
    const { json } = await send<Ordered>('POST', '/rank/xgboost', { id: 'r-1', user: 'user7', items }, ours());
    const shown = json.items.map(({ item: id }) => ({ id }));
    const timestamp = Date.now();
    const told = await send<{ readonly refused: readonly { readonly index: number }[] }>(
      'POST',
      '/feedback',
      [
        { event: 'ranking', id: 'r-1', timestamp, user: 'user7', items: shown.slice(0, 3) },
        {
          event: 'interaction',
          id: 'i-1',
          ranking: 'r-1',
          timestamp,
          user: 'user7',
          type: 'listen',
          item: shown[0].id,
        },
        { event: 'interaction', id: 'i-2', ranking: 'r-1', timestamp, user: 'user8', type: 'like', item: shown[1].id },
        { event: 'interaction', id: 'i-3', timestamp, type: 'like', item: shown[1].id },
        { event: 'interaction', id: 'i-4', timestamp, user: 'user7', type: 'teleport', item: shown[1].id },
        { event: 'search', id: 'i-5', timestamp },
        { event: 'item', id: 'i-6', timestamp, item: '' },
      ],
      ours(),
    );
    expect(told.json).toMatchObject({ accepted: 3, status: 'partial', updated: 6 });
    expect(told.json.refused.map(({ index }) => index)).toEqual([3, 4, 5, 6]);
    await platform.learn();
    expect(platform.status().background['learner']).toMatch(/[1-9]\d* of [1-9]\d* rewards learnt/);
  });
});

describe('Azure Personalizer', () => {
  const key = () => ({ 'ocp-apim-subscription-key': platform.adminKey });
  const request = {
    contextFeatures: [{ timeOfDay: 'Morning' }],
    actions: [
      { id: 'NewsArticle', features: [{ type: 'News' }] },
      { id: 'SportsArticle', features: [{ type: 'Sports' }] },
      { id: 'EntertainmentArticle', features: [{ type: 'Entertainment' }] },
    ],
    excludedActions: ['SportsArticle'],
    eventId: '75269AD0-BFEE-4598-8196-C57383D38E10',
    deferActivation: false,
  };
  const EVENTS = '/personalizer/v1.0/events';

  beforeAll(async () => {
    const items = request.actions.map(({ id }) => ({ id, kind: 'track', title: id }));
    await platform.upsertItems(items);
    await settled('EntertainmentArticle');
  });

  it('rank answers as documented: chances that sum to 1, the excluded action in its place at 0, a decision that replays', async () => {
    const { status, json } = await send<Chosen>('POST', '/personalizer/v1.0/rank', request, key());
    expect(status).toBe(201);
    expect(json).toMatchObject({ eventId: request.eventId });
    expect(json.ranking[1]).toEqual({ id: 'SportsArticle', probability: 0 });
    expect(json.rewardActionId).toBe(json.ranking[0].id);
    expect(['NewsArticle', 'EntertainmentArticle']).toContain(json.rewardActionId);
    const sum = json.ranking.reduce((total, { probability }) => total + probability, 0);
    expect(sum).toBeCloseTo(1, 12);
    const { rows } = await record(json.decisionId);
    expect(rows[0].cards[0].propensity).toBe(json.ranking[0].probability);
    expect(await replay(json.decisionId)).toMatchObject({ equal: true });
  });

  it('a reward is learnt once, under the decision; activation may come later', async () => {
    const eventId = 'deferred-1';
    const ranked = await send('POST', '/personalizer/v1.0/rank', { ...request, eventId, deferActivation: true }, key());
    expect(ranked.status).toBe(201);
    expect((await send('POST', `${EVENTS}/${eventId}/activate`, undefined, key())).status).toBe(204);
    await platform.learn();
    for (let i = 0; i < 2; i++) {
      expect((await send('POST', `${EVENTS}/${eventId}/reward`, { value: 1 }, key())).status).toBe(204);
    }
    await platform.learn();
    expect(platform.status().background['learner']).toMatch(/1 of 1 rewards learnt/);
    expect((await send('POST', `${EVENTS}/${request.eventId}/reward`, { value: 0.2 }, key())).status).toBe(204);
    await platform.learn();
    expect(platform.status().background['learner']).toMatch(/0 of 0 rewards learnt/);
  });

  it('says what it does not know: an event, an action, a number', async () => {
    expect((await send('POST', `${EVENTS}/id/reward`, { value: 1 }, key())).json).toMatchObject({
      status: 404,
      code: 'RANKING_NOT_FOUND',
    });
    const unknown = { ...request, actions: [{ id: 'nobody has this' }], excludedActions: [] };
    expect((await send('POST', '/personalizer/v1.0/rank', unknown, key())).json).toMatchObject({
      code: 'ITEM_NOT_FOUND',
    });
    expect((await send('POST', `${EVENTS}/${request.eventId}/reward`, { value: 'much' }, key())).status).toBe(422);
    const many = { ...request, actions: Array.from({ length: 51 }, (_, i) => ({ id: `a${i}` })) };
    expect((await send('POST', '/personalizer/v1.0/rank', many, key())).status).toBe(422);
  });

  it('is for the listener that the context names, and shows nothing that they hid', async () => {
    const hide = {
      eventId: 'h',
      type: 'hide',
      listenerId: 'ann',
      itemId: 'NewsArticle',
      occurredAt: new Date().toISOString(),
    };
    await platform.ingest([hide]);
    const context = [{ user: { listenerId: 'ann', device: 'TV' } }];
    const { json } = await send<Chosen>(
      'POST',
      '/personalizer/v1.0/rank',
      { ...request, eventId: 'ann-1', contextFeatures: context, excludedActions: [] },
      key(),
    );
    expect(json.ranking.at(-1)).toEqual({ id: 'NewsArticle', probability: 0 });
    expect(await record(json.decisionId)).toMatchObject({ device: 'tv' });
  });
});

describe('keys', () => {
  it('are needed in each engine’s own header or in ours, with the scope that the call needs', async () => {
    const reader = await platform.createKey('mover', ['serve']);
    const calls = [
      ['POST', '/api/feedback', [], 'x-api-key', 403],
      ['GET', '/api/recommend/listener-0007?n=1', undefined, 'x-api-key', 200],
      ['POST', '/feedback', [], 'x-api-key', 403],
      ['POST', '/rank/m', { id: 'k', user: 'u', items: [{ id: catalogue[0] }] }, 'x-api-key', 200],
      ['POST', '/personalizer/v1.0/rank', { actions: [{ id: catalogue[0] }] }, 'ocp-apim-subscription-key', 201],
      ['POST', '/personalizer/v1.0/events/e/reward', { value: 1 }, 'ocp-apim-subscription-key', 403],
    ] as const;
    for (const [method, url, body, header, status] of calls) {
      expect([url, (await send(method, url, body)).status]).toEqual([url, 401]);
      expect([url, (await send(method, url, body, { [header]: 'wrong' })).status]).toEqual([url, 401]);
      expect([url, (await send(method, url, body, { [header]: reader })).status]).toEqual([url, status]);
      expect([url, (await send(method, url, body, { authorization: `Bearer ${reader}` })).status]).toEqual([
        url,
        status,
      ]);
    }
    // On our own routes only our own header counts.
    expect((await send('GET', '/v1/items', undefined, { 'x-api-key': reader })).status).toBe(401);
  });
});

describe('a restart', () => {
  it('forgets no ranking: what comes back under its id is still credited, and goes with its listener', async () => {
    const key = { 'ocp-apim-subscription-key': platform.adminKey };
    const actions = catalogue.slice(20, 23).map((id) => ({ id }));
    const contextFeatures = [{ listenerId: 'walker' }];
    const rank = { actions, contextFeatures, eventId: 'over-night' };
    expect((await send('POST', '/personalizer/v1.0/rank', rank, key)).status).toBe(201);
    await restart();
    await platform.learn();
    const reward = '/personalizer/v1.0/events/over-night/reward';
    expect((await send('POST', reward, { value: 1 }, key)).status).toBe(204);
    await platform.learn();
    expect(platform.status().background['learner']).toMatch(/1 of 1 rewards learnt/);
    expect((await send('DELETE', '/v1/listeners/walker', undefined, ours())).json).toMatchObject({
      dropped: { rankings: 1 },
    });
    expect((await send('POST', reward, { value: 1 }, key)).json).toMatchObject({ code: 'RANKING_NOT_FOUND' });
  });
});
