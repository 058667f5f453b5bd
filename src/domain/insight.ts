/**
 * Insights: what people look at to understand a platform at work. Figures by shelf, exposure by item, a listener in words,
 * the last minutes of traffic. docs/insights.md has each figure's formula and unit.
 */
import { type Static, type TSchema, Type } from 'typebox';
import { DEVICES } from './context.ts';
import { EPOCH_KINDS } from './epoch.ts';
import { EVENT_TYPES } from './event.ts';
import { ITEM_KINDS } from './item.ts';
import { ListenerProfileSchema } from './listener.ts';

function object<P extends Record<string, TSchema>>(properties: P, description?: string) {
  return Type.Object(properties, {
    additionalProperties: false,
    ...(description === undefined ? {} : { description }),
  });
}

const Count = Type.Integer({ minimum: 0 });
const Share = Type.Number({ minimum: 0, maximum: 1 });
const TimeMs = Type.Number({ description: 'Epoch milliseconds.' });
const orNull = <T extends TSchema>(schema: T, description: string) =>
  Type.Union([schema, Type.Null()], { description });
const DecisionId = Type.String({ pattern: '^[0-9A-HJKMNP-TV-Z]{26}$', description: 'A ULID.' });
const Cursor = orNull(Type.String(), '`cursor` of the next page; null on the last.');

/** An item as lists show it. */
export const ItemRefSchema = object({
  id: Type.String(),
  kind: orNull(Type.Enum([...ITEM_KINDS]), 'Null where the catalogue does not hold it.'),
  title: Type.String({ description: 'Its id where the catalogue does not hold it.' }),
  subtitle: Type.String(),
  image: Type.String({ description: 'Empty where the item has none.' }),
});
export type ItemRef = Static<typeof ItemRefSchema>;

// ---- a listener

export const ListenerStateSchema = object(
  {
    id: Type.String(),
    profile: ListenerProfileSchema,
    createdAtMs: TimeMs,
    words: Type.Array(Type.String(), { description: 'The listener in a few English sentences.' }),
    totals: object({
      plays: Count,
      skips: Count,
      recentPlays: Type.Number({ minimum: 0, description: 'Decayed plays, half-life 7 days.' }),
      tenureDays: Type.Number({ minimum: 0, description: 'Days since the first event.' }),
      firstEventAtMs: orNull(TimeMs, 'Null before the first event.'),
      lastEventAtMs: orNull(TimeMs, 'Null before the first event.'),
    }),
    genres: Type.Array(object({ genre: Type.String(), plays: Type.Number(), share: Share }), {
      description: 'Decayed plays (half-life 28 days), strongest first; shares of all genres of the listener sum to 1.',
    }),
    artists: Type.Array(object({ item: ItemRefSchema, plays: Type.Number(), share: Share }), {
      description: 'Creators by decayed plays (half-life 28 days), strongest first; shares of all creators sum to 1.',
    }),
    hours: Type.Array(Type.Number({ minimum: 0, maximum: 1 }), {
      minItems: 24,
      maxItems: 24,
      description: 'Share of decayed plays (half-life 28 days) by hour of day, UTC; sums to 1, or all 0.',
    }),
    devices: Type.Array(object({ device: Type.Enum([...DEVICES]), plays: Count, share: Share }), {
      description: 'Most used first; devices without plays are left out.',
    }),
    mostPlayed: Type.Array(object({ item: ItemRefSchema, plays: Type.Number(), lastPlayedAtMs: TimeMs })),
    recents: Type.Array(object({ item: ItemRefSchema, lastPlayedAtMs: TimeMs, plays: Count }), {
      description: 'Albums, playlists, shows, or items played on their own; newest first.',
    }),
    likes: Type.Array(object({ item: ItemRefSchema, atMs: TimeMs }), { description: 'Newest first.' }),
    follows: Type.Array(object({ item: ItemRefSchema, atMs: TimeMs }), { description: 'Newest first.' }),
    hides: Type.Array(object({ item: ItemRefSchema, atMs: TimeMs }), { description: 'Newest first.' }),
    session: orNull(
      object({
        id: Type.String(),
        open: Type.Boolean({ description: 'It ends 30 minutes after its last event.' }),
        startedAtMs: TimeMs,
        lastAtMs: TimeMs,
        plays: Count,
        items: Type.Array(ItemRefSchema, { description: 'Newest first.' }),
      }),
      'The last session; null before the first.',
    ),
  },
  'What the platform remembers of a listener.',
);
export type ListenerStateReport = Static<typeof ListenerStateSchema>;

