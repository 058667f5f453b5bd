import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRng, HOUR_MS, MINUTE_MS } from '../base/index.ts';
import { type FeedbackEvent, ITEM_KINDS, type ItemKind } from '../domain/index.ts';
import { type CardFacts, REWARD_RULES, rewardOf } from './rewards.ts';
import { eventOf, START_MS, shuffled } from './signals-testing.ts';

const card = (kind: ItemKind, durationMs = 0): CardFacts => ({ kind, itemId: 'card', durationMs });
const play = (itemId: string, playedS: number, given: Partial<FeedbackEvent> = {}) =>
  eventOf({
    itemId,
    playedMs: playedS * 1000,
    durationMs: 0,
    sessionId: 's',
    occurredAtMs: START_MS + MINUTE_MS,
    ...given,
  });
const skip = (itemId: string, atMs: number) => eventOf({ type: 'skip', itemId, occurredAtMs: atMs });
const reward = (facts: CardFacts, events: FeedbackEvent[], bot = false) =>
  rewardOf({ card: facts, servedAtMs: START_MS, bot, events });

describe('the reward of a track', () => {
  it('is a play of 30 seconds', () => {
    expect(reward(card('track'), [play('card', 29.999)])).toBe(0);
    expect(reward(card('track'), [play('card', 30)])).toBe(1);
    expect(reward(card('track'), [play('card', 20), play('card', 20)])).toBe(0);
    expect(reward(card('track'), [])).toBe(0);
  });

  it('is nothing when the play was skipped, whether dated by its beginning or its end', () => {
    const at = START_MS + 10 * MINUTE_MS;
    const heard = play('card', 60, { occurredAtMs: at });
    expect(reward(card('track'), [heard, skip('card', at)])).toBe(0);
    expect(reward(card('track'), [heard, skip('card', at + 60_000)])).toBe(0);
    expect(reward(card('track'), [heard, skip('card', at + 71_000)])).toBe(1);
    expect(reward(card('track'), [heard, skip('another', at)])).toBe(1);
    expect(
      reward(card('track'), [heard, skip('card', at), play('card', 180, { occurredAtMs: at + 30 * MINUTE_MS })]),
    ).toBe(1);
  });

  it('does not come from what played on by itself', () => {
    expect(reward(card('track'), [play('next', 200, { autoplay: true })])).toBe(0);
    expect(reward(card('track'), [play('card', 5), play('next', 200, { autoplay: true })])).toBe(0);
  });

  it('is once, however much was played', () => {
    expect(reward(card('track'), [play('card', 100), play('card', 100), play('other', 100)])).toBe(1);
  });

  it('counts for 24 hours after the serving, and 10 minutes before it for clocks that are off', () => {
    const at = (offsetMs: number) => [play('card', 60, { occurredAtMs: START_MS + offsetMs })];
    expect(reward(card('track'), at(24 * HOUR_MS))).toBe(1);
    expect(reward(card('track'), at(24 * HOUR_MS + 1))).toBe(0);
    expect(reward(card('track'), at(-10 * MINUTE_MS))).toBe(1);
    expect(reward(card('track'), at(-10 * MINUTE_MS - 1))).toBe(0);
  });

  it('is nothing for a bot', () => {
    expect(reward(card('track'), [play('card', 100)], true)).toBe(0);
  });
});

describe('the reward of an artist', () => {
  it('is one track heard for 30 seconds', () => {
    expect(reward(card('artist'), [play('some track', 30)])).toBe(1);
    expect(reward(card('artist'), [play('some track', 29)])).toBe(0);
  });
});

describe('the reward of an album or playlist', () => {
  it('is two different tracks, each heard for 30 seconds', () => {
    for (const kind of ['album', 'playlist'] as const) {
      expect(reward(card(kind), [play('a', 200)])).toBe(0);
      expect(reward(card(kind), [play('a', 200), play('a', 200)])).toBe(0);
      expect(reward(card(kind), [play('a', 200), play('b', 29)])).toBe(0);
      expect(reward(card(kind), [play('a', 200), play('b', 30)])).toBe(1);
    }
  });

  it('lets playback go on inside what was chosen, but not beyond it', () => {
    const on = { autoplay: true };
    expect(reward(card('album'), [play('a', 200), play('b', 200, { ...on, containerId: 'card' })])).toBe(1);
    expect(reward(card('album'), [play('a', 200), play('b', 200, { ...on, containerId: 'radio' })])).toBe(0);
    expect(reward(card('album'), [play('a', 200), play('b', 200, on)])).toBe(0);
  });

  it('is that of a playlist also for one that was made for the listener', () => {
    const mix: CardFacts = { kind: 'playlist', itemId: 'generated:daily-mix-1', durationMs: 0 };
    const inside = { containerId: 'generated:daily-mix-1', autoplay: true };
    expect(reward(mix, [play('a', 100), play('b', 100, inside)])).toBe(1);
    expect(reward(mix, [play('a', 100), play('a', 100, inside)])).toBe(0);
    expect(reward(mix, [play('a', 100), play('b', 100, { ...inside, containerId: 'generated:daily-mix-2' })])).toBe(0);
  });

  it('does not count a skipped track', () => {
    const at = START_MS + MINUTE_MS;
    expect(reward(card('playlist'), [play('a', 60), play('b', 60, { occurredAtMs: at }), skip('b', at)])).toBe(0);
  });
});

