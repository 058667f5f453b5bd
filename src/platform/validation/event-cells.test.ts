import { deserialize, serialize } from 'node:v8';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DEVICES, type FeedbackEvent } from '../../domain/index.ts';
import { ALL_EXAMPLES } from '../../validation/index.ts';
import {
  addEvent,
  deviceSlice,
  type EventCells,
  emptyCells,
  listenersIn,
  mergeCells,
  statisticsOfCells,
} from './event-cells.ts';
import { playOf } from './event-testing.ts';
import { expectedEvents } from './expected-schema.ts';
import { judgeSet, type Measured } from './judge.ts';

const keyOf = (listener: number): string => (listener * 2654435761).toString(16).padStart(32, '0').slice(-32);

const playBy = (listener: number, more: Partial<FeedbackEvent> = {}): FeedbackEvent =>
  playOf({
    listenerKey: `${((listener * 2654435761) >>> 0).toString(16).padStart(8, '0')}${keyOf(listener).slice(8)}`,
    receivedAtMs: 100,
    sessionId: 's',
    device: 'phone',
    playedMs: 180_000,
    durationMs: 200_000,
    ...more,
  });

function cellsOf(events: readonly FeedbackEvent[]): EventCells {
  const cells = emptyCells();
  for (const event of events) addEvent(cells, event);
  return cells;
}

const arbitraryEvent = fc
  .record({
    listener: fc.integer({ min: 0, max: 500 }),
    playedMs: fc.integer({ min: 0, max: 86_400_000 }),
    durationMs: fc.integer({ min: 0, max: 86_400_000 }),
    device: fc.constantFrom(...DEVICES),
    shelfRank: fc.integer({ min: -1, max: 63 }),
    autoplay: fc.boolean(),
  })
  .map(({ listener, ...more }) => playBy(listener, more));

describe('cells of events', () => {
  it('add up to the same however the events are split, and read back as they were', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(arbitraryEvent, fc.integer({ min: 0, max: 2 })), { minLength: 1 }), (events) => {
        const whole = cellsOf(events.map(([event]) => event));
        const parts = [0, 1, 2].map((part) => cellsOf(events.flatMap(([event, of]) => (of === part ? [event] : []))));
        const sum = emptyCells();
        for (const part of parts) mergeCells(sum, deserialize(serialize(part)) as EventCells);
        expect(listenersIn(sum)).toBe(listenersIn(whole));
        const [a, b] = [statisticsOfCells(sum, 'a'), statisticsOfCells(whole, 'a')];
        for (const [i, feature] of (b.features ?? []).entries()) {
          const {
            mean: one = 0,
            stdDev: s = 0,
            ...others
          } = a.features?.find(({ path }) => path?.step?.[0] === feature.path?.step?.[0])?.numStats ?? {};
          const { mean: two = 0, stdDev: t = 0, ...same } = feature.numStats ?? {};
          expect(one).toBeCloseTo(two, 4);
          expect(Math.abs(s - t)).toBeLessThan(1 + 1e-4 * t);
          expect([i, others]).toEqual([i, same]);
        }
      }),
      { numRuns: 50, seed: 1 },
    );
  });

  it('give quantiles and moments near the values', () => {
    const cells = cellsOf(Array.from({ length: 1000 }, (_, i) => playBy(i, { playedMs: (i + 1) * 200 })));
    const { numStats } = statisticsOfCells(cells, 'a').features?.[0] ?? {};
    expect(numStats).toMatchObject({ mean: 100_100, min: 200, max: 200_000, numZeros: 0 });
    expect(numStats?.median ?? 0).toBeGreaterThan(90_000);
    expect(numStats?.median ?? 0).toBeLessThan(110_000);
  });

  it('tell of ids only whether there is one', () => {
    const text = JSON.stringify(statisticsOfCells(cellsOf([playBy(1, { itemId: 'secret', sessionId: '' })]), 'a'));
    expect(text).not.toContain('secret');
    expect(text).toContain('absent');
  });
});

/** An hour of plays, three by each listener; of a share of listeners on phones in this unit. */
function hourOf(listeners: number, offset: number, phoneUnitMs = 1): Measured {
  const slices = new Map<string, EventCells>();
  for (let i = 0; i < listeners; i++) {
    const device = i % 4 === 0 ? 'phone' : 'desktop';
    for (let n = 0; n < 3; n++) {
      const length = 120_000 + ((i * 7919 + n * 104_729 + offset * 15_485_863) % 180_000);
      const unit = device === 'phone' ? phoneUnitMs : 1;
      const event = playBy(i, { device, playedMs: (0.9 * length) / unit, durationMs: length / unit });
      for (const slice of ['', deviceSlice(device)]) {
        const cells = slices.get(slice) ?? emptyCells();
        addEvent(cells, event);
        slices.set(slice, cells);
      }
    }
  }
  return {
    name: `hour ${offset}`,
    list: {
      datasets: [...slices].map(([slice, cells]) => statisticsOfCells(cells, slice === '' ? ALL_EXAMPLES : slice)),
    },
    units: new Map([...slices].map(([slice, cells]) => [slice, listenersIn(cells)])),
  };
}

describe('an hour of events', () => {
  const schema = expectedEvents('play');

  it('that is like those before has no anomaly, large or small', () => {
    for (const listeners of [12, 40, 400]) {
      const { anomalies } = judgeSet(hourOf(listeners, 2), { schema, before: hourOf(200, 1) });
      expect([listeners, anomalies]).toEqual([listeners, []]);
    }
  });

  it('in which one client sends seconds for milliseconds is wrong for that client, and says what it looks like', () => {
    const { anomalies } = judgeSet(hourOf(60, 2, 1000), { schema, before: hourOf(200, 1) });
    const errors = anomalies.filter(({ severity }) => severity === 'error');
    expect(errors.map(({ slice, feature }) => `${slice} ${feature}`)).toEqual([
      'device_phone durationMs',
      'device_phone playedMs',
    ]);
    for (const { description, schemaLines, acceptedLines } of errors) {
      expect(description).toContain('as if seconds came for milliseconds');
      expect(schemaLines).toContain('threshold: 0.3');
      expect(acceptedLines).toContain('jensen_shannon_divergence');
    }
  });

  it('misses a device only where that would say something', () => {
    const full = hourOf(200, 1);
    const now = hourOf(200, 2);
    const without = {
      ...now,
      list: { datasets: (now.list.datasets ?? []).filter(({ name }) => name !== 'device_phone') },
    };
    const missed = (missable: readonly string[]): readonly string[] =>
      judgeSet(without, { schema, before: { ...full, missable: new Set(missable) } }).anomalies.map(
        ({ slice }) => slice,
      );
    expect(missed(['device_phone', 'device_desktop'])).toEqual(['device_phone']);
    expect(missed(['device_desktop'])).toEqual([]);
  });

  it('says so where fifteen listeners use the client, and not where three do', () => {
    const before = hourOf(200, 1);
    const wrong = (listeners: number): number =>
      judgeSet(hourOf(listeners, 2, 1000), { schema, before }).anomalies.filter(({ severity }) => severity === 'error')
        .length;
    expect(wrong(60)).toBeGreaterThan(0);
    expect(wrong(12)).toBe(0);
  });
});
