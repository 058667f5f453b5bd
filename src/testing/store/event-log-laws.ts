/** What every event log must keep, whatever stands behind it. */
import assert from 'node:assert/strict';
import { createRng, type Rng, ShelfwiseError } from '../../base/index.ts';
import type { EventLog, LogPosition } from '../../store/index.ts';
import type { Law } from './law.ts';

export interface EventLogSubject {
  /** Opens the log of one place anew, as after a restart; the first time it is empty. */
  open(): EventLog | Promise<EventLog>;
}

/** @param create gives a fresh, empty place for each law; small segments make the laws reach more of them. */
export function eventLogLaws(create: () => EventLogSubject | Promise<EventLogSubject>): Law[] {
  const law = (name: string, check: (subject: EventLogSubject, rng: Rng) => Promise<void>): Law => ({
    name,
    run: async () => check(await create(), createRng(11)),
  });
  return [
    law('an empty log has no entries, and its start, end and durable end agree', async (subject) => {
      const log = await subject.open();
      assert.deepEqual(contents(log), []);
      assert.deepEqual(log.start(), log.end());
      assert.deepEqual(log.durableEnd(), log.end());
      await log.sync();
      await log.close();
    }),

    law('entries come back in order and byte for byte, now and after a restart', async (subject, rng) => {
      const log = await subject.open();
      const expected: Buffer[] = [];
      for (let i = 0; i < 500; i++) {
        const payload = randomPayload(rng);
        expected.push(payload);
        log.append(payload);
        if (rng.uniform() < 0.05) await log.sync();
      }
      await log.sync();
      assert.deepEqual(contents(log), expected);
      await log.close();
      const again = await subject.open();
      assert.deepEqual(contents(again), expected);
      assert.equal(again.recovery.cutBytes, 0);
      await again.close();
    }),

    law(
      'an entry is read at its position before, during and after its sync, and after a restart',
      async (subject, rng) => {
        const log = await subject.open();
        const written: { at: LogPosition; payload: Buffer }[] = [];
        const check = (reader: EventLog): void => {
          for (const { at, payload } of written) assert.deepEqual(Buffer.from(reader.read(at)), payload);
        };
        for (let round = 0; round < 20; round++) {
          for (let i = 0; i < 10; i++) {
            const payload = randomPayload(rng);
            written.push({ at: log.append(payload), payload });
          }
          check(log);
          const synced = log.sync();
          check(log);
          await synced;
          check(log);
        }
        await log.close();
        const again = await subject.open();
        check(again);
        await again.close();
      },
    ),

    law('the caller may reuse its buffer after append, and keep what it was given to read', async (subject) => {
      const log = await subject.open();
      const buffer = Buffer.from('first');
      const at = log.append(buffer);
      buffer.write('XXXXX');
      const early = log.read(at);
      early.fill(0);
      await log.sync();
      assert.equal(Buffer.from(log.read(at)).toString(), 'first');
      const kept = [...log.entries(log.start())][0].payload;
      for (let i = 0; i < 100; i++) log.append(Buffer.alloc(100, i));
      await log.sync();
      assert.equal(Buffer.from(kept).toString(), 'first');
      await log.close();
    }),

    law('reading from any entry, or from what follows it, gives the rest', async (subject, rng) => {
      const log = await subject.open();
      for (let i = 0; i < 200; i++) {
        log.append(randomPayload(rng));
        if (i % 7 === 0) await log.sync();
      }
      await log.sync();
      const all = [...log.entries(log.start())];
      for (const i of [0, 1, 57, 198, 199]) {
        assert.equal([...log.entries(all[i].position)].length, all.length - i);
        assert.equal([...log.entries(all[i].next)].length, all.length - i - 1);
        assert.equal([...log.entries(log.start(), all[i].position)].length, i);
        assert.equal([...log.entries(log.start(), all[i].next)].length, i + 1);
      }
      assert.deepEqual([...log.entries(log.end())], []);
      await log.close();
    }),

    law('entries shows only what is durable, and a sync covers all that was appended before it', async (subject) => {
      const log = await subject.open();
      log.append(Buffer.from('a'));
      assert.deepEqual(contents(log), []);
      const first = log.sync();
      log.append(Buffer.from('b'));
      await Promise.all([first, log.sync()]);
      assert.deepEqual(contents(log).map(String), ['a', 'b']);
      assert.deepEqual(log.durableEnd(), log.end());
      await log.close();
    }),

    law('callers that append at the same time share syncs', async (subject) => {
      const log = await subject.open();
      const before = log.counters.syncs;
      await Promise.all(
        Array.from({ length: 64 }, async (_, i) => {
          log.append(Buffer.from(`entry ${i}`));
          await log.sync();
        }),
      );
      assert.equal(contents(log).length, 64);
      assert.ok(log.counters.syncs - before <= 8, `${log.counters.syncs - before} syncs for 64 callers`);
      assert.ok(log.fsyncP50Us() > 0);
      await log.close();
    }),

    law('entries that nobody syncs become durable by themselves', async (subject) => {
      const log = await subject.open();
      log.append(Buffer.from('on its own'));
      for (let i = 0; i < 200 && contents(log).length === 0; i++)
        await new Promise((resolve) => setTimeout(resolve, 10));
      assert.deepEqual(contents(log).map(String), ['on its own']);
      await log.close();
    }),

    law('a sealed segment can be dropped, oldest first, and its positions are gone', async (subject, rng) => {
      const log = await subject.open();
      const first = log.append(randomPayload(rng));
      await log.seal();
      const second = log.append(Buffer.from('kept'));
      await log.sync();
      const segments = log.segments();
      assert.equal(segments.at(-1)?.sealed, false);
      assert.ok(segments.slice(0, -1).every(({ sealed }) => sealed));
      assert.throws(() => log.dropSegment(segments.at(-1)!.segment), code('OPTION_INVALID'));
      for (const { segment } of segments.slice(0, -1)) log.dropSegment(segment);
      assert.throws(() => log.read(first), code('LOG_POSITION_GONE'));
      assert.throws(() => log.entries(first), code('LOG_POSITION_GONE'));
      assert.equal(Buffer.from(log.read(second)).toString(), 'kept');
      await log.close();
      const again = await subject.open();
      assert.deepEqual(contents(again).map(String), ['kept']);
      await again.close();
    }),

    law('sealing nothing makes no segment', async (subject) => {
      const log = await subject.open();
      await log.seal();
      assert.equal(log.segments().length, 1);
      log.append(Buffer.from('x'));
      await log.seal();
      await log.seal();
      assert.equal(log.segments().length, 2);
      await log.close();
    }),

    law('an empty entry is refused, and so is appending to a closed log', async (subject) => {
      const log = await subject.open();
      assert.throws(() => log.append(new Uint8Array(0)), code('OPTION_INVALID'));
      await log.close();
      await log.close();
      assert.throws(() => log.append(Buffer.from('x')), code('NOT_READY'));
    }),
  ];
}

export function contents(log: EventLog): Buffer[] {
  return Array.from(log.entries(log.start()), ({ payload }) => Buffer.from(payload));
}

function randomPayload(rng: Rng): Buffer {
  const bytes = Buffer.alloc(1 + rng.below(rng.uniform() < 0.1 ? 3000 : 120));
  for (let i = 0; i < bytes.length; i++) bytes[i] = rng.below(256);
  return bytes;
}

export function code(wanted: string): (error: unknown) => boolean {
  return (error) => error instanceof ShelfwiseError && error.code === wanted;
}
