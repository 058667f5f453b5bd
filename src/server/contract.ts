/**
 * The HTTP contract: schemas of what goes in and comes out, and their types. The web page imports its types from here
 * (`import type` only); validation and /openapi.json are made from the same schemas. Every name in `COMPONENTS` becomes
 * a named component of the OpenAPI document.
 */
import { type Static, type TSchema, Type } from 'typebox';
import {
  DEVICES,
  EventSchema,
  HOME_FILTERS,
  IdSchema,
  type IncomingEvent,
  ITEM_KINDS,
  type Item,
  ItemSchema,
  ListenerProfileSchema,
  type Page,
  type PageCard,
  PageSchema,
  type PageShelf,
} from '../domain/index.ts';
import type {
  DoctorReport,
  EventFate,
  ItemFate,
  ListenerSummary,
  PlatformStatus,
  RebuildReport,
  ReplayReport,
  RetrievalReport,
  StoredListener,
} from '../platform/index.ts';
import { POLICY_IDS } from '../policy/index.ts';
import { ALERT_COMPONENTS } from './alert-contract.ts';
import { CAMPAIGN_COMPONENTS } from './campaign-contract.ts';
import { EVALUATION_COMPONENTS } from './evaluation-contract.ts';
import { EXAMINATION_COMPONENTS } from './examination-contract.ts';
import { INSIGHT_COMPONENTS } from './insight-contract.ts';
import { INSTEAD_COMPONENTS } from './instead-contract.ts';
import { MODEL_COMPONENTS } from './model-contract.ts';
import { PLAYLIST_COMPONENTS } from './playlist-contract.ts';
import { TRUST_COMPONENTS } from './trust-contract.ts';
import { WATCH_COMPONENTS } from './watch-contract.ts';

export * from './alert-contract.ts';
export * from './campaign-contract.ts';
export * from './evaluation-contract.ts';
export * from './examination-contract.ts';
export * from './insight-contract.ts';
export * from './instead-contract.ts';
export * from './model-contract.ts';
export * from './playlist-contract.ts';
export * from './switch-contract.ts';
export * from './trust-contract.ts';
export * from './watch-contract.ts';
export type {
  DoctorReport,
  EventFate,
  IncomingEvent,
  Item,
  ItemFate,
  ListenerSummary,
  Page,
  PageCard,
  PageShelf,
  PlatformStatus,
  RebuildReport,
  ReplayReport,
  RetrievalReport,
  StoredListener,
};

/** Rows that one envelope (items, listeners, events) may carry. */
export const MAX_ROWS = 1000;
/** Pairs that one envelope of hidden pairs may carry. */
export const MAX_PAIRS = 10_000;
/** Media type of a long job's answer when the caller asks to see its progress: a line of JSON an entry. */
export const PROGRESS_MEDIA_TYPE = 'application/x-ndjson';
/** Marks arrays whose rows are judged one by one: a bad row gets its own fate and never sinks the envelope. */
export const ROW_BY_ROW = 'x-judged-row-by-row';

/** Marks bodies that need not be sent: none is as an empty object (see `emptyWithoutBody`). */
export const BODY_OPTIONAL = 'x-body-optional';

const closed = { additionalProperties: false } as const;

/** A closed object: unknown fields are errors. */
function object<P extends Record<string, TSchema>>(properties: P, description?: string) {
  return Type.Object(properties, description === undefined ? closed : { ...closed, description });
}

function ref(name: string): TSchema {
  return Type.Ref(name);
}

function rows<T>(component: string, description: string) {
  return Type.Unsafe<readonly T[]>({
    type: 'array',
    maxItems: MAX_ROWS,
    items: { $ref: component },
    description,
    [ROW_BY_ROW]: true,
  });
}

const DecisionId = Type.String({ pattern: '^[0-9A-HJKMNP-TV-Z]{26}$', description: 'A ULID.' });
const Count = Type.Integer({ minimum: 0 });
const limitOf = (fallback: number, maximum: number) =>
  Type.Optional(Type.Integer({ minimum: 1, maximum, default: fallback }));