describe('the reward of an episode or show', () => {
  it('is 10 minutes or 40%, whichever is less', () => {
    expect(reward(card('episode', 60 * MINUTE_MS), [play('card', 599)])).toBe(0);
    expect(reward(card('episode', 60 * MINUTE_MS), [play('card', 600)])).toBe(1);
    expect(reward(card('episode', 10 * MINUTE_MS), [play('card', 239)])).toBe(0);
    expect(reward(card('episode', 10 * MINUTE_MS), [play('card', 240)])).toBe(1);
  });

  it('takes the duration of the event where the catalogue has none, and 10 minutes where neither has', () => {
    expect(reward(card('episode'), [play('card', 240, { durationMs: 10 * MINUTE_MS })])).toBe(1);
    expect(reward(card('episode'), [play('card', 599)])).toBe(0);
    expect(reward(card('episode'), [play('card', 600)])).toBe(1);
  });

  it('adds up what was resumed, of one episode', () => {
    expect(reward(card('show'), [play('e1', 300), play('e1', 300, { occurredAtMs: START_MS + 5 * HOUR_MS })])).toBe(1);
    expect(reward(card('show'), [play('e1', 300), play('e2', 300)])).toBe(0);
  });
});

describe('looped sleep', () => {
  const loop = (count: number, given: (i: number) => Partial<FeedbackEvent> = () => ({})) =>
    Array.from({ length: count }, (_, i) =>
      play('rain', 300, { occurredAtMs: START_MS + (i + 1) * 5 * MINUTE_MS, autoplay: i > 0, ...given(i) }),
    );

  it('is six plays of one item in a row in one session that went on by themselves: none of them counts', () => {
    expect(reward(card('track'), loop(5))).toBe(1);
    expect(reward(card('track'), loop(6))).toBe(0);
    expect(reward(card('track'), loop(20))).toBe(0);
    expect(reward(card('album'), [...loop(8), play('b', 100)])).toBe(0);
  });

  it('is recognised by the times of the plays, not by the order in which they arrive', () => {
    const rng = createRng(1);
    const nights = [...loop(7), play('song', 10, { occurredAtMs: START_MS + 3 * HOUR_MS })];
    for (let i = 0; i < 50; i++) expect(reward(card('track'), shuffled(nights, rng))).toBe(0);
  });

  it('is not a song that somebody plays again and again by hand, nor one spread over sessions', () => {
    expect(
      reward(
        card('track'),
        loop(9, () => ({ autoplay: false })),
      ),
    ).toBe(1);
    expect(
      reward(
        card('track'),
        loop(9, (i) => ({ sessionId: `s${i >> 2}`, autoplay: i % 4 > 0 })),
      ),
    ).toBe(1);
  });

  it('does not take away what was earned before it', () => {
    expect(reward(card('track'), [...loop(10), play('song', 100, { occurredAtMs: START_MS + MINUTE_MS })])).toBe(1);
  });
});

it('has one rule for every kind of item', () => {
  expect(Object.keys(REWARD_RULES).sort()).toEqual([...ITEM_KINDS].sort());
});

it('does not depend on the order of the events, nor on repetitions of them', () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(...ITEM_KINDS), (seed, kind) => {
      const rng = createRng(seed);
      const events = Array.from({ length: rng.below(12) }, () => {
        const itemId = `t${rng.below(3)}`;
        const occurredAtMs = START_MS + rng.below(40) * MINUTE_MS;
        return rng.uniform() < 0.2
          ? skip(itemId, occurredAtMs)
          : play(itemId, rng.below(500), {
              occurredAtMs,
              autoplay: rng.uniform() < 0.6,
              sessionId: `s${rng.below(2)}`,
            });
      });
      const facts = card(kind, 20 * MINUTE_MS);
      const expected = reward(facts, events);
      expect(reward(facts, shuffled([...events, ...events], rng))).toBe(expected);
    }),
  );
});
