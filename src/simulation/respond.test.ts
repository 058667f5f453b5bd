import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';
import { createRng, DAY_MS, HOUR_MS } from '../base/index.ts';
import { EventSchema, type IncomingEvent, type Page, parseEvent } from '../domain/index.ts';
import { createDemoWorld } from './index.ts';

const END_MS = Date.UTC(2026, 10, 24, 16, 20);
const world = createDemoWorld({ seed: 3, items: 4000, listeners: 300, days: 30, endMs: END_MS });
const items = [...world.items()];
const checkEvent = Compile(EventSchema);
const DECISION = '01J0000000000000000000000Z';

/** A page whose shelf r holds the given cards. */
function pageOf(shelves: readonly (readonly string[])[]): Page {
  return {
    decisionId: DECISION,
    policy: 'test',
    degraded: false,
    shelves: shelves.map((ids, rank) => ({
      id: `shelf-${rank}`,
      kind: 'test',
      title: '',
      reason: '',
      label: '',
      order: 'policy',
      rank,
      carried: false,
      cards: ids.map((id, cardRank) => {
        const item = items.find((candidate) => candidate.id === id);
        return {
          id,
          kind: item?.kind ?? 'track',
          title: '',
          subtitle: '',
          image: '',
          rank: cardRank,
          reason: '',
          badges: [],
          progress: null,
          sponsored: false,
        };
      }),
    })),
  };
}

/** Whether a card earned its reward by the registry: 30 s of a track; min(10 min, 40%) of an episode; two tracks of an album, playlist or artist's. */
function rewarded(events: readonly IncomingEvent[], shelfRank: number, cardRank: number, kind: string): boolean {
  const plays = events.filter(
    (event) =>
      event.type === 'play' && event.reference?.shelfRank === shelfRank && event.reference.cardRank === cardRank,
  );
  const enough = plays.filter((play) => {
    const playedMs = play.playedMs ?? 0;
    return kind === 'episode' || kind === 'show'
      ? playedMs >= Math.min(600_000, 0.4 * (play.durationMs ?? 0))
      : playedMs >= 30_000;
  });
  return enough.length >= 1;
}

