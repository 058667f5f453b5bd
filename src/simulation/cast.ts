/**
 * The cast: listeners of the demo world who are there to be looked at, each of a kind that Home treats in a way of its own.
 * They come before everybody else and are the same however many follow. `docs/demo.md` says what to see with whom.
 */
import type { ListenerProfile } from '../domain/index.ts';

export interface CastMember {
  readonly id: string;
  /** What they are there for, in a sentence without a full stop. */
  readonly shows: string;
  readonly profile: ListenerProfile;
  /** Code of the market that they live in, also where the profile does not say it. */
  readonly home: string;
  /** 0 for those who have never listened. */
  readonly sessionsADay: number;
  readonly playsASession: number;
  /** Share of sessions that are podcasts: 0 none, 1 all. */
  readonly podcastShare: number;
  /** 0 explorer … 1 loyal. */
  readonly loyalty: number;
  /** Shows followed from the first session on. */
  readonly follows: number;
  /** Share of the history after which they were not heard of again. @default 1 */
  readonly untilShare?: number;
  /** Artists picked at sign-up. @default 0 */
  readonly picks?: number;
  /** Episodes of followed shows begun and laid aside in the last hours. @default 0 */
  readonly begins?: number;
  /** Artists followed in the last days of whom something came out in the last weeks. @default 0 */
  readonly followsReleases?: number;
}

/** Who listens to music now and then. */
const LISTENS = { sessionsADay: 1.6, playsASession: 5.5, podcastShare: 0, loyalty: 0.6, follows: 0 } as const;
const NEVER = { sessionsADay: 0, playsASession: 0, podcastShare: 0, loyalty: 0.5, follows: 0 } as const;

export const CAST: readonly CastMember[] = [
  {
    ...LISTENS,
    id: 'demo-heavy',
    shows: 'Listens several times a day, to music and podcasts: a page of every kind of shelf',
    profile: { tier: 'premium', market: 'GB', language: 'en', ageBand: '25-34' },
    home: 'GB',
    sessionsADay: 3.4,
    playsASession: 7,
    podcastShare: 0.2,
    follows: 4,
    begins: 1,
    followsReleases: 3,
  },
  {
    ...LISTENS,
    id: 'demo-light',
    shows: 'Listens twice a week, in Swedish: little to go by',
    profile: { tier: 'free', market: 'SE', language: 'sv', ageBand: '45-54' },
    home: 'SE',
    sessionsADay: 0.3,
    playsASession: 3.5,
  },
  {
    ...LISTENS,
    id: 'demo-podcasts',
    shows: 'Podcasts only, in German: followed shows, new and unfinished episodes, no music',
    profile: { tier: 'premium', market: 'DE', language: 'de', ageBand: '35-44' },
    home: 'DE',
    sessionsADay: 1.8,
    playsASession: 1.4,
    podcastShare: 1,
    follows: 7,
    begins: 3,
  },
  {
    ...NEVER,
    id: 'demo-new',
    shows: 'Signed up and did nothing yet: what is popular in the market',
    profile: { tier: 'free', market: 'US', language: 'en', ageBand: '18-24' },
    home: 'US',
  },
  {
    ...NEVER,
    id: 'demo-picks',
    shows: 'Signed up, in Spanish, and picked five artists: a taste before the first play',
    profile: { tier: 'free', market: 'ES', language: 'es', ageBand: '18-24' },
    home: 'ES',
    picks: 5,
  },
  {
    ...LISTENS,
    id: 'demo-kid',
    shows: "A child, in Swedish: children's music and stories, nothing explicit",
    profile: { tier: 'family', market: 'SE', language: 'sv', ageBand: 'kid' },
    home: 'SE',
    podcastShare: 0.4,
    follows: 3,
    begins: 1,
  },
  {
    ...LISTENS,
    id: 'demo-free',
    shows: 'On the free tier: nothing that is for premium only',
    profile: { tier: 'free', market: 'US', language: 'en-US', ageBand: '25-34' },
    home: 'US',
    sessionsADay: 1.4,
  },
  {
    ...LISTENS,
    id: 'demo-german',
    shows: 'Music only, in the German of Switzerland: a language with a region',
    profile: { tier: 'premium', market: 'DE', language: 'de-CH', ageBand: '35-44' },
    home: 'DE',
    sessionsADay: 2.2,
    followsReleases: 2,
  },
  {
    ...LISTENS,
    id: 'demo-spanish',
    shows: 'Music and podcasts, in Spanish',
    profile: { tier: 'premium', market: 'ES', language: 'es', ageBand: '25-34' },
    home: 'ES',
    podcastShare: 0.3,
    follows: 3,
    begins: 2,
  },
  {
    ...LISTENS,
    id: 'demo-follower',
    shows: 'Follows artists and shows, several of which brought something out in the last weeks',
    profile: { tier: 'premium', market: 'GB', language: 'en-GB', ageBand: '18-24' },
    home: 'GB',
    podcastShare: 0.25,
    follows: 6,
    followsReleases: 6,
  },
  {
    ...LISTENS,
    id: 'demo-unfinished',
    shows: 'Begins episodes and lays them aside, in Swedish: progress, and how much is left',
    profile: { tier: 'premium', market: 'SE', language: 'sv-SE', ageBand: '35-44' },
    home: 'SE',
    podcastShare: 0.5,
    follows: 6,
    begins: 4,
  },
  {
    ...LISTENS,
    id: 'demo-lapsed',
    shows: 'Listened a lot and stopped five weeks ago, in German: what there is to jump back into',
    profile: { tier: 'premium', market: 'DE', language: 'de', ageBand: '55+' },
    home: 'DE',
    sessionsADay: 2.6,
    playsASession: 6.5,
    untilShare: 0.4,
  },
  {
    ...LISTENS,
    id: 'demo-explorer',
    shows: 'Tries much and stays with little: many genres, few favourites',
    profile: { tier: 'premium', market: 'US', language: 'en', ageBand: '18-24' },
    home: 'US',
    sessionsADay: 2.4,
    loyalty: 0,
  },
  {
    ...LISTENS,
    id: 'demo-nowhere',
    shows: 'Of whom the app told no market and no language: English, and what is popular everywhere',
    profile: { tier: 'premium' },
    home: 'GB',
    sessionsADay: 1.2,
  },
  {
    ...LISTENS,
    id: 'demo-brazil',
    shows: 'Speaks Portuguese, which Home does not speak yet: English',
    profile: { tier: 'premium', market: 'BR', language: 'pt-BR', ageBand: '25-34' },
    home: 'BR',
    podcastShare: 0.2,
    follows: 2,
  },
];
