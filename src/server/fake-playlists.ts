/** Playlists in memory for the tests of the faces: one mix for every listener that is known. */
import { ShelfwiseError } from '../base/index.ts';
import { type Item, slotOfId } from '../domain/index.ts';
import type { Playlist, PlaylistService } from '../platform/index.ts';

export function createFakePlaylists(
  items: ReadonlyMap<string, Item>,
  knowsListener: (id: string) => boolean,
): PlaylistService {
  const mixOf = (listenerId: string): Playlist => {
    if (!knowsListener(listenerId)) throw new ShelfwiseError('LISTENER_NOT_FOUND', listenerId);
    const tracks = [...items.values()].filter(({ kind }) => kind === 'track');
    const at = '2026-11-24T04:00:00.000Z';
    return {
      id: 'generated:daily-mix-1',
      title: 'Daily Mix 1',
      subtitle: 'Playlist',
      image: '/covers/generated:daily-mix-1.212.svg',
      reason: 'fake',
      trackCount: tracks.length,
      mix: { familiar: 0.6, new: 0.4 },
      madeAt: at,
      validFrom: at,
      validUntil: '2026-11-25T04:00:00.000Z',
      tracks: tracks.map(({ id, title, durationMs = 0, explicit = false, image = '' }) => {
        return { id, title, subtitle: '', image, durationMs, explicit, reason: 'You play this', familiar: true };
      }),
    };
  };
  return {
    async listPlaylists(listenerId) {
      const { tracks: _, ...summary } = mixOf(listenerId);
      return [summary];
    },
    async getPlaylist(playlistId, listenerId) {
      if (slotOfId(playlistId) !== 0) throw new ShelfwiseError('PLAYLIST_NOT_FOUND', playlistId);
      return mixOf(listenerId);
    },
    getChildren(itemId, { relation, limit, listenerId }) {
      const item = items.get(itemId);
      if (item === undefined) throw new ShelfwiseError('ITEM_NOT_FOUND', itemId);
      if (listenerId !== undefined && !knowsListener(listenerId))
        throw new ShelfwiseError('LISTENER_NOT_FOUND', listenerId);
      const children = [...items.values()].filter(({ parentId }) => parentId === itemId).slice(0, limit);
      return {
        id: itemId,
        kind: item.kind,
        relations: [
          {
            relation: relation ?? 'tracks',
            total: children.length,
            nextCursor: null,
            items: children.map(({ id, kind, title, durationMs = 0, explicit = false, image = '' }) => {
              return { id, kind, title, subtitle: '', image, durationMs, releasedAt: null, explicit };
            }),
          },
        ],
      };
    },
  };
}
