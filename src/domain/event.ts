/** Events: what an app tells of a listener, as it arrives (JSON) and as it is stored (a compact binary row). */
import { type Static, Type } from 'typebox';
import { ByteReader, type ByteWriter, DAY_MS, MINUTE_MS, ShelfwiseError } from '../base/index.ts';
import { DEVICES, type Device } from './context.ts';
import { parseInstant } from './instant.ts';
import { ID_PATTERN, IdSchema } from './item.ts';

/** Position is the number in binary formats: append only. */
export const EVENT_TYPES = [
  'rendered',
  'impression',
  'select',
  'play',
  'skip',
  'like',
  'unlike',
  'follow',
  'unfollow',
  'hide',
  'unhide',
] as const;
export type EventType = (typeof EVENT_TYPES)[number];

export const ReferenceSchema = Type.Object(
  {
    decisionId: Type.String({ minLength: 26, maxLength: 26, pattern: '^[0-9A-HJKMNP-TV-Z]{26}$' }),
    shelfRank: Type.Optional(Type.Integer({ minimum: 0, maximum: 63 })),
    cardRank: Type.Optional(Type.Integer({ minimum: 0, maximum: 255 })),
  },
  {
    additionalProperties: false,
    description:
      'Where on which Home it came from; ranks count from 0. Carried through playback, it is what a reward is credited to.',
  },
);
export type Reference = Static<typeof ReferenceSchema>;

const fields = {
  eventId: IdSchema,
  listenerId: IdSchema,
  occurredAt: Type.String({ format: 'date-time', maxLength: 40 }),
  sessionId: Type.Optional(IdSchema),
  device: Type.Optional(Type.Enum(DEVICES)),
};

/** The kind of a shelf, and for a shelf about an item a colon and the item's id. */
const SHELF_ID_PATTERN = `^[a-z0-9-]{1,60}(:${ID_PATTERN.slice(1, -1)})?$`;

/**
 * One shape for every type; what a type requires beyond the common fields is checked by `parseEvent`:
 * `rendered` needs `reference` (a decision), `impression` a `reference` with a shelf rank, `hide` and `unhide` either `itemId`
 * or `shelfId`, all others `itemId`; `play` also `playedMs`.
 */
export const EventSchema = Type.Object(
  {
    ...fields,
    type: Type.Enum(EVENT_TYPES),
    itemId: Type.Optional(IdSchema),
    shelfId: Type.Optional(
      Type.String({
        ...IdSchema,
        maxLength: 300,
        pattern: SHELF_ID_PATTERN,
        description:
          'What is hidden, or no longer: a shelf instead of an item, by its `id` on the page, or by its `kind` for all of that kind.',
      }),
    ),
    /** The album, playlist or show that it was played from. */
    containerId: Type.Optional(IdSchema),
    /** At most a day: what plays on for longer is told in several plays. */
    playedMs: Type.Optional(Type.Number({ minimum: 0, maximum: DAY_MS })),
    durationMs: Type.Optional(Type.Number({ minimum: 0, maximum: DAY_MS })),
    /** True when playback went on by itself after the item that was chosen. */
    autoplay: Type.Optional(Type.Boolean()),
    reference: Type.Optional(ReferenceSchema),
    private: Type.Optional(
      Type.Boolean({ description: 'Of a private session: acknowledged with the fate `private`, and nothing is kept.' }),
    ),
  },
  { additionalProperties: false },
);
export type IncomingEvent = Static<typeof EventSchema>;

/** An event as the rest of the house sees it: checked, with times in epoch milliseconds. */
export interface FeedbackEvent {
  readonly eventId: string;
  readonly type: EventType;
  /** The listener's random key (32 hexadecimal digits), never the id that the app knows. */
  readonly listenerKey: string;
  readonly occurredAtMs: number;
  readonly receivedAtMs: number;
  readonly sessionId: string;
  readonly device: Device;
  /** Empty where the type has no item. */
  readonly itemId: string;
  readonly containerId: string;
  readonly playedMs: number;
  /** 0 when unknown. */
  readonly durationMs: number;
  readonly autoplay: boolean;
  /** Empty when the event did not come from a Home. */
  readonly decisionId: string;
  /** -1 when the reference names no shelf or no card. */
  readonly shelfRank: number;
  readonly cardRank: number;
  /**
   * The shelf by its id on the page: what a `hide` or `unhide` without an item is about; else what the reference was found
   * to point to when the event arrived. '' where there is none, or where the page was not known.
   */
  readonly shelfId: string;
  /**
   * Numbers of the cards that the reference points to, found when the event arrived: all of the row for an impression
   * without a card rank, else the one card. They are stored, so that the log alone gives the same state again.
   */
  readonly cards: readonly number[];
}

