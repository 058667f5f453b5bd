/** What every online store must keep, whatever stands behind it. */
import assert from 'node:assert/strict';
import { createRng, type Rng } from '../../base/index.ts';
import type { OnlineStore } from '../../store/index.ts';
import { code } from './event-log-laws.ts';
import type { Law } from './law.ts';

export interface OnlineStoreSubject {
  /** Opens the store of one place anew, as after a restart; the first time it is empty. */
  open(): OnlineStore | Promise<OnlineStore>;
}

/** @param create gives a fresh, empty place for each law. */
export function onlineStoreLaws(create: () => OnlineStoreSubject | Promise<OnlineStoreSubject>): Law[] {
  const law = (name: string, check: (subject: OnlineStoreSubject, rng: Rng) => Promise<void>): Law => ({
    name,
    run: async () => check(await create(), createRng(5)),
  });
  return [
    law('what a transaction has put is there when it has resolved, and after a restart', async (subject) => {
      const store = await subject.open();
      assert.equal(store.get('states', 'a'), undefined);
      await store.transaction((write) => {
        write.put('states', 'a', Buffer.from([1, 2, 3]));
        write.put('other', 'a', Buffer.from([]));
      });
      assert.deepEqual(bytes(store.get('states', 'a')), [1, 2, 3]);
      assert.deepEqual(bytes(store.get('other', 'a')), []);
      await store.close();
      const again = await subject.open();
      assert.deepEqual(bytes(again.get('states', 'a')), [1, 2, 3]);
      assert.deepEqual(bytes(again.get('other', 'a')), []);
      await again.close();
    }),

    law('names its tables, also after a restart', async (subject) => {
      const store = await subject.open();
      await store.transaction((write) => {
        write.put('states', 'a', Buffer.from([1]));
        write.put('other-1', 'a', Buffer.from([1]));
      });
      assert.deepEqual(store.tables(), ['other-1', 'states']);
      await store.close();
      const again = await subject.open();
      assert.deepEqual(again.tables(), ['other-1', 'states']);
      await again.close();
    }),

    law('agrees with a map under random transactions, and after a restart', async (subject, rng) => {
      let store = await subject.open();
      const model = new Map<string, number[]>();
      const keys = ['a', 'aa', 'b', 'ü', '🎧', 'with space', 'x'.repeat(600), '0', '10', '9', 'Z', '\u0001', '~'];
      for (let round = 0; round < 60; round++) {
        const pending: Promise<void>[] = [];
        for (let t = 0; t <= rng.below(3); t++) {
          pending.push(
            store.transaction((write) => {
              for (let i = rng.below(5); i >= 0; i--) {
                const key = keys[rng.below(keys.length)];
                if (rng.uniform() < 0.3) {
                  write.remove('t', key);
                  model.delete(key);
                } else {
                  const value = Array.from({ length: rng.below(rng.uniform() < 0.1 ? 20_000 : 40) }, () =>
                    rng.below(256),
                  );
                  write.put('t', key, Uint8Array.from(value));
                  model.set(key, value);
                }
              }
            }),
          );
        }
        await Promise.all(pending);
        if (round === 30) {
          await store.close();
          store = await subject.open();
        }
        for (const key of keys) assert.deepEqual(bytes(store.get('t', key)), model.get(key));
        assert.equal(store.count('t'), model.size);
        const sorted = [...model.keys()].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
        const from = keys[rng.below(keys.length)];
        const to = keys[rng.below(keys.length)];
        const reverse = rng.uniform() < 0.5;
        const limit = rng.below(6);
        const within = sorted.filter(
          (key) =>
            Buffer.compare(Buffer.from(key), Buffer.from(from)) >= 0 &&
            Buffer.compare(Buffer.from(key), Buffer.from(to)) < 0,
        );
        const expected = (reverse ? within.reverse() : within).slice(0, limit);
        assert.deepEqual(
          Array.from(store.range('t', { start: from, end: to, limit, reverse }), ({ key }) => key),
          expected,
        );
        assert.deepEqual(
          Array.from(store.range('t', {}), ({ key, value }) => [key, [...value]]),
          sorted.map((key) => [key, model.get(key)]),
        );
      }
      await store.close();
    }),

    law('the caller may reuse its buffer, and keep what it has read', async (subject) => {
      const store = await subject.open();
      const buffer = Buffer.from('before');
      const stored = store.transaction((write) => write.put('t', 'k', buffer));
      buffer.write('XXXXXX');
      await stored;
      const kept = store.get('t', 'k');
      const ranged = [...store.range('t', {})];
      for (let i = 0; i < 50; i++) {
        await store.transaction((write) => write.put('t', 'k', Buffer.from(`after ${i}`)));
        store.get('t', 'k');
      }
      assert.equal(Buffer.from(kept!).toString(), 'before');
      assert.equal(Buffer.from(ranged[0].value).toString(), 'before');
      await store.close();
    }),

    law('a transaction whose callback throws changes nothing', async (subject) => {
      const store = await subject.open();
      const failed = store.transaction((write) => {
        write.put('t', 'k', Buffer.from('x'));
        throw new Error('no');
      });
      await assert.rejects(failed, /no/);
      assert.equal(store.get('t', 'k'), undefined);
      await store.close();
    }),

    law('transactions take effect in the order of the calls', async (subject) => {
      const store = await subject.open();
      const all = Array.from({ length: 200 }, (_, i) =>
        store.transaction((write) => write.put('t', 'k', Buffer.from(String(i)))),
      );
      await Promise.all(all);
      assert.equal(Buffer.from(store.get('t', 'k')!).toString(), '199');
      await store.close();
    }),

    law('a table may be changed while a range of it is read', async (subject) => {
      const store = await subject.open();
      await store.transaction((write) => {
        for (let i = 0; i < 100; i++) write.put('t', String(i).padStart(3, '0'), Buffer.from([i]));
      });
      const seen: string[] = [];
      for (const { key } of store.range('t', {})) {
        seen.push(key);
        if (seen.length % 10 === 0) await store.transaction((write) => write.remove('t', key));
      }
      assert.equal(new Set(seen).size, seen.length);
      assert.equal(seen.length, 100);
      await store.close();
    }),

    law('keys of 1 to 1,900 bytes are taken, others refused', async (subject) => {
      const store = await subject.open();
      for (const key of ['k'.repeat(1900), 'ü'.repeat(950)]) {
        await store.transaction((write) => write.put('t', key, Buffer.from([1])));
        assert.deepEqual(bytes(store.get('t', key)), [1]);
      }
      assert.throws(() => store.get('t', ''), code('OPTION_INVALID'));
      assert.throws(() => store.get('t', 'k'.repeat(1901)), code('OPTION_INVALID'));
      await assert.rejects(
        store.transaction((write) => write.put('t', 'ü'.repeat(951), Buffer.from([1]))),
        code('OPTION_INVALID'),
      );
      await store.close();
    }),
  ];
}

function bytes(value: Uint8Array | undefined): number[] | undefined {
  return value === undefined ? undefined : [...value];
}