export const TimelineEventSchema = object({
  eventId: Type.String(),
  type: Type.Enum([...EVENT_TYPES]),
  occurredAtMs: TimeMs,
  receivedAtMs: TimeMs,
  device: Type.Enum([...DEVICES]),
  sessionId: Type.String(),
  item: orNull(ItemRefSchema, 'Null where the type has none.'),
  container: orNull(ItemRefSchema, 'What it was played from.'),
  playedMs: Type.Number({ minimum: 0 }),
  durationMs: Type.Number({ minimum: 0, description: '0 when unknown.' }),
  autoplay: Type.Boolean(),
  decisionId: orNull(Type.String(), 'The Home that it came from.'),
  shelfRank: orNull(Type.Integer({ minimum: 0 }), 'Rank of the shelf on that Home.'),
  cardRank: orNull(Type.Integer({ minimum: 0 }), 'Rank of the card in that shelf.'),
});
export type TimelineEvent = Static<typeof TimelineEventSchema>;

export const TimelineSchema = object({
  events: Type.Array(TimelineEventSchema, { description: 'Newest first, by arrival.' }),
  nextCursor: Cursor,
});
export type Timeline = Static<typeof TimelineSchema>;

export const ListenerDecisionSchema = object({
  id: DecisionId,
  atMs: { ...TimeMs, description: 'The time that the Home was for.' } as typeof TimeMs,
  decidedAtMs: TimeMs,
  device: Type.Enum([...DEVICES]),
  market: Type.String(),
  tier: Type.String(),
  policy: Type.String(),
  sessionId: Type.String(),
  degraded: Type.Boolean(),
  audited: Type.Boolean({ description: 'Features, scores and distributions are stored with it.' }),
  rows: Type.Array(
    object({
      kind: Type.String({ description: 'The declaration, such as `recently-played`.' }),
      seed: orNull(ItemRefSchema, 'What the shelf is about.'),
      cards: Count,
      forced: Type.Boolean(),
      carried: Type.Boolean(),
      propensity: Type.Number({ exclusiveMinimum: 0, maximum: 1, description: 'Of the place, given all above.' }),
    }),
    { description: 'Top down.' },
  ),
  servings: Type.Array(object({ atMs: TimeMs, reason: Type.String() }), {
    description: 'Each time that the page was sent, oldest first.',
  }),
});
export type ListenerDecision = Static<typeof ListenerDecisionSchema>;

export const ListenerDecisionsSchema = object({
  decisions: Type.Array(ListenerDecisionSchema, { description: 'Newest first.' }),
  nextCursor: Cursor,
});
export type ListenerDecisions = Static<typeof ListenerDecisionsSchema>;

// ---- figures by shelf

const shelfCounts = {
  served: { ...Count, description: 'Rows sent: every serving of a page that has the shelf.' } as typeof Count,
  decided: { ...Count, description: 'Rows of decisions, each once.' } as typeof Count,
  visits: { ...Count, description: 'Rows of decisions whose page the app said it rendered.' } as typeof Count,
  seen: { ...Count, description: 'Rows with at least one impression.' } as typeof Count,
  chosen: { ...Count, description: 'Rows of which at least one card was selected or played.' } as typeof Count,
  rewards: { ...Type.Integer(), description: 'Cards that earned their reward, less those that lost it.' } as ReturnType<
    typeof Type.Integer
  >,
};

export const ShelfFiguresSchema = object({
  ...shelfCounts,
  rewardPerVisit: orNull(Type.Number(), 'rewards / visits; null without a visit.'),
  explorationShare: orNull(Share, 'explored / examined placements; null where none was examined.'),
  placementsExamined: {
    ...Count,
    description: 'Drawn placements whose whole distribution was looked at: what the share rests on.',
  } as typeof Count,
  placementsExplored: { ...Count, description: 'Of these, drawn though another was more probable.' } as typeof Count,
  meanPropensity: orNull(Share, 'Mean probability of drawn placements; null where nothing was drawn.'),
  placementsDrawn: {
    ...Count,
    description: 'Places and cards that were drawn (not forced, not carried).',
  } as typeof Count,
});
export type ShelfFigures = Static<typeof ShelfFiguresSchema>;

const HomeFiguresSchema = object({ decided: Count, served: Count, rendered: Count, degraded: Count }, 'Whole pages.');

export const ShelfInsightsSchema = object(
  {
    sinceMs: orNull(TimeMs, 'Time of the first decision that was counted.'),
    upToMs: orNull(TimeMs, 'Time of the last entry that was counted.'),
    catchingUp: Type.Boolean({ description: 'Older entries of the logs are still being counted.' }),
    days: Type.Array(Type.String({ format: 'date' }), { description: 'UTC days, oldest first, the last is today.' }),
    homes: HomeFiguresSchema,
    homesTotal: HomeFiguresSchema,
    shelves: Type.Array(
      object({
        id: Type.String({ description: 'The declaration, such as `recently-played`.' }),
        title: Type.String({
          description: 'As listeners read it, in English; of a shelf about an item with a name in its place.',
        }),
        order: Type.Enum(['defined', 'policy']),
        minCards: Count,
        maxCards: Count,
        total: ShelfFiguresSchema,
        window: ShelfFiguresSchema,
        byDay: Type.Array(ShelfFiguresSchema, { description: 'One a day of `days`.' }),
      }),
      { description: 'In the order of the declarations; shelves that are declared no longer come last.' },
    ),
  },
  '`total` and `homesTotal` are since `sinceMs`, `window` and `homes` over `days`. A row counts on the UTC day of its decision.',
);
export type ShelfInsights = Static<typeof ShelfInsightsSchema>;

