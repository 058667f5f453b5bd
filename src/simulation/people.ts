/**
 * The listeners of the demo world and what they are like. This is the truth that the rest of the house never sees:
 * only profiles and events leave the room.
 *
 * Wish of listener l for an artist a, at share s of their drift (0 at the first day, 1 at the last):
 *   affinity = ln(0.01 + match) + 0.55 · (u_l · style_a) / √6 + language
 *   match = g · T(first genre) + (1 − g) · T(second genre),  T = (1 − s) · T_from + s · T_to
 * where T are shares over topics, u_l is the listener's style, g the artist's share of its first genre and `language`
 * 0.35 for artists in the listener's own language.
 */
import { createRng, DAY_MS, type Rng } from '../base/index.ts';
import { DAY_PARTS, DEVICES, type Device, type ListenerProfile, surfaceOf } from '../domain/index.ts';
import { CAST, type CastMember } from './cast.ts';
import { drawMember, EVERYWHERE, limitedMarkets, STYLE_WIDTH, type WorldCatalogue } from './catalogue.ts';
import { pickWeighted } from './names.ts';
import {
  CHILDRENS_MUSIC,
  CHILDRENS_STORIES,
  GENRE_COUNT,
  GENRES,
  LANGUAGES,
  MARKETS,
  TOPIC_COUNT,
  TOPICS,
} from './taxonomy.ts';

/** Artists that a listener knows of and goes back to. */
export const POOL = 72;
/** Shows that a listener may follow. */
export const MAX_FOLLOWED = 8;
const NO_SHOW = 0xffff_ffff;
const UNTOLD = 255;

export const SEGMENTS = ['heavy', 'regular', 'light', 'podcasts', 'new'] as const;
export type Segment = (typeof SEGMENTS)[number];
/** Share of listeners, sessions a day, plays a session. */
const SEGMENT_TRAITS: Readonly<Record<Segment, { share: number; sessionsADay: number; playsASession: number }>> = {
  heavy: { share: 0.13, sessionsADay: 2.8, playsASession: 6.5 },
  regular: { share: 0.45, sessionsADay: 1.3, playsASession: 5.4 },
  light: { share: 0.29, sessionsADay: 0.3, playsASession: 3.5 },
  podcasts: { share: 0.08, sessionsADay: 1.3, playsASession: 1.4 },
  new: { share: 0.05, sessionsADay: 0, playsASession: 0 },
};

/** What listeners are like, in columns. */
export interface Traits {
  readonly segment: Uint8Array;
  /** Where they live: index into MARKETS. */
  readonly market: Uint8Array;
  /** Where they have rights: the same, or UNTOLD where the profile does not say it. */
  readonly rights: Uint8Array;
  readonly language: Uint8Array;
  readonly premium: Uint8Array;
  readonly explicitAllowed: Uint8Array;
  /** Sessions a day, plays a session. */
  readonly sessionsADay: Float32Array;
  readonly playsASession: Float32Array;
  /** First day with events, 0 for most; and the day from which on there are none. */
  readonly firstDay: Uint16Array;
  readonly endDay: Uint16Array;
  /** Shares over topics (music sums to 1, podcasts sum to 1) at the first and the last day. */
  readonly tasteFrom: Float32Array;
  readonly tasteTo: Float32Array;
  readonly style: Float32Array;
  /** 0 explorer … 1 loyal. */
  readonly loyalty: Float32Array;
  /** Share of sessions that are podcasts. */
  readonly podcastShare: Float32Array;
  /** Shares of sessions over DAY_PARTS, and the device used in each. */
  readonly dayParts: Float32Array;
  readonly devices: Uint8Array;
  /** Artists known: `pool[l * POOL ..]`; and running sums of the wish for them at the first and the last day. */
  readonly pool: Uint32Array;
  readonly poolFrom: Float32Array;
  readonly poolTo: Float32Array;
  /** Shows followed, NO_SHOW where fewer. */
  readonly followed: Uint32Array;
}

export interface People extends Traits {
  readonly count: number;
  readonly ids: readonly string[];
  readonly profiles: readonly ListenerProfile[];
  /** The cast, or as much of it as was asked for: listeners 0 to `cast.length - 1`. */
  readonly cast: readonly CastMember[];
}

/** The stream of chance of listener l, as a label for `fork`: the others draw what they would without a cast. */
export function streamOf(l: number): number {
  return l < CAST.length ? CAST_STREAMS + l : l - CAST.length;
}
const CAST_STREAMS = 0x4000_0000;

