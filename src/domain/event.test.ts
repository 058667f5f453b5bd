import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { ByteWriter, DAY_MS, HOUR_MS, MINUTE_MS } from '../base/index.ts';
import { decodeEvent, EventSchema, encodeEvent, type FeedbackEvent, type IncomingEvent, parseEvent } from './index.ts';

const NOW_MS = Date.UTC(2026, 10, 24, 12);
const checker = Compile(EventSchema);

function parsed(fields: Partial<IncomingEvent>, knownDurationMs?: number) {
  const event = {
    eventId: 'e',
    listenerId: 'l',
    type: 'play',
    itemId: 'i',
    occurredAt: '2026-11-24T11:00:00Z',
    playedMs: 1000,
    ...fields,
  } as IncomingEvent;
  expect(checker.Check(event)).toBe(true);
  return parseEvent(event, 'key', NOW_MS, knownDurationMs);
}
const playedMs = (...given: Parameters<typeof parsed>) => (parsed(...given) as FeedbackEvent).playedMs;

describe('a play', () => {
  it('lasts at most a day', () => {
    const play = { eventId: 'e', listenerId: 'l', type: 'play', itemId: 'i', occurredAt: '2026-11-24T11:00:00Z' };
    for (const field of ['playedMs', 'durationMs']) {
      expect(checker.Check({ ...play, [field]: DAY_MS })).toBe(true);
      expect(checker.Check({ ...play, [field]: DAY_MS + 1 })).toBe(false);
      expect(checker.Check({ ...play, [field]: -1 })).toBe(false);
    }
  });

  it('is cut to its item: to the duration of the client, and to that of the catalogue', () => {
    expect(playedMs({ playedMs: 20 * HOUR_MS })).toBe(20 * HOUR_MS);
    expect(playedMs({ playedMs: 20 * HOUR_MS }, 0)).toBe(20 * HOUR_MS);
    expect(playedMs({ playedMs: 20 * HOUR_MS }, 3 * MINUTE_MS)).toBe(3 * MINUTE_MS);
    expect(playedMs({ playedMs: 20 * HOUR_MS, durationMs: 4 * MINUTE_MS })).toBe(4 * MINUTE_MS);
    expect(playedMs({ playedMs: 20 * HOUR_MS, durationMs: DAY_MS }, 3 * MINUTE_MS)).toBe(3 * MINUTE_MS);
    expect(playedMs({ playedMs: 20 * HOUR_MS, durationMs: 2 * MINUTE_MS }, 3 * MINUTE_MS)).toBe(2 * MINUTE_MS);
    expect(playedMs({ playedMs: 1000, durationMs: 0 }, 3 * MINUTE_MS)).toBe(1000);
  });
});

describe('the time of an event', () => {
  it('is refused where it is a date-time and no number', () => {
    expect(parsed({ occurredAt: '2016-12-31T23:59:60Z' })).toBe('EVENT_TIME_INVALID');
    expect(parsed({ occurredAt: '2026-11-24T11:00:00+01:00[Europe/Paris]' })).toBe('EVENT_TIME_INVALID');
  });

  it('is the time of arrival when it lies up to 10 minutes ahead, and refused beyond', () => {
    expect(parsed({ occurredAt: '2026-11-24T12:10:00Z' })).toMatchObject({ occurredAtMs: NOW_MS });
    expect(parsed({ occurredAt: '2026-11-24T12:10:01Z' })).toBe('EVENT_TIME_FUTURE');
    expect(parsed({ occurredAt: '2010-01-01T00:00:00Z' })).toBe('EVENT_TIME_TOO_OLD');
  });
});

describe('a hide', () => {
  it('is of an item or of a shelf, never of both or neither', () => {
    const hide = (fields: Partial<IncomingEvent>) =>
      parseEvent(
        { eventId: 'e', listenerId: 'l', type: 'hide', occurredAt: '2026-11-24T11:00:00Z', ...fields },
        'key',
        NOW_MS,
      );
    expect(hide({ shelfId: 'more-like:artist:1' })).toMatchObject({ itemId: '', shelfId: 'more-like:artist:1' });
    expect(hide({ type: 'unhide', itemId: 'i' })).toMatchObject({ itemId: 'i', shelfId: '' });
    expect(hide({})).toBe('EVENT_ITEM_MISSING');
    expect(hide({ type: 'unhide', itemId: 'i', shelfId: 'popular' })).toBe('EVENT_HIDES_TWO');
    for (const shelfId of ['popular', 'more-like:artist:1']) expect(checker.Check(shelf(shelfId))).toBe(true);
    for (const shelfId of ['', 'Popular', 'more-like:', 'x:\n']) expect(checker.Check(shelf(shelfId))).toBe(false);
  });
});

const shelf = (shelfId: string) => ({
  eventId: 'e',
  listenerId: 'l',
  type: 'hide',
  occurredAt: '2026-11-24T11:00:00Z',
  shelfId,
});

describe('the stored form', () => {
  const event = parseEvent(
    {
      eventId: 'e',
      listenerId: 'l',
      type: 'impression',
      occurredAt: '2026-11-24T11:00:00Z',
      reference: { decisionId: '01KDVDNA000000000000000000', shelfRank: 3 },
    },
    'key',
    NOW_MS,
    0,
    { shelfId: 'more-like:\u00e9', cards: [7, 0xf0000002, 12] },
  ) as FeedbackEvent;
  const stored = (): Buffer => {
    const out = new ByteWriter();
    encodeEvent(event, out);
    return out.finish();
  };

  it('keeps what the reference pointed to', () => {
    expect(decodeEvent(stored())).toEqual(event);
  });

  it('of version 1, without it, is read still', () => {
    const shelfBytes = 1 + Buffer.byteLength(event.shelfId);
    const cardBytes = 1 + 1 + 5 + 1;
    const old = stored().subarray(0, stored().length - shelfBytes - cardBytes);
    old[0] = 1;
    expect(decodeEvent(old)).toEqual({ ...event, shelfId: '', cards: [] });
    old[0] = 3;
    expect(() => decodeEvent(old)).toThrow(/format 3/);
  });
});
