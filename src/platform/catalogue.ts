/**
 * The catalogue: items in the online store, their titles in memory for search, their card texts made once. The columns that
 * serving reads are built apart from here, as an epoch.
 */
import { Compile } from 'typebox/compile';
import { canonicalJson } from '../base/index.ts';
import { catalogRoomFor, ITEM_KINDS, type Item, ItemSchema, itemProblem } from '../domain/index.ts';
import type { ChangedItems, ItemTexts } from '../home/index.ts';
import type { OnlineStore, StoreWriter } from '../store/index.ts';
import { createItemTexts } from './item-texts.ts';
import type { ItemFate } from './service.ts';
import type { StoredVocabularies } from './vocabularies.ts';

const TABLE = 'items';
/** By id: items that the columns may not show as they are, so that a restart does not forget what was withdrawn. */
const BEHIND = 'items-behind';
const NOTE = Buffer.from('1');
const checker = Compile(ItemSchema);

export interface Catalogue extends ItemTexts {
  upsert(rows: readonly unknown[]): Promise<readonly ItemFate[]>;
  get(id: string): Item | undefined;
  remove(id: string): Promise<boolean>;
  search(query: { readonly text: string; readonly kind?: string | undefined; readonly limit: number }): readonly Item[];
  has(number: number): boolean;
  /** Items that changed since the columns were built, by number; undefined where one is gone. Live. */
  readonly changed: ChangedItems;
  /** To be called before columns are built from the store; what it gives is called when they serve: they know what had changed. */
  beginColumns(): () => void;
  readonly size: number;
  /** Memory that the words of cards take. */
  readonly heldBytes: number;
}

/** All items of a store, in the order of their ids. */
export function* storedItems(store: OnlineStore): Iterable<Item> {
  for (const { value } of store.range(TABLE, {})) yield parse(value);
}

