import { afterAll, describe, expect, it } from 'vitest';
import { dataDirPaths, openLmdbStore } from '../store/index.ts';
import { newDir, removeDirs } from './platform-testing.ts';
import { openStateTables } from './state-tables.ts';

afterAll(removeDirs);

describe('tables of states', () => {
  it('bear any number of rebuilds in one process, and open as what was noted last', async () => {
    const store = openLmdbStore({ dir: dataDirPaths(newDir()).online });
    const tables = openStateTables(store, 100);
    expect([tables.version(), tables.name()]).toEqual([1, 'states-1']);
    for (let round = 0; round < 100; round++) {
      const serving = tables.name();
      await store.transaction((write) => write.put(serving, 'listener', Buffer.from('state')));
      const other = await tables.prepareOther();
      expect(other).not.toBe(serving);
      tables.swap();
      // Cut off here, the table that served before still does.
      if (round > 0) expect(openStateTables(store, 100).name()).toBe(serving);
      await store.transaction(tables.note);
      await tables.dropOther();
      expect(store.count(serving)).toBe(0);
      const again = openStateTables(store, 100);
      expect([again.version(), again.name(), again.fold()]).toEqual([round + 2, other, tables.fold()]);
    }
    await store.close();
  });
});
