import fc from 'fast-check';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventSchema, ItemSchema } from '../domain/index.ts';
import { instantOf, profileFrom, signalOf, Unmapped } from './engines.ts';
import { eventOfFeedback, itemOfGorse, listenerOfGorse } from './gorse-mapping.ts';
import { mapMetarank } from './metarank-mapping.ts';
import { openTestServer, type TestServer } from './open-test-server.ts';
import { rankQueryOf, rankResponseOf, rewardEvent } from './personalizer-mapping.ts';

const NOW_MS = Date.parse('2026-11-24T12:00:00Z');

describe('names of other engines', () => {
  it('of signals are ours where they mean the same, whatever their case and joints', () => {
    const names = ['Star', 'thumbs_up', 'not-interested', 'LISTEN', 'play', 'read', 'Subscribe', 'unstar'];
    expect(names.map(signalOf)).toEqual(['like', 'like', 'hide', 'play', 'play', 'select', 'follow', 'unlike']);
    // What needs a page to refer to, and what says nothing.
    expect(['impression', 'rendered', 'teleport', '', '__proto__'].map(signalOf)).toEqual(Array(5).fill(undefined));
  });

  it('of times are read in every form that they document, and nothing else', () => {
    expect(instantOf('2022-02-24')).toBe('2022-02-24T00:00:00.000Z');
    expect(instantOf('2021-10-24T06:42:20.207Z')).toBe('2021-10-24T06:42:20.207Z');
    expect(instantOf('2021-10-24 06:42:20+0200')).toBe('2021-10-24T04:42:20.000Z');
    expect(instantOf('1599391467000')).toBe('2020-09-06T11:24:27.000Z');
    expect(instantOf(1599391467000)).toBe('2020-09-06T11:24:27.000Z');
    for (const none of ['', 'soon', '2021-13-01', '2021-02-30', '24:00', -1, 1e300, Number.NaN, null, {}, [], true]) {
      expect([none, instantOf(none)]).toEqual([none, undefined]);
    }
  });

  it('of a profile are taken where they fit, and left out where they do not', () => {
    expect(profileFrom({ country: 'SE', locale: 'sv-SE', plan: 'premium', age: '25-34' })).toEqual({
      market: 'SE',
      language: 'sv-SE',
      tier: 'premium',
      ageBand: '25-34',
    });
    expect(profileFrom({ country: 'Sweden', language: 'swedish', tier: 'Very Good', age: 33 })).toEqual({});
  });
});

describe('rows of any kind', () => {
  const row = fc.oneof(
    fc.anything(),
    fc.record(
      {
        FeedbackType: fc.constantFrom('play', 'star', 'x', ''),
        UserId: fc.anything(),
        ItemId: fc.anything(),
        Timestamp: fc.anything(),
        Value: fc.anything(),
        Labels: fc.anything(),
        Categories: fc.anything(),
        IsHidden: fc.anything(),
        Comment: fc.anything(),
      },
      { requiredKeys: [] },
    ),
    fc.record(
      {
        event: fc.constantFrom('item', 'user', 'ranking', 'interaction', 'other'),
        id: fc.anything(),
        item: fc.anything(),
        user: fc.anything(),
        session: fc.anything(),
        type: fc.constantFrom('click', 'play', 1),
        ranking: fc.anything(),
        timestamp: fc.constantFrom('1599391467000', 1599391467000, 'soon', null),
        fields: fc.array(
          fc.record({ name: fc.constantFrom('title', 'genres', 'artist', 'played_ms', 'x'), value: fc.anything() }),
        ),
        items: fc.array(fc.anything(), { maxLength: 3 }),
      },
      { requiredKeys: [] },
    ),
  );
  const context = {
    itemOf: () => undefined,
    profileOf: () => undefined,
    rankingOf: (id: string) =>
      id.length % 2 === 0 ? { decisionId: 'D', listenerId: 'l', atMs: 0, itemIds: ['a', 'b'] } : undefined,
  };

  it('are mapped, or refused with words: nothing else is ever thrown', () => {
    const maps: ((value: unknown) => unknown)[] = [
      (value) => eventOfFeedback(value, { nowMs: NOW_MS, overwrites: true, kindOf: () => 'episode' }),
      itemOfGorse,
      listenerOfGorse,
      (value) => mapMetarank(value, context),
    ];
    fc.assert(
      fc.property(row, (value) => {
        for (const map of maps) {
          try {
            map(value);
          } catch (error) {
            expect(error).toBeInstanceOf(Unmapped);
          }
        }
      }),
      { numRuns: 2000, seed: 3 },
    );
  });
});

