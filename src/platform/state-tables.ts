/**
 * Which of two tables of listener states serves. A rebuild folds the log into the other one; the swap is the transaction
 * that notes it, so that a crash finds the old table whole or the new one.
 */
import { STATE_VERSION, stateVersionOf } from '../signals/index.ts';
import type { OnlineStore, StoreWriter } from '../store/index.ts';
import { createStates, type States, stateBytesOf, stateTable } from './states.ts';

const NOTES = 'platform';
/** Number of the table that serves: 1 or 2. */
const TABLE_NOTE = 'states-table';
/** How often states were rebuilt, and 1. */
const VERSION_NOTE = 'states-version';
/** Version of the fold that its states were begun with. */
const FOLD_NOTE = 'states-fold';

const TABLES = [1, 2] as const;

export interface StateTables {
  /** What serves. */
  states(): States;
  /** Name of the table that serves. */
  name(): string;
  /** 1 before the first rebuild, and one more after each. */
  version(): number;
  /** Version of the fold that the table that serves was begun with. */
  fold(): number;
  /** Were the states that serve begun by another version of the fold, which this one cannot read? */
  isOutdated(): boolean;
  /** Empties the table that does not serve, for a rebuild to fill, and gives its name. */
  prepareOther(): Promise<string>;
  /** The other table serves from now on. It is durable with the transaction that `note` is called in. */
  swap(): void;
  note(write: StoreWriter): void;
  /** Removes a listener's state from both tables and from memory. @returns 1 when there was one */
  erase(listenerKey: string, write: StoreWriter): number;
  /** Empties the table that does not serve; only once the swap is durable. */
  dropOther(): Promise<void>;
}

export function openStateTables(
  store: OnlineStore,
  cachedListeners: number,
  isErased: (listenerKey: string) => boolean = () => false,
): StateTables {
  let version = noted(store, VERSION_NOTE) ?? 1;
  let table = noted(store, TABLE_NOTE) ?? version;
  const other = (): number => (table === 1 ? 2 : 1);
  let fold = noted(store, FOLD_NOTE) ?? foldOf(store, stateTable(table));
  const create = (): States => createStates(store, stateTable(table), cachedListeners, isErased);
  let states = create();
  return {
    states: () => states,
    name: () => stateTable(table),
    version: () => version,
    fold: () => fold,
    isOutdated: () => fold !== STATE_VERSION,
    async prepareOther() {
      // What a rebuild that was cut off may have left.
      await dropTable(store, stateTable(other()));
      return stateTable(other());
    },
    swap() {
      version++;
      table = other();
      fold = STATE_VERSION;
      states = create();
    },
    note(write) {
      write.put(NOTES, TABLE_NOTE, Buffer.from(String(table)));
      write.put(NOTES, VERSION_NOTE, Buffer.from(String(version)));
      write.put(NOTES, FOLD_NOTE, Buffer.from(String(fold)));
    },
    erase(listenerKey, write) {
      const held = TABLES.some((number) => store.get(stateTable(number), listenerKey) !== undefined);
      states.forget(listenerKey);
      for (const number of TABLES) write.remove(stateTable(number), listenerKey);
      return held ? 1 : 0;
    },
    dropOther: () => dropTable(store, stateTable(other())),
  };
}

function noted(store: OnlineStore, name: string): number | undefined {
  const bytes = store.get(NOTES, name);
  return bytes === undefined ? undefined : Number(Buffer.from(bytes).toString());
}

/** States looked at where no version was noted. */
const SAMPLE = 20;

/** The version of a table from before versions were noted: another than this code's only if no state that is looked at has this. */
function foldOf(store: OnlineStore, table: string): number {
  const versions = Array.from(store.range(table, { limit: SAMPLE }), ({ value }) =>
    stateVersionOf(stateBytesOf(value)),
  );
  return versions.length === 0 || versions.includes(STATE_VERSION) ? STATE_VERSION : versions[0];
}

async function dropTable(store: OnlineStore, table: string): Promise<void> {
  for (;;) {
    const keys = Array.from(store.range(table, { limit: 5_000 }), ({ key }) => key);
    if (keys.length === 0) return;
    await store.transaction((write) => {
      for (const key of keys) write.remove(table, key);
    });
  }
}
