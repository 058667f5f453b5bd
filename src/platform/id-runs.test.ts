import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRng, type Rng } from '../base/index.ts';
import { type OnlineStore, openLmdbStore } from '../store/index.ts';
import { type IdRuns, openIdRuns, storedIdCount } from './id-runs.ts';

/** Each test's own: what it left in the background ends with it. */
let life = { ended: false };
let closed = (): boolean => true;

let dir: string;
let store: OnlineStore;
let rng: Rng;

beforeEach(() => {
  const own = { ended: false };
  life = own;
  closed = () => own.ended;
  dir = mkdtempSync(join(tmpdir(), 'id-runs-'));
  store = openLmdbStore({ dir });
  rng = createRng(5);
});
afterEach(async () => {
  life.ended = true;
  await store.close();
  rmSync(dir, { recursive: true });
});

function ids(count: number): Uint32Array {
  return Uint32Array.from({ length: 4 * count }, () => rng.uint32());
}

function held(runs: IdRuns, words: Uint32Array): number {
  let count = 0;
  for (let at = 0; at < words.length; at += 4) if (runs.has(words, at)) count++;
  return count;
}

/** The share of the ids that are found; until a filter is filled, an id costs reads, so of many only some are asked for. */
function found(runs: IdRuns, words: Uint32Array): number {
  let asked = 0;
  let count = 0;
  for (let at = 0; at < words.length; at += 4 * 37) {
    asked++;
    if (runs.has(words, at)) count++;
  }
  return count / asked;
}

/** The real store, which refuses from the n-th transaction on, as it does when the process ends there. */
function endingAfter(transactions: number): OnlineStore {
  let left = transactions;
  return {
    get: (table, key) => store.get(table, key),
    range: (table, range) => store.range(table, range),
    count: (table) => store.count(table),
    tables: () => store.tables(),
    close: () => store.close(),
    transaction: (fill) => (left-- > 0 ? store.transaction(fill) : Promise.reject(new Error('ended'))),
  };
}

describe('stored ids', () => {
  it('are found in runs of every size, before and after a merge and a restart', async () => {
    const runs = openIdRuns(store, closed);
    const parts: Uint32Array[] = [];
    for (const count of [1, 2, 0, 199, 1, 1, 1, 3000, 1, 1, 2999, 20_000, 3, 2500, 2600, 2700, 2800, 2900, 3100, 7]) {
      const part = ids(count);
      parts.push(part);
      await runs.add(part);
    }
    const total = parts.reduce((sum, part) => sum + part.length / 4, 0);
    const strangers = ids(5_000);
    const check = (): void => {
      for (const part of parts) expect(held(runs, part)).toBe(part.length / 4);
      expect(held(runs, strangers)).toBe(0);
      expect(runs.count).toBe(total);
    };
    check();
    await runs.merge();
    check();
    // 20 runs were stored; of a size, fewer than eight are left, and no page of a merged run.
    const pages = Array.from(store.range('events-ids', { end: 'runs' }), ({ key }) => key.slice(0, 8));
    expect(new Set(pages).size).toBeLessThan(12);
    expect(storedIdCount(store)).toBe(total);

    const again = openIdRuns(store, closed);
    // At once, while the filter is not filled, and after.
    for (const part of parts) if (part.length > 0) expect(found(again, part)).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const part of parts) expect(held(again, part)).toBe(part.length / 4);
    expect(held(again, strangers)).toBe(0);
  });

  it('are all there or not at all, wherever an addition or a merge is cut off', async () => {
    const first = ids(20_000);
    await openIdRuns(store, closed).add(first);
    for (let n = 0; n < 5; n++) {
      const runs = openIdRuns(endingAfter(n), closed);
      const part = ids(20_000);
      const stored = await runs.add(part).then(
        () => true,
        () => false,
      );
      const after = openIdRuns(store, closed);
      expect(found(after, part)).toBe(stored ? 1 : 0);
      expect(found(after, first)).toBe(1);
    }
    const small: Uint32Array[] = [];
    for (let n = 0; n < 9; n++) {
      const part = ids(2_500);
      small.push(part);
      await openIdRuns(store, closed).add(part);
    }
    const total = storedIdCount(store);
    for (let n = 0; n < 8; n++) {
      await openIdRuns(endingAfter(n), closed)
        .merge()
        .catch(() => undefined);
      const after = openIdRuns(store, closed);
      for (const part of small) expect(found(after, part)).toBe(1);
      expect(after.count).toBe(total);
    }
  });

  it('leave no litter behind after what was cut off', async () => {
    await openIdRuns(endingAfter(1), closed)
      .add(ids(20_000))
      .catch(() => undefined);
    expect(store.count('events-ids')).toBeGreaterThan(0);
    const runs = openIdRuns(store, closed);
    await runs.add(ids(10));
    // One page, and the list of runs.
    expect(store.count('events-ids')).toBe(2);
  });
});