export function createPeople(seed: number, count: number, days: number, catalogue: WorldCatalogue): People {
  const people = allocate(count);
  const ids: string[] = [];
  const profiles: ListenerProfile[] = [];
  const root = createRng(seed * 1024 + 2);
  const width = Math.max(4, String(count).length);
  for (let l = 0; l < count; l++) {
    // A stream of one's own: more listeners leave the first ones as they are.
    const rng = root.fork(streamOf(l));
    const member = l < CAST.length ? CAST[l] : undefined;
    ids.push(member?.id ?? `listener-${String(l - CAST.length + 1).padStart(width, '0')}`);
    const drawn = drawProfile(rng, people, l);
    profiles.push(member?.profile ?? drawn);
    drawHabits(rng, people, l, days);
    if (member !== undefined) takeRole(member, people, l, days);
    drawTaste(rng, people, l, profiles[l].ageBand === 'kid');
    drawPool(rng, people, l, catalogue);
    drawFollowed(rng, people, l, catalogue, member?.follows);
    const picks = drawPicks(rng, people, l, member?.picks ?? (member === undefined ? undefined : 0));
    if (picks.length > 0) profiles[l] = { ...profiles[l], onboardingPicks: picks };
  }
  return { ...people, count, ids, profiles, cast: CAST.slice(0, count) };
}

/** Puts what the role says in the place of what was drawn. */
function takeRole(member: CastMember, people: Traits, l: number, days: number): void {
  const { profile, home, untilShare } = member;
  const market = MARKETS.findIndex(({ code }) => code === home);
  people.market[l] = market;
  people.rights[l] = profile.market === undefined ? UNTOLD : market;
  const spoken = LANGUAGES.findIndex((language) => profile.language?.startsWith(language));
  people.language[l] = spoken < 0 ? LANGUAGES.indexOf(MARKETS[market].language) : spoken;
  people.premium[l] = profile.tier === 'premium' ? 1 : 0;
  people.explicitAllowed[l] = profile.ageBand === 'kid' ? 0 : 1;
  people.segment[l] = SEGMENTS.indexOf(
    member.sessionsADay === 0 ? 'new' : member.podcastShare === 1 ? 'podcasts' : 'regular',
  );
  people.sessionsADay[l] = member.sessionsADay;
  people.playsASession[l] = member.playsASession;
  people.podcastShare[l] = member.podcastShare;
  people.loyalty[l] = member.loyalty;
  people.firstDay[l] = 0;
  people.endDay[l] = untilShare === undefined ? days : Math.round(untilShare * days);
}

function allocate(count: number): Traits {
  return {
    segment: new Uint8Array(count),
    market: new Uint8Array(count),
    rights: new Uint8Array(count),
    language: new Uint8Array(count),
    premium: new Uint8Array(count),
    explicitAllowed: new Uint8Array(count),
    sessionsADay: new Float32Array(count),
    playsASession: new Float32Array(count),
    firstDay: new Uint16Array(count),
    endDay: new Uint16Array(count).fill(0xffff),
    tasteFrom: new Float32Array(count * TOPIC_COUNT),
    tasteTo: new Float32Array(count * TOPIC_COUNT),
    style: new Float32Array(count * STYLE_WIDTH),
    loyalty: new Float32Array(count),
    podcastShare: new Float32Array(count),
    dayParts: new Float32Array(count * DAY_PARTS.length),
    devices: new Uint8Array(count * DAY_PARTS.length),
    pool: new Uint32Array(count * POOL),
    poolFrom: new Float32Array(count * POOL),
    poolTo: new Float32Array(count * POOL),
    followed: new Uint32Array(count * MAX_FOLLOWED).fill(NO_SHOW),
  };
}

const AGES = ['kid', '13-17', '18-24', '25-34', '35-44', '45-54', '55+', 'unknown'] as const;
const AGE_SHARES = [0.04, 0.1, 0.24, 0.26, 0.16, 0.1, 0.06, 0.04];
const TIERS = ['premium', 'free', 'family', 'student'] as const;
const TIER_SHARES = [0.55, 0.33, 0.07, 0.05];

