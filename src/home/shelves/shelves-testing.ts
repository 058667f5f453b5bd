/** A small world of artists, albums and shows in three tastes, and Homes in it, for the tests of shelves. */
import { createRng, DAY_MS, HOUR_MS, manualClock, seedFromBytes } from '../../base/index.ts';
import {
  buildCatalog,
  type Campaign,
  createVocabulary,
  type DecisionRecord,
  decisionIdOf,
  type FeedbackEvent,
  type Item,
  type ListenerView,
  NO_ITEM,
  type Page,
  readCatalog,
  readCohorts,
  readCounters,
  readEmbedding,
  resolveProfile,
  serveCampaign,
  type Vocabularies,
} from '../../domain/index.ts';
import { createEncoder, homeFeatures } from '../../features/index.ts';
import { createNearest, fitCohorts, fitEmbedding } from '../../retrieval/index.ts';
import { createCounters, emptyState, foldEvent, type ListenerState } from '../../signals/index.ts';
import { eventOf } from '../event-testing.ts';
import { createHome } from '../home.ts';
import { cardOpening, cardTexts, type ItemTexts } from '../item-texts.ts';
import { type HomeInput, indexChildren, type ServingEpochs } from '../request.ts';
import { resolveTunables } from '../tunables.ts';

/** A Sunday, 18:00 UTC. */
export const NOW = Date.UTC(2026, 10, 1, 18);
const TASTES = 3;
export const ARTISTS = 60;
export const SHOWS = 36;
const EPISODE_MS = 1_800_000;

export const names: Vocabularies = {
  items: createVocabulary(),
  genres: createVocabulary(),
  markets: createVocabulary(),
  tiers: createVocabulary(),
  languages: createVocabulary(),
};
export const number = (id: string): number => names.items.lookup(id);

const released = (daysAgo: number): string => new Date(NOW - daysAgo * DAY_MS).toISOString();

/**
 * Artist a and show s are of taste a % 3, s % 3. Each artist has an album of 400 days ago, and up to the 24th one of as many
 * days ago as its number is; artist 0 also a single of 3 days ago. Each show has episodes of 2, 10 and 60 days ago.
 */
export const items: Item[] = [
  ...Array.from({ length: ARTISTS }, (_, a): Item[] => {
    const creators = [{ id: `artist:${a}`, name: `Artist ${a}` }];
    const genres = [['calm', 'loud', 'odd'][a % TASTES]];
    const album = (id: string, daysAgo: number): Item => ({
      id,
      kind: 'album',
      title: id,
      creators,
      genres,
      parentId: `artist:${a}`,
      releasedAt: released(daysAgo),
    });
    return [
      { id: `artist:${a}`, kind: 'artist', title: `Artist ${a}`, genres },
      album(`old:${a}`, 400),
      ...(a < 24 ? [album(`new:${a}`, a)] : []),
      { id: `track:${a}`, kind: 'track', title: `Track ${a}`, creators, genres, parentId: `old:${a}` },
    ];
  }).flat(),
  {
    id: 'single:0',
    kind: 'track',
    title: 'Single',
    creators: [{ id: 'artist:0', name: 'Artist 0' }],
    releasedAt: released(3),
  },
  {
    id: 'new-explicit',
    kind: 'album',
    title: 'Loud words',
    creators: [{ id: 'artist:0', name: 'Artist 0' }],
    explicit: true,
  },
  {
    id: 'only-in-de',
    kind: 'album',
    title: 'Nur hier',
    creators: [{ id: 'artist:1', name: 'Artist 1' }],
    markets: ['DE'],
  },
  ...Array.from({ length: SHOWS }, (_, s): Item[] => [
    { id: `show:${s}`, kind: 'show', title: `Show ${s}` },
    ...[2, 10, 60].map(
      (age): Item => ({
        id: `episode:${s}:${age}`,
        kind: 'episode',
        title: `Episode of ${age} days ago`,
        parentId: `show:${s}`,
        releasedAt: released(age),
        durationMs: EPISODE_MS,
      }),
    ),
  ]).flat(),
];
export const catalog = readCatalog(buildCatalog(items, names));
const byNumber = new Map(items.map((item) => [number(item.id), item]));

const texts: ItemTexts = {
  id: (item) => names.items.name(item),
  title: (item) => byNumber.get(item)?.title ?? '',
  genre: (item) => byNumber.get(item)?.genres?.[0] ?? '',
  releasedAtMs: (item) => Date.parse(byNumber.get(item)?.releasedAt ?? ''),
  show: () => '',
  card(item) {
    const { kind = 'track', explicit = false, durationMs = 0 } = byNumber.get(item) ?? {};
    return cardTexts(
      { kind, isExplicit: explicit, releasedAtMs: texts.releasedAtMs(item), durationMs },
      cardOpening(names.items.name(item), 'album', 't', ''),
      's',
    );
  },
};

/** 90 listeners, each of one taste: ten artists of it with their albums and tracks, six shows. */
function interactions() {
  const rng = createRng(11);
  const starts = [0];
  const pairs: number[] = [];
  for (let l = 0; l < 90; l++) {
    const row = new Set<number>();
    const one = (count: number): number => TASTES * rng.below(count / TASTES) + (l % TASTES);
    for (let i = 0; i < 10; i++) {
      const a = one(ARTISTS);
      for (const id of [`artist:${a}`, `old:${a}`, `track:${a}`]) row.add(number(id));
    }
    for (let i = 0; i < 6; i++) row.add(number(`show:${one(SHOWS)}`));
    pairs.push(...[...row].sort((a, b) => a - b));
    starts.push(pairs.length);
  }
  return {
    listenerStart: Uint32Array.from(starts),
    items: Uint32Array.from(pairs),
    counts: new Float32Array(pairs.length).fill(3),
  };
}

