/** What the demo world is about: its genres, podcast topics and markets. Invented numbers, plausible shapes. */
import { DAY_PARTS } from '../domain/index.ts';

/** How the artists of a genre call themselves. */
export type NameStyle = 'band' | 'person' | 'alias' | 'rap' | 'ensemble' | 'children';

export interface Genre {
  readonly name: string;
  /** Share of artists and, roughly, of listening; need not sum to 1. */
  readonly weight: number;
  /** Colours of covers: two hues in degrees. */
  readonly hues: readonly [number, number];
  readonly styles: readonly NameStyle[];
  /** Factor on the wish to hear it by day part: night, morning, midday, afternoon, evening. */
  readonly dayParts: readonly number[];
  readonly explicitShare: number;
  readonly meanSeconds: number;
  /** Genres that artists of this one mix in. */
  readonly near: readonly number[];
  /** Market where it is most at home, or empty. */
  readonly home: string;
}

const EVEN = DAY_PARTS.map(() => 1);
const QUIET = [1.7, 1.3, 1, 0.8, 1];
const WORK = [0.7, 1.1, 1.5, 1.4, 0.7];
const NIGHT = [1.8, 0.5, 0.6, 0.9, 1.6];
const EVENING = [1.1, 0.8, 0.8, 1, 1.4];
const ENERGY = [0.6, 1.3, 0.9, 1.4, 1.1];

function genre(
  name: string,
  weight: number,
  hues: readonly [number, number],
  styles: readonly NameStyle[],
  dayParts: readonly number[],
  explicitShare: number,
  meanSeconds: number,
  near: readonly number[],
  home = '',
): Genre {
  return { name, weight, hues, styles, dayParts, explicitShare, meanSeconds, near, home };
}

/** Music genres: topics 0 to 23. */
export const GENRES: readonly Genre[] = [
  genre('indie pop', 1.3, [340, 20], ['band', 'person'], EVEN, 0.05, 212, [1, 17, 4]),
  genre('dream pop', 0.7, [280, 200], ['band', 'alias'], QUIET, 0.03, 248, [0, 14, 5]),
  genre('singer-songwriter', 1.2, [30, 160], ['person'], QUIET, 0.05, 221, [3, 0, 22]),
  genre('indie folk', 0.9, [95, 35], ['band', 'person'], QUIET, 0.02, 230, [2, 0, 22]),
  genre('alternative rock', 1.2, [210, 350], ['band'], EVEN, 0.12, 236, [5, 7, 6]),
  genre('post-punk', 0.6, [230, 0], ['band'], EVENING, 0.08, 219, [4, 7, 17]),
  genre('metal', 0.8, [355, 260], ['band'], ENERGY, 0.18, 287, [4, 7]),
  genre('punk rock', 0.6, [5, 60], ['band'], ENERGY, 0.25, 158, [4, 5]),
  genre('hip hop', 1.5, [45, 270], ['rap', 'alias'], EVENING, 0.55, 201, [9, 10]),
  genre('trap', 0.9, [290, 330], ['rap'], NIGHT, 0.7, 172, [8, 10]),
  genre('r&b', 1.1, [320, 250], ['person', 'alias'], EVENING, 0.3, 208, [11, 8]),
  genre('soul', 0.8, [25, 350], ['person', 'band'], EVENING, 0.06, 224, [10, 12]),
  genre('jazz', 0.7, [40, 220], ['ensemble', 'person'], QUIET, 0, 318, [11, 13]),
  genre('classical', 0.7, [45, 190], ['ensemble', 'person'], WORK, 0, 342, [14, 12]),
  genre('ambient', 0.6, [185, 240], ['alias'], WORK, 0, 301, [13, 1, 15]),
  genre('techno', 0.8, [255, 175], ['alias'], NIGHT, 0.02, 372, [16, 14], 'DE'),
  genre('house', 1.0, [190, 310], ['alias', 'person'], NIGHT, 0.04, 296, [15, 17]),
  genre('synthpop', 1.0, [300, 185], ['alias', 'band'], EVEN, 0.04, 214, [0, 16], 'SE'),
  genre('latin pop', 1.0, [15, 330], ['person'], ENERGY, 0.15, 198, [19, 21]),
  genre('samba', 0.7, [130, 50], ['person', 'ensemble'], EVENING, 0.02, 206, [18, 12], 'BR'),
  genre('reggae', 0.5, [120, 55], ['band', 'person'], EVEN, 0.08, 234, [21, 11]),
  genre('afrobeats', 0.8, [35, 145], ['person', 'alias'], ENERGY, 0.15, 195, [20, 8], 'GB'),
  genre('country', 0.9, [30, 205], ['person', 'band'], EVEN, 0.04, 209, [3, 2], 'US'),
  genre("children's music", 0.5, [50, 195], ['children'], [0.3, 1.6, 1, 1.4, 0.9], 0, 141, []),
];