// ---- problems

export const ProblemSchema = object(
  {
    type: Type.String({ description: '`urn:shelfwise:error:` and the code.' }),
    title: Type.String({ description: 'What happened, in general.' }),
    status: Type.Integer({ minimum: 400, maximum: 599 }),
    code: Type.String({ description: 'Stable: match on it. docs/errors.md lists them all.' }),
    detail: Type.String({ description: 'What happened here.' }),
    remedy: Type.String({ description: 'What to do about it.' }),
    errors: Type.Array(object({ pointer: Type.String(), message: Type.String() }), {
      maxItems: 20,
      description: 'JSON pointers into the body, the query or the path; empty where nothing in particular is at fault.',
    }),
  },
  'RFC 9457.',
);
export type Problem = Static<typeof ProblemSchema>;

// ---- fates

const rejected = {
  fate: Type.Literal('rejected'),
  code: Type.String(),
  message: Type.String(),
  remedy: Type.String(),
};

const ItemFateSchema = Type.Union([
  object({ id: Type.String(), fate: Type.Enum(['created', 'updated', 'unchanged']) }),
  object({ id: Type.String(), ...rejected }),
]);
const EventFateSchema = Type.Union([
  object({
    eventId: Type.String(),
    fate: Type.Enum(['accepted', 'duplicate', 'private'], {
      description: '`private`: of a private session, taken and forgotten.',
    }),
  }),
  object({ eventId: Type.String(), ...rejected }),
]);
const ListenerFateSchema = Type.Union([
  object({ id: Type.String(), fate: Type.Literal('stored') }),
  object({ id: Type.String(), ...rejected }),
]);
export type ListenerFate =
  | { readonly id: string; readonly fate: 'stored' }
  | {
      readonly id: string;
      readonly fate: 'rejected';
      readonly code: string;
      readonly message: string;
      readonly remedy: string;
    };

// ---- items

export const PutItemsBody = object({ items: rows<unknown>('Item', 'At most 1,000.') });
export const PutItemsAnswer = object({
  created: Count,
  updated: Count,
  unchanged: Count,
  rejected: Count,
  fates: Type.Array(ref('ItemFate'), { description: 'In the order of the items.' }),
});
export interface ItemsAnswer {
  readonly created: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly fates: readonly ItemFate[];
}
export const SearchItemsQuery = object({
  search: Type.Optional(Type.String({ maxLength: 500, description: 'Words of the title, each a prefix.' })),
  kind: Type.Optional(Type.Enum([...ITEM_KINDS])),
  limit: limitOf(20, 200),
});
export const SearchItemsAnswer = object({ items: Type.Array(ref('Item')) });
export interface ItemList {
  readonly items: readonly Item[];
}

// ---- listeners

export const StoredListenerSchema = object({
  id: Type.String(),
  profile: ref('ListenerProfile'),
  createdAtMs: Type.Number(),
});
export const ListenerSummarySchema = object({
  id: Type.String(),
  profile: ref('ListenerProfile'),
  createdAtMs: Type.Number(),
  totalPlays: Type.Number(),
  lastEventAtMs: Type.Union([Type.Number(), Type.Null()]),
  topItems: Type.Array(object({ id: Type.String(), title: Type.String(), plays: Type.Number() })),
  topGenres: Type.Array(object({ genre: Type.String(), plays: Type.Number() })),
  followed: Type.Array(Type.String()),
});
export const ListenerRowSchema = object({ id: IdSchema, profile: Type.Optional(ListenerProfileSchema) });
export const PutListenersBody = object({ listeners: rows<unknown>('ListenerRow', 'At most 1,000.') });
export const PutListenersAnswer = object({
  stored: Count,
  rejected: Count,
  fates: Type.Array(ref('ListenerFate'), { description: 'In the order of the listeners.' }),
});
export interface ListenersAnswer {
  readonly stored: number;
  readonly rejected: number;
  readonly fates: readonly ListenerFate[];
}
export const ListListenersQuery = object({
  prefix: Type.Optional(Type.String({ maxLength: 200 })),
  limit: limitOf(50, 1000),
  cursor: Type.Optional(Type.String({ maxLength: 200, description: '`nextCursor` of the page before.' })),
});
export const ListListenersAnswer = object({
  listeners: Type.Array(ref('StoredListener')),
  nextCursor: Type.Union([Type.String(), Type.Null()]),
});
export interface ListenerList {
  readonly listeners: readonly StoredListener[];
  readonly nextCursor: string | null;
}

