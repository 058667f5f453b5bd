/** Invented names: composed from word lists by chance, and never given twice where that would confuse. */
import type { Rng } from '../base/index.ts';
import { GENRES, type Language, type NameStyle } from './taxonomy.ts';
import { ANIMALS, ENSEMBLES, EPISODE_TITLES, MOODS, SHOW_WORDS, SYLLABLES, WORDS } from './words.ts';

export function pick<T>(rng: Rng, list: readonly T[]): T {
  return list[rng.below(list.length)];
}

/** Index drawn with probability proportional to its weight. */
export function pickWeighted(rng: Rng, weights: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < weights.length; i++) total += weights[i];
  let left = rng.uniform() * total;
  for (let i = 0; i < weights.length - 1; i++) {
    left -= weights[i];
    if (left < 0) return i;
  }
  return weights.length - 1;
}

/** Fills a template: A adjective, N or # noun, P plural, L place, F first name; other words stay. */
function fill(rng: Rng, template: string, language: Language): string {
  const words = WORDS[language];
  const filled = template.replace(/(?<!\p{L})[ANPLF](?!\p{L})|#/gu, (symbol) => {
    switch (symbol) {
      case 'A':
        return pick(rng, words.adjectives);
      case 'P':
        return pick(rng, words.plurals);
      case 'L':
        return pick(rng, words.places);
      case 'F':
        return pick(rng, words.firstNames);
      default:
        return pick(rng, words.nouns);
    }
  });
  return filled.charAt(0).toUpperCase() + filled.slice(1);
}

export function person(rng: Rng, language: Language): string {
  return `${pick(rng, WORDS[language].firstNames)} ${pick(rng, WORDS[language].lastNames)}`;
}

/** An invented word that can be said aloud: vowels and consonants take turns where the parts meet. */
function alias(rng: Rng): string {
  let word = pick(rng, SYLLABLES.start);
  if (rng.uniform() < 0.55 && endsInVowel(word)) word += pick(rng, SYLLABLES.middle);
  const ends = endsInVowel(word) ? SYLLABLES.afterVowel : SYLLABLES.afterConsonant;
  let end = pick(rng, ends);
  while (word.length + end.length < 4) end = pick(rng, ends);
  return word + end;
}

function endsInVowel(word: string): boolean {
  return /[aeiouy]$/.test(word);
}

function artistName(rng: Rng, style: NameStyle, language: Language): string {
  const words = WORDS[language];
  const english = WORDS.en;
  const u = rng.uniform();
  switch (style) {
    case 'person':
      return u < 0.88 ? person(rng, language) : pick(rng, words.firstNames);
    case 'alias':
      if (u < 0.6) return alias(rng);
      if (u < 0.75) return `${alias(rng)} ${pick(rng, english.nouns)}`;
      return u < 0.9
        ? `${pick(rng, english.adjectives)} ${alias(rng)}`
        : `${pick(rng, words.firstNames)} ${alias(rng)}`;
    case 'rap':
      if (u < 0.25) return `${pick(rng, words.firstNames)} ${pick(rng, english.adjectives)}`;
      if (u < 0.5) return `${alias(rng)} the ${pick(rng, english.nouns)}`;
      return u < 0.75
        ? `${pick(rng, english.adjectives)} ${pick(rng, words.firstNames)}`
        : `${pick(rng, words.lastNames)} ${pick(rng, english.nouns)}`;
    case 'ensemble':
      return `${u < 0.6 ? pick(rng, words.lastNames) : pick(rng, words.places)} ${pick(rng, ENSEMBLES)}`;
    case 'children':
      return u < 0.5
        ? `${pick(rng, words.firstNames)} & the ${pick(rng, ANIMALS)}s`
        : `The ${pick(rng, english.adjectives)} ${pick(rng, ANIMALS)} Band`;
    case 'band':
      if (u < 0.2) return language === 'en' ? `The ${pick(rng, words.plurals)}` : pick(rng, words.plurals);
      if (u < 0.5) return `${pick(rng, words.adjectives)} ${pick(rng, words.plurals)}`;
      if (u < 0.75) return `${pick(rng, words.nouns)} ${pick(rng, words.nouns)}`;
      return `${pick(rng, words.places)} ${pick(rng, words.plurals)}`;
  }
}

/** Names that are given once: the second wish for a name draws again, and in the end adds a number. */
export interface Namer {
  artist(rng: Rng, genre: number, language: Language): string;
  playlist(rng: Rng, genre: number, language: Language): string;
  show(rng: Rng, topic: number, language: Language): string;
}

export function createNamer(): Namer {
  const given = new Set<string>();
  const once = (make: () => string): string => {
    let name = make();
    for (let tries = 0; tries < 12 && given.has(name); tries++) name = make();
    for (let n = 2; given.has(name); n++) name = `${name.replace(/ \d+$/, '')} ${n}`;
    given.add(name);
    return name;
  };
  return {
    artist: (rng, genre, language) => once(() => artistName(rng, pick(rng, GENRES[genre].styles), language)),
    playlist: (rng, genre, language) => once(() => playlistTitle(rng, genre, language)),
    show: (rng, topic, language) => once(() => fill(rng, pick(rng, SHOW_WORDS[language][topic]), language)),
  };
}

function playlistTitle(rng: Rng, genre: number, language: Language): string {
  const name = GENRES[genre].name;
  const shown =
    name === 'r&b'
      ? 'R&B'
      : name.replaceAll(/(^|[ -])(\p{L})/gu, (_, before: string, letter: string) => before + letter.toUpperCase());
  const u = rng.uniform();
  if (u < 0.75) return `${pick(rng, MOODS[language])} ${shown}`;
  return u < 0.9 ? `${shown} ${1970 + 10 * rng.below(6)}s` : `${pick(rng, WORDS[language].places)} ${shown}`;
}

export function songTitle(rng: Rng, language: Language): string {
  const words = WORDS[language];
  return rng.uniform() < 0.3 ? pick(rng, words.phrases) : fill(rng, pick(rng, words.titles), language);
}

const MOVEMENTS = [
  'Adagio',
  'Allegro con brio',
  'Andante',
  'Largo',
  'Presto',
  'Scherzo',
  'Lento',
  'Vivace',
  'Moderato',
];
const FORMS = ['Sonata', 'Nocturne', 'Prelude', 'Suite', 'Étude', 'Quartet', 'Partita', 'Impromptu', 'Serenade'];
const KEYS = ['C major', 'D minor', 'E-flat major', 'F-sharp minor', 'G major', 'A minor', 'B-flat major', 'E minor'];

/** The name of a work and of its parts, as classical records print them. */
export function classicalWork(rng: Rng): { work: string; movement: (n: number) => string } {
  const work = `${pick(rng, FORMS)} No. ${1 + rng.below(12)} in ${pick(rng, KEYS)}`;
  const roman = ['I', 'II', 'III', 'IV', 'V', 'VI', 'VII', 'VIII', 'IX', 'X', 'XI', 'XII', 'XIII', 'XIV'];
  const offset = rng.below(MOVEMENTS.length);
  return {
    work,
    movement: (n) => `${work}: ${roman[n % roman.length]}. ${MOVEMENTS[(n + offset) % MOVEMENTS.length]}`,
  };
}

export function episodeTitle(rng: Rng, language: Language, number: number): string {
  return `#${number} ${fill(rng, pick(rng, EPISODE_TITLES[language]), language)}`;
}
