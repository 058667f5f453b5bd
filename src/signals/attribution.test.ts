import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from '../base/index.ts';
import type { FeedbackEvent, ItemKind } from '../domain/index.ts';
import {
  type Attribution,
  type AttributionOptions,
  correctionWeight,
  createAttribution,
  type DecisionFacts,
  type MaturedDecision,
  type RewardRow,
} from './attribution.ts';
import { rewardOf } from './rewards.ts';
import { eventOf, START_MS, shuffled } from './signals-testing.ts';

const FIRST = `${'0'.repeat(25)}A`;
const SECOND = `${'0'.repeat(25)}B`;

function page(
  rows: readonly (readonly ItemKind[])[],
  more: {
    listenerKey?: string;
    servedAtMs?: number;
    /** By row: where it came from, and the ranks that its cards had there. */
    carried?: Record<number, { decisionId: string; shelfRank: number; cardRanks: readonly number[] }>;
  } = {},
): DecisionFacts {
  return {
    listenerKey: more.listenerKey ?? 'listener',
    servedAtMs: more.servedAtMs ?? START_MS,
    cardCount: (shelfRank) => rows[shelfRank]?.length ?? 0,
    card: (shelfRank, cardRank) => {
      const kind = rows[shelfRank]?.[cardRank];
      return kind === undefined ? undefined : { kind, itemId: `card-${shelfRank}-${cardRank}`, durationMs: 0 };
    },
    carriedFrom: (shelfRank, cardRank) => {
      const origin = more.carried?.[shelfRank];
      if (origin === undefined) return undefined;
      return { decisionId: origin.decisionId, shelfRank: origin.shelfRank, cardRank: origin.cardRanks[cardRank] };
    },
  };
}

const TWO_ROWS = page([
  ['track', 'track', 'track'],
  ['playlist', 'episode'],
]);

function attributionOf(
  pages: Record<string, DecisionFacts> = { [FIRST]: TWO_ROWS },
  options: Partial<AttributionOptions> = {},
): Attribution {
  return createAttribution({ decision: (id) => pages[id], ...options });
}

/** An event on FIRST, so many seconds after the serving. */
function on(seconds: number, given: Partial<FeedbackEvent>): FeedbackEvent {
  return eventOf({ decisionId: FIRST, occurredAtMs: START_MS + seconds * SECOND_MS, sessionId: 's', ...given });
}
const rendered = (seconds = 0) => on(seconds, { type: 'rendered' });
const seen = (seconds: number, shelfRank: number, cardRank = -1) =>
  on(seconds, { type: 'impression', shelfRank, cardRank });
const played = (seconds: number, shelfRank: number, cardRank: number, given: Partial<FeedbackEvent> = {}) =>
  on(seconds, { type: 'play', shelfRank, cardRank, itemId: 'x', ...given });

const brief = (rows: readonly RewardRow[]) =>
  rows.map((row) => `${row.kind} ${row.shelfRank}.${row.cardRank} ${row.label}`);
const at = (seconds: number) => START_MS + seconds * SECOND_MS;