function drawProfile(rng: Rng, people: Traits, l: number): ListenerProfile {
  const market = pickWeighted(
    rng,
    MARKETS.map((m) => m.share),
  );
  const home = MARKETS[market];
  const language = rng.uniform() < 0.88 ? home.language : 'en';
  const ageBand = AGES[pickWeighted(rng, AGE_SHARES)];
  const tier = ageBand === 'kid' ? 'family' : TIERS[pickWeighted(rng, TIER_SHARES)];
  const explicitAllowed = ageBand !== 'kid' && (ageBand !== '13-17' || rng.uniform() < 0.5) && rng.uniform() < 0.94;
  people.market[l] = market;
  people.rights[l] = market;
  people.language[l] = LANGUAGES.indexOf(language);
  people.premium[l] = tier === 'premium' ? 1 : 0;
  people.explicitAllowed[l] = explicitAllowed ? 1 : 0;
  return {
    tier,
    market: home.code,
    language,
    ...(ageBand === 'unknown' ? {} : { ageBand }),
    explicitAllowed,
  };
}

/** Sessions by day part for kinds of lives: night, morning, midday, afternoon, evening. */
const RHYTHMS = [
  { share: 0.32, parts: [0.04, 0.33, 0.1, 0.28, 0.25] }, // commuter
  { share: 0.22, parts: [0.03, 0.12, 0.36, 0.36, 0.13] }, // office
  { share: 0.26, parts: [0.1, 0.07, 0.1, 0.18, 0.55] }, // evenings
  { share: 0.12, parts: [0.45, 0.04, 0.08, 0.13, 0.3] }, // night owl
  { share: 0.08, parts: [0.02, 0.3, 0.28, 0.22, 0.18] }, // at home
] as const;
const DEVICES_BY_PART: readonly (readonly Device[])[] = [
  ['phone', 'phone', 'desktop', 'speaker', 'tv'],
  ['phone', 'phone', 'car', 'speaker', 'phone'],
  ['desktop', 'web', 'phone', 'desktop', 'tablet'],
  ['desktop', 'phone', 'car', 'web', 'phone'],
  ['phone', 'tv', 'speaker', 'tablet', 'phone'],
];

function drawHabits(rng: Rng, people: Traits, l: number, days: number): void {
  const segment =
    SEGMENTS[
      pickWeighted(
        rng,
        SEGMENTS.map((s) => SEGMENT_TRAITS[s].share),
      )
    ];
  const traits = SEGMENT_TRAITS[segment];
  people.segment[l] = SEGMENTS.indexOf(segment);
  people.sessionsADay[l] = traits.sessionsADay * Math.exp(0.35 * rng.normal() - 0.06);
  people.playsASession[l] = traits.playsASession * Math.exp(0.25 * rng.normal() - 0.03);
  people.firstDay[l] = rng.uniform() < 0.2 ? rng.below(days) : 0;
  people.loyalty[l] = Math.min(1, Math.max(0, 0.55 + 0.28 * rng.normal()));
  people.podcastShare[l] = segment === 'podcasts' ? 1 : rng.uniform() < 0.45 ? 0.05 + 0.4 * rng.uniform() : 0;
  const rhythm =
    RHYTHMS[
      pickWeighted(
        rng,
        RHYTHMS.map((r) => r.share),
      )
    ];
  let sum = 0;
  for (let d = 0; d < DAY_PARTS.length; d++) {
    const share = rhythm.parts[d] * Math.exp(0.3 * rng.normal());
    people.dayParts[l * DAY_PARTS.length + d] = share;
    sum += share;
    const options = DEVICES_BY_PART[d];
    people.devices[l * DAY_PARTS.length + d] = DEVICES.indexOf(options[rng.below(options.length)]);
  }
  for (let d = 0; d < DAY_PARTS.length; d++) people.dayParts[l * DAY_PARTS.length + d] /= sum;
}

