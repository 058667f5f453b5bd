import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../base/index.ts';
import { EventSchema, type FeedbackEvent, type IncomingEvent, parseEvent } from './index.ts';

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
