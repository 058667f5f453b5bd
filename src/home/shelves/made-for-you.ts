/** Playlists made for the listener, as cards. What is in them is made elsewhere (see `home/playlists`); here stand those that there are. */
import { isGenerated, slotOf } from '../../domain/index.ts';
import { always } from '../messages/index.ts';
import { playlistReason } from '../playlists/index.ts';
import { CHANNEL_BIT } from '../request.ts';
import { once, type ShelfDeclaration } from './declaration.ts';

export const madeForYou: ShelfDeclaration = {
  id: 'made-for-you',
  order: 'policy',
  minCards: 1,
  maxCards: 8,
  unplayedOnly: false,
  seeds: once,
  propose(request, _seed, sink) {
    for (const item of request.generated.items) sink.add(item, CHANNEL_BIT.generated);
  },
  title: always('made-for-you.title'),
  reason: always('made-for-you.reason'),
  cardReason: (item) => (isGenerated(item) ? playlistReason(slotOf(item)) : undefined),
};