describe('rows for the online learner', () => {
  it('are positive at once, and negative 10 minutes after the last impression for what was seen', () => {
    const attribution = attributionOf();
    attribution.add(rendered());
    attribution.add(seen(5, 0));
    attribution.add(played(200, 0, 1));
    expect(brief(attribution.advance(at(201)))).toEqual(['positive 0.1 1']);
    attribution.add(seen(300, 1, 0));
    expect(attribution.advance(at(899))).toEqual([]);
    expect(brief(attribution.advance(at(900)))).toEqual(['negative 0.0 0', 'negative 0.2 0', 'negative 1.0 0']);
    expect(attribution.advance(at(5000))).toEqual([]);
  });

  it('come without negatives while the app has not said that it rendered the page', () => {
    const attribution = attributionOf();
    attribution.add(seen(5, 0, 0));
    expect(attribution.advance(at(3000))).toEqual([]);
    attribution.add(rendered(1));
    expect(brief(attribution.advance(at(3001)))).toEqual(['negative 0.0 0']);
  });

  it('are given out once, however often an event comes', () => {
    const attribution = attributionOf();
    const events = [rendered(), seen(5, 0), played(100, 0, 0)];
    for (const event of [...events, ...events]) attribution.add(event);
    expect(brief(attribution.advance(at(120)))).toEqual(['positive 0.0 1']);
    for (const event of events) attribution.add(event);
    expect(brief(attribution.advance(at(1000)))).toEqual(['negative 0.1 0', 'negative 0.2 0']);
    for (const event of events) attribution.add(event);
    expect(attribution.advance(at(9000))).toEqual([]);
  });

  it('correct a negative when the card earns later', () => {
    const attribution = attributionOf();
    for (const event of [rendered(), seen(5, 1)]) attribution.add(event);
    expect(brief(attribution.advance(at(700)))).toEqual(['negative 1.0 0', 'negative 1.1 0']);
    attribution.add(played(2000, 1, 1, { playedMs: 11 * MINUTE_MS, durationMs: 40 * MINUTE_MS }));
    const [row] = attribution.advance(at(2001));
    expect(row).toEqual({ decisionId: FIRST, shelfRank: 1, cardRank: 1, label: 1, weight: 1, kind: 'correction' });
  });

  it('take a positive back when a skip, or the sixth turn of a loop, arrives after it', () => {
    const attribution = attributionOf();
    attribution.add(played(100, 0, 0, { playedMs: 40_000 }));
    expect(brief(attribution.advance(at(100)))).toEqual(['positive 0.0 1']);
    attribution.add(on(100, { type: 'skip', shelfRank: 0, cardRank: 0, itemId: 'x' }));
    expect(brief(attribution.advance(at(101)))).toEqual(['correction 0.0 0']);
    for (let i = 0; i < 6; i++) attribution.add(played(1000 + 300 * i, 0, 1, { itemId: 'rain', autoplay: i > 0 }));
    expect(brief(attribution.advance(at(4000)))).toEqual(['positive 0.1 1', 'correction 0.1 0']);
  });

  it('wait for two tracks of a playlist', () => {
    const attribution = attributionOf();
    attribution.add(played(100, 1, 0, { itemId: 'a' }));
    expect(attribution.advance(at(101))).toEqual([]);
    attribution.add(played(300, 1, 0, { itemId: 'b', autoplay: true, containerId: 'card-1-0' }));
    expect(brief(attribution.advance(at(301)))).toEqual(['positive 1.0 1']);
  });

  it('are positive also before serving, rendering and impression are heard of', () => {
    const attribution = attributionOf();
    attribution.add(played(60, 0, 2));
    expect(brief(attribution.advance(at(60)))).toEqual(['positive 0.2 1']);
    attribution.add(seen(3, 0));
    attribution.add(rendered(1));
    attribution.addServing({ decisionId: FIRST, listenerKey: 'listener', atMs: START_MS, reason: 'first' });
    expect(brief(attribution.advance(at(700)))).toEqual(['negative 0.0 0', 'negative 0.1 0']);
  });

  it('wait for a decision that is not known yet', () => {
    const pages: Record<string, DecisionFacts> = {};
    const attribution = attributionOf(pages);
    attribution.add(played(60, 0, 2));
    expect(attribution.advance(at(61))).toEqual([]);
    pages[FIRST] = TWO_ROWS;
    expect(brief(attribution.advance(at(62)))).toEqual(['positive 0.2 1']);
    const never = attributionOf({});
    never.add(played(60, 0, 2));
    never.advance(at(62));
    never.advance(at(2 * 86_400));
    expect(never.dropped['unknown-decision']).toBe(1);
  });

  it('credit a carried row to the decision that first drew it', () => {
    const attribution = attributionOf({
      [FIRST]: TWO_ROWS,
      [SECOND]: page([['playlist', 'episode'], ['track']], {
        carried: { 0: { decisionId: FIRST, shelfRank: 1, cardRanks: [0, 1] } },
      }),
    });
    attribution.add(played(900, 0, 1, { decisionId: SECOND, playedMs: 700_000 }));
    attribution.add(played(900, 1, 0, { decisionId: SECOND }));
    expect(attribution.advance(at(901)).map((row) => [row.decisionId, row.shelfRank, row.cardRank])).toEqual([
      [FIRST, 1, 1],
      [SECOND, 1, 0],
    ]);
  });

  describe('of a carried row that lost a card', () => {
    // The card 0.1 of the first page was hidden; the second page shows the others, one row lower.
    const SHORTER = page([['episode'], ['track', 'track']], {
      carried: { 1: { decisionId: FIRST, shelfRank: 0, cardRanks: [0, 2] } },
    });
    const onSecond = (event: FeedbackEvent) => ({ ...event, decisionId: SECOND });
    const places = (rows: readonly RewardRow[]) =>
      rows.map((row) => `${row.kind} ${row.decisionId.slice(-1)} ${row.shelfRank}.${row.cardRank}`);

    it('credit the card that was played, not the one that stood at its rank', () => {
      const attribution = attributionOf({ [FIRST]: TWO_ROWS, [SECOND]: SHORTER });
      attribution.add(onSecond(played(900, 1, 1)));
      expect(places(attribution.advance(at(901)))).toEqual(['positive A 0.2']);
      attribution.add(onSecond(played(910, 1, 2)));
      expect(attribution.dropped['no-card']).toBe(1);
    });

    it('see, by an impression of the row, the cards that it still has', () => {
      const attribution = attributionOf({ [FIRST]: TWO_ROWS, [SECOND]: SHORTER });
      attribution.add(rendered());
      attribution.add(onSecond(seen(5, 1)));
      attribution.add(onSecond(seen(6, 1, 1)));
      expect(places(attribution.advance(at(700)))).toEqual(['negative A 0.0', 'negative A 0.2']);
    });

    it('wait for the first decision, and pass over cards that it never had', () => {
      const pages: Record<string, DecisionFacts> = {
        [SECOND]: page([['track', 'track']], {
          carried: { 0: { decisionId: FIRST, shelfRank: 0, cardRanks: [-1, 2] } },
        }),
      };
      const attribution = attributionOf(pages);
      for (const event of [seen(5, 0), played(60, 0, 0), played(60, 0, 1)]) attribution.add(onSecond(event));
      attribution.add(rendered());
      expect(attribution.advance(at(700))).toEqual([]);
      pages[FIRST] = TWO_ROWS;
      expect(places(attribution.advance(at(701)))).toEqual(['positive A 0.2']);
      expect(attribution.dropped['no-card']).toBe(2);
    });
  });

  it('do not come from bots, from another listener, nor for cards that the page has not', () => {
    const attribution = attributionOf({ [FIRST]: TWO_ROWS }, { isBot: (key) => key === 'listener' });
    attribution.add(played(60, 0, 0));
    attribution.add(played(60, 0, 0, { listenerKey: 'thief' }));
    attribution.add(played(60, 0, 7));
    attribution.add(played(60, 9, 0));
    attribution.add(played(60, 0, -1));
    attribution.add(eventOf({ type: 'play' }));
    expect(attribution.advance(at(61))).toEqual([]);
    expect(attribution.dropped).toMatchObject({ 'other-listener': 1, 'no-card': 3 });
  });
});

