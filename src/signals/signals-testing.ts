/** Events and catalogues for the tests of this room. */
import { ByteWriter, type Rng } from '../base/index.ts';
import {
  buildCatalog,
  type Catalog,
  createVocabulary,
  DEVICES,
  type FeedbackEvent,
  type Item,
  readCatalog,
  type Vocabularies,
} from '../domain/index.ts';
import { foldEvent } from './fold.ts';
import { emptyState, type ListenerState } from './state.ts';
import { encodeState } from './state-codec.ts';

export const START_MS = Date.UTC(2026, 0, 5);

let serial = 0;

/** An event with everything filled in that the test does not say. */
export function eventOf(given: Partial<FeedbackEvent> = {}): FeedbackEvent {
  const playing = given.type === undefined || given.type === 'play';
  return {
    eventId: `event-${serial++}`,
    type: 'play',
    listenerKey: 'listener',
    occurredAtMs: START_MS,
    receivedAtMs: START_MS,
    sessionId: '',
    device: 'phone',
    itemId: 'item',
    containerId: '',
    playedMs: playing ? 180_000 : 0,
    durationMs: playing ? 200_000 : 0,
    autoplay: false,
    decisionId: '',
    shelfRank: -1,
    cardRank: -1,
    shelfId: '',
    cards: [],
    ...given,
  };
}

/** An event with the numbers that the fold takes. */
export interface NumberedEvent {
  readonly event: FeedbackEvent;
  readonly item: number;
  readonly container: number;
}

export function foldAll(events: Iterable<NumberedEvent>): ListenerState {
  const state = emptyState();
  for (const { event, item, container } of events) foldEvent(state, event, item, container);
  return state;
}

export function bytesOf(state: ListenerState): Buffer {
  const out = new ByteWriter();
  encodeState(state, out);
  return out.finish();
}

/** A random history within the limits of all tables, with sessions that do not overlap in time, oldest first. */
export function randomHistory(rng: Rng, options: { events: number; items: number; days: number }): NumberedEvent[] {
  const types = [
    'play',
    'play',
    'play',
    'play',
    'skip',
    'select',
    'like',
    'unlike',
    'follow',
    'unfollow',
    'hide',
    'unhide',
    'impression',
    'impression',
    'impression',
  ] as const;
  const shelves = ['recommended', 'popular', 'more-like:item-1', 'more-like:item-2', 'your-shows'];
  const times = Array.from({ length: options.events }, () =>
    Math.floor(START_MS + rng.uniform() * options.days * 86_400_000),
  ).sort((a, b) => a - b);
  // Equal times are wanted: last writers must be told apart by their event ids alone.
  return times.map((time, i) => {
    const occurredAtMs = rng.uniform() < 0.2 && i > 0 ? times[i - 1] : time;
    const type = types[rng.below(types.length)];
    const ofShelf = (type === 'hide' || type === 'unhide') && rng.uniform() < 0.5;
    const fromHome = type === 'impression' || rng.uniform() < 0.3;
    const cards = Array.from({ length: type === 'impression' ? 1 + rng.below(6) : 1 }, () => rng.below(options.items));
    return {
      event: eventOf({
        eventId: `e${rng.uint32()}-${i}`,
        type,
        occurredAtMs,
        receivedAtMs: occurredAtMs,
        sessionId: `session-${Math.floor(i / 9)}`,
        device: DEVICES[rng.below(DEVICES.length)],
        playedMs: type === 'play' ? rng.below(240_000) : 0,
        durationMs: 240_000,
        ...(fromHome ? { decisionId: '01KDVDNA000000000000000000', shelfRank: 0, cards } : {}),
        ...(fromHome || ofShelf ? { shelfId: shelves[rng.below(shelves.length)] } : {}),
      }),
      item: type === 'impression' || ofShelf ? -1 : rng.below(options.items),
      container: rng.uniform() < 0.3 ? 1000 + rng.below(60) : -1,
    };
  });
}

export function shuffled<T>(list: readonly T[], rng: Rng): T[] {
  const copy = [...list];
  for (let i = copy.length - 1; i > 0; i--) {
    const j = rng.below(i + 1);
    [copy[i], copy[j]] = [copy[j], copy[i]];
  }
  return copy;
}

export function emptyVocabularies(): Vocabularies {
  return {
    items: createVocabulary(),
    genres: createVocabulary(),
    markets: createVocabulary(),
    tiers: createVocabulary(),
    languages: createVocabulary(),
  };
}

/** A catalogue of tracks `item-0`, `item-1` …, numbered in that order, each with what `describe` says. */
export function catalogOf(
  count: number,
  describe: (i: number) => Partial<Item> = () => ({}),
): { catalog: Catalog; vocabularies: Vocabularies } {
  const vocabularies = emptyVocabularies();
  const items: Item[] = Array.from({ length: count }, (_, i) => ({
    id: `item-${i}`,
    kind: 'track',
    title: `Item ${i}`,
    ...describe(i),
  }));
  for (const { id } of items) vocabularies.items.number(id);
  return { catalog: readCatalog(buildCatalog(items, vocabularies)), vocabularies };
}
