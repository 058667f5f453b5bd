import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { EventsAnswer, IncomingEvent } from '../../../src/server/contract.ts';
import { createReporter } from './reporter.ts';

const who = { listenerId: 'l1', sessionId: 's1', device: 'phone' } as const;
const impression = (shelfRank: number) =>
  ({ type: 'impression', reference: { decisionId: '01ARZ3NDEKTSV4RRFFQ69G5FAV', shelfRank } }) as const;

function accepting(sent: IncomingEvent[][]) {
  return async (events: readonly IncomingEvent[]): Promise<EventsAnswer> => {
    sent.push([...events]);
    return {
      accepted: events.length,
      duplicates: 0,
      private: 0,
      rejected: 0,
      fates: events.map(({ eventId }) => ({ eventId, fate: 'accepted' })),
    };
  };
}

describe('the reporter', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('adds who, when and on what to each event, and an id of its own', async () => {
    const sent: IncomingEvent[][] = [];
    await createReporter(who, accepting(sent)).report([
      { type: 'like', itemId: 'a' },
      { type: 'like', itemId: 'b' },
    ]);
    const [first, second] = sent[0] as [IncomingEvent, IncomingEvent];
    expect(first).toMatchObject({ listenerId: 'l1', sessionId: 's1', device: 'phone', type: 'like', itemId: 'a' });
    expect(first.eventId).not.toBe(second.eventId);
    expect(Number.isNaN(Date.parse(first.occurredAt))).toBe(false);
  });

  it('gathers impressions for a second', async () => {
    const sent: IncomingEvent[][] = [];
    const reporter = createReporter(who, accepting(sent));
    reporter.note(impression(0));
    reporter.note(impression(1));
    expect(sent).toHaveLength(0);
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent.map((events) => events.length)).toEqual([2]);
  });

  it('keeps impressions that could not be sent, under the same ids', async () => {
    vi.spyOn(console, 'warn').mockImplementation(() => undefined);
    const sent: IncomingEvent[][] = [];
    const tried: IncomingEvent[][] = [];
    let down = true;
    const reporter = createReporter(who, async (events) => {
      tried.push([...events]);
      if (down) throw new Error('down');
      return accepting(sent)(events);
    });
    reporter.note(impression(0));
    await vi.advanceTimersByTimeAsync(1000);
    down = false;
    reporter.note(impression(1));
    await vi.advanceTimersByTimeAsync(1000);
    expect(sent[0]?.map((event) => event.reference?.shelfRank)).toEqual([0, 1]);
    expect(sent[0]?.[0]?.eventId).toBe(tried[0]?.[0]?.eventId);
  });

  it('sends what was noted along with, and before, an action', async () => {
    const sent: IncomingEvent[][] = [];
    const reporter = createReporter(who, accepting(sent));
    reporter.seen('01ARZ3NDEKTSV4RRFFQ69G5FAV', 2);
    reporter.seen('01ARZ3NDEKTSV4RRFFQ69G5FAV', 2);
    await reporter.report([{ type: 'like', itemId: 'a' }]);
    await vi.advanceTimersByTimeAsync(2000);
    expect(sent.map((events) => events.map(({ type }) => type))).toEqual([['impression', 'like']]);
  });

  it('rejects with the remedy of an event that was refused', async () => {
    const reporter = createReporter(who, async (events) => ({
      accepted: 0,
      duplicates: 0,
      private: 0,
      rejected: 1,
      fates: [
        {
          eventId: events[0]?.eventId ?? '',
          fate: 'rejected',
          code: 'EVENT_TIME_FUTURE',
          message: 'Ahead.',
          remedy: 'Set the clock.',
        },
      ],
    }));
    await expect(reporter.report([{ type: 'hide', itemId: 'a' }])).rejects.toMatchObject({
      code: 'EVENT_TIME_FUTURE',
      remedy: 'Set the clock.',
    });
  });
});
