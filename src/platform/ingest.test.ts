import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { DAY_MS, manualClock } from '../base/index.ts';
import { decisionIdOf } from '../domain/index.ts';
import { DEFAULT_BOT_RULES } from '../signals/index.ts';
import { openEventLog, openLmdbStore } from '../store/index.ts';
import { createIngest } from './ingest.ts';
import { createListeners } from './listeners.ts';
import { createPages } from './pages.ts';
import { newDir, removeDirs, START_MS } from './platform-testing.ts';
import { createSeenEvents } from './seen.ts';
import { createStates } from './states.ts';
import { createTraffic } from './traffic.ts';
import { loadVocabularies } from './vocabularies.ts';

afterEach(removeDirs);

describe('an event whose listener is erased while the page that it names is read', () => {
  it('is refused, and its key is not in the log', async () => {
    const dir = newDir();
    const clock = manualClock(START_MS);
    const store = openLmdbStore({ dir: join(dir, 'online') });
    const log = openEventLog({ dir: join(dir, 'log') });
    const vocabularies = loadVocabularies(store);
    const listeners = createListeners(store, vocabularies, clock);
    const states = createStates(store, 'states-0', 100, listeners.isErased);
    const [ann] = await listeners.ensure(['ann']);
    const ingest = createIngest({
      log,
      listeners,
      states: () => states,
      seen: createSeenEvents(store, () => false),
      pages: createPages(
        async () => {
          await listeners.erase(
            'ann',
            async () => {},
            () => {},
          );
          return undefined;
        },
        () => '',
      ),
      traffic: createTraffic(store, DEFAULT_BOT_RULES, clock.nowMs),
      isPrivate: () => false,
      vocabularies,
      clock,
      knowsItem: () => true,
      durationOf: () => 0,
      onEvent: () => {},
    });
    const eventOf = (eventId: string, reference?: object) => ({
      eventId,
      type: 'like',
      listenerId: 'ann',
      itemId: 'track-1',
      occurredAt: new Date(START_MS).toISOString(),
      ...(reference === undefined ? {} : { reference }),
    });
    // Of half a day ago: it may still be in the log.
    const decisionId = decisionIdOf(START_MS - DAY_MS / 2, new Uint8Array(16));
    const [fate] = await ingest.accept([eventOf('one', { decisionId, shelfRank: 0 })]);
    expect(fate).toMatchObject({ fate: 'rejected' });
    expect(
      [...log.entries(log.start())].map(({ payload }) => Buffer.from(payload).toString('latin1')).join(),
    ).not.toContain(ann?.key);
    // Who comes by this id from then on is somebody new.
    expect(await ingest.accept([eventOf('two')])).toEqual([{ eventId: 'two', fate: 'accepted' }]);
    await log.close();
    await store.close();
  });
});