/** Two to four genres make most of a taste; it drifts towards another mixture by up to 60%. */
function drawTaste(rng: Rng, people: Traits, l: number, kid: boolean): void {
  const at = l * TOPIC_COUNT;
  const market = MARKETS[people.market[l]];
  const weights = GENRES.map((g, i) => (i === CHILDRENS_MUSIC ? 0.12 : g.weight * (g.home === market.code ? 3 : 1)));
  const from = mixture(rng, weights, 2 + rng.below(3));
  const goal = mixture(rng, weights, 2);
  const drift = 0.6 * rng.uniform();
  const topicWeights = TOPICS.map((t, i) => (GENRE_COUNT + i === CHILDRENS_STORIES ? 0.1 : t.weight));
  const topics = mixture(rng, topicWeights, 2 + rng.below(2));
  for (let g = 0; g < GENRE_COUNT; g++) {
    people.tasteFrom[at + g] = from[g];
    people.tasteTo[at + g] = (1 - drift) * from[g] + drift * goal[g];
  }
  for (let t = 0; t < TOPICS.length; t++) {
    people.tasteFrom[at + GENRE_COUNT + t] = topics[t];
    people.tasteTo[at + GENRE_COUNT + t] = topics[t];
  }
  if (kid) {
    for (const taste of [people.tasteFrom, people.tasteTo]) {
      // Music is for everybody, podcasts are for grown people unless they say otherwise.
      for (let t = 0; t < TOPIC_COUNT; t++) taste[at + t] *= t < GENRE_COUNT ? 0.3 : 0;
      taste[at + CHILDRENS_MUSIC] += 0.7;
      taste[at + CHILDRENS_STORIES] = 1;
    }
  }
  for (let i = 0; i < STYLE_WIDTH; i++) people.style[l * STYLE_WIDTH + i] = rng.normal();
}

function mixture(rng: Rng, weights: readonly number[], loved: number): Float64Array {
  const shares = new Float64Array(weights.length);
  let sum = 0;
  for (let i = 0; i < shares.length; i++) {
    shares[i] = 0.012 * weights[i] * rng.exponential();
    sum += shares[i];
  }
  for (let n = 0; n < loved; n++) {
    const share = (0.35 + 0.65 * rng.uniform()) / (1 + 0.7 * n);
    shares[pickWeighted(rng, weights)] += share;
    sum += share;
  }
  for (let i = 0; i < shares.length; i++) shares[i] /= sum;
  return shares;
}

/** The wish of a listener for an artist, at share `drift` of the way; about −5 (never) to 1. See the top of the file. */
export function artistAffinity(people: Traits, catalogue: WorldCatalogue, l: number, a: number, drift: number): number {
  const { artists } = catalogue;
  const at = l * TOPIC_COUNT;
  const first = at + artists.genre[a];
  const second = at + artists.secondGenre[a];
  const share = artists.genreShare[a];
  const wish = (i: number): number => (1 - drift) * people.tasteFrom[i] + drift * people.tasteTo[i];
  const match = share * wish(first) + (1 - share) * wish(second);
  let dot = 0;
  for (let i = 0; i < STYLE_WIDTH; i++) dot += people.style[l * STYLE_WIDTH + i] * artists.style[a * STYLE_WIDTH + i];
  const own = artists.language[a] === people.language[l] && people.language[l] !== 0 ? 0.35 : 0;
  return Math.log(0.01 + match) + (0.55 * dot) / Math.sqrt(STYLE_WIDTH) + own;
}

/** The wish of a listener for a show; about −6 to 0. */
export function showAffinity(people: Traits, catalogue: WorldCatalogue, l: number, s: number): number {
  const { shows } = catalogue;
  const match = people.tasteFrom[l * TOPIC_COUNT + shows.topic[s]];
  const spoken = shows.language[s];
  const understood = spoken === people.language[l] ? 0 : spoken === 0 ? -1 : -3;
  return Math.log(0.01 + match) + understood;
}

/** May the listener play this track (rights, tier, explicit content), and is it out? */
export function mayPlay(people: Traits, catalogue: WorldCatalogue, l: number, track: number, atMs: number): boolean {
  const { albums, tracks } = catalogue;
  const album = tracks.album[track];
  if (albums.releasedMs[album] > atMs) return false;
  if (tracks.explicit[track] === 1 && people.explicitAllowed[l] === 0) return false;
  if (albums.premiumOnly[album] === 1 && people.premium[l] === 0) return false;
  const limit = albums.limit[album];
  return limit === EVERYWHERE || limitedMarkets(limit).includes(people.rights[l]);
}

