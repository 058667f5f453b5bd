/** Generated playlists and what belongs to items, as the faces of the platform ask for them; and as cards for a Home. */
import { type Clock, DAY_MS, ShelfwiseError } from '../../base/index.ts';
import {
  generatedId,
  type Item,
  NO_ITEM,
  type ResolvedProfile,
  resolveProfile,
  slotOfId,
  type Vocabularies,
} from '../../domain/index.ts';
import {
  faceOf,
  type GeneratedCards,
  type GroupOfLists,
  generatedCards,
  type HearingRights,
  hasSomething,
  type Language,
  LIST_GROUPS,
  type ListenerPlaylists,
  languageOf,
  mayHave,
  NO_GENERATED,
  namedArtists,
  type PlaylistSettings,
  playlistReason,
  type ReadList,
  readList,
  type ServingEpochs,
  subtitleOf,
  type TrackReason,
  textOf,
  titleOf,
  trackReason,
} from '../../home/index.ts';
import type { OnlineStore, StoreWriter } from '../../store/index.ts';
import type { Catalogue } from '../catalogue.ts';
import type { ListenerEntry, Listeners } from '../listeners.ts';
import type { StateEntry, States } from '../states.ts';
import { type ChildCard, type ChildrenQuery, type ItemChildren, itemChildren } from './children.ts';
import { createKeptPlaylists } from './keeping.ts';
import { type Asker, createMaking, type PlaylistCounts } from './making.ts';
import { createArtistNames } from './names.ts';

export interface PlaylistQuery {
  /** As of another time; now when absent. */
  readonly atMs?: number | undefined;
  /** Override the listener's. */
  readonly market?: string | undefined;
  readonly tier?: string | undefined;
}

/** A generated playlist, without its tracks. */
export interface PlaylistSummary {
  /** `generated:daily-mix-1`: what events name as `containerId`. */
  readonly id: string;
  readonly title: string;
  /** The artists in it. */
  readonly subtitle: string;
  readonly image: string;
  readonly reason: string;
  /** Tracks that the listener may hear now. */
  readonly trackCount: number;
  /** How much of it the listener knows, as it was made; null where no share was aimed at. */
  readonly mix: { readonly familiar: number; readonly new: number } | null;
  readonly madeAt: string;
  readonly validFrom: string;
  readonly validUntil: string;
}

export interface PlaylistTrack {
  readonly id: string;
  readonly title: string;
  readonly subtitle: string;
  readonly image: string;
  /** 0 when unknown. */
  readonly durationMs: number;
  readonly explicit: boolean;
  /** Why it is in the playlist, in the listener's language. */
  readonly reason: string;
  /** Had the listener heard or liked it when the playlist was made? */
  readonly familiar: boolean;
}

export interface Playlist extends PlaylistSummary {
  readonly tracks: readonly PlaylistTrack[];
}

/** What the platform can do with playlists and the children of items. */
export interface PlaylistService {
  /** Those of a listener, in the order of their slots; made first where they do not stand. Throws LISTENER_NOT_FOUND. */
  listPlaylists(listenerId: string, query: PlaylistQuery): Promise<readonly PlaylistSummary[]>;
  /** One of a listener's. Throws LISTENER_NOT_FOUND, and PLAYLIST_NOT_FOUND where there is too little to make it of. */
  getPlaylist(playlistId: string, listenerId: string, query: PlaylistQuery): Promise<Playlist>;
  /** Throws ITEM_NOT_FOUND, and LISTENER_NOT_FOUND for a listener that is named and unknown. */
  getChildren(itemId: string, query: ChildrenQuery): ItemChildren;
}

/** For whom a Home is, as far as playlists are concerned. */
export interface CardsQuery {
  readonly profile: ResolvedProfile;
  /** Of the request. */
  readonly market: string;
  readonly tier: string;
  /** That the cards are told in. */
  readonly language: Language;
  readonly atMs: number;
  /** Is what is made kept? Not of a Home of another time, nor in a private session. */
  readonly isKept: boolean;
}

