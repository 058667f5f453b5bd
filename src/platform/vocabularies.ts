/** Vocabularies kept in the online store: names are written in the same transaction as the first thing that uses them. */
import { createVocabulary, VOCABULARY_NAMES, type Vocabularies, type VocabularyName } from '../domain/index.ts';
import type { OnlineStore, StoreWriter } from '../store/index.ts';

const table = (name: VocabularyName) => `names-${name}`;
/** Ten digits keep the keys in numeric order. */
const keyOf = (number: number) => String(number).padStart(10, '0');

export interface StoredVocabularies extends Vocabularies {
  /** Writes the names that the store does not have yet. Call inside the transaction that refers to them. */
  persist(write: StoreWriter): void;
  /** Are there names that the store does not have? */
  pending(): boolean;
}

const decoder = new TextDecoder();

export function loadVocabularies(store: OnlineStore): StoredVocabularies {
  const loaded = Object.fromEntries(
    VOCABULARY_NAMES.map((name) => [
      name,
      createVocabulary(Array.from(store.range(table(name), {}), ({ value }) => decoder.decode(value))),
    ]),
  ) as unknown as Vocabularies;
  const persisted = new Map<VocabularyName, number>(VOCABULARY_NAMES.map((name) => [name, loaded[name].size]));
  return {
    ...loaded,
    pending: () => VOCABULARY_NAMES.some((name) => loaded[name].size > (persisted.get(name) ?? 0)),
    persist(write) {
      for (const name of VOCABULARY_NAMES) {
        const from = persisted.get(name) ?? 0;
        const names = loaded[name].since(from);
        for (let i = 0; i < names.length; i++) write.put(table(name), keyOf(from + i), Buffer.from(names[i]));
        persisted.set(name, from + names.length);
      }
    },
  };
}