// ---- exposure of an item

const Exposed = {
  shown: { ...Count, description: 'Cards on decided pages.' } as typeof Count,
  seen: { ...Count, description: 'Cards with an impression, of the card or of its row.' } as typeof Count,
  chosen: { ...Count, description: 'Cards that were selected or played.' } as typeof Count,
};

export const ItemExposureSchema = object({
  item: ItemRefSchema,
  ...Exposed,
  listeners: object({
    count: Count,
    exact: Type.Boolean({ description: 'Exact up to 128; an estimate by HyperLogLog (standard error 4.6%) beyond.' }),
  }),
  meanRank: orNull(Type.Number({ minimum: 0 }), 'Mean place in the row, counted from 0; null when never shown.'),
  byShelf: Type.Array(object({ shelf: Type.String(), ...Exposed }), { description: 'Most shown first.' }),
  days: Type.Array(Type.String({ format: 'date' })),
  byDay: Type.Array(object(Exposed), { description: 'One a day of `days`.' }),
  sinceMs: orNull(TimeMs, 'Time of the first decision that was counted.'),
  catchingUp: Type.Boolean(),
});
export type ItemExposure = Static<typeof ItemExposureSchema>;

export const ItemNeighboursSchema = object({
  item: ItemRefSchema,
  embedding: orNull(Type.String(), 'Hash of the epoch; null before the first fit.'),
  neighbours: Type.Array(object({ item: ItemRefSchema, similarity: Share }), {
    description: 'Nearest first; similarity is the cosine of the vectors, 0 to 1.',
  }),
});
export type ItemNeighbours = Static<typeof ItemNeighboursSchema>;

export const ItemRelativesSchema = object({
  item: ItemRefSchema,
  parent: orNull(ItemRefSchema, 'Album of a track, artist of an album, show of an episode.'),
  creators: Type.Array(ItemRefSchema),
  children: Type.Array(ItemRefSchema, { description: 'Newest first; at most 100.' }),
  childCount: Count,
});
export type ItemRelatives = Static<typeof ItemRelativesSchema>;

// ---- live

/** Where the time of requests goes; in the order of a request. */
export const LIVE_STAGES = [
  'http',
  'home',
  'state',
  'taste',
  'view',
  'sources',
  'filters',
  'score-and-draw',
  'record-and-render',
  'ingest',
] as const;
export type LiveStage = (typeof LIVE_STAGES)[number];
/** Seconds that are kept. */
export const LIVE_SECONDS = 900;

const Quantiles = {
  count: Type.Array(Count),
  p50Ms: Type.Array(orNull(Type.Number(), 'Null in a second without any.')),
  p95Ms: Type.Array(orNull(Type.Number(), 'Null in a second without any.')),
  p99Ms: Type.Array(orNull(Type.Number(), 'Null in a second without any.')),
};

export const LiveInsightsSchema = object(
  {
    nowMs: TimeMs,
    seconds: Type.Array(Type.Integer(), { description: 'Epoch seconds, oldest first, without a gap; all are over.' }),
    requests: Type.Array(Count, { description: 'HTTP requests answered.' }),
    failed: Type.Array(Count, { description: 'Of these with a status of 500 or more.' }),
    homes: Type.Array(Count, { description: 'Pages served, decided or again.' }),
    decided: Type.Array(Count),
    degraded: Type.Array(Count, { description: 'Of `decided`, those marked degraded.' }),
    events: Type.Array(Count, { description: 'Events accepted.' }),
    stages: Type.Array(object({ stage: Type.Enum([...LIVE_STAGES]), ...Quantiles })),
    lastMinute: object({
      requestsPerSecond: Type.Number({ minimum: 0 }),
      homesPerSecond: Type.Number({ minimum: 0 }),
      eventsPerSecond: Type.Number({ minimum: 0 }),
      failedShare: orNull(Share, 'Null without requests.'),
      degradedShare: orNull(Share, 'Null without decisions.'),
      stages: Type.Array(
        object({
          stage: Type.Enum([...LIVE_STAGES]),
          count: Count,
          p50Ms: orNull(Type.Number(), 'Null without any.'),
          p95Ms: orNull(Type.Number(), 'Null without any.'),
          p99Ms: orNull(Type.Number(), 'Null without any.'),
        }),
      ),
    }),
    epochs: Type.Array(
      object({
        kind: Type.Enum([...EPOCH_KINDS]),
        hash: Type.String({ description: 'Empty where there is none.' }),
        publishedAtMs: orNull(TimeMs, 'Since when it serves.'),
      }),
    ),
    background: Type.Record(Type.String(), Type.String()),
  },
  'Columns by second; quantiles are read from logarithmic buckets, at most 7% off.',
);
export type LiveInsights = Static<typeof LiveInsightsSchema>;