describe('matured rewards', () => {
  it('come 24 hours after the first serving, once, with whether the page was rendered', () => {
    const attribution = attributionOf();
    attribution.addServing({ decisionId: FIRST, listenerKey: 'listener', atMs: at(60), reason: 'refresh' });
    attribution.addServing({ decisionId: FIRST, listenerKey: 'listener', atMs: at(10), reason: 'first' });
    for (const event of [rendered(11), seen(12, 0), played(90, 0, 1), played(24 * 3600 + 10, 0, 2)])
      attribution.add(event);
    attribution.advance(at(10) + DAY_MS - 1);
    expect(attribution.matured(at(10) + DAY_MS - 1)).toEqual([]);
    attribution.advance(at(10) + DAY_MS);
    const expected: MaturedDecision = {
      decisionId: FIRST,
      listenerKey: 'listener',
      servedAtMs: at(10),
      rendered: true,
      seenCards: 3,
      rewarded: [
        { shelfRank: 0, cardRank: 1 },
        { shelfRank: 0, cardRank: 2 },
      ],
    };
    expect(attribution.matured(at(10) + DAY_MS)).toEqual([expected]);
    expect(attribution.matured(at(10) + 2 * DAY_MS)).toEqual([]);
    expect(attribution.size).toBe(0);
  });

  it('do not begin again for events that come after', () => {
    const attribution = attributionOf();
    attribution.add(rendered());
    attribution.matured(START_MS + DAY_MS);
    attribution.add(played(60, 0, 0));
    expect(attribution.advance(START_MS + DAY_MS + 1)).toEqual([]);
    expect(attribution.dropped.matured).toBe(1);
    expect(attribution.size).toBe(0);
  });

  it('give negatives at the latest when they mature', () => {
    const attribution = attributionOf();
    for (const event of [rendered(), seen(24 * 3600 - 60, 0, 0)]) attribution.add(event);
    expect(brief(attribution.advance(START_MS + DAY_MS))).toEqual(['negative 0.0 0']);
  });

  it('keep memory bounded: the decision that came first gives way, and is counted', () => {
    const pages = Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`decision-${i}`, TWO_ROWS]));
    const attribution = attributionOf(pages, { maxDecisions: 10 });
    for (const decisionId of Object.keys(pages)) attribution.add({ ...rendered(1), decisionId });
    expect(attribution.size).toBe(10);
    expect(attribution.dropped['crowded-out']).toBe(40);
  });
});

