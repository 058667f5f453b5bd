/**
 * Vocabularies give names dense numbers, once and for ever: number k is the k-th name ever seen. Binary formats, epochs
 * and typed arrays hold numbers; people see names.
 */
export interface Vocabulary {
  readonly size: number;
  /** The number of `name`, assigned now if it is new. */
  number(name: string): number;
  /** The number of `name`, or -1. */
  lookup(name: string): number;
  /** The name of a number that was assigned; throws RangeError otherwise. */
  name(number: number): string;
  /** Names with numbers in [from, size), in order: what a store has yet to persist. */
  since(from: number): readonly string[];
}

export function createVocabulary(names: Iterable<string> = []): Vocabulary {
  const list: string[] = [];
  const numbers = new Map<string, number>();
  const vocabulary: Vocabulary = {
    get size() {
      return list.length;
    },
    number(name) {
      const known = numbers.get(name);
      if (known !== undefined) return known;
      numbers.set(name, list.length);
      return list.push(name) - 1;
    },
    lookup: (name) => numbers.get(name) ?? -1,
    name(number) {
      const name = list[number];
      if (name === undefined) throw new RangeError(`no name has number ${number}`);
      return name;
    },
    since: (from) => list.slice(from),
  };
  for (const name of names) vocabulary.number(name);
  return vocabulary;
}

/** All vocabularies of one data directory. */
export interface Vocabularies {
  /** Items and creators share one space: a creator is (or may become) an item of kind artist. */
  readonly items: Vocabulary;
  readonly genres: Vocabulary;
  readonly markets: Vocabulary;
  readonly tiers: Vocabulary;
  readonly languages: Vocabulary;
}
export type VocabularyName = keyof Vocabularies;
export const VOCABULARY_NAMES = [
  'items',
  'genres',
  'markets',
  'tiers',
  'languages',
] as const satisfies VocabularyName[];

/** Marks "no item" in arrays of item numbers. */
export const NO_ITEM = 0xffffffff;
