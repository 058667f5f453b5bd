/** What an album, a playlist or a show holds. */
import type { ItemRelatives } from '../../../src/server/contract.ts';
import { call } from '../shell/api.ts';
import type { Playable } from './playback.ts';

export interface ContainedTrack extends Playable {
  /** Why it is in a playlist that was made for somebody; empty elsewhere. */
  readonly reason: string;
  readonly durationMs: number | undefined;
}

export interface Contents {
  readonly id: string;
  readonly kind: Playable['kind'];
  readonly title: string;
  readonly subtitle: string;
  readonly image: string;
  readonly tracks: readonly ContainedTrack[];
}

export async function fetchContents(id: string, _listenerId: string, signal?: AbortSignal): Promise<Contents> {
  const init = signal === undefined ? {} : { signal };
  const { item, children } = await call<ItemRelatives>(`/v1/items/${encodeURIComponent(id)}/relatives`, init);
  return {
    id,
    kind: item.kind ?? 'playlist',
    title: item.title,
    subtitle: item.subtitle,
    image: item.image,
    tracks: children.flatMap(({ kind, ...child }) =>
      kind === null ? [] : [{ ...child, kind, reason: '', durationMs: undefined }],
    ),
  };
}