describe('a decision that was crowded out', () => {
  const [OLD, MIDDLE, NEW] = ['A', 'B', 'C'].map((last) => `${'0'.repeat(25)}${last}`);
  const pages = { [OLD]: TWO_ROWS, [MIDDLE]: TWO_ROWS, [NEW]: TWO_ROWS };
  const playOn = (decisionId: string, eventId: string) => played(60, 0, 0, { decisionId, eventId });

  it('gives out no second row for what it gave out before, also after a restart', () => {
    let attribution = attributionOf(pages, { maxDecisions: 2 });
    attribution.add(playOn(OLD, 'one'));
    expect(attribution.advance(at(61))).toHaveLength(1);
    for (const decisionId of [MIDDLE, NEW]) attribution.add({ ...rendered(), decisionId });
    expect(attribution.dropped['crowded-out']).toBe(1);
    const later = () => {
      attribution.add(playOn(OLD, 'one'));
      attribution.add(playOn(OLD, 'two'));
      attribution.addServing({ decisionId: OLD, listenerKey: 'listener', atMs: at(0), reason: 'first' });
    };
    later();
    expect(attribution.advance(at(62))).toEqual([]);
    expect(attribution.dropped['crowded-out']).toBe(4);
    attribution = attributionOf(pages, { maxDecisions: 2, restore: attribution.encode() });
    later();
    expect(attribution.advance(at(63))).toEqual([]);
    expect(attribution.size).toBe(2);
    attribution.add(playOn(NEW, 'three'));
    expect(attribution.advance(at(64))).toHaveLength(1);
  });

  it('restores also what was encoded before it was remembered', () => {
    const attribution = attributionOf(pages);
    attribution.add(playOn(OLD, 'one'));
    const [, ...rest] = attribution.encode();
    rest.splice(8, 1);
    const restored = attributionOf(pages, { restore: Uint8Array.of(1, ...rest) });
    restored.add(playOn(OLD, 'one'));
    expect(brief(restored.advance(at(61)))).toEqual(['positive 0.0 1']);
    expect(restored.advance(at(62))).toEqual([]);
  });

  it('begins again where it had given out nothing', () => {
    const attribution = attributionOf(pages, { maxDecisions: 1 });
    for (const decisionId of [OLD, NEW]) attribution.add({ ...rendered(), decisionId });
    attribution.add(playOn(OLD, 'one'));
    expect(brief(attribution.advance(at(61)))).toEqual(['positive 0.0 1']);
  });

  it('never makes a card earn twice, however little room there is', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 1, max: 3 }), (seed, maxDecisions) => {
        const { rng, pages, events } = scenario(seed);
        const attribution = attributionOf(pages, { maxDecisions });
        const before = new Map<string, RewardRow>();
        const arriving = shuffled([...events, ...events], rng);
        arriving.forEach((event, i) => {
          attribution.add(event);
          for (const row of attribution.advance(START_MS + i * MINUTE_MS)) {
            const previous = before.get(keyOf(row));
            expect(row.kind === 'correction').toBe(previous !== undefined);
            expect(row.label).not.toBe(previous?.label);
            before.set(keyOf(row), row);
          }
        });
      }),
      { numRuns: 200 },
    );
  });
});

