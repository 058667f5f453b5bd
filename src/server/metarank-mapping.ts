/** Metarank's events (https://docs.metarank.ai/reference/event-schema) as ours. */
import { type IncomingEvent, ITEM_KINDS, type Item, type ItemKind, type ListenerProfile } from '../domain/index.ts';
import type { KnownRanking } from '../platform/index.ts';
import {
  fieldsOf,
  instantOf,
  playedEnoughMs,
  profileFrom,
  required,
  shownEvents,
  signalOf,
  textOf,
  Unmapped,
  validListener,
  wordsOf,
} from './engines.ts';

export type MappedEvent =
  | { readonly item: Item }
  | { readonly listener: { readonly id: string; readonly profile: ListenerProfile } }
  /** Empty for a ranking that was not made here: there is nothing to credit. */
  | { readonly events: readonly IncomingEvent[] };

export interface MetarankContext {
  readonly itemOf: (id: string) => Item | undefined;
  readonly profileOf: (listenerId: string) => ListenerProfile | undefined;
  readonly rankingOf: (id: string) => KnownRanking | undefined;
}

/** @throws Unmapped */
export function mapMetarank(row: unknown, context: MetarankContext): MappedEvent {
  const fields = fieldsOf(row);
  switch (fields['event']) {
    case 'item':
      return { item: itemOf(fields, context) };
    case 'user':
      return { listener: listenerOf(fields, context) };
    case 'ranking':
      return { events: rankingEvents(fields, context) };
    case 'interaction':
      return { events: [interactionEvent(fields, context)] };
    default:
      throw new Unmapped('event must be item, user, ranking or interaction');
  }
}

/** `fields` by name. */
function namedFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const named: Record<string, unknown> = {};
  const list = fields['fields'];
  if (list === undefined) return named;
  if (!Array.isArray(list)) throw new Unmapped('fields is not a list');
  for (const entry of list) {
    const { name, value } = fieldsOf(entry);
    if (typeof name === 'string') named[name] = value;
  }
  return named;
}

function timeOf(fields: Readonly<Record<string, unknown>>): string {
  const instant = instantOf(fields['timestamp']);
  if (instant === undefined) throw new Unmapped('timestamp is no time');
  return instant;
}

const MAX_ATTRIBUTES = 50;
/** Fields of an item that mean the same here; all others become attributes. */
const KNOWN = new Set(
  'title name kind type genres tags artist artists creators author authors release_date released_at duration_ms explicit image poster parent album show'.split(
    ' ',
  ),
);

/** An event tells what has changed: what it does not name stays as it was. */
function itemOf(fields: Readonly<Record<string, unknown>>, { itemOf: known }: MetarankContext): Item {
  const id = required(fields, 'item');
  timeOf(fields);
  const named = namedFields(fields);
  const before = known(id);
  const kind = [named['kind'], named['type']].find((word): word is ItemKind =>
    (ITEM_KINDS as readonly unknown[]).includes(word),
  );
  const pick = (...names: readonly string[]): unknown =>
    names.map((name) => named[name]).find((value) => value !== undefined);
  const genres = wordsOf(pick('genres', 'tags') ?? []);
  const creators = wordsOf(pick('artists', 'artist', 'creators', 'authors', 'author') ?? []);
  const release = pick('release_date', 'released_at');
  const releasedAt = typeof release === 'number' && release < 1e11 ? instantOf(release * 1000) : instantOf(release);
  const duration = pick('duration_ms');
  const image = textOf(pick('image', 'poster'));
  const parentId = textOf(pick('parent', 'album', 'show'));
  const attributes = Object.entries(named).filter(
    (entry): entry is [string, string | number | boolean] =>
      !KNOWN.has(entry[0]) && ['string', 'number', 'boolean'].includes(typeof entry[1]),
  );
  return {
    ...before,
    id,
    kind: kind ?? before?.kind ?? 'track',
    title: (textOf(pick('title', 'name')) ?? before?.title ?? id).slice(0, 500),
    ...(genres.length === 0 ? {} : { genres: genres.slice(0, 30).map((genre) => genre.slice(0, 100)) }),
    ...(creators.length === 0 ? {} : { creators: creators.slice(0, 20).map((name) => ({ id: name, name })) }),
    ...(releasedAt === undefined ? {} : { releasedAt }),
    ...(typeof duration === 'number' ? { durationMs: Math.round(duration) } : {}),
    ...(typeof named['explicit'] === 'boolean' ? { explicit: named['explicit'] } : {}),
    ...(image === undefined ? {} : { image }),
    ...(parentId === undefined ? {} : { parentId }),
    ...(attributes.length === 0
      ? {}
      : {
          attributes: Object.fromEntries(
            [...Object.entries(before?.attributes ?? {}), ...attributes].slice(-MAX_ATTRIBUTES),
          ),
        }),
  };
}