function counted() {
  const counters = createCounters();
  const midnight = Math.floor(NOW / DAY_MS) * DAY_MS - DAY_MS;
  const market = names.markets.number('SE');
  // Mornings are calm, evenings loud; what is odd is played at night, by few.
  const hours = [7, 20, 2];
  for (let a = 0; a < ARTISTS; a++) {
    const plays = a % TASTES === 2 ? 4 : 9;
    for (let n = 0; n < plays; n++) {
      for (const id of [`artist:${a}`, `old:${a}`, `track:${a}`])
        counters.add(number(id), market, midnight + hours[a % TASTES] * HOUR_MS);
    }
  }
  for (let s = 0; s < SHOWS; s++)
    for (let n = 0; n < 5; n++) counters.add(number(`show:${s}`), market, midnight + 12 * HOUR_MS);
  return readCounters(counters.epoch(NOW, catalog, names.genres.size));
}

const matrix = interactions();
const embedding = readEmbedding(
  fitEmbedding(matrix, { itemCount: catalog.size, rng: createRng(5), dimension: 8, neighbourCount: 40 }),
);
export const tunables = resolveTunables();
export const epochs: ServingEpochs = {
  catalog,
  children: indexChildren(catalog),
  counters: counted(),
  embedding,
  nearest: createNearest(embedding),
  cohorts: readCohorts(fitCohorts(matrix, embedding, { rng: createRng(6), most: TASTES })),
  campaigns: { hash: '', list: [] },
  model: undefined,
  changed: new Map(),
  tunables,
  tunablesHash: '',
};

/** Folds one event into the state. */
export function tell(state: ListenerState, given: Partial<FeedbackEvent> & { daysAgo?: number; from?: string }): void {
  const { daysAgo = 1, from = '', ...event } = given;
  foldEvent(
    state,
    eventOf({ occurredAtMs: NOW - daysAgo * DAY_MS, receivedAtMs: NOW, containerId: from, ...event }),
    event.itemId === undefined ? -1 : number(event.itemId),
    from === '' ? -1 : number(from),
  );
}

/** Plays so much of an episode, in minutes. */
export const listen = (state: ListenerState, itemId: string, minutes: number, daysAgo: number): void =>
  tell(state, { itemId, playedMs: minutes * 60_000, durationMs: EPISODE_MS, daysAgo });

/** Somebody of the first taste, who plays tracks of the artists 0, 3, 6 … 27 from their old albums. */
export function calmListener(): ListenerState {
  const state = emptyState();
  for (let a = 0; a < 30; a += TASTES) {
    for (let n = 0; n < 4; n++) tell(state, { itemId: `track:${a}`, from: `old:${a}`, daysAgo: 1 + n });
  }
  return state;
}

/** Campaigns as serving reads them, the first in place first. */
export function campaignsOf(...list: (Partial<Campaign> & { id: string })[]): ServingEpochs['campaigns'] {
  const full = list.map(
    (one): Campaign => ({
      title: { en: `The ${one.id}`, de: `Der ${one.id}` },
      items: ['old:40', 'old:41', 'old:42', 'old:43'],
      startsAt: released(1),
      endsAt: released(-1),
      ...one,
    }),
  );
  return { hash: full.map(({ id }) => id).join(' '), list: full.map((one) => serveCampaign(one, names.items.number)) };
}

export interface Served {
  readonly page: Page;
  readonly record: DecisionRecord;
  readonly view: ListenerView;
}

let draws = 0;
export async function serve(state: ListenerState, changes: Partial<HomeInput> = {}): Promise<Served> {
  const written: { record: DecisionRecord; view: ListenerView }[] = [];
  const home = createHome({
    clock: manualClock(NOW),
    encoder: createEncoder(homeFeatures),
    vocabularies: names,
    texts,
    record: (record, view) => written.push({ record, view }),
    onTrouble: (what, error) => {
      throw new Error(`${what}: ${error}`);
    },
  });
  const bytes = new Uint8Array(16).fill(++draws);
  const { page } = await home.decide({
    decisionId: decisionIdOf(NOW, bytes),
    seed: seedFromBytes(bytes),
    listenerKey: 'key',
    profile: resolveProfile({ market: 'SE', tier: 'premium', language: 'en' }),
    readState: () => state,
    emptyState,
    tasteMemory: { tasteVersion: 0, kept: undefined },
    atMs: NOW,
    device: 'desktop',
    market: 'SE',
    tier: 'premium',
    sessionId: '',
    policyId: 'plackett-luce',
    filter: '',
    marks: [],
    isRecorded: true,
    rowLimit: undefined,
    tunables,
    epochs,
    carried: [],
    keptRanks: new Map(),
    explain: true,
    kernelsHash: '',
    ...changes,
  });
  return { page: JSON.parse(Buffer.from(page).toString()) as Page, ...written[0] };
}

/** What a shelf had to offer after the filters: ids, ascending by number or in their defined order; undefined where it was not eligible. */
export function offered({ record }: Served, shelfId: string, seed?: string): string[] | undefined {
  const seedItem = seed === undefined ? undefined : number(seed);
  const shelf = record.shelves.find(
    (one) => one.shelfId === shelfId && (seedItem === undefined || one.seedItem === seedItem),
  );
  return shelf === undefined ? undefined : Array.from(shelf.items, (item) => names.items.name(item));
}

/** Items that the eligible shelves of a declaration are about. */
export function seedsOf({ record }: Served, shelfId: string): string[] {
  return record.shelves
    .filter((shelf) => shelf.shelfId === shelfId && shelf.seedItem !== NO_ITEM)
    .map(({ seedItem }) => names.items.name(seedItem));
}
