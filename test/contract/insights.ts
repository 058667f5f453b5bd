/** The contract of insights: a listener, shelves, items, the last minutes. */
import { describe, expect, it } from 'vitest';
import type { ItemNeighbours, ListenerDecisions, LiveInsights, Timeline } from '../../src/server/index.ts';
import { ask, refused, small } from './asking.ts';

const INVALID = { status: 422, code: 'REQUEST_INVALID' };
const LISTENER = '/v1/listeners/listener-0006';

export function insightsKeepTheContract(): void {
  describe('insights', () => {
    it('tell of a listener: state, events and decisions, in pages', async () => {
      expect((await ask('GET', `${LISTENER}/state`)).json).toMatchObject({ id: 'listener-0006' });
      await ask('GET', `${LISTENER}/home?fresh=true`);
      await ask('GET', `${LISTENER}/home?fresh=true`);
      const events = (await ask<Timeline>('GET', `${LISTENER}/timeline?limit=3`)).json;
      expect(events.events).toHaveLength(3);
      const older = (await ask<Timeline>('GET', `${LISTENER}/timeline?cursor=${events.nextCursor}`)).json;
      expect(older.events[0].occurredAtMs).toBeLessThanOrEqual(events.events[2].occurredAtMs);
      const made = (await ask<ListenerDecisions>('GET', `${LISTENER}/decisions?limit=1`)).json;
      const before = (await ask<ListenerDecisions>('GET', `${LISTENER}/decisions?cursor=${made.nextCursor}`)).json;
      expect(made.decisions[0].id > before.decisions[0].id).toBe(true);
      for (const list of ['state', 'timeline', 'decisions']) {
        await refused('GET', [`/v1/listeners/nobody-at-all/${list}`], { status: 404, code: 'LISTENER_NOT_FOUND' });
        const bad = list === 'state' ? ['colour=red'] : ['limit=0', 'limit=201', 'cursor=-', 'cursor=', 'colour=red'];
        await refused(
          'GET',
          bad.map((query) => `${LISTENER}/${list}?${query}`),
          INVALID,
        );
      }
    });

    it('tell of shelves, and of the last minutes', async () => {
      for (const days of ['', '?days=1']) {
        const { json } = await ask<{ shelves: unknown[] }>('GET', `/v1/insights/shelves${days}`);
        expect(json.shelves.length).toBeGreaterThan(0);
      }
      const { nowMs, seconds } = (await ask<LiveInsights>('GET', '/v1/insights/live')).json;
      expect(seconds.length).toBeGreaterThan(0);
      const since = Math.floor(nowMs / 1000) - 2;
      const later = (await ask<LiveInsights>('GET', `/v1/insights/live?since=${since}`)).json;
      expect(later.seconds.every((second) => second > since)).toBe(true);
      await refused('GET', ['/v1/insights/shelves?days=0', '/v1/insights/shelves?days=15'], INVALID);
      await refused('GET', ['/v1/insights/live?since=-1', '/v1/insights/live?since=now'], INVALID);
    });

    it('tell of an item: exposure, neighbours and relatives', async () => {
      const items = [...small().world.items()];
      for (const kind of ['track', 'album', 'artist', 'episode', 'show', 'playlist']) {
        const item = items.find((one) => one.kind === kind);
        if (item === undefined) throw new Error(`the world has no ${kind}`);
        const path = `/v1/items/${encodeURIComponent(item.id)}`;
        expect((await ask('GET', `${path}/exposure?days=7`)).json).toMatchObject({ item: { id: item.id, kind } });
        const near = (await ask<ItemNeighbours>('GET', `${path}/neighbours?limit=5`)).json;
        expect(near.neighbours.length).toBeLessThanOrEqual(5);
        expect((await ask('GET', `${path}/relatives`)).json).toMatchObject({ item: { id: item.id } });
      }
      for (const [list, query] of [
        ['exposure', 'days=0'],
        ['neighbours', 'limit=51'],
        ['relatives', 'limit=5'],
      ]) {
        await refused('GET', [`/v1/items/nothing-at-all/${list}`], { status: 404, code: 'ITEM_NOT_FOUND' });
        await refused('GET', [`/v1/items/track-00001/${list}?${query}`, `/v1/items/%00/${list}`], INVALID);
      }
    });
  });
}
