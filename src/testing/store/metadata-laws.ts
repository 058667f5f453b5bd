/** What every metadata adapter must keep, whatever database stands behind it. */
import assert from 'node:assert/strict';
import type { Metadata } from '../../store/index.ts';
import { code } from './event-log-laws.ts';
import type { Law } from './law.ts';

export interface MetadataSubject {
  /** Opens the metadata of one place anew, as after a restart; the first time it is empty. */
  open(): Metadata | Promise<Metadata>;
}

/** @param create gives a fresh, empty place for each law. */
export function metadataLaws(create: () => MetadataSubject | Promise<MetadataSubject>): Law[] {
  const law = (name: string, check: (metadata: Metadata, subject: MetadataSubject) => Promise<void>): Law => ({
    name,
    run: async () => {
      const subject = await create();
      const metadata = await subject.open();
      await check(metadata, subject);
      await metadata.close();
    },
  });
  return [
    law('settings are kept, also over a restart', async (metadata, subject) => {
      assert.equal(await metadata.settings.get('x'), undefined);
      await metadata.settings.set('x', '1');
      await metadata.settings.set('x', 'two');
      const again = await subject.open();
      assert.equal(await again.settings.get('x'), 'two');
      await again.close();
    }),

    law('an API key is verified by its secret alone, until it is revoked', async (metadata) => {
      const secret = await metadata.apiKeys.create('app', ['events', 'home']);
      assert.ok(secret.length >= 32);
      assert.deepEqual(await metadata.apiKeys.verify(secret), { name: 'app', scopes: ['events', 'home'] });
      assert.equal(await metadata.apiKeys.verify(`${secret}x`), null);
      assert.equal(await metadata.apiKeys.verify(''), null);
      await assert.rejects(metadata.apiKeys.create('app', []), code('OPTION_INVALID'));
      const other = await metadata.apiKeys.create('other', []);
      assert.notEqual(other, secret);
      assert.deepEqual(
        (await metadata.apiKeys.list()).map(({ name }) => name),
        ['app', 'other'],
      );
      assert.equal(await metadata.apiKeys.revoke('app'), true);
      assert.equal(await metadata.apiKeys.revoke('app'), false);
      assert.equal(await metadata.apiKeys.verify(secret), null);
    }),

    law('one epoch of a kind is current, and only a recorded one can be', async (metadata) => {
      const [a, b] = ['a'.repeat(32), 'b'.repeat(32)];
      assert.equal(await metadata.epochs.current('catalog'), undefined);
      await assert.rejects(metadata.epochs.setCurrent('catalog', a, 1), code('EPOCH_NOT_FOUND'));
      await metadata.epochs.record(a, 'catalog', 1);
      await metadata.epochs.record(a, 'catalog', 3);
      await metadata.epochs.record(b, 'catalog', 2);
      await metadata.epochs.setCurrent('catalog', a, 1);
      await metadata.epochs.setCurrent('catalog', b, 2);
      assert.equal(await metadata.epochs.current('catalog'), b);
      assert.equal(await metadata.epochs.current('model'), undefined);
      await assert.rejects(metadata.epochs.setCurrent('model', a, 3), code('EPOCH_NOT_FOUND'));
      assert.deepEqual(await metadata.epochs.list('catalog'), [
        { hash: b, recordedAtMs: 2, lastServedAtMs: null },
        { hash: a, recordedAtMs: 1, lastServedAtMs: 2 },
      ]);
    }),

    law('an epoch has served until its successor took over, and one that serves is not forgotten', async (metadata) => {
      const [a, b, c] = ['a'.repeat(32), 'b'.repeat(32), 'c'.repeat(32)];
      for (const [hash, kind, atMs] of [
        [a, 'counters', 10],
        [b, 'counters', 20],
        [a, 'counters', 30],
        [a, 'counters', 40],
        [c, 'model', 50],
      ] as const) {
        await metadata.epochs.record(hash, kind, atMs);
        await metadata.epochs.setCurrent(kind, hash, atMs);
      }
      const counters = async () =>
        (await metadata.epochs.list('counters')).map((row) => [row.hash, row.lastServedAtMs]);
      assert.deepEqual(await counters(), [
        [b, 30],
        [a, null],
      ]);
      await metadata.epochs.record('d'.repeat(32), 'counters', 60);
      for (const hash of [a, b, 'd'.repeat(32)]) await metadata.epochs.retire('counters', hash, 70);
      assert.deepEqual(await counters(), [
        ['d'.repeat(32), 70],
        [b, 30],
        [a, null],
      ]);
      await metadata.epochs.forget([a, b, c, 'e'.repeat(32)]);
      assert.deepEqual(await counters(), [
        ['d'.repeat(32), 70],
        [a, null],
      ]);
      assert.equal(await metadata.epochs.current('model'), c);
    }),

    law('a segment is compacted once', async (metadata) => {
      assert.equal(await metadata.compactions.isDone('events', 1), false);
      await metadata.compactions.record('events', 1, ['f1', 'f2'], 10);
      assert.equal(await metadata.compactions.isDone('events', 1), true);
      assert.equal(await metadata.compactions.isDone('decisions', 1), false);
      await assert.rejects(metadata.compactions.record('events', 1, ['f3'], 10));
      assert.deepEqual(await metadata.compactions.list('events'), [{ segment: 1, files: ['f1', 'f2'], rows: 10 }]);
    }),

    law('the audit trail lists the newest first', async (metadata) => {
      for (let i = 0; i < 5; i++) await metadata.audit.add({ atMs: i, actor: 'app', action: 'a', detail: { i } });
      assert.deepEqual(
        (await metadata.audit.list(2)).map(({ detail }) => detail),
        [{ i: 4 }, { i: 3 }],
      );
    }),

    law('calls at the same time do not disturb each other', async (metadata) => {
      await Promise.all(Array.from({ length: 50 }, (_, i) => metadata.settings.set(`s${i % 5}`, String(i))));
      for (let i = 0; i < 5; i++) assert.equal(Number(await metadata.settings.get(`s${i}`)) % 5, i);
    }),
  ];
}