/** A day of random events on 3 pages, with the final reward of every card by the plain definition. */
function scenario(seed: number) {
  const rng = createRng(seed);
  const kinds: ItemKind[] = ['track', 'playlist', 'episode', 'artist'];
  const pages: Record<string, DecisionFacts> = {};
  const events: FeedbackEvent[] = [];
  for (let d = 0; d < 3; d++) {
    const decisionId = `decision-${d}`;
    const rows = Array.from({ length: 1 + rng.below(3) }, () =>
      Array.from({ length: 1 + rng.below(4) }, () => kinds[rng.below(kinds.length)]),
    );
    pages[decisionId] = page(rows, { servedAtMs: START_MS + d * HOUR_MS });
    if (rng.uniform() < 0.8) events.push(on(d * 3600, { type: 'rendered', decisionId }));
    for (let i = rng.below(30); i > 0; i--) {
      const shelfRank = rng.below(rows.length);
      const cardRank = rng.below(rows[shelfRank].length);
      const type = (['impression', 'play', 'play', 'skip'] as const)[rng.below(4)];
      events.push(
        on(d * 3600 + rng.below(20 * 3600), {
          type,
          decisionId,
          shelfRank,
          cardRank,
          itemId: `item-${rng.below(3)}`,
          playedMs: type === 'play' ? rng.below(900_000) : 0,
          durationMs: 0,
          autoplay: rng.uniform() < 0.3,
        }),
      );
    }
  }
  events.sort((a, b) => a.occurredAtMs - b.occurredAtMs);
  const truth = new Map<string, 0 | 1>();
  for (const [decisionId, facts] of Object.entries(pages)) {
    for (let s = 0; facts.cardCount(s) > 0; s++) {
      for (let c = 0; c < facts.cardCount(s); c++) {
        const own = events.filter((e) => e.decisionId === decisionId && e.shelfRank === s && e.cardRank === c);
        const card = facts.card(s, c);
        if (card === undefined) continue;
        truth.set(`${decisionId} ${s}.${c}`, rewardOf({ card, servedAtMs: facts.servedAtMs, bot: false, events: own }));
      }
    }
  }
  return { rng, pages, events, truth };
}

const END = START_MS + 2 * DAY_MS;
const keyOf = (row: { decisionId: string; shelfRank: number; cardRank: number }) =>
  `${row.decisionId} ${row.shelfRank}.${row.cardRank}`;