// ---- events

export const PostEventsBody = object({ events: rows<unknown>('Event', 'At most 1,000, of any listeners.') });
export const PostEventsAnswer = object({
  accepted: Count,
  duplicates: Count,
  private: Count,
  rejected: Count,
  fates: Type.Array(ref('EventFate'), { description: 'In the order of the events.' }),
});
export interface EventsAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly private: number;
  readonly rejected: number;
  readonly fates: readonly EventFate[];
}

// ---- Home

export const HomeQuerySchema = object({
  device: Type.Optional(Type.Enum([...DEVICES], { default: 'phone' })),
  market: Type.Optional(Type.String({ pattern: '^[A-Z]{2}$', description: "Overrides the listener's." })),
  tier: Type.Optional(
    Type.String({ minLength: 1, maxLength: 50, pattern: '^[a-z0-9-]+$', description: "Overrides the listener's." }),
  ),
  at: Type.Optional(
    Type.String({ format: 'date-time', maxLength: 40, description: 'The Home of another time; now when absent.' }),
  ),
  explain: Type.Optional(
    Type.Boolean({ default: false, description: 'Also scores, propensities, candidates, removals, timings.' }),
  ),
  session: Type.Optional(IdSchema),
  fresh: Type.Optional(
    Type.Boolean({ default: false, description: 'Decide anew even within the lifetime of the last page.' }),
  ),
  policy: Type.Optional(
    Type.Enum([...POLICY_IDS], {
      description:
        'Drawn by this policy instead of the one in use, to look at beside it. Needs the scope `explain`; ask with `private` so that nothing of it is recorded.',
    }),
  ),
  filter: Type.Optional(
    Type.Enum([...HOME_FILTERS], {
      description: 'A chip: music or podcasts alone, on a page of its own beside the whole Home.',
    }),
  ),
  private: Type.Optional(
    Type.Boolean({
      default: false,
      description: 'Of a private session: nothing is recorded, and what is known of the listener is only read.',
    }),
  ),
  profiling: Type.Optional(
    Type.Enum(['on', 'off'], {
      description:
        "off: as for anybody of this market, tier and time of day. By default what the listener's profile says.",
    }),
  ),
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 24, description: 'Shelves that are sent at once; all of them when absent.' }),
  ),
  cursor: Type.Optional(
    Type.String({
      maxLength: 40,
      pattern: '^[0-9A-HJKMNP-TV-Z]{26}-[0-9]{1,2}$',
      description: '`nextCursor` of the part before: the shelves below it, of the same decision.',
    }),
  ),
});
/** What a Home may be asked for with. */
export type HomeParameters = Static<typeof HomeQuerySchema>;

// ---- decisions

export const ListDecisionsQuery = object({
  limit: limitOf(20, 10_000),
  before: Type.Optional(
    Type.String({
      pattern: '^[0-9A-HJKMNP-TV-Z]{26}$',
      description: 'Only decisions with a smaller id: made before it. The last of an answer asks for the next ones.',
    }),
  ),
});
export const ListDecisionsAnswer = object({
  decisions: Type.Array(DecisionId, { description: 'Newest first.' }),
});
export interface DecisionList {
  readonly decisions: readonly string[];
}
export const DecisionSchema = Type.Record(Type.String(), Type.Unknown(), { description: 'A decoded record.' });
export const ReplayBody = Type.Object(
  {
    verify: Type.Optional(
      Type.Boolean({
        default: false,
        description: 'Compare the recomputed page, propensities and audit with the record.',
      }),
    ),
  },
  { ...closed, [BODY_OPTIONAL]: true },
);
export const ReplayReportSchema = object({
  decisionId: DecisionId,
  recomputed: Type.Boolean(),
  equal: Type.Boolean(),
  firstDifference: Type.Union([Type.String(), Type.Null()]),
  steps: Count,
  audited: Type.Boolean(),
});

