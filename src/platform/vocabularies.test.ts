import { describe, expect, it } from 'vitest';
import type { OnlineStore, StoreWriter } from '../store/index.ts';
import { loadVocabularies } from './vocabularies.ts';

/** A store whose transactions reach it, or do not. */
function storeInMemory(): { store: OnlineStore; write: StoreWriter; rows: Map<string, Uint8Array> } {
  const rows = new Map<string, Uint8Array>();
  const store = {
    *range(table: string) {
      for (const key of [...rows.keys()].sort()) {
        if (key.startsWith(`${table} `)) yield { key: key.slice(table.length + 1), value: rows.get(key) };
      }
    },
  } as unknown as OnlineStore;
  const write = {
    put: (t: string, k: string, v: Uint8Array) => void rows.set(`${t} ${k}`, v),
    remove: () => undefined,
  };
  return { store, write, rows };
}

const LOST: StoreWriter = { put: () => undefined, remove: () => undefined };

describe('stored vocabularies', () => {
  it('keep their numbers when a transaction that held names was refused', () => {
    const { store, write } = storeInMemory();
    const names = loadVocabularies(store);
    names.items.number('a');
    names.persist(write)();
    names.items.number('b');
    // Refused, as on a full disk: nobody calls back.
    names.persist(LOST);
    names.items.number('c');
    names.persist(write)();
    const again = loadVocabularies(store);
    expect(['a', 'b', 'c'].map(again.items.lookup)).toEqual([0, 1, 2]);
  });

  it('refuse to open when a number is missing, for every later name would mean something else', () => {
    const { store, write, rows } = storeInMemory();
    const names = loadVocabularies(store);
    for (const name of ['a', 'b', 'c']) names.items.number(name);
    names.persist(write)();
    rows.delete([...rows.keys()][1]);
    expect(() => loadVocabularies(store)).toThrow(/number 1 of the names of items is missing/);
  });
});
