/**
 * Other engines whose requests this server takes, so that who moves in need not change their callers first. What of each call
 * and field means what here, and what cannot be mapped: docs/moving-in.md. This is what their mappings share.
 */
import { EVENT_TYPES, type EventType, type IncomingEvent, type ItemKind, parseInstant } from '../domain/index.ts';
import { COUNTED_PLAY_MS } from '../signals/index.ts';
import { ListenerRowSchema } from './contract.ts';
import { judgeOf } from './validation.ts';

/** Headers in which their clients send a key. */
export const OTHER_KEY_HEADERS = ['x-api-key', 'ocp-apim-subscription-key'] as const;

export const ENGINE_TAGS = [
  { name: 'gorse', description: 'Calls shaped like those of Gorse.' },
  { name: 'metarank', description: 'Calls shaped like those of Metarank.' },
  { name: 'personalizer', description: 'Calls shaped like those of Azure Personalizer.' },
];

/** A row that was not taken, beside the fields that their own answer has. */
export interface RowRefusal {
  readonly index: number;
  readonly code: string;
  readonly message: string;
  readonly remedy: string;
}

/** A row that cannot be mapped; `message` says which field. */
export class Unmapped extends Error {}

export function refusalOf(index: number, message: string): RowRefusal {
  return { index, code: 'REQUEST_INVALID', message, remedy: 'See docs/moving-in.md for what each field may hold.' };
}

const judgeListener = judgeOf(ListenerRowSchema);

/** The same row, when a listener may be stored so. @throws Unmapped */
export function validListener<Row extends { readonly id: string }>(row: Row): Row {
  const errors = judgeListener(row);
  if (errors === undefined) return row;
  throw new Unmapped(errors.map(({ pointer, message }) => `${pointer} ${message}`.trim()).join('; '));
}

/** What apps elsewhere call what listeners do; our own names are taken too. Case, spaces, `_` and `-` do not matter. */
const SIGNALS: ReadonlyMap<string, EventType> = new Map([
  ...EVENT_TYPES.map((type) => [type, type] as const),
  ...names('play', 'listen stream watch complete finish purchase cart order'),
  ...names('select', 'click open view read visit'),
  ...names('like', 'star heart love favorite favourite save upvote bookmark wishlist thumbsup'),
  ...names('unlike', 'unstar unfavorite unfavourite'),
  ...names('follow', 'subscribe'),
  ...names('unfollow', 'unsubscribe'),
  ...names('hide', 'dislike block notinterested thumbsdown downvote report'),
]);

function names(type: EventType, others: string): (readonly [string, EventType])[] {
  return others.split(' ').map((name) => [name, type] as const);
}

/** Undefined for a name that says nothing here, and for what needs a page of ours to refer to. */
export function signalOf(name: string): EventType | undefined {
  const type = SIGNALS.get(name.toLowerCase().replaceAll(/[\s_-]/g, ''));
  return type === 'rendered' || type === 'impression' ? undefined : type;
}

const SPOKEN_PLAY_MS = 600_000;

/** A play without a length counts as one that was long enough to mean something. */
export function playedEnoughMs(kind: ItemKind | undefined): number {
  return kind === 'episode' || kind === 'show' ? SPOKEN_PLAY_MS : COUNTED_PLAY_MS;
}

/** ISO 8601 with or without a time and a zone (UTC), or epoch milliseconds as a number or as text; undefined for anything else. */
export function instantOf(value: unknown): string | undefined {
  if (typeof value === 'number' || (typeof value === 'string' && /^\d{11,15}$/.test(value))) {
    const ms = Number(value);
    return ms >= 0 && ms < 7.3e12 ? new Date(ms).toISOString() : undefined;
  }
  if (typeof value !== 'string') return undefined;
  const parts = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)\s*(Z|[+-]\d\d:?\d\d)?)?$/i.exec(value.trim());
  if (parts === null) return undefined;
  const [, day, time = '00:00', zone = 'Z'] = parts;
  const seconds = time.length === 5 ? `${time}:00` : time;
  const colon = /^[+-]\d{4}$/.test(zone) ? `${zone.slice(0, 3)}:${zone.slice(3)}` : zone;
  const ms = parseInstant(`${day}T${seconds}${colon}`);
  return ms === undefined ? undefined : new Date(ms).toISOString();
}

export function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Words from a list or from one word; what is no text is passed over. */
export function wordsOf(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).map(textOf).filter((word) => word !== undefined);
}

/** An object of JSON, for rows that are judged field by field. */
export function fieldsOf(row: unknown): Readonly<Record<string, unknown>> {
  if (row === null || typeof row !== 'object' || Array.isArray(row)) throw new Unmapped('the row is not an object');
  return row as Readonly<Record<string, unknown>>;
}

export function required(fields: Readonly<Record<string, unknown>>, name: string): string {
  const text = textOf(fields[name]);
  if (text === undefined) throw new Unmapped(`${name} is missing`);
  return text;
}

/** The profile's fields under the names that they have elsewhere; what does not fit is left out. */
export function profileFrom(fields: Readonly<Record<string, unknown>>): Record<string, string> {
  const profile: Record<string, string> = {};
  const take = (field: string, pattern: RegExp, ...from: readonly string[]): void => {
    for (const name of from) {
      const text = textOf(fields[name]);
      if (text !== undefined && pattern.test(text)) profile[field] ??= text;
    }
  };
  take('market', /^[A-Z]{2}$/, 'market', 'country');
  take('language', /^[a-z]{2}(-[A-Z]{2})?$/, 'language', 'locale');
  take('tier', /^[a-z0-9-]{1,50}$/, 'tier', 'plan');
  take('ageBand', /^(kid|13-17|18-24|25-34|35-44|45-54|55\+)$/, 'ageBand', 'age_band', 'age');
  return profile;
}

/** The two events that tell that a ranking of ours was shown: of a card, or of the cards, by rank. */
export function shownEvents(
  prefix: string,
  ranking: { readonly decisionId: string; readonly listenerId: string },
  cardRanks: readonly number[],
  occurredAt: string,
): IncomingEvent[] {
  const { decisionId, listenerId } = ranking;
  return [
    { eventId: `${prefix}:rendered`, type: 'rendered', listenerId, occurredAt, reference: { decisionId } },
    ...cardRanks.map((cardRank): IncomingEvent => {
      const reference = { decisionId, shelfRank: 0, cardRank };
      return { eventId: `${prefix}:seen:${cardRank}`, type: 'impression', listenerId, occurredAt, reference };
    }),
  ];
}
