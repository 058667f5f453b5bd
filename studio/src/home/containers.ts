/** What an album, a playlist, a show or an artist holds for a listener. */
import type { ChildCard, Item, ItemChildren, Playlist } from '../../../src/server/contract.ts';
import { call } from '../shell/api.ts';
import type { Container, Playable } from './playback.ts';

/** Made for one listener: no catalogue holds it. */
export function isGenerated(id: string): boolean {
  return id.startsWith('generated:');
}

export interface ContainedTrack extends Playable {
  /** Why it is in a playlist that was made for somebody; empty elsewhere. */
  readonly reason: string;
  /** 0 when unknown. */
  readonly durationMs: number;
  readonly explicit: boolean;
}

export interface Contents extends Container {
  readonly tracks: readonly ContainedTrack[];
  /** Tracks in all, where not all are here. */
  readonly total: number;
  /** What a playlist that was made says of itself: its mix, how long it stands. */
  readonly notes: readonly string[];
  /** Albums of an artist. */
  readonly albums: readonly Playable[];
}

/** Whose contents: what they may not have is left out. */
export interface Whose {
  readonly listener: string;
  readonly tier: string;
  readonly market: string;
  readonly at: string;
}

const SHOWN = 100;
const dayFormat = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'UTC',
});

function queryOf(whose: Whose, more: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams(more);
  for (const name of ['listener', 'tier', 'market', 'at'] as const)
    if (whose[name] !== '') query.set(name, whose[name]);
  return query.toString();
}

/** "70 % familiar, 30 % new to you", "until Monday 04:00". */
function notesOf({ mix, validUntil }: Playlist): string[] {
  const percent = (share: number) => `${Math.round(share * 100)} %`;
  const notes = mix === null ? [] : [`${percent(mix.familiar)} familiar, ${percent(mix.new)} new to you`];
  return [...notes, `until ${dayFormat.format(Date.parse(validUntil))} UTC`];
}

async function fetchGenerated(card: Playable, whose: Whose, signal: AbortSignal | undefined): Promise<Contents> {
  const path = `/v1/playlists/${encodeURIComponent(card.id)}?${queryOf(whose)}`;
  const playlist = await call<Playlist>(path, signal === undefined ? {} : { signal });
  return {
    id: card.id,
    kind: 'playlist',
    title: playlist.title,
    tracks: playlist.tracks.map((track) => ({ ...track, kind: 'track' })),
    total: playlist.trackCount,
    notes: notesOf(playlist),
    albums: [],
  };
}

function trackOf({ id, kind, title, subtitle, image, durationMs, explicit }: ChildCard): ContainedTrack {
  return { id, kind, title, subtitle, image, durationMs, explicit, reason: '' };
}

async function fetchOfCatalogue(card: Playable, whose: Whose, signal: AbortSignal | undefined): Promise<Contents> {
  const query = queryOf({ ...whose, at: '' }, { limit: String(SHOWN) });
  const path = `/v1/items/${encodeURIComponent(card.id)}/children?${query}`;
  const { relations, kind } = await call<ItemChildren>(path, signal === undefined ? {} : { signal });
  const heard = relations.find(({ relation }) => relation !== 'albums');
  return {
    id: card.id,
    kind,
    title: card.title,
    tracks: heard?.items.map(trackOf) ?? [],
    total: heard?.total ?? 0,
    notes: [],
    albums: relations.find(({ relation }) => relation === 'albums')?.items ?? [],
  };
}

export function fetchContents(card: Playable, whose: Whose, signal?: AbortSignal): Promise<Contents> {
  return isGenerated(card.id) ? fetchGenerated(card, whose, signal) : fetchOfCatalogue(card, whose, signal);
}

/** What the address alone names: an item of the catalogue as a card, or a generated playlist of the listener. */
export async function fetchCard(id: string, whose: Whose, signal: AbortSignal): Promise<Playable> {
  if (isGenerated(id)) {
    const made = await call<Playlist>(`/v1/playlists/${encodeURIComponent(id)}?${queryOf(whose)}`, { signal });
    return { id, kind: 'playlist', title: made.title, subtitle: made.subtitle, image: made.image };
  }
  const item = await call<Item>(`/v1/items/${encodeURIComponent(id)}`, { signal });
  const subtitle = item.creators?.map(({ name }) => name).join(', ') ?? '';
  return { id, kind: item.kind, title: item.title, subtitle, image: item.image ?? '' };
}
