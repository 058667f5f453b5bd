/** What every metadata adapter must keep, whatever database stands behind it. */
import assert from 'node:assert/strict';
import { erasureCommitment, erasureDigest, erasureReport, LOG_FILES, type Metadata } from '../../store/index.ts';
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
      const begin = (object: string) => metadata.audit.begin({ actor: 'ann', route: 'POST /x', object });
      const ids: number[] = [];
      for (let i = 0; i < 5; i++) ids.push(await begin(`o${i}`));
      await metadata.audit.end(ids[4], 'done');
      await metadata.audit.end(ids[3], 'FORBIDDEN');
      const outcomes = async (query: { before?: number; object?: string; limit: number }) =>
        (await metadata.audit.list(query)).map(({ object, outcome }) => [object, outcome]);
      assert.deepEqual(await outcomes({ limit: 3 }), [
        ['o4', 'done'],
        ['o3', 'FORBIDDEN'],
        ['o2', 'begun'],
      ]);
      assert.deepEqual(await outcomes({ before: ids[3], limit: 1 }), [['o2', 'begun']]);
      assert.deepEqual(await outcomes({ object: 'o3', limit: 9 }), [['o3', 'FORBIDDEN']]);
      assert.equal(await metadata.audit.settleInterrupted(), 3);
      assert.deepEqual(await outcomes({ before: ids[3], limit: 1 }), [['o2', 'interrupted']]);
      const [newest] = await metadata.audit.list({ limit: 1 });
      assert.equal(newest.actor, 'ann');
      assert.equal(newest.route, 'POST /x');
      assert.deepEqual(await metadata.audit.list({ sinceMs: newest.atMs + 1, limit: 9 }), []);
      assert.equal(await metadata.audit.forget(newest.atMs), 0);
      assert.equal(await metadata.audit.forget(newest.atMs + 1), 5);
    }),

    law('alerts and their notices are written together, and are there after a restart', async (metadata, subject) => {
      const alert = { rule: 'r', source: 'train', beganAtMs: 5, endedAtMs: null, body: '{}' };
      const notice = { route: 'hook', createdAtMs: 5, attempts: 0, nextAtMs: 5, lastFailure: '', body: '{}' };
      const due = { ...notice, state: 'due', settledAtMs: null } as const;
      await metadata.alerts.write({
        alerts: [
          { ...alert, id: 'a', state: 'firing' },
          { ...alert, id: 'b', state: 'pending' },
        ],
        forgotten: [],
        notices: [
          { ...due, id: 'z' },
          { ...due, id: 'y' },
        ],
      });
      // What cannot be written leaves nothing behind.
      const refused = { ...alert, id: 'c', state: 'firing', body: undefined } as unknown as { body: string };
      await assert.rejects(
        metadata.alerts.write({
          alerts: [
            { ...alert, id: 'a', state: 'recovered', endedAtMs: 9 },
            { ...alert, id: 'c', state: 'firing', ...refused },
          ],
          forgotten: ['b'],
          notices: [],
        }),
      );
      await metadata.alerts.notices.note({ ...due, id: 'z', state: 'delivered', attempts: 2, settledAtMs: 7 });
      // A notice that is known is not queued again.
      await metadata.alerts.write({ alerts: [], forgotten: [], notices: [{ ...due, id: 'z' }] });
      const again = await subject.open();
      const { alerts } = again;
      const ids = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id);
      assert.deepEqual(ids(await alerts.lasting()), ['a', 'b']);
      assert.deepEqual(ids(await alerts.list({ state: 'firing', limit: 9 })), ['a']);
      assert.deepEqual(ids(await alerts.notices.due()), ['y']);
      assert.deepEqual(
        (await alerts.notices.list(9)).map(({ id, attempts, settledAtMs }) => [id, attempts, settledAtMs]),
        [
          ['y', 0, null],
          ['z', 2, 7],
        ],
      );
      await alerts.write({
        alerts: [{ ...alert, id: 'a', state: 'recovered', endedAtMs: 9 }],
        forgotten: ['b'],
        notices: [],
      });
      assert.deepEqual(await alerts.lasting(), []);
      assert.equal((await alerts.get('a'))?.endedAtMs, 9);
      const silence = { id: 's', author: 'ann', reason: 'known', fromMs: 5, untilMs: 8, matcher: '{}' };
      await alerts.silences.put(silence);
      await alerts.silences.put({ ...silence, untilMs: 9 });
      assert.deepEqual(await alerts.silences.get('s'), { ...silence, untilMs: 9 });
      assert.deepEqual(ids(await alerts.silences.endingAfter(8)), ['s']);
      assert.deepEqual(await alerts.silences.endingAfter(9), []);
      assert.equal(await alerts.forget(9), 1);
      assert.equal(await alerts.forget(10), 2);
      assert.deepEqual(ids(await alerts.notices.list(9)), ['y']);
      await again.close();
    }),

    law('a rotated key has two secrets until the old one dies; a limit is kept', async (metadata, subject) => {
      const old = await metadata.apiKeys.create('app', ['serve'], { requestsPerSecond: 0.5, burst: 2 });
      assert.equal(await metadata.apiKeys.rotate('none', 0), undefined);
      const rotated = await metadata.apiKeys.rotate('app', 60_000);
      assert.ok(rotated !== undefined);
      for (const secret of [old, rotated.secret]) assert.equal((await metadata.apiKeys.verify(secret))?.name, 'app');
      const again = await subject.open();
      const [key] = await again.apiKeys.list();
      assert.deepEqual(
        key.secrets.map(({ diesAtMs }) => diesAtMs),
        [rotated.diesAtMs, null],
      );
      assert.deepEqual(key.limit, { requestsPerSecond: 0.5, burst: 2 });
      const last = await again.apiKeys.rotate('app', 0);
      assert.ok(last !== undefined);
      for (const secret of [old, rotated.secret]) assert.equal(await again.apiKeys.verify(secret), null);
      assert.equal((await again.apiKeys.verify(last.secret))?.name, 'app');
      assert.equal(await again.apiKeys.setLimit('app', null), true);
      assert.equal(await again.apiKeys.setLimit('none', null), false);
      await again.apiKeys.noteUse(
        new Map([
          ['app', 7],
          ['none', 8],
        ]),
      );
      const [noted] = await again.apiKeys.list();
      assert.deepEqual([noted.limit, noted.lastUsedAtMs], [null, 7]);
      await again.close();
    }),

    law('an erasure names its listener until it is done, and is a link of a chain then', async (metadata, subject) => {
      const commitment = erasureCommitment('receipt', 'ann');
      const request = (id: string) =>
        metadata.erasures.request({ id, actor: 'admin', listener: { id: 'ann', key: `key-${id}` }, commitment });
      await request('1');
      await request('2');
      await metadata.erasures.dropped('1', { state: 1 });
      await metadata.erasures.noteFile('1', `${LOG_FILES}events/1`, 3);
      await metadata.erasures.noteFile('1', `${LOG_FILES}events/1`, 4);
      await metadata.erasures.noteFile('1', 'events/day=1/x.parquet', 5);
      const again = await subject.open();
      assert.deepEqual(
        (await again.erasures.pending()).map(({ id, state, listener }) => [id, state, listener?.key]),
        [
          ['1', 'rewriting', 'key-1'],
          ['2', 'requested', 'key-2'],
        ],
      );
      for (const id of ['2', '1', '1']) await again.erasures.finish(id, { occurrences: 0 });
      assert.deepEqual(await again.erasures.pending(), []);
      let previous = '0'.repeat(64);
      for (const id of ['2', '1']) {
        const erasure = await again.erasures.get(id);
        assert.ok(erasure?.proof != null);
        assert.equal(erasure.listener, null);
        const report = erasureReport(erasure, await again.erasures.files(id));
        assert.equal(erasure.proof.previousDigest, previous);
        assert.equal(erasure.proof.digest, erasureDigest(previous, report));
        previous = erasure.proof.digest;
        if (id === '1') assert.deepEqual(report.rewritten, { logSegments: 1, lakeFiles: 1, rows: 9 });
      }
      assert.deepEqual(
        (await again.erasures.list(1)).map(({ id }) => id),
        ['2'],
      );
      assert.equal(await again.erasures.get('3'), undefined);
      await again.close();
    }),

    law('calls at the same time do not disturb each other', async (metadata) => {
      await Promise.all(Array.from({ length: 50 }, (_, i) => metadata.settings.set(`s${i % 5}`, String(i))));
      for (let i = 0; i < 5; i++) assert.equal(Number(await metadata.settings.get(`s${i}`)) % 5, i);
    }),
  ];
}
