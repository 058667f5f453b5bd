/** An online store whose transactions a test watches, holds up or refuses: to stop a program between any two of them. */
import type { OnlineStore, StoreWriter } from '../../store/index.ts';

export interface StoreWatch {
  /** Before a transaction that changes these tables: what it waits for is waited for, what it throws refuses the transaction. */
  before?(tables: ReadonlySet<string>): Promise<void> | void;
  /** When the transaction is durable, and before its caller knows. */
  after?(tables: ReadonlySet<string>): Promise<void> | void;
}

/** Transactions take effect one after another, in the order of the calls; reads go to `inner` as they are. */
export function watchedStore(inner: OnlineStore, watch: StoreWatch): OnlineStore {
  let last: Promise<unknown> = Promise.resolve();
  return {
    get: (table, key) => inner.get(table, key),
    range: (table, range) => inner.range(table, range),
    count: (table) => inner.count(table),
    tables: () => inner.tables(),
    transaction(fill) {
      const changes: ((write: StoreWriter) => void)[] = [];
      const tables = new Set<string>();
      const note = (table: string, change: (write: StoreWriter) => void): void => {
        tables.add(table);
        changes.push(change);
      };
      fill({
        put(table, key, value) {
          const copy = value.slice();
          note(table, (write) => write.put(table, key, copy));
        },
        remove: (table, key) => note(table, (write) => write.remove(table, key)),
      });
      const stored = last.then(async () => {
        await watch.before?.(tables);
        await inner.transaction((write) => {
          for (const change of changes) change(write);
        });
        await watch.after?.(tables);
      });
      last = stored.catch(() => undefined);
      return stored;
    },
    async close() {
      await last;
      await inner.close();
    },
  };
}