/** What a reference points to: the listener's own page as it was served. */
export interface ResolvedReference {
  readonly shelfId: string;
  readonly cards: readonly number[];
}

export type EventRejection =
  | 'EVENT_INVALID'
  | 'EVENT_TIME_INVALID'
  | 'EVENT_TIME_FUTURE'
  | 'EVENT_TIME_TOO_OLD'
  | 'EVENT_ITEM_MISSING'
  | 'EVENT_PLAYED_MISSING'
  | 'EVENT_REFERENCE_MISSING'
  | 'EVENT_HIDES_TWO';

/** What a caller can do about a rejected event. */
export const EVENT_REMEDIES: Readonly<Record<EventRejection, string>> = {
  EVENT_INVALID: 'Correct the field; see the schema Event in /openapi.json.',
  EVENT_TIME_INVALID:
    'Send occurredAt as an ISO 8601 date-time with a zone, of the years 1970 to 2200, without a leap second.',
  EVENT_TIME_FUTURE: 'Set the clock of the client; times up to 10 minutes ahead are taken as now.',
  EVENT_TIME_TOO_OLD: 'Events older than 10 years are not taken.',
  EVENT_ITEM_MISSING: 'Send itemId with this type (with hide and unhide: itemId, or shelfId).',
  EVENT_PLAYED_MISSING: 'Send playedMs with a play.',
  EVENT_REFERENCE_MISSING: 'Send reference.decisionId (and reference.shelfRank for an impression).',
  EVENT_HIDES_TWO: 'Send itemId or shelfId, not both; hide a second thing with a second event.',
};

const MAX_AHEAD_MS = 10 * MINUTE_MS;
const MAX_AGE_MS = 3653 * DAY_MS;

/**
 * Checks what the schema cannot (times, fields that a type requires) and normalises:
 * a time up to 10 minutes ahead becomes the time of arrival; a play longer than its item counts as its item's duration.
 *
 * @param knownDurationMs of the item, from the catalogue; 0 when unknown. A play is cut to it and to the duration that the
 *   client sent, whichever is shorter.
 * @param resolved what the reference points to, where that is known
 * @returns the event, or the code of its rejection.
 */
export function parseEvent(
  raw: IncomingEvent,
  listenerKey: string,
  receivedAtMs: number,
  knownDurationMs = 0,
  resolved?: ResolvedReference,
): FeedbackEvent | EventRejection {
  let occurredAtMs = parseInstant(raw.occurredAt);
  if (occurredAtMs === undefined) return 'EVENT_TIME_INVALID';
  if (occurredAtMs > receivedAtMs) {
    if (occurredAtMs > receivedAtMs + MAX_AHEAD_MS) return 'EVENT_TIME_FUTURE';
    occurredAtMs = receivedAtMs;
  }
  if (occurredAtMs < receivedAtMs - MAX_AGE_MS) return 'EVENT_TIME_TOO_OLD';
  const reference = raw.reference;
  if (raw.type === 'rendered') {
    if (reference === undefined) return 'EVENT_REFERENCE_MISSING';
  } else if (raw.type === 'impression') {
    if (reference?.shelfRank === undefined) return 'EVENT_REFERENCE_MISSING';
  } else if (raw.type === 'hide' || raw.type === 'unhide') {
    if (raw.itemId === undefined && raw.shelfId === undefined) return 'EVENT_ITEM_MISSING';
    if (raw.itemId !== undefined && raw.shelfId !== undefined) return 'EVENT_HIDES_TWO';
  } else if (raw.itemId === undefined) {
    return 'EVENT_ITEM_MISSING';
  }
  if (raw.type === 'play' && raw.playedMs === undefined) return 'EVENT_PLAYED_MISSING';
  const durationMs = raw.durationMs ?? 0;
  let playedMs = raw.playedMs ?? 0;
  if (durationMs > 0) playedMs = Math.min(playedMs, durationMs);
  if (knownDurationMs > 0) playedMs = Math.min(playedMs, knownDurationMs);
  return {
    eventId: raw.eventId,
    type: raw.type,
    listenerKey,
    occurredAtMs,
    receivedAtMs,
    sessionId: raw.sessionId ?? '',
    device: raw.device ?? 'phone',
    itemId: raw.itemId ?? '',
    containerId: raw.containerId ?? '',
    playedMs,
    durationMs,
    autoplay: raw.autoplay ?? false,
    decisionId: reference?.decisionId ?? '',
    shelfRank: reference?.shelfRank ?? -1,
    cardRank: reference?.cardRank ?? -1,
    shelfId: hidesShelf(raw) ? (raw.shelfId ?? '') : (resolved?.shelfId ?? ''),
    cards: resolved?.cards ?? NO_CARDS,
  };
}

