/** The contract of the calls that are shaped like those of other engines. */
import { describe, expect, it } from 'vitest';
import { ask, refused, refusedBodies, small } from './asking.ts';

const INVALID = { status: 422, code: 'REQUEST_INVALID' };

interface Chosen {
  readonly ranking: readonly { readonly id: string }[];
  readonly rewardActionId: string;
}

/** Items that anybody may have. */
function tracks(count: number): string[] {
  const free = [...small().world.items()].filter(
    ({ kind, explicit, markets, tiers }) =>
      kind === 'track' && explicit !== true && markets === undefined && tiers === undefined,
  );
  return free.slice(0, count).map(({ id }) => id);
}

export function enginesKeepTheContract(): void {
  describe('calls of Gorse', () => {
    it('take items, users and feedback, and tell of each row that was not taken', async () => {
      const item = { ItemId: 'gorse-item', Categories: ['track'], Labels: ['jazz'], Comment: 'A title' };
      const user = { UserId: 'gorse-user', Labels: { country: 'NO' }, Comment: 'somebody' };
      const row = {
        FeedbackType: 'like',
        UserId: 'gorse-user',
        ItemId: 'gorse-item',
        Timestamp: '2026-10-24T06:42:20Z',
      };
      for (const [one, many, good] of [
        ['/api/item', '/api/items', item],
        ['/api/user', '/api/users', user],
      ] as const) {
        expect((await ask('POST', one, good)).json).toEqual({ RowAffected: 1 });
        expect((await ask('POST', many, [good, {}, null])).json).toMatchObject({
          RowAffected: 1,
          Refused: [{ index: 1 }, { index: 2 }],
        });
        await refusedBodies('POST', one, [undefined, {}, [good], 'null', { Comment: 7 }], INVALID);
        await refusedBodies('POST', many, [undefined, good, 'null', new Array(1001).fill(good)], INVALID);
      }
      for (const method of ['POST', 'PUT']) {
        expect((await ask(method, '/api/feedback', [{ ...row, ItemId: `of a ${method}` }])).json).toEqual({
          RowAffected: 1,
        });
        expect((await ask(method, '/api/feedback', [7, { ...row, FeedbackType: 'stare' }])).json).toMatchObject({
          RowAffected: 0,
          Refused: [{ index: 0 }, { index: 1 }],
        });
        await refusedBodies(method, '/api/feedback', [undefined, row, 'null', new Array(1001).fill(row)], INVALID);
      }
    });

    it('recommend, of all kinds and of one', async () => {
      expect((await ask('GET', '/api/recommend/listener-0005?n=4&offset=1')).json).toHaveLength(4);
      expect((await ask('GET', '/api/recommend/listener-0005/artist')).json).toEqual(expect.any(Array));
      expect((await ask('GET', '/api/recommend/gorse-user?write-back-type=read&n=1')).json).toHaveLength(1);
      const bad = ['n=0', 'n=101', 'n=all', 'offset=-1', 'write-back-type=stare', 'write-back-delay=10m'];
      for (const path of ['/api/recommend/listener-0005', '/api/recommend/listener-0005/artist'])
        await refused(
          'GET',
          bad.map((query) => `${path}?${query}`),
          INVALID,
        );
      await refused('GET', ['/api/recommend/%00', `/api/recommend/x/${'x'.repeat(101)}`], INVALID);
    });
  });

  describe('calls of Metarank', () => {
    it('take events, one or a list, and tell of each that was not taken', async () => {
      const timestamp = Date.now();
      const item = {
        event: 'item',
        id: 'e1',
        timestamp,
        item: 'metarank-item',
        fields: [{ name: 'title', value: 'T' }],
      };
      expect((await ask('POST', '/feedback', item)).json).toMatchObject({ accepted: 1, status: 'ok' });
      const rows = [
        item,
        { event: 'user', id: 'e2', timestamp, user: 'metarank-user', fields: [] },
        { event: 'interaction', id: 'e3', timestamp, user: 'metarank-user', type: 'like', item: 'metarank-item' },
        { event: 'ranking', id: 'unknown', timestamp, user: 'metarank-user', items: [{ id: 'metarank-item' }] },
        { event: 'search', id: 'e4', timestamp },
        null,
      ];
      expect((await ask('POST', '/feedback', rows)).json).toMatchObject({
        accepted: 4,
        status: 'partial',
        refused: [{ index: 4 }, { index: 5 }],
      });
      await refusedBodies('POST', '/feedback', [undefined, '7', 'null', '"x"', new Array(1001).fill(item)], INVALID);
      await refusedBodies('POST', '/feedback', ['{"event":'], { status: 400, code: 'REQUEST_MALFORMED' });
    });

    it('rank', async () => {
      const items = [...tracks(3), 'nobody has it'].map((id) => ({ id }));
      const body = { id: 'contract-ranking', user: 'metarank-user', timestamp: String(Date.now()), items };
      const { json } = await ask<{ items: { item: string }[] }>('POST', '/rank/xgboost?explain=true', body);
      expect(json.items.map(({ item }) => item).sort()).toEqual(items.map(({ id }) => id).sort());
      const { user: _, ...nobody } = body;
      const many = Array.from({ length: 1001 }, (_, i) => ({ id: `i${i}` }));
      const bad = [nobody, { ...body, items: [] }, { ...body, id: '' }, { ...body, items: many }, undefined, []];
      await refusedBodies('POST', '/rank/xgboost', bad, INVALID);
      await refused('POST', ['/rank/%00', '/rank/xgboost?explain=maybe'], INVALID, body);
    });
  });

  describe('calls of Azure Personalizer', () => {
    const events = '/personalizer/v1.0/events';

    it('rank, activate and reward', async () => {
      const actions = tracks(3).map((id) => ({ id, features: [{ mood: 'calm' }] }));
      const body = { actions, contextFeatures: [{ listenerId: 'somebody' }], eventId: 'chosen', deferActivation: true };
      const { status, json } = await ask<Chosen>('POST', '/personalizer/v1.0/rank', body);
      expect(status).toBe(201);
      expect(json).toMatchObject({ eventId: 'chosen', rewardActionId: json.ranking[0].id });
      expect((await ask('POST', `${events}/chosen/activate`)).status).toBe(204);
      expect((await ask('POST', `${events}/chosen/reward`, { value: 0.7 })).status).toBe(204);
      // The same without what need not be said.
      expect((await ask('POST', '/personalizer/v1.0/rank', { actions })).status).toBe(201);

      const excludedActions = actions.map(({ id }) => id);
      const bad = [undefined, {}, { actions: [] }, { ...body, excludedActions }, { ...body, colour: 'red' }];
      await refusedBodies('POST', '/personalizer/v1.0/rank', bad, INVALID);
      const gone = { actions: [{ id: 'nobody has it' }] };
      await refusedBodies('POST', '/personalizer/v1.0/rank', [gone], { status: 404, code: 'ITEM_NOT_FOUND' });
      await refusedBodies('POST', `${events}/chosen/reward`, [undefined, {}, { value: '1' }], INVALID);
      const unknown = { status: 404, code: 'RANKING_NOT_FOUND' };
      await refused('POST', [`${events}/never-ranked/reward`], unknown, { value: 1 });
      await refused('POST', [`${events}/never-ranked/activate`], unknown);
      await refused('POST', [`${events}/%00/activate`], INVALID);
    });
  });
}