export function createCatalogue(
  store: OnlineStore,
  vocabularies: StoredVocabularies,
  /** Notes, in the transaction of a change, that the columns which serving reads are behind. */
  markChanged: (write: StoreWriter) => void,
  onChange: () => void,
): Catalogue {
  /** Lower-case title and creators by item number; '' where there is no item. */
  const searchTexts: string[] = [];
  let size = 0;

  const get = (id: string): Item | undefined => {
    const bytes = store.get(TABLE, id);
    return bytes === undefined ? undefined : parse(bytes);
  };
  const texts = createItemTexts(vocabularies, get);
  const note = (item: Item, before?: Item): void => {
    const number = vocabularies.items.number(item.id);
    while (searchTexts.length <= number) searchTexts.push('');
    if (searchTexts[number] === '') size++;
    searchTexts[number] = searchTextOf(item);
    texts.forget(number, item.kind, before?.kind ?? item.kind);
  };
  for (const item of storedItems(store)) note(item);

  const changed = new Map<number, Item | undefined>();
  /** The same by when: an item that changed again is behind again. */
  const changedIn = new Map<number, number>();
  let turn = 0;
  const noteChange = (number: number, item: Item | undefined): void => {
    changed.set(number, item);
    changedIn.set(number, turn);
  };
  for (const { key: id } of store.range(BEHIND, {})) noteChange(vocabularies.items.number(id), get(id));
  /** By item: changes whose transaction is under way. */
  const writing = new Map<number, number>();
  /** Notes of what the columns show by now, or did before a removal failed. */
  const settled = new Set<number>();
  const forgetSettled = async (): Promise<void> => {
    const gone = [...settled].filter((number) => !writing.has(number) && !changed.has(number));
    settled.clear();
    if (gone.length === 0) return;
    try {
      await store.transaction((write) => {
        for (const number of gone) write.remove(BEHIND, vocabularies.items.name(number));
      });
    } catch {
      // They cost a look each until the next columns; a disk that takes nothing is told of by whoever must write.
      for (const number of gone) settled.add(number);
    }
  };

  /** One transaction, which also notes that the columns are behind with the `known`; `then` is done once it is through. */
  const writeChange = async (
    known: readonly Item[],
    change: (write: StoreWriter) => void,
    then: () => void,
  ): Promise<void> => {
    const numbers = known.map(({ id }) => vocabularies.items.number(id));
    for (const number of numbers) writing.set(number, (writing.get(number) ?? 0) + 1);
    try {
      await store.transaction((write) => {
        change(write);
        markChanged(write);
        for (const { id } of known) write.put(BEHIND, id, NOTE);
      });
      then();
    } finally {
      for (const number of numbers) {
        const others = (writing.get(number) ?? 1) - 1;
        if (others > 0) writing.set(number, others);
        else writing.delete(number);
      }
    }
  };

  const itemOf = (number: number): Item | undefined =>
    number < vocabularies.items.size ? get(vocabularies.items.name(number)) : undefined;

  return {
    ...texts,
    get,
    get size() {
      return size;
    },
    get heldBytes() {
      return texts.heldBytes;
    },
    changed,
    beginColumns() {
      const begun = turn++;
      return () => {
        for (const [number, when] of changedIn) {
          if (when > begun) continue;
          changed.delete(number);
          changedIn.delete(number);
          settled.add(number);
        }
        void forgetSettled();
      };
    },
    has: (number) => number < searchTexts.length && searchTexts[number] !== '',
    async upsert(rows) {
      const fates: ItemFate[] = [];
      const written = new Map<string, readonly [item: Item, before: Item | undefined]>();
      for (const row of rows) {
        if (!checker.Check(row)) {
          fates.push(invalid(row));
          continue;
        }
        const earlier = written.get(row.id);
        const before = earlier?.[0] ?? get(row.id);
        if (before !== undefined && canonicalJson(before) === canonicalJson(row)) {
          fates.push({ id: row.id, fate: 'unchanged' });
          continue;
        }
        const problem = itemProblem(row) ?? catalogRoomFor(row, vocabularies);
        if (problem !== undefined) {
          fates.push(refused(row.id, problem));
          continue;
        }
        // Numbered at once: the next row's room is what this one leaves.
        nameAll(row, vocabularies);
        // Of several rows of one item the last is written: it was what it was before the first.
        written.set(row.id, [row, earlier === undefined ? before : earlier[1]]);
        fates.push({ id: row.id, fate: before === undefined ? 'created' : 'updated' });
      }
      if (written.size === 0) return fates;
      // Who is new is not served before the columns have it.
      const updated = [...written.values()].flatMap(([item, was]) => (was === undefined ? [] : [item]));
      let settle = (): void => {};
      await writeChange(
        updated,
        (write) => {
          settle = vocabularies.persist(write);
          for (const [item] of written.values()) write.put(TABLE, item.id, Buffer.from(JSON.stringify(item)));
        },
        () => {
          settle();
          for (const [item, was] of written.values()) note(item, was);
          for (const item of updated) noteChange(vocabularies.items.number(item.id), item);
        },
      );
      onChange();
      return fates;
    },
    async remove(id) {
      const item = get(id);
      if (item === undefined) return false;
      await writeChange(
        [item],
        (write) => write.remove(TABLE, id),
        () => {
          const number = vocabularies.items.lookup(id);
          // Two may have removed it at once.
          if (searchTexts[number] !== '') size--;
          searchTexts[number] = '';
          texts.forget(number, item.kind);
          noteChange(number, undefined);
        },
      );
      onChange();
      return true;
    },
    search({ text, kind, limit }) {
      const words = text.toLowerCase().normalize('NFKD').replace(MARKS, '').split(/\s+/).filter(Boolean);
      const starts: Item[] = [];
      const contains: Item[] = [];
      for (let number = 0; number < searchTexts.length && starts.length < limit; number++) {
        const candidate = searchTexts[number];
        if (candidate === '' || !words.every((word) => candidate.includes(word))) continue;
        const item = itemOf(number);
        if (item === undefined || (kind !== undefined && item.kind !== kind)) continue;
        if (words.length === 0 || candidate.startsWith(words[0])) starts.push(item);
        else if (contains.length < limit) contains.push(item);
      }
      return [...starts, ...contains].slice(0, limit);
    },
  };
}

const MARKS = /\p{M}/gu;

function searchTextOf(item: Item): string {
  const creators = (item.creators ?? []).map((creator) => creator.name).join(' ');
  return `${item.title} ${creators}`.toLowerCase().normalize('NFKD').replace(MARKS, '');
}

/** Gives every name that the item mentions its number, so that whoever builds columns finds them all. */
function nameAll(item: Item, vocabularies: StoredVocabularies): void {
  vocabularies.items.number(item.id);
  for (const creator of item.creators ?? []) vocabularies.items.number(creator.id);
  if (item.parentId !== undefined) vocabularies.items.number(item.parentId);
  for (const genre of item.genres ?? []) vocabularies.genres.number(genre);
  for (const market of item.markets ?? []) vocabularies.markets.number(market);
  for (const tier of item.tiers ?? []) vocabularies.tiers.number(tier);
}

function invalid(row: unknown): ItemFate {
  const claimed = row !== null && typeof row === 'object' && 'id' in row ? row.id : '';
  const [first] = checker.Errors(row);
  const where = first === undefined || first.instancePath === '' ? 'the item' : first.instancePath;
  const id = typeof claimed === 'string' ? claimed.slice(0, 200) : '';
  return refused(id, `${where.slice(0, 200)} ${first?.message ?? 'is not valid'}`);
}

function refused(id: string, message: string): ItemFate {
  return {
    id,
    fate: 'rejected',
    code: 'ITEM_INVALID',
    message,
    remedy: `Correct the field; see the schema Item in /openapi.json. Kinds are ${ITEM_KINDS.join(', ')}.`,
  };
}

function parse(bytes: Uint8Array): Item {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString()) as Item;
}