describe('the truth', () => {
  it('says with which probability a seen card earns its reward, and the reactions keep to it', () => {
    const rng = createRng(11);
    const cards = ['track-00010', 'artist-0005', 'album-00020', 'playlist-0003', 'show-0002', 'episode-00009'];
    const listener = 'listener-0007';
    const pages = 6000;
    const page = pageOf([cards]);
    const hits = new Float64Array(cards.length);
    const seen = new Float64Array(cards.length);
    for (let n = 0; n < pages; n++) {
      const events = world.respond(listener, page, rng, END_MS);
      cards.forEach((id, rank) => {
        if (rewarded(events, 0, rank, id.split('-')[0])) hits[rank]++;
        if (events.some((event) => event.type === 'impression' && event.reference?.cardRank === rank)) seen[rank]++;
      });
    }
    cards.forEach((id, rank) => {
      const look = world.examination('phone', 0, rank);
      const expected = look * world.expectedReward(listener, id, { atMs: END_MS });
      const error = (p: number): number => 4.5 * Math.sqrt(Math.max(p * (1 - p), 1e-4) / pages);
      expect(Math.abs(seen[rank] / pages - look), `${id} seen`).toBeLessThan(error(look));
      expect(Math.abs(hits[rank] / pages - expected), `${id} rewarded`).toBeLessThan(error(expected));
    });
  });

  it('lies in [0, 1), is nothing for what may not be played, and the same for a second asking', () => {
    for (const listener of ['listener-0001', 'listener-0123', 'nobody']) {
      for (let i = 0; i < items.length; i += 37) {
        const reward = world.expectedReward(listener, items[i].id);
        expect(reward).toBeGreaterThanOrEqual(0);
        expect(reward).toBeLessThan(1);
        expect(world.expectedReward(listener, items[i].id)).toBe(reward);
      }
    }
    expect(world.expectedReward('listener-0001', 'track-99999')).toBe(0);
    const premium = items.find((item) => item.kind === 'track' && item.tiers !== undefined);
    const free = [...world.listeners()].find(({ profile }) => profile.tier === 'free');
    expect(world.expectedReward(free?.id ?? '', premium?.id ?? '')).toBe(0);
    const future = items.find(
      (item) => item.kind === 'episode' && Date.parse(item.releasedAt ?? '') > END_MS - 2 * DAY_MS,
    );
    expect(world.expectedReward('listener-0001', future?.id ?? '', { atMs: END_MS - 3 * DAY_MS })).toBe(0);
  });

  it('agrees with the history: what listeners play most they would rather see than what they never played', () => {
    const plays = new Map<string, Map<string, number>>();
    for (const event of world.history()) {
      if (event.type !== 'play' || !event.itemId?.startsWith('track')) continue;
      const own = plays.get(event.listenerId) ?? new Map<string, number>();
      own.set(event.itemId, (own.get(event.itemId) ?? 0) + 1);
      plays.set(event.listenerId, own);
    }
    const tracks = items.filter((item) => item.kind === 'track').map((item) => item.id);
    const rng = createRng(5);
    let favourites = 0;
    let others = 0;
    for (const [listener, own] of plays) {
      if (own.size < 20) continue;
      const top = [...own].sort(([, a], [, b]) => b - a).slice(0, 10);
      for (const [id] of top) favourites += world.expectedReward(listener, id);
      for (let n = 0; n < 10; n++) others += world.expectedReward(listener, tracks[rng.below(tracks.length)]);
    }
    expect(favourites).toBeGreaterThan(3 * others);
  });

  it('depends on the time of day', () => {
    const news = items.find((item) => item.kind === 'show' && item.genres?.[0] === 'news');
    const morningMs = Math.floor(END_MS / DAY_MS) * DAY_MS + 7 * HOUR_MS;
    const listener = [...world.listeners()].find(
      ({ id, profile }) => profile.market === 'GB' && world.expectedReward(id, news?.id ?? '') > 0,
    );
    const at = (atMs: number): number => world.expectedReward(listener?.id ?? '', news?.id ?? '', { atMs });
    expect(at(morningMs)).toBeGreaterThan(at(morningMs + 14 * HOUR_MS));
  });
});

describe('reactions', () => {
  it('are valid events in the order of time, each with its reference, and the same for the same chance', () => {
    const page = pageOf([
      items
        .filter((item) => item.kind === 'album')
        .slice(0, 12)
        .map((item) => item.id),
      items
        .filter((item) => item.kind === 'episode')
        .slice(0, 12)
        .map((item) => item.id),
      ['track-00001', 'artist-0002', 'not-of-this-world'],
    ]);
    for (const listener of ['listener-0004', 'listener-0250', 'somebody-else']) {
      for (const device of ['phone', 'desktop', 'tv', 'car'] as const) {
        const events = world.respond(listener, page, createRng(9), END_MS, { device, sessionId: 's' });
        expect(events).toEqual(world.respond(listener, page, createRng(9), END_MS, { device, sessionId: 's' }));
        expect(events[0].type).toBe('rendered');
        expect(new Set(events.map((event) => event.eventId)).size).toBe(events.length);
        let last = '';
        for (const event of events) {
          expect(checkEvent.Check(event)).toBe(true);
          expect(typeof parseEvent(event, 'key', END_MS + DAY_MS)).toBe('object');
          expect(event.occurredAt >= last).toBe(true);
          last = event.occurredAt;
          expect(event.reference?.decisionId).toBe(DECISION);
        }
      }
    }
  });

  it('look less at lower shelves and later cards, and further on a desktop than in a car', () => {
    expect(world.examination('phone', 0, 0)).toBeGreaterThan(world.examination('phone', 3, 0));
    expect(world.examination('phone', 2, 1)).toBeGreaterThan(world.examination('phone', 2, 5));
    expect(world.examination('desktop', 4, 6)).toBeGreaterThan(world.examination('car', 4, 6));
  });
});