describe('what comes of a row', () => {
  const event = Compile(EventSchema);
  const item = Compile(ItemSchema);
  const feedback = { FeedbackType: 'watch', UserId: 'u', ItemId: 'i', Timestamp: '2026-01-01' };
  const mapped = (more: object, overwrites = false, kind: 'track' | 'episode' | undefined = 'track') =>
    eventOfFeedback({ ...feedback, ...more }, { nowMs: NOW_MS, overwrites, kindOf: () => kind });

  it('of Gorse is valid here; a play without a length is as long as its kind needs, a value above 1 is seconds', () => {
    expect(event.Errors(mapped({}))).toEqual([]);
    expect([mapped({}).playedMs, mapped({ Value: 1 }).playedMs, mapped({ Value: 90 }).playedMs]).toEqual([
      30_000, 30_000, 90_000,
    ]);
    expect(mapped({}, false, 'episode').playedMs).toBe(600_000);
    expect(mapped({ Value: 1e9 }).playedMs).toBe(86_400_000);
    expect(mapped({ FeedbackType: 'star' })).not.toHaveProperty('playedMs');
  });

  it('of Gorse is the same feedback by type, user and item for POST, and by time and value too for PUT', () => {
    expect(mapped({ Timestamp: '2026-01-02' }).eventId).toBe(mapped({}).eventId);
    expect(mapped({ UserId: 'v' }).eventId).not.toBe(mapped({}).eventId);
    expect(mapped({ Timestamp: '2026-01-02' }, true).eventId).not.toBe(mapped({}, true).eventId);
  });

  it('hides what Gorse hides', () => {
    const hidden = itemOfGorse({
      ItemId: 'i',
      IsHidden: true,
      Categories: ['episode'],
      Labels: { topics: ['a', 'b'] },
    });
    expect(item.Errors(hidden)).toEqual([]);
    expect(hidden).toMatchObject({ kind: 'episode', genres: ['a', 'b'], availableUntil: '1970-01-02T00:00:00Z' });
  });

  it('of Personalizer: chances in the drawn order, what was excluded where it stood, rewards from a half on', () => {
    const request = {
      actions: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
      excludedActions: ['a'],
      contextFeatures: [{ who: { userId: 'ann' } }, { device: 'Car', market: 'SE' }],
    };
    expect(rankQueryOf(request, 'e')).toMatchObject({
      listenerId: 'ann',
      device: 'car',
      market: 'SE',
      itemIds: ['b', 'c'],
    });
    const ranked = [
      { itemId: 'c', score: 1, propensity: 0.7, firstPropensity: 0.7 },
      { itemId: 'b', score: 2, propensity: 1, firstPropensity: 0.3 },
    ];
    const answer = { decisionId: 'D', policy: 'p', degraded: false, ranked, left: [] };
    expect(rankResponseOf(request, 'e', answer)).toMatchObject({
      rewardActionId: 'c',
      ranking: [
        { id: 'a', probability: 0 },
        { id: 'c', probability: 0.7 },
        { id: 'b', probability: 0.3 },
      ],
    });
    const known = { decisionId: 'D', listenerId: 'ann', atMs: 0, itemIds: ['c', 'b'] };
    const rewarded = (value: number, kind: 'track' | 'episode' | 'album') =>
      rewardEvent(known, 'e', value, kind, '2026-01-01T00:00:00Z');
    expect([rewarded(0.49, 'track'), rewarded(0, 'track'), rewarded(-1, 'track')]).toEqual(Array(3).fill(undefined));
    expect(rewarded(0.5, 'track')).toMatchObject({ type: 'play', playedMs: 30_000, itemId: 'c' });
    expect(rewarded(1, 'episode')).toMatchObject({ type: 'play', playedMs: 600_000 });
    expect(rewarded(1, 'album')).toMatchObject({ type: 'select' });
  });
});

describe('ids that cannot be', () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await openTestServer();
  });
  afterAll(() => server.app.close());

  it('are refused by row or by request, and never reach the store', async () => {
    const authorization = `Bearer ${server.platform.adminKey}`;
    const long = 'x'.repeat(5000);
    const post = async (url: string, payload: object) =>
      (await server.app.inject({ method: 'POST', url, headers: { authorization }, payload })).json();
    for (const UserId of [long, 'a\u0000b', '\ud800']) {
      expect(await post('/api/users', [{ UserId }])).toMatchObject({ RowAffected: 0, Refused: [{ index: 0 }] });
      const event = { event: 'user', id: '1', timestamp: 1599391467000, user: UserId };
      expect(await post('/feedback', event)).toMatchObject({ accepted: 0, refused: [{ index: 0 }] });
      expect(await post('/rank/m', { id: UserId, user: 'u', items: [{ id: 'a' }] })).toMatchObject({ status: 422 });
      const actions = [{ id: 'a' }];
      expect(await post('/personalizer/v1.0/rank', { actions, eventId: UserId })).toMatchObject({ status: 422 });
      const contextFeatures = [{ userId: UserId }];
      expect(await post('/personalizer/v1.0/rank', { actions, contextFeatures })).toMatchObject({ status: 422 });
    }
  });
});
