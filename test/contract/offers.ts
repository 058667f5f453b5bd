/** The contract of what is made for listeners: campaigns of editors, generated playlists, and what belongs to an item. */
import { describe, expect, it } from 'vitest';
import type { ItemChildren, Playlist, PlaylistList } from '../../src/server/index.ts';
import { ask, refused, refusedBodies, small } from './asking.ts';

const INVALID = { status: 422, code: 'REQUEST_INVALID' };

export function offersKeepTheContract(): void {
  describe('campaigns', () => {
    it('are stored, listed, shown and taken away', async () => {
      const campaign = {
        title: { en: 'The summer', 'pt-BR': 'O verão' },
        items: ['track-00001', 'comes-next-week'],
        startsAt: '2026-06-01T00:00:00Z',
        endsAt: '2036-07-01T00:00:00+02:00',
        audience: { markets: ['SE'], tiers: ['premium'], languages: ['sv'], ageBands: ['18-24'], share: 0.5 },
        pinnedRank: 2,
        sponsor: 'Somebody',
      };
      const path = '/v1/campaigns/summer.2026';
      expect((await ask('PUT', path, campaign)).json).toEqual({
        fate: 'created',
        campaign: { id: 'summer.2026', ...campaign },
        unknownItems: ['comes-next-week'],
      });
      expect((await ask('PUT', path, campaign)).json).toMatchObject({ fate: 'unchanged' });
      const { audience: _, pinnedRank: __, sponsor: ___, ...plain } = campaign;
      expect((await ask('PUT', path, plain)).json).toMatchObject({ fate: 'updated' });
      expect((await ask('GET', path)).json).toEqual({ id: 'summer.2026', ...plain });
      expect((await ask('GET', '/v1/campaigns')).json).toEqual({ campaigns: [{ id: 'summer.2026', ...plain }] });
      expect((await ask('DELETE', path)).json).toEqual({ deleted: true });
      const unknown = { status: 404, code: 'CAMPAIGN_NOT_FOUND' };
      await refused('GET', [path], unknown);
      await refused('DELETE', [path], unknown);
      const bad = [
        undefined,
        [],
        { ...plain, title: {} },
        { ...plain, title: { english: 'x' } },
        { ...plain, items: [] },
        { ...plain, items: ['a', 'a'] },
        { ...plain, startsAt: 'soon' },
        { ...plain, startsAt: '2016-12-31T23:59:60Z' },
        { ...plain, endsAt: plain.startsAt },
        { ...plain, pinnedRank: -1 },
        { ...plain, audience: { markets: [] } },
        { ...plain, colour: 'red' },
      ];
      await refusedBodies('PUT', path, bad, INVALID);
      await refused('PUT', ['/v1/campaigns/a%20b', '/v1/campaigns/%00'], INVALID, plain);
      await refused('GET', ['/v1/campaigns?on=true', '/v1/campaigns/a%20b'], INVALID);
    });
  });

  describe('playlists', () => {
    it('are listed and opened, with their covers', async () => {
      const plays = new Map<string, number>();
      for (const { listenerId } of small().world.history()) plays.set(listenerId, (plays.get(listenerId) ?? 0) + 1);
      const listener = [...plays].reduce((most, one) => (one[1] > most[1] ? one : most))[0];
      const { playlists } = (await ask<PlaylistList>('GET', `/v1/listeners/${listener}/playlists`)).json;
      expect(playlists.length).toBeGreaterThan(0);
      for (const { id, image } of playlists) {
        const { json } = await ask<Playlist>('GET', `/v1/playlists/${id}?listener=${listener}`);
        expect(json).toMatchObject({ id, tracks: expect.any(Array) });
        const cover = await ask('GET', image);
        expect([cover.status, cover.type, cover.text.slice(0, 4)]).toEqual([
          200,
          'image/svg+xml; charset=utf-8',
          '<svg',
        ]);
      }
      const then = 'at=2026-11-20T08:00:00Z&market=SE&tier=premium';
      expect((await ask('GET', `/v1/listeners/${listener}/playlists?${then}`)).status).toBe(200);
      const [{ id }] = playlists;
      for (const query of ['at=now', 'at=2016-12-31T23:59:60Z', 'market=Sweden', 'tier=A!', 'colour=red'])
        await refused(
          'GET',
          [`/v1/listeners/${listener}/playlists?${query}`, `/v1/playlists/${id}?listener=${listener}&${query}`],
          INVALID,
        );
      await refused('GET', [`/v1/playlists/${id}`, `/v1/playlists/%00?listener=${listener}`], INVALID);
      await refused('GET', [`/v1/playlists/generated:none?listener=${listener}`], { code: 'PLAYLIST_NOT_FOUND' });
      const nobody = ['/v1/listeners/nobody-at-all/playlists', `/v1/playlists/${id}?listener=nobody-at-all`];
      await refused('GET', nobody, { status: 404, code: 'LISTENER_NOT_FOUND' });
      await refused('GET', ['/covers/track-00001.svg'], { status: 404, code: 'ITEM_NOT_FOUND' });
    });
  });

  describe('what belongs to an item', () => {
    it('comes by relation, in pages', async () => {
      const items = [...small().world.items()];
      const pages = new Map<string, string>();
      for (const kind of ['artist', 'album', 'show', 'track']) {
        const id = items.find((item) => item.kind === kind)?.id;
        const path = `/v1/items/${id}/children`;
        for (const { relation, items: held, nextCursor } of (await ask<ItemChildren>('GET', `${path}?limit=1`)).json
          .relations) {
          pages.set(relation, path);
          if (nextCursor === null) continue;
          const next = `${path}?relation=${relation}&limit=1&cursor=${nextCursor}&listener=listener-0001`;
          const { json } = await ask<ItemChildren>('GET', `${next}&market=SE&tier=premium`);
          expect(json.relations.map((one) => one.relation)).toEqual([relation]);
          expect(json.relations[0].items).not.toEqual(held);
        }
      }
      expect([...pages.keys()].sort()).toEqual(['albums', 'episodes', 'top-tracks', 'tracks']);
      const path = pages.get('tracks');
      const bad = ['relation=friends', 'limit=0', 'limit=201', 'cursor=1', 'relation=tracks&cursor=x', 'market=Sweden'];
      await refused(
        'GET',
        bad.map((query) => `${path}?${query}`),
        INVALID,
      );
      await refused('GET', ['/v1/items/nothing-at-all/children'], { status: 404, code: 'ITEM_NOT_FOUND' });
    });
  });
}