// ---- administration

export const HoldoutBody = object({
  pairs: Type.Array(object({ listenerId: IdSchema, itemId: IdSchema }), { maxItems: MAX_PAIRS }),
});
export const HoldoutAnswer = object({ hidden: Count });
export const FitAnswer = object({ fitted: Type.Boolean(), seconds: Type.Number() });
export interface FitReport {
  readonly fitted: boolean;
  readonly seconds: number;
}
export const CompactAnswer = object({ segments: Count });
export interface CompactReport {
  readonly segments: number;
}
export const RebuildReportSchema = object({
  version: Type.Number(),
  events: Count,
  listeners: Count,
  different: Count,
  seconds: Type.Number(),
});
const RetrievalScoresSchema = object({ recall20: Type.Number(), ndcg20: Type.Number() });
export const RetrievalReportSchema = object({
  listeners: Count,
  hiddenPairs: Count,
  popularity: RetrievalScoresSchema,
  recommended: RetrievalScoresSchema,
});
export const DoctorReportSchema = object({
  healthy: Type.Boolean(),
  checks: Type.Array(
    object({
      name: Type.String(),
      outcome: Type.Enum(['ok', 'warning', 'error']),
      detail: Type.String(),
      remedy: Type.String(),
    }),
  ),
});
const StatusSchema = object({
  version: Type.String(),
  items: Count,
  listeners: Count,
  events: Count,
  decisions: Count,
  epochs: Type.Record(Type.String(), Type.String()),
  traffic: object(
    { flagged: Count, suspects: Count },
    'Listeners whose plays count for nothing: flagged by their profile, or taken for machines in the last 30 days.',
  ),
  ready: Type.Boolean(),
  background: Type.Record(Type.String(), Type.String()),
});
/** A line of a long job's progress: `share` runs from 0 to 1 within a stage; parts, in their order, are of what is made bit by bit. */
export type ProgressLine =
  | { readonly part: unknown }
  | { readonly progress: { readonly stage: string; readonly share: number } | null }
  | { readonly result: unknown }
  | { readonly problem: Problem };

export const HealthAnswer = object({ status: Type.String() });
export const IdParams = object({ id: IdSchema });
export const DecisionParams = object({ id: DecisionId });

/** Named components of the OpenAPI document; `$ref` by name. */
export const COMPONENTS: Readonly<Record<string, TSchema>> = {
  ...ALERT_COMPONENTS,
  ...CAMPAIGN_COMPONENTS,
  ...TRUST_COMPONENTS,
  ...INSIGHT_COMPONENTS,
  ...EVALUATION_COMPONENTS,
  ...EXAMINATION_COMPONENTS,
  ...INSTEAD_COMPONENTS,
  ...MODEL_COMPONENTS,
  ...PLAYLIST_COMPONENTS,
  ...WATCH_COMPONENTS,
  Decision: DecisionSchema,
  DoctorReport: DoctorReportSchema,
  Event: EventSchema,
  EventFate: EventFateSchema,
  Item: ItemSchema,
  ItemFate: ItemFateSchema,
  ListenerFate: ListenerFateSchema,
  ListenerProfile: ListenerProfileSchema,
  ListenerRow: ListenerRowSchema,
  ListenerSummary: ListenerSummarySchema,
  Page: PageSchema,
  Problem: ProblemSchema,
  RebuildReport: RebuildReportSchema,
  ReplayReport: ReplayReportSchema,
  RetrievalReport: RetrievalReportSchema,
  Status: StatusSchema,
  StoredListener: StoredListenerSchema,
};
