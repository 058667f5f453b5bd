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

/** Names with numbers of their own, which stand beside the dense ones and are never stored. */
export interface ReservedNames {
  /** The number of a reserved name, or -1. */
  lookup(name: string): number;
  /** The name of a reserved number, or undefined. */
  name(number: number): string | undefined;
}

const NOTHING_RESERVED: ReservedNames = { lookup: () => -1, name: () => undefined };

export function createVocabulary(names: Iterable<string> = [], reserved: ReservedNames = NOTHING_RESERVED): Vocabulary {
  const list: string[] = [];
  const numbers = new Map<string, number>();
  const dense = (name: string): number => {
    const known = numbers.get(name);
    if (known !== undefined) return known;
    numbers.set(name, list.length);
    return list.push(name) - 1;
  };
  for (const name of names) dense(name);
  return {
    get size() {
      return list.length;
    },
    number(name) {
      const own = reserved.lookup(name);
      return own >= 0 ? own : dense(name);
    },
    lookup(name) {
      const own = reserved.lookup(name);
      return own >= 0 ? own : (numbers.get(name) ?? -1);
    },
    name(number) {
      const name = list[number] ?? reserved.name(number);
      if (name === undefined) throw new RangeError(`no name has number ${number}`);
      return name;
    },
    since: (from) => list.slice(from),
  };
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
