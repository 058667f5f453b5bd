/** A listener in words and numbers, for people. */
import { type Catalog, resolveProfile } from '../domain/index.ts';
import { followed, type ListenerState, mostPlayed, viewOf } from '../signals/index.ts';
import type { Catalogue } from './catalogue.ts';
import type { ListenerEntry } from './listeners.ts';
import type { ListenerSummary } from './service.ts';
import type { StoredVocabularies } from './vocabularies.ts';

const SHOWN = 10;

export function summarise(
  entry: ListenerEntry,
  state: ListenerState,
  world: {
    readonly catalogue: Catalogue;
    readonly vocabularies: StoredVocabularies;
    readonly catalog: Catalog;
    readonly nowMs: number;
  },
): ListenerSummary {
  const { catalogue, vocabularies, catalog, nowMs } = world;
  const items = new Uint32Array(SHOWN);
  const plays = new Float32Array(SHOWN);
  const count = mostPlayed(state, items, plays, SHOWN);
  const shows = new Uint32Array(SHOWN);
  const followCount = followed(state, shows, SHOWN);
  const view = viewOf(state, {
    nowMs,
    profile: resolveProfile(entry.profile),
    vocabularies,
    catalog,
    taste: new Float32Array(0),
  });
  return {
    id: entry.id,
    profile: entry.profile,
    createdAtMs: entry.createdAtMs,
    totalPlays: view.totalPlays,
    lastEventAtMs: lastEventMs(state),
    topItems: Array.from({ length: count }, (_, i) => ({
      id: catalogue.id(items[i]),
      title: catalogue.title(items[i]),
      plays: plays[i],
    })),
    topGenres: Array.from(view.genres.subarray(0, SHOWN), (genre, i) => ({
      genre: vocabularies.genres.name(genre),
      plays: view.genrePlays[i],
    })),
    followed: Array.from(shows.subarray(0, followCount), catalogue.id),
  };
}

function lastEventMs(state: ListenerState): number | null {
  return state.session.lastMs > 0 ? state.session.lastMs : null;
}