const NO_CARDS: readonly number[] = [];

function hidesShelf(raw: IncomingEvent): boolean {
  return (raw.type === 'hide' || raw.type === 'unhide') && raw.shelfId !== undefined;
}

/** 1: without the shelf and the cards. */
const EVENT_FORMAT = 2;
/** Cards of a row at most, as a stored event may have them. */
const MAX_CARDS = 256;

/** Appends the stored form of `event` to `out`. */
export function encodeEvent(event: FeedbackEvent, out: ByteWriter): void {
  out.u8(EVENT_FORMAT);
  out.u8(EVENT_TYPES.indexOf(event.type));
  out.u8(DEVICES.indexOf(event.device) | (event.autoplay ? 128 : 0));
  out.f64(event.occurredAtMs);
  out.f64(event.receivedAtMs);
  out.text(event.eventId);
  out.text(event.listenerKey);
  out.text(event.sessionId);
  out.text(event.itemId);
  out.text(event.containerId);
  out.f64(event.playedMs);
  out.f64(event.durationMs);
  out.text(event.decisionId);
  out.zigzag(event.shelfRank);
  out.zigzag(event.cardRank);
  out.text(event.shelfId);
  out.varint(event.cards.length);
  for (const card of event.cards) out.varint(card);
}

/** Reads what `encodeEvent` wrote; throws `LOG_CORRUPT` for another format. */
export function decodeEvent(bytes: Uint8Array): FeedbackEvent {
  const reader = new ByteReader(bytes);
  const format = reader.u8();
  if (format !== EVENT_FORMAT && format !== 1)
    throw new ShelfwiseError('LOG_CORRUPT', `event format ${format} is unknown`);
  const type = EVENT_TYPES[reader.u8()];
  const deviceBits = reader.u8();
  const device = DEVICES[deviceBits & 127];
  if (type === undefined || device === undefined)
    throw new ShelfwiseError('LOG_CORRUPT', 'unknown event type or device');
  return {
    type,
    device,
    autoplay: deviceBits >= 128,
    occurredAtMs: reader.f64(),
    receivedAtMs: reader.f64(),
    eventId: reader.text(),
    listenerKey: reader.text(),
    sessionId: reader.text(),
    itemId: reader.text(),
    containerId: reader.text(),
    playedMs: reader.f64(),
    durationMs: reader.f64(),
    decisionId: reader.text(),
    shelfRank: reader.zigzag(),
    cardRank: reader.zigzag(),
    shelfId: format === 1 ? '' : reader.text(),
    cards: format === 1 ? NO_CARDS : readCards(reader),
  };
}

function readCards(reader: ByteReader): readonly number[] {
  const count = reader.varint();
  if (count === 0) return NO_CARDS;
  if (count > MAX_CARDS) throw new ShelfwiseError('LOG_CORRUPT', `an event of ${count} cards`);
  const cards: number[] = [];
  for (let i = 0; i < count; i++) cards.push(reader.varint());
  return cards;
}