export interface Topic {
  readonly name: string;
  readonly weight: number;
  readonly hues: readonly [number, number];
  readonly dayParts: readonly number[];
  readonly meanMinutes: number;
  /** Days from one episode to the next, of which each show picks one. */
  readonly cadencesDays: readonly number[];
}

const COMMUTE = [0.6, 1.8, 0.9, 1.3, 0.8];
const WINDING_DOWN = [1.6, 0.7, 0.8, 0.9, 1.5];

/** Podcast topics: numbers 24 to 35. */
export const TOPICS: readonly Topic[] = [
  { name: 'true crime', weight: 1.4, hues: [350, 230], dayParts: WINDING_DOWN, meanMinutes: 52, cadencesDays: [7, 14] },
  { name: 'comedy', weight: 1.3, hues: [48, 330], dayParts: EVEN, meanMinutes: 61, cadencesDays: [7, 7, 4] },
  {
    name: 'news',
    weight: 1.2,
    hues: [205, 0],
    dayParts: [0.3, 2.6, 1.1, 0.9, 0.6],
    meanMinutes: 21,
    cadencesDays: [1, 1, 2],
  },
  { name: 'history', weight: 0.9, hues: [28, 160], dayParts: WINDING_DOWN, meanMinutes: 47, cadencesDays: [7, 14, 30] },
  { name: 'science', weight: 0.8, hues: [170, 250], dayParts: COMMUTE, meanMinutes: 38, cadencesDays: [7, 14] },
  { name: 'technology', weight: 0.8, hues: [220, 285], dayParts: COMMUTE, meanMinutes: 44, cadencesDays: [7, 4] },
  { name: 'sports', weight: 1.0, hues: [130, 210], dayParts: COMMUTE, meanMinutes: 49, cadencesDays: [3, 7] },
  { name: 'business', weight: 0.8, hues: [200, 40], dayParts: COMMUTE, meanMinutes: 36, cadencesDays: [7, 3] },
  { name: 'culture', weight: 0.8, hues: [315, 25], dayParts: EVEN, meanMinutes: 42, cadencesDays: [7, 14] },
  { name: 'wellbeing', weight: 0.8, hues: [150, 90], dayParts: WINDING_DOWN, meanMinutes: 29, cadencesDays: [7, 4] },
  { name: 'music talk', weight: 0.6, hues: [270, 20], dayParts: EVEN, meanMinutes: 55, cadencesDays: [14, 7] },
  {
    name: "children's stories",
    weight: 0.6,
    hues: [190, 55],
    dayParts: [0.4, 1, 0.7, 0.9, 2],
    meanMinutes: 14,
    cadencesDays: [4, 7],
  },
];

export const GENRE_COUNT = GENRES.length;
export const TOPIC_COUNT = GENRES.length + TOPICS.length;
export const CHILDRENS_MUSIC = GENRES.findIndex((g) => g.name === "children's music");
export const CHILDRENS_STORIES = GENRES.length + TOPICS.findIndex((t) => t.name === "children's stories");

export type Language = 'en' | 'sv' | 'de' | 'pt' | 'es';

export interface Market {
  readonly code: string;
  readonly language: Language;
  /** Of listeners, relative to the other markets. */
  readonly share: number;
  /** Local time minus UTC. */
  readonly offsetHours: number;
  /** Language of its artists and shows: its own, else English. */
  readonly ownLanguageShare: number;
}

export const MARKETS: readonly Market[] = [
  { code: 'SE', language: 'sv', share: 0.22, offsetHours: 1, ownLanguageShare: 0.45 },
  { code: 'DE', language: 'de', share: 0.2, offsetHours: 1, ownLanguageShare: 0.5 },
  { code: 'US', language: 'en', share: 0.28, offsetHours: -6, ownLanguageShare: 1 },
  { code: 'BR', language: 'pt', share: 0.14, offsetHours: -3, ownLanguageShare: 0.8 },
  { code: 'GB', language: 'en', share: 0.16, offsetHours: 0, ownLanguageShare: 1 },
  { code: 'ES', language: 'es', share: 0.14, offsetHours: 1, ownLanguageShare: 0.7 },
];

export const LANGUAGES: readonly Language[] = ['en', 'sv', 'de', 'pt', 'es'];