function drawPool(rng: Rng, people: Traits, l: number, catalogue: WorldCatalogue): void {
  const { artists } = catalogue;
  const at = l * POOL;
  const taste = people.tasteFrom.subarray(l * TOPIC_COUNT, l * TOPIC_COUNT + GENRE_COUNT);
  const later = people.tasteTo.subarray(l * TOPIC_COUNT, l * TOPIC_COUNT + GENRE_COUNT);
  const seen = new Set<number>();
  const limit = Math.min(POOL, artists.count);
  for (let tries = 0; seen.size < limit && tries < 8 * POOL; tries++) {
    const genre = pickWeighted(rng, seen.size < 0.6 * POOL ? taste : later);
    const a = drawMember(catalogue.artistsByGenre, genre, rng);
    if (a >= 0) seen.add(a);
  }
  for (let a = 0; seen.size < limit; a++) seen.add(a);
  let i = 0;
  for (const a of seen) people.pool[at + i++] = a;
  for (; i < POOL; i++) people.pool[at + i] = people.pool[at]; // a catalogue smaller than a pool
  // Loyal listeners love few and sharply; explorers spread.
  const sharpness = 0.7 + 0.9 * people.loyalty[l];
  let from = 0;
  let to = 0;
  for (i = 0; i < POOL; i++) {
    const a = people.pool[at + i];
    const fame = 0.35 * Math.log(artists.popularity[a]);
    const whim = 0.5 * rng.normal();
    from += Math.exp(sharpness * (artistAffinity(people, catalogue, l, a, 0) + whim) + fame);
    to += Math.exp(sharpness * (artistAffinity(people, catalogue, l, a, 1) + whim) + fame);
    people.poolFrom[at + i] = from;
    people.poolTo[at + i] = to;
  }
  for (i = 0; i < POOL; i++) {
    people.poolFrom[at + i] = i === POOL - 1 ? 1 : people.poolFrom[at + i] / from;
    people.poolTo[at + i] = i === POOL - 1 ? 1 : people.poolTo[at + i] / to;
  }
}

/** @param follows how many shows; drawn where it is left out */
function drawFollowed(rng: Rng, people: Traits, l: number, catalogue: WorldCatalogue, follows?: number): void {
  if (people.podcastShare[l] === 0) return;
  const wanted = follows ?? 1 + rng.below(people.podcastShare[l] === 1 ? MAX_FOLLOWED : MAX_FOLLOWED - 3);
  const taste = people.tasteFrom.subarray(l * TOPIC_COUNT + GENRE_COUNT, (l + 1) * TOPIC_COUNT);
  const seen = new Set<number>();
  for (let tries = 0; tries < 60 && seen.size < wanted; tries++) {
    const show = drawMember(catalogue.showsByTopic, GENRE_COUNT + pickWeighted(rng, taste), rng);
    if (show < 0 || !understands(people, catalogue, l, show)) continue;
    if (catalogue.shows.explicit[show] === 1 && people.explicitAllowed[l] === 0) continue;
    seen.add(show);
  }
  let i = 0;
  for (const show of seen) people.followed[l * MAX_FOLLOWED + i++] = show;
}

/** Shows in one's own language, and sometimes in English. */
export function understands(people: Traits, catalogue: WorldCatalogue, l: number, show: number): boolean {
  const spoken = catalogue.shows.language[show];
  return spoken === people.language[l] || (spoken === 0 && (l + show) % 4 === 0);
}

export function followedShow(people: Traits, l: number, slot: number): number {
  const show = people.followed[l * MAX_FOLLOWED + slot];
  return show === NO_SHOW ? -1 : show;
}

/**
 * Some of those without a history picked artists at sign-up.
 * @param wanted how many; drawn where it is left out
 */
function drawPicks(rng: Rng, people: Traits, l: number, wanted?: number): string[] {
  const isNew = SEGMENTS[people.segment[l]] === 'new';
  if (wanted === undefined && rng.uniform() > (isNew ? 0.5 : 0.15)) return [];
  const picks = new Set<string>();
  const draws = wanted === undefined ? 3 + rng.below(5) : 20 * wanted;
  for (let n = 0; n < draws && picks.size !== wanted; n++) {
    picks.add(`artist-${String(people.pool[l * POOL + rng.below(POOL)] + 1).padStart(4, '0')}`);
  }
  return [...picks];
}

/** How far the eye travels: probability that a card at these ranks is looked at, by surface. Shelves and cards from 0. */
export function examination(device: Device, shelfRank: number, cardRank: number): number {
  const surface = surfaceOf(device);
  const perShelf = surface === 'desktop' ? 0.9 : surface === 'phone' ? 0.86 : 0.8;
  const perCard = surface === 'desktop' ? 0.93 : surface === 'phone' ? 0.82 : 0.8;
  return 0.97 * perShelf ** shelfRank * perCard ** cardRank;
}

/** Share of the way that tastes have drifted at a time. */
export function driftAt(atMs: number, endMs: number, days: number): number {
  return Math.min(1, Math.max(0, 1 - (endMs - atMs) / (days * DAY_MS)));
}