/** A generated playlist as it is kept. */
export interface ArchivedPlaylist {
  readonly id: string;
  readonly madeAt: string;
  readonly validFrom: string;
  readonly validUntil: string;
  readonly tracks: readonly {
    readonly id: string;
    readonly reason: TrackReason;
    /** The item that the reason names; null where it names the track's own artist, or nothing. */
    readonly about: string | null;
    readonly familiar: boolean;
  }[];
}

export interface Playlists extends PlaylistService {
  /** What there is to show on a Home; at once, unless playlists are made for it first. */
  cards(
    listener: ListenerEntry,
    entry: StateEntry,
    epochs: ServingEpochs,
    query: CardsQuery,
  ): GeneratedCards | Promise<GeneratedCards>;
  /** All that is kept of a listener, in words and ids: for the archive of what is held on a person. */
  archiveOf(listenerKey: string): readonly ArchivedPlaylist[];
  /** Drops those of a listener who is erased, in this transaction. @returns 1 where there were any */
  erase(listenerKey: string, write: StoreWriter): number;
  /** Before the store is closed: what was made is on the medium when it resolves. */
  close(): Promise<void>;
  readonly counts: PlaylistCounts;
}

export function createPlaylists(dependencies: {
  readonly store: OnlineStore;
  readonly listeners: Listeners;
  readonly states: () => States;
  readonly catalogue: Catalogue;
  readonly vocabularies: Vocabularies;
  readonly serving: () => ServingEpochs;
  readonly settings: PlaylistSettings;
  readonly clock: Clock;
  readonly onTrouble: (what: string, error: string) => void;
}): Playlists {
  const { listeners, catalogue, vocabularies, settings, clock } = dependencies;
  const onTrouble = (error: string): void => dependencies.onTrouble('playlists', error);
  const kept = createKeptPlaylists(dependencies.store, (key) => listeners.secretOf(key) !== undefined, onTrouble);
  const making = createMaking({ kept, vocabularies, settings, clock, onTrouble });
  const names = createArtistNames(catalogue, vocabularies);

  const rightsOf = (
    { state }: StateEntry,
    epochs: ServingEpochs,
    profile: ResolvedProfile,
    market: string,
    tier: string,
    atMs: number,
  ): HearingRights => ({
    catalog: epochs.catalog,
    epochs,
    market,
    tier,
    marketNumber: vocabularies.markets.lookup(market),
    tierNumber: vocabularies.tiers.lookup(tier),
    atMs,
    profile,
    state,
  });
  /** Playlists are made with the listener's own market and tier, wherever they are today; and read with the request's. */
  const askerOf = (
    listener: ListenerEntry,
    entry: StateEntry,
    epochs: ServingEpochs,
    profile: ResolvedProfile,
    atMs: number,
  ): Asker => ({
    listenerKey: listener.key,
    profile,
    entry,
    epochs,
    atMs,
    rights: () => rightsOf(entry, epochs, profile, profile.market, profile.tier, atMs),
  });
  const listenerOf = (id: string): ListenerEntry => {
    const listener = listeners.get(id);
    if (listener === undefined) throw new ShelfwiseError('LISTENER_NOT_FOUND', id);
    return listener;
  };

  interface Reading {
    readonly rights: HearingRights;
    readonly lists: readonly { readonly group: GroupOfLists; readonly list: ReadList }[];
    readonly profile: ResolvedProfile;
  }
  /** What the listener may hear of what stands, in the order of slots. */
  const listsIn = (playlists: ListenerPlaylists, rights: HearingRights): Reading['lists'] =>
    LIST_GROUPS.flatMap((name) => {
      const group = playlists[name];
      if (group === undefined) return [];
      return group.lists.map((list) => ({ group, list: readList(list, rights) }));
    }).filter(({ list }) => hasSomething(list, settings.leastTracks));
  const readAll = async (listenerId: string, query: PlaylistQuery): Promise<Reading> => {
    const listener = listenerOf(listenerId);
    const entry = dependencies.states().get(listener.key);
    const profile = resolveProfile(listener.profile);
    const epochs = dependencies.serving();
    const atMs = query.atMs ?? clock.nowMs();
    const { market = profile.market, tier = profile.tier } = query;
    const rightsNow = (): HearingRights => rightsOf(entry, dependencies.serving(), profile, market, tier, atMs);
    // Who does not want to be profiled has nothing made.
    if (!profile.profiling) return { rights: rightsNow(), lists: [], profile };
    const asker = askerOf(listener, entry, epochs, profile, atMs);
    const playlists = await (query.atMs === undefined ? making.current(asker) : making.at(asker));
    // What was withdrawn meanwhile is not read either.
    const rights = rightsNow();
    return { rights, lists: listsIn(playlists, rights), profile };
  };

  const summaryOf = ({ group, list }: Reading['lists'][number], { rights, profile }: Reading): PlaylistSummary => {
    const language = languageOf(profile.language);
    const face = faceOf(list, rights, names);
    const named = namedArtists(list, rights, names);
    const share = list.familiarShare;
    return {
      id: generatedId(list.slot),
      title: textOf(titleOf(list.slot, named), language),
      subtitle: subtitleOf(named, language),
      image: face.image,
      reason: textOf(playlistReason(list.slot), language),
      trackCount: list.tracks.length,
      mix: Number.isNaN(share) ? null : { familiar: share, new: roundedShare(1 - share) },
      madeAt: new Date(group.madeAtMs).toISOString(),
      validFrom: new Date(group.fromMs).toISOString(),
      validUntil: new Date(group.untilMs).toISOString(),
    };
  };
  const cardOf = (item: number, language: Language): ChildCard => {
    const year = new Date(clock.nowMs()).getUTCFullYear();
    const { bytes, from, end, durationMs, isExplicit, releasedAtMs } = catalogue.card(item, language, year);
    const { id, kind, title, image, subtitle } = JSON.parse(`{${bytes.toString('utf8', from, end)}}`) as Omit<
      ChildCard,
      'durationMs'
    >;
    const releasedAt = Number.isNaN(releasedAtMs) ? null : new Date(releasedAtMs).toISOString();
    return { id, kind, title, subtitle, image, durationMs, releasedAt, explicit: isExplicit };
  };

  /** Cards of what stands, from memory as long as nothing of it has changed. */
  const cardsOf = (
    listenerKey: string,
    entry: StateEntry,
    epochs: ServingEpochs,
    query: CardsQuery,
  ): GeneratedCards => {
    const { profile, market, tier, language, atMs } = query;
    const held = kept.held(listenerKey);
    const hides = entry.state.hides.count === 0 ? -1 : entry.tasteVersion;
    const known = entry.cards;
    // For the moments in which the columns are behind, what was withdrawn is looked for each time.
    const isSettled = epochs.changed.size === 0;
    if (
      isSettled &&
      known?.held === held &&
      known.epochs === epochs.catalog &&
      known.hides === hides &&
      known.explicitAllowed === profile.explicitAllowed &&
      known.ageBand === profile.ageBand &&
      known.market === market &&
      known.tier === tier &&
      known.language === language &&
      atMs >= known.fromMs &&
      atMs < known.untilMs
    )
      return known.cards;
    const playlists = kept.get(listenerKey);
    const rights = rightsOf(entry, epochs, profile, market, tier, atMs);
    const cards = cardsIn(playlists, rights, language);
    const untilMs = nextChangeMs(playlists, rights);
    const { explicitAllowed, ageBand } = profile;
    if (isSettled)
      entry.cards = {
        held,
        epochs: epochs.catalog,
        hides,
        explicitAllowed,
        ageBand,
        market,
        tier,
        language,
        fromMs: atMs,
        untilMs,
        cards,
      };
    return cards;
  };
  const cardsIn = (playlists: ListenerPlaylists, rights: HearingRights, language: Language): GeneratedCards =>
    generatedCards(
      listsIn(playlists, rights).map(({ list }) => faceOf(list, rights, names)),
      language,
    );

  return {
    counts: making.counts,
    cards(listener, entry, epochs, query) {
      const { profile, market, tier, language, atMs } = query;
      if (!profile.profiling) return NO_GENERATED;
      const asker = askerOf(listener, entry, epochs, profile, atMs);
      if (!query.isKept) {
        const rights = rightsOf(entry, epochs, profile, market, tier, atMs);
        return making.at(asker).then((playlists) => cardsIn(playlists, rights, language));
      }
      const made = making.beforeHome(asker);
      if (made === undefined) return cardsOf(listener.key, entry, epochs, query);
      return made.then(() => cardsOf(listener.key, entry, epochs, query));
    },
    archiveOf(listenerKey) {
      const playlists = kept.get(listenerKey);
      return LIST_GROUPS.flatMap((name) => {
        const group = playlists[name];
        if (group === undefined) return [];
        return group.lists.map(({ slot, tracks }) => ({
          id: generatedId(slot),
          madeAt: new Date(group.madeAtMs).toISOString(),
          validFrom: new Date(group.fromMs).toISOString(),
          validUntil: new Date(group.untilMs).toISOString(),
          tracks: tracks.map(({ track, reason, about, familiar }) => ({
            id: catalogue.id(track),
            reason,
            about: about === track || about === NO_ITEM ? null : catalogue.id(about),
            familiar,
          })),
        }));
      });
    },
    erase: kept.erase,
    async close() {
      await making.stop();
      await kept.settle();
    },
    async listPlaylists(listenerId, query) {
      const reading = await readAll(listenerId, query);
      return reading.lists.map((one) => summaryOf(one, reading));
    },
    async getPlaylist(playlistId, listenerId, query) {
      const slot = slotOfId(playlistId);
      if (slot < 0) throw new ShelfwiseError('PLAYLIST_NOT_FOUND', playlistId);
      const reading = await readAll(listenerId, query);
      const found = reading.lists.find(({ list }) => list.slot === slot);
      if (found === undefined) throw new ShelfwiseError('PLAYLIST_NOT_FOUND', `${playlistId} of ${listenerId}`);
      const language = languageOf(reading.profile.language);
      return {
        ...summaryOf(found, reading),
        tracks: found.list.tracks.map((track) => {
          const { id, title, subtitle, image, durationMs, explicit } = cardOf(track.track, language);
          const reason = textOf(trackReason(track, reading.rights, names), language);
          return { id, title, subtitle, image, durationMs, explicit, reason, familiar: track.familiar };
        }),
      };
    },
    getChildren(itemId, query) {
      const item: Item | undefined = catalogue.get(itemId);
      if (item === undefined) throw new ShelfwiseError('ITEM_NOT_FOUND', itemId);
      const { catalog, counters, children } = dependencies.serving();
      const listener = query.listenerId === undefined ? undefined : listenerOf(query.listenerId);
      const profile = resolveProfile(listener?.profile ?? {});
      const mayList = listener === undefined ? catalogue.has : mayListFor(listener, profile, query);
      return itemChildren(item, vocabularies.items.lookup(itemId), query, {
        catalog,
        counters,
        children,
        mayList,
        language: languageOf(profile.language),
        card: cardOf,
      });
    },
  };

  function mayListFor(
    listener: ListenerEntry,
    profile: ResolvedProfile,
    { market = profile.market, tier = profile.tier }: ChildrenQuery,
  ): (item: number) => boolean {
    const entry = dependencies.states().get(listener.key);
    const rights = rightsOf(entry, dependencies.serving(), profile, market, tier, clock.nowMs());
    return (item) => mayHave(rights, item);
  }
}

/** Shares are stated in whole percents. */
function roundedShare(share: number): number {
  return Math.round(100 * share) / 100;
}

/** When what may be heard of these next changes by itself: a window opens or closes. At most a day ahead. */
function nextChangeMs(playlists: ListenerPlaylists, { catalog, atMs }: HearingRights): number {
  let next = atMs + DAY_MS;
  for (const group of LIST_GROUPS) {
    for (const { tracks } of playlists[group]?.lists ?? []) {
      for (const { track } of tracks) {
        if (track >= catalog.size) continue;
        const fromMs = catalog.availableFromMs[track];
        const untilMs = catalog.availableUntilMs[track];
        if (fromMs > atMs && fromMs < next) next = fromMs;
        if (untilMs > atMs && untilMs < next) next = untilMs;
      }
    }
  }
  return next;
}