function listenerOf(fields: Readonly<Record<string, unknown>>, { profileOf }: MetarankContext) {
  const id = required(fields, 'user');
  timeOf(fields);
  return validListener({ id, profile: { ...profileOf(id), ...profileFrom(namedFields(fields)) } as ListenerProfile });
}

/** Metarank's user is optional; its session stands in. */
export function whoOf(fields: Readonly<Record<string, unknown>>): string {
  const who = textOf(fields['user']) ?? textOf(fields['session']);
  if (who === undefined) throw new Unmapped('user is missing, and session too');
  return who;
}

/** What was shown of a ranking that was made here: it was rendered, and these of its items were seen. */
function rankingEvents(fields: Readonly<Record<string, unknown>>, { rankingOf }: MetarankContext): IncomingEvent[] {
  const id = required(fields, 'id');
  const occurredAt = timeOf(fields);
  if (!Array.isArray(fields['items'])) throw new Unmapped('items is not a list');
  const shown = fields['items'].map((entry) => required(fieldsOf(entry), 'id'));
  const ranking = rankingOf(id);
  if (ranking === undefined) return [];
  const ranks = ranking.itemIds.flatMap((itemId, rank) => (shown.includes(itemId) ? [rank] : []));
  return shownEvents(`metarank:${ranking.decisionId}`, ranking, ranks, occurredAt);
}

const DAY_MS = 86_400_000;

function interactionEvent(
  fields: Readonly<Record<string, unknown>>,
  { rankingOf, itemOf: known }: MetarankContext,
): IncomingEvent {
  const name = required(fields, 'type');
  const type = signalOf(name);
  if (type === undefined) throw new Unmapped(`type "${name.slice(0, 50)}" says nothing here`);
  const itemId = required(fields, 'item');
  const rankingId = textOf(fields['ranking']);
  const ranking = rankingId === undefined ? undefined : rankingOf(rankingId);
  // Whose ranking it was says more than a session that stands in for a user.
  const listenerId = textOf(fields['user']) ?? ranking?.listenerId ?? whoOf(fields);
  const cardRank = ranking?.listenerId === listenerId ? ranking.itemIds.indexOf(itemId) : -1;
  const sessionId = textOf(fields['session']);
  const named = namedFields(fields);
  const told = [named['played_ms'], named['playedMs']].find((value) => typeof value === 'number');
  return {
    eventId: `metarank:${required(fields, 'id')}`,
    type,
    listenerId,
    itemId,
    occurredAt: timeOf(fields),
    ...(sessionId === undefined ? {} : { sessionId }),
    ...(type === 'play'
      ? { playedMs: told === undefined ? playedEnoughMs(known(itemId)?.kind) : Math.min(DAY_MS, Math.max(0, told)) }
      : {}),
    ...(ranking === undefined || cardRank < 0
      ? {}
      : { reference: { decisionId: ranking.decisionId, shelfRank: 0, cardRank } }),
  };
}
