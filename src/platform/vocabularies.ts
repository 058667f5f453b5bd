/** Vocabularies kept in the online store: names are written in the same transaction as the first thing that uses them. */
import { ShelfwiseError } from '../base/index.ts';
import {
  createItemVocabulary,
  createVocabulary,
  VOCABULARY_NAMES,
  type Vocabularies,
  type Vocabulary,
  type VocabularyName,
} from '../domain/index.ts';
import type { OnlineStore, StoreWriter } from '../store/index.ts';

const table = (name: VocabularyName) => `names-${name}`;
/** Ten digits keep the keys in numeric order. */
const keyOf = (number: number) => String(number).padStart(10, '0');

export interface StoredVocabularies extends Vocabularies {
  /**
   * Writes the names that the store does not have yet. Call inside the transaction that refers to them, and what it
   * returns once that is durable: until then the next transaction writes them again.
   */
  persist(write: StoreWriter): () => void;
}

const decoder = new TextDecoder();

/** Throws STATE_CORRUPT when a number is missing: every later name would mean something else. */
export function loadVocabularies(store: OnlineStore): StoredVocabularies {
  const loaded = Object.fromEntries(
    VOCABULARY_NAMES.map((name) => [name, load(store, name)]),
  ) as unknown as Vocabularies;
  const persisted = new Map<VocabularyName, number>(VOCABULARY_NAMES.map((name) => [name, loaded[name].size]));
  return {
    ...loaded,
    persist(write) {
      const upTo = VOCABULARY_NAMES.map((name) => {
        const from = persisted.get(name) ?? 0;
        const names = loaded[name].since(from);
        for (let i = 0; i < names.length; i++) write.put(table(name), keyOf(from + i), Buffer.from(names[i]));
        return [name, from + names.length] as const;
      });
      return () => {
        for (const [name, size] of upTo) persisted.set(name, Math.max(size, persisted.get(name) ?? 0));
      };
    },
  };
}

function load(store: OnlineStore, name: VocabularyName): Vocabulary {
  const names: string[] = [];
  for (const { key, value } of store.range(table(name), {})) {
    if (key !== keyOf(names.length)) {
      throw new ShelfwiseError('STATE_CORRUPT', `number ${names.length} of the names of ${name} is missing`);
    }
    names.push(decoder.decode(value));
  }
  const vocabulary = name === 'items' ? createItemVocabulary(names) : createVocabulary(names);
  if (vocabulary.size !== names.length) {
    throw new ShelfwiseError('STATE_CORRUPT', `the names of ${name} hold one twice`);
  }
  return vocabulary;
}
