/** What the platform remembers of a listener, as `GET /v1/listeners/{id}/state` tells it. */
import {
  type Catalog,
  DEVICES,
  type ItemRef,
  type ListenerStateReport,
  resolveProfile,
  type Vocabularies,
} from '../../domain/index.ts';
import {
  followed,
  hiddenItems,
  type ListenerState,
  lastPlayedMs,
  likedItems,
  mostPlayed,
  recentContainers,
  sessionIsOpen,
  viewOf,
} from '../../signals/index.ts';
import type { StoredListener } from '../service.ts';
import type { ItemRefs } from './item-refs.ts';
import { inWords } from './words.ts';

const SHOWN = 50;

export function listenerReport(
  { id, profile, createdAtMs }: StoredListener,
  state: ListenerState,
  world: {
    readonly refs: ItemRefs;
    readonly vocabularies: Vocabularies;
    readonly catalog: Catalog;
    readonly nowMs: number;
  },
): ListenerStateReport {
  const { refs, vocabularies, catalog, nowMs } = world;
  const view = viewOf(state, {
    nowMs,
    profile: resolveProfile(profile),
    vocabularies,
    catalog,
    taste: new Float32Array(0),
  });
  const genrePlays = sum(view.genrePlays);
  const creatorPlays = sum(view.creatorPlays);
  const told: Omit<ListenerStateReport, 'words'> = {
    id,
    profile,
    createdAtMs,
    totals: {
      plays: state.totalPlays,
      skips: state.totalSkips,
      recentPlays: view.recentPlays,
      tenureDays: view.tenureDays,
      firstEventAtMs: state.firstEventMs < 0 ? null : state.firstEventMs,
      lastEventAtMs: state.lastEventMs < 0 ? null : state.lastEventMs,
    },
    genres: Array.from(view.genres, (genre, i) => ({
      genre: vocabularies.genres.name(genre),
      plays: view.genrePlays[i],
      share: view.genrePlays[i] / genrePlays,
    })),
    artists: Array.from(view.creators, (creator, i) => ({
      item: refs.byNumber(creator),
      plays: view.creatorPlays[i],
      share: view.creatorPlays[i] / creatorPlays,
    })),
    hours: Array.from(view.hours),
    devices: devicesOf(state),
    mostPlayed: mostPlayedOf(state, refs),
    recents: recentsOf(state, nowMs, refs),
    likes: marked(state.likes, (out) => likedItems(state, out, SHOWN), refs),
    follows: marked(state.follows, (out) => followed(state, out, SHOWN), refs),
    hides: marked(state.hides, (out) => hiddenItems(state, out, SHOWN), refs),
    session: sessionOf(state, nowMs, refs),
  };
  return { ...told, words: inWords(told, nowMs) };
}

function devicesOf(state: ListenerState): ListenerStateReport['devices'] {
  const total = sum(state.devices);
  return DEVICES.map((device, i) => ({
    device,
    plays: state.devices[i],
    share: total === 0 ? 0 : state.devices[i] / total,
  }))
    .filter(({ plays }) => plays > 0)
    .sort((a, b) => b.plays - a.plays);
}

function mostPlayedOf(state: ListenerState, refs: ItemRefs): ListenerStateReport['mostPlayed'] {
  const items = new Uint32Array(SHOWN);
  const plays = new Float32Array(SHOWN);
  const count = mostPlayed(state, items, plays, SHOWN);
  return Array.from(items.subarray(0, count), (item, i) => ({
    item: refs.byNumber(item),
    plays: plays[i],
    lastPlayedAtMs: lastPlayedMs(state, item),
  }));
}

function recentsOf(state: ListenerState, nowMs: number, refs: ItemRefs): ListenerStateReport['recents'] {
  const items = new Uint32Array(SHOWN);
  const { recents } = state;
  return Array.from(items.subarray(0, recentContainers(state, nowMs, items, SHOWN)), (item) => {
    const row = recents.keys.indexOf(item);
    return { item: refs.byNumber(item), lastPlayedAtMs: recents.lastMs[row], plays: recents.plays[row] };
  });
}

/** Switches that are on, newest first, each with the time it was set. */
function marked(
  table: ListenerState['likes'],
  query: (out: Uint32Array) => number,
  refs: ItemRefs,
): { readonly item: ItemRef; readonly atMs: number }[] {
  const items = new Uint32Array(SHOWN);
  const count = query(items);
  return Array.from(items.subarray(0, count), (item) => ({
    item: refs.byNumber(item),
    atMs: table.atMs[table.keys.indexOf(item)],
  }));
}

function sessionOf(state: ListenerState, nowMs: number, refs: ItemRefs): ListenerStateReport['session'] {
  const { session } = state;
  if (session.lastMs < 0) return null;
  return {
    id: session.id,
    open: sessionIsOpen(state, nowMs),
    startedAtMs: session.startMs,
    lastAtMs: session.lastMs,
    plays: session.plays,
    items: Array.from(session.items.subarray(0, session.itemCount), refs.byNumber),
  };
}

function sum(numbers: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < numbers.length; i++) total += numbers[i];
  return total;
}