describe('whatever the order, the repetitions and the restarts', () => {
  it('the last row given out for a card, and its matured reward, are its true reward', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { rng, pages, events, truth } = scenario(seed);
        const attribution = attributionOf(pages);
        const rows: RewardRow[] = [];
        const arriving = shuffled([...events, ...events.filter(() => rng.uniform() < 0.3)], rng);
        let clock = START_MS;
        for (const event of arriving) {
          attribution.add(event);
          clock += rng.below(5 * 60_000);
          rows.push(...attribution.advance(Math.min(clock, START_MS + 23 * HOUR_MS)));
        }
        rows.push(...attribution.advance(END));
        const last = new Map(rows.map((row) => [keyOf(row), row.label]));
        for (const [key, label] of last) expect(truth.get(key)).toBe(label);
        for (const [key, label] of truth) if (label === 1) expect(last.get(key)).toBe(1);
        // Every card's rows alternate: the first is no correction, all after it are, each with the other label.
        const before = new Map<string, RewardRow>();
        for (const row of rows) {
          const previous = before.get(keyOf(row));
          expect(row.kind === 'correction').toBe(previous !== undefined);
          expect(row.label).not.toBe(previous?.label);
          before.set(keyOf(row), row);
        }
        const rewarded = attribution
          .matured(END)
          .flatMap((done) => done.rewarded.map((card) => keyOf({ decisionId: done.decisionId, ...card })));
        expect(rewarded.sort()).toEqual(
          [...truth]
            .filter(([, label]) => label === 1)
            .map(([key]) => key)
            .sort(),
        );
      }),
      { numRuns: 150 },
    );
  });

  it('a restart in the middle changes nothing: same rows, same matured rewards', () => {
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const { rng, pages, events } = scenario(seed);
        const arriving = shuffled(events, rng);
        const unknownUntil = rng.below(arriving.length + 1);
        const restarts = new Set(Array.from({ length: 4 }, () => rng.below(arriving.length + 1)));
        const run = (restarting: boolean) => {
          let seenEvents = 0;
          const decision = (id: string) => (id === 'decision-1' && seenEvents < unknownUntil ? undefined : pages[id]);
          let attribution = createAttribution({ decision });
          const rows: RewardRow[] = [];
          for (const event of arriving) {
            attribution.add(event);
            seenEvents++;
            if (restarting && restarts.has(seenEvents)) {
              attribution = createAttribution({ decision, restore: attribution.encode() });
            }
            if (seenEvents % 3 === 0) rows.push(...attribution.advance(event.receivedAtMs + seenEvents * MINUTE_MS));
          }
          rows.push(...attribution.advance(END));
          return { rows, matured: attribution.matured(END) };
        };
        expect(run(true)).toEqual(run(false));
      }),
      { numRuns: 100 },
    );
  });

  it('events told again after a restart, because the log is read from an earlier place, add nothing', () => {
    const { pages, events } = scenario(12);
    const once = attributionOf(pages);
    for (const event of events) once.add(event);
    once.advance(START_MS + 22 * HOUR_MS);
    const again = attributionOf(pages, { restore: once.encode() });
    for (const event of events) again.add(event);
    expect(again.advance(START_MS + 22 * HOUR_MS)).toEqual([]);
  });
});

describe('correctionWeight', () => {
  it('makes the gradient of logistic loss what it would have been without the wrong row', () => {
    for (const p of [0.02, 0.3, 0.6]) {
      expect(correctionWeight(1, p) * (p - 1)).toBeCloseTo(p - 1 - p, 12);
      expect(correctionWeight(0, 1 - p) * (1 - p)).toBeCloseTo(1 - p - (1 - p - 1), 12);
    }
  });

  it('is at most 10', () => {
    expect(correctionWeight(1, 1)).toBe(10);
    expect(correctionWeight(0, 0)).toBe(10);
  });
});

it('refuses an option that it does not have', () => {
  expect(() =>
    createAttribution({ decision: () => undefined, maxDecision: 3 } as unknown as AttributionOptions),
  ).toThrow(/maxDecision/);
});
